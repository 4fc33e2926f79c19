/** What is being said, as it is heard. It stands on the page alone: no trait, no output holds it. */

import type { EngineEvent } from "../../api";
import { trans } from "../../words";
import { make } from "../dom";

const lines = 200;

interface Said {
  text: string;
  is_final: boolean;
}

export class SaidLive {
  readonly list = make("div", "jc-said-live");
  /** The line of each channel that is not final yet. */
  private readonly open = new Map<string, HTMLElement>();

  constructor(private readonly kept: (channel: string) => boolean) {
    this.list.tabIndex = 0;
    this.list.setAttribute("role", "log");
    this.list.setAttribute("aria-label", trans.__("Live transcript"));
    this.clear();
  }

  clear(): void {
    this.open.clear();
    this.list.replaceChildren();
    this.note(trans.__("Nothing was said yet."));
  }

  /** Stands where nothing was heard yet. */
  note(words: string): void {
    const old = this.list.querySelector(".jc-said-none");
    if (this.list.childElementCount && !old) return;
    this.list.replaceChildren(make("p", "jc-said-line jc-faint jc-said-none", words));
  }

  hear(event: EngineEvent): void {
    const channel = event.rtstream_name ?? "";
    const said = event.data as Said;
    if (!said.text.trim()) return;
    this.list.querySelector(".jc-said-none")?.remove();
    const { list } = this;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 24;
    const line = this.open.get(channel) ?? this.line(channel);
    line.dataset["final"] = String(said.is_final);
    (line.lastChild as Text).data = said.text;
    if (said.is_final) this.open.delete(channel);
    else this.open.set(channel, line);
    while (list.childElementCount > lines) list.firstElementChild?.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  private line(channel: string): HTMLElement {
    const kept = this.kept(channel);
    const label = make("span", "jc-faint", kept ? `${channel}:` : trans.__("%1, live only:", channel));
    const line = make("p", "jc-said-line", label, document.createTextNode(""));
    line.dataset["kept"] = String(kept);
    this.list.append(line);
    return line;
  }
}

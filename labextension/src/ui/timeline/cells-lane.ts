/** A lane of the notebook's cells above the others: a click goes to the moment one ran. */

import { trans } from "../../words";
import { icon, make } from "../dom";
import { type Group, type Mark, grouped, longWords, marksOf, shortWords } from "./cells";
import type { Desk } from "./desk";
import { exactTime, toPixels } from "./ruler";
import type { Sources } from "./sources";

const apart = 14;
const roomForWords = 46;

export class CellsLane {
  readonly root = make("div", "jc-tl-cells");
  private readonly tag = make("span", "jc-tl-number", icon("cells"));
  private marks: Mark[] = [];
  private drawn = "";

  constructor(
    private readonly desk: Desk,
    private readonly sources: Sources,
    private readonly gutter: number,
    private readonly seek: (ticks: number) => void,
  ) {
    this.root.hidden = true;
    this.root.setAttribute("role", "toolbar");
    this.root.setAttribute("aria-label", trans.__("Cells that ran"));
    this.tag.title = trans.__("Cells that ran while this was recorded");
    this.root.append(this.tag);
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  /** What the clips hold; `paint` draws it. */
  take(): void {
    this.marks = marksOf(this.desk.shown, (clip) => this.sources.cells(clip.look.asset));
    this.root.hidden = !this.marks.length;
    this.drawn = "";
  }

  /** Only marks from `left` to `right` (pixels of the timeline) have an element. */
  paint(left: number, right: number): void {
    if (this.root.hidden) return;
    const { zoom } = this.desk;
    const groups = grouped(this.marks, zoom, apart);
    const seen = groups.flatMap((group, index) => {
      const x = toPixels(group.at, zoom);
      const next = groups[index + 1];
      const room = next ? toPixels(next.at, zoom) - x : Infinity;
      return x >= left - 80 && x <= right ? [{ group, x, worded: room >= roomForWords }] : [];
    });
    const drawn = seen.map(({ group, x, worded }) => [x, group.marks.length, worded].join(" ")).join();
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const focused = this.root.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset["at"]
      : undefined;
    const buttons = seen.map(({ group, x, worded }) => this.mark(group, x, worded));
    this.root.replaceChildren(this.tag, ...buttons);
    const again = buttons.find((one) => one.dataset["at"] === focused);
    const first = again ?? buttons[0];
    if (first) first.tabIndex = 0;
    again?.focus({ preventScroll: true });
  }

  private mark(group: Group, x: number, worded: boolean): HTMLButtonElement {
    const shape = make("span", "jc-tl-cell-shape", ...(group.failed ? [icon("close")] : []));
    const short = make("span", "jc-tl-cell-words", shortWords(group));
    const button = make("button", "jc-tl-cell", shape, ...(worded ? [short] : []));
    button.type = "button";
    button.tabIndex = -1;
    button.style.left = `${this.gutter + x}px`;
    button.dataset["at"] = String(group.at);
    button.classList.toggle("jc-tl-cell-failed", group.failed);
    button.title = `${longWords(group)}\n${trans.__("at %1", exactTime(group.at))}`;
    button.setAttribute("aria-label", `${shortWords(group)}. ${button.title}`);
    button.addEventListener("click", () => this.seek(group.at));
    return button;
  }

  private key(event: KeyboardEvent): void {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const buttons = [...this.root.querySelectorAll<HTMLButtonElement>(".jc-tl-cell")];
    const from = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const to = buttons[from + by];
    if (!to) return;
    for (const button of buttons) button.tabIndex = button === to ? 0 : -1;
    to.focus();
  }
}

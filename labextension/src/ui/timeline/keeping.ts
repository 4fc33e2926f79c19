/** Keeping a timeline in the library: a button, and a question for its name. */

import { ApiError, type PanelApi } from "../../api";
import { SaidError } from "../../explain";
import type { KeptTimeline } from "../../wire";
import { trans } from "../../words";
import { make, relabel } from "../dom";
import type { Desk } from "./desk";
import { tool } from "./icons";
import { type Project, lengthOf, toWire } from "./model";

/** Under what it is kept; without an `id` it is not. */
export interface KeptAs {
  id?: string;
  name?: string;
  version?: number;
}

export interface KeepTraits {
  kept: KeptAs;
}

const where = "/engine/timelines";
const longest = 500;

export class Keeping {
  readonly button = tool("keep", "", () => this.press(), "-");
  readonly dialog = make("dialog", "jc-tl-help jc-tl-ask");
  private readonly word = this.button.querySelector(".jc-tl-word") as HTMLElement;
  private readonly field = make("input", "jc-field");
  private readonly title = make("h3", "jc-tl-title");
  private readonly main = action("jc-tl-yes", () => void this.take(false));
  private readonly other = action("", () => void this.take(true));
  private readonly stop: (() => void)[];
  /** What the library has. */
  private stored: Project | undefined;
  /** Its name before it was lost. */
  private before = "";
  private isBusy = false;
  /** Told when it may have become changed, or kept. */
  onTurn: () => void = () => undefined;

  constructor(
    private readonly desk: Desk,
    private readonly api: Pick<PanelApi<KeepTraits>, "get" | "set" | "on" | "request">,
    private readonly tell: (words: string, isWrong?: boolean) => void,
  ) {
    this.other.textContent = trans.__("Keep as another");
    const cancel = action("", () => this.dialog.close());
    cancel.textContent = trans.__("Cancel");
    this.field.maxLength = longest;
    this.field.setAttribute("aria-label", trans.__("Name of the timeline"));
    this.field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") void this.take(false);
    });
    const row = make("div", "jc-tl-ask-row", cancel, this.other, this.main);
    this.dialog.append(this.title, this.field, row);
    this.dialog.setAttribute("aria-label", trans.__("Keep in the library"));
    this.stop = [
      desk.hear(["project"], () => this.paint()),
      api.on("kept", () => this.settled()),
    ];
  }

  /** What is on the desk is what was opened. */
  begin(): void {
    this.settled();
  }

  destroy(): void {
    for (const end of this.stop) end();
  }

  /** Whether closing would lose something. */
  get isChanged(): boolean {
    return this.stored ? this.desk.project !== this.stored : lengthOf(this.desk.project) > 0;
  }

  private get kept(): KeptAs {
    return this.api.get("kept") ?? {};
  }

  private settled(): void {
    this.stored = this.kept.id ? this.desk.project : undefined;
    this.paint();
  }

  private paint(): void {
    const { kept, button, word } = this;
    const isStored = Boolean(kept.id) && !this.isChanged;
    button.disabled = this.isBusy || !lengthOf(this.desk.project);
    button.dataset["changed"] = String(Boolean(kept.id) && !isStored);
    word.textContent = isStored ? trans.__("Kept") : trans.__("Keep");
    const label = !kept.id
      ? trans.__("Keep in the library, under a name")
      : isStored
        ? trans.__("Kept in the library as “%1”: rename it, or keep it as another", kept.name ?? "")
        : trans.__("Keep the changes of “%1”", kept.name ?? "");
    relabel(button, label);
    this.onTurn();
  }

  private press(): void {
    if (this.kept.id && this.isChanged) void this.keep(this.kept.name ?? "", false);
    else this.ask();
  }

  private ask(): void {
    const { name = this.before, id } = this.kept;
    this.title.textContent = id ? trans.__("Kept in the library") : trans.__("Keep in the library");
    this.main.textContent = id ? trans.__("Rename") : trans.__("Keep");
    this.other.hidden = !id;
    this.field.value = name;
    this.field.placeholder = trans.__("A name");
    this.dialog.showModal();
    this.field.select();
  }

  private async take(asAnother: boolean): Promise<void> {
    const name = this.field.value.trim();
    if (!name) {
      this.field.focus();
      return;
    }
    this.dialog.close();
    await this.keep(name, asAnother);
  }

  /** Resolves to whether it is kept. */
  async keep(name: string, asAnother: boolean): Promise<boolean> {
    const { api, desk } = this;
    const { id, version } = this.kept;
    const { project } = desk;
    const fields = { name, timeline: toWire(project) };
    this.isBusy = true;
    this.paint();
    try {
      const answer =
        id && !asAnother
          ? await api.request<KeptTimeline>("PATCH", `${where}/${id}`, { ...fields, version })
          : await api.request<KeptTimeline>("POST", where, fields);
      api.set("kept", { id: answer.id, name: answer.name, version: answer.version });
      // What was changed while it was sent is not kept.
      this.stored = project;
      this.tell(trans.__("Kept in the library as “%1”.", answer.name));
      return true;
    } catch (error) {
      this.tell(refusal(error, this.kept.name ?? name), true);
      if (isLost(error)) {
        this.before = name;
        api.set("kept", {});
      }
      return false;
    } finally {
      this.isBusy = false;
      this.paint();
    }
  }
}

/** What keeps it from being kept, and what to do. */
export function refusal(error: unknown, name: string): string {
  if (isLost(error)) {
    return error.code === "CONFLICT"
      ? trans.__("“%1” was changed elsewhere since. Press Keep again to keep this one as another.", name)
      : trans.__("“%1” was deleted from the library. Press Keep again to keep it anew.", name);
  }
  if (error instanceof SaidError) return error.message;
  console.error(error);
  return trans.__("It could not be kept. Try again; the browser's console says more.");
}

/** What was opened is not in the library any more as it was. */
function isLost(error: unknown): error is ApiError {
  return error instanceof ApiError && ["CONFLICT", "NOT_FOUND"].includes(error.code);
}

function action(name: string, press: () => void): HTMLButtonElement {
  const made = make("button", `jc-tl-action ${name}`);
  made.type = "button";
  made.addEventListener("click", press);
  return made;
}

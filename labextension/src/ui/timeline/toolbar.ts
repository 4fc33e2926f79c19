/** The row of buttons between the preview and the lanes. */

import { trans } from "../../words";
import { make, relabel } from "../dom";
import * as commands from "./commands";
import type { Command, Stage } from "./commands";
import { type LineName, lineIcon, tool } from "./icons";
import { type Clip, lengthOf } from "./model";
import { exactTime } from "./ruler";

export interface Actions {
  /** Where there is a kernel that writes it. */
  copyCode?: () => void;
  save(): void;
  /** The button that keeps it in the library. */
  keep: HTMLElement;
}

export class Toolbar {
  readonly root = make("div", "jc-tl-bar");
  private readonly time = make("output", "jc-tl-time");
  private readonly painters: (() => void)[] = [];
  private readonly stop: () => void;

  constructor(
    private readonly stage: Stage,
    actions: Actions,
  ) {
    const { desk } = stage;
    const some = () => desk.selected.size > 0;
    const has = (kind: (clip: Clip) => boolean) => () => Boolean(desk.current && kind(desk.current));
    const filled = () => desk.project.lanes.length > 0;
    this.time.setAttribute("aria-label", trans.__("Playhead and length"));
    this.root.setAttribute("role", "toolbar");
    this.root.setAttribute("aria-label", trans.__("Timeline"));
    const steps = this.group(
      this.stepButton("undo", trans.__("Undo"), trans.__("Ctrl Z"), commands.undo),
      this.stepButton("redo", trans.__("Redo"), trans.__("Shift Ctrl Z"), commands.redo),
    );
    const clips = this.group(
      this.button("split", trans.__("Split at the playhead (S)"), commands.split, filled),
      this.button("remove", trans.__("Delete (Del); with Shift the gap closes"), commands.remove, some),
      this.button("copy", trans.__("Duplicate (D)"), commands.duplicate, some),
      this.button("up", trans.__("One layer up (↑)"), commands.layerUp, some),
      this.button("down", trans.__("One layer down (↓)"), commands.layerDown, some),
      this.button(
        ...(["corner", trans.__("Into the corner, above the rest"), commands.corner] as const),
        has((clip) => clip.look.asset.type === "video"),
      ),
    );
    const adding = this.group(
      this.button("text", trans.__("Add a text at the playhead (T)"), commands.addText),
      this.button("captions", trans.__("Add captions of what is said"), commands.addCaptions, filled),
    );
    const magnet = this.button("magnet", trans.__("Snap to edges and playhead (N)"), commands.snapping);
    this.painters.push(() => magnet.setAttribute("aria-pressed", String(desk.snapping)));
    const view = this.group(
      magnet,
      this.button("farther", trans.__("Zoom out (−)"), commands.farther),
      this.button("closer", trans.__("Zoom in (+)"), commands.closer),
      this.button("fit", trans.__("Show all of it (0)"), commands.fit),
    );
    const help = tool("keys", trans.__("Keys (?)"), () => stage.showHelp());
    const { copyCode } = actions;
    const copies = trans.__("Copy the Python that builds this");
    const code = copyCode ? [tool("code", copies, copyCode, trans.__("Code"))] : [];
    const save = tool("save", trans.__("Save as a video file"), () => actions.save(), trans.__("Save"));
    save.classList.add("jc-tl-main");
    this.painters.push(() => {
      save.disabled = !filled();
      save.dataset["idle"] = String(filled());
    });
    const out = this.group(help, ...code, actions.keep, save);
    out.classList.add("jc-tl-out");
    this.root.append(steps, clips, adding, view, this.time, out);
    this.stop = desk.hear(["project", "selection", "playhead", "snapping"], () => this.paint());
    this.paint();
  }

  destroy(): void {
    this.stop();
  }

  private group(...buttons: HTMLElement[]): HTMLElement {
    return make("div", "jc-tl-group", ...buttons);
  }

  private button(name: LineName, label: string, run: Command, when?: () => boolean): HTMLButtonElement {
    const made = tool(name, label, () => run(this.stage));
    if (when) {
      this.painters.push(() => {
        made.disabled = !when();
      });
    }
    return made;
  }

  private stepButton(name: "undo" | "redo", words: string, keys: string, run: Command): HTMLElement {
    const made = tool(name, words, () => run(this.stage));
    this.painters.push(() => {
      const label = this.stage.desk.steps[name];
      made.disabled = label === undefined;
      const what = label ? `: ${label.charAt(0).toLowerCase()}${label.slice(1)}` : "";
      relabel(made, `${words}${what} (${keys})`);
    });
    return made;
  }

  private paint(): void {
    const { desk } = this.stage;
    for (const paint of this.painters) paint();
    const now = make("b", "", exactTime(desk.playhead));
    this.time.replaceChildren(now, ` / ${exactTime(lengthOf(desk.project))}`);
  }
}

/** The keys, as a dialog over the editor. */
export function helpDialog(): HTMLDialogElement {
  const rows = commands
    .bindings()
    .filter((one, index, all) => all.findIndex((each) => each.words === one.words) === index)
    .map((one) => {
      const names = one.keys.slice(0, 1).map(nameOf);
      const held = [one.ctrl && trans.__("Ctrl"), one.shift && trans.__("Shift")];
      const keys = [...held.filter((key) => typeof key === "string"), ...names];
      return make(
        "div",
        "jc-tl-key-row",
        make("span", "jc-tl-keys", ...keys.map((key) => make("kbd", "", key))),
        make("span", "", one.words),
      );
    });
  const close = make("button", "jc-tl-action", trans.__("Close"));
  close.type = "button";
  const list = make("div", "jc-tl-key-list", ...rows);
  const title = make("h3", "jc-tl-title", trans.__("Keys"));
  const head = make("div", "jc-tl-help-head", lineIcon("keys"), title, close);
  const dialog = make("dialog", "jc-tl-help", head, list);
  dialog.setAttribute("aria-label", trans.__("Keys"));
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}

function nameOf(key: string): string {
  const signs: Record<string, string> = {
    ...{ ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", "-": "−" },
    ...{ " ": trans.__("Space"), Delete: trans.__("Del"), Escape: trans.__("Esc") },
  };
  return signs[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}

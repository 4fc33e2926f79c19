/** A line of a shelf: its picture, its name, and what can be done with it. */

import { formatTime } from "../../time";
import { trans } from "../../words";
import { type IconName, act, button, icon, make } from "../dom";

/** What a line says. `length` in seconds; `wrong`: what is the matter with it. */
export interface Line {
  name: string;
  length: number;
  facts: string;
  wrong?: string;
  sound?: boolean;
}

/** A button of a line; `label` is what it does to what, for those who hear it. */
export interface Tool {
  name: string;
  words: string;
  label: string;
  title?: string;
  image?: IconName;
  press(): void;
}

export interface RowActs {
  play(): void;
  rename(name: string): void;
  remove(): void;
  drag(event: DragEvent): void;
  picture(image: HTMLImageElement): void;
}

export function row(line: Line, own: readonly Tool[], acts: RowActs): HTMLElement[] {
  const { name } = line;
  const image = make("img", "jc-hit-picture");
  image.alt = "";
  // What has no picture is shown without.
  image.addEventListener("error", () => image.removeAttribute("src"));
  const length = make("span", "jc-lib-length", formatTime(line.length));
  const stage = make("span", "jc-hit-stage", image, icon("play"), length);
  if (line.sound) stage.classList.add("jc-hit-sound");
  else acts.picture(image);
  const title = make("span", "jc-lib-name", name);
  const said = make("span", "jc-hit-said", title, make("span", "jc-faint", line.facts));
  if (line.wrong) said.append(make("span", "jc-lib-wrong", line.wrong));
  const play = make("button", "jc-hit-play", stage, said);
  play.type = "button";
  play.title = name;
  play.setAttribute("aria-expanded", "false");
  play.draggable = true;
  play.addEventListener("click", () => acts.play());
  play.addEventListener("dragstart", (event) => acts.drag(event));

  const rename = act("jc-lib-rename", trans.__("Rename"));
  rename.setAttribute("aria-label", trans.__("Rename %1", name));
  const remove = button("jc-lib-delete", trans.__("Delete %1", name), "close");
  remove.addEventListener("click", () => acts.remove());
  const tools = make("div", "jc-lib-tools", ...own.map(toolOf), rename, remove);
  rename.addEventListener("click", () => edit(tools, rename, name, acts));
  return [make("div", "jc-hit-line", play), tools];
}

function toolOf({ name, words, label, title, image, press }: Tool): HTMLElement {
  const made = act(name, words, image);
  if (title) made.title = title;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", press);
  return made;
}

/** A field in the place of the buttons; Enter takes it, Escape leaves it. */
function edit(tools: HTMLElement, from: HTMLElement, name: string, acts: RowActs): void {
  const held = [...tools.childNodes];
  const field = make("input", "jc-field");
  field.value = name;
  field.maxLength = 500;
  field.setAttribute("aria-label", trans.__("Name"));
  const close = (focus: boolean) => {
    if (!field.isConnected) return;
    tools.replaceChildren(...held);
    if (focus) from.focus();
  };
  const save = act("jc-main", trans.__("Save"));
  save.addEventListener("click", () => {
    const wanted = field.value.trim();
    close(true);
    if (wanted && wanted !== name) acts.rename(wanted);
  });
  const cancel = act("", trans.__("Cancel"));
  cancel.addEventListener("click", () => close(true));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") save.click();
    else if (event.key === "Escape") close(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  tools.replaceChildren(field, save, cancel);
  field.select();
}

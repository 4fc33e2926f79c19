/** A recording in the library: its picture, its name, and what can be done with it. */

import { formatTime } from "../../time";
import type { Asset } from "../../wire";
import { act, button, icon, make } from "../dom";
import { factsText } from "./model";

export interface RowActs {
  play(): void;
  insert(): void;
  rename(name: string): void;
  remove(): void;
  drag(event: DragEvent): void;
  picture(image: HTMLImageElement): void;
}

export function row(asset: Asset, acts: RowActs): HTMLElement[] {
  const { name } = asset;
  const image = make("img", "jc-hit-picture");
  image.alt = "";
  const length = make("span", "jc-lib-length", formatTime(asset.length ?? 0));
  const stage = make("span", "jc-hit-stage", image, icon("play"), length);
  if (asset.type === "audio") stage.classList.add("jc-hit-sound");
  else acts.picture(image);
  const title = make("span", "jc-lib-name", name);
  const said = make("span", "jc-hit-said", title, make("span", "jc-faint", factsText(asset)));
  const play = make("button", "jc-hit-play", stage, said);
  play.type = "button";
  play.title = name;
  play.setAttribute("aria-expanded", "false");
  play.draggable = true;
  play.addEventListener("click", () => acts.play());
  play.addEventListener("dragstart", (event) => acts.drag(event));

  const insert = act("jc-lib-insert", "Insert", "add");
  insert.title = "Insert into the notebook";
  insert.setAttribute("aria-label", `Insert ${name} into the notebook`);
  insert.addEventListener("click", () => acts.insert());
  const rename = act("jc-lib-rename", "Rename");
  rename.setAttribute("aria-label", `Rename ${name}`);
  const remove = button("jc-lib-delete", `Delete ${name}`, "close");
  remove.addEventListener("click", () => acts.remove());
  const tools = make("div", "jc-lib-tools", insert, rename, remove);
  rename.addEventListener("click", () => edit(tools, rename, name, acts));
  return [make("div", "jc-hit-line", play), tools];
}

/** A field in the place of the buttons; Enter takes it, Escape leaves it. */
function edit(tools: HTMLElement, from: HTMLElement, name: string, acts: RowActs): void {
  const held = [...tools.childNodes];
  const field = make("input", "jc-field");
  field.value = name;
  field.maxLength = 500;
  field.setAttribute("aria-label", "Name");
  const close = (focus: boolean) => {
    if (!field.isConnected) return;
    tools.replaceChildren(...held);
    if (focus) from.focus();
  };
  const save = act("jc-main", "Save");
  save.addEventListener("click", () => {
    const wanted = field.value.trim();
    close(true);
    if (wanted && wanted !== name) acts.rename(wanted);
  });
  const cancel = act("", "Cancel");
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

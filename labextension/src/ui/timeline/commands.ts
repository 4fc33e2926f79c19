/** What buttons and keys do. One table of keys, which is also what the help shows. */

import { trans } from "../../words";
import type { Desk } from "./desk";
import * as edit from "./edit";
import { FRAME, TICKS, captionClip, clipsOf, find, lengthOf, textClip } from "./model";
import { zoomed } from "./ruler";
import type { Sources } from "./sources";

/** What the editor lends the commands. */
export interface Stage {
  readonly desk: Desk;
  readonly sources: Sources;
  seek(ticks: number): void;
  playPause(): void;
  zoomTo(pixels: number): void;
  fit(): void;
  focusClip(key: string): void;
  showHelp(): void;
}

export type Command = (stage: Stage) => void;

const chosen = ({ desk }: Stage) => [...desk.selected];

export const undo: Command = ({ desk }) => desk.undo();
export const redo: Command = ({ desk }) => desk.redo();

export const split: Command = ({ desk }) =>
  desk.apply(edit.split(desk.project, desk.playhead, desk.selected), trans.__("Split"));

export const remove: Command = (stage) => leave(stage, edit.remove, trans.__("Delete"));
export const rippleRemove: Command = (stage) =>
  leave(stage, edit.rippleRemove, trans.__("Delete and close the gap"));

/** The clip after what is gone takes the focus, so that the keyboard goes on there. */
function leave(stage: Stage, command: typeof edit.remove, label: string): void {
  const { desk } = stage;
  const keys = chosen(stage);
  if (!keys.length) return;
  const found = find(desk.project, keys[0] as string);
  const lane = found && desk.project.lanes[found.lane]?.clips.filter((clip) => !keys.includes(clip.key));
  const start = found?.clip.start ?? 0;
  const next = lane?.find((clip) => clip.start >= start) ?? lane?.at(-1);
  desk.apply(command(desk.project, keys), label);
  if (next) stage.focusClip(next.key);
}

export const copy: Command = ({ desk }) => {
  if (desk.selected.size) desk.clipboard = edit.copy(desk.project, desk.selected);
};

export const cut: Command = (stage) => {
  copy(stage);
  leave(stage, edit.remove, trans.__("Cut"));
};

export const paste: Command = ({ desk }) => {
  const { clipboard, current, project } = desk;
  const lane = current ? (find(project, current.key)?.lane ?? 0) : 0;
  if (clipboard.length) desk.apply(edit.paste(project, clipboard, desk.playhead, lane), trans.__("Paste"));
};

export const duplicate: Command = ({ desk }) => {
  if (desk.selected.size) desk.apply(edit.duplicate(desk.project, desk.selected), trans.__("Duplicate"));
};

const layer = (by: 1 | -1): Command => ({ desk }) => {
  if (desk.current) {
    const label = by > 0 ? trans.__("Layer up") : trans.__("Layer down");
    desk.apply(edit.layer(desk.project, desk.current.key, by), label);
  }
};

export const layerUp = layer(1);
export const layerDown = layer(-1);

export const corner: Command = ({ desk }) => {
  if (desk.current) desk.apply(edit.corner(desk.project, desk.current.key), trans.__("Put into the corner"));
};

export const addText: Command = ({ desk }) => {
  const text = textClip(trans.__("Your text"));
  desk.apply(edit.add(desk.project, text, desk.playhead, "above"), trans.__("Add text"));
};

/** Captions lie over the selected recording, or over all of the timeline. */
export const addCaptions: Command = ({ desk }) => {
  const { current, project } = desk;
  const over = current && "volume" in current.look.asset ? current : undefined;
  const made = captionClip(over?.duration ?? lengthOf(project));
  if (!lengthOf(project)) return;
  desk.apply(edit.add(project, made, over?.start ?? 0, "above"), trans.__("Add captions"));
};

export const snapping: Command = ({ desk }) => desk.setSnapping(!desk.snapping);
export const closer: Command = (stage) => stage.zoomTo(zoomed(stage.desk.zoom, 1.5));
export const farther: Command = (stage) => stage.zoomTo(zoomed(stage.desk.zoom, 1 / 1.5));
export const fit: Command = (stage) => stage.fit();

const nudge = (ticks: number): Command => (stage) => {
  const { desk } = stage;
  if (!desk.selected.size) stage.seek(desk.playhead + ticks);
  else desk.apply(edit.shift(desk.project, desk.selected, ticks), trans.__("Nudge"), "nudge");
};

const step = (ticks: number): Command => (stage) => stage.seek(stage.desk.playhead + ticks);

const trimTo = (side: "start" | "end"): Command => ({ desk, sources }) => {
  const { current, project, playhead } = desk;
  if (!current) return;
  const made =
    side === "start"
      ? edit.trimStart(project, current.key, playhead)
      : edit.trimEnd(project, current.key, playhead, sources.lengthOf);
  desk.apply(made, side === "start" ? trans.__("Trim start") : trans.__("Trim end"));
};

export interface Binding {
  /** As `event.key` says it, in lower case where it is a letter. */
  readonly keys: readonly string[];
  readonly ctrl?: boolean;
  readonly shift?: boolean;
  readonly words: string;
  readonly run: Command;
}

export const bindings = (): readonly Binding[] => [
  { keys: [" ", "k"], words: trans.__("Play or pause"), run: (stage) => stage.playPause() },
  { keys: ["s"], words: trans.__("Split at the playhead"), run: split },
  { keys: ["["], words: trans.__("Trim start to playhead"), run: trimTo("start") },
  { keys: ["]"], words: trans.__("Trim end to playhead"), run: trimTo("end") },
  { keys: ["Delete", "Backspace"], words: trans.__("Delete"), run: remove },
  { keys: ["Delete", "Backspace"], shift: true, words: trans.__("Delete and close the gap"), run: rippleRemove },
  { keys: ["ArrowLeft"], words: trans.__("Nudge back"), run: nudge(-FRAME) },
  { keys: ["ArrowRight"], words: trans.__("Nudge on"), run: nudge(FRAME) },
  { keys: ["ArrowLeft"], shift: true, words: trans.__("Nudge back by 1 s"), run: nudge(-TICKS) },
  { keys: ["ArrowRight"], shift: true, words: trans.__("Nudge on by 1 s"), run: nudge(TICKS) },
  { keys: ["ArrowUp"], words: trans.__("One layer up"), run: layerUp },
  { keys: ["ArrowDown"], words: trans.__("One layer down"), run: layerDown },
  { keys: [","], words: trans.__("Playhead 1 picture back"), run: step(-FRAME) },
  { keys: ["."], words: trans.__("Playhead 1 picture on"), run: step(FRAME) },
  { keys: ["j"], words: trans.__("Playhead 1 s back"), run: step(-TICKS) },
  { keys: ["l"], words: trans.__("Playhead 1 s on"), run: step(TICKS) },
  { keys: ["Home"], words: trans.__("Playhead to the start"), run: (stage) => stage.seek(0) },
  { keys: ["End"], words: trans.__("Playhead to the end"), run: (stage) => stage.seek(lengthOf(stage.desk.project)) },
  { keys: ["d"], words: trans.__("Duplicate"), run: duplicate },
  { keys: ["d"], ctrl: true, words: trans.__("Duplicate"), run: duplicate },
  { keys: ["c"], ctrl: true, words: trans.__("Copy"), run: copy },
  { keys: ["x"], ctrl: true, words: trans.__("Cut"), run: cut },
  { keys: ["v"], ctrl: true, words: trans.__("Paste at the playhead"), run: paste },
  {
    ...{ keys: ["a"], ctrl: true, words: trans.__("Select all") },
    run: ({ desk }) => desk.select(clipsOf(desk.project).map((clip) => clip.key)),
  },
  { keys: ["z"], ctrl: true, words: trans.__("Undo"), run: undo },
  { keys: ["z"], ctrl: true, shift: true, words: trans.__("Redo"), run: redo },
  { keys: ["y"], ctrl: true, words: trans.__("Redo"), run: redo },
  { keys: ["t"], words: trans.__("Add a text"), run: addText },
  { keys: ["n"], words: trans.__("Snapping on or off"), run: snapping },
  { keys: ["+", "="], words: trans.__("Zoom in"), run: closer },
  { keys: ["-"], words: trans.__("Zoom out"), run: farther },
  { keys: ["0"], words: trans.__("Show all of it"), run: fit },
  { keys: ["Escape"], words: trans.__("Select nothing"), run: ({ desk }) => desk.select([]) },
  { keys: ["?"], words: trans.__("This list"), run: (stage) => stage.showHelp() },
];

export interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/** What a key does. Signs that need Shift on some keyboards are known by the sign alone. */
export function bindingOf(event: Pressed): Binding | undefined {
  if (event.altKey) return undefined;
  const isLetter = event.key.length === 1 && event.key.toLowerCase() !== event.key.toUpperCase();
  const key = isLetter ? event.key.toLowerCase() : event.key;
  const isSign = event.key.length === 1 && !isLetter;
  const ctrl = event.ctrlKey || event.metaKey;
  return bindings().find(
    (one) =>
      one.keys.includes(key) &&
      Boolean(one.ctrl) === ctrl &&
      (isSign || Boolean(one.shift) === event.shiftKey),
  );
}

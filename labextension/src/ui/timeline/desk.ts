/** What is being edited, and everything a person has set about it. Views listen; none knows another. */

import { clamp } from "../../time";
import type { Copied, Edit } from "./edit";
import { type History, begin, commit, redo, seal, undo } from "./history";
import { type Clip, type Project, clipsOf, empty, find, lengthOf } from "./model";

/** `hear` of the playhead also while it plays; `project` whenever the timeline is another one. */
export type Aspect = "project" | "selection" | "playhead" | "zoom" | "snapping";

export class Desk {
  private history: History = begin(empty);
  private readonly listeners = new Map<Aspect, Set<() => void>>();
  /** Shown while a drag is under way, and not yet part of the history. */
  private drafted: Project | undefined;
  private chosen: ReadonlySet<string> = new Set();
  private at = 0;
  private pixels = 60;
  private magnetic = true;
  clipboard: Copied = [];

  hear(aspects: readonly Aspect[], listener: () => void): () => void {
    for (const aspect of aspects) {
      const set = this.listeners.get(aspect) ?? new Set();
      this.listeners.set(aspect, set.add(listener));
    }
    return () => {
      for (const aspect of aspects) this.listeners.get(aspect)?.delete(listener);
    };
  }

  private tell(...aspects: Aspect[]): void {
    const heard = new Set(aspects.flatMap((aspect) => [...(this.listeners.get(aspect) ?? [])]));
    for (const listener of heard) listener();
  }

  /** What is there, without a drag that is under way. */
  get project(): Project {
    return this.history.present;
  }

  get shown(): Project {
    return this.drafted ?? this.history.present;
  }

  get selected(): ReadonlySet<string> {
    return this.chosen;
  }

  get playhead(): number {
    return this.at;
  }

  /** Pixels a second. */
  get zoom(): number {
    return this.pixels;
  }

  get snapping(): boolean {
    return this.magnetic;
  }

  /** The clip whose properties are shown: the first one selected. */
  get current(): Clip | undefined {
    for (const key of this.chosen) return find(this.shown, key)?.clip;
    return undefined;
  }

  /** What the next undo takes back, and the next redo does again. */
  get steps(): { undo: string | undefined; redo: string | undefined } {
    return { undo: this.history.past.at(-1)?.label, redo: this.history.future[0]?.label };
  }

  /** Another timeline, as from Python: one step, and what is still there stays selected. */
  load(project: Project, label: string): void {
    this.drafted = undefined;
    this.history = label ? commit(this.history, project, label) : begin(project);
    this.tidy();
    this.tell("project", "selection");
  }

  /** Changes of one `group` in a row are one step of undo. */
  apply(edit: Edit, label: string, group = ""): void {
    const before = this.history.present;
    this.drafted = undefined;
    this.history = commit(this.history, edit.project, label, group);
    this.chosen = new Set(edit.selected);
    this.tidy();
    this.tell(...(before === this.history.present ? [] : (["project"] as const)), "selection");
  }

  draft(project: Project | undefined): void {
    this.drafted = project;
    this.tell("project");
  }

  seal(): void {
    this.history = seal(this.history);
  }

  undo(): void {
    this.turn(undo(this.history));
  }

  redo(): void {
    this.turn(redo(this.history));
  }

  private turn(history: History): void {
    if (history === this.history) return;
    this.drafted = undefined;
    this.history = history;
    this.tidy();
    this.tell("project", "selection");
  }

  select(keys: Iterable<string>): void {
    this.chosen = new Set(keys);
    this.history = seal(this.history);
    this.tell("selection");
  }

  toggle(key: string): void {
    const keys = new Set(this.chosen);
    if (!keys.delete(key)) keys.add(key);
    this.select(keys);
  }

  seek(ticks: number): void {
    const at = clamp(Math.round(ticks), 0, lengthOf(this.history.present));
    if (at === this.at) return;
    this.at = at;
    this.tell("playhead");
  }

  setZoom(pixels: number): void {
    this.pixels = pixels;
    this.tell("zoom");
  }

  setSnapping(on: boolean): void {
    this.magnetic = on;
    this.tell("snapping");
  }

  /** What is gone is not selected, and the playhead is not beyond the end. */
  private tidy(): void {
    const there = new Set(clipsOf(this.history.present).map((clip) => clip.key));
    this.chosen = new Set([...this.chosen].filter((key) => there.has(key)));
    this.at = Math.min(this.at, lengthOf(this.history.present));
  }
}

/** Where cells of a notebook ran, as a timeline shows them: pure functions. */

import type { TimedCell } from "../../wire";
import { trans } from "../../words";
import { type Clip, type Project, clipsOf, endOf, isTimed, ticksOf } from "./model";
import { toPixels } from "./ruler";

/** One cell at a time of the timeline, in ticks. */
export interface Mark {
  readonly at: number;
  readonly cell: TimedCell;
}

/** Marks that lie too near to one another to be told apart. */
export interface Group {
  readonly at: number;
  readonly marks: readonly Mark[];
  readonly failed: boolean;
}

/** The cells that ran within the clips' stretches of their recordings, each once at each time. */
export function marksOf(
  project: Project,
  cellsOf: (clip: Clip) => readonly TimedCell[],
): Mark[] {
  const marks = new Map<string, Mark>();
  for (const clip of clipsOf(project)) {
    if (!isTimed(clip)) continue;
    for (const cell of cellsOf(clip)) {
      const at = clip.start + ticksOf(cell.start) - clip.from;
      if (at < clip.start || at >= endOf(clip)) continue;
      // Picture and sound of one recording, one below the other, ran the same cells.
      marks.set(`${cell.started} ${at}`, { at, cell });
    }
  }
  return [...marks.values()].sort((one, two) => one.at - two.at);
}

/** `apart`: pixels below which two marks are one. */
export function grouped(marks: readonly Mark[], zoom: number, apart: number): Group[] {
  const groups: { at: number; marks: Mark[]; failed: boolean }[] = [];
  for (const mark of marks) {
    const last = groups.at(-1);
    const failed = mark.cell.status === "error";
    if (last && toPixels(mark.at - last.at, zoom) < apart) {
      last.marks.push(mark);
      last.failed ||= failed;
    } else groups.push({ at: mark.at, marks: [mark], failed });
  }
  return groups;
}

export function numberOf({ number }: TimedCell): string {
  return `[${number ?? " "}]`;
}

/** "[3] failed", or "4 cells, 1 failed". */
export function shortWords({ marks, failed }: Group): string {
  const [first] = marks;
  if (first && marks.length === 1) {
    const number = numberOf(first.cell);
    return failed ? trans.__("%1 failed", number) : number;
  }
  const wrong = marks.filter((mark) => mark.cell.status === "error").length;
  const cells = trans._n("%1 cell", "%1 cells", marks.length);
  return wrong ? trans.__("%1, %2 failed", cells, wrong) : cells;
}

function ran(cell: TimedCell): string {
  const number = numberOf(cell);
  if (cell.status !== "error") return trans.__("Cell %1", number);
  if (!cell.error) return trans.__("Cell %1 failed", number);
  return trans.__("Cell %1 failed with %2", number, cell.error);
}

/** What each of them ran, a line a cell. */
export function longWords({ marks }: Group, most = 8): string {
  const lines = marks.slice(0, most).map(({ cell }) => {
    const line = cell.code.split("\n").find((each) => each.trim()) ?? "";
    return trans.__("%1: %2", ran(cell), line.trim().slice(0, 120));
  });
  const rest = marks.length - lines.length;
  return [...lines, ...(rest > 0 ? [trans.__("and %1 more", rest)] : [])].join("\n");
}

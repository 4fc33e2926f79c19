/** Undo and redo: timelines are values, so the stack simply keeps them. */

import type { Project } from "./model";

interface Step {
  readonly project: Project;
  /** What was done to get from here to the next one. */
  readonly label: string;
}

export interface History {
  readonly past: readonly Step[];
  readonly present: Project;
  readonly future: readonly Step[];
  /** Changes of one group in a row are one step, such as all positions of one drag. */
  readonly group: string;
}

const deepest = 300;

export function begin(present: Project): History {
  return { past: [], present, future: [], group: "" };
}

export function commit(history: History, project: Project, label: string, group = ""): History {
  if (project === history.present) return history;
  if (group && group === history.group) return { ...history, present: project, future: [] };
  const past = [...history.past, { project: history.present, label }].slice(-deepest);
  return { past, present: project, future: [], group };
}

/** What comes next is a step of its own. */
export function seal(history: History): History {
  return history.group ? { ...history, group: "" } : history;
}

export function undo(history: History): History {
  const last = history.past.at(-1);
  if (!last) return history;
  return {
    past: history.past.slice(0, -1),
    present: last.project,
    future: [{ project: history.present, label: last.label }, ...history.future],
    group: "",
  };
}

export function redo(history: History): History {
  const next = history.future[0];
  if (!next) return history;
  return {
    past: [...history.past, { project: history.present, label: next.label }],
    present: next.project,
    future: history.future.slice(1),
    group: "",
  };
}

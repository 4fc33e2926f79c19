/** Words that a panel has to say: what fails, what it waits for. */

import { SaidError } from "../explain";
import { trans } from "../words";
import { make } from "./dom";

export const busyWords = () =>
  trans.__(
    "The notebook is busy with a cell, so this panel waits for it. A recording goes on meanwhile.",
  );

/** What to show of an error: our own words as they are, of anything else none. */
export function wordsOf(error: unknown): string {
  if (error instanceof SaidError) return error.message;
  console.error(error);
  return trans.__("Something went wrong here. Try again; the browser's console says more.");
}

export class Notes {
  readonly list = make("ul", "jc-notes");
  private readonly shown = new Map<string, HTMLLIElement>();

  constructor() {
    this.list.setAttribute("aria-live", "polite");
  }

  /** One note for each key; empty words take it away. */
  set(key: string, words: string, options: { calm?: boolean; again?: () => void } = {}): void {
    const old = this.shown.get(key);
    if (old?.dataset["words"] === words) return;
    old?.remove();
    this.shown.delete(key);
    if (!words) return;
    const note = make("li", `jc-note ${options.calm ? "jc-calm-note" : ""}`, words);
    note.dataset["words"] = words;
    if (options.again) {
      const again = make("button", "jc-act", trans.__("Try again"));
      again.type = "button";
      again.addEventListener("click", options.again);
      note.append(again);
    }
    this.shown.set(key, note);
    this.list.append(note);
  }

  /** Several notes of one sort, newest last. */
  setAll(sort: string, words: readonly string[]): void {
    for (const key of [...this.shown.keys()]) {
      if (key.startsWith(`${sort}:`) && !words.includes(key.slice(sort.length + 1))) {
        this.set(key, "");
      }
    }
    for (const each of words) this.set(`${sort}:${each}`, each);
  }
}

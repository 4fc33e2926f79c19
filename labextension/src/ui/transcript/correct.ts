/** Words that were misheard are put right where they stand. */

import type { Correction } from "../../wire";
import { trans } from "../../words";
import { make } from "../dom";
import { wordsOf } from "../notes";

export interface Correcting {
  /** Writes `text` in the place of `was`; rejects with what the engine says. */
  write(text: string, was: string): Promise<Correction>;
  /** An error, or "" where there is none any more. */
  complain(words: string): void;
  /** What stands there now, and whether it was changed. */
  ended(words: HTMLElement[], made: Correction | undefined): void;
}

export function wordElement(text: string, start: number, end: number): HTMLElement {
  const span = make("span", "jc-word", text.trim());
  span.dataset["start"] = String(start);
  span.dataset["end"] = String(end);
  span.tabIndex = -1;
  return span;
}

export function textOf(words: readonly HTMLElement[]): string {
  return words.map((word) => word.textContent).join(" ");
}

/** A field in the place of neighbouring words: Enter writes, Escape leaves all as it was. */
export function correct(words: readonly HTMLElement[], correcting: Correcting): void {
  const [first] = words;
  if (!first) return;
  const was = textOf(words);
  const field = make("input", "jc-field jc-correct");
  field.value = was;
  field.maxLength = 10_000;
  field.spellcheck = true;
  field.autocomplete = "off";
  field.setAttribute("aria-label", trans.__("Correct “%1”: Enter writes it, Escape leaves it", was));
  const fit = () => (field.style.width = `${Math.max(6, field.value.length + 2)}ch`);
  let open = true;
  const close = (now: HTMLElement[], made?: Correction) => {
    open = false;
    for (const word of words) word.hidden = false;
    field.remove();
    correcting.complain("");
    correcting.ended(now, made);
  };
  const write = async () => {
    const text = field.value.trim().replace(/\s+/g, " ");
    if (text === was) return close([...words]);
    field.readOnly = true;
    field.setAttribute("aria-busy", "true");
    try {
      const made = await correcting.write(text, was);
      if (open) close(replaced(words, made), made);
    } catch (error) {
      correcting.complain(wordsOf(error));
      field.setAttribute("aria-invalid", "true");
      field.readOnly = false;
      field.focus();
    } finally {
      field.removeAttribute("aria-busy");
    }
  };
  field.addEventListener("input", fit);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing && !field.readOnly) void write();
    else if (event.key === "Escape") close([...words]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  // What was typed is not thrown away by a click beside it; what was not changed just closes.
  field.addEventListener("blur", () => {
    if (open && field.value === was) close([...words]);
  });
  fit();
  first.before(field);
  for (const word of words) word.hidden = true;
  field.focus();
  field.select();
}

/** Puts what was written in the place of the words, which need not be as many. */
export function replaced(words: readonly HTMLElement[], made: Correction): HTMLElement[] {
  const [first] = words;
  if (!first) return [];
  const now = made.words.map((word) => wordElement(word.text, word.start, word.end));
  for (const word of now) {
    word.classList.add("jc-corrected");
    word.title = made.was ? trans.__("Corrected; it was “%1”", made.was) : trans.__("Added");
  }
  first.before(...now.flatMap((word) => [word, " "]));
  for (const word of words) {
    if (word.nextSibling?.nodeType === Node.TEXT_NODE) word.nextSibling.remove();
    word.remove();
  }
  return now;
}

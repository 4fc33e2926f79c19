/** Edit by transcript: the words of a clip. Those that are deleted are cut out of the timeline. */

import { ApiError } from "../../api";
import { SaidError } from "../../explain";
import { clamp } from "../../time";
import { make } from "../dom";
import type { Desk } from "./desk";
import * as edit from "./edit";
import { type Clip, clipsOf, endOf, find, isTimed, labelOf } from "./model";
import { exactTime } from "./ruler";
import { type Sources, isShared } from "./sources";
import * as fields from "./fields";
import {
  type Proposal,
  type Word,
  describe,
  isFiller,
  propose,
  rangeOfWords,
  tasteOf,
  usualPause,
  wordsBetween,
} from "./words";

/** Words beyond these are reached by cutting what is before them, or by splitting the clip. */
const most = 6_000;

export class WordsView {
  readonly root = make("div", "jc-tl-words");
  private readonly title = make("h3", "jc-tl-title");
  private readonly list = make("div", "jc-tl-transcript");
  private readonly note = make("p", "jc-tl-faint");
  private readonly tidy = make("button", "jc-tl-action");
  private readonly pause = fields.number("Silences over", { min: 0.2, max: 10, step: 0.1 }, (seconds) => {
    this.taste = tasteOf(seconds);
    this.describeTidy();
  });
  private readonly tidying = make("div", "jc-tl-tidying", this.tidy, this.pause.root);
  private readonly transcribe = make("button", "jc-tl-action", "Transcribe");
  private readonly stop: (() => void)[];
  private clip: Clip | undefined;
  private taste = tasteOf(usualPause);
  /** All words of the asset, and those of the clip. */
  private all: Word[] = [];
  private words: Word[] = [];
  private anchor = -1;
  private focus = -1;
  private said = -1;

  constructor(
    private readonly desk: Desk,
    private readonly sources: Sources,
    private readonly seek: (ticks: number) => void,
  ) {
    for (const button of [this.tidy, this.transcribe]) button.type = "button";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-multiselectable", "true");
    this.list.setAttribute("aria-label", "Words of the clip; select some and press Delete to cut them out");
    this.root.append(this.title, this.tidying, this.list, this.transcribe, this.note);
    this.transcribe.hidden = true;
    this.pause.show(usualPause);
    this.pause.root.append(make("span", "", "s"));
    this.tidy.addEventListener("click", () => this.cutPauses());
    this.transcribe.addEventListener("click", () => void this.index());
    this.list.addEventListener("pointerdown", (event) => this.press(event));
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.stop = [
      desk.hear(["project", "selection"], () => void this.show()),
      desk.hear(["playhead"], () => this.follow()),
    ];
    void this.show();
  }

  destroy(): void {
    for (const end of this.stop) end();
  }

  /** The selected recording, else the one under the playhead, else the first. */
  private chosen(): Clip | undefined {
    const { current, shown, playhead } = this.desk;
    if (current && isTimed(current)) return current;
    const timed = clipsOf(shown).filter(isTimed);
    return timed.find((clip) => clip.start <= playhead && playhead < endOf(clip)) ?? timed[0];
  }

  private async show(): Promise<void> {
    const clip = this.chosen();
    const before = this.clip;
    this.clip = clip;
    if (!clip) {
      this.all = [];
      this.paint("Add a recording to the timeline: its words show here.");
      return;
    }
    const isSame = before && isShared(before.look.asset, clip.look.asset) && this.all.length;
    if (!isSame) this.all = [];
    this.title.textContent = labelOf(clip.look, this.sources.nameOf(clip.look.asset));
    if (isSame) {
      const { from, duration, start } = before;
      if (before.key === clip.key && from === clip.from && duration === clip.duration && start === clip.start) return;
      this.paint();
      return;
    }
    this.paint("Reading the words…");
    try {
      const all = await this.sources.words(clip.look.asset);
      if (this.clip?.key !== clip.key) return;
      this.all = all;
      this.paint(all.length ? "" : "Nothing is said in this recording.");
    } catch (error) {
      if (this.clip?.key !== clip.key) return;
      const isNew = error instanceof ApiError && error.code === "NOT_INDEXED";
      this.paint(isNew ? "These words are not transcribed yet." : messageOf(error));
      this.transcribe.hidden = !isNew;
    }
  }

  private async index(): Promise<void> {
    const { clip } = this;
    if (!clip) return;
    this.transcribe.disabled = true;
    try {
      await this.sources.transcribe(clip.look.asset, (percentage) => {
        this.note.textContent = `Transcribing, ${Math.round(percentage)} %`;
      });
      await this.show();
    } catch (error) {
      this.note.textContent = messageOf(error);
    } finally {
      this.transcribe.disabled = false;
    }
  }

  private paint(note = ""): void {
    const { clip } = this;
    const inside = clip ? wordsBetween(this.all, clip.from, clip.from + clip.duration) : [];
    this.words = inside.slice(0, most);
    this.anchor = this.focus = -1;
    this.said = -1;
    this.transcribe.hidden = true;
    this.note.textContent =
      note ||
      (inside.length > most ? `The first ${most} words are shown; split the clip to see more.` : "") ||
      (inside.length ? "" : "No words in this part.");
    this.note.hidden = !this.note.textContent;
    // The spaces are where lines may break.
    this.list.replaceChildren(...this.words.flatMap((word, index) => [this.element(word, index), " "]));
    this.list.hidden = !this.words.length;
    this.tidying.hidden = !this.words.length;
    this.describeTidy();
    this.follow();
  }

  private element(word: Word, index: number): HTMLElement {
    const element = make("span", isFiller(word.text) ? "jc-tl-said jc-tl-filler" : "jc-tl-said", word.text);
    element.setAttribute("role", "option");
    element.setAttribute("aria-selected", "false");
    element.dataset["index"] = String(index);
    element.tabIndex = index === 0 ? 0 : -1;
    return element;
  }

  private get proposal(): Proposal | undefined {
    const { clip, all, taste } = this;
    return clip && propose(all, clip.from, clip.from + clip.duration, taste);
  }

  private describeTidy(): void {
    const { proposal } = this;
    const found = proposal ? describe(proposal) : "";
    this.tidy.textContent = found ? `Cut silences and fillers: ${found}` : "No silences or fillers to cut";
    this.tidy.disabled = !found;
  }

  private cutPauses(): void {
    const { clip, desk, proposal } = this;
    if (!clip || !proposal) return;
    desk.apply(edit.cutAsset(desk.project, clip.key, proposal.ranges), "Cut silences and fillers");
  }

  private cutWords(): void {
    const { clip, desk, words, all } = this;
    const [first, last] = this.range();
    if (!clip || first < 0) return;
    const offset = all.indexOf(words[first] as Word);
    const range = rangeOfWords(all, offset, offset + last - first);
    const count = last - first + 1;
    const made = edit.cutAsset(desk.project, clip.key, [range]);
    desk.apply(made, count === 1 ? "Cut a word" : `Cut ${count} words`);
    // What followed is a clip of its own now: go on reading there.
    const next = nextPiece(desk, clip);
    if (next && !find(desk.project, clip.key)) desk.select([next.key]);
    (this.list.firstElementChild as HTMLElement | null)?.focus();
  }

  private range(): [number, number] {
    return [Math.min(this.anchor, this.focus), Math.max(this.anchor, this.focus)];
  }

  private mark(anchor: number, focus: number): void {
    this.anchor = anchor;
    this.focus = clamp(focus, 0, this.words.length - 1);
    const [first, last] = this.range();
    for (const [index, element] of [...this.list.children].entries()) {
      const isMarked = index >= first && index <= last;
      element.setAttribute("aria-selected", String(isMarked));
      (element as HTMLElement).tabIndex = index === this.focus ? 0 : -1;
    }
  }

  private press(event: PointerEvent): void {
    const index = indexAt(event.target);
    if (event.button !== 0 || index < 0) return;
    event.preventDefault();
    this.mark(event.shiftKey && this.anchor >= 0 ? this.anchor : index, index);
    (this.list.children[index] as HTMLElement).focus({ preventScroll: true });
    const over = new AbortController();
    const { signal } = over;
    window.addEventListener("pointermove", (moved) => {
      const at = indexAt(document.elementFromPoint(moved.clientX, moved.clientY));
      if (at >= 0 && at !== this.focus) this.mark(this.anchor, at);
    }, { signal });
    window.addEventListener("pointerup", () => {
      over.abort();
      const word = this.words[this.anchor];
      if (word && this.clip && this.anchor === this.focus) {
        this.seek(this.clip.start + Math.max(0, word.start - this.clip.from));
      }
    }, { signal });
  }

  private key(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -8, ArrowDown: 8 }[event.key];
    if (step !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const to = clamp(Math.max(this.focus, 0) + (this.focus < 0 ? 0 : step), 0, this.words.length - 1);
      this.mark(event.shiftKey && this.anchor >= 0 ? this.anchor : to, to);
      (this.list.children[to] as HTMLElement | undefined)?.focus();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      if (this.focus < 0) this.mark(indexAt(event.target), indexAt(event.target));
      this.cutWords();
    } else if (event.key === "Enter") {
      const word = this.words[Math.max(0, this.focus)];
      if (word && this.clip) this.seek(this.clip.start + Math.max(0, word.start - this.clip.from));
    } else if (event.key === "a" && (event.ctrlKey || event.metaKey)) {
      this.mark(0, this.words.length - 1);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** The word that is being said is marked. */
  private follow(): void {
    const { clip, words } = this;
    if (!clip) return;
    const now = this.desk.playhead - clip.start + clip.from;
    const at = words.findIndex((word) => word.start <= now && now < word.end);
    if (at === this.said) return;
    this.list.children[this.said]?.classList.remove("jc-tl-now");
    this.said = at;
    const element = this.list.children[at] as HTMLElement | undefined;
    element?.classList.add("jc-tl-now");
    if (!element || this.list.contains(document.activeElement)) return;
    // Only the list scrolls: scrollIntoView would move the notebook, too.
    const { offsetTop, offsetHeight } = element;
    const { scrollTop, clientHeight } = this.list;
    if (offsetTop < scrollTop || offsetTop + offsetHeight > scrollTop + clientHeight) {
      this.list.scrollTop = offsetTop - clientHeight / 3;
    }
  }
}

function indexAt(target: EventTarget | null): number {
  const found = target instanceof Element ? target.closest<HTMLElement>(".jc-tl-said") : null;
  return found ? Number(found.dataset["index"]) : -1;
}

/** The clip that now begins where this one was cut. */
function nextPiece(desk: Desk, clip: Clip): Clip | undefined {
  return clipsOf(desk.project).find(
    (one) => one.start >= clip.start && isShared(one.look.asset, clip.look.asset),
  );
}

function messageOf(error: unknown): string {
  return error instanceof SaidError ? error.message : `The words could not be read at ${exactTime(0)}.`;
}

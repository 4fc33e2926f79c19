/** Edit by transcript: the words of a recording, in all its pieces. Those that are deleted are cut out of the timeline. */

import { ApiError } from "../../api";
import { SaidError } from "../../explain";
import { clamp } from "../../time";
import { trans } from "../../words";
import { make } from "../dom";
import type { Desk } from "./desk";
import * as edit from "./edit";
import { type Clip, clipsOf, endOf, find, isTimed, labelOf } from "./model";
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

/** A word where it is heard. */
interface Said {
  readonly word: Word;
  readonly clip: Clip;
}

/** Words beyond these are reached by cutting what is before them. */
const most = 6_000;

export class WordsView {
  readonly root = make("div", "jc-tl-words");
  private readonly title = make("h3", "jc-tl-title");
  private readonly list = make("div", "jc-tl-transcript");
  private readonly note = make("p", "jc-tl-faint");
  private readonly tidy = make("button", "jc-tl-action");
  private readonly pause = fields.number(trans.__("Silences over"), { min: 0.2, max: 10, step: 0.1 }, (seconds) => {
    this.taste = tasteOf(seconds);
    this.describeTidy();
  });
  private readonly tidying = make("div", "jc-tl-tidying", this.tidy, this.pause.root);
  private readonly transcribe = make("button", "jc-tl-action", trans.__("Transcribe"));
  private readonly stop: (() => void)[];
  private clip: Clip | undefined;
  private taste = tasteOf(usualPause);
  /** All clips of its lane that show the same recording: its pieces. */
  private pieces: readonly Clip[] = [];
  /** All words of the asset, and those of the pieces. */
  private all: Word[] = [];
  private words: Said[] = [];
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
    const manners = trans.__("Words of the clip; select some and press Delete to cut them out");
    this.list.setAttribute("aria-label", manners);
    this.root.append(this.title, this.tidying, this.list, this.transcribe, this.note);
    this.transcribe.hidden = true;
    this.pause.show(usualPause);
    this.pause.root.append(make("span", "", trans.__("s")));
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

  /** Says whose words they are: by its name, once that is known. */
  entitle(): void {
    if (!this.clip) return;
    const name = labelOf(this.clip.look, this.sources.nameOf(this.clip.look.asset));
    this.title.textContent = this.pieces.length > 1 ? trans.__("%1, %2 pieces", name, this.pieces.length) : name;
  }

  private async show(): Promise<void> {
    const clip = this.chosen();
    const [before, pieces] = [this.clip, this.pieces];
    this.clip = clip;
    this.pieces = clip ? piecesOf(this.desk, clip) : [];
    if (!clip) {
      this.all = [];
      this.paint(trans.__("Add a recording to the timeline: its words show here."));
      return;
    }
    const isSame = before && isShared(before.look.asset, clip.look.asset) && this.all.length;
    if (!isSame) this.all = [];
    this.entitle();
    if (isSame) {
      const isStill = pieces.length === this.pieces.length && pieces.every((one, i) => one === this.pieces[i]);
      if (!isStill) this.paint();
      return;
    }
    this.paint(trans.__("Reading the words…"));
    try {
      const all = await this.sources.words(clip.look.asset);
      if (this.clip?.key !== clip.key) return;
      this.all = all;
      this.paint(all.length ? "" : trans.__("Nothing is said in this recording."));
    } catch (error) {
      if (this.clip?.key !== clip.key) return;
      const isNew = error instanceof ApiError && error.code === "NOT_INDEXED";
      this.paint(isNew ? trans.__("These words are not transcribed yet.") : messageOf(error));
      this.transcribe.hidden = !isNew;
    }
  }

  private async index(): Promise<void> {
    const { clip } = this;
    if (!clip) return;
    this.transcribe.disabled = true;
    try {
      await this.sources.transcribe(clip.look.asset, (percentage) => {
        this.note.textContent = trans.__("Transcribing, %1 %", Math.round(percentage));
      });
      await this.show();
    } catch (error) {
      this.note.textContent = messageOf(error);
    } finally {
      this.transcribe.disabled = false;
    }
  }

  private paint(note = ""): void {
    const inside = this.pieces.flatMap((clip) =>
      wordsBetween(this.all, clip.from, clip.from + clip.duration).map((word) => ({ word, clip })),
    );
    this.words = inside.slice(0, most);
    this.anchor = this.focus = -1;
    this.said = -1;
    this.transcribe.hidden = true;
    this.note.textContent =
      note ||
      (inside.length > most ? trans.__("The first %1 words are shown.", most) : "") ||
      (inside.length ? "" : trans.__("No words in this part."));
    this.note.hidden = !this.note.textContent;
    // The spaces are where lines may break.
    this.list.replaceChildren(...this.words.flatMap(({ word }, index) => [this.element(word, index), " "]));
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

  private get proposal(): Proposal {
    const found = this.pieces.map((clip) => {
      const made = propose(this.all, clip.from, clip.from + clip.duration, this.taste);
      return { ...made, ranges: edit.inTimeline(clip, made.ranges) };
    });
    return {
      ranges: found.flatMap(({ ranges }) => ranges),
      silences: found.reduce((sum, { silences }) => sum + silences, 0),
      fillers: found.reduce((sum, { fillers }) => sum + fillers, 0),
      seconds: found.reduce((sum, { seconds }) => sum + seconds, 0),
    };
  }

  private describeTidy(): void {
    const found = describe(this.proposal);
    this.tidy.textContent = found
      ? trans.__("Cut silences and fillers: %1", found)
      : trans.__("No silences or fillers to cut");
    this.tidy.disabled = !found;
  }

  private cutPauses(): void {
    this.cut(this.proposal.ranges, trans.__("Cut silences and fillers"));
  }

  private cutWords(): void {
    const [first, last] = this.range();
    if (first < 0) return;
    const chosen = this.words.slice(first, last + 1);
    const ranges = this.pieces.flatMap((clip) => {
      const said = chosen.filter((one) => one.clip === clip).map(({ word }) => this.all.indexOf(word));
      if (!said.length) return [];
      const range = rangeOfWords(this.all, said[0] as number, said.at(-1) as number);
      return edit.inTimeline(clip, [range]);
    });
    this.cut(ranges, trans._n("Cut a word", "Cut %1 words", chosen.length));
    // Go on reading where it was cut.
    const next = clamp(first, 0, this.words.length - 1);
    (this.list.children[next] as HTMLElement | undefined)?.focus();
  }

  private cut(ranges: readonly edit.Range[], label: string): void {
    const { clip, desk } = this;
    if (clip) desk.apply({ ...edit.cutOut(desk.project, ranges), selected: [clip.key] }, label);
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
      if (this.anchor === this.focus) this.seekWord(this.anchor);
    }, { signal });
  }

  private seekWord(index: number): void {
    const said = this.words[index];
    if (said) this.seek(said.clip.start + Math.max(0, said.word.start - said.clip.from));
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
      this.seekWord(Math.max(0, this.focus));
    } else if (event.key === "a" && (event.ctrlKey || event.metaKey)) {
      this.mark(0, this.words.length - 1);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** The word that is being said is marked. */
  private follow(): void {
    const now = this.desk.playhead;
    const at = this.words.findIndex(({ word, clip }) => {
      const shift = clip.start - clip.from;
      return word.start + shift <= now && now < word.end + shift;
    });
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

/** The clips of its lane that show the same recording, in the order of time. */
function piecesOf(desk: Desk, clip: Clip): Clip[] {
  const lane = desk.shown.lanes[find(desk.shown, clip.key)?.lane ?? 0];
  return (lane?.clips ?? []).filter((one) => isShared(one.look.asset, clip.look.asset));
}

function messageOf(error: unknown): string {
  return error instanceof SaidError
    ? error.message
    : trans.__("The words could not be read. Select the clip again to try.");
}

/** What was said, word by word: it follows the player, and the player follows it. */

import type { PanelApi } from "../../api";
import { ApiError } from "../../api/panel";
import { clamp, formatTime } from "../../time";
import type { Asset, Correction, Transcript, TranscriptItem } from "../../wire";
import { trans } from "../../words";
import { make } from "../dom";
import { type LazyList, lazyList } from "../lazy";
import { busyWords, wordsOf } from "../notes";
import { folderOf, playIn } from "../play";
import type { Player } from "../player";
import { followTheme } from "../theme";
import { correct, replaced, textOf, wordElement } from "./correct";
import { type Block, type Clip, type TranscriptState, blocksOf, indexAt, wordsIn } from "./model";
import { idle, view } from "./view";

export type { Clip, TranscriptState } from "./model";

const letGo = 4_000;

export function mount(element: HTMLElement, api: PanelApi<TranscriptState>): { destroy(): void } {
  const panel = new TranscriptController(api);
  element.replaceChildren(panel.ui.root);
  return panel;
}

class TranscriptController {
  readonly ui = view();
  private readonly ends: (() => void)[] = [];
  private readonly abort = new AbortController();
  private blocks: Block[] = [];
  private shown: LazyList | undefined;
  private player: Player | undefined;
  private spoken: HTMLElement | undefined;
  private told = "";
  private touched = -Infinity;
  private painted = 0;
  /** First and last word of what is selected, in reading order. */
  private picked: [HTMLElement, HTMLElement] | undefined;
  private attempt = 0;

  constructor(private readonly api: PanelApi<TranscriptState>) {
    const { ui } = this;
    const { signal } = this.abort;
    ui.clip.addEventListener("click", () => this.makeClip());
    ui.mend.addEventListener("click", () => this.picked && this.correct(this.picked));
    ui.undo.addEventListener("click", () => void this.undo());
    ui.list.addEventListener("click", (event) => this.clicked(event));
    ui.list.addEventListener("dblclick", (event) => {
      const word = (event.target as HTMLElement).closest<HTMLElement>(".jc-word");
      if (word) this.correct([word, word]);
    });
    ui.list.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("selectionchange", () => this.selected(), { signal });
    for (const name of ["wheel", "touchmove", "pointerdown"]) {
      ui.scroller.addEventListener(name, () => (this.touched = Date.now()), { passive: true });
    }
    this.ends.push(
      followTheme(ui.root),
      api.on("video_id", () => void this.load()),
      api.on("start", () => this.player?.seek(api.get("start"))),
      api.waiting((is) => ui.notes.set("busy", is ? busyWords() : "", { calm: true })),
    );
    void this.load();
  }

  destroy(): void {
    this.attempt += 1;
    this.abort.abort();
    for (const end of this.ends) end();
    this.shown?.destroy();
    this.player?.destroy();
    this.ui.root.remove();
  }

  private get path(): string {
    const id = this.api.get("video_id");
    return `/${folderOf(id)}/${id}`;
  }

  private async load(): Promise<void> {
    const { ui, api } = this;
    const attempt = ++this.attempt;
    this.player?.destroy();
    this.shown?.destroy();
    ui.list.replaceChildren();
    this.pick(undefined);
    ui.notes.set("load", trans.__("Reading what was said…"), { calm: true });
    try {
      const asset = await api.request<Asset>("GET", this.path);
      if (attempt !== this.attempt) return;
      this.showPlayer(asset);
      const said = await this.sentences();
      if (attempt !== this.attempt) return;
      this.showBlocks(blocksOf(said));
      ui.notes.set("load", this.blocks.length ? "" : trans.__("No words were heard in it."), { calm: true });
    } catch (error) {
      if (attempt !== this.attempt) return;
      ui.notes.set("load", wordsOf(error), { again: () => void this.load() });
    }
  }

  /** What is not indexed yet is listened to first. */
  private async sentences(): Promise<TranscriptItem[]> {
    const { api, ui } = this;
    const ask = () =>
      api.request<Transcript>("GET", `${this.path}/transcription?segmenter=sentence`);
    const answer = await ask().catch(async (error: unknown) => {
      if (!(error instanceof ApiError) || error.code !== "NOT_INDEXED") throw error;
      await api.request("POST", `${this.path}/index`, {}, ({ percentage }) => {
        ui.notes.set("load", trans.__("Listening to it first, %1 %…", percentage.toFixed(0)), { calm: true });
      });
      return ask();
    });
    return answer.transcript;
  }

  private showPlayer(asset: Asset): void {
    const { ui, api } = this;
    this.player = playIn(ui.stage, api as unknown as PanelApi, {
      id: asset.id,
      collection: asset.collection_id,
      title: api.get("title") || asset.name,
      from: 0,
      start: api.get("start"),
    });
    this.player.onTime((seconds) => this.paint(seconds));
    ui.stage.addEventListener("pause", () => this.tellTime(), { capture: true });
    ui.stage.addEventListener("seeked", () => this.tellTime(), { capture: true });
  }

  private tellTime(): void {
    const now = this.player?.now() ?? 0;
    if (Math.abs(now - this.api.get("time")) > 0.05) this.api.set("time", now);
  }

  // -- the words

  private showBlocks(blocks: Block[]): void {
    const { ui } = this;
    this.blocks = blocks;
    const rows = blocks.map(() => make("p", "jc-block"));
    this.shown = lazyList(ui.list, ui.scroller, rows, {
      fill: (row, index) => this.fill(row, index),
      drain: (row, index) => {
        row.textContent = this.blocks[index]?.text ?? "";
        row.classList.remove("jc-worded");
      },
      holds: (row) =>
        row.contains(this.picked?.[0] ?? null) ||
        row.contains(this.picked?.[1] ?? null) ||
        row.querySelector(".jc-correct") !== null,
    });
    // Words that nobody has looked at yet can be found with the browser's own search.
    this.shown.rows.forEach((row, index) => {
      if (!row.hasChildNodes()) row.textContent = blocks[index]?.text ?? "";
    });
  }

  private fill(row: HTMLElement, index: number): void {
    const block = this.blocks[index];
    if (!block) return;
    const time = make("button", "jc-block-time", formatTime(block.start));
    time.type = "button";
    time.title = `Play from ${formatTime(block.start)}`;
    time.dataset["start"] = String(block.start);
    const several = this.blocks.some((each) => each.channel !== block.channel);
    const from = several && block.channel ? [make("span", "jc-faint", block.channel)] : [];
    const body = make("span", "jc-block-words", block.text);
    row.replaceChildren(make("span", "jc-block-head", time, ...from), body);
    void this.word(row, body, block);
  }

  /** Puts the words one by one in the place of a paragraph's text. */
  private async word(row: HTMLElement, body: HTMLElement, block: Block): Promise<void> {
    const query = `segmenter=word&start=${block.start.toFixed(3)}&end=${block.end.toFixed(3)}`;
    const found = await this.api
      .request<Transcript>("GET", `${this.path}/transcription?${query}`)
      .catch(() => undefined);
    const words = found ? wordsIn(block, found.transcript) : [];
    if (!words.length || !body.isConnected) return;
    const spans = words.flatMap((word) => {
      const drawn = wordElement(word.text, word.start, word.end);
      drawn.classList.toggle("jc-corrected", word.corrected ?? false);
      if (word.corrected) drawn.title = "Corrected";
      return [drawn, " "];
    });
    body.replaceChildren(...spans);
    row.classList.add("jc-worded");
    if (!this.ui.list.querySelector(".jc-word[tabindex='0']")) (spans[0] as HTMLElement).tabIndex = 0;
    if (this.player) this.paint(this.player.now());
  }

  private paint(seconds: number): void {
    const index = indexAt(this.blocks, seconds);
    if (index < 0 || !this.shown) return;
    const row = this.shown.draw(index);
    const words = [...row.querySelectorAll<HTMLElement>(".jc-word")];
    const at = indexAt(
      words.map((word) => ({ start: Number(word.dataset["start"]) })),
      seconds,
    );
    const word = words[at];
    if (word === this.spoken && this.told === String(index)) return;
    this.spoken?.classList.remove("jc-spoken");
    word?.classList.add("jc-spoken");
    this.spoken = word;
    this.told = String(index);
    // Words that were only drawn anew must not pull the reader back.
    const moved = seconds !== this.painted;
    this.painted = seconds;
    if (moved && this.ui.follow.checked && Date.now() - this.touched > letGo) this.bring(word ?? row);
  }

  /** Scrolls the words, never the page. */
  private bring(element: HTMLElement): void {
    const { scroller } = this.ui;
    const box = scroller.getBoundingClientRect();
    const place = element.getBoundingClientRect();
    if (place.top >= box.top + 8 && place.bottom <= box.bottom - 8) return;
    const top = scroller.scrollTop + place.top - box.top - box.height / 3;
    scroller.scrollTop = clamp(top, 0, scroller.scrollHeight);
  }

  private clicked(event: Event): void {
    const target = event.target as HTMLElement;
    const start = target.closest<HTMLElement>("[data-start]")?.dataset["start"];
    if (start === undefined || !(getSelection()?.isCollapsed ?? true)) return;
    this.pick(undefined);
    this.touched = -Infinity;
    this.player?.seek(Number(start));
  }

  // -- selecting words

  private selected(): void {
    const selection = getSelection();
    if (!selection || selection.isCollapsed || !selection.rangeCount) return;
    const range = selection.getRangeAt(0);
    if (!this.ui.list.contains(range.commonAncestorContainer)) return;
    const words = [...this.ui.list.querySelectorAll<HTMLElement>(".jc-word")].filter((word) =>
      range.intersectsNode(word),
    );
    const [first, last] = [words[0], words.at(-1)];
    if (first && last) this.pick([first, last]);
  }

  private pick(words: [HTMLElement, HTMLElement] | undefined): void {
    for (const word of this.ui.list.querySelectorAll(".jc-picked")) word.classList.remove("jc-picked");
    this.picked = words;
    this.ui.clip.disabled = this.ui.mend.disabled = !words;
    if (!words) {
      this.ui.said.textContent = idle();
      return;
    }
    for (const word of this.between(...words)) word.classList.add("jc-picked");
    const { start, end } = this.clipOf(words);
    this.ui.said.textContent = `From ${formatTime(start)}, ${(end - start).toFixed(1)} s`;
  }

  private between(first: HTMLElement, last: HTMLElement): HTMLElement[] {
    const all = [...this.ui.list.querySelectorAll<HTMLElement>(".jc-word")];
    return all.slice(all.indexOf(first), all.indexOf(last) + 1);
  }

  private clipOf([first, last]: [HTMLElement, HTMLElement]): Clip {
    const words = this.between(first, last);
    return {
      video_id: this.api.get("video_id"),
      collection_id: this.api.get("collection_id"),
      start: Number(first.dataset["start"]),
      end: Number(last.dataset["end"]),
      text: textOf(words),
    };
  }

  private makeClip(): void {
    if (!this.picked) return;
    const clip = this.clipOf(this.picked);
    this.api.set("clip", clip);
    try {
      this.api.emit("clip", clip);
      const length = (clip.end - clip.start).toFixed(1);
      this.ui.said.textContent = trans.__("A clip of %1 s was made.", length);
    } catch (error) {
      this.ui.notes.set("clip", wordsOf(error));
    }
  }

  // -- correcting words

  private correct(words: [HTMLElement, HTMLElement]): void {
    const [first, last] = words;
    const row = first.closest<HTMLElement>(".jc-block");
    if (!row || !row.contains(last)) {
      this.ui.said.textContent = trans.__("Correct the words of one paragraph at a time.");
      return;
    }
    if (row.querySelector(".jc-correct")) return;
    const block = this.blocks[this.shown?.rows.indexOf(row) ?? -1];
    const { start, end } = this.clipOf(words);
    getSelection()?.removeAllRanges();
    correct(this.between(...words), {
      write: (text, was) => this.write(start, end, text, was, block?.channel ?? ""),
      complain: (said) => this.ui.notes.set("correct", said),
      ended: (now, made) => {
        this.pick(undefined);
        if (made) this.corrected(row, now, made);
        const next = now[0] ?? row.querySelector<HTMLElement>(".jc-word");
        if (!next) return;
        next.tabIndex = 0;
        next.focus({ preventScroll: true });
      },
    });
  }

  private write(start: number, end: number, text: string, was: string, channel: string) {
    const request = { start, end, text, was, channel: channel || null };
    return this.api.request<Correction>("PATCH", `${this.path}/transcript`, request);
  }

  private corrected(row: HTMLElement, words: HTMLElement[], made: Correction): void {
    const { ui } = this;
    const block = this.blocks[this.shown?.rows.indexOf(row) ?? -1];
    if (block) block.text = textOf([...row.querySelectorAll<HTMLElement>(".jc-word")]);
    ui.said.textContent = made.text
      ? trans.__("“%1” is now “%2”.", made.was, made.text)
      : trans.__("“%1” is now taken out.", made.was);
    ui.undo.hidden = !words.length;
    this.mended = { row, words, made };
  }

  private mended: { row: HTMLElement; words: HTMLElement[]; made: Correction } | undefined;

  private async undo(): Promise<void> {
    if (!this.mended) return;
    const { row, words, made } = this.mended;
    try {
      const back = await this.write(made.start, made.end, made.was, made.text, made.channel);
      const now = replaced(words, back);
      for (const word of now) {
        word.classList.remove("jc-corrected");
        word.removeAttribute("title");
      }
      this.corrected(row, now, back);
      this.ui.undo.hidden = true;
      this.ui.said.textContent = `“${back.text}” stands there again.`;
      this.ui.notes.set("correct", "");
    } catch (error) {
      this.ui.notes.set("correct", wordsOf(error));
    }
  }

  /** Arrows go from word to word, with Shift they select; Enter goes there; c makes the clip, e
   * corrects. */
  private key(event: KeyboardEvent): void {
    const word = (event.target as HTMLElement).closest<HTMLElement>(".jc-word");
    if (!word || event.ctrlKey || event.metaKey || event.altKey) return;
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 12, ArrowUp: -12 };
    const step = steps[event.key];
    if (step !== undefined) this.step(word, step, event.shiftKey);
    else if (event.key === "Enter") this.player?.seek(Number(word.dataset["start"]));
    else if (event.key === "c") this.makeClip();
    else if (event.key === "e") {
      this.correct(word.classList.contains("jc-picked") && this.picked ? this.picked : [word, word]);
    }
    else if (event.key === "Escape") this.pick(undefined);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private anchor: HTMLElement | undefined;

  private step(from: HTMLElement, by: number, extend: boolean): void {
    const all = [...this.ui.list.querySelectorAll<HTMLElement>(".jc-word")];
    const to = all[clamp(all.indexOf(from) + by, 0, all.length - 1)];
    if (!to) return;
    this.touched = Date.now();
    if (extend) {
      this.anchor ??= from;
      const [one, two] = [this.anchor, to].sort((a, b) => all.indexOf(a) - all.indexOf(b));
      if (one && two) this.pick([one, two]);
    } else {
      this.anchor = undefined;
      this.pick(undefined);
    }
    from.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  }
}

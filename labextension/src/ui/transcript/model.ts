/** What a transcript knows: pure functions. */

import type { TranscriptItem } from "../../wire";

export interface Clip {
  video_id: string;
  collection_id: string;
  start: number;
  end: number;
  text: string;
}

/** What Python sees of a transcript. */
export interface TranscriptState {
  video_id: string;
  collection_id: string;
  title: string;
  start: number;
  time: number;
  clip: Clip | Record<string, never>;
}

/** Some sentences, read as one paragraph. Seconds. */
export interface Block {
  start: number;
  end: number;
  text: string;
  channel: string;
}

const longest = 30;
const pause = 2.5;

/** Paragraphs: until another channel speaks, a pause is made, or half a minute is full. */
export function blocksOf(sentences: readonly TranscriptItem[]): Block[] {
  const blocks: Block[] = [];
  for (const said of sentences) {
    const text = said.text.trim();
    if (!text) continue;
    const channel = said.channel ?? "";
    const last = blocks.at(-1);
    const follows =
      last?.channel === channel && said.start - last.end < pause && said.end - last.start <= longest;
    if (last && follows) {
      last.text += ` ${text}`;
      last.end = Math.max(last.end, said.end);
    } else blocks.push({ start: said.start, end: said.end, text, channel });
  }
  return blocks;
}

/** The last one that has begun at a time; -1 before the first. Sorted by start. */
export function indexAt(items: readonly { start: number }[], seconds: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle]?.start ?? Infinity) <= seconds) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The words of a block: of its channel, and beginning within it. */
export function wordsIn(block: Block, words: readonly TranscriptItem[]): TranscriptItem[] {
  return words.filter(
    (word) =>
      (word.channel ?? "") === block.channel &&
      word.start >= block.start - 1e-3 &&
      word.start < block.end,
  );
}

/** From the words of a recording to the times that can be cut out of it. Ticks of the asset. */

import type { TranscriptItem } from "../../wire";
import { trans } from "../../words";
import type { Range } from "./edit";
import { joined } from "./edit";
import { TICKS, ticksOf } from "./model";

export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** `pause`: the shortest silence that is cut; `keep`: what stays of it, half at each side. */
export interface Taste {
  readonly pause: number;
  readonly keep: number;
}

/** Seconds. */
export const usualPause = 0.7;

export function tasteOf(seconds: number): Taste {
  return { pause: ticksOf(seconds), keep: ticksOf(Math.min(0.3, seconds / 2)) };
}

/** `seconds` that would go. */
export interface Proposal {
  readonly ranges: readonly Range[];
  readonly silences: number;
  readonly fillers: number;
  readonly seconds: number;
}

const filler = /^(?:u+h*m+|u+h+|e+r+m*|e+h*m+|h+m+|mm+|a+h+)$/i;

export function isFiller(text: string): boolean {
  return filler.test(text.replace(/[^\p{L}]/gu, ""));
}

/** In the order of time, whichever channel they come from. */
export function wordsOf(items: readonly TranscriptItem[]): Word[] {
  return items
    .map(({ text, start, end }) => ({
      text: text.trim(),
      start: Math.max(0, ticksOf(start)),
      end: Math.max(0, ticksOf(end)),
    }))
    .filter((word) => word.text && word.end >= word.start)
    .sort((a, b) => a.start - b.start || a.end - b.end);
}

/** The words whose middle lies in [from, to). */
export function wordsBetween(words: readonly Word[], from: number, to: number): Word[] {
  return words.filter(({ start, end }) => from <= (start + end) / 2 && (start + end) / 2 < to);
}

/**
 * What a selection of words takes along: up to the middle of the silence around it, but no more
 * than a breath, so that neither a clipped syllable nor a hole is heard.
 */
export function rangeOfWords(words: readonly Word[], first: number, last: number): Range {
  const breath = 0.25 * TICKS;
  const [begin, end] = [words[first] as Word, words[last] as Word];
  const before = words[first - 1]?.end ?? -Infinity;
  const after = words[last + 1]?.start ?? Infinity;
  const room = (gap: number) => Math.round(Math.min(breath, Math.max(0, gap) / 2));
  return [Math.max(0, begin.start - room(begin.start - before)), end.end + room(after - end.end)];
}

/** The silences and filler words in [from, to). None where nothing is said at all. */
export function propose(
  words: readonly Word[],
  from: number,
  to: number,
  taste: Taste = tasteOf(usualPause),
): Proposal {
  const inside = wordsBetween(words, from, to);
  const speech = inside.filter((word) => !isFiller(word.text));
  const ranges: Range[] = [];
  let silences = 0;
  let fillers = 0;
  let quietFrom = from;
  const take = (quietTo: number) => {
    const said = inside.filter(
      (word) => isFiller(word.text) && word.start >= quietFrom - 1 && word.end <= quietTo + 1,
    );
    fillers += said.length;
    if (quietTo - quietFrom > taste.pause) {
      if (!said.length) silences += 1;
      // Before the first word and after the last there is nothing to breathe for.
      const start = quietFrom === from ? from : quietFrom + taste.keep / 2;
      ranges.push([start, quietTo === to ? to : quietTo - taste.keep / 2]);
    } else ranges.push(...said.map(({ start, end }) => [start, end] as const));
  };
  for (const word of speech) {
    take(Math.max(quietFrom, Math.min(word.start, to)));
    quietFrom = Math.max(quietFrom, Math.min(word.end, to));
  }
  if (speech.length) take(to);
  const found = speech.length ? joined(ranges.map(([a, b]) => [Math.round(a), Math.round(b)])) : [];
  const ticks = found.reduce((sum, [start, end]) => sum + end - start, 0);
  const none = !speech.length;
  return {
    ranges: found,
    silences: none ? 0 : silences,
    fillers: none ? 0 : fillers,
    seconds: ticks / TICKS,
  };
}

/** "3 silences and 2 filler words, 4.5 s"; empty where there is nothing to cut. */
export function describe({ silences, fillers, seconds }: Proposal): string {
  const parts = [
    ...(silences ? [trans._n("%1 silence", "%1 silences", silences)] : []),
    ...(fillers ? [trans._n("%1 filler word", "%1 filler words", fillers)] : []),
  ];
  const [one = "", other] = parts;
  const both = other ? trans.__("%1 and %2", one, other) : one;
  return both && trans.__("%1, %2 s", both, seconds.toFixed(1));
}

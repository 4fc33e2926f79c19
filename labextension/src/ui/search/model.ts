/** What a search panel knows: pure functions. */

import type { SearchAnswer } from "../../wire";

/** A hit as the panel shows it, and as `panel.selected` tells it. Seconds of the video. */
export interface Hit {
  video_id: string;
  collection_id: string;
  title: string;
  start: number;
  end: number;
  text: string;
  score: number;
  channel: string;
}

/** What Python sees of a panel. `scope`: "collection", or the id of a video or a session. */
export interface SearchState {
  query: string;
  mode: string;
  scope: string;
  collection_id: string;
  limit: number;
  results: Hit[];
  selected: Hit | Record<string, never>;
}

export const modes: readonly [string, string][] = [
  ["hybrid", "Words and meaning"],
  ["keyword", "Words"],
  ["semantic", "Meaning"],
];

/** Best first, whichever video they are of. */
export function hitsOf(answer: SearchAnswer): Hit[] {
  const hits = answer.results.flatMap((found) =>
    found.docs.map((doc) => ({
      video_id: found.video_id,
      collection_id: found.collection_id,
      title: found.title,
      start: doc.start,
      end: doc.end,
      text: doc.text,
      score: doc.score,
      channel: String(doc.metadata?.["channel"] ?? ""),
    })),
  );
  return hits.sort((one, two) => two.score - one.score);
}

export interface Part {
  text: string;
  marked: boolean;
}

/** The text in parts; those that begin like a word of the query are marked. */
export function marked(text: string, query: string): Part[] {
  const operators = query.replace(/(?<!\S)channel:\w*/gi, " ");
  const words = [...new Set(operators.match(/[\p{L}\p{N}_]+/gu) ?? [])].filter((w) => w.length > 2);
  if (!words.length) return [{ text, marked: false }];
  const longest = words.sort((one, two) => two.length - one.length).join("|");
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_])(${longest})`, "giu");
  // With one group in the pattern, every second part is a match.
  return text
    .split(pattern)
    .map((part, at) => ({ text: part, marked: at % 2 === 1 }))
    .filter((part) => part.text);
}

/** "0:04 – 0:09" */
export function spanText(from: string, to: string): string {
  return from === to ? from : `${from} – ${to}`;
}

export function countText(count: number, more: boolean): string {
  if (!count) return "Nothing was found. Try other words, or search by meaning.";
  return `${more ? "The best " : ""}${count} ${count === 1 ? "moment" : "moments"}`;
}

/** What a search panel knows: pure functions. */

import type { Moments, SearchAnswer } from "../../wire";
import { trans } from "../../words";
import type { IconName } from "../dom";

/**
 * A hit as the panel shows it, and as `panel.selected` tells it. Seconds of the video; of the
 * session, where that is still recorded: then there is no video, and `session_id` names it.
 */
export interface Hit {
  video_id: string;
  collection_id: string;
  title: string;
  start: number;
  end: number;
  text: string;
  score: number;
  channel: string;
  /** "spoken", "scene", "cells": what of the channel was found. */
  source?: string;
  session_id?: string;
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

export const modes = (): [string, string][] => [
  ["hybrid", trans.__("Words and meaning")],
  ["keyword", trans.__("Words")],
  ["semantic", trans.__("Meaning")],
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
      source: String(doc.metadata?.["source"] ?? ""),
    })),
  );
  return hits.sort((one, two) => two.score - one.score);
}

/** Of a session that is still recorded. */
export function hitsOfMoments(session_id: string, title: string, { moments = [] }: Moments): Hit[] {
  return moments.map((each) => {
    const { start, end, text, score, channel } = each;
    const where = { video_id: "", collection_id: "default", title, session_id };
    return { ...where, start, end, text, score, channel };
  });
}

const shapes = (): Record<string, [IconName, string]> => ({
  mic: ["mic", trans.__("Microphone")],
  system_audio: ["sound", trans.__("System audio")],
  display: ["display", trans.__("On the screen")],
  window: ["display", trans.__("On the screen")],
  camera: ["camera", trans.__("Camera")],
  notebook: ["cells", trans.__("Cell")],
});

/** What a person calls a channel, and its picture. */
export function channelWords({ channel, source }: Pick<Hit, "channel" | "source">): {
  image: IconName | undefined;
  words: string;
} {
  const cell = source === "cells" || channel === "notebook:cells";
  const [kind = "", device = ""] = cell ? ["notebook"] : channel.split(/:(.*)/s);
  const [image, words] = shapes()[kind] ?? [undefined, channel];
  const named = !["", "default", "1", "cells"].includes(device);
  return { image, words: image && named ? `${words} (${device})` : words };
}

/** Whether a query asks for the text on the screen alone. */
export function asksScreen(query: string): boolean {
  return /(?<!\S)channel:(?:screen|display)/i.test(unquoted(query));
}

/** Whether a query asks for cells alone, which are indexed as they run. */
export function asksCells(query: string): boolean {
  return /(?<!\S)channel:(?:cells|notebook)/i.test(unquoted(query));
}

function unquoted(query: string): string {
  return query.replace(/"[^"]*"/g, " ");
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
  if (!count) return trans.__("Nothing was found. Try other words, or search by meaning.");
  return more
    ? trans._n("The best moment", "The best %1 moments", count)
    : trans._n("%1 moment", "%1 moments", count);
}

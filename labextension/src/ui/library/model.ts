/** What a library panel knows: pure functions. */

import { formatTime } from "../../time";
import type { Asset, KeptTimeline, MissingClip } from "../../wire";
import { trans } from "../../words";
import { bytesText } from "../session/model";

/** What a library panel shares. `query` is a part of names. */
export interface LibraryState {
  query: string;
}

/** Newest first; a recording's raw channels are part of it, not beside it. */
export function recordingsOf(assets: readonly Asset[]): Asset[] {
  const whole = assets.filter((each) => !each.channel_id);
  return whole.sort((one, two) => (two.created_at ?? 0) - (one.created_at ?? 0));
}

export function named<T extends { name: string }>(things: readonly T[], query: string): T[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return things.filter(({ name }) => {
    const own = name.toLocaleLowerCase();
    return words.every((word) => own.includes(word));
  });
}

/** "1:05 · 12.3 MB · 23 Nov 2026, 12:04" */
export function factsText(asset: Asset, locale?: string): string {
  const size = asset.size ? bytesText(asset.size) : "";
  return joined([formatTime(asset.length ?? 0), size, dateText(asset.created_at, locale)]);
}

/** "0:12 · 3 clips · 23 Nov 2026, 12:04" */
export function timelineFacts(kept: KeptTimeline, locale?: string): string {
  const clips = trans._n("%1 clip", "%1 clips", kept.clips);
  return joined([formatTime(kept.length), clips, dateText(kept.updated_at, locale)]);
}

/** What of a timeline was deleted; "" where all is there. */
export function missingText(missing: readonly MissingClip[]): string {
  const [first] = missing;
  if (!first) return "";
  const names = [...new Set(missing.map(({ name }) => name).filter(Boolean))];
  const which = names.length
    ? names.map((name) => `“${name}”`).join(", ")
    : trans.__("the recording");
  const at = formatTime(first.start);
  return missing.length === 1
    ? trans.__("The clip at %1 is missing: %2 was deleted.", at, which)
    : trans.__("%1 clips are missing, the first at %2: %3 was deleted.", missing.length, at, which);
}

/** How many recordings are shown, of how many. */
export function countText(shown: number, all: number): string {
  return countOf(shown, all, (count) => trans._n("%1 recording", "%1 recordings", count));
}

export function countOf(shown: number, all: number, things: (count: number) => string): string {
  if (!all) return "";
  return shown === all ? things(all) : trans.__("%1 of %2", shown, things(all));
}

function dateText(seconds: number | undefined, locale?: string): string {
  if (!seconds) return "";
  const style = { dateStyle: "medium", timeStyle: "short" } as const;
  return new Date(seconds * 1000).toLocaleString(locale, style);
}

function joined(parts: readonly string[]): string {
  return parts.filter(Boolean).join(" · ");
}

/** What is asked of the engine to delete an asset: a recording goes with all of its channels. */
export function deletionOf(asset: Asset): string {
  if (asset.session_id) return `/capture/session/${asset.session_id}`;
  return `/${asset.type}/${asset.id}`;
}

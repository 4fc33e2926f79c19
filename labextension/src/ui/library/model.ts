/** What a library panel knows: pure functions. */

import type { Asset } from "../../wire";
import { formatTime } from "../../time";
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

export function named(assets: readonly Asset[], query: string): Asset[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return assets.filter(({ name }) => {
    const own = name.toLocaleLowerCase();
    return words.every((word) => own.includes(word));
  });
}

/** "1:05 · 12.3 MB · 23 Nov 2026, 12:04" */
export function factsText(asset: Asset, locale?: string): string {
  const made = asset.created_at
    ? new Date(asset.created_at * 1000).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" })
    : "";
  const size = asset.size ? bytesText(asset.size) : "";
  return [formatTime(asset.length ?? 0), size, made].filter(Boolean).join(" · ");
}

export function countText(shown: number, all: number): string {
  const things = (count: number) => `${count} ${count === 1 ? "recording" : "recordings"}`;
  if (!all) return "";
  return shown === all ? things(all) : `${shown} of ${things(all)}`;
}

/** What is asked of the engine to delete an asset: a recording goes with all of its channels. */
export function deletionOf(asset: Asset): string {
  if (asset.session_id) return `/capture/session/${asset.session_id}`;
  return `/${asset.type}/${asset.id}`;
}

/** A timeline as its editor holds it. Pure: no element, no request. Times are ticks, as the engine's. */

import { trans } from "../../words";
import type * as wire from "../../wire";

/** Ticks in a second: exact for the usual frame rates. */
export const TICKS = 90_000;
/** The grid on which clips fall, and the shortest clip: one picture of 30 a second. */
export const FRAME = TICKS / 30;

export type Asset = wire.Clip["asset"];
/** All of a clip but its times. */
export type Look = Omit<wire.Clip, "duration">;

/** `from`: where in its asset it begins; always 0 for what has no time of its own. */
export interface Clip {
  readonly key: string;
  readonly start: number;
  readonly duration: number;
  readonly from: number;
  readonly look: Look;
}

/** Clips in the order of time, none overlapping another. */
export interface Lane {
  readonly key: string;
  readonly z: number;
  readonly clips: readonly Clip[];
}

/** `lanes` from the lowest layer up. */
export interface Project {
  readonly background: string;
  readonly resolution: string;
  readonly lanes: readonly Lane[];
}

/** Where a clip is: the lane's place and the clip's own. */
export interface Found {
  lane: number;
  clip: Clip;
}

let made = 0;

/** A name for what the wire does not name. */
export function newKey(): string {
  made += 1;
  return `k${made}`;
}

export const empty: Project = { background: "#000000", resolution: "1280x720", lanes: [] };

export function ticksOf(seconds: number): number {
  return Number.isFinite(seconds) ? Math.round(seconds * TICKS) : 0;
}

/** Six digits say a tick exactly, and are short where a person chose the number. */
export function secondsOf(ticks: number): number {
  return Math.round((ticks / TICKS) * 1e6) / 1e6;
}

export function endOf(clip: Clip): number {
  return clip.start + clip.duration;
}

/** Whether its asset has a time of its own, which trimming and cutting must respect. */
export function isTimed(clip: Clip): boolean {
  return clip.look.asset.type === "video" || clip.look.asset.type === "audio";
}

/** The id of the stored asset that a clip shows; undefined for texts and captions. */
export function assetId(look: Look): string | undefined {
  return "id" in look.asset ? look.asset.id : undefined;
}

export function lengthOf(project: Project): number {
  return Math.max(0, ...project.lanes.flatMap((lane) => lane.clips.map(endOf)));
}

export function find(project: Project, key: string): Found | undefined {
  for (const [lane, { clips }] of project.lanes.entries()) {
    const clip = clips.find((one) => one.key === key);
    if (clip) return { lane, clip };
  }
  return undefined;
}

export function clipsOf(project: Project): Clip[] {
  return project.lanes.flatMap((lane) => lane.clips);
}

export function inOrder(clips: readonly Clip[]): Clip[] {
  return [...clips].sort((a, b) => a.start - b.start);
}

/** What the wire says. Tracks are sorted into layers, as the engine draws them. */
export function fromWire(timeline: wire.Timeline): Project {
  const tracks = [...(timeline.tracks ?? [])].sort((a, b) => (a.z_index ?? 0) - (b.z_index ?? 0));
  return {
    background: timeline.background ?? empty.background,
    resolution: timeline.resolution ?? empty.resolution,
    lanes: tracks.map((track) => ({
      key: newKey(),
      z: track.z_index ?? 0,
      clips: inOrder((track.clips ?? []).map(clipFromWire)),
    })),
  };
}

function clipFromWire({ start, clip: { duration, ...look } }: wire.TrackItem): Clip {
  const from = "start" in look.asset ? ticksOf(look.asset.start ?? 0) : 0;
  const ticks = Math.max(1, ticksOf(duration));
  return { key: newKey(), start: Math.max(0, ticksOf(start)), duration: ticks, from, look };
}

export function toWire(project: Project): wire.Timeline {
  return {
    background: project.background,
    resolution: project.resolution,
    tracks: project.lanes.map((lane) => ({
      clips: lane.clips.map((clip) => ({ start: secondsOf(clip.start), clip: clipToWire(clip) })),
      z_index: lane.z,
    })),
  };
}

export function clipToWire(clip: Clip): wire.Clip {
  const { asset } = clip.look;
  const timed = asset.type === "video" || asset.type === "audio";
  return {
    ...clip.look,
    asset: timed ? { ...asset, start: secondsOf(clip.from) } : asset,
    duration: secondsOf(clip.duration),
  };
}

/** A clip of an asset as a new one looks. `from` and `to` in ticks of the asset. */
export function clipOfAsset(type: "video" | "audio", id: string, from: number, to: number): Clip {
  const asset: Asset = { type, id, start: 0, volume: 1 };
  const duration = Math.max(FRAME, to - from);
  return { key: newKey(), start: 0, duration, from: Math.max(0, from), look: { asset } };
}

export function textClip(text: string): Clip {
  const look: Look = { asset: { type: "text", text } };
  return { key: newKey(), start: 0, duration: 4 * TICKS, from: 0, look };
}

export function captionClip(duration: number): Clip {
  const look: Look = { asset: { type: "caption", src: "auto" } };
  return { key: newKey(), start: 0, duration: Math.max(FRAME, duration), from: 0, look };
}

/** The words by which a person knows a clip. `name` is what its asset is called, where known. */
export function labelOf(look: Look, name?: string): string {
  if (look.asset.type === "text") return look.asset.text.trim() || trans.__("Empty text");
  if (look.asset.type === "caption") {
    return look.asset.src === "auto" ? trans.__("Captions") : trans.__("Subtitles");
  }
  return name || look.asset.id;
}

export function kindOf(asset: Asset): string {
  const words: Record<Asset["type"], string> = {
    video: trans.__("video"),
    audio: trans.__("audio"),
    image: trans.__("image"),
    text: trans.__("text"),
    caption: trans.__("caption"),
  };
  return words[asset.type];
}

/** The clip that a message of the engine speaks of: "clip 2 of track 1", counted as on the wire. */
export function clipNamed(project: Project, message: string): Clip | undefined {
  const found = /clip (\d+) of track (\d+)/.exec(message);
  return found ? project.lanes[Number(found[2]) - 1]?.clips[Number(found[1]) - 1] : undefined;
}

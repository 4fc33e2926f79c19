/** Between ticks and pixels: zoom, the ruler's marks, and what a dragged edge snaps to. */

import { clamp } from "../../time";
import { FRAME, type Project, TICKS, clipsOf, endOf } from "./model";

/** Pixels a second. */
export const nearest = 400;
export const farthest = 0.02;

export function toPixels(ticks: number, zoom: number): number {
  return (ticks / TICKS) * zoom;
}

export function toTicks(pixels: number, zoom: number): number {
  return Math.round((pixels / zoom) * TICKS);
}

export function zoomed(zoom: number, factor: number): number {
  return clamp(zoom * factor, farthest, nearest);
}

/** The zoom at which `ticks` fill `width` pixels, with a little room after them. */
export function zoomToFit(ticks: number, width: number): number {
  return clamp((width * 0.94) / Math.max(1, ticks / TICKS), farthest, 120);
}

const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200];
const roomForLabel = 64;

/** Seconds between two labels, and how many marks divide that. */
export function rulerStep(zoom: number): { seconds: number; parts: number } {
  const seconds = steps.find((one) => one * zoom >= roomForLabel) ?? 14_400;
  return { seconds, parts: seconds * zoom >= 5 * 14 ? 5 : 2 };
}

/** "1:05", with tenths where the marks are that near. */
export function rulerLabel(seconds: number, step: number): string {
  const tenths = Math.round(seconds * 10);
  const whole = Math.floor(tenths / 10);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  const clock = h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
  return step < 1 ? `${clock}.${tenths % 10}` : clock;
}

/** "1:05.23": a time as exact as a person reads it. */
export function exactTime(ticks: number): string {
  const hundredths = Math.round((ticks / TICKS) * 100);
  const label = rulerLabel(Math.floor(hundredths / 100), 1);
  return `${label}.${String(hundredths % 100).padStart(2, "0")}`;
}

/** "2.5 s", "1:05": how long something is. */
export function shortLength(ticks: number): string {
  const seconds = ticks / TICKS;
  return seconds < 60 ? `${Number(seconds.toFixed(seconds < 10 ? 2 : 1))} s` : rulerLabel(seconds, 1);
}

export function onGrid(ticks: number): number {
  return Math.max(0, Math.round(ticks / FRAME) * FRAME);
}

/** Times that an edge may snap to: the beginning, the playhead, the edges of the other clips. */
export function magnets(project: Project, moving: ReadonlySet<string>, playhead: number): number[] {
  const edges = clipsOf(project)
    .filter((clip) => !moving.has(clip.key))
    .flatMap((clip) => [clip.start, endOf(clip)]);
  return [...new Set([0, playhead, ...edges])].sort((a, b) => a - b);
}

/** `at` is what is snapped to, undefined where only the grid of pictures is. */
export interface Snapped {
  readonly by: number;
  readonly at: number | undefined;
}

/** How far to move `edges` further, so that one of them meets a magnet within `reach` ticks. */
export function snap(edges: readonly number[], magnets: readonly number[], reach: number): Snapped {
  let best: { by: number; at: number } | undefined;
  for (const edge of edges) {
    for (const at of magnets) {
      const by = at - edge;
      if (Math.abs(by) <= reach && (!best || Math.abs(by) < Math.abs(best.by))) best = { by, at };
    }
  }
  if (best) return best;
  const first = edges[0] ?? 0;
  return { by: onGrid(first) - first, at: undefined };
}

/** Draws what a clip holds: small pictures along it, and the outline of its sound. */

import { clamp } from "../../time";
import { type Clip, TICKS } from "./model";
import type { Film, Sound } from "./sources";

export const filmHeight = 38;
export const soundHeight = 18;

/** Pixels from the clip's own left edge. */
export interface Window {
  left: number;
  width: number;
}

/** `silent`: the clip is muted. */
export interface Look {
  colour: string;
  silent: boolean;
}

export function drawStrip(
  canvas: HTMLCanvasElement,
  clip: Clip,
  zoom: number,
  seen: Window,
  { film, sound }: { film?: Film | undefined; sound?: Sound | undefined },
  look: Look,
): void {
  const height = filmHeight + soundHeight;
  const density = Math.min(2, window.devicePixelRatio || 1);
  const [width, tall] = [Math.ceil(seen.width * density), height * density];
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== tall) canvas.height = tall;
  canvas.style.left = `${seen.left}px`;
  canvas.style.width = `${seen.width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  if (!context || width < 1) return;
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, seen.width, height);
  const from = clip.from / TICKS;
  if (film) drawFilm(context, film, from, zoom, seen);
  if (sound) {
    const box = film ? { top: filmHeight, height: soundHeight } : { top: 14, height: height - 14 };
    context.fillStyle = look.colour;
    context.globalAlpha = look.silent ? 0.25 : 0.75;
    drawSound(context, sound, from, zoom, seen, box);
    context.globalAlpha = 1;
  }
}

function drawFilm(
  context: CanvasRenderingContext2D,
  { image, sprite }: Film,
  from: number,
  zoom: number,
  { left, width }: Window,
): void {
  const tile = Math.max(8, (filmHeight * sprite.width) / sprite.height);
  for (let index = Math.floor(left / tile); index * tile < left + width; index += 1) {
    const time = from + ((index + 0.5) * tile) / zoom;
    const number = clamp(Math.floor(time / sprite.interval), 0, sprite.count - 1);
    const x = (number % sprite.columns) * sprite.width;
    const y = Math.floor(number / sprite.columns) * sprite.height;
    const at = index * tile - left;
    context.drawImage(image, x, y, sprite.width, sprite.height, at, 0, tile + 0.5, filmHeight);
  }
}

function drawSound(
  context: CanvasRenderingContext2D,
  { rate, low, high, loudest }: Sound,
  from: number,
  zoom: number,
  { left, width }: Window,
  box: { top: number; height: number },
): void {
  // A quiet recording fills its strip, but noise alone is not blown up to speech.
  const scale = (box.height / 2 - 1) / Math.max(loudest, 20);
  const middle = box.top + box.height / 2;
  for (let x = 0; x < width; x += 1) {
    const first = Math.floor((from + (left + x) / zoom) * rate);
    const last = Math.max(first + 1, Math.floor((from + (left + x + 1) / zoom) * rate));
    let [bottom, top] = [0, 0];
    for (let bucket = first; bucket < last && bucket < low.length; bucket += 1) {
      bottom = Math.min(bottom, low[bucket] ?? 0);
      top = Math.max(top, high[bucket] ?? 0);
    }
    const tall = Math.max(1, (top - bottom) * scale);
    context.fillRect(x, middle - top * scale, 1, tall);
  }
}

/** The player's bar: it shows what the video does. */

import { clamp, formatTime } from "../time";
import { trans } from "../words";
import type { Attached } from "./attach";
import { relabel } from "./dom";
import { type View, chapterAt } from "./view";

/** `now`: seconds that are shown, also where nothing is loaded yet. */
export function paintBar(ui: View, now: number, attached: Attached | undefined): void {
  const { video } = ui;
  const length = Number.isFinite(video.duration) ? video.duration : 0;
  ui.root.classList.toggle("jc-playing", !video.paused);
  relabel(ui.play, video.paused ? trans.__("Play (space)") : trans.__("Pause (space)"), video.paused ? "play" : "pause");
  ui.now.textContent = formatTime(now);
  ui.length.textContent = attached ? formatTime(video.duration) : "–:––";
  ui.seek.max = String(length);
  ui.seek.value = String(now);
  ui.seek.setAttribute("aria-valuetext", `${formatTime(now)} of ${formatTime(length)}`);
  ui.seek.style.setProperty("--jc-played", percent(now, length));
  ui.seek.style.setProperty("--jc-loaded", percent(bufferedTo(video), length));
  ui.chapters.value = chapterAt(ui, now);
  const quiet = video.muted || video.volume === 0;
  relabel(ui.sound, quiet ? trans.__("Sound on (m)") : trans.__("Mute (m)"), quiet ? "silent" : "sound");
  ui.volume.value = String(quiet ? 0 : video.volume);
  ui.volume.style.setProperty("--jc-played", percent(quiet ? 0 : video.volume, 1));
  const captions = attached?.captions();
  ui.captions.hidden = !captions?.names.length;
  ui.captions.setAttribute("aria-pressed", String((captions?.shown ?? -1) >= 0));
  const full = document.fullscreenElement === ui.root;
  relabel(ui.full, full ? trans.__("Leave full screen (f)") : trans.__("Full screen (f)"), full ? "small" : "full");
}

function percent(part: number, whole: number): string {
  return `${whole > 0 ? clamp((part / whole) * 100, 0, 100).toFixed(2) : 0}%`;
}

function bufferedTo(video: HTMLVideoElement): number {
  for (let i = 0; i < video.buffered.length; i += 1) {
    if (video.buffered.start(i) <= video.currentTime + 0.1 && video.buffered.end(i) > video.currentTime) {
      return video.buffered.end(i);
    }
  }
  return 0;
}

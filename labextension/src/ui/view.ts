/** The player's elements, without any behaviour. */

import type { Chapter } from "../api/player";
import { formatTime } from "../time";
import { trans } from "../words";
import { button, make } from "./dom";

export const speeds = [0.5, 0.75, 1, 1.25, 1.5, 2] as const;

export type View = ReturnType<typeof view>;

export function view() {
  const video = make("video", "jc-video");
  video.playsInline = true;
  video.preload = "none";
  video.tabIndex = -1;
  video.crossOrigin = "anonymous";

  const poster = make("img", "jc-poster");
  poster.alt = "";
  poster.hidden = true;
  const title = make("div", "jc-title");
  const begin = button("jc-begin", trans.__("Play"), "play");
  const busy = make("div", "jc-busy");
  busy.setAttribute("role", "status");
  const notice = make("p", "jc-notice");
  const retry = make("button", "jc-retry", trans.__("Try again"));
  retry.type = "button";
  const error = make("div", "jc-error", notice, retry);
  error.setAttribute("role", "alert");
  const stage = make("div", "jc-stage", video, poster, title, begin, busy, error);

  const seek = make("input", "jc-seek");
  seek.type = "range";
  seek.min = "0";
  seek.max = "0";
  seek.step = "any";
  seek.value = "0";
  seek.setAttribute("aria-label", trans.__("Position"));

  const play = button("jc-play", trans.__("Play (space)"), "play");
  const back = button("jc-step", trans.__("One frame back (,)"), "back");
  const forward = button("jc-step", trans.__("One frame forward (.)"), "forward");
  const now = make("span", "jc-now", "0:00");
  const length = make("span", "jc-length", "0:00");
  const time = make("div", "jc-time", now, " / ", length);
  const sound = button("jc-sound", trans.__("Mute (m)"), "sound");
  const volume = make("input", "jc-volume");
  volume.type = "range";
  volume.min = "0";
  volume.max = "1";
  volume.step = "0.05";
  volume.setAttribute("aria-label", trans.__("Volume"));
  const captions = button("jc-captions", trans.__("Captions (c)"), "captions");
  captions.hidden = true;
  const speed = make("select", "jc-speed");
  speed.title = trans.__("Speed (< and >)");
  speed.setAttribute("aria-label", trans.__("Speed"));
  speed.append(...speeds.map((x) => new Option(`${x}×`, String(x), x === 1, x === 1)));
  const chapters = make("select", "jc-speed jc-chapters");
  chapters.title = trans.__("Chapters");
  chapters.setAttribute("aria-label", trans.__("Chapters"));
  chapters.hidden = true;
  const save = button("jc-save", trans.__("Save the clip"), "save");
  const code = button("jc-code", trans.__("Copy as code"), "code");
  save.hidden = code.hidden = true;
  const said = make("div", "jc-said");
  said.setAttribute("role", "status");
  const full = button("jc-full", trans.__("Full screen (f)"), "full");
  const gap = make("div", "jc-gap");
  const row = make(
    "div",
    "jc-row",
    ...[play, back, forward, time, gap, chapters, sound, volume, captions, speed],
    ...[save, code, full],
  );
  const bar = make("div", "jc-bar", seek, row, said);

  const root = make("div", "jc-player", stage, bar);
  root.tabIndex = 0;
  root.setAttribute("role", "region");
  root.setAttribute("aria-label", trans.__("Video player"));
  // JupyterLab's own shortcuts (k, m, c, … in command mode) must not act on the notebook here.
  root.dataset["lmSuppressShortcuts"] = "true";
  return {
    ...{ root, stage, video, poster, title, begin, busy, error, notice, retry, bar, seek },
    ...{ play, back, forward, now, length, sound, volume, captions, speed, full },
    ...{ chapters, save, code, said },
  };
}

export function showChapters(ui: View, chapters: readonly Chapter[]): void {
  const named = chapters.map(({ start, title }) => {
    return new Option(`${formatTime(start)}  ${title}`, String(start));
  });
  ui.chapters.hidden = !named.length;
  // Before the first chapter there is none.
  const none = new Option(trans.__("Chapters"), "");
  none.hidden = true;
  ui.chapters.replaceChildren(none, ...named);
}

/** The value of the chapter that runs at a time. */
export function chapterAt(ui: View, seconds: number): string {
  const values = [...ui.chapters.options].slice(1).map((option) => option.value);
  return values.findLast((value) => Number(value) <= seconds + 0.05) ?? "";
}

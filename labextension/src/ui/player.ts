/** The one player: poster first, loads on a click, plays with the keyboard, fails in plain words. */

import type { Api } from "../api";
import { type Failure, SaidError, explain } from "../explain";
import { type Action, actionOf } from "../keys";
import { clamp, formatTime, stepTime } from "../time";
import { trans } from "../words";
import { type Attached, type Captions, attach } from "./attach";
import { paintBar } from "./bar";
import { copyText, make } from "./dom";
import { type View, showChapters, speeds, view } from "./view";

export interface Player {
  /** Shows a changed card; seeks where its start has changed. */
  update(): void;
  play(): Promise<void>;
  /** Goes to a time, and plays from there where nothing is loaded yet. Seconds. */
  seek(seconds: number): void;
  /** Seconds that are shown now. */
  now(): number;
  /** Called with the time as it goes on. */
  onTime(callback: (seconds: number) => void): void;
  destroy(): void;
}

export interface Options {
  /** Where keys are heard: the player itself, or the document of a page that is nothing else. */
  keys?: EventTarget;
  /** Load the first picture at once, without playing. */
  preload?: boolean;
  /** Seconds to load ahead: few where what is played is about to change. */
  ahead?: number;
}

type State = "poster" | "loading" | "ready" | "error";

export function mount(element: HTMLElement, api: Api, options: Options = {}): Player {
  const controller = new PlayerController(view(), api, options.ahead);
  element.replaceChildren(controller.ui.root);
  controller.listen(options.keys ?? controller.ui.root);
  controller.update();
  if (options.preload) void controller.load(false);
  return controller;
}

const calmAfter = 2500;
const slowAfter = 4000;
const mendEvery = 20_000;
const saidFor = 4000;

class PlayerController implements Player {
  private attached: Attached | undefined;
  private stopListening = new AbortController();
  private start = 0;
  /** Where the next load begins: the start, or where it broke off. */
  private resume = 0;
  private attempt = 0;
  /** Whether it is to play, as soon as it can. */
  private wanted = false;
  private readonly hearers: ((seconds: number) => void)[] = [];
  private mended = -Infinity;
  private unsay: ReturnType<typeof setTimeout> | undefined;
  private calm: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly ui: View,
    private readonly api: Api,
    private readonly ahead?: number,
  ) {}

  private set state(state: State) {
    this.ui.root.dataset["state"] = state;
    this.ui.error.hidden = state !== "error";
    this.ui.poster.hidden = state === "ready" || !this.ui.poster.src;
    this.ui.bar.inert = state === "poster" || state === "error";
    if (state !== "loading") this.ui.busy.textContent = "";
  }

  private get state(): State {
    return (this.ui.root.dataset["state"] as State | undefined) ?? "poster";
  }

  update(): void {
    const { title, poster, start, chapters = [] } = this.api.card();
    const { ui } = this;
    ui.title.textContent = title;
    ui.title.hidden = !title;
    ui.root.setAttribute("aria-label", title ? trans.__("Video player: %1", title) : trans.__("Video player"));
    if (poster && ui.poster.getAttribute("src") !== poster) ui.poster.src = poster;
    showChapters(ui, chapters);
    ui.save.hidden = !this.api.save;
    ui.code.hidden = !this.api.code?.();
    const moved = start !== this.start;
    this.start = start;
    if (moved) this.resume = start;
    if (!this.attached) {
      if (!["loading", "error"].includes(this.state)) this.state = "poster";
      ui.now.textContent = formatTime(start);
    } else if (moved) ui.video.currentTime = start;
    this.paint();
  }

  /** Asks for the stream afresh, so that a retry after an expired ticket works. */
  async load(play: boolean): Promise<void> {
    const attempt = ++this.attempt;
    const { video } = this.ui;
    this.release();
    this.state = "loading";
    this.wanted = play;
    const slow = setTimeout(() => {
      if (attempt === this.attempt) this.ui.busy.textContent = trans.__("Still waiting for the video…");
    }, slowAfter);
    try {
      const url = await this.api.source();
      if (attempt !== this.attempt) return;
      const attached = await attach(video, url, this.api, {
        start: this.resume,
        ahead: this.ahead,
        failed: (failure) => {
          if (attempt === this.attempt) this.fail(failure);
        },
        captionsChanged: () => this.paint(),
      });
      if (attempt !== this.attempt) return attached.detach();
      this.attached = attached;
      video.playbackRate = Number(this.ui.speed.value);
      if (this.wanted) await this.begin();
    } catch (error) {
      if (attempt !== this.attempt) return;
      const said = error instanceof SaidError;
      this.fail(said ? { kind: "said", message: error.message } : { kind: "unreachable" });
    } finally {
      clearTimeout(slow);
    }
  }

  destroy(): void {
    this.attempt += 1;
    clearTimeout(this.calm);
    clearTimeout(this.unsay);
    this.stopListening.abort();
    this.release();
    this.ui.root.remove();
  }

  listen(keys: EventTarget): void {
    const { ui } = this;
    const { video } = ui;
    const signal = this.stopListening.signal;
    const on = (target: EventTarget, names: string, act: (event: Event) => void) => {
      for (const name of names.split(" ")) target.addEventListener(name, act, { signal });
    };
    on(ui.begin, "click", () => this.toggle());
    on(ui.poster, "click", () => this.toggle());
    on(video, "click", () => this.toggle());
    on(video, "dblclick", () => this.fullscreen());
    on(ui.play, "click", () => this.toggle());
    on(ui.retry, "click", () => void this.load(true));
    on(ui.back, "click", () => this.act({ do: "frame", frames: -1 }));
    on(ui.forward, "click", () => this.act({ do: "frame", frames: 1 }));
    on(ui.sound, "click", () => this.act({ do: "mute" }));
    on(ui.captions, "click", () => this.act({ do: "captions" }));
    on(ui.full, "click", () => this.fullscreen());
    on(ui.save, "click", () => void this.save());
    on(ui.code, "click", () => void this.copy());
    on(ui.chapters, "change", () => this.go(Number(ui.chapters.value)));
    on(ui.seek, "input", () => {
      video.currentTime = Number(ui.seek.value);
      this.paint();
    });
    on(ui.volume, "input", () => {
      video.volume = Number(ui.volume.value);
      video.muted = video.volume === 0;
    });
    on(ui.speed, "change", () => {
      video.playbackRate = Number(ui.speed.value);
    });
    on(ui.poster, "load", () => this.shapeLike(ui.poster.naturalWidth, ui.poster.naturalHeight));
    on(video, "loadeddata", () => {
      if (this.state === "loading") this.state = "ready";
      this.shape();
      // A media element that takes up its stream anew (a decoder was started again) has paused,
      // and has refused a start that was under way.
      if (this.wanted && video.paused) void this.begin();
    });
    on(video, "play", () => {
      this.wanted = true;
      ui.root.classList.add("jc-started");
    });
    on(video, "pause", () => {
      this.wanted = false;
    });
    on(video, "resize", () => this.shape());
    on(video, "waiting seeking", () => ui.root.classList.add("jc-waiting"));
    on(video, "playing seeked canplay pause", () => ui.root.classList.remove("jc-waiting"));
    on(
      video,
      "timeupdate durationchange progress play pause ended seeked volumechange ratechange",
      () => this.paint(),
    );
    on(document, "fullscreenchange", () => this.paint());
    on(ui.root, "pointermove focusin", () => this.wake());
    on(keys, "keydown", (event) => this.key(event as KeyboardEvent));
    ui.full.hidden = !document.fullscreenEnabled;
  }

  private release(): void {
    this.attached?.detach();
    this.attached = undefined;
  }

  private fail(failure: Failure): void {
    if (document.fullscreenElement === this.ui.root) void document.exitFullscreen();
    this.attempt += 1;
    const played = this.state === "ready";
    const playing = !this.ui.video.paused;
    if (played) this.resume = this.ui.video.currentTime;
    this.release();
    // An engine that was away while something played is asked for once more, before it is an error.
    if (played && failure.kind === "unreachable" && this.api.way && this.mayMend()) {
      void this.load(playing);
      return;
    }
    this.ui.notice.textContent = explain(failure);
    this.state = "error";
  }

  private mayMend(): boolean {
    const ago = Date.now() - this.mended;
    this.mended = Date.now();
    return ago > mendEvery;
  }

  /** Goes to a time of the stream; loads it where it is not loaded yet. */
  private go(seconds: number): void {
    this.resume = seconds;
    if (this.attached) this.ui.video.currentTime = seconds;
    else void this.load(true);
    this.paint();
  }

  private async save(): Promise<void> {
    const { save } = this.ui;
    save.disabled = true;
    this.say(trans.__("Making the file…"), false);
    try {
      const url = await this.api.save?.();
      if (!url) return;
      const link = make("a", "");
      link.href = url;
      link.download = "clip.mp4";
      link.click();
      this.say(trans.__("The clip is in your downloads."));
    } catch (error) {
      this.say(error instanceof SaidError ? error.message : trans.__("The file could not be made. Try again."));
    } finally {
      save.disabled = false;
    }
  }

  private async copy(): Promise<void> {
    const code = this.api.code?.() ?? "";
    this.say((await copyText(code)) ? trans.__("Code copied.") : trans.__("This browser does not let us copy."));
  }

  /** Words that stand in the bar for a moment, and are read aloud. */
  private say(words: string, passes = true): void {
    clearTimeout(this.unsay);
    this.ui.said.textContent = words;
    if (passes) this.unsay = setTimeout(() => (this.ui.said.textContent = ""), saidFor);
  }

  play(): Promise<void> {
    return this.attached ? this.begin() : this.load(true);
  }

  seek(seconds: number): void {
    this.go(seconds);
  }

  now(): number {
    return this.state === "ready" ? this.ui.video.currentTime : this.resume;
  }

  onTime(callback: (seconds: number) => void): void {
    this.hearers.push(callback);
  }

  private async begin(): Promise<void> {
    try {
      await this.ui.video.play();
    } catch (error) {
      // A browser that refuses to start without a click leaves the big button to be clicked;
      // a pause or a new load while starting is nobody's error.
      const refused = error instanceof DOMException;
      if (!refused || !["NotAllowedError", "AbortError"].includes(error.name)) throw error;
      if (error.name === "NotAllowedError") this.wanted = false;
    }
  }

  private toggle(): void {
    const { video } = this.ui;
    if (!this.attached) {
      if (this.state === "loading") this.wanted = true;
      else void this.load(true);
    } else if (video.paused) void this.begin();
    else video.pause();
  }

  private fullscreen(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void this.ui.root.requestFullscreen();
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const action = actionOf(event);
    if (!action || target instanceof HTMLSelectElement) return;
    // The space bar presses the button that has the focus; that is what its user means.
    if (event.key === " " && target instanceof HTMLButtonElement) return;
    event.preventDefault();
    event.stopPropagation();
    this.wake();
    if (action.do === "toggle") this.toggle();
    else if (action.do === "fullscreen") this.fullscreen();
    else this.act(action);
  }

  private act(action: Exclude<Action, { do: "toggle" | "fullscreen" }>): void {
    const { video, speed } = this.ui;
    if (!this.attached || this.state !== "ready") return;
    const end = Number.isFinite(video.duration) ? video.duration : video.currentTime;
    if (action.do === "skip") {
      video.currentTime = clamp(video.currentTime + action.seconds, 0, end);
    } else if (action.do === "go") video.currentTime = action.fraction * end;
    else if (action.do === "frame") {
      video.pause();
      const fps = this.attached.frameRate();
      video.currentTime = stepTime(video.currentTime, action.frames, fps, end);
    } else if (action.do === "volume") {
      video.volume = clamp(video.volume + action.change, 0, 1);
      video.muted = video.volume === 0;
    } else if (action.do === "mute") video.muted = !video.muted;
    else if (action.do === "speed") {
      const now = speeds.findIndex((x) => String(x) === speed.value);
      speed.selectedIndex = clamp(now + action.steps, 0, speeds.length - 1);
      video.playbackRate = Number(speed.value);
    } else this.nextCaptions(this.attached.captions());
    this.paint();
  }

  private nextCaptions({ names, shown, show }: Captions): void {
    show(shown + 1 < names.length ? shown + 1 : -1);
  }

  /** The stage takes the picture's own shape. */
  private shape(): void {
    const { videoWidth, videoHeight } = this.ui.video;
    this.ui.root.classList.toggle("jc-audio", !videoWidth);
    this.shapeLike(videoWidth, videoHeight);
  }

  private shapeLike(width: number, height: number): void {
    if (width && height) this.ui.root.style.setProperty("--jc-ratio", String(width / height));
  }

  private wake(): void {
    this.ui.root.classList.remove("jc-calm");
    clearTimeout(this.calm);
    this.calm = setTimeout(() => this.ui.root.classList.add("jc-calm"), calmAfter);
  }

  private paint(): void {
    const now = this.now();
    for (const hear of this.hearers) hear(now);
    paintBar(this.ui, now, this.attached);
  }
}

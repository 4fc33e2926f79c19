/** The timeline as the engine streams it, made again after each change, at the same time. */

import type { PanelApi } from "../../api";
import { SaidError } from "../../explain";
import type { StreamAnswer } from "../../wire";
import { make } from "../dom";
import { type Player, mount } from "../player";
import type { Desk } from "./desk";
import { type Project, lengthOf, secondsOf, ticksOf, toWire } from "./model";

const calm = 350;
const patience = 8_000;

/** What the engine says of a timeline: an error, or warnings. */
export interface Said {
  readonly error?: string;
  readonly warnings: readonly string[];
}

interface Screen {
  host: HTMLElement;
  player: Player;
  video: HTMLVideoElement;
}

export class Preview {
  readonly root = make("div", "jc-tl-preview");
  private readonly empty = make("div", "jc-tl-blank");
  private screen: Screen | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private made: Project | undefined;
  private attempt = 0;
  private url = "";
  private following = 0;
  private readonly stop: () => void;

  constructor(
    private readonly api: Pick<PanelApi, "request" | "player">,
    private readonly desk: Desk,
    private readonly tell: (said: Said) => void,
  ) {
    this.root.append(this.empty);
    this.stop = desk.hear(["project"], () => this.soon());
    this.soon(0);
  }

  destroy(): void {
    this.attempt += 1;
    clearTimeout(this.timer);
    cancelAnimationFrame(this.following);
    this.stop();
    this.drop(this.screen);
  }

  /** The address of the timeline as it is now. Rejects with what is wrong with it. */
  async stream(): Promise<string> {
    if (this.made !== this.desk.project || !this.url) await this.generate();
    return this.url;
  }

  seek(ticks: number): void {
    const { screen } = this;
    if (screen && screen.video.readyState > 0) screen.video.currentTime = secondsOf(ticks);
  }

  toggle(): void {
    const button = this.screen?.host.querySelector<HTMLButtonElement>(".jc-play, .jc-begin");
    button?.click();
  }

  private soon(wait = calm): void {
    // While something is dragged the timeline is not another one yet.
    if (this.desk.shown !== this.desk.project || this.desk.project === this.made) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), wait);
  }

  private async refresh(): Promise<void> {
    const attempt = ++this.attempt;
    if (!lengthOf(this.desk.project)) return this.blank();
    this.root.classList.add("jc-tl-working");
    try {
      const before = this.url;
      await this.generate();
      if (attempt !== this.attempt) return;
      if (this.url !== before || !this.screen) this.show(attempt);
      else this.settled();
    } catch (error) {
      if (attempt !== this.attempt) return;
      this.settled();
      const said = error instanceof SaidError ? error.message : "The preview could not be made.";
      this.tell({ error: said, warnings: [] });
    }
  }

  private async generate(): Promise<void> {
    const { project } = this.desk;
    const request = { timeline: toWire(project) };
    const answer = await this.api.request<StreamAnswer>("POST", "/editor", request);
    this.made = project;
    this.url = answer.stream_url;
    this.tell({ warnings: answer.warnings ?? [] });
  }

  private blank(): void {
    this.drop(this.screen);
    this.screen = undefined;
    this.made = undefined;
    this.url = "";
    this.empty.hidden = false;
    this.settled();
    this.tell({ warnings: [] });
  }

  private settled(): void {
    this.root.classList.remove("jc-tl-working");
  }

  /** The new player takes the old one's place once it has a picture, so that nothing flashes. */
  private show(attempt: number): void {
    const before = this.screen;
    const host = make("div", "jc-tl-screen");
    host.classList.toggle("jc-tl-coming", Boolean(before));
    this.root.append(host);
    const playing = before ? !before.video.paused && !before.video.ended : false;
    const start = secondsOf(Math.min(this.desk.playhead, lengthOf(this.desk.project)));
    const card = () => ({ title: "", poster: "", start });
    const player = mount(host, this.api.player(card, () => this.stream()), { preload: true });
    const video = host.querySelector("video") as HTMLVideoElement;
    const next: Screen = { host, player, video };
    let over = false;
    const take = () => {
      if (over) return;
      over = true;
      clearTimeout(late);
      if (attempt !== this.attempt) return this.drop(next);
      this.screen = next;
      this.drop(before);
      host.classList.remove("jc-tl-coming");
      this.empty.hidden = true;
      this.settled();
      this.follow(next);
      if (before) this.takeOver(before.video, video, playing);
    };
    const late = setTimeout(take, patience);
    video.addEventListener("loadeddata", take, { once: true });
    if (!before) take();
  }

  private takeOver(from: HTMLVideoElement, to: HTMLVideoElement, playing: boolean): void {
    to.volume = from.volume;
    to.muted = from.muted;
    to.playbackRate = from.playbackRate;
    const now = secondsOf(this.desk.playhead);
    if (Math.abs(to.currentTime - now) > 0.05) to.currentTime = now;
    if (playing) void to.play().catch(() => undefined);
  }

  /** The playhead follows the player, picture by picture while it plays. */
  private follow(screen: Screen): void {
    const { video } = screen;
    const report = () => {
      const { host } = screen;
      const isLoaded = host.querySelector(".jc-player")?.getAttribute("data-state") === "ready";
      if (this.screen === screen && isLoaded) this.desk.seek(ticksOf(video.currentTime));
    };
    const run = () => {
      cancelAnimationFrame(this.following);
      report();
      if (!video.paused && this.screen === screen) this.following = requestAnimationFrame(run);
    };
    for (const name of ["play", "pause", "ended"]) video.addEventListener(name, run);
    video.addEventListener("seeking", () => {
      if (!this.isOurs(video)) report();
    });
  }

  /** Our own seek comes back as an event, rounded: the playhead must not move by that. */
  private isOurs(video: HTMLVideoElement): boolean {
    return Math.abs(ticksOf(video.currentTime) - this.desk.playhead) < ticksOf(0.002);
  }

  private drop(screen: Screen | undefined): void {
    screen?.player.destroy();
    screen?.host.remove();
  }
}

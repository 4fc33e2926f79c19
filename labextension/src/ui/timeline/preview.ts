/** The timeline as the engine streams it, made again after each change, at the same time. */

import { ApiError, type PanelApi } from "../../api";
import { SaidError } from "../../explain";
import type { StreamAnswer } from "../../wire";
import { trans } from "../../words";
import { make } from "../dom";
import { type Player, mount } from "../player";
import type { Desk } from "./desk";
import { type Project, lengthOf, secondsOf, ticksOf, toWire } from "./model";

const calm = 350;
const patience = 8_000;
/** Seconds made ahead of the playhead: the next edit makes them worthless. */
const ahead = 8;

/** What the engine says of a timeline: an error, or warnings. */
export interface Said {
  readonly error?: string;
  /** The error's name, where the engine gave it one. */
  readonly code?: string;
  readonly warnings: readonly string[];
}

interface Screen {
  /** The stream that it plays. */
  name: string;
  host: HTMLElement;
  player: Player;
  video: HTMLVideoElement;
}

export class Preview {
  readonly root = make("div", "jc-tl-preview");
  private readonly empty = make("div", "jc-tl-blank", trans.__("The preview shows here."));
  private screen: Screen | undefined;
  /** Takes the place of `screen` once it has a picture. */
  private coming: Screen | undefined;
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
    this.drop(this.coming);
    this.drop(this.screen);
  }

  /** The address of the timeline as it is now. Rejects with what is wrong with it. */
  async stream(): Promise<string> {
    if (this.made !== this.desk.project || !this.url) await this.generate();
    return this.url;
  }

  get isPlaying(): boolean {
    const video = this.screen?.video;
    return Boolean(video && !video.paused && !video.ended);
  }

  seek(ticks: number): void {
    const { screen } = this;
    if (screen && screen.video.readyState > 0) screen.video.currentTime = secondsOf(ticks);
  }

  toggle(): void {
    const button = this.screen?.host.querySelector<HTMLButtonElement>(".jc-play");
    button?.click();
  }

  private soon(wait = calm): void {
    // While something is dragged the timeline is not another one yet.
    if (this.desk.shown !== this.desk.project || this.desk.project === this.made) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), wait);
  }

  async refresh(): Promise<void> {
    const attempt = ++this.attempt;
    if (!lengthOf(this.desk.project)) return this.blank();
    this.root.classList.add("jc-tl-working");
    try {
      await this.generate();
      if (attempt !== this.attempt) return;
      this.drop(this.coming);
      this.coming = undefined;
      if (nameOf(this.url) === this.screen?.name) this.settled();
      else this.show();
    } catch (error) {
      if (attempt !== this.attempt) return;
      this.settled();
      const said = error instanceof SaidError ? error.message : trans.__("The preview could not be made.");
      const code = error instanceof ApiError ? error.code : "";
      this.tell({ error: said, code, warnings: [] });
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
    this.drop(this.coming);
    this.drop(this.screen);
    this.coming = this.screen = undefined;
    this.made = undefined;
    this.url = "";
    this.settled();
    this.tell({ warnings: [] });
  }

  private settled(): void {
    this.root.classList.remove("jc-tl-working");
  }

  /** The new player takes the old one's place once it has a picture, so that nothing flashes. */
  private show(): void {
    const before = this.screen;
    const host = make("div", "jc-tl-screen");
    host.classList.toggle("jc-tl-coming", Boolean(before));
    this.root.append(host);
    const start = secondsOf(Math.min(this.desk.playhead, lengthOf(this.desk.project)));
    const card = () => ({ title: "", poster: "", start });
    const player = mount(host, this.api.player(card, () => this.stream()), { preload: true, ahead });
    const video = host.querySelector("video") as HTMLVideoElement;
    const next: Screen = { name: nameOf(this.url), host, player, video };
    this.coming = next;
    const take = () => {
      clearTimeout(late);
      if (this.coming !== next) return;
      this.coming = undefined;
      this.screen = next;
      if (before) this.takeOver(before.video, video);
      this.drop(before);
      host.classList.remove("jc-tl-coming");
      this.settled();
      this.follow(next);
    };
    // What does not come says why, where it can be read.
    const late = setTimeout(take, patience);
    video.addEventListener("loadeddata", take, { once: true });
    if (!before) take();
  }

  private takeOver(from: HTMLVideoElement, to: HTMLVideoElement): void {
    to.volume = from.volume;
    to.muted = from.muted;
    to.playbackRate = from.playbackRate;
    const now = secondsOf(this.desk.playhead);
    if (Math.abs(to.currentTime - now) > 0.05) to.currentTime = now;
    if (!from.paused && !from.ended) void to.play().catch(() => undefined);
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

/** The stream, whatever the ticket: the engine names streams by their content. */
function nameOf(url: string): string {
  return /stm-[0-9a-f]+/.exec(url)?.[0] ?? url;
}

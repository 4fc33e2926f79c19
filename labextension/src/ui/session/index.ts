/** The panel that records: channels, what is kept of them, and what goes on. */

import type { PanelApi } from "../../api";
import { ApiError } from "../../api/panel";
import { noSound } from "../../record/recording";
import { formatTime } from "../../time";
import type { ChannelList, EngineStatus, RecordLink, Session } from "../../wire";
import { trans } from "../../words";
import { busyWords, wordsOf } from "../notes";
import { playIn } from "../play";
import type { Player } from "../player";
import { followTheme } from "../theme";
import {
  type ChannelChoice,
  type SessionState,
  bytesText,
  cells,
  isBrowsers,
  isRunning,
  isSettled,
  proposed,
  recordedIn,
  requestsOf,
  statusWords,
  withPrimary,
} from "./model";
import { Rows } from "./rows";
import { Sharing } from "./sharing";
import { SaidLive } from "./said";
import { type View, view } from "./view";

export type { SessionState } from "./model";

const every = 1_000;
const diskEvery = 10_000;
const lookAgain = 2_000;
const shownWarnings = 4;
const guestWords = () =>
  trans.__(
    "It is stored, and lies in the library of whoever gave you this link. This page may be closed.",
  );

export function mount(element: HTMLElement, api: PanelApi<SessionState>): { destroy(): void } {
  const panel = new SessionController(api);
  element.replaceChildren(panel.ui.root);
  return panel;
}

class SessionController {
  readonly ui: View;
  private readonly rows: Rows;
  private readonly said: SaidLive;
  private readonly sharing: Sharing;
  private readonly ends: (() => void)[] = [];
  private readonly names = new Map<string, string>();
  private readonly abort = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ticking: ReturnType<typeof setInterval>;
  private session: Session | undefined;
  /** When the session was asked about, for the seconds since then. */
  private asked = 0;
  private looked = -Infinity;
  private diskAsked = -Infinity;
  private acting = false;
  private destroyed = false;
  private unlisten: (() => void) | undefined;
  private player: Player | undefined;

  constructor(private readonly api: PanelApi<SessionState>) {
    this.rows = new Rows({
      turn: (id, on) => void this.turn(id, on),
      store: (id, store) => void this.setStore(id, store),
      primary: (id) => this.setChannels(withPrimary(this.channels, id)),
      share: (id) => void this.act(() => this.share([id])),
    });
    this.sharing = new Sharing(api, () => this.onSharing());
    this.said = new SaidLive((id) => this.channels.find((c) => c.channel_id === id)?.store ?? false);
    this.ui = view(this.rows, this.said);
    this.said.list.hidden = true;
    this.wire();
    this.ticking = setInterval(() => this.paintTime(), 250);
    this.paint();
    void this.look();
  }

  destroy(): void {
    this.destroyed = true;
    clearTimeout(this.timer);
    clearInterval(this.ticking);
    this.abort.abort();
    this.unlisten?.();
    for (const end of this.ends) end();
    this.player?.destroy();
    this.sharing.destroy();
    this.ui.root.remove();
  }

  private get channels(): ChannelChoice[] {
    return this.api.get("channels");
  }

  private get status(): string {
    return this.api.get("status");
  }

  private wire(): void {
    const { ui, api } = this;
    const click = (button: HTMLButtonElement, does: () => Promise<void> | void) =>
      button.addEventListener("click", () => void does());
    click(ui.record, () => this.act(() => this.record()));
    click(ui.pause, () => this.act(() => this.command("pause")));
    click(ui.resume, () => this.act(() => this.command("resume")));
    click(ui.stop, () => this.act(() => this.command("stop")));
    click(ui.another, () => this.startOver());
    click(ui.listen, () => this.toggleTranscript());
    click(ui.elsewhere, () => this.act(() => this.recordElsewhere()));
    click(ui.forget, () => this.ask(true));
    click(ui.keep, () => this.ask(false));
    click(ui.sure, () => this.act(() => this.forget()));
    this.ends.push(
      followTheme(ui.root),
      api.on("session_id", () => this.attach()),
      api.on("channels", () => this.paint()),
      api.waiting((is) => ui.notes.set("busy", is ? busyWords() : "", { calm: true })),
    );
    // A panel at rest asks for nothing: an engine that nobody needs may end.
    const look = () => void this.lookWhenIdle();
    const { signal } = this.abort;
    ui.root.addEventListener("pointerenter", look, { signal });
    ui.root.addEventListener("focusin", look, { signal });
    document.addEventListener("visibilitychange", look, { signal });
  }

  // -- what there is

  private lookWhenIdle(): void {
    if (this.session || document.hidden || Date.now() - this.looked < lookAgain) return;
    void this.look();
  }

  /** Finds what records, and what can. */
  private async look(): Promise<void> {
    this.looked = Date.now();
    try {
      const engine = await this.api.request<EngineStatus>("GET", "/engine");
      this.showDisk(engine);
      this.ui.notes.set("error", "");
      const id = this.api.get("session_id") || engine.recordings[0];
      if (id) {
        if (id !== this.api.get("session_id")) this.api.set("session_id", id);
        await this.follow();
      } else await this.offer();
    } catch (error) {
      this.ui.notes.set("error", wordsOf(error), { again: () => void this.look() });
    }
  }

  private async offer(): Promise<void> {
    const [found] = await Promise.all([
      this.api.request<ChannelList>("GET", "/capture/channels"),
      this.sharing.look(),
    ]);
    const notebook = this.api.get("notebook") ? [cells] : [];
    const all = [...found.channels, ...this.sharing.channels, ...notebook];
    for (const each of all) this.names.set(each.channel_id, each.name);
    this.setChannels(proposed(all, this.channels));
    this.ui.notes.setAll("problem", found.problems ?? []);
    this.ui.notes.set("browser", found.channels.length ? "" : this.sharing.whyNot);
    this.paint();
  }

  /** Another session was named, by Python or by this panel itself. */
  private attach(): void {
    if (this.session?.session_id === this.api.get("session_id")) return;
    this.drop();
    void this.look();
  }

  private drop(): void {
    clearTimeout(this.timer);
    this.session = undefined;
    this.unlisten?.();
    this.unlisten = undefined;
    this.player?.destroy();
    this.player = undefined;
    this.ui.link.hidden = true;
    this.said.clear();
    this.said.list.hidden = true;
    this.ui.listen.setAttribute("aria-pressed", "false");
    this.ui.notes.setAll("warning", []);
  }

  /** Reads the session, and goes on reading while something happens to it. */
  private async follow(): Promise<void> {
    clearTimeout(this.timer);
    const id = this.api.get("session_id");
    if (!id || this.destroyed) return;
    try {
      const session = await this.api.request<Session>("GET", `/capture/session/${id}`);
      if (this.destroyed || id !== this.api.get("session_id")) return;
      this.take(session);
      this.ui.notes.set("error", "");
    } catch (error) {
      this.ui.notes.set("error", wordsOf(error), { again: () => void this.follow() });
      if (error instanceof ApiError && error.status === 404) return this.drop();
    }
    // The page that was linked to may start it.
    if (!isSettled(this.status, this.keeps) || (this.status === "created" && !this.ui.link.hidden)) {
      this.timer = setTimeout(() => void this.follow(), every);
    } else this.ended();
    if (Date.now() - this.diskAsked > diskEvery && isRunning(this.status)) {
      void this.api.request<EngineStatus>("GET", "/engine").then(
        (engine) => this.showDisk(engine),
        () => undefined,
      );
    }
  }

  private get keeps(): boolean {
    const media = this.channels.filter((each) => each.type !== cells.type);
    return (this.session?.storage?.length ?? 0) > 0 || media.some((each) => each.store);
  }

  private take(session: Session): void {
    this.session = session;
    this.asked = performance.now();
    const notebook = isRunning(session.status) && this.api.get("notebook") === true;
    const channels = recordedIn(session, this.names, notebook);
    if (session.status === "created") {
      if (this.ui.link.hidden) void this.offer();
    } else this.setChannels(channels);
    if (this.status !== session.status) this.api.set("status", session.status);
    this.rows.levels(session.levels ?? {});
    this.ui.notes.setAll("warning", (session.warnings ?? []).slice(-shownWarnings));
    this.ui.notes.set("failed", session.error ?? "");
    if (isRunning(session.status)) {
      this.ui.notes.setAll("problem", []); // It records: what else it could is of no matter now.
      this.ui.link.hidden = true;
      this.hear();
      this.sharing.attach(session.session_id);
      void this.sharing.look().then(() => this.paint());
    }
    this.paint();
  }

  private hear(): void {
    this.unlisten ??= this.api.events(["levels", "transcript", "capture_session."], (event) => {
      const id = this.session?.session_id;
      if (event.channel === "transcript") {
        const own = this.session?.rtstreams?.some((s) => s.rtstream_id === event.rtstream_id);
        if (own && !this.said.list.hidden) this.said.hear(event);
      } else if (event.capture_session_id !== id) return;
      else if (event.channel === "levels") this.rows.levels(event.data as Record<string, number>);
      else void this.follow();
    });
  }

  private ended(): void {
    if (this.status !== "created") this.sharing.close();
    this.unlisten?.();
    this.unlisten = undefined;
    this.rows.levels({});
    this.said.clear();
    this.said.list.hidden = true;
    const video = this.session?.exported_video_id;
    if (!video || this.player || !this.session || this.api.guest) return;
    this.player = playIn(this.ui.shown, this.api as unknown as PanelApi, {
      id: video,
      collection: this.session.collection_id,
      title: this.name || trans.__("What was just recorded"),
      from: 0,
    });
  }

  // -- what can be done

  /** One thing at a time; what fails is said. */
  private async act(does: () => Promise<void>): Promise<void> {
    if (this.acting) return;
    this.acting = true;
    this.ui.notes.set("act", "");
    this.paint();
    try {
      await does();
    } catch (error) {
      this.ui.notes.set("act", wordsOf(error));
    } finally {
      this.acting = false;
      this.paint();
    }
  }

  private async record(): Promise<void> {
    // First of all: a browser asks for its screen only right after a click.
    const shared = await this.sharing.ask(this.channels.filter((c) => c.on).map((c) => c.channel_id));
    if (shared?.silent) this.choose("system_audio:browser", { on: false });
    this.ui.notes.set("sound", shared?.silent ? noSound : "", { calm: true });
    const channels = this.channels;
    let session_id = "";
    try {
      session_id = await this.created();
    } catch (error) {
      for (const track of shared?.tracks.values() ?? []) track.stop();
      throw error;
    }
    this.api.set("status", "starting");
    if (shared) this.sharing.begin(session_id, shared);
    this.paint();
    try {
      const primary = channels.find((each) => each.is_primary)?.channel_id;
      await this.api.request("POST", "/capture/session/start", {
        session_id,
        channels: requestsOf(channels),
        ...(primary ? { primary_video_channel_id: primary } : {}),
      });
    } catch (error) {
      this.sharing.close();
      this.api.set("status", "idle");
      this.drop();
      this.api.set("session_id", "");
      throw error;
    }
    await this.follow();
  }

  /** Channels of a session that runs: they were shared from here before, or are not at all. */
  private async share(ids: readonly string[]): Promise<void> {
    const shared = await this.sharing.ask(ids);
    if (shared) this.sharing.begin(this.api.get("session_id"), shared);
  }

  private onSharing(): void {
    this.paint();
    const others = this.channels.some((each) => each.on && !isBrowsers(each.channel_id));
    // Nothing is left to record: whoever stopped sharing has stopped recording.
    if (this.sharing.isSpent && !others && ["active", "paused"].includes(this.status)) {
      void this.act(() => this.command("stop"));
    }
  }

  /** Where this page cannot record itself, as in VS Code. */
  private async recordElsewhere(): Promise<void> {
    const id = await this.created();
    const path = `/capture/session/${id}/record`;
    const { record_url } = await this.api.request<RecordLink>("POST", path);
    this.ui.link.href = record_url;
    this.ui.link.hidden = false;
    await this.follow();
  }

  /** The session that Python has made but not started, else a new one. */
  private async created(): Promise<string> {
    if (this.session?.status === "created") return this.session.session_id;
    const metadata = this.name ? { name: this.name } : {};
    const path = "/collection/default/capture/session";
    const made = await this.api.request<Session>("POST", path, { metadata });
    this.session = made;
    this.api.set("session_id", made.session_id);
    return made.session_id;
  }

  private get name(): string {
    return this.api.get("name") ?? "";
  }

  private async command(verb: "pause" | "resume" | "stop"): Promise<void> {
    const id = this.api.get("session_id");
    if (verb === "stop") this.api.set("status", "stopping");
    this.paint();
    await this.api.request("POST", `/capture/session/${id}/${verb}`);
    await this.follow();
  }

  private startOver(): void {
    this.drop();
    this.api.set("status", "idle");
    this.api.set("session_id", "");
    this.paint();
    this.ui.record.focus();
  }

  private async turn(id: string, on: boolean): Promise<void> {
    if (!isRunning(this.status)) return this.choose(id, { on });
    if (id === cells.channel_id) return this.setStore(id, true);
    await this.change("channel", { channel_id: id, paused: !on });
  }

  private async setStore(id: string, store: boolean): Promise<void> {
    if (!isRunning(this.status)) return this.choose(id, { store });
    await this.change("store", { channel_id: id, store });
  }

  /** Of one channel, while it records. */
  private async change(what: "store" | "channel", body: object): Promise<void> {
    this.ui.notes.set("act", "");
    try {
      await this.api.request("POST", `/capture/session/${this.api.get("session_id")}/${what}`, body);
    } catch (error) {
      this.ui.notes.set("act", wordsOf(error));
    }
    await this.follow();
  }

  private choose(id: string, change: Partial<ChannelChoice>): void {
    const changed = this.channels.map((each) =>
      each.channel_id === id ? { ...each, ...change } : each,
    );
    this.setChannels(withPrimary(changed));
    this.paint();
  }

  private setChannels(channels: ChannelChoice[]): void {
    if (JSON.stringify(channels) !== JSON.stringify(this.channels)) {
      this.api.set("channels", channels);
    }
    this.paint();
  }

  private async toggleTranscript(): Promise<void> {
    const { listen } = this.ui;
    const on = listen.getAttribute("aria-pressed") !== "true";
    const heard = (this.session?.rtstreams ?? []).filter((s) => s.media_types.includes("audio"));
    this.said.list.hidden = !on;
    listen.setAttribute("aria-pressed", String(on));
    if (!on) return;
    this.ui.notes.set("act", "");
    this.said.note(trans.__("Getting ready to listen…"));
    try {
      for (const { rtstream_id } of heard) {
        await this.api.request("POST", `/rtstream/${rtstream_id}/transcription`, { action: "start" });
      }
      this.said.note(trans.__("Nothing was said yet."));
    } catch (error) {
      this.said.list.hidden = true;
      listen.setAttribute("aria-pressed", "false");
      this.ui.notes.set("act", wordsOf(error));
    }
  }

  private ask(is: boolean): void {
    const { ui } = this;
    ui.sure.hidden = ui.keep.hidden = !is;
    ui.forget.hidden = is;
    ui.minutes.disabled = is;
    (is ? ui.sure : ui.forget).focus();
  }

  private async forget(): Promise<void> {
    this.ask(false);
    const seconds = Number(this.ui.minutes.value) * 60;
    try {
      const path = `/capture/session/${this.api.get("session_id")}/forget`;
      await this.api.request("POST", path, { seconds });
      this.said.clear();
    } catch (error) {
      const unknown = error instanceof ApiError && [404, 405, 501].includes(error.status);
      if (!unknown) throw error;
      this.ui.forgetting.classList.add("jc-not-offered");
      this.ui.notes.set("act", trans.__("This engine cannot forget yet. Stop, and delete the session."));
    }
    await this.follow();
  }

  // -- how it looks

  private paint(): void {
    const { ui, status } = this;
    const before = ["idle", "created"].includes(status);
    const running = isRunning(status);
    const going = ["active", "paused"].includes(status);
    ui.root.dataset["status"] = status;
    const kept = this.session?.exported_video_id || status !== "stopped" || this.keeps;
    ui.words.textContent = kept
      ? statusWords(status)
      : trans.__("Stopped. Nothing was kept, so there is no video.");
    ui.record.hidden = !before;
    ui.record.disabled = this.acting || !this.channels.some((each) => each.on);
    ui.pause.hidden = status !== "active";
    ui.resume.hidden = status !== "paused";
    ui.stop.hidden = !going;
    const over = !before && !running && isSettled(status, this.keeps);
    ui.another.hidden = !over || this.api.guest === true;
    const told = over && this.api.guest && this.session?.exported_video_id;
    ui.notes.set("told", told ? guestWords() : "", { calm: true });
    for (const button of [ui.pause, ui.resume, ui.stop]) button.disabled = this.acting;
    ui.listen.hidden = !going || this.api.guest === true || !this.channels.some((each) => each.type === "audio");
    ui.forgetting.hidden = !going || this.api.guest === true || ui.forgetting.classList.contains("jc-not-offered");
    const nothing = before && this.channels.some((c) => c.on) && !this.channels.some((c) => c.on && c.store);
    ui.notes.set(
      "nothing",
      nothing ? trans.__("Nothing will be kept: when you stop, all of it is gone.") : "",
    );
    ui.elsewhere.hidden = !before || this.sharing.isHere || !ui.link.hidden;
    ui.elsewhere.disabled = this.acting;
    ui.notes.set("sharing", running ? this.sharing.trouble : "");
    const phase = before ? "setup" : running ? "running" : "over";
    this.rows.show(this.channels, phase, (channel) => this.sharing.state(channel));
    this.paintTime();
  }

  private paintTime(): void {
    const { session, status } = this;
    const known = session?.duration ?? 0;
    const since = status === "active" ? (performance.now() - this.asked) / 1000 : 0;
    this.ui.elapsed.hidden = !session || ["idle", "created"].includes(status);
    this.ui.elapsed.textContent = formatTime(known + since);
  }

  private showDisk(engine: EngineStatus): void {
    this.diskAsked = Date.now();
    const free = engine.disk_free;
    this.ui.disk.textContent = typeof free === "number" ? `${bytesText(free)} left on the disk` : "";
  }
}


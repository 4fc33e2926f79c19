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
import { Chosen } from "./chosen";
import { Disk } from "./disk";
import { Forgetting } from "./forgetting";
import {
  type ChannelChoice,
  type SessionState,
  cells,
  isBrowsers,
  isRunning,
  isSettled,
  proposed,
  recordedIn,
  requestsOf,
} from "./model";
import { paint, phaseOf } from "./paint";
import { Rows } from "./rows";
import { Sharing } from "./sharing";
import { SaidLive } from "./said";
import { LiveTranscript } from "./transcript";
import { type View, view } from "./view";

export type { SessionState } from "./model";

const [every, lookAgain] = [1_000, 2_000];
const shownWarnings = 4;
export function mount(element: HTMLElement, api: PanelApi<SessionState>): { destroy(): void } {
  const panel = new SessionController(api);
  element.replaceChildren(panel.ui.root);
  return panel;
}

class SessionController {
  readonly ui: View;
  private readonly chosen: Chosen;
  private readonly rows: Rows;
  private readonly said: SaidLive;
  private readonly sharing: Sharing;
  private readonly transcript: LiveTranscript;
  private readonly forgetting: Forgetting;
  private readonly disk: Disk;
  private readonly ends: (() => void)[] = [];
  private readonly names = new Map<string, string>();
  private readonly abort = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ticking: ReturnType<typeof setInterval>;
  private session: Session | undefined;
  /** When the session was asked about, for the seconds since then. */
  private asked = 0;
  private looked = -Infinity;
  private acting = false;
  private destroyed = false;
  private unlisten: (() => void) | undefined;
  private player: Player | undefined;

  constructor(private readonly api: PanelApi<SessionState>) {
    this.chosen = new Chosen(api, {
      changed: () => this.paint(),
      refused: (words) => this.ui.notes.set("act", words),
      asked: () => this.follow(),
    });
    this.rows = new Rows({
      turn: (id, on) => void this.chosen.turn(id, on),
      store: (id, store) => void this.chosen.store(id, store),
      primary: (id) => this.chosen.primary(id),
      share: (id) => void this.act(() => this.share([id])),
    });
    this.sharing = new Sharing(api, () => this.onSharing());
    this.said = new SaidLive((id) => this.chosen.keeps(id));
    this.ui = view(this.rows, this.said);
    this.transcript = new LiveTranscript(api, this.ui, this.said);
    this.forgetting = new Forgetting(api, this.ui);
    this.disk = new Disk(api, this.ui.disk);
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
    return this.chosen.all;
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
    click(ui.listen, () => this.transcript.toggle(this.session));
    click(ui.elsewhere, () => this.act(() => this.recordElsewhere()));
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
      this.disk.show(engine);
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
    this.chosen.set(proposed(all, this.channels));
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
    this.transcript.end();
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
    if (isRunning(this.status)) void this.disk.look();
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
    } else this.chosen.set(channels);
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
        if (own) this.transcript.hear(event);
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
    this.transcript.end();
    const video = this.session?.exported_video_id;
    if (!video || this.player || !this.session || this.api.guest) return;
    this.player = playIn(this.ui.shown, this.api as unknown as PanelApi, {
      id: video,
      collection: this.session.collection_id,
      title: this.api.get("name") || trans.__("What was just recorded"),
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
    if (shared?.silent) this.chosen.choose("system_audio:browser", { on: false });
    this.ui.notes.set("sound", shared?.silent ? noSound() : "", { calm: true });
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
    const name = this.api.get("name");
    const metadata = name ? { name } : {};
    const path = "/collection/default/capture/session";
    const made = await this.api.request<Session>("POST", path, { metadata });
    this.session = made;
    this.api.set("session_id", made.session_id);
    return made.session_id;
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

  private async forget(): Promise<void> {
    const gone = await this.forgetting.forget(this.api.get("session_id"));
    if (gone) this.said.clear();
    else this.ui.notes.set("act", trans.__("This engine cannot forget yet. Stop, and delete the session."));
    await this.follow();
  }

  // -- how it looks

  private paint(): void {
    const { status, session, sharing } = this;
    paint(this.ui, {
      ...{ status, session, sharing, channels: this.channels, keeps: this.keeps },
      ...{ acting: this.acting, guest: this.api.guest === true, forgets: this.forgetting.offered },
    });
    this.rows.show(this.channels, phaseOf(status), (channel) => this.sharing.state(channel));
    this.paintTime();
  }

  private paintTime(): void {
    const { session, status } = this;
    const known = session?.duration ?? 0;
    const since = status === "active" ? (performance.now() - this.asked) / 1000 : 0;
    this.ui.elapsed.hidden = !session || ["idle", "created"].includes(status);
    this.ui.elapsed.textContent = formatTime(known + since);
  }
}

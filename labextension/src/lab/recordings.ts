/** What records now, for everything around the sidebar that shows it. */

import { Signal } from "@lumino/signaling";
import type { Server } from "../api/server";
import type { Session } from "../wire";

/** `asked`: the page's clock (ms) when `duration` (seconds) was told. */
export interface Recording {
  id: string;
  name: string;
  status: Session["status"];
  duration: number;
  asked: number;
}

const restful = 5_000;
const busy = 2_000;

export function nameOf(session: Session): string {
  const { name } = session.metadata ?? {};
  return typeof name === "string" && name ? name : session.session_id;
}

/** Seconds recorded, as far as is known now. */
export function elapsed(recording: Recording, now: number): number {
  const since = recording.status === "active" ? (now - recording.asked) / 1000 : 0;
  return recording.duration + since;
}

export class Recordings {
  /** What records is another, or in another state. */
  readonly changed = new Signal<this, void>(this);
  private found: Recording[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private unlisten: (() => void) | undefined;
  private looking: Promise<void> | undefined;
  private ended = false;

  constructor(private readonly server: Server) {
    document.addEventListener("visibilitychange", this.seen);
    void this.look();
  }

  get all(): readonly Recording[] {
    return this.found;
  }

  dispose(): void {
    this.ended = true;
    clearTimeout(this.timer);
    this.unlisten?.();
    document.removeEventListener("visibilitychange", this.seen);
    Signal.clearData(this);
  }

  /** Asks now; whoever asks while that is under way hears of the same answer. */
  look(): Promise<void> {
    this.looking ??= this.ask().finally(() => {
      this.looking = undefined;
      clearTimeout(this.timer);
      if (!this.ended) {
        this.timer = setTimeout(() => void this.look(), this.found.length ? busy : restful);
      }
    });
    return this.looking;
  }

  private readonly seen = () => {
    if (!document.hidden) void this.look();
  };

  private async ask(): Promise<void> {
    if (document.hidden && !this.found.length) return;
    let found: Recording[] = [];
    try {
      // An engine that nobody needs may end, and is not started for this.
      const { engine } = await this.server.health(false);
      found = await Promise.all((engine?.recordings ?? []).map((id) => this.session(id)));
    } catch {
      // The sidebar says what is wrong, where somebody looks.
    }
    const before = this.found.map((each) => each.id + each.status + each.name).join();
    this.found = found;
    this.hear();
    if (before !== found.map((each) => each.id + each.status + each.name).join()) this.changed.emit();
  }

  private async session(id: string): Promise<Recording> {
    const answer = (await this.server.send("GET", `/capture/session/${id}`)) as { data: Session };
    const { status, duration } = answer.data;
    return { id, name: nameOf(answer.data), status, duration: duration ?? 0, asked: Date.now() };
  }

  /** While something records, somebody is there: an engine counts its listeners. */
  private hear(): void {
    if (!this.found.length) {
      this.unlisten?.();
      this.unlisten = undefined;
    } else {
      this.unlisten ??= this.server.listen((event) => {
        if (event.event?.startsWith("capture_session.")) void this.look();
      });
    }
  }
}

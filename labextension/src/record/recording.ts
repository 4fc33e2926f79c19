/** What this page shares with one session. It outlives the panel that began it. */

import { trans } from "../words";
import { SharedChannel } from "./channel";
import { Clock } from "./clock";
import { pulse } from "./pulse";
import { patience } from "./queue";
import { type Shared, share } from "./share";
import type { Socket } from "./uploader";
import { type Kind, noSound } from "./words";

/** How this page's websockets get to the engine. */
export interface Reach {
  socket(session: string, channel: string): Socket;
}

const suffix = ":browser";

export function browserChannel(kind: Kind): string {
  return kind + suffix;
}

/** Of a channel's id; undefined for what a machine's device gives. */
export function kindOfChannel(id: string): Kind | undefined {
  return id.endsWith(suffix) ? (id.slice(0, -suffix.length) as Kind) : undefined;
}

export class BrowserRecording {
  /** Why a channel is shared no more, by its id. */
  readonly ended = new Map<string, string>();
  private readonly channels = new Map<string, SharedChannel>();
  private readonly broken = new Set<string>();
  private readonly watchers = new Set<() => void>();
  private readonly clock = new Clock();
  private over = "";
  private stopPulse: (() => void) | undefined;
  private readonly leave = () => this.close();
  private readonly warn = (event: BeforeUnloadEvent) => {
    if (this.sharing.length) event.preventDefault();
  };

  constructor(
    readonly session: string,
    private readonly reach: Reach,
  ) {}

  /** The channels that are shared at the moment. */
  get sharing(): string[] {
    return [...this.channels.keys()];
  }

  /** What the person in front of the page should know; "" mostly. */
  get trouble(): string {
    if (this.over) return "";
    return this.broken.size
      ? trans.__("The connection is lost. What you share is kept here for a minute, and sent when it is back.")
      : "";
  }

  begin({ tracks }: Shared): void {
    this.over = "";
    for (const [kind, track] of tracks) this.add(browserChannel(kind), track);
    if (this.stopPulse || !this.channels.size) return;
    this.stopPulse = pulse(() => {
      for (const channel of this.channels.values()) channel.tick();
    });
    addEventListener("pagehide", this.leave);
    addEventListener("beforeunload", this.warn);
  }

  /** Stop sharing; what was recorded is sent before. */
  stop(id: string): void {
    this.channels.get(id)?.end("sharing was stopped");
  }

  /** Let go of everything, as when the page is closed or the session has ended. */
  close(): void {
    for (const channel of this.channels.values()) channel.close();
    this.channels.clear();
    this.broken.clear();
    this.stopPulse?.();
    this.stopPulse = undefined;
    removeEventListener("pagehide", this.leave);
    removeEventListener("beforeunload", this.warn);
    this.tell();
  }

  /** Calls back when something changed; the result ends that. */
  watch(callback: () => void): () => void {
    this.watchers.add(callback);
    return () => this.watchers.delete(callback);
  }

  private add(id: string, track: MediaStreamTrack): void {
    this.channels.get(id)?.close();
    this.ended.delete(id);
    const events = {
      ended: (why: string) => {
        this.ended.set(id, why);
        if (this.channels.get(id) === channel) this.channels.delete(id);
        closeOnceSent(channel);
        this.tell();
      },
      over: (said: string) => {
        this.over = said;
        this.close();
      },
      connected: (is: boolean) => {
        if (is) this.broken.delete(id);
        else this.broken.add(id);
        this.tell();
      },
    };
    const open = () => this.reach.socket(this.session, id);
    const channel = new SharedChannel(id, track, open, events, this.clock);
    this.channels.set(id, channel);
    this.tell();
  }

  private tell(): void {
    for (const watcher of [...this.watchers]) watcher();
  }
}

/** Its last chunks are still on their way, if the network is away for as long as they are kept. */
function closeOnceSent(channel: SharedChannel): void {
  const until = performance.now() + patience;
  const look = () => {
    if (channel.isSent || performance.now() > until) channel.close();
    else setTimeout(look, lookAgain);
  };
  look();
}

const lookAgain = 500;

// Each widget is a module instance of its own: the page's global object is what they share.
const all = globalThis as { jupyterCaptureShared?: Map<string, BrowserRecording> };

/** What this page shares with a session, if it does. */
export function sharedWith(session: string): BrowserRecording | undefined {
  return all.jupyterCaptureShared?.get(session);
}

export function recordingOf(session: string, reach: Reach): BrowserRecording {
  all.jupyterCaptureShared ??= new Map();
  const known = all.jupyterCaptureShared.get(session);
  if (known) return known;
  const made = new BrowserRecording(session, reach);
  all.jupyterCaptureShared.set(session, made);
  return made;
}

export { share, noSound };

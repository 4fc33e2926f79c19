/** What a panel may ask of the side that has the engine. Nothing in ui/ knows which side that is. */

import { SaidError } from "../explain";
import type { Reach } from "../record/recording";
import type { Api, Card } from "./player";

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";

/** How far long work is: 0 to 100, and what it does; `job`: the path at which it is cancelled. */
export interface Progress {
  percentage: number;
  stage: string;
  job: string;
}

/** An event of the engine's websocket. Its kind is `channel` ("levels") or `event`. */
export interface EngineEvent {
  channel?: string;
  event?: string;
  capture_session_id?: string;
  rtstream_id?: string;
  rtstream_name?: string;
  status?: string;
  data?: unknown;
}

/** What the engine has refused, in its own words. `status` is HTTP's; 0 where nobody answered. */
export class ApiError extends SaidError {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
  ) {
    super(message);
  }
}

export interface PanelApi<S extends object = Record<string, unknown>> {
  /** State that others see and may change: a widget's traits, or plain values. */
  get<K extends keyof S & string>(name: K): S[K];
  set<K extends keyof S & string>(name: K, value: S[K]): void;
  /** Calls back when the value has changed, from either side; the result ends that. */
  on<K extends keyof S & string>(name: K, callback: (value: S[K]) => void): () => void;
  /** Tells whoever holds the panel that something was done: Python's `on_…` callbacks. */
  emit(name: string, detail: unknown): void;
  /**
   * The engine's HTTP API: `path` below its root ("/capture/channels"). Resolves to the answer's
   * `data`, long work being waited for; rejects with an `ApiError`.
   */
  request<T>(
    method: Method,
    path: string,
    body?: unknown,
    progress?: (progress: Progress) => void,
  ): Promise<T>;
  /**
   * The engine's events of these kinds; a kind that ends in "." stands for all that begin so
   * ("capture_session."). The result ends it. An engine that is listened to does not go idle: end
   * it where nothing can happen.
   */
  events(kinds: readonly string[], callback: (event: EngineEvent) => void): () => void;
  /** An address of the engine's media that this page can load, for an <img> or an <audio>. */
  media(url: string): Promise<string>;
  /** What `ui/player` needs to play the stream at the address that `source` resolves to. */
  player(card: () => Card, source: () => Promise<string>): Api;
  /** How what this page itself records gets to the engine; resolves to undefined where it cannot. */
  reach?(): Promise<Reach | undefined>;
  /** Who looks on may record, and nothing else. */
  guest?: boolean;
  /** Told `true` when the other side is late with an answer, `false` when it has caught up. */
  waiting(callback: (waiting: boolean) => void): () => void;
}

export function kindOf(event: EngineEvent): string {
  return event.channel ?? event.event ?? "";
}

export function isOfKind(event: EngineEvent, kinds: readonly string[]): boolean {
  const kind = kindOf(event);
  return kinds.some((each) => (each.endsWith(".") ? kind.startsWith(each) : kind === each));
}

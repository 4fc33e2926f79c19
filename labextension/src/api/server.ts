/** A panel whose engine is reached through the Jupyter server that this page is from. */

import type Hls from "hls.js";
import { reachAt } from "../record/reach";
import type { EngineStatus } from "../wire";
import { dataOf } from "./envelope";
import { Events, eventsPath, through } from "./events";
import { ApiError, type EngineEvent, type Method, type PanelApi, isOfKind } from "./panel";

/** `fetch` with what the Jupyter server wants of its own pages: XSRF token, or Authorization. */
export type Ask = (address: string, init: RequestInit) => Promise<Response>;

export interface Health {
  engine: (EngineStatus & { origin: string }) | null;
  version: string;
  environment?: Record<string, string>;
  warning?: string;
}

const unreachable =
  "Jupyter's server does not answer. Is it still running, and are you still on its network?";
const absent =
  "Jupyter's server has no jupyter-capture. Install jupyter-capture where that server runs, check " +
  "`jupyter server extension list`, and start the server again.";
/** `base` ends in "/": the address of the Jupyter server. */
export class Server {
  /** Below this lie the engine's own paths. */
  readonly root: string;
  private readonly events: Events;
  private environment: Record<string, string> | undefined;

  constructor(
    private readonly base: string,
    private readonly ask: Ask,
  ) {
    this.root = `${base}jupyter-capture/engine`;
    this.events = new Events(this.root, () => this.send("GET", eventsPath));
  }

  /** Whether there is an engine; starts one, unless `start` is false. */
  async health(start = true): Promise<Health> {
    const address = `${this.base}jupyter-capture/health${start ? "" : "?start=0"}`;
    const found = (await this.json(address, { method: "GET" })) as Health;
    this.environment = found.environment ?? {};
    return found;
  }

  /** One request, and its whole envelope. */
  async send(method: Method, path: string, body?: unknown): Promise<unknown> {
    const init: RequestInit = { method };
    const sent = await this.withDesktop(path, body);
    if (sent.body !== undefined) {
      init.body = JSON.stringify(sent.body);
      init.headers = { "Content-Type": "application/json" };
    }
    return this.json(this.root + sent.path, init);
  }

  /** The recorder is to look at the desktop on which this Jupyter server runs. */
  private async withDesktop(path: string, body: unknown): Promise<{ path: string; body: unknown }> {
    const lists = path === "/capture/channels";
    if (!lists && path !== "/capture/session/start") return { path, body };
    if (!this.environment) await this.health();
    const environment = this.environment ?? {};
    if (lists) return { path: `${path}?${new URLSearchParams(environment)}`, body };
    return { path, body: { ...(body as object), environment } };
  }

  private async json(address: string, init: RequestInit): Promise<unknown> {
    let answer: Response;
    try {
      answer = await this.ask(address, init);
    } catch {
      throw new ApiError(unreachable, 0, "UNREACHABLE");
    }
    const told = (await answer.json().catch(() => undefined)) as
      | { message?: string; error_code?: string }
      | undefined;
    if (answer.ok) return told;
    if (told?.error_code) throw new ApiError(told.message ?? "", answer.status, told.error_code);
    if (answer.status === 404) throw new ApiError(absent, 404, "NO_EXTENSION");
    throw new ApiError(
      told?.message ?? `Jupyter's server answered ${answer.status}. Try again; its log says more.`,
      answer.status,
      "",
    );
  }

  /** All events, over one websocket for all who listen; the result ends it. */
  listen(hear: (event: EngineEvent) => void): () => void {
    return this.events.listen(hear);
  }
}

/** Values that a panel shares with others on this page. */
export class Values<S extends object> {
  private readonly watchers = new Map<keyof S, Set<() => void>>();

  constructor(
    private readonly values: S,
    private readonly changed: (values: S) => void = () => undefined,
  ) {}

  get<K extends keyof S>(name: K): S[K] {
    return this.values[name];
  }

  set<K extends keyof S>(name: K, value: S[K]): void {
    if (this.values[name] === value) return;
    this.values[name] = value;
    this.changed(this.values);
    for (const watch of [...(this.watchers.get(name) ?? [])]) watch();
  }

  on<K extends keyof S>(name: K, callback: (value: S[K]) => void): () => void {
    const watch = () => callback(this.values[name]);
    const all = this.watchers.get(name) ?? new Set();
    this.watchers.set(name, all.add(watch));
    return () => all.delete(watch);
  }
}

/** `emitted` hears what the panel tells of. */
export function serverPanel<S extends object>(
  server: Server,
  values: Values<S>,
  emitted: (name: string, detail: unknown) => void = () => undefined,
): PanelApi<S> {
  const send = server.send.bind(server);
  return {
    get: (name) => values.get(name),
    set: (name, value) => values.set(name, value),
    on: (name, callback) => values.on(name, callback),
    emit: emitted,
    request: (method, path, body, progress) => dataOf(send, method, path, body, progress),
    events: (kinds, callback) =>
      server.listen((event) => {
        if (isOfKind(event, kinds)) callback(event);
      }),
    media: async (url) => through(server.root, url),
    player: (card, source) => ({
      card,
      source: async () => through(server.root, await source()),
      hls: async () => ((await import("hls.js")) as { default: typeof Hls }).default,
    }),
    reach: async () => reachAt(server.root),
    waiting: () => () => undefined,
  };
}

/** The engine's media, over HTTP where this page reaches it, else through the kernel. */

import type Hls from "hls.js";
import type {
  HlsConfig,
  Loader,
  LoaderCallbacks,
  LoaderConfiguration,
  LoaderContext,
  LoaderStats,
} from "hls.js";
import { SaidError } from "../explain";
import { type Kernel, bytesOf } from "./kernel";
import { ApiError } from "./panel";
import type { LoaderConstructor, Route } from "./player";

const probeMs = 3_000;
const remembered = 60_000;
const pictures = 300;
const patience = 120_000;

// One copy of hls.js for all players of a notebook. Each widget is a module instance of its own,
// so the page's global object is the only place they share.
const shared = globalThis as {
  jupyterCaptureHls?: Promise<typeof Hls> | undefined;
  jupyterCaptureUnreached?: Map<string, number>;
};

export function hlsFrom(kernel: Kernel): Promise<typeof Hls> {
  shared.jupyterCaptureHls ??= fetchHls(kernel).catch((error: unknown) => {
    shared.jupyterCaptureHls = undefined;
    throw error;
  });
  return shared.jupyterCaptureHls;
}

async function fetchHls(kernel: Kernel): Promise<typeof Hls> {
  const { buffers } = await kernel.ask("hls");
  const code = buffers[0];
  if (!code) throw new SaidError("The kernel sent no player code. Update jupyter-capture.");
  const url = URL.createObjectURL(new Blob([bytesOf(code)], { type: "text/javascript" }));
  try {
    return ((await import(url)) as { default: typeof Hls }).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/**
 * Whether the page gets `url` itself. An answer of any status is a way; none, and none in time
 * (a remote hub, a code editor's frame), is not, and is not tried again for a minute.
 */
export async function routeOf(url: string): Promise<Route> {
  const { origin } = new URL(url, document.baseURI);
  const unreached = (shared.jupyterCaptureUnreached ??= new Map());
  if ((unreached.get(origin) ?? -Infinity) > Date.now() - remembered) return "messages";
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(probeMs), cache: "no-store" });
    await answer.body?.cancel();
    return "http";
  } catch (error) {
    // Refused at once costs nothing to try again: the engine may be back.
    if (error instanceof DOMException) unreached.set(origin, Date.now());
    return "messages";
  }
}

/** The bytes behind a ticketed address, through the kernel. */
export async function bytesFrom(kernel: Kernel, url: string): Promise<Uint8Array<ArrayBuffer>> {
  const { buffers } = await kernel.ask("media", { url }, patience);
  if (!buffers[0]) throw new SaidError("The kernel sent nothing for this address.");
  return bytesOf(buffers[0]);
}

/** Addresses for <img>: the engine's own, or a few pictures held by the page. */
export class Pictures {
  private readonly held = new Map<string, Promise<string>>();
  private route: Promise<Route> | undefined;

  constructor(private readonly kernel: Kernel) {}

  async url(url: string): Promise<string> {
    this.route ??= routeOf(url);
    if ((await this.route) === "http") return url;
    const known = this.held.get(url);
    if (known) return known;
    const made = bytesFrom(this.kernel, url).then((bytes) =>
      URL.createObjectURL(new Blob([bytes])),
    );
    this.held.set(url, made);
    made.catch(() => this.held.delete(url));
    for (const oldest of this.held.keys()) {
      if (this.held.size <= pictures) break;
      this.drop(oldest);
    }
    return made;
  }

  close(): void {
    for (const url of [...this.held.keys()]) this.drop(url);
  }

  private drop(url: string): void {
    const made = this.held.get(url);
    this.held.delete(url);
    made?.then((address) => URL.revokeObjectURL(address)).catch(() => undefined);
  }
}

/** A loader for hls.js whose playlists and segments come as binary buffers of messages. */
export function loaderFrom(kernel: Kernel, Library: typeof Hls): LoaderConstructor {
  const { LoadStats } = Library as unknown as { LoadStats?: new () => LoaderStats };
  return class MessageLoader implements Loader<LoaderContext> {
    context!: LoaderContext;
    stats: LoaderStats = LoadStats ? new LoadStats() : freshStats();
    private callbacks: LoaderCallbacks<LoaderContext> | undefined;

    constructor(_config: HlsConfig) {}

    load(
      context: LoaderContext,
      _config: LoaderConfiguration,
      callbacks: LoaderCallbacks<LoaderContext>,
    ): void {
      this.context = context;
      this.callbacks = callbacks;
      this.stats.loading.start = performance.now();
      bytesFrom(kernel, context.url).then(
        (bytes) => this.arrived(bytes),
        (error: unknown) => this.failed(error),
      );
    }

    abort(): void {
      const { callbacks } = this;
      this.callbacks = undefined;
      this.stats.aborted = true;
      callbacks?.onAbort?.(this.stats, this.context, null);
    }

    destroy(): void {
      this.callbacks = undefined;
    }

    private arrived(bytes: Uint8Array<ArrayBuffer>): void {
      const { callbacks, context, stats } = this;
      if (!callbacks) return;
      const part = bytes.slice(context.rangeStart ?? 0, context.rangeEnd || undefined);
      const now = performance.now();
      stats.loading.first = Math.max(stats.loading.start, now);
      stats.loading.end = now;
      stats.loaded = stats.total = part.byteLength;
      const binary = context.responseType === "arraybuffer";
      const data = binary ? part.buffer : new TextDecoder().decode(part);
      callbacks.onSuccess({ url: context.url, data, code: 200 }, stats, context, null);
    }

    private failed(error: unknown): void {
      const { callbacks, context, stats } = this;
      if (!callbacks) return;
      // The kernel says 0 where it did not reach the engine either.
      const code = error instanceof ApiError ? error.status : 0;
      const text = error instanceof Error ? error.message : String(error);
      callbacks.onError({ code, text }, context, null, stats);
    }
  };
}

function freshStats(): LoaderStats {
  return {
    aborted: false,
    loaded: 0,
    retry: 0,
    total: 0,
    chunkCount: 0,
    bwEstimate: 0,
    loading: { start: 0, first: 0, end: 0 },
    parsing: { start: 0, end: 0 },
    buffering: { start: 0, first: 0, end: 0 },
  };
}

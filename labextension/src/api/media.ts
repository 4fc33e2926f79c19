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
import { engineRoot } from "./jupyter";
import { type Kernel, bytesOf } from "./kernel";
import { ApiError } from "./panel";
import type { LoaderConstructor } from "./player";
import { isLoopback, through } from "./events";

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
 * The address at which this page gets what lies at the engine's `url`: that itself, or one below
 * Jupyter's base URL. Undefined where neither answers (a code editor's frame): then only messages do.
 */
export async function wayTo(url: string): Promise<string | undefined> {
  const root = engineRoot();
  const ways = root === undefined ? [url] : [url, through(root, url)];
  // On a page from elsewhere, loopback is the reader's own machine: asked last, as browsers may ask
  // the reader whether that is allowed, and another engine may answer there.
  const elsewhere = root !== undefined && !isLoopback(location.hostname);
  if (elsewhere) ways.reverse();
  let refused: string | undefined;
  for (const way of new Set(ways)) {
    const status = await probe(way);
    if (status >= 200 && status < 300) return way;
    // The engine has refused it, and its words are the ones to show.
    if (status && way === url && !elsewhere) refused = way;
  }
  return refused;
}

/** The status of an answer; 0 for none, or none in time, which is not tried again for a minute. */
async function probe(url: string): Promise<number> {
  const { origin } = new URL(url, document.baseURI);
  const unreached = (shared.jupyterCaptureUnreached ??= new Map());
  if ((unreached.get(origin) ?? -Infinity) > Date.now() - remembered) return 0;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(probeMs), cache: "no-store" });
    await answer.body?.cancel();
    return answer.status;
  } catch (error) {
    // Refused at once costs nothing to try again: the engine may be back.
    if (error instanceof DOMException) unreached.set(origin, Date.now());
    return 0;
  }
}

/** The bytes behind a ticketed address, through the kernel. */
export async function bytesFrom(kernel: Kernel, url: string): Promise<Uint8Array<ArrayBuffer>> {
  const { buffers } = await kernel.ask("media", { url }, patience);
  if (!buffers[0]) throw new SaidError("The kernel sent nothing for this address.");
  return bytesOf(buffers[0]);
}

/** Addresses for <img>: such as the page gets itself, or a few pictures held by the page. */
export class Pictures {
  private readonly held = new Map<string, Promise<string>>();
  private way: Promise<((url: string) => string) | undefined> | undefined;

  constructor(private readonly kernel: Kernel) {}

  async url(url: string): Promise<string> {
    this.way ??= this.find(url);
    const way = await this.way;
    if (way) return way(url);
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

  /** What holds for the first picture holds for all. */
  private async find(url: string): Promise<((url: string) => string) | undefined> {
    const found = await wayTo(url);
    const root = engineRoot();
    if (found === undefined) return undefined;
    return found === url || root === undefined ? (each) => each : (each) => through(root, each);
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

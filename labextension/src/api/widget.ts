/** A widget in a notebook: its Python side answers, and no address is kept in the document. */

import type { AnyModel } from "@anywidget/types";
import { SaidError } from "../explain";
import { throughJupyter } from "../record/reach";
import type { EngineStatus } from "../wire";
import { dataOf } from "./envelope";
import { Kernel } from "./kernel";
import { Pictures, bytesFrom, hlsFrom, loaderFrom, wayTo } from "./media";
import { type EngineEvent, type PanelApi, isOfKind } from "./panel";
import type { Api, Card, Chapter } from "./player";

/** The traits of the Python player that are kept in a notebook. No URL is among them. */
export interface PlayerTraits {
  title: string;
  poster: string;
  start: number;
  chapters: Chapter[];
  code: string;
  saves: boolean;
}

const renewEvery = 5 * 60_000;
const workPatience = 10 * 60_000;

export interface Closing {
  close(): void;
}

export function widgetApi(model: AnyModel<PlayerTraits>): Api & Closing {
  const kernel = new Kernel(model as unknown as AnyModel);
  let last: string | undefined;
  const base = playerOver(
    kernel,
    () => ({
      title: model.get("title"),
      poster: model.get("poster"),
      start: model.get("start"),
      chapters: model.get("chapters") ?? [],
    }),
    async () => {
      const found = await kernel.ask("source").then(
        ({ answer }) => answer["src"],
        (error: unknown) => {
          // After a restart of the kernel the engine still serves what was played before.
          if (last && !("status" in (error as object))) return last;
          throw error;
        },
      );
      if (typeof found !== "string" || !found) {
        throw new SaidError("The kernel named no video to play.");
      }
      last = found;
      return found;
    },
  );
  return {
    ...base,
    ...(model.get("saves") ? { save: () => fileFrom(kernel) } : {}),
    code: () => model.get("code") ?? "",
    close: () => kernel.close(),
  };
}

async function fileFrom(kernel: Kernel): Promise<string> {
  const { answer } = await kernel.ask("save", {}, workPatience);
  const url = String(answer["url"] ?? "");
  const way = await wayTo(url);
  if (way !== undefined) return way;
  return URL.createObjectURL(new Blob([await bytesFrom(kernel, url)], { type: "video/mp4" }));
}

function playerOver(kernel: Kernel, card: () => Card, source: () => Promise<string>): Api {
  return {
    card,
    source,
    hls: () => hlsFrom(kernel),
    way: wayTo,
    loader: (Library) => loaderFrom(kernel, Library),
  };
}

/** A panel over a widget's traits and messages. */
export function widgetPanel<S extends object>(model: AnyModel<S>): PanelApi<S> & Closing {
  const kernel = new Kernel(model as unknown as AnyModel);
  const pictures = new Pictures(kernel);
  const lease = new Lease(kernel);
  return {
    get: (name) => model.get(name),
    set: (name, value) => {
      model.set(name, value);
      model.save_changes();
    },
    on: (name, callback) => {
      const changed = () => callback(model.get(name));
      model.on(`change:${name}`, changed);
      return () => model.off(`change:${name}`, changed);
    },
    emit: (name, detail) => kernel.tell({ emit: name, detail }),
    request: (method, path, body, progress) =>
      dataOf(
        async (...[way, where, what]) => {
          const question = { method: way, path: where, body: what ?? null };
          return (await kernel.ask("request", question, workPatience)).answer["body"];
        },
        method,
        path,
        body,
        progress,
      ),
    events: (kinds, callback) => {
      const unhear = kernel.hear((event) => {
        if (isOfKind(event as EngineEvent, kinds)) callback(event as EngineEvent);
      });
      const release = lease.take(kinds);
      return () => {
        unhear();
        release();
      };
    },
    media: (url) => pictures.url(url),
    player: (card, source) => playerOver(kernel, card, source),
    waiting: (callback) => kernel.waiting(callback),
    reach: async () => {
      const question = { method: "GET", path: "/engine", body: null };
      const { answer } = await kernel.ask("request", question);
      const { data } = answer["body"] as { data: EngineStatus };
      return throughJupyter(data.media_url);
    },
    close: () => {
      lease.close();
      pictures.close();
      kernel.close();
    },
  };
}

/** Has the kernel listen while someone here does; a page that was closed is forgotten there. */
class Lease {
  private readonly taken = new Set<readonly string[]>();
  private timer: ReturnType<typeof setInterval> | undefined;
  private readonly view = Math.random().toString(36).slice(2);

  constructor(private readonly kernel: Kernel) {}

  take(kinds: readonly string[]): () => void {
    const entry = [...kinds];
    this.taken.add(entry);
    this.say();
    this.timer ??= setInterval(() => this.say(), renewEvery);
    return () => {
      if (this.taken.delete(entry)) this.say();
    };
  }

  close(): void {
    this.taken.clear();
    this.say();
  }

  private say(): void {
    const kinds = [...new Set([...this.taken].flat())];
    if (!kinds.length) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
    try {
      this.kernel.tell({ listen: kinds, view: this.view });
    } catch {
      // A kernel that is gone listens to nothing any more.
    }
  }
}

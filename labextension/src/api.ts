/** The only transport: what a player asks for, over a page's own HTTP or a widget's messages. */

import type { AnyModel } from "@anywidget/types";
import type Hls from "hls.js";
import { SaidError } from "./explain";
import { parseTime } from "./time";

/** What is shown before anything is loaded. `start` in seconds. */
export interface Card {
  title: string;
  poster: string;
  start: number;
}

export interface Api {
  card(): Card;
  /** URL of the HLS master playlist, asked for at each load because its ticket expires. */
  source(): Promise<string>;
  hls(): Promise<typeof Hls>;
}

/** The engine's own pages: everything stands in `data-` attributes, and is served beside them. */
export function pageApi(element: HTMLElement, address: URL): Api {
  const { src, title, poster } = element.dataset;
  const inHash = new URLSearchParams(address.hash.slice(1)).get("t");
  return {
    card: () => ({
      title: title ?? "",
      poster: poster ?? "",
      start: parseTime(inHash ?? address.searchParams.get("t") ?? element.dataset["start"]),
    }),
    source: async () => {
      if (!src) throw new SaidError("This page names no video.");
      return src;
    },
    hls: async () => {
      const url = new URL("./hls.js", import.meta.url).href;
      return ((await import(url)) as { default: typeof Hls }).default;
    },
  };
}

/** The traits of the Python widget that are kept in a notebook. No URL is among them. */
export interface PlayerTraits {
  title: string;
  poster: string;
  start: number;
}

type Question = "source" | "hls";

interface Answer {
  id: string;
  src?: string;
  error?: string;
}

const patience = 60_000;

function ask(
  model: AnyModel<PlayerTraits>,
  question: Question,
): Promise<{ answer: Answer; buffers: DataView[] }> {
  const id = Math.random().toString(36).slice(2);
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      model.off("msg:custom", listen);
    };
    const timer = setTimeout(() => {
      done();
      reject(
        new SaidError("The notebook's kernel did not answer. Is a cell still running, or is it off?"),
      );
    }, patience);
    const listen = (answer: Answer, buffers: DataView[]) => {
      if (answer.id !== id) return;
      done();
      if (answer.error) reject(new SaidError(answer.error));
      else resolve({ answer, buffers });
    };
    model.on("msg:custom", listen);
    model.send({ id, ask: question });
  });
}

// One copy of hls.js for all players of a notebook. Each widget is a module instance of its own,
// so the page's global object is the only place they share.
const shared = globalThis as { jupyterCaptureHls?: Promise<typeof Hls> };

async function hlsFromKernel(model: AnyModel<PlayerTraits>): Promise<typeof Hls> {
  const { buffers } = await ask(model, "hls");
  const code = buffers[0];
  if (!code) throw new SaidError("The kernel sent no player code. Update jupyter-capture.");
  const bytes = new Uint8Array(code.buffer as ArrayBuffer, code.byteOffset, code.byteLength);
  const url = URL.createObjectURL(new Blob([bytes], { type: "text/javascript" }));
  try {
    return ((await import(url)) as { default: typeof Hls }).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** A widget in a notebook: the kernel answers, and no URL is kept in the document. */
export function widgetApi(model: AnyModel<PlayerTraits>): Api {
  return {
    card: () => ({
      title: model.get("title"),
      poster: model.get("poster"),
      start: model.get("start"),
    }),
    source: async () => {
      const { answer } = await ask(model, "source");
      if (!answer.src) throw new SaidError("The kernel named no video to play.");
      return answer.src;
    },
    hls: () => {
      shared.jupyterCaptureHls ??= hlsFromKernel(model).catch((error: unknown) => {
        delete shared.jupyterCaptureHls;
        throw error;
      });
      return shared.jupyterCaptureHls;
    },
  };
}

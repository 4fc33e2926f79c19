/** What a player asks for, and how the engine's own pages answer it. */

import type Hls from "hls.js";
import type { HlsConfig } from "hls.js";
import { SaidError } from "../explain";
import { parseTime } from "../time";

/** A moment that a player's menu offers. Seconds from the stream's start. */
export interface Chapter {
  start: number;
  title: string;
}

/** What is shown before anything is loaded. `start` in seconds. */
export interface Card {
  title: string;
  poster: string;
  start: number;
  chapters?: readonly Chapter[];
}

export type LoaderConstructor = HlsConfig["loader"];

export interface Api {
  card(): Card;
  /** URL of the HLS master playlist, asked for at each load because its ticket expires. */
  source(): Promise<string>;
  hls(): Promise<typeof Hls>;
  /** Where the page may not get `url`: the address at which it does; undefined for messages. */
  way?(url: string): Promise<string | undefined>;
  /** The loader for streams that come in messages. */
  loader?(Library: typeof Hls): LoaderConstructor;
  /** Has a file of the whole stream made; resolves to an address that this page can load. */
  save?(): Promise<string>;
  /** Code that plays this; empty where there is none. */
  code?(): string;
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

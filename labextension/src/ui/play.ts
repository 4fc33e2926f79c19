/** A player of something that the engine has, inside a panel. */

import type { PanelApi } from "../api";
import type { Card } from "../api/player";
import type { CellChapters, DownloadAnswer, StreamAnswer } from "../wire";
import { shotCode } from "./code";
import { type Player, mount } from "./player";

/** A stretch of an asset in seconds; all of it without `end`. */
export interface Playing {
  id: string;
  collection: string;
  title: string;
  /** Of the stretch; 0 for all of it. */
  from: number;
  to?: number;
  /** Where to begin, seconds from `from`. */
  start?: number;
}

// Only what is asked for is used, so any panel's api will do.
type Asks = Pick<PanelApi, "request" | "media" | "player">;

export function folderOf(id: string): "audio" | "video" {
  return id.startsWith("a-") ? "audio" : "video";
}

/** The address of a small picture, or "" where there is none. */
export async function pictureOf(api: Asks, id: string, at: number, width = 640): Promise<string> {
  if (!id.startsWith("m-")) return "";
  try {
    const path = `/video/${id}/thumbnail?timestamp=${at.toFixed(3)}&width=${width}`;
    const { thumbnail_url } = await api.request<{ thumbnail_url: string }>("GET", path);
    return await api.media(thumbnail_url);
  } catch {
    return ""; // The words are shown all the same.
  }
}

/** Mounts a player that loads on a click, or at once with `play`. */
export function playIn(
  element: HTMLElement,
  api: Asks,
  playing: Playing,
  options: { play?: boolean; keys?: EventTarget } = {},
): Player {
  const { id, collection, title, from, to } = playing;
  const card: Card = { title, poster: "", start: playing.start ?? 0 };
  const whole = to === undefined;
  let streamed = "";
  const source = async () => {
    const body = whole ? {} : { timeline: [[from, to]] };
    const path = `/${folderOf(id)}/${id}/stream`;
    streamed = (await api.request<StreamAnswer>("POST", path, body)).stream_url;
    return streamed;
  };
  const player = mount(
    element,
    {
      ...api.player(() => card, source),
      save: async () => {
        const request = { stream_link: await source(), name: "clip.mp4" };
        const made = await api.request<DownloadAnswer>("POST", "/download", request);
        return api.media(made.download_url);
      },
      code: () => shotCode(collection, id, whole ? undefined : [from, to]),
    },
    options.keys ? { keys: options.keys } : {},
  );
  if (options.play) void player.play();
  if (whole && folderOf(id) === "video") {
    // By the cells that ran meanwhile: most recordings have none.
    api.request<CellChapters>("GET", `/video/${id}/chapters`).then(
      ({ chapters }) => {
        card.chapters = chapters.map(({ start, title }) => ({ start, title }));
        player.update();
      },
      () => undefined,
    );
  }
  void pictureOf(api, id, from + (playing.start ?? 0)).then((poster) => {
    card.poster = poster;
    player.update();
  });
  return player;
}

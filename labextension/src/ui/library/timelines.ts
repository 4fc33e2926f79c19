/** The panel that lists the timelines that are kept. */

import type { PanelApi } from "../../api";
import type { DownloadAnswer, KeptTimeline, StreamAnswer, TimelinePage } from "../../wire";
import { trans } from "../../words";
import { timelineCode } from "../code";
import { act } from "../dom";
import { type Player, mount as mountPlayer } from "../player";
import { type LibraryState, countOf, missingText, timelineFacts } from "./model";
import { Shelf, type Stock } from "./shelf";

/** What a notebook takes when it is dropped there. */
export const timelineType = "application/x-jupyter-capture-timeline+json";
const where = "/engine/timelines";

/** It emits "insert" with a piece, and "open" with an id, "" for a new one. */
export function mountTimelines(
  element: HTMLElement,
  api: PanelApi<LibraryState>,
): { destroy(): void } {
  const fresh = act("jc-lib-new", trans.__("New"), "add");
  fresh.title = trans.__("A new timeline, in the editor");
  const panel = new Shelf(api, timelines(api), [fresh]);
  fresh.addEventListener("click", () => panel.emit("open", ""));
  element.replaceChildren(panel.ui.root);
  return panel;
}

function timelines(api: PanelApi<LibraryState>): Stock<KeptTimeline> {
  const pieceOf = ({ id, name }: KeptTimeline) => ({ timeline_id: id, title: name });
  return {
    words: {
      label: trans.__("Timelines"),
      list: trans.__("Timelines"),
      empty: trans.__(
        "No timeline is kept yet. “New” opens the editor: drag recordings and hits onto it, then Keep.",
      ),
      none: trans.__("No timeline has such a name."),
      count: (shown, all) =>
        countOf(shown, all, (count) => trans._n("%1 timeline", "%1 timelines", count)),
      deleted: ({ name }) => trans.__("“%1” is deleted. What it shows stays.", name),
    },
    look: async () => {
      const { timelines: items } = await api.request<TimelinePage>("GET", where);
      return { items, foot: "" };
    },
    known: ({ name, updated_at, missing }) => [name, updated_at, missing],
    line: (kept) => ({
      ...{ name: kept.name, length: kept.length, facts: timelineFacts(kept) },
      wrong: missingText(kept.missing ?? []),
      sound: !kept.thumbnail_url,
    }),
    picture: async ({ thumbnail_url }) => (thumbnail_url ? api.media(thumbnail_url) : ""),
    play: (stage, kept) => play(stage, api, kept),
    rename: ({ id }, name) => api.request("PATCH", `${where}/${id}`, { name }),
    erase: ({ id }) => api.request("DELETE", `${where}/${id}`),
    piece: (kept) => ({ type: timelineType, detail: pieceOf(kept) }),
    tools: (kept, shelf) => [
      {
        name: "jc-lib-insert",
        words: trans.__("Insert"),
        image: "add",
        title: trans.__("Insert into the notebook"),
        label: trans.__("Insert %1 into the notebook", kept.name),
        press: () =>
          shelf.emit("insert", pieceOf(kept), trans.__("“%1” is in the notebook.", kept.name)),
      },
      {
        name: "jc-lib-edit",
        words: trans.__("Edit"),
        title: trans.__("Open in the editor"),
        label: trans.__("Open %1 in the editor", kept.name),
        press: () => shelf.emit("open", kept.id),
      },
    ],
  };
}

function play(stage: HTMLElement, api: PanelApi<LibraryState>, kept: KeptTimeline): Player {
  const source = async () =>
    (await api.request<StreamAnswer>("POST", `${where}/${kept.id}/stream`)).stream_url;
  const card = { title: kept.name, poster: "", start: 0 };
  const player = mountPlayer(stage, {
    ...api.player(() => card, source),
    save: async () => {
      const stream_url = await source();
      const made = await api.request<DownloadAnswer>("POST", "/editor/download", { stream_url });
      return api.media(made.download_url);
    },
    code: () => timelineCode(kept.id),
  });
  void player.play();
  return player;
}

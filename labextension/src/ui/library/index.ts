/** The panel that lists what was recorded and uploaded. */

import type { PanelApi } from "../../api";
import type { Asset, AudioPage, UsageAnswer, VideoPage } from "../../wire";
import { trans } from "../../words";
import { act, make } from "../dom";
import { pictureOf, playIn } from "../play";
import { bytesText } from "../session/model";
import { type LibraryState, countText, deletionOf, factsText, recordingsOf } from "./model";
import { Shelf, type Stock } from "./shelf";

export type { LibraryState } from "./model";

/** What the timeline editor, and a notebook, take when it is dropped there. */
const shotType = "application/x-jupyter-capture-clip+json";
const pictureWidth = 192;

/** Files that are to be uploaded; `done` is called when they have ended. */
export interface Uploads {
  files: File[];
  done(): void;
}

/** It emits "insert" with a piece, and "upload" with `Uploads`. */
export function mount(element: HTMLElement, api: PanelApi<LibraryState>): { destroy(): void } {
  const upload = act("jc-lib-upload", trans.__("Upload"));
  upload.title = trans.__("Put files of video or sound into the library");
  const picker = make("input", "");
  picker.type = "file";
  picker.multiple = true;
  picker.hidden = true;
  picker.accept = "video/*,audio/*";
  const panel = new Shelf(api, recordings(api), [upload, picker]);
  const take = (files: FileList | null | undefined) => {
    if (!files?.length) return;
    const uploads: Uploads = { files: [...files], done: () => void panel.look() };
    panel.emit("upload", uploads);
  };
  upload.addEventListener("click", () => picker.click());
  picker.addEventListener("change", () => {
    take(picker.files);
    picker.value = "";
  });
  takeFiles(panel.ui.root, take);
  element.replaceChildren(panel.ui.root);
  return panel;
}

function takeFiles(root: HTMLElement, take: (files: FileList) => void): void {
  root.addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
  root.addEventListener("drop", (event) => {
    const { files } = event.dataTransfer ?? {};
    if (!files?.length) return;
    event.preventDefault();
    take(files);
  });
}

function recordings(api: PanelApi<LibraryState>): Stock<Asset> {
  const asks = api as unknown as PanelApi;
  const pieceOf = (asset: Asset) => ({
    ...{ video_id: asset.id, collection_id: asset.collection_id, title: asset.name },
    ...{ text: asset.name, start: 0, end: asset.length ?? 0, whole: true },
  });
  return {
    words: {
      label: trans.__("Library"),
      list: trans.__("Recordings"),
      empty: trans.__("Nothing was recorded yet. What you record is listed here."),
      none: trans.__("No recording has such a name. Search finds what was said in them."),
      count: countText,
      deleted: ({ name, session_id }) =>
        session_id
          ? trans.__("“%1” is deleted, with all its channels.", name)
          : trans.__("“%1” is deleted.", name),
    },
    look: async () => {
      const [{ videos }, { audios }, usage] = await Promise.all([
        api.request<VideoPage>("GET", "/video"),
        api.request<AudioPage>("GET", "/audio"),
        api.request<UsageAnswer>("GET", "/billing/usage"),
      ]);
      const foot = trans.__("%1 used", bytesText(usage.bytes));
      return { items: recordingsOf([...videos, ...audios]), foot };
    },
    known: ({ name, size }) => [name, size],
    line: (asset) => ({
      ...{ name: asset.name, length: asset.length ?? 0, facts: factsText(asset) },
      sound: asset.type === "audio",
    }),
    picture: (asset) => pictureOf(asks, asset.id, Math.min((asset.length ?? 0) / 10, 1), pictureWidth),
    play: (stage, { id, collection_id: collection, name: title }) =>
      playIn(stage, asks, { id, collection, title, from: 0 }, { play: true }),
    rename: ({ type, id }, name) => api.request("PATCH", `/${type}/${id}`, { name }),
    erase: (asset) => api.request("DELETE", deletionOf(asset)),
    piece: (asset) => ({ type: shotType, detail: pieceOf(asset) }),
    tools: (asset, shelf) => [
      {
        name: "jc-lib-insert",
        words: trans.__("Insert"),
        image: "add",
        title: trans.__("Insert into the notebook"),
        label: trans.__("Insert %1 into the notebook", asset.name),
        press: () =>
          shelf.emit("insert", pieceOf(asset), trans.__("“%1” is in the notebook.", asset.name)),
      },
    ],
  };
}

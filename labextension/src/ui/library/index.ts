/** The panel that lists what was recorded: played, renamed, deleted, inserted where it stands. */

import type { PanelApi } from "../../api";
import type { Asset, AudioPage, UsageAnswer, VideoPage } from "../../wire";
import { act, make } from "../dom";
import { type LazyList, lazyList } from "../lazy";
import { Notes, wordsOf } from "../notes";
import { pictureOf, playIn } from "../play";
import type { Player } from "../player";
import { bytesText } from "../session/model";
import { followTheme } from "../theme";
import { Deleting } from "./deleting";
import { type LibraryState, countText, deletionOf, named, recordingsOf } from "./model";
import { row } from "./row";

export type { LibraryState } from "./model";

/** What the timeline editor, and a notebook, take when it is dropped there. */
const shotType = "application/x-jupyter-capture-clip+json";
const pictureWidth = 192;

export function mount(element: HTMLElement, api: PanelApi<LibraryState>): { destroy(): void } {
  const panel = new LibraryController(api);
  element.replaceChildren(panel.ui.root);
  return panel;
}

function view() {
  const query = make("input", "jc-field jc-query");
  query.type = "search";
  query.placeholder = "Find by name";
  query.setAttribute("aria-label", "Find by name");
  const notes = new Notes();
  const count = make("span", "jc-count");
  count.setAttribute("role", "status");
  const used = make("span", "jc-lib-used");
  const undo = act("jc-lib-undo", "Undo");
  const gone = make("span", "jc-lib-gone-words");
  const deleted = make("div", "jc-lib-gone", gone, undo);
  deleted.hidden = true;
  deleted.setAttribute("role", "status");
  const empty = make("p", "jc-faint jc-lib-empty");
  empty.hidden = true;
  const list = make("ol", "jc-hits");
  list.setAttribute("aria-label", "Recordings");
  const scroller = make("div", "jc-hits-scroll", empty, list);
  const foot = make("div", "jc-lib-foot jc-faint", count, used);
  const root = make("section", "jc-panel jc-library", query, notes.list, scroller, deleted, foot);
  root.setAttribute("aria-label", "Library");
  root.dataset["lmSuppressShortcuts"] = "true";
  return { root, query, notes, count, used, undo, gone, deleted, empty, list, scroller };
}

class LibraryController {
  readonly ui = view();
  private readonly ends: (() => void)[] = [];
  private readonly deleting = new Deleting((asset) => this.erase(asset));
  private all: Asset[] = [];
  private shown: Asset[] = [];
  private rows: LazyList | undefined;
  private player: Player | undefined;
  private playing: HTMLElement | undefined;
  private known = "";

  constructor(private readonly api: PanelApi<LibraryState>) {
    const { ui } = this;
    ui.query.value = api.get("query");
    ui.query.addEventListener("input", () => {
      api.set("query", ui.query.value);
      this.paint();
    });
    ui.undo.addEventListener("click", () => this.undo());
    const look = () => {
      if (!document.hidden) void this.look();
    };
    ui.root.addEventListener("pointerenter", look);
    document.addEventListener("visibilitychange", look);
    // A view that was behind another tab is looked at anew.
    const seen = new IntersectionObserver((all) => all.some((each) => each.isIntersecting) && look());
    seen.observe(ui.root);
    this.ends.push(
      followTheme(ui.root),
      () => seen.disconnect(),
      () => document.removeEventListener("visibilitychange", look),
    );
    void this.look();
  }

  destroy(): void {
    for (const end of this.ends) end();
    this.deleting.flush();
    this.rows?.destroy();
    this.player?.destroy();
    this.ui.root.remove();
  }

  private async look(): Promise<void> {
    const { api, ui } = this;
    try {
      const [{ videos }, { audios }, usage] = await Promise.all([
        api.request<VideoPage>("GET", "/video"),
        api.request<AudioPage>("GET", "/audio"),
        api.request<UsageAnswer>("GET", "/billing/usage"),
      ]);
      this.all = recordingsOf([...videos, ...audios]);
      ui.used.textContent = `${bytesText(usage.bytes)} used`;
      ui.notes.set("list", "");
      this.paint();
    } catch (error) {
      ui.notes.set("list", wordsOf(error), { again: () => void this.look() });
    }
  }

  private paint(): void {
    const { ui } = this;
    const there = this.all.filter((each) => !this.deleting.has(each.id));
    const shown = named(there, ui.query.value);
    ui.count.textContent = countText(shown.length, there.length);
    ui.empty.hidden = shown.length > 0;
    ui.empty.textContent = there.length
      ? "No recording has such a name. Search finds what was said in them."
      : "Nothing was recorded yet. What you record is listed here.";
    const last = this.deleting.last;
    ui.deleted.hidden = !last;
    if (last) {
      const all = last.session_id ? ", with all its channels" : "";
      ui.gone.textContent = `“${last.name}” is deleted${all}.`;
    }
    // What plays goes on playing where nothing has changed.
    const known = JSON.stringify(shown.map(({ id, name, size }) => [id, name, size]));
    if (known === this.known) return;
    this.known = known;
    this.stopPlaying();
    this.rows?.destroy();
    this.shown = shown;
    this.rows = lazyList(ui.list, ui.scroller, shown.length, {
      tag: "li",
      name: "jc-hit jc-lib-row",
      fill: (element, index) => this.fill(element, index),
      drain: (element) => element.replaceChildren(),
      holds: (element) => element === this.playing || element.querySelector(".jc-field") !== null,
    });
  }

  private fill(element: HTMLElement, index: number): void {
    const asset = this.shown[index];
    if (!asset) return;
    const piece = {
      ...{ video_id: asset.id, collection_id: asset.collection_id, title: asset.name },
      ...{ text: asset.name, start: 0, end: asset.length ?? 0, whole: true },
    };
    element.dataset["asset"] = asset.id;
    element.replaceChildren(
      ...row(asset, {
        play: () => this.toggle(element, asset),
        insert: () => this.tell("insert", piece, `“${asset.name}” is in the notebook.`),
        rename: (name) => void this.rename(asset, name),
        remove: () => this.remove(asset),
        drag: (event) => {
          event.dataTransfer?.setData(shotType, JSON.stringify(piece));
          event.dataTransfer?.setData("text/plain", asset.name);
        },
        picture: (image) => {
          const at = Math.min((asset.length ?? 0) / 10, 1);
          void pictureOf(this.asks, asset.id, at, pictureWidth).then((url) => {
            if (url) image.src = url;
          });
        },
      }),
    );
  }

  private get asks(): PanelApi {
    return this.api as unknown as PanelApi;
  }

  private tell(name: string, detail: unknown, done: string): void {
    const { notes } = this.ui;
    try {
      this.api.emit(name, detail);
      notes.set("act", done, { calm: true });
    } catch (error) {
      notes.set("act", wordsOf(error));
    }
  }

  private toggle(element: HTMLElement, asset: Asset): void {
    const again = element === this.playing;
    this.stopPlaying();
    if (again) return;
    this.playing = element;
    element.querySelector(".jc-hit-play")?.setAttribute("aria-expanded", "true");
    const stage = make("div", "jc-hit-player");
    element.append(stage);
    const { id, collection_id: collection, name: title } = asset;
    this.player = playIn(stage, this.asks, { id, collection, title, from: 0 }, { play: true });
  }

  private stopPlaying(): void {
    this.player?.destroy();
    this.player = undefined;
    this.playing?.querySelector(".jc-hit-play")?.setAttribute("aria-expanded", "false");
    this.playing?.querySelector(".jc-hit-player")?.remove();
    this.playing = undefined;
  }

  private async rename(asset: Asset, name: string): Promise<void> {
    const { api, ui } = this;
    try {
      await api.request("PATCH", `/${asset.type}/${asset.id}`, { name });
      ui.notes.set("act", "");
    } catch (error) {
      ui.notes.set("act", wordsOf(error));
    }
    await this.look();
    this.focus(asset.id);
  }

  private focus(id: string): void {
    const row = this.rows?.rows.find((each) => each.dataset["asset"] === id);
    row?.querySelector<HTMLElement>(".jc-lib-rename")?.focus();
  }

  private remove(asset: Asset): void {
    this.deleting.add(asset);
    this.paint();
    this.ui.undo.focus();
  }

  private undo(): void {
    const { last } = this.deleting;
    if (last) this.deleting.undo(last.id);
    this.paint();
    this.ui.query.focus();
  }

  private async erase(asset: Asset): Promise<void> {
    try {
      await this.api.request("DELETE", deletionOf(asset));
      this.all = this.all.filter((each) => each.id !== asset.id);
    } catch (error) {
      this.ui.notes.set("act", `“${asset.name}” is still there. ${wordsOf(error)}`);
    } finally {
      // It does not wait any more, or it is listed again.
      setTimeout(() => void this.look());
    }
  }
}

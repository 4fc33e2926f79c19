/** A list of things with names: found, played, renamed, deleted, dragged and inserted where they stand. */

import type { PanelApi } from "../../api";
import { trans } from "../../words";
import { act, make } from "../dom";
import { type LazyList, lazyList } from "../lazy";
import { Notes, wordsOf } from "../notes";
import type { Player } from "../player";
import { followTheme } from "../theme";
import { Deleting } from "./deleting";
import { type LibraryState, named } from "./model";
import { type Line, type Tool, row } from "./row";

export interface Thing {
  id: string;
  name: string;
}

/** What stands on a shelf, and how the engine is asked for it. */
export interface Stock<T extends Thing> {
  words: {
    label: string;
    list: string;
    /** Where there is nothing, and where nothing has such a name. */
    empty: string;
    none: string;
    count(shown: number, all: number): string;
    deleted(item: T): string;
  };
  /** All of them, in the order in which they are shown; and what is said at the foot. */
  look(): Promise<{ items: T[]; foot: string }>;
  line(item: T): Line;
  /** What a row shows: one that shows the same stays as it is. */
  known(item: T): unknown;
  picture(item: T): Promise<string>;
  play(stage: HTMLElement, item: T): Player;
  rename(item: T, name: string): Promise<unknown>;
  erase(item: T): Promise<unknown>;
  /** What is dragged: its type, and what goes into JSON. */
  piece(item: T): { type: string; detail: object };
  tools(item: T, shelf: Teller): Tool[];
}

/** Tells the outside world of something; what that refuses is said on the shelf. */
export interface Teller {
  emit(name: string, detail: unknown, done?: string): void;
}

function view(words: Stock<Thing>["words"], extra: HTMLElement[]) {
  const query = make("input", "jc-field jc-query");
  query.type = "search";
  query.placeholder = trans.__("Find by name");
  query.setAttribute("aria-label", trans.__("Find by name"));
  const notes = new Notes();
  const count = make("span", "jc-count");
  count.setAttribute("role", "status");
  const used = make("span", "jc-lib-used");
  const undo = act("jc-lib-undo", trans.__("Undo"));
  const gone = make("span", "jc-lib-gone-words");
  const deleted = make("div", "jc-lib-gone", gone, undo);
  deleted.hidden = true;
  deleted.setAttribute("role", "status");
  const empty = make("p", "jc-faint jc-lib-empty");
  empty.hidden = true;
  const list = make("ol", "jc-hits");
  list.setAttribute("aria-label", words.list);
  const scroller = make("div", "jc-hits-scroll", empty, list);
  const foot = make("div", "jc-lib-foot jc-faint", count, used);
  const head = make("div", "jc-lib-head", query, ...extra);
  const root = make("section", "jc-panel jc-library", head, notes.list, scroller, deleted, foot);
  root.setAttribute("aria-label", words.label);
  root.dataset["lmSuppressShortcuts"] = "true";
  return { root, query, notes, count, used, undo, gone, deleted, empty, list, scroller };
}

export class Shelf<T extends Thing> implements Teller {
  readonly ui: ReturnType<typeof view>;
  private readonly ends: (() => void)[] = [];
  private readonly deleting = new Deleting<T>((item) => this.erase(item));
  private all: T[] = [];
  private shown: T[] = [];
  private rows: LazyList | undefined;
  private player: Player | undefined;
  private playing: HTMLElement | undefined;
  private isHeld = false;

  constructor(
    private readonly api: PanelApi<LibraryState>,
    private readonly stock: Stock<T>,
    extra: HTMLElement[] = [],
  ) {
    this.ui = view(stock.words as Stock<Thing>["words"], extra);
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
    // What is pressed, or dragged, is not made anew under the pointer.
    ui.list.addEventListener("pointerdown", () => {
      this.isHeld = true;
    });
    const release = () => {
      if (!this.isHeld) return;
      this.isHeld = false;
      setTimeout(() => this.paint());
    };
    for (const name of ["pointerup", "dragend"]) window.addEventListener(name, release, true);
    this.ends.push(
      followTheme(ui.root),
      () => {
        for (const name of ["pointerup", "dragend"]) window.removeEventListener(name, release, true);
      },
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

  emit(name: string, detail: unknown, done = ""): void {
    const { notes } = this.ui;
    try {
      this.api.emit(name, detail);
      notes.set("act", done, { calm: true });
    } catch (error) {
      notes.set("act", wordsOf(error));
    }
  }

  async look(): Promise<void> {
    const { ui } = this;
    try {
      const { items, foot } = await this.stock.look();
      this.all = items;
      ui.used.textContent = foot;
      ui.notes.set("list", "");
      this.paint();
    } catch (error) {
      ui.notes.set("list", wordsOf(error), { again: () => void this.look() });
    }
  }

  private paint(): void {
    const { ui, stock } = this;
    const there = this.all.filter((each) => !this.deleting.has(each.id));
    const shown = named(there, ui.query.value);
    ui.count.textContent = stock.words.count(shown.length, there.length);
    ui.empty.hidden = shown.length > 0;
    ui.empty.textContent = there.length ? stock.words.none : stock.words.empty;
    const last = this.deleting.last;
    ui.deleted.hidden = !last;
    if (last) ui.gone.textContent = stock.words.deleted(last);
    if (this.isHeld) return;
    this.rows?.destroy();
    this.shown = shown;
    this.rows = lazyList(ui.list, ui.scroller, this.rowsOf(shown), {
      fill: (element, index) => this.fill(element, index),
      drain: (element) => element.replaceChildren(),
      holds: (element) => element === this.playing || element.querySelector(".jc-field") !== null,
    });
  }

  /** A row that shows the same stays, and what plays in it goes on; others are written anew. */
  private rowsOf(shown: readonly T[]): HTMLElement[] {
    const before = new Map(this.rows?.rows.map((each) => [each.dataset["id"], each]));
    const now = shown.map((item, index) => {
      const element = before.get(item.id) ?? make("li", "jc-hit jc-lib-row");
      before.delete(item.id);
      element.dataset["id"] = item.id;
      const known = JSON.stringify(this.stock.known(item));
      if (element.dataset["known"] === known) return element;
      element.dataset["known"] = known;
      if (element === this.playing) this.stopPlaying();
      // One in sight is never empty, not for a moment: it may be what is about to be pressed.
      if (element.hasChildNodes()) this.fill(element, index);
      return element;
    });
    if (before.has(this.playing?.dataset["id"])) this.stopPlaying();
    return now;
  }

  private fill(element: HTMLElement, index: number): void {
    const item = this.shown[index];
    if (!item) return;
    const { stock } = this;
    element.replaceChildren(
      ...row(stock.line(item), stock.tools(item, this), {
        play: () => this.toggle(element, item),
        rename: (name) => void this.rename(item, name),
        remove: () => this.remove(item),
        drag: (event) => {
          const { type, detail } = stock.piece(item);
          event.dataTransfer?.setData(type, JSON.stringify(detail));
          event.dataTransfer?.setData("text/plain", item.name);
        },
        picture: (image) => {
          void stock.picture(item).then((url) => {
            if (url) image.src = url;
          });
        },
      }),
    );
  }

  private toggle(element: HTMLElement, item: T): void {
    const again = element === this.playing;
    this.stopPlaying();
    if (again) return;
    this.playing = element;
    element.querySelector(".jc-hit-play")?.setAttribute("aria-expanded", "true");
    const stage = make("div", "jc-hit-player");
    element.append(stage);
    this.player = this.stock.play(stage, item);
  }

  private stopPlaying(): void {
    this.player?.destroy();
    this.player = undefined;
    this.playing?.querySelector(".jc-hit-play")?.setAttribute("aria-expanded", "false");
    this.playing?.querySelector(".jc-hit-player")?.remove();
    this.playing = undefined;
  }

  private async rename(item: T, name: string): Promise<void> {
    const { ui } = this;
    try {
      await this.stock.rename(item, name);
      ui.notes.set("act", "");
    } catch (error) {
      ui.notes.set("act", wordsOf(error));
    }
    await this.look();
    this.focus(item.id);
  }

  private focus(id: string): void {
    const row = this.rows?.rows.find((each) => each.dataset["id"] === id);
    row?.querySelector<HTMLElement>(".jc-lib-rename")?.focus();
  }

  private remove(item: T): void {
    this.deleting.add(item);
    this.paint();
    this.ui.undo.focus();
  }

  private undo(): void {
    const { last } = this.deleting;
    if (last) this.deleting.undo(last.id);
    this.paint();
    this.ui.query.focus();
  }

  private async erase(item: T): Promise<void> {
    try {
      await this.stock.erase(item);
      this.all = this.all.filter((each) => each.id !== item.id);
    } catch (error) {
      this.ui.notes.set("act", trans.__("“%1” is still there. %2", item.name, wordsOf(error)));
    } finally {
      // It does not wait any more, or it is listed again.
      setTimeout(() => void this.look());
    }
  }
}

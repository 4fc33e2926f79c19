/** The panel that finds: a query, its hits, each played where it stands. */

import type { PanelApi } from "../../api";
import { ApiError } from "../../api/panel";
import { formatTime } from "../../time";
import type { EngineStatus, SearchAnswer, Session, VideoPage } from "../../wire";
import { trans } from "../../words";
import { make } from "../dom";
import { type LazyList, lazyList } from "../lazy";
import { busyWords, wordsOf } from "../notes";
import { folderOf, pictureOf, playIn } from "../play";
import type { Player } from "../player";
import { followTheme } from "../theme";
import { Listening } from "./listening";
import { LiveSession, isLive, nameOf } from "./live";
import {
  type Hit,
  type SearchState,
  asksCells,
  asksScreen,
  countText,
  hitsOf,
  spanText,
} from "./model";
import { type Adding, fillRow, notYet } from "./row";
import { view } from "./view";

export type { Hit, SearchState } from "./model";
export type { Adding } from "./row";

const most = 1_000;
const listed = 300;
const pictureWidth = 192;
const scopesEvery = 3_000;

const toTimeline = (): Adding => ({
  words: trans.__("Timeline"),
  title: trans.__("Add to timeline (t)"),
  label: (span) => trans.__("Add %1 to the timeline", span),
});

export function mount(
  element: HTMLElement,
  api: PanelApi<SearchState>,
  adding: Adding = toTimeline(),
): { destroy(): void } {
  const panel = new SearchController(api, adding);
  element.replaceChildren(panel.ui.root);
  return panel;
}

class SearchController {
  readonly ui = view();
  private readonly ends: (() => void)[] = [];
  private hits: readonly Hit[] = [];
  private shown: LazyList | undefined;
  private readonly tells = new WeakMap<HTMLElement, string>();
  private player: Player | undefined;
  private playing = -1;
  private attempt = 0;
  private asked = "";
  private scopesAsked = -Infinity;
  private readonly live: LiveSession;
  private readonly listening: Listening;

  constructor(
    private readonly api: PanelApi<SearchState>,
    private readonly adding: Adding,
  ) {
    const { ui } = this;
    this.live = new LiveSession(
      api,
      () => void this.search(true),
      () => void this.search(),
    );
    this.listening = new Listening(api, (words) => (ui.count.textContent = words));
    // What began to record since then is offered when somebody is about to choose.
    for (const name of ["pointerenter", "focus"]) {
      ui.scope.addEventListener(name, () => {
        if (Date.now() - this.scopesAsked > scopesEvery) void this.listScopes();
      });
    }
    ui.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.search();
    });
    ui.mode.addEventListener("change", () => api.set("mode", ui.mode.value));
    ui.scope.addEventListener("change", () => {
      api.set("scope", ui.scope.value);
      this.leaveLive();
    });
    ui.more.addEventListener("click", () => {
      api.set("limit", Math.min(most, api.get("limit") * 2));
      void this.search();
    });
    ui.list.addEventListener("keydown", (event) => this.key(event));
    const take = () => this.takeState();
    this.ends.push(
      followTheme(ui.root),
      api.on("query", () => {
        take();
        if (api.get("query") !== this.asked) void this.search();
      }),
      api.on("mode", take),
      api.on("scope", () => {
        take();
        this.leaveLive();
      }),
      api.on("results", () => this.takeResults()),
      api.waiting((is) => ui.notes.set("busy", is ? busyWords() : "", { calm: true })),
    );
    take();
    void this.listScopes();
    if (api.get("results").length) this.takeResults();
    else if (api.get("query").trim()) void this.search();
  }

  destroy(): void {
    this.attempt += 1;
    for (const end of this.ends) end();
    this.live.stop();
    this.shown?.destroy();
    this.player?.destroy();
    this.ui.root.remove();
  }

  private leaveLive(): void {
    this.live.stop();
    this.ui.notes.set("live", "");
  }

  private takeState(): void {
    const { ui, api } = this;
    if (document.activeElement !== ui.query) ui.query.value = api.get("query");
    ui.mode.value = api.get("mode");
    this.chooseScope(api.get("scope"));
  }

  private chooseScope(scope: string): void {
    const { options } = this.ui.scope;
    if (![...options].some((option) => option.value === scope)) options.add(new Option(scope, scope));
    this.ui.scope.value = scope;
  }

  private async listScopes(): Promise<void> {
    const { api, ui } = this;
    this.scopesAsked = Date.now();
    const all = new Option(trans.__("All recordings"), "collection");
    if (!ui.scope.options.length) ui.scope.append(all);
    this.chooseScope(api.get("scope"));
    try {
      const path = `/video?collection_id=${encodeURIComponent(api.get("collection_id"))}`;
      const [{ videos }, running] = await Promise.all([
        api.request<VideoPage>("GET", path),
        this.running(),
      ]);
      const options = videos.slice(0, listed).map((video) => new Option(video.name, video.id));
      const sessions = running.map((session) => {
        return new Option(trans.__("Recording now: %1", nameOf(session)), session.session_id);
      });
      ui.scope.replaceChildren(all, ...sessions, ...options);
      this.chooseScope(api.get("scope"));
      ui.notes.set("scopes", "");
    } catch (error) {
      ui.notes.set("scopes", wordsOf(error), { again: () => void this.listScopes() });
    }
  }

  /** What records now. A cloud has no such list, and is searched all the same. */
  private async running(): Promise<Session[]> {
    const { api } = this;
    try {
      const { recordings } = await api.request<EngineStatus>("GET", "/engine");
      const asked = recordings.map((id) => api.request<Session>("GET", `/capture/session/${id}`));
      return (await Promise.all(asked)).filter(isLive);
    } catch {
      return [];
    }
  }

  // -- searching

  /** `again`: the same query, because more was said since. */
  private async search(again = false): Promise<void> {
    const { api, ui } = this;
    const query = again ? this.asked : ui.query.value;
    const attempt = ++this.attempt;
    ui.notes.set("search", "");
    this.asked = query;
    if (api.get("query") !== query) api.set("query", query);
    if (!query.trim()) {
      ui.notes.set("search", trans.__("Write the words that you look for."), { calm: true });
      return;
    }
    ui.root.setAttribute("aria-busy", "true");
    if (!again) ui.count.textContent = trans.__("Searching…");
    try {
      const found = await this.find(query);
      if (attempt !== this.attempt) return;
      api.set("results", found);
      this.takeResults();
    } catch (error) {
      if (attempt !== this.attempt) return;
      ui.count.textContent = "";
      ui.notes.set("search", wordsOf(error), { again: () => void this.search() });
    } finally {
      if (attempt === this.attempt) ui.root.removeAttribute("aria-busy");
    }
  }

  private async find(query: string): Promise<Hit[]> {
    const { api, ui } = this;
    const request = { query, mode: api.get("mode"), top_k: api.get("limit") };
    const session = await this.session();
    if (session && isLive(session)) {
      const { hits, note } = await this.live.search(session, request);
      ui.notes.set("live", note, { calm: true });
      return hits;
    }
    this.leaveLive();
    const where = this.place(session);
    const screen = asksScreen(query);
    const ask = () => api.request<SearchAnswer>("POST", `${where}/search/v2`, request);
    if (where.startsWith("/collection")) {
      // What was not listened to yet would be left out without a word.
      if (!asksCells(query)) await this.listening.all(api.get("collection_id"), screen);
      return hitsOf(await ask());
    }
    const answer = await ask().catch(async (error: unknown) => {
      if (!(error instanceof ApiError) || error.code !== "NOT_INDEXED") throw error;
      await this.listening.one(where, screen);
      return ask();
    });
    return hitsOf(answer);
  }

  private async session(): Promise<Session | undefined> {
    const scope = this.api.get("scope");
    if (!scope.startsWith("cap-")) return undefined;
    return this.api.request<Session>("GET", `/capture/session/${scope}`);
  }

  private place(session: Session | undefined): string {
    const { api } = this;
    const scope = api.get("scope");
    if (scope === "collection") return `/collection/${api.get("collection_id")}`;
    if (!session) return `/${folderOf(scope)}/${scope}`;
    const video = session.exported_video_id;
    if (video) return `/${folderOf(video)}/${video}`;
    const kept = session.status === "stopped" ? "nothing of it was kept" : "it is not exported";
    throw new ApiError(`${scope} is ${session.status}: ${kept}, so it cannot be searched.`, 409, "CONFLICT");
  }

  // -- what was found

  private takeResults(): void {
    const { api, ui } = this;
    const hits = api.get("results");
    if (hits === this.hits) return;
    this.stopPlaying();
    this.hits = hits;
    this.shown?.destroy();
    const more = hits.length >= api.get("limit") && hits.length < most;
    ui.count.textContent = countText(hits.length, more);
    ui.more.hidden = !more;
    if (!hits.some((hit) => hit.session_id)) ui.scroller.scrollTop = 0;
    const rows = this.rowsOf(hits);
    this.shown = lazyList(ui.list, ui.scroller, rows, {
      fill: (row, index) => this.fill(row, index),
      drain: (row) => row.replaceChildren(),
      holds: (row) => row.classList.contains("jc-playing-here"),
    });
  }

  /** A hit that is found again, as in what is still recorded, keeps its row, and so its focus. */
  private rowsOf(hits: readonly Hit[]): HTMLElement[] {
    const before = new Map(this.shown?.rows.map((row) => [this.tells.get(row), row]));
    return hits.map((hit) => {
      const told = JSON.stringify([this.asked, hit]);
      const row = before.get(told) ?? make("li", "jc-hit");
      before.delete(told);
      this.tells.set(row, told);
      return row;
    });
  }

  private fill(row: HTMLElement, index: number): void {
    const hit = this.hits[index];
    if (!hit) return;
    const place = () => this.shown?.rows.indexOf(row) ?? -1;
    fillRow(row, hit, {
      query: this.asked || this.api.get("query"),
      playing: index === this.playing,
      adding: this.adding,
      play: () => this.toggle(place()),
      add: () => this.add(place()),
      picture: (at) => pictureOf(this.api as unknown as PanelApi, hit.video_id, at, pictureWidth),
    });
  }

  private toggle(index: number): void {
    const again = index === this.playing;
    this.stopPlaying();
    if (again) return;
    const hit = this.hits[index];
    const row = this.shown?.draw(index);
    if (!hit || !row) return;
    if (!hit.video_id) {
      this.ui.count.textContent = notYet();
      return;
    }
    this.playing = index;
    row.classList.add("jc-playing-here");
    row.querySelector(".jc-hit-play")?.setAttribute("aria-expanded", "true");
    const stage = make("div", "jc-hit-player");
    row.append(stage);
    this.player = playIn(
      stage,
      this.api as unknown as PanelApi,
      {
        id: hit.video_id,
        collection: hit.collection_id,
        title: hit.text,
        from: hit.start,
        to: hit.end,
      },
      { play: true },
    );
    row.scrollIntoView({ block: "nearest" });
  }

  private stopPlaying(): void {
    const row = this.shown?.rows[this.playing];
    row?.classList.remove("jc-playing-here");
    row?.querySelector(".jc-hit-play")?.setAttribute("aria-expanded", "false");
    this.player?.destroy();
    this.player = undefined;
    row?.querySelector(".jc-hit-player")?.remove();
    this.playing = -1;
  }

  private add(index: number): void {
    const hit = this.hits[index];
    if (!hit) return;
    if (!hit.video_id) {
      this.ui.count.textContent = notYet();
      return;
    }
    this.api.set("selected", { ...hit });
    try {
      this.api.emit("add", hit);
      this.ui.count.textContent = trans.__("Added %1.", spanText(formatTime(hit.start), formatTime(hit.end)));
    } catch (error) {
      this.ui.notes.set("search", wordsOf(error));
    }
  }

  /** Up and down go from hit to hit, t adds one to the timeline, Escape closes the player. */
  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest(".jc-player")) return;
    const row = target.closest<HTMLElement>(".jc-hit");
    const index = row ? (this.shown?.rows.indexOf(row) ?? -1) : -1;
    if (index < 0) return;
    const last = this.hits.length - 1;
    const steps: Record<string, number> = {
      ArrowDown: Math.min(last, index + 1),
      ArrowUp: Math.max(0, index - 1),
      Home: 0,
      End: last,
    };
    const next = steps[event.key];
    if (next !== undefined) {
      this.shown?.draw(next).querySelector<HTMLElement>(".jc-hit-play")?.focus();
    } else if (event.key === "t") this.add(index);
    else if (event.key === "Escape" && this.playing >= 0) {
      const open = this.shown?.rows[this.playing];
      this.stopPlaying();
      open?.querySelector<HTMLElement>(".jc-hit-play")?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

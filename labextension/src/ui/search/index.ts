/** The panel that finds: a query, its hits, each played where it stands. */

import type { PanelApi } from "../../api";
import { ApiError } from "../../api/panel";
import { formatTime } from "../../time";
import type { SearchAnswer, Session, VideoPage } from "../../wire";
import { act, icon, make } from "../dom";
import { type LazyList, lazyList } from "../lazy";
import { Notes, busyWords, wordsOf } from "../notes";
import { folderOf, pictureOf, playIn } from "../play";
import type { Player } from "../player";
import { followTheme } from "../theme";
import {
  type Hit,
  type SearchState,
  countText,
  hitsOf,
  marked,
  modes,
  spanText,
} from "./model";

export type { Hit, SearchState } from "./model";

/** What the timeline editor takes when it is dropped there. */
const shotType = "application/x-jupyter-capture-clip+json";
const most = 1_000;
const listed = 300;
const pictureWidth = 192;

export function mount(element: HTMLElement, api: PanelApi<SearchState>): { destroy(): void } {
  const panel = new SearchController(api);
  element.replaceChildren(panel.ui.root);
  return panel;
}

function view() {
  const query = make("input", "jc-field jc-query");
  query.type = "search";
  query.placeholder = "What was said";
  query.setAttribute("aria-label", "What was said");
  query.maxLength = 2000;
  const mode = make("select", "jc-pick");
  mode.setAttribute("aria-label", "Search by");
  mode.append(...modes.map(([value, words]) => new Option(words, value)));
  const scope = make("select", "jc-pick jc-scope");
  scope.setAttribute("aria-label", "Search in");
  const find = act("jc-main jc-find", "Search", "search");
  find.type = "submit";
  const form = make("form", "jc-search-form", query, mode, scope, find);
  form.setAttribute("role", "search");
  const notes = new Notes();
  const count = make("span", "jc-faint jc-count");
  count.setAttribute("role", "status");
  const more = act("jc-more", "Show more");
  more.hidden = true;
  const list = make("ol", "jc-hits");
  list.setAttribute("aria-label", "Moments");
  const scroller = make("div", "jc-hits-scroll", list);
  const root = make(
    "section",
    "jc-panel jc-search",
    form,
    notes.list,
    make("div", "jc-search-foot", count, more),
    scroller,
  );
  root.setAttribute("aria-label", "Search");
  root.dataset["lmSuppressShortcuts"] = "true";
  return { root, form, query, mode, scope, find, notes, count, more, list, scroller };
}

class SearchController {
  readonly ui = view();
  private readonly ends: (() => void)[] = [];
  private hits: readonly Hit[] = [];
  private shown: LazyList | undefined;
  private player: Player | undefined;
  private playing = -1;
  private attempt = 0;
  private asked = "";

  constructor(private readonly api: PanelApi<SearchState>) {
    const { ui } = this;
    ui.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.search();
    });
    ui.mode.addEventListener("change", () => api.set("mode", ui.mode.value));
    ui.scope.addEventListener("change", () => api.set("scope", ui.scope.value));
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
      api.on("scope", take),
      api.on("results", () => this.takeResults()),
      api.waiting((is) => ui.notes.set("busy", is ? busyWords : "", { calm: true })),
    );
    take();
    void this.listScopes();
    if (api.get("results").length) this.takeResults();
    else if (api.get("query").trim()) void this.search();
  }

  destroy(): void {
    this.attempt += 1;
    for (const end of this.ends) end();
    this.shown?.destroy();
    this.player?.destroy();
    this.ui.root.remove();
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
    const collection = api.get("collection_id");
    ui.scope.replaceChildren(new Option("All recordings", "collection"));
    this.chooseScope(api.get("scope"));
    try {
      const path = `/video?collection_id=${encodeURIComponent(collection)}`;
      const { videos } = await api.request<VideoPage>("GET", path);
      const options = videos.slice(0, listed).map((video) => new Option(video.name, video.id));
      const known = new Set(options.map((option) => option.value));
      const own = [...ui.scope.options].filter((option) => !known.has(option.value));
      ui.scope.replaceChildren(...own, ...options);
      this.chooseScope(api.get("scope"));
      ui.notes.set("scopes", "");
    } catch (error) {
      ui.notes.set("scopes", wordsOf(error), { again: () => void this.listScopes() });
    }
  }

  // -- searching

  private async search(): Promise<void> {
    const { api, ui } = this;
    const query = ui.query.value;
    const attempt = ++this.attempt;
    ui.notes.set("search", "");
    this.asked = query;
    if (api.get("query") !== query) api.set("query", query);
    if (!query.trim()) {
      ui.notes.set("search", "Write the words that you look for.", { calm: true });
      return;
    }
    ui.root.setAttribute("aria-busy", "true");
    ui.count.textContent = "Searching…";
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
    const { api } = this;
    const where = await this.place();
    const request = { query, mode: api.get("mode"), top_k: api.get("limit") };
    const ask = () => api.request<SearchAnswer>("POST", `${where}/search/v2`, request);
    const answer = await ask().catch(async (error: unknown) => {
      if (!(error instanceof ApiError) || error.code !== "NOT_INDEXED") throw error;
      if (where.startsWith("/collection")) throw error;
      await this.index(where);
      return ask();
    });
    return hitsOf(answer);
  }

  private async index(where: string): Promise<void> {
    const { count } = this.ui;
    await this.api.request("POST", `${where}/index`, {}, ({ percentage }) => {
      count.textContent = `Listening to it first, ${percentage.toFixed(0)} %…`;
    });
    count.textContent = "Searching…";
  }

  private async place(): Promise<string> {
    const { api } = this;
    const scope = api.get("scope");
    if (scope === "collection") return `/collection/${api.get("collection_id")}`;
    if (!scope.startsWith("cap-")) return `/${folderOf(scope)}/${scope}`;
    const session = await api.request<Session>("GET", `/capture/session/${scope}`);
    const video = session.exported_video_id;
    if (video) return `/${folderOf(video)}/${video}`;
    throw new ApiError(
      `${scope} is ${session.status}: it can be searched once it has stopped and is exported.`,
      409,
      "CONFLICT",
    );
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
    ui.scroller.scrollTop = 0;
    this.shown = lazyList(ui.list, ui.scroller, hits.length, {
      tag: "li",
      name: "jc-hit",
      fill: (row, index) => this.fill(row, index),
      drain: (row) => row.replaceChildren(),
      holds: (row) => row.classList.contains("jc-playing-here"),
    });
  }

  private fill(row: HTMLElement, index: number): void {
    const hit = this.hits[index];
    if (!hit) return;
    const image = make("img", "jc-hit-picture");
    image.alt = "";
    const picture = make("span", "jc-hit-stage", image, icon("play"));
    const words = make("span", "jc-hit-words");
    for (const part of marked(hit.text, this.asked || this.api.get("query"))) {
      words.append(part.marked ? make("mark", "", part.text) : part.text);
    }
    const span = spanText(formatTime(hit.start), formatTime(hit.end));
    const from = [span, hit.channel, hit.title].filter(Boolean).join(" · ");
    const below = make("span", "jc-faint jc-hit-from", from);
    const play = make("button", "jc-hit-play", picture, make("span", "jc-hit-said", words, below));
    play.type = "button";
    play.setAttribute("aria-expanded", String(index === this.playing));
    play.addEventListener("click", () => this.toggle(index));
    play.draggable = true;
    play.addEventListener("dragstart", (event) => {
      event.dataTransfer?.setData(shotType, JSON.stringify(hit));
      event.dataTransfer?.setData("text/plain", hit.text);
    });
    const add = act("jc-add", "Timeline", "add");
    add.title = "Add to timeline (t)";
    add.setAttribute("aria-label", `Add ${span} to the timeline`);
    add.addEventListener("click", () => this.add(index));
    row.replaceChildren(make("div", "jc-hit-line", play, add));
    if (!hit.video_id.startsWith("m-")) picture.classList.add("jc-hit-sound");
    else {
      void pictureOf(this.api as unknown as PanelApi, hit.video_id, hit.start, pictureWidth).then(
        (url) => {
          if (url) image.src = url;
        },
      );
    }
  }

  private toggle(index: number): void {
    const again = index === this.playing;
    this.stopPlaying();
    if (again) return;
    const hit = this.hits[index];
    const row = this.shown?.draw(index);
    if (!hit || !row) return;
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
    this.api.set("selected", { ...hit });
    try {
      this.api.emit("add", hit);
      this.ui.count.textContent = `Added ${spanText(formatTime(hit.start), formatTime(hit.end))}.`;
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

/** The lanes: one element a clip, moved and stretched as the timeline changes. */

import { trans } from "../../words";
import { make, relabel } from "../dom";
import { CellsLane } from "./cells-lane";
import type { Desk } from "./desk";
import { type Clip, type Lane, TICKS, endOf, kindOf, labelOf, lengthOf } from "./model";
import { exactTime, shortLength, toPixels, toTicks } from "./ruler";
import { RulerView } from "./ruler-view";
import type { Sources } from "./sources";
import { type Window, drawStrip } from "./strips";

/** Pixels left of time 0, in which the layers are named. */
export const gutter = 30;
const overscan = 200;
const narrowest = 16;

interface Shown {
  root: HTMLElement;
  strip: HTMLCanvasElement;
  name: HTMLElement;
  clip: Clip;
  drawn: string;
}

export class Lanes {
  readonly root: HTMLElement;
  readonly scroll: HTMLElement;
  readonly ruler: RulerView;
  private readonly cells: CellsLane;
  /** The line to which something snaps, and where a dragged clip would land. */
  readonly guide = make("div", "jc-tl-guide");
  readonly landing = make("div", "jc-tl-landing");
  private readonly canvas = make("div", "jc-tl-canvas");
  private readonly body = make("div", "jc-tl-lanes");
  private readonly head = make("div", "jc-tl-playhead");
  private readonly hint = make("p", "jc-tl-hint");
  private readonly shown = new Map<string, Shown>();
  private readonly lanes = new Map<string, HTMLElement>();
  private readonly stop: (() => void)[];
  private readonly sized: ResizeObserver;
  private frame = 0;
  /** The width in view, remembered: to ask for it amid changes has the page laid out each time. */
  private seen = 0;

  constructor(
    private readonly desk: Desk,
    private readonly sources: Sources,
    seek: (ticks: number) => void,
  ) {
    this.ruler = new RulerView(desk);
    this.cells = new CellsLane(desk, sources, gutter, seek);
    this.hint.textContent =
      trans.__(
      "Nothing here yet. Drag a shot in from a search, or run editor.add(shot) in a cell.",
    );
    for (const line of [this.guide, this.landing, this.head]) line.setAttribute("aria-hidden", "true");
    this.guide.hidden = this.landing.hidden = true;
    this.canvas.append(this.ruler.root, this.cells.root, this.body, this.landing, this.guide, this.head, this.hint);
    this.scroll = make("div", "jc-tl-scroll", this.canvas);
    this.root = make("div", "jc-tl-board", this.scroll);
    this.scroll.addEventListener("scroll", () => this.paintSoon(), { passive: true });
    this.sized = new ResizeObserver(([entry]) => {
      this.seen = entry?.contentRect.width ?? this.seen;
      this.layout();
    });
    this.sized.observe(this.scroll);
    this.stop = [
      desk.hear(["project", "selection"], () => this.render()),
      desk.hear(["zoom"], () => this.render()),
      desk.hear(["playhead"], () => this.movePlayhead()),
    ];
    this.render();
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    this.sized.disconnect();
    for (const end of this.stop) end();
  }

  /** Where a point of the page lies: its time, and the lane below it. */
  placeOf(x: number, y: number): { ticks: number; lane: number | "above" | "below" } {
    const box = this.canvas.getBoundingClientRect();
    const ticks = toTicks(x - box.left - gutter, this.desk.zoom);
    const rows = [...this.body.children].map((row) => row.getBoundingClientRect());
    if (!rows.length || y < (rows[0] as DOMRect).top) return { ticks, lane: "above" };
    const row = rows.findIndex((each) => y < each.bottom);
    return { ticks, lane: row < 0 ? "below" : rows.length - 1 - row };
  }

  elementOf(key: string): HTMLElement | undefined {
    return this.shown.get(key)?.root;
  }

  keyAt(target: EventTarget | null): string | undefined {
    const found = target instanceof Element ? target.closest<HTMLElement>(".jc-tl-clip") : null;
    return found?.dataset["key"];
  }

  /** Show where a clip would land. A lane that does not exist yet is a line at the edge. */
  showLanding(start: number, duration: number, lane: number | "above" | "below"): void {
    const rows = this.body.children;
    const row = typeof lane === "number" ? rows[rows.length - 1 - lane] : undefined;
    const { style } = this.landing;
    const from = this.canvas.getBoundingClientRect().top;
    const whole = this.body.getBoundingClientRect();
    const box = row?.getBoundingClientRect();
    const edge = (lane === "above" ? whole.top : whole.bottom) - from;
    this.landing.classList.toggle("jc-tl-new", !box);
    style.top = `${box ? box.top - from + 3 : edge - 3}px`;
    style.height = `${box ? box.height - 6 : 6}px`;
    style.left = `${gutter + toPixels(start, this.desk.zoom)}px`;
    style.width = `${Math.max(2, toPixels(duration, this.desk.zoom))}px`;
    this.landing.hidden = false;
  }

  showGuide(at: number | undefined): void {
    this.guide.hidden = at === undefined;
    if (at !== undefined) this.guide.style.left = `${gutter + toPixels(at, this.desk.zoom)}px`;
  }

  /** Bring a time into view; in the middle where it was far off. */
  reveal(ticks: number): void {
    const { scroll } = this;
    const x = gutter + toPixels(ticks, this.desk.zoom);
    const [left, right] = [scroll.scrollLeft + gutter, scroll.scrollLeft + scroll.clientWidth];
    if (x < left || x > right - 8) scroll.scrollLeft = x - scroll.clientWidth / 3;
  }

  /** Zoom so that the time under `x` (pixels of the page) stays where it is. */
  zoomAround(x: number, zoom: number): void {
    const box = this.scroll.getBoundingClientRect();
    const inView = x - box.left - gutter;
    const ticks = toTicks(this.scroll.scrollLeft + inView, this.desk.zoom);
    this.desk.setZoom(zoom);
    this.scroll.scrollLeft = toPixels(ticks, zoom) - inView;
  }

  get width(): number {
    return Math.max(100, this.scroll.clientWidth - gutter);
  }

  render(): void {
    const { shown: project } = this.desk;
    const rows = [...project.lanes].reverse().map((lane, index) => {
      return this.lane(lane, project.lanes.length - index);
    });
    for (const [key, row] of this.lanes) {
      if (!project.lanes.some((lane) => lane.key === key)) {
        row.remove();
        this.lanes.delete(key);
      }
    }
    const same = rows.length === this.body.children.length && rows.every((row, i) => row === this.body.children[i]);
    if (!same) this.keepFocus(() => this.body.replaceChildren(...rows));
    const alive = new Set(project.lanes.flatMap((lane) => lane.clips.map((clip) => clip.key)));
    for (const [key, { root }] of this.shown) {
      if (alive.has(key)) continue;
      root.remove();
      this.shown.delete(key);
    }
    this.hint.hidden = project.lanes.length > 0;
    this.cells.take();
    this.layout();
  }

  private layout(): void {
    const content = toPixels(lengthOf(this.desk.shown), this.desk.zoom);
    this.canvas.style.width = `${Math.max(this.seen, gutter + content + 160)}px`;
    this.movePlayhead();
    this.paintSoon();
  }

  private movePlayhead(): void {
    this.head.style.transform = `translateX(${gutter + toPixels(this.desk.playhead, this.desk.zoom)}px)`;
    this.ruler.tell();
  }

  private lane(lane: Lane, number: number): HTMLElement {
    let row = this.lanes.get(lane.key);
    if (!row) {
      row = make("div", "jc-tl-lane", make("span", "jc-tl-number"));
      row.setAttribute("role", "group");
      this.lanes.set(lane.key, row);
    }
    row.setAttribute("aria-label", trans.__("Layer %1", number));
    const tag = row.firstElementChild as HTMLElement;
    tag.textContent = String(number);
    tag.title =
      number > 1
        ? trans.__("Layer %1, drawn over layer %2", number, number - 1)
        : trans.__("Layer %1", number);
    // The order of the document is that of the Tab key.
    let before: Element = tag;
    for (const clip of lane.clips) {
      const { root } = this.clip(clip, number);
      if (before.nextElementSibling !== root) this.keepFocus(() => before.after(root));
      before = root;
    }
    return row;
  }

  private keepFocus(move: () => void): void {
    const focused = this.root.contains(document.activeElement) ? document.activeElement : null;
    move();
    if (focused instanceof HTMLElement && document.activeElement !== focused && focused.isConnected) {
      focused.focus({ preventScroll: true });
    }
  }

  private clip(clip: Clip, layer: number): Shown {
    const shown = this.shown.get(clip.key) ?? this.makeClip(clip);
    shown.clip = clip;
    const { asset } = clip.look;
    const known = this.sources.want(asset);
    const { root, name } = shown;
    const { zoom, selected } = this.desk;
    root.style.left = `${gutter + toPixels(clip.start, zoom)}px`;
    root.style.width = `${Math.max(3, toPixels(clip.duration, zoom) - 1)}px`;
    const label = labelOf(clip.look, known.asset?.name);
    if (name.textContent !== label) name.textContent = label;
    const isSelected = selected.has(clip.key);
    root.setAttribute("aria-pressed", String(isSelected));
    root.classList.toggle("jc-tl-missing", Boolean(known.missing));
    root.classList.toggle("jc-tl-filmed", Boolean(known.film));
    const times = [exactTime(clip.start), shortLength(clip.duration)] as const;
    const words = trans.__("%1, %2, from %3, %4, layer %5", label, kindOf(asset), ...times, layer);
    relabel(root, known.missing ? `${words}. ${known.missing}` : words);
    const fade = clip.look.transition;
    const length = Math.min(fade?.duration ?? 0, clip.duration / TICKS / 2) * zoom;
    root.style.setProperty("--jc-tl-in", `${fade?.in ? length : 0}px`);
    root.style.setProperty("--jc-tl-out", `${fade?.out ? length : 0}px`);
    return shown;
  }

  private makeClip(clip: Clip): Shown {
    const strip = make("canvas", "jc-tl-strip");
    const name = make("span", "jc-tl-name");
    const handles = ["start", "end"].map((side) => make("span", `jc-tl-handle jc-tl-${side}`));
    const root = make("div", `jc-tl-clip jc-tl-${clip.look.asset.type}`, strip, name, ...handles);
    root.dataset["key"] = clip.key;
    root.tabIndex = 0;
    root.setAttribute("role", "button");
    strip.setAttribute("aria-hidden", "true");
    const shown: Shown = { root, strip, name, clip, drawn: "" };
    this.shown.set(clip.key, shown);
    return shown;
  }

  paintSoon(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paint());
  }

  /** Only what is in view is drawn: a recording may be ten hours long. */
  private paint(): void {
    const { scrollLeft, clientWidth } = this.scroll;
    this.ruler.draw(scrollLeft - gutter, clientWidth);
    this.cells.paint(scrollLeft - gutter, scrollLeft - gutter + clientWidth);
    const colour = getComputedStyle(this.root).getPropertyValue("--jc-tl-sound").trim() || "#4a7fd6";
    for (const shown of this.shown.values()) {
      const { clip, strip } = shown;
      const left = gutter + toPixels(clip.start, this.desk.zoom);
      const right = gutter + toPixels(endOf(clip), this.desk.zoom);
      const from = Math.max(left, scrollLeft - overscan);
      const to = Math.min(right, scrollLeft + clientWidth + overscan);
      // Of a clip that is a few pixels wide nothing could be told apart.
      const isSeen = from < to && right - left >= narrowest;
      strip.hidden = !isSeen;
      // A name stays readable while its clip's beginning is out of view.
      shown.name.style.translate = `${Math.max(0, Math.min(scrollLeft + gutter - left, right - left - 60))}px`;
      if (isSeen) this.drawStrip(shown, { left: from - left, width: to - from }, colour);
    }
  }

  private drawStrip(shown: Shown, seen: Window, colour: string): void {
    const { clip, strip } = shown;
    const known = this.sources.want(clip.look.asset);
    const volume = "volume" in clip.look.asset ? (clip.look.asset.volume ?? 1) : 1;
    const { zoom } = this.desk;
    const has = [Boolean(known.film), Boolean(known.sound), volume === 0, colour];
    const drawn = [seen.left, seen.width, clip.from, zoom, ...has].join();
    if (drawn === shown.drawn) return;
    shown.drawn = drawn;
    drawStrip(strip, clip, zoom, seen, known, { colour, silent: volume === 0 });
  }
}

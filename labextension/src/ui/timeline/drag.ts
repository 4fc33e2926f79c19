/** Pointers on the lanes: move, trim, select, scrub; and shots that are dragged in from elsewhere. */

import { trans } from "../../words";
import type { Desk } from "./desk";
import * as edit from "./edit";
import type { Lanes } from "./lanes";
import { type Clip, clipOfAsset, endOf, find, ticksOf } from "./model";
import { magnets, snap, toTicks } from "./ruler";
import type { Sources } from "./sources";

export const shotType = "application/x-jupyter-capture-clip+json";
const threshold = 4;
const reach = 9;
const edge = 36;

type Place = ReturnType<Lanes["placeOf"]>;

interface Drag {
  /** Whether a press alone does it, or only one that moves. */
  readonly atOnce: boolean;
  move(event: PointerEvent, place: Place): void;
  end(place: Place): void;
  cancel(): void;
}

/** Where a shot dropped here comes from. Seconds of the asset. */
export interface DroppedShot {
  video_id: string;
  start: number;
  end: number;
}

/** Undefined for anything that is no shot. */
export function readShot(text: string): DroppedShot | undefined {
  try {
    const found = JSON.parse(text) as Partial<DroppedShot> | null;
    const { video_id, start, end } = found ?? {};
    const good =
      typeof video_id === "string" && typeof start === "number" && typeof end === "number" && end > start;
    return good && start >= 0 && Number.isFinite(end) ? { video_id, start, end } : undefined;
  } catch {
    return undefined;
  }
}

export function clipOfShot({ video_id, start, end }: DroppedShot): Clip {
  const type = video_id.startsWith("a-") ? "audio" : "video";
  return clipOfAsset(type, video_id, ticksOf(start), ticksOf(end));
}

export class Pointers {
  private drag: Drag | undefined;
  private readonly listening = new AbortController();

  constructor(
    private readonly desk: Desk,
    private readonly lanes: Lanes,
    private readonly sources: Sources,
    private readonly seek: (ticks: number) => void,
  ) {
    const { signal } = this.listening;
    const { scroll } = lanes;
    scroll.addEventListener("pointerdown", (event) => this.begin(event), { signal });
    // A notebook scrolls a cell that is pressed for the first time, under the pointer that drags.
    scroll.addEventListener("mousedown", (event) => event.stopPropagation(), { signal });
    scroll.addEventListener("dragover", (event) => this.over(event), { signal });
    scroll.addEventListener("dragleave", () => this.clear(), { signal });
    scroll.addEventListener("drop", (event) => this.drop(event), { signal });
  }

  destroy(): void {
    this.drag?.cancel();
    this.listening.abort();
  }

  /** Whether there was one to cancel. */
  cancel(): boolean {
    const had = Boolean(this.drag);
    this.drag?.cancel();
    return had;
  }

  private begin(event: PointerEvent): void {
    if (event.button !== 0 || this.drag) return;
    const target = event.target as Element;
    const key = this.lanes.keyAt(target);
    if (target.closest(".jc-tl-number, .jc-tl-cells")) return;
    const found = key === undefined ? undefined : find(this.desk.project, key);
    const box = this.lanes.scroll.getBoundingClientRect();
    // The scroll bar below the lanes is not the lanes.
    if (event.clientY > box.top + this.lanes.scroll.clientHeight) return;
    if (!found || key === undefined) {
      if (!target.closest(".jc-tl-ruler")) this.desk.select([]);
      this.run(event, this.scrub());
      return;
    }
    const modified = event.shiftKey || event.ctrlKey || event.metaKey;
    if (modified) this.desk.toggle(key);
    else if (!this.desk.selected.has(key)) this.desk.select([key]);
    this.lanes.elementOf(key)?.focus({ preventScroll: true });
    event.preventDefault();
    if (modified) return;
    const handle = target.closest(".jc-tl-handle");
    if (handle) this.run(event, this.trim(key, handle.classList.contains("jc-tl-start")));
    else if (this.desk.selected.size > 1) this.run(event, this.moveAll(event, key));
    else this.run(event, this.moveOne(event, found.clip));
  }

  /** Follow the pointer to its end, wherever it goes. */
  private run(first: PointerEvent, drag: Drag): void {
    const over = new AbortController();
    const { signal } = over;
    let begun = drag.atOnce;
    let scroller = 0;
    let last = first;
    const finish = () => {
      over.abort();
      clearInterval(scroller);
      this.drag = undefined;
      this.clear();
    };
    this.drag = {
      ...drag,
      cancel: () => {
        drag.cancel();
        finish();
      },
    };
    const follow = () => drag.move(last, this.lanes.placeOf(last.clientX, last.clientY));
    const moved = (event: PointerEvent) => {
      last = event;
      const far = Math.hypot(event.clientX - first.clientX, event.clientY - first.clientY);
      begun ||= far >= threshold;
      if (begun) follow();
    };
    scroller = window.setInterval(() => {
      if (begun && this.scrollAtEdge(last)) follow();
    }, 30);
    window.addEventListener("pointermove", moved, { signal });
    window.addEventListener("pointerup", (event) => {
      if (event.pointerId !== first.pointerId) return;
      if (begun) drag.end(this.lanes.placeOf(event.clientX, event.clientY));
      else drag.cancel();
      finish();
    }, { signal });
    window.addEventListener("pointercancel", () => this.cancel(), { signal });
    if (begun) follow();
  }

  private scrollAtEdge(event: PointerEvent): boolean {
    const { scroll } = this.lanes;
    const box = scroll.getBoundingClientRect();
    const before = scroll.scrollLeft;
    if (event.clientX > box.right - edge) scroll.scrollLeft += 14;
    else if (event.clientX < box.left + edge) scroll.scrollLeft -= 14;
    return scroll.scrollLeft !== before;
  }

  private clear(): void {
    this.lanes.showGuide(undefined);
    this.lanes.landing.hidden = true;
  }

  private snapped(edges: readonly number[], moving: ReadonlySet<string>): number {
    const found = this.desk.snapping ? magnets(this.desk.project, moving, this.desk.playhead) : [];
    const { by, at } = snap(edges, found, toTicks(reach, this.desk.zoom));
    this.lanes.showGuide(at);
    return by;
  }

  private scrub(): Drag {
    return {
      atOnce: true,
      move: (_, { ticks }) => this.seek(ticks),
      end: () => undefined,
      cancel: () => undefined,
    };
  }

  private trim(key: string, atStart: boolean): Drag {
    const { desk } = this;
    const command = atStart ? edit.trimStart : edit.trimEnd;
    let at = 0;
    // Made anew at the end: Python may have changed the timeline meanwhile.
    const make = () => command(desk.project, key, at, this.sources.lengthOf);
    return {
      atOnce: false,
      move: (_, { ticks }) => {
        at = ticks + this.snapped([ticks], new Set([key]));
        desk.draft(make().project);
      },
      end: () => desk.apply(make(), atStart ? trans.__("Trim start") : trans.__("Trim end")),
      cancel: () => desk.draft(undefined),
    };
  }

  private moveOne(first: PointerEvent, clip: Clip): Drag {
    const { desk, lanes } = this;
    const element = lanes.elementOf(clip.key);
    const grip = lanes.placeOf(first.clientX, first.clientY).ticks - clip.start;
    let landing: { at: number; lane: edit.Target } | undefined;
    const restore = () => {
      element?.classList.remove("jc-tl-dragged");
      if (element) element.style.transform = "";
    };
    return {
      atOnce: false,
      move: (event, { ticks, lane }) => {
        const wanted = ticks - grip;
        const at = wanted + this.snapped([wanted, wanted + clip.duration], new Set([clip.key]));
        landing = { at, lane };
        const moved = edit.move(desk.project, clip.key, at, lane);
        const found = find(moved.project, clip.key);
        if (found) lanes.showLanding(found.clip.start, clip.duration, lane);
        const away = event.clientX - first.clientX;
        element?.classList.add("jc-tl-dragged");
        if (element) element.style.transform = `translate(${away}px, ${event.clientY - first.clientY}px)`;
      },
      end: () => {
        restore();
        if (landing) desk.apply(edit.move(desk.project, clip.key, landing.at, landing.lane), trans.__("Move"));
      },
      cancel: restore,
    };
  }

  /** Several clips keep their lanes. A click on one of them selects it alone. */
  private moveAll(first: PointerEvent, key: string): Drag {
    const { desk } = this;
    const keys = [...desk.selected];
    const edges = keys.flatMap((each) => {
      const clip = find(desk.project, each)?.clip;
      return clip ? [clip.start, endOf(clip)] : [];
    });
    const grip = this.lanes.placeOf(first.clientX, first.clientY).ticks;
    let by: number | undefined;
    const make = () => edit.shift(desk.project, keys, by ?? 0);
    return {
      atOnce: false,
      move: (_, { ticks }) => {
        const away = ticks - grip;
        by = away + this.snapped(edges.map((each) => each + away), new Set(keys));
        desk.draft(make().project);
      },
      end: () => desk.apply(make(), trans.__("Move")),
      cancel: () => {
        desk.draft(undefined);
        if (by === undefined) desk.select([key]);
      },
    };
  }

  // ---- from elsewhere

  private over(event: DragEvent): void {
    if (!event.dataTransfer?.types.includes(shotType)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    const { ticks, lane } = this.lanes.placeOf(event.clientX, event.clientY);
    // What is dragged is not told before it is dropped, so only its beginning can be shown.
    const at = Math.max(0, ticks + this.snapped([ticks], new Set()));
    this.lanes.showLanding(at, toTicks(48, this.desk.zoom), lane);
  }

  private drop(event: DragEvent): void {
    const shot = readShot(event.dataTransfer?.getData(shotType) ?? "");
    if (!shot) return;
    event.preventDefault();
    event.stopPropagation();
    const { ticks, lane } = this.lanes.placeOf(event.clientX, event.clientY);
    const at = Math.max(0, ticks + this.snapped([ticks], new Set()));
    this.desk.apply(edit.add(this.desk.project, clipOfShot(shot), at, lane), trans.__("Add shot"));
    this.clear();
  }
}

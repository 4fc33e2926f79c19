/** What can be done to a timeline. Each command gives a new one and the clips it leaves selected. */

import { clamp } from "../../time";
import {
  type Clip,
  FRAME,
  type Lane,
  type Look,
  type Project,
  clipsOf,
  endOf,
  find,
  inOrder,
  isTimed,
  newKey,
} from "./model";

export interface Edit {
  readonly project: Project;
  readonly selected: readonly string[];
}

/** Ticks of an asset, where they are known. */
export type LengthOf = (clip: Clip) => number | undefined;

/** A lane that does not exist yet, below or above all others; or the place of one that does. */
export type Target = number | "below" | "above";

export const nothing = (project: Project): Edit => ({ project, selected: [] });

/** Put a clip at `at`, or at the nearest time where there is room for it. */
export function add(project: Project, clip: Clip, at: number, target: Target): Edit {
  const { lanes, lane } = withLane(project.lanes, target);
  const there = lanes[lane] as Lane;
  const placed = { ...clip, start: nearestRoom(there.clips, at, clip.duration) };
  return done(project, replaceLane(lanes, lane, [...there.clips, placed]), [placed.key]);
}

/** Move one clip to a time of a lane, as near as there is room. */
export function move(project: Project, key: string, at: number, target: Target): Edit {
  const found = find(project, key);
  if (!found) return nothing(project);
  const clips = (project.lanes[found.lane] as Lane).clips.filter((clip) => clip.key !== key);
  const without = { ...project, lanes: replaceLane(project.lanes, found.lane, clips) };
  if (target !== found.lane && clips.length === 0 && isBeside(project, found.lane, target)) {
    return move(project, key, at, found.lane);
  }
  return add(without, found.clip, at, target);
}

/** An empty lane made where the only clip of the outermost one already is would change nothing. */
function isBeside(project: Project, lane: number, target: Target): boolean {
  return target === "above" ? lane === project.lanes.length - 1 : target === "below" && lane === 0;
}

/** Move several clips together, as far as nothing is in their way. */
export function shift(project: Project, keys: Iterable<string>, by: number): Edit {
  const moving = new Set(keys);
  let low = -Infinity;
  let high = Infinity;
  for (const { clips } of project.lanes) {
    for (const [index, clip] of clips.entries()) {
      if (!moving.has(clip.key)) continue;
      const before = clips.slice(0, index).reverse().find((one) => !moving.has(one.key));
      const after = clips.slice(index).find((one) => !moving.has(one.key));
      low = Math.max(low, (before ? endOf(before) : 0) - clip.start);
      if (after) high = Math.min(high, after.start - endOf(clip));
    }
  }
  const way = clamp(by, Math.min(0, low), Math.max(0, high));
  const lanes = mapClips(project.lanes, (clip) =>
    moving.has(clip.key) ? [{ ...clip, start: clip.start + way }] : [clip],
  );
  return way === 0 ? { project, selected: [...moving] } : done(project, lanes, [...moving]);
}

export function trimStart(project: Project, key: string, at: number): Edit {
  return trim(project, key, (clip, before) => {
    const low = Math.max(before ? endOf(before) : 0, isTimed(clip) ? clip.start - clip.from : 0);
    const start = clamp(at, low, endOf(clip) - shortest(clip));
    const from = isTimed(clip) ? clip.from + start - clip.start : 0;
    return { ...clip, start, from, duration: endOf(clip) - start };
  });
}

export function trimEnd(project: Project, key: string, at: number, length?: LengthOf): Edit {
  return trim(project, key, (clip, _before, after) => {
    const whole = isTimed(clip) ? length?.(clip) : undefined;
    const last = whole === undefined ? Infinity : clip.start + Math.max(shortest(clip), whole - clip.from);
    const high = Math.min(after ? after.start : Infinity, last);
    return { ...clip, duration: clamp(at, clip.start + shortest(clip), high) - clip.start };
  });
}

function shortest(clip: Clip): number {
  return Math.min(FRAME, clip.duration);
}

function trim(
  project: Project,
  key: string,
  change: (clip: Clip, before: Clip | undefined, after: Clip | undefined) => Clip,
): Edit {
  const found = find(project, key);
  if (!found) return nothing(project);
  const { clips } = project.lanes[found.lane] as Lane;
  const index = clips.indexOf(found.clip);
  const changed = change(found.clip, clips[index - 1], clips[index + 1]);
  if (changed.start === found.clip.start && changed.duration === found.clip.duration) {
    return { project, selected: [key] };
  }
  return done(project, replaceLane(project.lanes, found.lane, withAt(clips, index, changed)), [key]);
}

/** Cut the clips of `keys` in two at `at`; all that are there where none of `keys` is. */
export function split(project: Project, at: number, keys: Iterable<string> = []): Edit {
  const chosen = new Set(keys);
  const there = clipsOf(project).filter((clip) => clip.start < at && at < endOf(clip));
  const named = there.filter((clip) => chosen.has(clip.key));
  const cut = new Set(named.length ? named : there);
  if (!cut.size) return { project, selected: [...chosen] };
  const selected: string[] = [];
  const lanes = mapClips(project.lanes, (clip) => {
    if (!cut.has(clip)) return [clip];
    const after = piece(clip, at, endOf(clip));
    selected.push(after.key);
    return [piece(clip, clip.start, at, clip.key), after];
  });
  return done(project, lanes, selected);
}

/** The part of a clip between two times of the timeline. Only its own ends come and go. */
function piece(clip: Clip, start: number, end: number, key = newKey()): Clip {
  const from = isTimed(clip) ? clip.from + start - clip.start : 0;
  const { transition } = clip.look;
  const look = transition
    ? {
        ...clip.look,
        transition: {
          ...transition,
          in: start === clip.start ? (transition.in ?? null) : null,
          out: end === endOf(clip) ? (transition.out ?? null) : null,
        },
      }
    : clip.look;
  return { key, start, duration: end - start, from, look };
}

export function remove(project: Project, keys: Iterable<string>): Edit {
  const gone = new Set(keys);
  return done(project, mapClips(project.lanes, (clip) => (gone.has(clip.key) ? [] : [clip])), []);
}

/** Delete, and let what follows on the same lane close the gap. */
export function rippleRemove(project: Project, keys: Iterable<string>): Edit {
  const gone = new Set(keys);
  const lanes = project.lanes.map((lane) => {
    let closed = 0;
    const clips = lane.clips.flatMap((clip) => {
      if (gone.has(clip.key)) {
        closed += clip.duration;
        return [];
      }
      return [closed ? { ...clip, start: clip.start - closed } : clip];
    });
    return { ...lane, clips };
  });
  return done(project, lanes, []);
}

/** Times [start, end) of the timeline. */
export type Range = readonly [number, number];

/**
 * Take times out of the whole timeline, so that all lanes stay in step: recordings are cut there,
 * what has no time of its own becomes shorter, and what follows moves up.
 */
export function cutOut(project: Project, ranges: readonly Range[]): Edit {
  let { lanes } = project;
  for (const [start, end] of joined(ranges).reverse()) {
    lanes = mapClips(lanes, (clip) => withoutRange(clip, start, end));
  }
  return done(project, lanes, []);
}

function withoutRange(clip: Clip, start: number, end: number): Clip[] {
  const gone = end - start;
  if (endOf(clip) <= start) return [clip];
  if (clip.start >= end) return [{ ...clip, start: clip.start - gone }];
  const head = Math.max(0, start - clip.start);
  const tail = Math.max(0, endOf(clip) - end);
  if (!isTimed(clip)) {
    const left = head + tail;
    return left ? [{ ...clip, start: Math.min(clip.start, start), duration: left }] : [];
  }
  const first = head ? [piece(clip, clip.start, start, clip.key)] : [];
  const last = tail ? piece(clip, end, endOf(clip), head ? newKey() : clip.key) : undefined;
  return last ? [...first, { ...last, start: last.start - gone }] : first;
}

/** Sorted, not empty, and none touching another. */
export function joined(ranges: readonly Range[]): Range[] {
  const sorted = ranges.filter(([start, end]) => end > start).sort((a, b) => a[0] - b[0]);
  const found: [number, number][] = [];
  for (const [start, end] of sorted) {
    const last = found.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else found.push([start, end]);
  }
  return found;
}

/** Times of a clip's asset as times of the timeline, within the clip. */
export function inTimeline(clip: Clip, ranges: readonly Range[]): Range[] {
  const place = (time: number) => clamp(clip.start + time - clip.from, clip.start, endOf(clip));
  return ranges.map(([start, end]) => [place(start), place(end)] as const);
}

/** Clips to paste later, the earliest at 0; `lane` counts from the lowest one copied. */
export type Copied = readonly { readonly clip: Clip; readonly lane: number }[];

export function copy(project: Project, keys: Iterable<string>): Copied {
  const found = [...keys].flatMap((key) => find(project, key) ?? []);
  const start = Math.min(...found.map(({ clip }) => clip.start));
  const lowest = Math.min(...found.map(({ lane }) => lane));
  return found
    .sort((a, b) => a.clip.start - b.clip.start)
    .map(({ clip, lane }) => ({ clip: { ...clip, start: clip.start - start }, lane: lane - lowest }));
}

/** Paste at `at`, from lane `lane` up, each clip as near as there is room. */
export function paste(project: Project, copied: Copied, at: number, lane = 0): Edit {
  let pasted = project;
  const selected: string[] = [];
  for (const { clip, lane: above } of copied) {
    const target = lane + above < pasted.lanes.length ? lane + above : "above";
    const made = { ...clip, key: newKey() };
    selected.push(made.key);
    pasted = add(pasted, made, at + clip.start, target).project;
  }
  return { project: pasted, selected };
}

/** A copy of each clip right after it, or where there is room next. */
export function duplicate(project: Project, keys: Iterable<string>): Edit {
  let grown = project;
  const selected: string[] = [];
  for (const key of keys) {
    const found = find(grown, key);
    if (!found) continue;
    const made = { ...found.clip, key: newKey() };
    const edit = add(grown, made, endOf(found.clip), found.lane);
    grown = edit.project;
    selected.push(made.key);
  }
  return { project: grown, selected };
}

/** One layer up (1) or down (-1), at the same time or near it. */
export function layer(project: Project, key: string, by: 1 | -1): Edit {
  const found = find(project, key);
  if (!found) return nothing(project);
  const to = found.lane + by;
  const target = to < 0 ? "below" : to >= project.lanes.length ? "above" : to;
  return move(project, key, found.clip.start, target);
}

/** Change how clips look. An undefined value stands for the default. */
export function setLook(project: Project, keys: Iterable<string>, patch: Partial<Look>): Edit {
  return change(project, keys, (look) => ({ ...look, ...patch }));
}

export function setAsset(project: Project, keys: Iterable<string>, patch: object): Edit {
  return change(project, keys, (look) => ({ ...look, asset: { ...look.asset, ...patch } as Look["asset"] }));
}

function change(project: Project, keys: Iterable<string>, to: (look: Look) => Look): Edit {
  const chosen = new Set(keys);
  const lanes = mapClips(project.lanes, (clip) =>
    chosen.has(clip.key) ? [{ ...clip, look: to(clip.look) }] : [clip],
  );
  return done(project, lanes, [...chosen]);
}

/** A quarter of the picture, a little off the corner, above everything that is there meanwhile. */
export function corner(project: Project, key: string): Edit {
  const found = find(project, key);
  if (!found || found.clip.look.asset.type !== "video") return nothing(project);
  const patch: Partial<Look> = {
    ...{ fit: "crop", scale: 0.25, position: "bottom_right", offset: { x: -0.02, y: -0.035 } },
  };
  const small = setLook(project, [key], patch).project;
  const { clip, lane } = found;
  const covered = small.lanes.slice(lane + 1).some((above) =>
    above.clips.some((one) => isTimed(one) && one.start < endOf(clip) && endOf(one) > clip.start),
  );
  const alone = lane === 0 && small.lanes.length > 1;
  return covered || alone ? move(small, key, clip.start, "above") : { project: small, selected: [key] };
}

// ---- lanes

/** The start nearest to `wanted` at which `duration` fits between these clips. */
export function nearestRoom(clips: readonly Clip[], wanted: number, duration: number): number {
  let best = Infinity;
  let low = 0;
  for (const clip of [...inOrder(clips), undefined]) {
    const high = (clip ? clip.start : Infinity) - duration;
    if (high >= low) {
      const start = clamp(Math.round(wanted), low, high);
      if (Math.abs(start - wanted) < Math.abs(best - wanted)) best = start;
    }
    if (clip) low = endOf(clip);
  }
  return best;
}

function withLane(lanes: readonly Lane[], target: Target): { lanes: readonly Lane[]; lane: number } {
  if (typeof target === "number" && lanes[target]) return { lanes, lane: target };
  const below = target === "below";
  const beside = below ? lanes[0] : lanes.at(-1);
  const fresh: Lane = { key: newKey(), z: beside?.z ?? 0, clips: [] };
  return below ? { lanes: [fresh, ...lanes], lane: 0 } : { lanes: [...lanes, fresh], lane: lanes.length };
}

function replaceLane(lanes: readonly Lane[], at: number, clips: readonly Clip[]): readonly Lane[] {
  return withAt(lanes, at, { ...(lanes[at] as Lane), clips: inOrder(clips) });
}

function withAt<T>(list: readonly T[], at: number, value: T): T[] {
  return list.map((one, index) => (index === at ? value : one));
}

function mapClips(lanes: readonly Lane[], change: (clip: Clip) => Clip[]): readonly Lane[] {
  return lanes.map((lane) => {
    const clips = lane.clips.flatMap(change);
    const same = clips.length === lane.clips.length && clips.every((clip, i) => clip === lane.clips[i]);
    return same ? lane : { ...lane, clips };
  });
}

/** Lanes that a command has emptied go; a command that changed nothing gives the same timeline. */
function done(project: Project, lanes: readonly Lane[], selected: readonly string[]): Edit {
  const kept = lanes.filter((lane) => lane.clips.length > 0);
  const same = kept.length === project.lanes.length && kept.every((lane, i) => lane === project.lanes[i]);
  return { project: same ? project : { ...project, lanes: kept }, selected };
}

import { describe, expect, it } from "vitest";
import type { Timeline } from "../../wire";
import * as edit from "./edit";
import { begin, commit, redo, seal, undo } from "./history";
import {
  type Clip,
  FRAME,
  type Project,
  TICKS,
  clipNamed,
  clipOfAsset,
  clipsOf,
  empty,
  endOf,
  find,
  fromWire,
  isTimed,
  labelOf,
  lengthOf,
  newKey,
  textClip,
  ticksOf,
  toWire,
} from "./model";

const s = (seconds: number) => ticksOf(seconds);

function video(start: number, duration: number, from = 0): Clip {
  return { ...clipOfAsset("video", "m-1", s(from), s(from + duration)), start: s(start) };
}

function project(...lanes: Clip[][]): Project {
  return { ...empty, lanes: lanes.map((clips) => ({ key: newKey(), z: 0, clips })) };
}

const shown = (made: Project) =>
  made.lanes.map((lane) =>
    lane.clips.map((clip) => [clip.start / TICKS, endOf(clip) / TICKS, clip.from / TICKS]),
  );

describe("the wire", () => {
  const timeline: Timeline = {
    background: "#102030",
    resolution: "640x360",
    tracks: [
      {
        z_index: 2,
        clips: [{ start: 0, clip: { asset: { type: "text", text: "Hello" }, duration: 3 } }],
      },
      {
        z_index: 0,
        clips: [
          { start: 6.1234, clip: { asset: { type: "audio", id: "a-1" }, duration: 1 / 3 } },
          {
            start: 0,
            clip: {
              asset: { type: "video", id: "m-1", start: 3.4, volume: 0.5 },
              duration: 2.7,
              opacity: 0.5,
              transition: { in: "fade", out: null, duration: 0.5 },
            },
          },
        ],
      },
    ],
  };

  it("is read into layers from below, clips in the order of time", () => {
    const read = fromWire(timeline);
    expect(read.lanes.map((lane) => lane.z)).toEqual([0, 2]);
    expect(read.lanes[0]?.clips.map((clip) => clip.start)).toEqual([0, s(6.1234)]);
    expect(lengthOf(read)).toBe(s(6.1234) + TICKS / 3);
  });

  it("is written as it was read, numbers included", () => {
    const written = toWire(fromWire(timeline));
    expect(written.background).toBe("#102030");
    expect(written.tracks?.[1]?.clips?.[0]).toEqual(timeline.tracks?.[0]?.clips?.[0]);
    expect(written.tracks?.[0]?.clips?.[0]).toEqual(timeline.tracks?.[1]?.clips?.[1]);
    expect(written.tracks?.[0]?.clips?.[1]?.start).toBe(6.1234);
    expect(toWire(fromWire(written))).toEqual(written);
  });

  it("has numbers that name their tick exactly", () => {
    for (const ticks of [1, FRAME, 7 * FRAME, 123_457, 36_000 * TICKS + 1]) {
      const one = project([{ ...textClip("x"), start: ticks, duration: ticks }]);
      const [back] = clipsOf(fromWire(toWire(one)));
      expect([back?.start, back?.duration]).toEqual([ticks, ticks]);
    }
  });

  it("names a clip in messages, as it is counted there", () => {
    const read = fromWire(timeline);
    expect(clipNamed(read, "clip 1 of track 2 was shortened")?.look.asset.type).toBe("text");
    expect(clipNamed(read, "clip 9 of track 2 was shortened")).toBeUndefined();
    expect(labelOf({ asset: { type: "text", text: "  " } })).toBe("Empty text");
  });
});

describe("adding and moving", () => {
  it("puts a clip where it was dropped, or where there is room next to that", () => {
    const one = project([video(0, 2), video(5, 2)]);
    expect(shown(edit.add(one, video(0, 3), s(2.5), 0).project)).toEqual([
      [[0, 2, 0], [2, 5, 0], [5, 7, 0]],
    ]);
    expect(shown(edit.add(one, video(0, 4), s(1), 0).project)[0]?.[2]).toEqual([7, 11, 0]);
  });

  it("makes a lane above or below where none is", () => {
    const one = project([video(0, 2)]);
    const made = edit.add(edit.add(one, textClip("top"), 0, "above").project, video(0, 1), 0, "below");
    expect(made.project.lanes.map((lane) => lane.clips[0]?.look.asset.type)).toEqual([
      ...["video", "video", "text"],
    ]);
    expect(made.selected).toHaveLength(1);
  });

  it("moves between lanes, and a lane left empty goes", () => {
    const clip = video(0, 2);
    const one = project([clip], [video(1, 2)]);
    expect(shown(edit.move(one, clip.key, s(0.2), 1).project)).toEqual([[[1, 3, 0], [3, 5, 0]]]);
  });

  it("does not make a lane for the only clip of the outermost one", () => {
    const clip = video(0, 2);
    const moved = edit.move(project([clip]), clip.key, s(1), "above").project;
    expect(shown(moved)).toEqual([[[1, 3, 0]]]);
  });

  it("moves several together as far as there is room", () => {
    const [a, b, c] = [video(1, 1), video(2, 1), video(5, 1)];
    const one = project([a, b, c]);
    expect(shown(edit.shift(one, [a.key, b.key], s(9)).project)[0]?.[0]).toEqual([3, 4, 0]);
    expect(shown(edit.shift(one, [a.key, b.key], -s(9)).project)[0]?.[0]).toEqual([0, 1, 0]);
    expect(edit.shift(one, [b.key], -s(1)).project).toBe(one);
  });

  it("changes layers, and puts a camera into the corner above the screen", () => {
    const [screen, camera] = [video(0, 5), video(0, 5)];
    const one = project([camera], [screen]);
    const { project: made } = edit.corner(one, camera.key);
    const found = find(made, camera.key);
    expect(found?.lane).toBe(1);
    expect(found?.clip.look).toMatchObject({ scale: 0.25, position: "bottom_right", fit: "crop" });
    expect(find(edit.layer(made, camera.key, -1).project, camera.key)?.lane).toBe(0);
  });
});

describe("trimming and cutting", () => {
  it("trims the start within the asset and up to its neighbour", () => {
    const [a, b] = [video(0, 2), video(4, 2, 1)];
    const one = project([a, b]);
    expect(shown(edit.trimStart(one, b.key, s(5)).project)[0]?.[1]).toEqual([5, 6, 2]);
    expect(shown(edit.trimStart(one, b.key, s(0)).project)[0]?.[1]).toEqual([3, 6, 0]);
    expect(clipsOf(edit.trimStart(one, b.key, s(99)).project)[1]?.duration).toBe(FRAME);
  });

  it("trims the end within the asset and up to its neighbour", () => {
    const [a, b] = [video(0, 2), video(4, 2, 1)];
    const one = project([a, b]);
    expect(shown(edit.trimEnd(one, a.key, s(9)).project)[0]?.[0]).toEqual([0, 4, 0]);
    expect(shown(edit.trimEnd(one, b.key, s(99), () => s(8)).project)[0]?.[1]).toEqual([4, 11, 1]);
    expect(clipsOf(edit.trimEnd(one, a.key, 0).project)[0]?.duration).toBe(FRAME);
  });

  it("splits what is under the playhead; each half fades at its own end only", () => {
    const clip = video(0, 4, 1);
    const faded = { ...clip, look: { ...clip.look, transition: { in: "fade", out: "fade" } as const } };
    const { project: made, selected } = edit.split(project([faded]), s(1));
    expect(shown(made)).toEqual([[[0, 1, 1], [1, 4, 2]]]);
    const [left, right] = clipsOf(made);
    expect(left?.look.transition).toMatchObject({ in: "fade", out: null });
    expect(right?.look.transition).toMatchObject({ in: null, out: "fade" });
    expect(selected).toEqual([right?.key]);
    expect(edit.split(made, s(1)).project).toBe(made);
  });

  it("splits the selected clip alone where one under the playhead is selected", () => {
    const [a, b] = [video(0, 4), video(0, 4)];
    expect(shown(edit.split(project([a], [b]), s(1), [b.key]).project).map((x) => x.length)).toEqual([
      1, 2,
    ]);
  });

  it("deletes with and without closing the gap", () => {
    const [a, b] = [video(0, 2), video(3, 2)];
    const one = project([a, b], [video(4, 1)]);
    expect(shown(edit.remove(one, [a.key]).project)).toEqual([[[3, 5, 0]], [[4, 5, 0]]]);
    expect(shown(edit.rippleRemove(one, [a.key]).project)).toEqual([[[1, 3, 0]], [[4, 5, 0]]]);
  });

  it("copies, pastes and duplicates with the distances kept", () => {
    const [a, b] = [video(1, 1), video(3, 1)];
    const one = project([a], [b]);
    const copied = edit.copy(one, [b.key, a.key]);
    expect(shown(edit.paste(one, copied, s(10)).project)).toEqual([
      [[1, 2, 0], [10, 11, 0]],
      [[3, 4, 0], [12, 13, 0]],
    ]);
    expect(shown(edit.duplicate(one, [a.key]).project)[0]).toEqual([[1, 2, 0], [2, 3, 0]]);
    expect(edit.paste(one, edit.copy(one, []), 0).project).toBe(one);
  });

  it("takes time out of all lanes, so that they stay in step", () => {
    const title = { ...textClip("title"), start: s(1), duration: s(4) };
    const [screen, camera] = [video(0, 10), video(0, 10, 5)];
    const one = project([screen], [camera], [title, { ...textClip("gone"), start: s(6.2), duration: s(0.5) }]);
    const { project: made } = edit.cutOut(one, edit.inTimeline(screen, [[s(2), s(3)], [s(6), s(7)]]));
    expect(shown(made)).toEqual([
      [[0, 2, 0], [2, 5, 3], [5, 8, 7]],
      [[0, 2, 5], [2, 5, 8], [5, 8, 12]],
      [[1, 4, 0]],
    ]);
  });

  it("cuts only within the clip that is meant", () => {
    const clip = video(5, 4, 2);
    const { project: made } = edit.cutOut(
      project([clip]),
      edit.inTimeline(clip, [[s(0), s(3)], [s(5.5), s(99)]]),
    );
    expect(shown(made)).toEqual([[[5, 7.5, 3]]]);
  });

  it("shortens a text that ends or begins in what is cut", () => {
    const text = { ...textClip("x"), start: s(2), duration: s(2) };
    expect(shown(edit.cutOut(project([text]), [[s(1), s(3)]]).project)).toEqual([[[1, 2, 0]]]);
    expect(shown(edit.cutOut(project([text]), [[s(3), s(5)]]).project)).toEqual([[[2, 3, 0]]]);
  });

  it("changes the looks of all that is selected, and of nothing else", () => {
    const [a, b] = [video(0, 1), video(1, 1)];
    const { project: made } = edit.setLook(project([a, b]), [a.key], { opacity: 0.5 });
    expect(clipsOf(made).map((clip) => clip.look.opacity)).toEqual([0.5, undefined]);
    expect(clipsOf(edit.setAsset(made, [b.key], { volume: 2 }).project)[1]?.look.asset).toMatchObject({
      ...{ id: "m-1", volume: 2 },
    });
  });
});

describe("history", () => {
  const [a, b, c] = [project([video(0, 1)]), project([video(0, 2)]), project([video(0, 3)])];

  it("goes back and forth exactly, and forgets what was undone when something else is done", () => {
    let history = commit(commit(begin(a), b, "one"), c, "two");
    history = undo(undo(history));
    expect(history.present).toBe(a);
    expect(undo(history)).toBe(history);
    expect(redo(redo(history)).present).toBe(c);
    expect(redo(commit(history, b, "other")).present).toBe(b);
  });

  it("keeps changes of one group as one step, until it is sealed", () => {
    const grouped = commit(commit(begin(a), b, "drag", "g"), c, "drag", "g");
    expect(undo(grouped).present).toBe(a);
    expect(undo(commit(seal(commit(begin(a), b, "drag", "g")), c, "drag", "g")).present).toBe(b);
    expect(commit(grouped, c, "nothing changed")).toBe(grouped);
  });
});

describe("any sequence of commands", () => {
  /** A small generator, so that a failure can be repeated. */
  function randoms(seed: number): () => number {
    let state = seed;
    return () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
  }

  const length = s(30);

  function faults(made: Project): string[] {
    const found: string[] = [];
    for (const lane of made.lanes) {
      if (!lane.clips.length) found.push("an empty lane");
      let end = 0;
      for (const clip of lane.clips) {
        if (clip.start < end) found.push("an overlap");
        if (!(clip.duration > 0) || clip.from < 0) found.push("a clip of nothing");
        if (![clip.start, clip.duration, clip.from].every(Number.isInteger)) found.push("a fraction");
        if (isTimed(clip) && clip.from + clip.duration > length) found.push("past the asset");
        end = endOf(clip);
      }
    }
    const keys = clipsOf(made).map((clip) => clip.key);
    if (new Set(keys).size !== keys.length) found.push("two of one name");
    return found;
  }

  function step(made: Project, random: () => number): Project {
    const whole = (below: number) => Math.floor(random() * below);
    const clips = clipsOf(made);
    const key = clips[whole(clips.length)]?.key ?? "none";
    const keys = clips.filter(() => random() < 0.3).map((clip) => clip.key);
    const time = () => whole(s(20));
    const target = () => ([..."012", "above", "below"].map((x) => (x.length > 1 ? x : +x))[whole(5)]) as edit.Target;
    const from = whole(s(25));
    const commands: (() => edit.Edit)[] = [
      () => edit.add(made, clipOfAsset("video", "m-1", from, from + 1 + whole(s(5))), time(), target()),
      () => edit.add(made, textClip("x"), time(), target()),
      () => edit.move(made, key, time(), target()),
      () => edit.shift(made, keys, time() - s(10)),
      () => edit.trimStart(made, key, time()),
      () => edit.trimEnd(made, key, time(), () => length),
      () => edit.split(made, time(), keys),
      () => edit.remove(made, [key]),
      () => edit.rippleRemove(made, keys),
      () => edit.cutOut(made, [[time(), time()], [time(), time()]]),
      () => edit.paste(made, edit.copy(made, keys), time(), whole(3)),
      () => edit.duplicate(made, keys.slice(0, 3)),
      () => edit.layer(made, key, random() < 0.5 ? 1 : -1),
      () => edit.corner(made, key),
      () => edit.setLook(made, keys, { opacity: random() }),
    ];
    return (commands[whole(commands.length)] as () => edit.Edit)().project;
  }

  it("never overlaps on a lane, never leaves the asset, and is undone exactly", () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const random = randoms(seed);
      let history = begin(empty);
      const seen: Project[] = [empty];
      for (let count = 0; count < 60; count += 1) {
        const next = step(history.present, random);
        expect(faults(next)).toEqual([]);
        if (next !== history.present) seen.push(next);
        history = commit(history, next, "step");
        if (clipsOf(next).length > 60) break;
      }
      const last = history.present;
      for (const before of [...seen].reverse()) {
        expect(history.present).toBe(before);
        history = undo(history);
      }
      for (const _ of seen) history = redo(history);
      expect(history.present).toBe(last);
      const written = toWire(last);
      expect(toWire(fromWire(written))).toEqual(written);
    }
  });
});

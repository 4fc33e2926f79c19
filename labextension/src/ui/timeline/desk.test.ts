import { describe, expect, it, vi } from "vitest";
import { bindingOf, bindings } from "./commands";
import { Desk } from "./desk";
import { readShot } from "./drag";
import * as edit from "./edit";
import { TICKS, clipsOf, empty, textClip } from "./model";
import { soundOf } from "./sources";

function filled(): Desk {
  const desk = new Desk();
  desk.load(edit.add(empty, textClip("one"), 0, "above").project, "");
  return desk;
}

describe("the desk", () => {
  it("goes back from what Python has changed, too, and forgets what is gone", () => {
    const desk = filled();
    const [clip] = clipsOf(desk.project);
    desk.select([clip?.key ?? ""]);
    desk.seek(2 * TICKS);
    desk.load(empty, "Change from Python");
    expect([desk.selected.size, desk.playhead]).toEqual([0, 0]);
    expect(desk.steps.undo).toBe("Change from Python");
    desk.undo();
    expect(clipsOf(desk.project)).toEqual([clip]);
  });

  it("shows a draft without keeping it", () => {
    const desk = filled();
    const before = desk.project;
    desk.draft(empty);
    expect(desk.shown).toBe(empty);
    expect(desk.project).toBe(before);
    desk.draft(undefined);
    expect(desk.shown).toBe(before);
    expect(desk.steps.undo).toBeUndefined();
  });

  it("tells each listener once, and only of what it listens to", () => {
    const desk = filled();
    const [both, zoom] = [vi.fn(), vi.fn()];
    desk.hear(["project", "selection"], both);
    const stop = desk.hear(["zoom"], zoom);
    desk.apply(edit.remove(desk.project, [clipsOf(desk.project)[0]?.key ?? ""]), "Delete");
    expect([both.mock.calls.length, zoom.mock.calls.length]).toEqual([1, 0]);
    stop();
    desk.setZoom(10);
    expect(zoom).not.toHaveBeenCalled();
  });

  it("keeps the playhead within the timeline", () => {
    const desk = filled();
    desk.seek(-5);
    expect(desk.playhead).toBe(0);
    desk.seek(99 * TICKS);
    expect(desk.playhead).toBe(4 * TICKS);
  });
});

describe("keys", () => {
  const press = (key: string, more: object = {}) =>
    bindingOf({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more })?.words;

  it("are those of every editor, with Ctrl or Cmd, in capitals or not", () => {
    expect(press("S")).toBe("Split at the playhead");
    expect(press("z", { metaKey: true })).toBe("Undo");
    expect(press("Z", { ctrlKey: true, shiftKey: true })).toBe("Redo");
    expect(press("Delete", { shiftKey: true })).toBe("Delete and close the gap");
  });

  it("are known by their sign where a keyboard needs Shift for it, and with Alt are the system's", () => {
    expect(press("?", { shiftKey: true })).toBe("This list");
    expect(press("+", { shiftKey: true })).toBe("Zoom in");
    expect(press("s", { altKey: true })).toBeUndefined();
    expect(press("q")).toBeUndefined();
  });

  it("do one thing each", () => {
    const all = bindings().flatMap(({ keys, ctrl, shift }) => keys.map((key) => [key, ctrl, shift].join()));
    expect(new Set(all).size).toBe(all.length);
  });
});

describe("a shot that is dropped", () => {
  it("is read, with whatever else it brings", () => {
    const hit = { video_id: "m-1", start: 1.5, end: 3, text: "<b>" };
    expect(readShot(JSON.stringify(hit))).toEqual({ video_id: "m-1", start: 1.5, end: 3 });
  });

  it("is refused where it is none", () => {
    for (const text of ["", "null", "[]", '{"video_id":1}', '{"video_id":"m","start":3,"end":1}']) {
      expect(readShot(text)).toBeUndefined();
    }
  });
});

it("a waveform of two channels is drawn as their outline", () => {
  const peaks = btoa(String.fromCharCode(...new Uint8Array(Int8Array.of(-5, 7, -9, 3, 0, 1, -1, 2).buffer)));
  const sound = soundOf({ rate: 10, channels: 2, count: 2, peaks });
  expect([[...sound.low], [...sound.high], sound.loudest]).toEqual([[-9, -1], [7, 2], 9]);
});

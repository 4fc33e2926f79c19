import { describe, expect, it } from "vitest";
import { TICKS, ticksOf } from "./model";
import { magnets, rulerLabel, rulerStep, exactTime, snap, toPixels, toTicks, zoomToFit, shortLength } from "./ruler";
import { clipOfAsset, empty } from "./model";
import { describe as said, isFiller, propose, rangeOfWords, wordsBetween, wordsOf } from "./words";

const s = (seconds: number) => ticksOf(seconds);
const words = wordsOf([
  { text: "So", start: 2, end: 2.2 },
  { text: "um,", start: 2.3, end: 2.6 },
  { text: "the budget", start: 2.7, end: 3.4 },
  { text: "is", start: 5.4, end: 5.5 },
  { text: "Uhm", start: 6, end: 6.2 },
  { text: "twelve", start: 7.5, end: 8 },
]);
const seconds = (ranges: readonly (readonly [number, number])[]) =>
  ranges.map(([a, b]) => [a / TICKS, b / TICKS]);

describe("silences and filler words", () => {
  it("are found between the words, with a breath kept", () => {
    const found = propose(words, 0, s(10), { pause: s(0.9), keep: s(0.4) });
    expect(seconds(found.ranges)).toEqual([[0, 1.8], [2.3, 2.6], [3.6, 5.2], [5.7, 7.3], [8.2, 10]]);
    expect([found.silences, found.fillers]).toEqual([3, 2]);
    expect(found.seconds).toBeCloseTo(7.1);
    expect(said(found)).toBe("3 silences and 2 filler words, 7.1 s");
  });

  it("are looked for in the clip's part of the recording alone", () => {
    const found = propose(words, s(2.65), s(5.45), { pause: s(0.9), keep: s(0.4) });
    expect(seconds(found.ranges)).toEqual([[3.6, 5.45]]);
    expect(said(found)).toBe("1 silence, 1.9 s");
  });

  it("are not claimed where nothing is said at all, since that may be meant", () => {
    expect(propose([], 0, s(60)).ranges).toEqual([]);
    expect(said(propose(words, s(20), s(60)))).toBe("");
  });

  it("tells a filler from a word", () => {
    expect(["um", "Uhm,", "uh", "hmm", "er", "mm"].every(isFiller)).toBe(true);
    expect(["I", "a", "her", "hum", "am", "ähnlich", "error", "12"].some(isFiller)).toBe(false);
  });
});

describe("selected words", () => {
  it("take half of a short silence around them along", () => {
    expect(seconds([rangeOfWords(words, 0, 1)])).toEqual([[1.75, 2.65]]);
  });

  it("belong to the clip in which their middle is", () => {
    expect(wordsBetween(words, s(2.45), s(5.45)).map((word) => word.text)).toEqual(["um,", "the budget"]);
  });
});

describe("the ruler", () => {
  it("gives back the time of a pixel at every zoom", () => {
    for (const zoom of [0.02, 1, 37, 400]) expect(toTicks(toPixels(s(12), zoom), zoom)).toBe(s(12));
  });

  it("labels without crowding, from frames to hours", () => {
    expect(rulerStep(400).seconds).toBe(0.2);
    expect(rulerStep(50).seconds).toBe(2);
    expect(rulerStep(0.02).seconds).toBe(3600);
    expect([rulerLabel(65, 5), rulerLabel(3605, 60), rulerLabel(0.2, 0.2)]).toEqual([
      ...["1:05", "1:00:05", "0:00.2"],
    ]);
    expect([exactTime(s(65.256)), shortLength(s(2.5)), shortLength(s(75))]).toEqual([
      ...["1:05.26", "2.5 s", "1:15"],
    ]);
    expect(toPixels(s(60), zoomToFit(s(60), 1000))).toBeCloseTo(940);
  });
});

describe("snapping", () => {
  const one = { ...clipOfAsset("video", "m-1", 0, s(2)), start: s(3) };
  const other = { ...clipOfAsset("video", "m-1", 0, s(1)), start: s(8) };
  const project = { ...empty, lanes: [{ key: "l", z: 0, clips: [one, other] }] };

  it("is to the edges of other clips, the playhead and the beginning", () => {
    expect(magnets(project, new Set([one.key]), s(6))).toEqual([0, s(6), s(8), s(9)]);
  });

  it("takes the nearest within reach, by either edge, else the grid of pictures", () => {
    const near = [0, s(6), s(8)];
    expect(snap([s(5.9), s(7.95)], near, s(0.2))).toEqual({ by: s(0.05), at: s(8) });
    expect(snap([s(4.01), s(6.51)], near, s(0.2))).toEqual({ by: s(4) - s(4.01), at: undefined });
  });
});

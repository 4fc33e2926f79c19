import { expect, test } from "vitest";
import type { TimedCell } from "../../wire";
import { grouped, longWords, marksOf, shortWords } from "./cells";
import { TICKS, clipOfAsset } from "./model";

const cell = (number: number, start: number, error?: string): TimedCell => ({
  code: `\nstep_${number}()\n`,
  number,
  start,
  end: start + 1,
  started: 1000 + start,
  ended: 1001 + start,
  status: error ? "error" : "ok",
  error: error ?? null,
});
const cells = [cell(1, 0.5), cell(2, 4), cell(3, 4.1, "ValueError"), cell(4, 30)];
const clip = { ...clipOfAsset("video", "m-1", 4 * TICKS, 9 * TICKS), start: 10 * TICKS };
const sound = { ...clip, key: "other" };
const lanes = [
  { key: "a", z: 0, clips: [clip] },
  { key: "b", z: 0, clips: [sound] },
];
const project = { background: "", resolution: "", lanes };

test("cells are marked where the clips show the moment they ran, once for picture and sound", () => {
  const marks = marksOf(project, () => cells);
  expect(marks.map(({ at, cell: { number } }) => [at / TICKS, number])).toEqual([
    [10, 2],
    [10.1, 3],
  ]);
});

test("marks that would lie over one another are one, which says how many failed", () => {
  const marks = marksOf(project, () => cells);
  const [near] = grouped(marks, 60, 14);
  expect(near && [shortWords(near), near.failed]).toEqual(["2 cells, 1 failed", true]);
  const far = grouped(marks, 400, 14);
  expect(far.map(shortWords)).toEqual(["[2]", "[3] failed"]);
  expect(far[1] && longWords(far[1])).toBe("Cell [3] failed with ValueError: step_3()");
});

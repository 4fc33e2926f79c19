import { describe, expect, it } from "vitest";
import { blocksOf, indexAt, wordsIn } from "./model";

const said = (start: number, end: number, text: string, channel = "mic:default") => ({
  ...{ start, end, text, channel },
});

describe("paragraphs", () => {
  it("end at a pause, at another voice, and after half a minute", () => {
    const blocks = blocksOf([
      said(0, 4, "One."),
      said(4.5, 8, " Two. "),
      said(14, 16, "After a pause."),
      said(16, 18, "Another.", "system_audio:default"),
      said(18.5, 40, "Long."),
      said(40.1, 60, "Longer."),
    ]);
    expect(blocks.map((each) => each.text)).toEqual([
      "One. Two.",
      "After a pause.",
      "Another.",
      "Long.",
      "Longer.",
    ]);
    expect(blocks[0]).toMatchObject({ start: 0, end: 8 });
  });

  it("leave out what holds no words", () => {
    expect(blocksOf([said(0, 1, "  ")])).toEqual([]);
  });
});

it("the word that is spoken is the last that has begun", () => {
  const words = [said(0.5, 1, "a"), said(1, 2, "b"), said(4, 5, "c")];
  expect([0, 0.5, 1.7, 3, 99].map((time) => indexAt(words, time))).toEqual([-1, 0, 1, 1, 2]);
});

it("of two channels that speak at once, a paragraph takes the words of its own", () => {
  const block = { start: 1, end: 3, text: "b", channel: "mic:default" };
  const words = [said(0, 1.5, "a"), said(1, 2, "b"), said(2, 3, "c", "system_audio:default")];
  expect(wordsIn(block, words).map((word) => word.text)).toEqual(["b"]);
});

import { describe, expect, it } from "vitest";
import { asksCells, asksScreen, channelWords, countText, hitsOf, hitsOfMoments, marked } from "./model";

const spelt = (text: string, query: string) =>
  marked(text, query)
    .map((part) => (part.marked ? `[${part.text}]` : part.text))
    .join("");

describe("marking", () => {
  it("marks words of the query, also at the beginning of longer ones", () => {
    expect(spelt("Budgets for the budget", "budget")).toBe("[Budget]s for the [budget]");
  });

  it("leaves short words, operators and signs alone", () => {
    expect(spelt("a mic (of a kind)", "a channel:mic (of")).toBe("a mic (of a kind)");
  });

  it("knows letters of every language", () => {
    expect(spelt("Über die Größe", "größe über")).toBe("[Über] die [Größe]");
  });

  it("keeps markup as text", () => {
    expect(spelt("<b>budget</b>", "budget")).toBe("<b>[budget]</b>");
  });
});

it("hits of several videos are sorted by their score", () => {
  const doc = (start: number, score: number) => ({ start, end: start + 1, text: "x", score });
  const video = (video_id: string, ...docs: ReturnType<typeof doc>[]) => ({
    video_id,
    collection_id: "default",
    length: 9,
    title: video_id,
    docs,
  });
  const hits = hitsOf({ results: [video("m-1", doc(0, 0.2), doc(3, 0.9)), video("m-2", doc(1, 0.5))] });
  expect(hits.map((hit) => [hit.video_id, hit.start])).toEqual([
    ["m-1", 3],
    ["m-2", 1],
    ["m-1", 0],
  ]);
});

it("says how many were found", () => {
  expect(countText(1, false)).toBe("1 moment");
  expect(countText(50, true)).toBe("The best 50 moments");
  expect(countText(0, false)).toMatch(/^Nothing was found/);
});

it("names channels as people do, and leaves what it does not know as it is", () => {
  const words = (channel: string, source = "") => channelWords({ channel, source }).words;
  expect(words("mic:default")).toBe("Microphone");
  expect(words("display:2")).toBe("On the screen (2)");
  expect(words("notebook:cells")).toBe("Cell");
  expect(words("display:1", "cells")).toBe("Cell");
  expect(words("lecture")).toBe("lecture");
  expect(channelWords({ channel: "" }).image).toBeUndefined();
});

it("knows a question about the screen, but not its words in quotes", () => {
  expect(asksScreen("channel:screen cloud")).toBe(true);
  expect(asksScreen('"channel:screen" cloud')).toBe(false);
  expect(asksCells("channel:cells fit")).toBe(true);
  expect(asksCells("cells")).toBe(false);
});

it("what is found in a running session names the session and no video", () => {
  const moment = { start: 1, end: 2, text: "x", score: 0.5, channel: "mic:default" };
  const [hit] = hitsOfMoments("cap-1", "Talk", { moments: [moment] });
  expect(hit).toMatchObject({ video_id: "", session_id: "cap-1", title: "Talk", start: 1 });
});

import { describe, expect, it } from "vitest";
import type { Asset, MissingClip } from "../../wire";
import { countText, deletionOf, factsText, missingText, named, recordingsOf, timelineFacts } from "./model";

const asset = (id: string, more: Partial<Asset> = {}): Asset => ({
  id,
  collection_id: "default",
  type: "video",
  name: id,
  ...more,
});

it("lists recordings newest first, without their raw channels", () => {
  const all = [
    asset("m-old", { created_at: 10 }),
    asset("m-raw", { created_at: 30, channel_id: "display:1", session_id: "cap-1" }),
    asset("a-new", { created_at: 20, type: "audio" }),
  ];
  expect(recordingsOf(all).map((each) => each.id)).toEqual(["a-new", "m-old"]);
});

describe("searching by name", () => {
  const all = [asset("m-1", { name: "Budget talk" }), asset("m-2", { name: "Größe der Lücke" })];

  it("finds parts of words, in any order and case", () => {
    expect(named(all, "TALK bud").map((each) => each.id)).toEqual(["m-1"]);
    expect(named(all, "grö").map((each) => each.id)).toEqual(["m-2"]);
  });

  it("finds all without words, and none with a word that is nowhere", () => {
    expect(named(all, "  ")).toHaveLength(2);
    expect(named(all, "budget hiring")).toEqual([]);
  });
});

it("tells length and size; what is not known is left out", () => {
  expect(factsText(asset("m-1", { length: 65.4, size: 12_300_000 }))).toBe("1:05 · 12.3 MB");
  expect(factsText(asset("m-1"))).toBe("0:00");
});

it("counts what is shown of all", () => {
  expect([countText(1, 1), countText(2, 5), countText(0, 0)]).toEqual([
    "1 recording",
    "2 of 5 recordings",
    "",
  ]);
});

it("a recording is deleted with its session, an upload alone", () => {
  expect(deletionOf(asset("m-1", { session_id: "cap-9" }))).toBe("/capture/session/cap-9");
  expect(deletionOf(asset("a-1", { type: "audio" }))).toBe("/audio/a-1");
});

describe("a timeline that is kept", () => {
  const missing = (start: number, name: string): MissingClip => ({
    ...{ track: 1, clip: 1, asset_id: "m-1", name, start, duration: 2 },
  });

  it("tells its length and its clips", () => {
    const kept = { id: "tl-1", name: "Cut", length: 65, clips: 1, tracks: 1, resolution: "1280x720" };
    const times = { version: 1, created_at: 0, updated_at: 0 };
    expect(timelineFacts({ ...kept, ...times })).toBe("1:05 · 1 clip");
  });

  it("says which of its clips are missing, by name where that is known", () => {
    expect(missingText([])).toBe("");
    expect(missingText([missing(4, "Talk")])).toBe("The clip at 0:04 is missing: “Talk” was deleted.");
    expect(missingText([missing(4, ""), missing(9, "")])).toBe(
      "2 clips are missing, the first at 0:04: the recording was deleted.",
    );
  });
});

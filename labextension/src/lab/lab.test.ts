import { describe, expect, it } from "vitest";
import { nameAt } from "./naming";
import { codeOf, dragged, pieceOf, pieceTypes } from "./pieces";

const piece = { video_id: "m-1", collection_id: "default", start: 1.5, end: 4 };

describe("a piece that is inserted", () => {
  it("is code that plays the stretch", () => {
    expect(codeOf(piece)).toContain("get_video('m-1')");
    expect(codeOf(piece)).toContain("timeline=[(1.500, 4.000)]");
  });

  it("is all of a recording where it is whole", () => {
    expect(codeOf({ ...piece, whole: true })).toMatch(/get_video\('m-1'\)\.play\(\)$/);
  });
});

describe("a timeline that is inserted", () => {
  it("is code that opens it in its editor", () => {
    expect(codeOf({ timeline_id: "tl-1" })).toContain("TimelineEditor(connect().get_timeline('tl-1'))");
  });

  it("is taken where it is dropped, unless code would be made of something else", () => {
    expect(pieceOf('{"timeline_id": "tl-1", "title": "Cut"}')).toEqual({ timeline_id: "tl-1" });
    expect(pieceOf(JSON.stringify({ timeline_id: "'); import os" }))).toBeUndefined();
  });

  it("is told from a clip by its type", () => {
    const transfer = (type: string) => ({ types: [type], getData: () => type });
    expect(dragged(transfer(pieceTypes[1]))).toBe(pieceTypes[1]);
    expect([dragged(transfer("text/plain")), dragged(null)]).toEqual(["", ""]);
  });
});

describe("what is dropped", () => {
  it("is taken where it is a piece", () => {
    expect(pieceOf(JSON.stringify(piece))).toEqual(piece);
  });

  it("is refused where code would be made of something else", () => {
    const bad = [{ ...piece, video_id: "'); import os" }, { ...piece, start: "0)" }, null, 7];
    expect([...bad.map((each) => JSON.stringify(each)), "no json"].map(pieceOf)).toEqual(
      Array(5).fill(undefined),
    );
  });
});

it("a recording is named by when it begins", () => {
  const now = new Date(2026, 2, 4, 5, 6);
  expect(nameAt("Talk {date} {time}", now)).toBe("Talk 2026-03-04 05:06");
  expect(nameAt("  ", now)).toBe("2026-03-04 05:06");
});

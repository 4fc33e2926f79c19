import { afterEach, describe, expect, it } from "vitest";
import { english, speak, trans } from "./words";

afterEach(() => speak(english));

describe("words", () => {
  it("are English with their values put in, one or many", () => {
    expect(trans.__("%2 of %1", 5, "two")).toBe("two of 5");
    expect([1, 2].map((count) => trans._n("%1 clip", "%1 clips", count))).toEqual(["1 clip", "2 clips"]);
  });

  it("leave a sign alone for which there is no value", () => {
    expect(trans.__("100 %1")).toBe("100 %1");
  });

  it("are those of the translator once there is one", () => {
    speak({ ...english, __: (text) => text.toUpperCase() });
    expect(trans.__("find")).toBe("FIND");
  });
});

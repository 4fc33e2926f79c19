import { describe, expect, it } from "vitest";
import { explain, failureOf, failureOfMedia } from "./explain";
import { actionOf } from "./keys";
import { clamp, formatTime, parseTime, stepTime } from "./time";

const key = (name: string, held: Partial<Parameters<typeof actionOf>[0]> = {}) =>
  actionOf({ key: name, ctrlKey: false, metaKey: false, altKey: false, ...held });

describe("times", () => {
  it.each([
    [0, "0:00"],
    [59.9, "0:59"],
    [65.4, "1:05"],
    [3600, "1:00:00"],
    [3723, "1:02:03"],
    [NaN, "0:00"],
    [-3, "0:00"],
    [Infinity, "live"],
  ])("shows %s seconds as %s", (seconds, text) => {
    expect(formatTime(seconds)).toBe(text);
  });

  it.each([
    ["75", 75],
    ["75.5", 75.5],
    ["1:15", 75],
    ["1:02:03", 3723],
    ["75s", 75],
    ["1m15s", 75],
    ["1h2m3s", 3723],
    ["", 0],
    ["soon", 0],
    ["-5", 0],
    [null, 0],
    [undefined, 0],
  ])("reads %s as %s seconds", (text, seconds) => {
    expect(parseTime(text)).toBe(seconds);
  });

  it("keeps a value within its bounds, also when they cross", () => {
    expect(clamp(5, 0, 3)).toBe(3);
    expect(clamp(-1, 0, 3)).toBe(0);
    expect(clamp(5, 0, -1)).toBe(0);
  });
});

describe("a frame step", () => {
  it("reaches every frame exactly once, forwards and back", () => {
    const frames = (step: 1 | -1, from: number) => {
      const seen = [];
      for (let t = from, i = 0; i < 40; i += 1) {
        t = stepTime(t, step, 15, 10);
        seen.push(Math.floor(t * 15));
      }
      return seen;
    };
    expect(frames(1, 0)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(frames(-1, 50 / 15)).toEqual(Array.from({ length: 40 }, (_, i) => 49 - i));
  });

  it("stays within the stream", () => {
    expect(stepTime(0, -1, 30, 10)).toBe(0);
    expect(stepTime(10, 1, 30, 10)).toBe(10);
  });
});

describe("keys", () => {
  it("play with space and k, also in upper case", () => {
    expect(key(" ")).toEqual({ do: "toggle" });
    expect(key("K")).toEqual({ do: "toggle" });
  });

  it("step one frame with comma and full stop", () => {
    expect(key(",")).toEqual({ do: "frame", frames: -1 });
    expect(key(".")).toEqual({ do: "frame", frames: 1 });
  });

  it("leave combinations with a modifier to the browser", () => {
    expect(key("f", { ctrlKey: true })).toBeUndefined();
    expect(key("k", { metaKey: true })).toBeUndefined();
    expect(key("ArrowLeft", { altKey: true })).toBeUndefined();
  });

  it("leave every other key alone", () => {
    expect(key("Tab")).toBeUndefined();
    expect(key("x")).toBeUndefined();
  });
});

describe("what is said when a video does not play", () => {
  it("tells an expired link from a deleted recording and from an engine that is off", () => {
    const network = (code?: number) =>
      explain(failureOf({ type: "networkError", details: "manifestLoadError", response: { ...(code && { code }) } }));
    expect(network(401)).toMatch(/expired/);
    expect(network(410)).toBe(network(404));
    expect(network(404)).toMatch(/deleted/);
    expect(network(500)).toMatch(/Try again/);
    expect(network()).toMatch(/cannot be reached/);
  });

  it("never shows the browser's or the library's own words", () => {
    for (const details of ["manifestParsingError", "bufferAppendError", "fragLoadError"]) {
      for (const type of ["networkError", "mediaError", "otherError"]) {
        expect(explain(failureOf({ type, details }))).not.toMatch(/Error|hls|undefined/i);
      }
    }
  });

  it("tells a browser without H.264 from a broken stream", () => {
    expect(explain(failureOfMedia(4))).toMatch(/cannot play H\.264/);
    expect(explain(failureOfMedia(3))).toMatch(/decode/);
    expect(explain(failureOf({ type: "mediaError", details: "manifestIncompatibleCodecsError" }))).toBe(
      explain({ kind: "unsupported" }),
    );
  });
});

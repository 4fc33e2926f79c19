import { describe, expect, it, vi } from "vitest";

vi.mock("@jupyterlab/apputils", () => ({ Notification: {} }));
const { filled, wordsFor } = await import("./working");
const plain = { __: (text: string) => text };

describe("what is told of long work", () => {
  it("depends on what is asked of the engine", () => {
    const doing = [
      ["POST", "/video/m-1/index"],
      ["POST", "/video/m-1/index/scene"],
      ["POST", "/editor/download"],
      ["DELETE", "/capture/session/cap-1"],
    ] as const;
    expect(doing.map(([method, path]) => wordsFor(method, path, plain)?.doing)).toEqual([
      "Listening to %1…",
      "Reading the screen of %1…",
      "Preparing the file…",
      "Deleting…",
    ]);
  });

  it("is nothing for questions, and for work that is told of elsewhere", () => {
    const asked = [
      ["GET", "/video/m-1/index"],
      ["POST", "/capture/session/start"],
      ["POST", "/editor"],
      ["DELETE", "/async-response/job-1"],
    ] as const;
    expect(asked.map(([method, path]) => wordsFor(method, path, plain))).toEqual(
      Array(4).fill(undefined),
    );
  });

  it("names its thing, however it is written", () => {
    expect(filled("Listening to %1…", "“100 $& %1”")).toBe("Listening to “100 $& %1”…");
  });
});

import type { TranslationBundle } from "@jupyterlab/translation";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, type PanelApi, type Progress } from "../api/panel";
import { english } from "../words";

const { emit, update } = vi.hoisted(() => ({ emit: vi.fn(() => "note"), update: vi.fn() }));
vi.mock("@jupyterlab/apputils", () => ({ Notification: { emit, update } }));
const { Working, filled, wordsFor } = await import("./working");
const plain = { __: (text: string) => text };

/** A panel whose work ends when the test says so. */
function asked(path: string) {
  let tell: (progress: Progress) => void = () => undefined;
  let end: { done(value: unknown): void; fail(error: unknown): void } | undefined;
  const sent: string[] = [];
  const request = (method: string, where: string, _body: unknown, progress?: typeof tell) => {
    sent.push(`${method} ${where}`);
    if (method === "GET") return Promise.resolve({ name: "Talk" });
    if (progress) tell = progress;
    return new Promise((done, fail) => (end ??= { done, fail }));
  };
  const api = { request } as unknown as PanelApi;
  const answer = new Working(english as unknown as TranslationBundle).follow(api).request("POST", path);
  answer.catch(() => undefined);
  return { answer, sent, tell: (now: Progress) => tell(now), end: () => end };
}

describe("work that takes long", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    emit.mockClear();
    update.mockClear();
  });
  afterEach(() => vi.useRealTimers());

  it("is told of with its name, how far it is, and what came of it", async () => {
    const work = asked("/video/m-1/index");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(emit).toHaveBeenCalledWith("Listening to “Talk”…", "in-progress", { autoClose: false });
    work.tell({ percentage: 40, stage: "", job: "/async-response/job-1" });
    const shown = update.mock.lastCall?.[0] as { progress: number; actions: { callback(e: Event): void }[] };
    expect(shown.progress).toBe(0.4);
    shown.actions[0]?.callback(new Event("click"));
    expect(work.sent).toContain("DELETE /async-response/job-1");
    work.end()?.done({});
    await work.answer;
    await vi.advanceTimersByTimeAsync(0);
    expect(update.mock.lastCall?.[0]).toMatchObject({
      ...{ type: "success", message: "What is said in “Talk” can be searched.", actions: [] },
    });
  });

  it("says why it failed, and not that it failed where it was cancelled", async () => {
    for (const [error, type, words] of [
      [new ApiError("The disk is full.", 507, "STORAGE_FULL"), "error", /could not be .* disk is full/],
      [new ApiError("index was cancelled.", 500, "CANCELLED"), "info", /^It was cancelled/],
    ] as const) {
      const work = asked("/video/m-1/index");
      await vi.advanceTimersByTimeAsync(2_000);
      work.end()?.fail(error);
      await vi.advanceTimersByTimeAsync(0);
      const { type: told, message } = update.mock.lastCall?.[0] as { type: string; message: string };
      expect([told, words.test(message)]).toEqual([type, true]);
    }
  });

  it("is not worth a word where it is done at once", async () => {
    const work = asked("/editor/download");
    work.end()?.done({});
    await vi.advanceTimersByTimeAsync(5_000);
    expect(emit).not.toHaveBeenCalled();
  });
});

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

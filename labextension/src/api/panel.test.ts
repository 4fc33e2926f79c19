import type { AnyModel } from "@anywidget/types";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError, widgetPanel } from "./index";

type Message = Record<string, unknown>;
type Listener = (answer: object, buffers: DataView[]) => void;

/** A widget's model; its kernel answers with `reply`, where that gives something. */
function panelOver(reply: (asked: Message) => object | undefined) {
  const listeners = new Set<Listener>();
  const sent: Message[] = [];
  const say = (message: object) => {
    for (const listener of [...listeners]) listener(message, []);
  };
  const model = {
    get: () => 1,
    on: (_: string, listener: Listener) => listeners.add(listener),
    off: (_: string, listener: Listener) => listeners.delete(listener),
    send: (asked: Message) => {
      sent.push(asked);
      queueMicrotask(() => {
        const answer = reply(asked);
        if (answer) say({ id: asked["id"], ...answer });
      });
    },
  };
  return { api: widgetPanel(model as unknown as AnyModel), sent, say, listeners };
}

afterEach(() => vi.useRealTimers());

describe("a request", () => {
  it("goes to the kernel and comes back as the answer's data", async () => {
    const { api, sent } = panelOver(() => ({ body: { success: true, data: { pid: 7 } } }));
    expect(await api.request("GET", "/engine")).toEqual({ pid: 7 });
    expect(sent[0]).toMatchObject({ ask: "request", method: "GET", path: "/engine", body: null });
  });

  it("rejects with the engine's words, status and code", async () => {
    const { api } = panelOver(() => ({ error: "It was deleted.", status: 410, code: "GONE" }));
    const failed = await api.request("GET", "/video/m-1").catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ApiError);
    expect(failed).toMatchObject({ message: "It was deleted.", status: 410, code: "GONE" });
  });

  it("waits for long work, and tells how far it is", async () => {
    vi.useFakeTimers();
    const states = [
      { status: "processing", data: { percentage: 40, stage: "Listening" } },
      { status: "done", data: {}, response: { success: true, data: { words: 3 } } },
    ];
    const { api, sent } = panelOver(({ path }) => {
      if (path !== "/async-response/job-1") {
        return { body: { status: "processing", data: { output_url: "http://x/async-response/job-1" } } };
      }
      return { body: states.shift() };
    });
    const told: number[] = [];
    const made = api.request("POST", "/video/m-1/index", {}, (at) => told.push(at.percentage));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await made).toEqual({ words: 3 });
    expect(told).toEqual([40]);
    expect(sent.at(-1)).toMatchObject({ method: "GET", path: "/async-response/job-1" });
  });

  it("says that it waits when nobody hears it, and no more once it was heard", async () => {
    vi.useFakeTimers();
    const { api, sent, say } = panelOver(() => undefined);
    const told: boolean[] = [];
    api.waiting((is) => told.push(is));
    void api.request("GET", "/engine");
    await vi.advanceTimersByTimeAsync(3_100);
    expect(told).toEqual([true]);
    say({ heard: sent[0]?.["id"] });
    expect(told).toEqual([true, false]);
  });

  it("says at once that the kernel is gone", async () => {
    const { api } = panelOver(() => undefined);
    const model = { on: () => 0, off: () => 0, send: () => { throw new Error("disposed"); } };
    const broken = widgetPanel(model as unknown as AnyModel);
    await expect(broken.request("GET", "/engine")).rejects.toThrow(/Run the cell again/);
    api.close();
  });
});

describe("events", () => {
  it("come to those who asked for their kind, until they end it", () => {
    const { api, sent, say } = panelOver(() => undefined);
    const seen: string[] = [];
    const end = api.events(["levels", "capture_session."], (event) => {
      seen.push(event.channel ?? event.event ?? "");
    });
    expect(sent.at(-1)).toMatchObject({ listen: ["levels", "capture_session."] });
    for (const event of [{ channel: "levels" }, { channel: "alert" }, { event: "capture_session.stopped" }]) {
      say({ event });
    }
    end();
    say({ event: { channel: "levels" } });
    expect(seen).toEqual(["levels", "capture_session.stopped"]);
    expect(sent.at(-1)).toMatchObject({ listen: [] });
  });
});

it("a panel that is closed listens no more", () => {
  const { api, listeners } = panelOver(() => undefined);
  api.close();
  expect(listeners.size).toBe(0);
});

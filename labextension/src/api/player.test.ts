import type { AnyModel } from "@anywidget/types";
import { describe, expect, it, vi } from "vitest";
import { type PlayerTraits, pageApi, widgetApi } from "./index";

type Asked = { id: string; ask: string };
type Listener = (answer: object, buffers: DataView[]) => void;

/** A model whose other side answers with `reply`, as the kernel does: later, and to everyone. */
function modelThat(reply: (asked: Asked) => object | undefined) {
  const listeners = new Set<Listener>();
  const model = {
    get: (name: string) => ({ title: "A talk", poster: "", start: 3 })[name],
    on: (_: string, listener: Listener) => listeners.add(listener),
    off: (_: string, listener: Listener) => listeners.delete(listener),
    send: (asked: Asked) => {
      queueMicrotask(() => {
        const answer = reply(asked);
        if (answer) for (const listener of [...listeners]) listener(answer, []);
      });
    },
  };
  return { model: model as unknown as AnyModel<PlayerTraits>, listeners };
}

describe("a widget", () => {
  it("gets the URL by asking the kernel, not from a trait", async () => {
    const { model, listeners } = modelThat(({ id, ask }) => ({ id, src: `http://x/${ask}` }));
    const api = widgetApi(model);
    expect(await api.source()).toBe("http://x/source");
    api.close();
    expect(listeners.size).toBe(0);
  });

  it("does not take another player's answer for its own", async () => {
    const { model } = modelThat(({ id }) => ({ id, src: id }));
    const api = widgetApi(model);
    const [one, two] = await Promise.all([api.source(), api.source()]);
    expect(one).not.toBe(two);
  });

  it("passes on in words what the kernel says has failed", async () => {
    const { model } = modelThat(({ id }) => ({ id, error: "That video was deleted." }));
    await expect(widgetApi(model).source()).rejects.toThrow("That video was deleted.");
  });

  it("gives up on a kernel that never answers, saying so", async () => {
    vi.useFakeTimers();
    const { model } = modelThat(() => undefined);
    const answer = expect(widgetApi(model).source()).rejects.toThrow(/kernel did not answer/);
    await vi.advanceTimersByTimeAsync(60_000);
    await answer;
    vi.useRealTimers();
  });
});

describe("a page", () => {
  const element = (data: object) => ({ dataset: data }) as HTMLElement;
  const start = (address: string, data: object = {}) =>
    pageApi(element(data), new URL(address)).card().start;

  it("takes its start from the hash, then the query, then its own data", () => {
    expect(start("http://h/watch?v=x&t=20#t=1:15", { start: "7" })).toBe(75);
    expect(start("http://h/watch?v=x&t=20", { start: "7" })).toBe(20);
    expect(start("http://h/watch?v=x", { start: "7" })).toBe(7);
    expect(start("http://h/watch?v=x")).toBe(0);
  });

  it("says in words when it names no video", async () => {
    await expect(pageApi(element({}), new URL("http://h/watch")).source()).rejects.toThrow(
      /names no video/,
    );
  });
});

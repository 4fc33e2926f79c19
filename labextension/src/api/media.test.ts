import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { wayTo } from "./media";

const direct = "http://127.0.0.1:21000/stream/a.1.b/master.m3u8";
let page: string;
let config: string | undefined;
let answers: (url: string) => number;

const asked: string[] = [];

beforeEach(() => {
  asked.length = 0;
  page = "http://localhost:8888/user/ada/lab";
  config = JSON.stringify({ baseUrl: "/user/ada/" });
  vi.stubGlobal("document", {
    get baseURI() {
      return page;
    },
    getElementById: () => (config === undefined ? null : { textContent: config }),
  });
  vi.stubGlobal("location", {
    get hostname() {
      return new URL(page).hostname;
    },
  });
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    const status = answers(url);
    if (!status) throw new TypeError("refused");
    return new Response("", { status });
  });
});

afterEach(() => vi.unstubAllGlobals());

function below(origin: string): string {
  return `${origin}/user/ada/jupyter-capture/engine/stream/a.1.b/master.m3u8`;
}

it("goes to the engine itself where that answers, without Jupyter's server", async () => {
  answers = () => 200;
  expect(await wayTo(direct)).toBe(direct);
  expect(asked).toEqual([direct]);
});

it("goes below Jupyter's base URL where only that answers, as behind a tunnel", async () => {
  answers = (url) => (url.startsWith("http://localhost:8888/") ? 200 : 401);
  expect(await wayTo(direct)).toBe(below("http://localhost:8888"));
});

it("asks a page's own server first where the engine is not on the reader's machine", async () => {
  page = "https://hub.example/user/ada/lab/tree/talk.ipynb";
  answers = () => 200;
  expect(await wayTo(direct)).toBe(below("https://hub.example"));
  expect(asked).toEqual([below("https://hub.example")]);
});

it("takes no other engine's refusal for an answer on a page from elsewhere", async () => {
  page = "https://hub.example/user/ada/lab";
  answers = (url) => (url === direct ? 401 : 404);
  expect(await wayTo(direct)).toBeUndefined();
});

it("has the engine's own words where it refuses here", async () => {
  answers = (url) => (url === direct ? 401 : 404);
  expect(await wayTo(direct)).toBe(direct);
});

it("leaves it to messages where nothing answers, as in a code editor", async () => {
  config = undefined;
  answers = () => 0;
  expect(await wayTo(direct)).toBeUndefined();
  expect(asked).toEqual([direct]);
});

it("leaves addresses of other servers as they are", async () => {
  const cloud = "https://stream.example/a/master.m3u8";
  answers = () => 404;
  await wayTo(cloud);
  expect(asked).toEqual([cloud]);
});

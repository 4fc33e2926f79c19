import { describe, expect, it } from "vitest";
import { ApiError } from "./panel";
import { through } from "./events";
import { Server, Values } from "./server";

const root = "/user/ada/jupyter-capture/engine";

/** A server whose answers are given; `asked` is what it was asked. */
function serverOver(answer: (address: string) => [number, unknown]) {
  const asked: { address: string; init: RequestInit }[] = [];
  const server = new Server("/user/ada/", async (address, init) => {
    asked.push({ address, init });
    const [status, body] = answer(address);
    return new Response(typeof body === "string" ? body : JSON.stringify(body), { status });
  });
  return { server, asked };
}

describe("addresses", () => {
  it("of the engine are reached through the Jupyter server, tickets and all", () => {
    const found = through(root, "http://127.0.0.1:4321/stream/abc/master.m3u8?t=1");
    expect(found).toBe(`${root}/stream/abc/master.m3u8?t=1`);
  });

  it("of others stay as they are", () => {
    expect(through(root, "https://example.org/a.mp4")).toBe("https://example.org/a.mp4");
  });
});

describe("requests", () => {
  it("about recording name the desktop of the Jupyter server", async () => {
    const health = { engine: null, version: "1", environment: { DISPLAY: ":7" } };
    const { server, asked } = serverOver((address) => [200, address.endsWith("health") ? health : {}]);
    await server.send("GET", "/capture/channels");
    await server.send("POST", "/capture/session/start", { session_id: "cap-1" });
    expect(asked[1]?.address).toBe(`${root}/capture/channels?DISPLAY=%3A7`);
    const sent = { session_id: "cap-1", environment: { DISPLAY: ":7" } };
    expect(JSON.parse(String(asked[2]?.init.body))).toEqual(sent);
  });

  it("that are refused reject with the engine's words", async () => {
    const refusal = { success: false, message: "The disk is full.", error_code: "DISK_FULL" };
    const { server } = serverOver(() => [507, refusal]);
    const failed = await server.send("GET", "/engine").catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ApiError);
    expect(failed).toMatchObject({ message: "The disk is full.", status: 507, code: "DISK_FULL" });
  });

  it("say what to do where the server has no extension", async () => {
    const { server } = serverOver(() => [404, "<html>Not found</html>"]);
    await expect(server.health()).rejects.toThrow(/Install jupyter-capture where that server runs/);
  });
});

it("values tell of changes, and only of those", () => {
  const values = new Values({ query: "a" });
  const heard: string[] = [];
  const end = values.on("query", (query) => heard.push(query));
  values.set("query", "a");
  values.set("query", "b");
  end();
  values.set("query", "c");
  expect(heard).toEqual(["b"]);
});

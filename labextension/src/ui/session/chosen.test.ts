import { expect, test } from "vitest";
import { ApiError } from "../../api/panel";
import { Chosen } from "./chosen";
import type { ChannelChoice, SessionState } from "./model";

const channels = [
  { channel_id: "display:1", type: "video", name: "Screen", on: true, store: true },
  { channel_id: "mic:default", type: "audio", name: "Microphone", on: true, store: true },
] as ChannelChoice[];

function chosen(status: string, answer: () => Promise<unknown> = () => Promise.resolve({})) {
  const asked: unknown[][] = [];
  const told: string[] = [];
  const state: Record<string, unknown> = { status, channels, session_id: "cap-1" };
  const api = {
    get: (name: keyof SessionState) => state[name],
    set: (name: keyof SessionState, value: unknown) => (state[name] = value),
    request: (...request: unknown[]) => (asked.push(request), answer()),
  };
  const made = new Chosen(api as unknown as ConstructorParameters<typeof Chosen>[0], {
    changed: () => told.push("changed"),
    refused: (words) => words && told.push(words),
    asked: () => (told.push("asked"), Promise.resolve()),
  });
  return { made, asked, told };
}

test("before it records, what is kept of a channel is a choice, and nobody is asked", async () => {
  const { made, asked, told } = chosen("idle");
  await made.store("mic:default", false);
  expect(made.keeps("mic:default")).toBe(false);
  expect(made.keeps("display:1")).toBe(true);
  expect([asked, told]).toEqual([[], ["changed"]]);
});

test("while it records, the engine is asked, and what it refuses is said", async () => {
  const { made, asked, told } = chosen("active", () => Promise.reject(new ApiError("It has ended.", 409, "CONFLICT")));
  await made.turn("mic:default", false);
  const body = { channel_id: "mic:default", paused: true };
  expect(asked).toEqual([["POST", "/capture/session/cap-1/channel", body]]);
  expect(made.keeps("mic:default")).toBe(true);
  expect(told).toEqual(["It has ended.", "asked"]);
});

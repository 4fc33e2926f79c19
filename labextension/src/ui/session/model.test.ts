import { describe, expect, it } from "vitest";
import type { ChannelInfo, Session } from "../../wire";
import {
  bytesText,
  cells,
  isSettled,
  meterPercent,
  proposed,
  recordedIn,
  requestsOf,
  withPrimary,
} from "./model";

const info = (channel_id: string): ChannelInfo => ({
  channel_id,
  name: channel_id,
  type: /^(mic|system)/.test(channel_id) ? "audio" : "video",
});
const machine = ["display:1", "display:2", "mic:default", "mic:usb", "camera:1"].map(info);

describe("the cells of a notebook", () => {
  it("are offered, off unless they were asked for", () => {
    const offered = proposed([...machine, cells], []);
    expect(offered.find((each) => each.type === "cells")?.on).toBe(false);
    const asked = proposed([...machine, cells], [{ channel_id: "notebook:cells", store: false }]);
    expect(requestsOf(asked)).toMatchObject([{ channel_id: "notebook:cells", store: false }]);
  });

  it("are a channel of a session that takes them in, and can be added where a notebook is", () => {
    const of = (kept: boolean | null, notebook: boolean) =>
      recordedIn({ channels: [], cells: kept } as unknown as Session, new Map(), notebook).map(
        ({ on, store }) => [on, store],
      );
    expect(of(true, false)).toEqual([[true, true]]);
    expect(of(false, true)).toEqual([[true, false]]);
    expect(of(null, true)).toEqual([[false, true]]);
    expect(of(null, false)).toEqual([]);
  });
});

describe("what is proposed to record", () => {
  it("is the first display and the first microphone, kept", () => {
    const on = proposed(machine, []).filter((each) => each.on);
    expect(on.map((each) => [each.channel_id, each.store, each.is_primary])).toEqual([
      ["display:1", true, true],
      ["mic:default", true, false],
    ]);
  });

  it("is what was asked for, where something was", () => {
    const asked = proposed(machine, [{ channel_id: "mic:usb", store: false }]);
    expect(asked.filter((each) => each.on)).toMatchObject([{ channel_id: "mic:usb", store: false }]);
  });

  it("forgets what this machine does not have", () => {
    expect(proposed(machine, [{ channel_id: "mic:gone" }]).some((each) => each.on)).toBe(false);
  });
});

describe("the main picture", () => {
  const two = proposed(machine, [{ channel_id: "display:1" }, { channel_id: "display:2" }]);

  it("is one only, and can be chosen", () => {
    const chosen = withPrimary(two, "display:2").filter((each) => each.is_primary);
    expect(chosen.map((each) => each.channel_id)).toEqual(["display:2"]);
  });

  it("moves on when it is not kept any more", () => {
    const less = two.map((each) => ({ ...each, store: each.channel_id !== "display:1" }));
    const chosen = withPrimary(less).filter((each) => each.is_primary);
    expect(chosen.map((each) => each.channel_id)).toEqual(["display:2"]);
  });
});

it("asks to record only what is on", () => {
  expect(requestsOf(proposed(machine, []))).toMatchObject([
    { channel_id: "display:1", store: true, is_primary: true },
    { channel_id: "mic:default", store: true },
  ]);
});

it("a meter goes from -60 dBFS to 0, and stays empty without a level", () => {
  expect([undefined, -Infinity, -90, -60, -30, 0, 6].map(meterPercent)).toEqual([
    0, 0, 0, 0, 50, 100, 100,
  ]);
});

it("sizes are read easily", () => {
  expect([999, 1_500_000, 212e9, 999_700_000].map(bytesText)).toEqual([
    "1 kB",
    "1.5 MB",
    "212 GB",
    "1.0 GB",
  ]);
});

it("a session that keeps something is settled when it is exported, else when it has stopped", () => {
  expect(isSettled("stopped", true)).toBe(false);
  expect(isSettled("stopped", false)).toBe(true);
  expect(isSettled("exported", true)).toBe(true);
  expect(isSettled("active", true)).toBe(false);
});

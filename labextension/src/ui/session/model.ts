/** What a session panel knows: pure functions, so that they can be tested without a page. */

import type { ChannelInfo, ChannelRequest, Session } from "../../wire";
import { trans } from "../../words";

/** A channel as the panel shows it. `on`: it is, or will be, recorded. */
export interface ChannelChoice {
  channel_id: string;
  name: string;
  type: string;
  store: boolean;
  on: boolean;
  is_primary: boolean;
}

/** What Python sees of a panel. `status` is "idle" before there is a session. */
export interface SessionState {
  session_id: string;
  status: string;
  channels: ChannelChoice[];
  name: string;
  /** Whether a notebook's kernel is behind it, whose cells can be a channel. */
  notebook?: boolean;
}

/** What can be recorded: a device, or a notebook's cells. */
export type Offered = Pick<ChannelInfo, "channel_id" | "name"> & { type: string };

export const cells: Offered = {
  channel_id: "notebook:cells",
  name: "Notebook cells",
  type: "cells",
};

export type Status = Session["status"] | "idle";

const running: readonly string[] = ["starting", "active", "paused", "stopping"];

export function isRunning(status: string): boolean {
  return running.includes(status);
}

/** After stopping, a session that keeps something is still exported. */
export function isSettled(status: string, keeps: boolean): boolean {
  return ["created", "exported", "failed", "idle"].includes(status) || (status === "stopped" && !keeps);
}

/** Whether a browser gives it, rather than a device of the engine's machine. */
export function isBrowsers(channel_id: string): boolean {
  return channel_id.endsWith(":browser");
}

/** The first display, the default microphone and the default system sound are on and kept. */
export function proposed(
  available: readonly Offered[],
  before: readonly Partial<ChannelChoice>[],
): ChannelChoice[] {
  const chosen = new Map(before.map((each) => [each.channel_id, each]));
  const firsts = new Set<string>();
  // The browser asks before it gives anything: only where there is nothing else it is proposed.
  const alone = available.every((info) => info === cells || isBrowsers(info.channel_id));
  const made = available.map((info) => {
    const kind = info.channel_id.split(":")[0] ?? "";
    const usual =
      ["display", "mic", "system_audio"].includes(kind) &&
      !firsts.has(kind) &&
      (alone || !isBrowsers(info.channel_id));
    if (usual) firsts.add(kind);
    const own = chosen.get(info.channel_id);
    const on = chosen.size ? own !== undefined && own.on !== false : usual;
    return {
      channel_id: info.channel_id,
      name: info.name,
      type: info.type,
      store: own?.store ?? true,
      on,
      is_primary: own?.is_primary ?? false,
    };
  });
  return withPrimary(made);
}

/** Exactly one kept display that is on is the video's picture, where there is any. */
export function withPrimary(channels: readonly ChannelChoice[], wanted?: string): ChannelChoice[] {
  const may = channels.filter(canBePrimary);
  const primary =
    may.find((each) => each.channel_id === wanted) ?? may.find((each) => each.is_primary) ?? may[0];
  return channels.map((each) => ({ ...each, is_primary: each === primary }));
}

export function canBePrimary(channel: ChannelChoice): boolean {
  return channel.on && channel.store && channel.type === "video";
}

export function requestsOf(channels: readonly ChannelChoice[]): ChannelRequest[] {
  return channels
    .filter((each) => each.on)
    .map(({ channel_id, store, is_primary }) => ({
      channel_id,
      name: channel_id,
      store,
      is_primary,
    }));
}

/** The channels of a session that was made, by this panel or elsewhere. */
export function recordedIn(
  session: Session,
  names: ReadonlyMap<string, string>,
  notebook = false,
): ChannelChoice[] {
  const found: ChannelChoice[] = (session.channels ?? []).map((each) => ({
    channel_id: each.channel_id,
    name: names.get(each.channel_id) ?? each.name,
    type: each.type,
    store: each.store,
    on: !(each as { paused?: boolean }).paused,
    is_primary: each.is_primary ?? each.channel_id === session.primary_video_channel_id,
  }));
  const kept = session.cells ?? undefined;
  if (kept !== undefined || notebook) {
    found.push({ ...cells, store: kept ?? true, on: kept !== undefined, is_primary: false });
  }
  return found;
}

const quietest = -60;

/** -60 dBFS and less is 0, 0 dBFS is 100. */
export function meterPercent(level: number | undefined): number {
  if (level === undefined || !Number.isFinite(level)) return 0;
  return Math.min(100, Math.max(0, ((level - quietest) / -quietest) * 100));
}

export function bytesText(bytes: number): string {
  const steps = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let step = 0;
  while (value >= 999.5 && step < steps.length - 1) {
    value /= 1000;
    step += 1;
  }
  return `${value >= 100 || step === 0 ? Math.round(value) : value.toFixed(1)} ${steps[step]}`;
}

export function statusWords(status: string): string {
  const words: Record<string, string> = {
    idle: trans.__("Ready to record"),
    created: trans.__("Ready to record"),
    starting: trans.__("Starting…"),
    active: trans.__("Recording"),
    paused: trans.__("Paused"),
    stopping: trans.__("Stopping…"),
    stopped: trans.__("Preparing the video…"),
    exported: trans.__("Recorded"),
    failed: trans.__("Recording failed"),
  };
  return words[status] ?? status;
}

export function storeTitle(name: string, store: boolean): string {
  return store
    ? trans.__("%1 is kept. Press to have it live only.", name)
    : trans.__("%1 is live only: nothing of it is kept. Press to keep it.", name);
}

/** The engine as the /record page reaches it: by HTTP, with a client token or as Jupyter's user. */

import type Hls from "hls.js";
import { SaidError } from "../explain";
import { dataOf } from "../api/envelope";
import { Events, eventsPath } from "../api/events";
import { ApiError, type Method, type PanelApi, type Progress, isOfKind } from "../api/panel";
import type { Card } from "../api/player";
import type { SessionState } from "../ui/session/model";
import type { Session } from "../wire";
import { reachAt } from "./reach";
import { type Kind, names } from "./words";

export interface Address {
  /** The path below which the engine lies; "" at its own port. */
  root: string;
  session: string;
  token: string;
}

const unreachable =
  "The capture engine cannot be reached. What you share is kept here for a minute; then run any capture command in your notebook, which starts it.";

const unlinked =
  "This page needs the link that a notebook makes for it: “Record from a browser tab” in a SessionPanel. Or open it at your Jupyter server.";

const expired =
  "This link is not good any more, or was made by another engine. Make a new one in the notebook.";

export function addressOf(root: string, hash: string): Address {
  const said = new URLSearchParams(hash.replace(/^#/, ""));
  return { root, session: said.get("session") ?? "", token: said.get("token") ?? "" };
}

const isSession = /^\/capture\/session\/[^/]+$/;

/** A client token may record, and nothing else: what it cannot ask for is answered here. */
const guests: Record<string, object> = {
  "/engine": { recordings: [] },
  "/capture/channels": { channels: [], problems: [] },
};

export function pageApi({ root, session, token }: Address): PanelApi<SessionState> {
  const state: SessionState = { session_id: session, status: "idle", channels: [], name: "" };
  const watchers = new Map<string, Set<(value: never) => void>>();
  const send = async (method: Method, path: string, body?: unknown): Promise<unknown> => {
    if (!token && !root) throw new ApiError(unlinked, 0, "NO_LINK");
    const guest = token ? guests[path] : undefined;
    if (guest) return { success: true, data: guest };
    // The page records what this browser has; the machine's own devices are the notebook's matter.
    if (path === "/capture/channels") return { success: true, data: guests[path] };
    let answer: Response;
    try {
      answer = await fetch(root + path, {
        method,
        headers: { "content-type": "application/json", ...rights(token) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch {
      throw new ApiError(unreachable, 0, "UNREACHABLE");
    }
    const said = (await answer.json().catch(() => ({}))) as { message?: string; error_code?: string };
    if (!answer.ok) {
      const told = said.message ?? `The engine refused this (HTTP ${answer.status}).`;
      const words = answer.status === 401 && token ? expired : told;
      throw new ApiError(words, answer.status, said.error_code ?? "");
    }
    return said;
  };
  const events = new Events(root, () => send("GET", eventsPath));
  const here = (url: string) => root + new URL(url, location.href).pathname;
  return {
    get: (name) => state[name],
    set: (name, value) => {
      state[name] = value;
      // The name was that of the session before.
      if (name === "session_id") state.name = "";
      for (const watcher of [...(watchers.get(name) ?? [])]) watcher(value as never);
    },
    on: (name, callback) => {
      const those = watchers.get(name) ?? new Set();
      watchers.set(name, those);
      those.add(callback as (value: never) => void);
      return () => those.delete(callback as (value: never) => void);
    },
    emit: () => undefined,
    request: async <T>(...asked: [Method, string, unknown?, ((now: Progress) => void)?]) => {
      const [method, path] = asked;
      const found = await dataOf<T>(send, ...asked);
      if (method === "GET" && isSession.test(path)) introduce(found as Session, state);
      return found;
    },
    // To a guest the panel tells what it asks about once a second, and no word that is said.
    events: (kinds, callback) => {
      if (token) return () => undefined;
      return events.listen((event) => {
        if (isOfKind(event, kinds)) callback(event);
      });
    },
    media: async (url) => here(url),
    player: (card: () => Card, source: () => Promise<string>) => ({
      card,
      source: async () => {
        if (token) throw new SaidError("It is in the library of whoever sent you this link.");
        return here(await source());
      },
      hls: async () => {
        const url = new URL("./hls.js", import.meta.url).href;
        return ((await import(url)) as { default: typeof Hls }).default;
      },
    }),
    waiting: () => () => undefined,
    reach: async () => reachAt(root, token),
    guest: token !== "",
  };
}

/** A session calls its channels by their ids: a page that was reloaded knows no better names. */
function introduce(session: Session, state: SessionState): void {
  const name = session.metadata?.["name"];
  state.name = typeof name === "string" ? name : "";
  for (const channel of session.channels ?? []) {
    const [kind, device] = channel.channel_id.split(":");
    if (device === "browser") channel.name = names()[kind as Kind] ?? channel.name;
  }
}

/** Jupyter wants its own mark on what changes something; the engine's port wants a token. */
function rights(token: string): Record<string, string> {
  if (token) return { "x-access-token": token };
  const mark = /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1];
  return mark ? { "x-xsrftoken": decodeURIComponent(mark) } : {};
}

/** The ways from a page to the engine's websockets. */

import { extensionRoot } from "../api/jupyter";
import type { Reach } from "./recording";
import type { Socket } from "./uploader";

const subprotocol = "jupyter-capture";

/** `root`: the address below which the engine's paths lie; `token`: where a client token is needed. */
export function reachAt(root: string, token = ""): Reach {
  return {
    socket: (session, channel) => {
      const path = `/capture/session/${session}/browser/${encodeURIComponent(channel)}`;
      const url = new URL(root + path, location.href);
      url.protocol = url.protocol.replace("http", "ws");
      const socket = token ? new WebSocket(url, [subprotocol, token]) : new WebSocket(url);
      return socket as unknown as Socket;
    },
  };
}

const patience = 3_000;

/**
 * Through the Jupyter server that this page is from, where that has the engine which serves media at
 * `origin`; else undefined.
 */
export async function throughJupyter(origin: string): Promise<Reach | undefined> {
  const root = extensionRoot();
  if (root === undefined) return undefined;
  try {
    const answer = await fetch(`${root}/health?start=0`, { signal: AbortSignal.timeout(patience) });
    if (!answer.ok) return undefined;
    const { engine } = (await answer.json()) as { engine?: { origin?: string } };
    return engine?.origin === origin ? reachAt(`${root}/engine`) : undefined;
  } catch {
    return undefined;
  }
}

/** The engine's events, over one websocket for all of a page who listen. */

import type { EngineEvent } from "./panel";

/** Answers with the address of a websocket. */
export const eventsPath = "/collection/default/websocket";

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const reconnectAfter = 2_000;

export function isLoopback(host: string): boolean {
  return loopback.test(host);
}

/** An address of the engine's own, as this page reaches it; any other as it is. */
export function through(root: string, url: string): string {
  const address = new URL(url, "http://localhost");
  if (!isLoopback(address.hostname)) return url;
  return root + address.pathname + address.search + address.hash;
}

export class Events {
  private readonly hearers = new Set<(event: EngineEvent) => void>();
  private socket: WebSocket | undefined;
  private opening = false;

  /** `root`: below it lie the engine's paths; `ask` is for what `eventsPath` answers. */
  constructor(
    private readonly root: string,
    private readonly ask: () => Promise<unknown>,
  ) {}

  /** The result ends it. A connection that breaks off is made again. */
  listen(hear: (event: EngineEvent) => void): () => void {
    this.hearers.add(hear);
    void this.open();
    return () => {
      this.hearers.delete(hear);
      if (this.hearers.size) return;
      this.socket?.close();
      this.socket = undefined;
    };
  }

  private async open(): Promise<void> {
    if (this.socket || this.opening || !this.hearers.size) return;
    this.opening = true;
    try {
      const asked = (await this.ask()) as { data: { websocket_url: string } };
      if (!this.hearers.size) return;
      const address = through(this.root, asked.data.websocket_url.replace(/^ws/, "http"));
      const url = new URL(address, document.baseURI);
      url.protocol = url.protocol.replace("http", "ws");
      const socket = new WebSocket(url);
      this.socket = socket;
      socket.onmessage = ({ data }) => {
        const event = JSON.parse(String(data)) as EngineEvent;
        for (const hear of [...this.hearers]) hear(event);
      };
      socket.onclose = () => {
        if (this.socket !== socket) return;
        this.socket = undefined;
        this.again();
      };
    } catch {
      this.again();
    } finally {
      this.opening = false;
    }
  }

  private again(): void {
    setTimeout(() => void this.open(), reconnectAfter);
  }
}

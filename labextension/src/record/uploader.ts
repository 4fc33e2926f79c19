/** Sends the chunks of one channel, keeps what was not answered for, and comes back by itself. */

import { trans } from "../words";
import { type Chunk, type ChunkQueue, packed } from "./queue";

/** A websocket, as far as it is needed here. */
export interface Socket {
  binaryType: string;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number): void;
}

export interface Heard {
  /** The engine cannot go on with this take: begin another. */
  restart(): void;
  /** The recording has ended, or never was one; in words. */
  over(said: string): void;
  /** Whether chunks get through at the moment. */
  connected(is: boolean): void;
}

interface Answer {
  type: "welcome" | "ack" | "again" | "over";
  take?: number | null;
  seq?: number;
  next?: number;
  message?: string;
}

const soonest = 250;
const latest = 2_000;
/** Without an answer for so long the connection is taken for dead, whatever it says itself. */
const deadAfter = 8_000;
const dead = 4000;
const done = 1000;

export class Uploader {
  /** The size of the pictures, for who has to make room for them. */
  size: { width?: number; height?: number } = {};
  private socket: Socket | undefined;
  private welcomed = false;
  private pause = soonest;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ended = false;
  private answered = 0;

  constructor(
    private readonly open: () => Socket,
    readonly queue: ChunkQueue,
    private readonly heard: Heard,
    private readonly now: () => number = () => performance.now(),
  ) {}

  connect(): void {
    if (this.ended || this.socket) return;
    const socket = (this.socket = this.open());
    socket.binaryType = "arraybuffer";
    this.answered = this.now();
    socket.onopen = () => {
      this.answered = this.now();
      const hello = { type: "hello", take: this.queue.take, ...this.size };
      socket.send(JSON.stringify(hello));
    };
    socket.onmessage = ({ data }) => {
      if (this.socket === socket) this.hear(JSON.parse(String(data)) as Answer);
    };
    socket.onclose = () => {
      if (this.socket === socket) this.lost();
    };
  }

  push(data: Uint8Array<ArrayBuffer>, at: number, why?: string): void {
    if (this.ended) return;
    if (this.queue.isStale(this.now())) return this.heard.restart();
    const chunk = this.queue.push(data, at, why);
    if (this.welcomed) this.send([chunk]);
    const quiet = this.now() - this.answered;
    if (this.socket && quiet > deadAfter && this.queue.waiting.length) {
      const silent = this.socket;
      this.lost();
      silent.close(dead);
    }
  }

  /** Nothing more will be sent: the page goes, or the session is over. */
  close(): void {
    this.ended = true;
    clearTimeout(this.timer);
    this.socket?.close(done);
    this.socket = undefined;
  }

  private lost(): void {
    this.socket = undefined;
    if (this.welcomed) this.heard.connected(false);
    this.welcomed = false;
    if (this.ended) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), this.pause);
    this.pause = Math.min(latest, this.pause * 2);
  }

  private hear(answer: Answer): void {
    this.answered = this.now();
    switch (answer.type) {
      case "welcome":
        return this.welcome(answer);
      case "ack":
        return this.queue.acked(answer.take ?? -1, answer.seq ?? -1);
      case "again":
        if (answer.take === this.queue.take) this.sendFrom(answer.next ?? 0);
        return;
      case "over":
        this.ended = true;
        this.heard.over(answer.message ?? trans.__("The recording has ended."));
    }
  }

  private welcome(answer: Answer): void {
    this.pause = soonest;
    this.welcomed = true;
    this.heard.connected(true);
    const known = answer.take === this.queue.take ? (answer.next ?? 0) : 0;
    this.queue.acked(this.queue.take, known - 1);
    this.sendFrom(known);
  }

  private sendFrom(seq: number): void {
    const chunks = this.queue.from(seq);
    if (chunks) this.send(chunks);
    else this.heard.restart();
  }

  private send(chunks: readonly Chunk[]): void {
    for (const chunk of chunks) this.socket?.send(packed(chunk));
  }
}

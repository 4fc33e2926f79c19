/** Messages between a widget and its Python side: questions with answers, and events. */

import type { AnyModel } from "@anywidget/types";
import { SaidError } from "../explain";
import { ApiError } from "./panel";

export interface Answer {
  id?: string;
  /** The question of this id has arrived; its answer may take longer. */
  heard?: string;
  error?: string;
  status?: number;
  code?: string;
  event?: unknown;
  [more: string]: unknown;
}

export interface Reply {
  answer: Answer;
  buffers: DataView[];
}

const late = 3_000;
export const gone =
  "The kernel that made this was restarted or is off. Run the cell again to go on.";
const silent = "The notebook's kernel did not answer. Is a cell still running, or is it off?";

type Model = Pick<AnyModel, "on" | "off" | "send">;

/** One for each view of a widget. */
export class Kernel {
  private readonly open = new Map<string, (reply: Reply) => void>();
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly lates = new Set<string>();
  private readonly watchers = new Set<(waiting: boolean) => void>();
  private readonly hearers = new Set<(event: unknown) => void>();
  private readonly listen = (answer: Answer, buffers: DataView[]) => {
    if (answer.event !== undefined) for (const hear of [...this.hearers]) hear(answer.event);
    else if (answer.heard) this.setLate(answer.heard, false);
    else if (answer.id) this.open.get(answer.id)?.({ answer, buffers });
  };

  constructor(private readonly model: Model) {
    model.on("msg:custom", this.listen);
  }

  close(): void {
    this.model.off("msg:custom", this.listen);
    this.watchers.clear();
    this.hearers.clear();
  }

  /** Rejects with the kernel's own words, or when nobody answers within `patience` ms. */
  ask(question: string, more: object = {}, patience = 60_000): Promise<Reply> {
    const id = Math.random().toString(36).slice(2);
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.open.delete(id);
        this.setLate(id, false);
      };
      this.timers.set(id, setTimeout(() => this.setLate(id, true), late));
      const timer = setTimeout(() => {
        done();
        reject(new SaidError(silent));
      }, patience);
      this.open.set(id, (reply) => {
        done();
        const { error, status, code } = reply.answer;
        if (error) reject(new ApiError(error, status ?? 0, code ?? ""));
        else resolve(reply);
      });
      try {
        this.tell({ ...more, id, ask: question });
      } catch {
        done();
        reject(new SaidError(gone));
      }
    });
  }

  /** Throws where the kernel is gone. */
  tell(message: object): void {
    this.model.send(message);
  }

  hear(callback: (event: unknown) => void): () => void {
    this.hearers.add(callback);
    return () => this.hearers.delete(callback);
  }

  waiting(callback: (waiting: boolean) => void): () => void {
    this.watchers.add(callback);
    return () => this.watchers.delete(callback);
  }

  private setLate(id: string, is: boolean): void {
    clearTimeout(this.timers.get(id));
    this.timers.delete(id);
    const before = this.lates.size > 0;
    if (is) this.lates.add(id);
    else this.lates.delete(id);
    const now = this.lates.size > 0;
    if (now !== before) for (const tell of [...this.watchers]) tell(now);
  }
}

export function bytesOf(buffer: DataView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength);
}

/** What was recorded and not yet answered for. Pure. */

/** `at`: this browser's clock in ms. `why` ends the take: nothing of it comes after. */
export interface Chunk {
  take: number;
  seq: number;
  at: number;
  data: Uint8Array<ArrayBuffer>;
  why?: string;
}

/** For so long the engine waits for who lost the connection. */
export const patience = 60_000;

/** The chunks of one take, numbered from 0, until they are answered for. */
export class ChunkQueue {
  take = 1;
  private chunks: Chunk[] = [];
  private next = 0;

  push(data: Uint8Array<ArrayBuffer>, at: number, why?: string): Chunk {
    const chunk: Chunk = { take: this.take, seq: this.next++, at, data, ...(why ? { why } : {}) };
    this.chunks.push(chunk);
    return chunk;
  }

  /** The engine has all up to `seq`. */
  acked(take: number, seq: number): void {
    if (take !== this.take) return;
    this.chunks = this.chunks.filter((chunk) => chunk.seq > seq);
  }

  /** The chunks from `seq` on; undefined where they are not here any more. */
  from(seq: number): readonly Chunk[] | undefined {
    const first = this.chunks[0]?.seq ?? this.next;
    if (seq < first || seq > this.next) return undefined;
    return this.chunks.filter((chunk) => chunk.seq >= seq);
  }

  get waiting(): readonly Chunk[] {
    return this.chunks;
  }

  /** Whether something waits for longer than anybody waits for it. */
  isStale(now: number): boolean {
    const first = this.chunks[0];
    return first !== undefined && now - first.at > patience;
  }

  /** Another take begins: what is left of the last one is of no use. */
  begin(): void {
    this.take += 1;
    this.next = 0;
    this.chunks = [];
  }
}

/** As it goes over the wire: the header's length (4 bytes, big endian), the header, the media. */
export function packed({ data, ...header }: Chunk): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(JSON.stringify(header));
  const message = new Uint8Array(4 + head.length + data.length);
  new DataView(message.buffer).setUint32(0, head.length);
  message.set(head, 4);
  message.set(data, 4 + head.length);
  return message;
}

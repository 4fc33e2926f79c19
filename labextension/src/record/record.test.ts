import { afterEach, describe, expect, it, vi } from "vitest";
import { Clock } from "./clock";
import { addressOf, pageApi } from "./page-api";
import { ChunkQueue, packed, patience } from "./queue";
import { type Socket, Uploader } from "./uploader";
import { kinds, refused, whyNot } from "./words";

const bytes = (...values: number[]) => new Uint8Array(values);

describe("the queue", () => {
  it("keeps what is not answered for, in order", () => {
    const queue = new ChunkQueue();
    for (let at = 0; at < 4; at++) queue.push(bytes(at), at);
    queue.acked(queue.take, 1);
    expect(queue.waiting.map((chunk) => chunk.seq)).toEqual([2, 3]);
    expect(queue.from(3)?.map((chunk) => chunk.seq)).toEqual([3]);
    expect(queue.from(4)).toEqual([]);
    expect(queue.from(1)).toBeUndefined();
  });

  it("takes no answer for another take", () => {
    const queue = new ChunkQueue();
    queue.push(bytes(), 0);
    queue.acked(queue.take - 1, 5);
    expect(queue.waiting).toHaveLength(1);
    queue.begin();
    expect(queue.push(bytes(), 1)).toMatchObject({ take: 2, seq: 0 });
  });

  it("is stale once the engine waits no more", () => {
    const queue = new ChunkQueue();
    queue.push(bytes(), 100);
    expect(queue.isStale(100 + patience)).toBe(false);
    expect(queue.isStale(101 + patience)).toBe(true);
  });
});

it("the clock goes on while the computer sleeps, and does not mind being set by a little", () => {
  let [own, day] = [100, 1_000_000];
  const clock = new Clock(
    () => own,
    () => day,
  );
  const pass = (awake: number, asleep: number) => {
    own += awake;
    day += awake + asleep;
    return clock.now();
  };
  expect(pass(250, 0)).toBe(350);
  expect(pass(250, 40_000)).toBe(40_600);
  expect(clock.sleep).toBe(40_000);
  expect(pass(250, 900)).toBe(40_850);
  expect(pass(250, -60_000)).toBe(41_100);
});

it("a chunk is its header's length, the header, and the media", () => {
  const message = packed({ take: 2, seq: 7, at: 1.5, data: bytes(9, 8), why: "done" });
  const length = new DataView(message.buffer).getUint32(0);
  const header = JSON.parse(new TextDecoder().decode(message.slice(4, 4 + length)));
  expect(header).toEqual({ take: 2, seq: 7, at: 1.5, why: "done" });
  expect([...message.slice(4 + length)]).toEqual([9, 8]);
});

class Fake implements Socket {
  binaryType = "";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  sent: unknown[] = [];
  code: number | undefined;

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (typeof data === "string") return void this.sent.push(JSON.parse(data).type);
    const length = new DataView(data.buffer).getUint32(0);
    this.sent.push(JSON.parse(new TextDecoder().decode(data.slice(4, 4 + length))).seq);
  }

  close(code?: number): void {
    this.code = code;
  }

  say(answer: object): void {
    this.onmessage?.({ data: JSON.stringify(answer) });
  }
}

function uploading() {
  vi.useFakeTimers();
  const sockets: Fake[] = [];
  const queue = new ChunkQueue();
  const heard = { restart: vi.fn(), over: vi.fn(), connected: vi.fn() };
  let now = 0;
  const open = () => {
    const socket = new Fake();
    sockets.push(socket);
    return socket;
  };
  const uploader = new Uploader(open, queue, heard, () => now);
  uploader.connect();
  const last = () => sockets.at(-1) as Fake;
  return { uploader, queue, heard, sockets, last, pass: (ms: number) => (now += ms) };
}

describe("the uploader", () => {
  it("sends what came before it was connected, then each chunk at once", () => {
    const { uploader, last, heard } = uploading();
    uploader.push(bytes(1), 0);
    last().onopen?.();
    last().say({ type: "welcome", take: null, next: 0 });
    uploader.push(bytes(2), 1);
    expect(last().sent).toEqual(["hello", 0, 1]);
    expect(heard.connected).toHaveBeenCalledWith(true);
  });

  it("comes back and sends what was not answered for", () => {
    const { uploader, queue, last, sockets, heard } = uploading();
    last().onopen?.();
    last().say({ type: "welcome", take: null, next: 0 });
    for (let at = 0; at < 4; at++) uploader.push(bytes(at), at);
    last().say({ type: "ack", take: queue.take, seq: 0 });
    last().onclose?.();
    expect(heard.connected).toHaveBeenLastCalledWith(false);
    uploader.push(bytes(4), 4);
    vi.advanceTimersByTime(300);
    expect(sockets).toHaveLength(2);
    last().onopen?.();
    last().say({ type: "welcome", take: queue.take, next: 3 });
    expect(last().sent).toEqual(["hello", 3, 4]);
  });

  it("sends again what is asked for", () => {
    const { uploader, queue, last } = uploading();
    last().onopen?.();
    last().say({ type: "welcome", take: null, next: 0 });
    for (let at = 0; at < 3; at++) uploader.push(bytes(at), at);
    last().say({ type: "again", take: queue.take, next: 1 });
    expect(last().sent).toEqual(["hello", 0, 1, 2, 1, 2]);
  });

  it("begins another take where the engine knows nothing of this one", () => {
    const { uploader, queue, last, heard } = uploading();
    last().onopen?.();
    last().say({ type: "welcome", take: null, next: 0 });
    uploader.push(bytes(1), 0);
    last().say({ type: "ack", take: queue.take, seq: 0 });
    last().onclose?.();
    vi.advanceTimersByTime(300);
    last().onopen?.();
    last().say({ type: "welcome", take: null, next: 0 });
    expect(heard.restart).toHaveBeenCalledOnce();
  });

  it("gives up what waited for more than a minute", () => {
    const { uploader, heard, pass } = uploading();
    uploader.push(bytes(1), 0);
    pass(patience + 1);
    uploader.push(bytes(2), patience + 1);
    expect(heard.restart).toHaveBeenCalledOnce();
  });

  it("takes a connection without answers for dead", () => {
    const { uploader, sockets, last, pass } = uploading();
    last().onopen?.();
    last().say({ type: "welcome", take: null, next: 0 });
    uploader.push(bytes(1), 0);
    pass(9_000);
    uploader.push(bytes(2), 9_000);
    expect(sockets[0]?.code).toBe(4000);
    vi.advanceTimersByTime(300);
    expect(sockets).toHaveLength(2);
  });

  it("stays away once it is over", () => {
    const { uploader, sockets, last, heard } = uploading();
    last().onopen?.();
    last().say({ type: "over", message: "It is stopped." });
    last().onclose?.();
    uploader.push(bytes(1), 0);
    vi.advanceTimersByTime(5_000);
    expect(sockets).toHaveLength(1);
    expect(heard.over).toHaveBeenCalledWith("It is stopped.");
  });
});

describe("a browser that cannot record", () => {
  const media = { getUserMedia: vi.fn(), getDisplayMedia: vi.fn() } as unknown as MediaDevices;
  const fine = { isSecureContext: true, navigator: { mediaDevices: media }, MediaRecorder: vi.fn() };

  it("is told why, and what to do", () => {
    expect(whyNot(fine)).toBe("");
    expect(whyNot({ ...fine, isSecureContext: false })).toMatch(/HTTPS, or from the machine itself/);
    expect(whyNot({ ...fine, MediaRecorder: undefined })).toMatch(/no MediaRecorder/);
    expect(whyNot({ ...fine, navigator: {} })).toMatch(/Open the page in a tab/);
  });

  it("shares no screen on a phone", () => {
    const { getUserMedia } = media;
    expect(kinds({ ...fine, navigator: { mediaDevices: { getUserMedia } } })).toEqual(["mic", "camera"]);
    expect(kinds({ ...fine, isSecureContext: false })).toEqual([]);
  });

  it("says what was refused", () => {
    const named = (name: string) => Object.assign(new Error("x"), { name });
    expect(refused(["mic"], named("NotAllowedError")).message).toMatch(/not allowed to use the microphone/);
    expect(refused(["display"], named("NotAllowedError")).message).toMatch(/No screen was shared/);
    expect(refused(["camera"], named("NotFoundError")).message).toMatch(/no such device \(the camera\)/);
    expect(refused(["camera"], named("NotReadableError")).message).toMatch(/Another program may hold it/);
    expect(refused(["display"], named("NotReadableError")).message).toMatch(/share a tab or a window/);
    expect(refused(["mic"], named("Odd")).message).toMatch(/Odd/);
  });
});

it("the page at the engine's own port says where its link comes from", async () => {
  const at = addressOf("", "");
  await expect(pageApi(at).request("GET", "/engine")).rejects.toThrow(/Record from a browser tab/);
});

describe("the page of a session", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("calls it and its channels by name, also once it has ended and the page is loaded anew", async () => {
    const channel = { channel_id: "mic:browser", name: "mic:browser", type: "audio", store: true };
    const session = { session_id: "cap-1", metadata: { name: "Talk" }, channels: [channel] };
    const answer = () => new Response(JSON.stringify({ success: true, data: session }));
    vi.stubGlobal("fetch", vi.fn(async () => answer()));
    const api = pageApi(addressOf("", "#session=cap-1&token=abc"));
    const found = await api.request<typeof session>("GET", "/capture/session/cap-1");
    expect(found.channels.map(({ name }) => name)).toEqual(["Microphone of this browser"]);
    expect(api.get("name")).toBe("Talk");
    // The next one is another.
    api.set("session_id", "");
    expect(api.get("name")).toBe("");
  });
});

/** One shared track, its recorder and its connection. */

import type { Clock } from "./clock";
import { ChunkQueue } from "./queue";
import { type Socket, Uploader } from "./uploader";

/** What the engine reads at once, as it comes, first. */
const wanted = {
  audio: ["audio/webm;codecs=opus", "audio/mp4;codecs=mp4a.40.2", "audio/mp4"],
  video: ["video/webm;codecs=vp8", "video/webm", "video/mp4;codecs=avc1.42E01F", "video/mp4"],
};
/**
 * ms after which what was just encoded is announced at once: so it is known when it was taken, which
 * what comes at the next tick does not tell. Chromium gives the first byte of it then, no more.
 */
const slice = 100;
const audioRate = 96_000;
const videoRate = 3_000_000;

export interface ChannelEvents {
  /** It is recorded no more, and why. */
  ended(why: string): void;
  over(said: string): void;
  connected(is: boolean): void;
}

export class SharedChannel {
  private readonly uploader: Uploader;
  private recorder: MediaRecorder | undefined;
  private reading: Promise<unknown> = Promise.resolve();
  private slept = 0;
  /** For so many times what there is was asked for, and has not come. */
  private asked = 0;
  private readonly stopped = () => this.end("sharing was stopped in the browser");

  constructor(
    readonly id: string,
    readonly track: MediaStreamTrack,
    open: () => Socket,
    private readonly events: ChannelEvents,
    private readonly clock: Clock,
  ) {
    const queue = new ChunkQueue();
    // Later takes have larger numbers, also those of a page that comes after this one.
    queue.take = Date.now();
    const heard = {
      restart: () => this.restart(),
      over: (said: string) => events.over(said),
      connected: (is: boolean) => events.connected(is),
    };
    this.uploader = new Uploader(open, queue, heard, () => clock.now());
    const { width, height } = track.getSettings();
    if (width && height) this.uploader.size = { width, height };
    track.addEventListener("ended", this.stopped);
    this.slept = clock.sleep;
    this.record();
    this.uploader.connect();
  }

  get take(): number {
    return this.uploader.queue.take;
  }

  /** Whether the engine has all of it. */
  get isSent(): boolean {
    return this.uploader.queue.waiting.length === 0;
  }

  /** Have what was recorded since the last time sent. */
  tick(): void {
    this.clock.now();
    if (this.clock.sleep !== this.slept) {
      // The times within a take stood still meanwhile: another one begins.
      this.slept = this.clock.sleep;
      return this.restart();
    }
    this.ask();
  }

  /** The last that is sent says why. */
  end(why: string): void {
    this.track.removeEventListener("ended", this.stopped);
    this.track.stop();
    const recorder = this.recorder;
    if (!recorder) return;
    this.recorder = undefined;
    const last = () => {
      this.reading = this.reading.then(() => {
        this.uploader.push(new Uint8Array(), this.clock.now(), why);
        this.events.ended(why);
      });
    };
    if (recorder.state === "inactive") return last();
    recorder.onstop = last;
    recorder.stop();
  }

  /** The page goes, or the session is over: nothing more is sent. */
  close(): void {
    this.track.removeEventListener("ended", this.stopped);
    this.track.stop();
    this.detach();
    this.uploader.close();
  }

  private record(): void {
    const types = wanted[this.track.kind as "audio" | "video"];
    const mimeType = types.find((type) => MediaRecorder.isTypeSupported(type));
    const recorder = new MediaRecorder(new MediaStream([this.track]), {
      ...(mimeType ? { mimeType } : {}),
      audioBitsPerSecond: audioRate,
      videoBitsPerSecond: videoRate,
      // Safari's MP4 comes a key frame at a time.
      videoKeyFrameIntervalDuration: 1_000,
    } as MediaRecorderOptions);
    const { take } = this;
    recorder.ondataavailable = ({ data }) => {
      const at = this.clock.now();
      if (this.asked > 0) this.asked--;
      else this.ask();
      // One after the other: a large one takes longer to read than the small one after it.
      this.reading = this.reading.then(async () => {
        const bytes = new Uint8Array(await data.arrayBuffer());
        if (take === this.take) this.uploader.push(bytes, at);
      });
    };
    recorder.onerror = () => this.end("the browser's recorder failed");
    this.asked = 0;
    recorder.start(slice);
    this.recorder = recorder;
  }

  private ask(): void {
    if (this.recorder?.state !== "recording") return;
    this.asked++;
    this.recorder.requestData();
  }

  private restart(): void {
    this.detach();
    this.uploader.queue.begin();
    if (this.track.readyState === "live") this.record();
  }

  private detach(): void {
    const recorder = this.recorder;
    this.recorder = undefined;
    if (!recorder) return;
    recorder.ondataavailable = recorder.onstop = recorder.onerror = null;
    if (recorder.state !== "inactive") recorder.stop();
  }
}

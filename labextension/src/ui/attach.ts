/** Puts a stream into a <video>: with hls.js, or with the browser's own HLS where that is all. */

import type Hls from "hls.js";
import type { Api, LoaderConstructor } from "../api/player";
import { type Failure, failureOf, failureOfMedia } from "../explain";

export interface Captions {
  names: string[];
  /** Index into `names`; -1 is off. */
  shown: number;
  show(index: number): void;
}

export interface Attached {
  frameRate(): number;
  captions(): Captions;
  detach(): void;
}

export interface Wishes {
  /** Seconds from the stream's beginning. */
  start: number;
  /** Seconds to load ahead of what is shown, where the usual half a minute is too much. */
  ahead?: number | undefined;
  failed(failure: Failure): void;
  captionsChanged(): void;
}

const usualFrameRate = 30;

// A segment may have to be rendered first, which is slow on a small machine; but an engine that is
// off should be said within seconds, not after hls.js's usual half a minute of retries.
const segmentPatience = {
  default: {
    maxTimeToFirstByteMs: 60_000,
    maxLoadTimeMs: 120_000,
    timeoutRetry: { maxNumRetry: 1, retryDelayMs: 0, maxRetryDelayMs: 0 },
    errorRetry: { maxNumRetry: 2, retryDelayMs: 500, maxRetryDelayMs: 2_000 },
  },
};

export async function attach(
  video: HTMLVideoElement,
  url: string,
  api: Pick<Api, "hls" | "way" | "loader">,
  wishes: Wishes,
): Promise<Attached> {
  const Library = "MediaSource" in window || "ManagedMediaSource" in window ? await api.hls() : null;
  if (Library?.isSupported()) {
    const way = api.way ? await api.way(url) : url;
    const loader = way === undefined ? api.loader?.(Library) : undefined;
    return withHls(video, way ?? url, Library, wishes, loader);
  }
  if (video.canPlayType("application/vnd.apple.mpegurl")) {
    return natively(video, (await api.way?.(url)) ?? url, wishes);
  }
  wishes.failed({ kind: "unsupported" });
  return nothing;
}

const nothing: Attached = {
  frameRate: () => usualFrameRate,
  captions: () => ({ names: [], shown: -1, show: () => undefined }),
  detach: () => undefined,
};

function withHls(
  video: HTMLVideoElement,
  url: string,
  Library: typeof Hls,
  { start, ahead, failed, captionsChanged }: Wishes,
  loader?: LoaderConstructor,
): Attached {
  const hls = new Library({
    // What is still recorded is joined near its end, and at its beginning by going there.
    startPosition: start > 0 ? start : -1,
    liveSyncDuration: 4,
    enableWorker: false,
    // Nothing here is interrupted by advertisements; their scheduler starts media by itself.
    enableInterstitialPlayback: false,
    backBufferLength: 60,
    fragLoadPolicy: segmentPatience,
    ...(loader ? { loader } : {}),
    ...(ahead ? { maxBufferLength: ahead, maxMaxBufferLength: ahead } : {}),
  });
  let recovered = false;
  hls.on(Library.Events.ERROR, (_event, problem) => {
    if (!problem.fatal) return;
    const failure = failureOf(problem);
    if (failure.kind === "decode" && !recovered) {
      recovered = true;
      hls.recoverMediaError();
      return;
    }
    failed(failure);
  });
  hls.on(Library.Events.SUBTITLE_TRACKS_UPDATED, captionsChanged);
  hls.on(Library.Events.SUBTITLE_TRACK_SWITCH, captionsChanged);
  hls.loadSource(url);
  hls.attachMedia(video);
  return {
    frameRate: () => hls.levels[Math.max(hls.currentLevel, 0)]?.frameRate || usualFrameRate,
    captions: () => ({
      names: hls.subtitleTracks.map((track) => track.name || track.lang || "Captions"),
      shown: hls.subtitleDisplay ? hls.subtitleTrack : -1,
      show: (index) => {
        hls.subtitleDisplay = index >= 0;
        hls.subtitleTrack = index;
      },
    }),
    detach: () => hls.destroy(),
  };
}

async function natively(
  video: HTMLVideoElement,
  url: string,
  { start, failed, captionsChanged }: Wishes,
): Promise<Attached> {
  // A <video> never tells which status the server gave, so the playlist is asked for first.
  const status = await fetch(url).then(
    (answer) => answer.status,
    () => 0,
  );
  if (status !== 200) {
    failed(status ? { kind: "http", status } : { kind: "unreachable" });
    return nothing;
  }
  const begin = () => {
    if (start > 0) video.currentTime = start;
  };
  const broken = () => failed(failureOfMedia(video.error?.code));
  video.addEventListener("loadedmetadata", begin, { once: true });
  video.addEventListener("error", broken);
  video.textTracks.addEventListener("addtrack", captionsChanged);
  video.textTracks.addEventListener("change", captionsChanged);
  video.preload = "auto";
  video.src = url;
  return {
    frameRate: () => usualFrameRate,
    captions: () => {
      const tracks = [...video.textTracks].filter((track) => track.kind !== "metadata");
      return {
        names: tracks.map((track) => track.label || track.language || "Captions"),
        shown: tracks.findIndex((track) => track.mode === "showing"),
        show: (index) => {
          tracks.forEach((track, i) => {
            track.mode = i === index ? "showing" : "disabled";
          });
        },
      };
    },
    detach: () => {
      video.removeEventListener("loadedmetadata", begin);
      video.removeEventListener("error", broken);
      video.textTracks.removeEventListener("addtrack", captionsChanged);
      video.textTracks.removeEventListener("change", captionsChanged);
      video.removeAttribute("src");
      video.load();
    },
  };
}

/** Asks the browser for what is to be recorded. */

import { type Kind, refused } from "./words";

export interface Shared {
  tracks: Map<Kind, MediaStreamTrack>;
  /** Sound of the screen was asked for, and there is none. */
  silent: boolean;
}

/** Pictures a second, and their largest size: more is made of them nowhere. */
const fps = 15;
const picture = { frameRate: { ideal: fps, max: 2 * fps }, width: { max: 1920 }, height: { max: 1080 } };
const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

/**
 * Call it at once when a button was pressed: a browser shows its question for the screen only then.
 * All or nothing; rejects with words.
 */
export async function share(kinds: readonly Kind[]): Promise<Shared> {
  const found: MediaStream[] = [];
  const has = (kind: Kind) => kinds.includes(kind);
  const tracks = new Map<Kind, MediaStreamTrack>();
  const take = (kind: Kind, track: MediaStreamTrack | undefined) => {
    if (track && has(kind)) tracks.set(kind, track);
    else track?.stop();
  };
  const ask = async (asked: readonly Kind[], get: () => Promise<MediaStream>) => {
    try {
      const stream = await get();
      found.push(stream);
      return stream;
    } catch (error) {
      for (const each of found.flatMap((stream) => stream.getTracks())) each.stop();
      throw refused(asked, error);
    }
  };
  if (has("display") || has("system_audio")) {
    const options = {
      video: picture,
      audio: has("system_audio") ? plain : false,
      systemAudio: "include",
      selfBrowserSurface: "include",
      surfaceSwitching: "include",
    };
    const get = () => navigator.mediaDevices.getDisplayMedia(options as DisplayMediaStreamOptions);
    const stream = await ask(["display"], get);
    take("display", stream.getVideoTracks()[0]);
    take("system_audio", stream.getAudioTracks()[0]);
  }
  for (const kind of ["mic", "camera"] as const) {
    if (!has(kind)) continue;
    const wish = kind === "mic" ? { audio: { ...plain, channelCount: 1 } } : { video: picture };
    const stream = await ask([kind], () => navigator.mediaDevices.getUserMedia(wish));
    take(kind, stream.getTracks()[0]);
  }
  return { tracks, silent: has("system_audio") && !tracks.has("system_audio") };
}

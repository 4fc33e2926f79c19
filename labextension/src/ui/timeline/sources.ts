/** What the engine knows of the assets on a timeline, asked for once each: length, pictures, sound, words. */

import { ApiError, type PanelApi } from "../../api";
import type * as wire from "../../wire";
import { type Asset, type Clip, assetId, ticksOf } from "./model";
import { type Word, wordsOf } from "./words";

export interface Film {
  readonly image: HTMLImageElement;
  readonly sprite: wire.Sprite;
}

/** The lowest and highest sample of each bucket, -127 to 127. */
export interface Sound {
  readonly rate: number;
  readonly low: Int8Array;
  readonly high: Int8Array;
  readonly loudest: number;
}

interface Known {
  asset?: wire.Asset;
  film?: Film;
  sound?: Sound;
  words?: Promise<Word[]>;
  /** Cells of a notebook that ran while it was recorded. */
  cells?: readonly wire.TimedCell[];
  /** What the engine says where it has no such asset. */
  missing?: string;
}

type Request = PanelApi["request"];

export class Sources {
  private readonly known = new Map<string, Known>();
  private readonly sessions = new Map<string, Promise<readonly wire.TimedCell[]>>();

  constructor(
    private readonly request: Request,
    private readonly media: (url: string) => Promise<string>,
    private readonly changed: () => void,
  ) {}

  /** Asks for what is not known yet; `changed` is called as it comes. */
  want(asset: Asset): Known {
    if (!("id" in asset)) return {};
    const found = this.known.get(asset.id);
    if (found) return found;
    const known: Known = {};
    this.known.set(asset.id, known);
    void this.fill(asset.type, asset.id, known);
    return known;
  }

  cells(asset: Asset): readonly wire.TimedCell[] {
    return this.want(asset).cells ?? [];
  }

  nameOf(asset: Asset): string | undefined {
    return this.want(asset).asset?.name;
  }

  /** A message of the engine with the names of assets instead of their ids, where they are known. */
  named(message: string): string {
    let told = message;
    for (const [id, { asset }] of this.known) {
      if (asset?.name) told = told.replaceAll(id, `“${asset.name}”`);
    }
    return told;
  }

  /** Ticks of the asset behind a clip, where they are known. */
  lengthOf = (clip: Clip): number | undefined => {
    const length = this.want(clip.look.asset).asset?.length;
    return length === undefined ? undefined : ticksOf(length);
  };

  /** Rejects with what the engine says where an asset has no transcript. */
  words(asset: Asset): Promise<Word[]> {
    if (!("id" in asset) || asset.type === "image") return Promise.resolve([]);
    const known = this.want(asset);
    known.words ??= this.request<wire.Transcript>(
      "GET",
      `/${asset.type}/${asset.id}/transcription?segmenter=word`,
    ).then((found) => wordsOf(found.transcript));
    known.words.catch(() => delete known.words);
    return known.words;
  }

  /** Have an asset transcribed; ends when its words can be read. */
  async transcribe(asset: Asset, progress: (percentage: number) => void): Promise<void> {
    if (!("id" in asset) || asset.type === "image") return;
    await this.request("POST", `/${asset.type}/${asset.id}/index`, { index_type: "spoken_word" }, (now) =>
      progress(now.percentage),
    );
    delete this.want(asset).words;
  }

  private async fill(type: string, id: string, known: Known): Promise<void> {
    try {
      known.asset = await this.request<wire.Asset>("GET", `/${type}/${id}`);
    } catch (error) {
      // A kernel that is busy or gone may answer the next time.
      if (!(error instanceof ApiError && [404, 410].includes(error.status))) {
        this.known.delete(id);
        return;
      }
      known.missing = error.message;
    }
    this.changed();
    if (known.missing) return;
    const parts: Promise<void>[] = [];
    if (type === "video") parts.push(this.fillFilm(id, known));
    if (type !== "image") parts.push(this.fillSound(type, id, known));
    const session = known.asset?.session_id;
    if (session) parts.push(this.fillCells(session, known));
    // What has no picture, no sound or no cells is shown without.
    await Promise.allSettled(parts);
  }

  private async fillFilm(id: string, known: Known): Promise<void> {
    const sprite = await this.request<wire.Sprite>("GET", `/video/${id}/sprite`);
    const image = new Image();
    image.src = await this.media(sprite.url);
    await image.decode();
    known.film = { image, sprite };
    this.changed();
  }

  private async fillSound(type: string, id: string, known: Known): Promise<void> {
    const seconds = known.asset?.length ?? 0;
    const rate = seconds < 900 ? 50 : seconds < 7200 ? 10 : 2;
    const found = await this.request<wire.Waveform>("GET", `/${type}/${id}/waveform?rate=${rate}`);
    known.sound = soundOf(found);
    this.changed();
  }

  /** The assets of one session share its time, and so its cells. */
  private async fillCells(session: string, known: Known): Promise<void> {
    const asked =
      this.sessions.get(session) ??
      this.request<wire.CellPage>("GET", `/capture/session/${session}/cells`).then(
        ({ cells }) => cells ?? [],
      );
    this.sessions.set(session, asked);
    known.cells = await asked;
    if (known.cells.length) this.changed();
  }
}

/** Unpacks the wire's waveform; its channels become one outline. */
export function soundOf({ rate, channels, count, peaks }: wire.Waveform): Sound {
  const packed = Int8Array.from(atob(peaks), (letter) => letter.charCodeAt(0));
  const low = new Int8Array(count);
  const high = new Int8Array(count);
  let loudest = 0;
  for (let bucket = 0; bucket < count; bucket += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      const at = (bucket * channels + channel) * 2;
      low[bucket] = Math.min(low[bucket] ?? 0, packed[at] ?? 0);
      high[bucket] = Math.max(high[bucket] ?? 0, packed[at + 1] ?? 0);
    }
    loudest = Math.max(loudest, -(low[bucket] ?? 0), high[bucket] ?? 0);
  }
  return { rate, low, high, loudest };
}

export function isShared(a: Asset, b: Asset): boolean {
  return assetId({ asset: a }) !== undefined && assetId({ asset: a }) === assetId({ asset: b });
}

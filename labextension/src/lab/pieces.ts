/** What is dragged and inserted, and the code of it: pure functions. */

import { shotCode } from "../ui/code";

/** A stretch of a recording, or all of it where it has no `end`, or is `whole`. Seconds. */
export interface Piece {
  video_id: string;
  collection_id: string;
  title?: string;
  start?: number;
  end?: number;
  whole?: boolean;
}

/** What is dragged: the timeline editor takes it, too. */
export const pieceType = "application/x-jupyter-capture-clip+json";

export function codeOf(piece: Piece): string {
  const { collection_id, video_id, start, end, whole } = piece;
  const cut = whole || start === undefined || end === undefined ? undefined : ([start, end] as const);
  return shotCode(collection_id, video_id, cut).trimEnd();
}

/** Undefined for what is none: another program may drag anything, and code is made of this. */
export function pieceOf(text: string): Piece | undefined {
  try {
    const found = JSON.parse(text) as Partial<Piece> | null;
    const ids = [found?.video_id, found?.collection_id];
    const times = [found?.start, found?.end];
    const good =
      ids.every((id) => typeof id === "string" && /^[\w-]+$/.test(id)) &&
      times.every((time) => time === undefined || Number.isFinite(time));
    return good ? (found as Piece) : undefined;
  } catch {
    return undefined;
  }
}

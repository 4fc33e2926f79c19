/** What is dragged and inserted, and the code of it: pure functions. */

import { shotCode, timelineCode } from "../ui/code";

/** A stretch of a recording, or all of it where it has no `end`, or is `whole`. Seconds. */
export interface Cut {
  video_id: string;
  collection_id: string;
  title?: string;
  start?: number;
  end?: number;
  whole?: boolean;
}

/** A timeline that is kept. */
export interface Whole {
  timeline_id: string;
  title?: string;
}

export type Piece = Cut | Whole;

/** What is dragged. The timeline editor takes the first of them, too. */
export const pieceTypes = [
  "application/x-jupyter-capture-clip+json",
  "application/x-jupyter-capture-timeline+json",
] as const;

export function codeOf(piece: Piece): string {
  if ("timeline_id" in piece) return timelineCode(piece.timeline_id).trimEnd();
  const { collection_id, video_id, start, end, whole } = piece;
  const cut = whole || start === undefined || end === undefined ? undefined : ([start, end] as const);
  return shotCode(collection_id, video_id, cut).trimEnd();
}

const isId = (id: unknown) => typeof id === "string" && /^[\w-]+$/.test(id);

/** Undefined for what is none: another program may drag anything, and code is made of this. */
export function pieceOf(text: string): Piece | undefined {
  try {
    const found = JSON.parse(text) as (Partial<Cut> & Partial<Whole>) | null;
    if (!found) return undefined;
    if (isId(found.timeline_id)) return { timeline_id: found.timeline_id ?? "" };
    const ids = [found.video_id, found.collection_id];
    const times = [found.start, found.end];
    const good =
      ids.every(isId) && times.every((time) => time === undefined || Number.isFinite(time));
    return good ? (found as Cut) : undefined;
  } catch {
    return undefined;
  }
}

/** The JSON of a piece that is dragged; "" where it is something else. */
export function dragged(transfer: Pick<DataTransfer, "types" | "getData"> | null): string {
  const type = pieceTypes.find((each) => transfer?.types.includes(each));
  return type ? (transfer?.getData(type) ?? "") : "";
}

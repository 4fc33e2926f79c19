/** Why a video does not play, in words for the person who wants to watch it. */

import { trans } from "./words";

export type Failure =
  | { kind: "http"; status: number }
  | { kind: "unreachable" }
  | { kind: "not-a-stream" }
  | { kind: "decode" }
  | { kind: "unsupported" }
  | { kind: "said"; message: string };

/** Thrown by an Api whose other side has already said in good words what is wrong. */
export class SaidError extends Error {}

const expired = () => trans.__("This link has expired. Play it again from your notebook to get a fresh one.");

export function explain(failure: Failure): string {
  switch (failure.kind) {
    case "http":
      if ([401, 403].includes(failure.status)) return expired();
      if ([404, 410].includes(failure.status)) {
        return trans.__("This recording is not here any more. It may have been deleted.");
      }
      return trans.__(
        "The capture engine could not prepare this video. Try again; its log says more.",
      );
    case "unreachable":
      return trans.__(
        "The capture engine cannot be reached. Run any capture command in your notebook, which starts it, then try again.",
      );
    case "not-a-stream":
      return trans.__("What came back is not a video stream. Play it again from your notebook.");
    case "decode":
      return trans.__(
        "This browser could not decode the video. Try again, or open it in another browser.",
      );
    case "unsupported":
      return trans.__(
        "This browser cannot play H.264 video. Open it in Chrome, Edge, Firefox or Safari.",
      );
    case "said":
      return failure.message;
  }
}

/** What hls.js reports, reduced to what matters here. */
export interface HlsProblem {
  type: string;
  details: string;
  response?: { code?: number } | undefined;
}

export function failureOf(problem: HlsProblem): Failure {
  if (problem.details === "manifestParsingError" || problem.details === "levelParsingError") {
    return { kind: "not-a-stream" };
  }
  if (problem.details === "manifestIncompatibleCodecsError") return { kind: "unsupported" };
  if (problem.type === "networkError") {
    const status = problem.response?.code ?? 0;
    return status > 0 ? { kind: "http", status } : { kind: "unreachable" };
  }
  return { kind: "decode" };
}

/** MediaError codes of a browser that plays HLS by itself. */
export function failureOfMedia(code: number | undefined): Failure {
  return { kind: code === 2 ? "unreachable" : code === 4 ? "unsupported" : "decode" };
}

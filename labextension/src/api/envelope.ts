/** The engine's answers: data, a refusal, or work that goes on. */

import type { JobState, Processing } from "../wire";
import { ApiError, type Method, type Progress } from "./panel";

/** Sends one request and resolves to the whole envelope. */
export type Send = (method: Method, path: string, body?: unknown) => Promise<unknown>;

const firstPause = 250;
const longestPause = 2_000;

/** The `data` of an answer; long work is asked about until it has ended. */
export async function dataOf<T>(
  send: Send,
  method: Method,
  path: string,
  body?: unknown,
  progress?: (progress: Progress) => void,
): Promise<T> {
  const answer = await send(method, path, body);
  if (!isWork(answer)) return (answer as { data: T }).data;
  const job = pathOf(answer.data.output_url);
  for (let pause = firstPause; ; pause = Math.min(longestPause, pause * 1.5)) {
    const state = (await send("GET", job)) as JobState;
    if (state.status === "processing") {
      progress?.({ percentage: state.data.percentage ?? 0, stage: state.data.stage ?? "", job });
      await new Promise((resolve) => setTimeout(resolve, pause));
      continue;
    }
    const response = state.response;
    if (response && "data" in response) return response.data as T;
    const said = state.message ?? "The work failed without saying why.";
    throw new ApiError(said, 500, response ? response.error_code : "JOB_FAILED");
  }
}

function isWork(answer: unknown): answer is Processing {
  return (answer as Processing | undefined)?.status === "processing";
}

/** Our own engine's jobs are asked about on the way by which they were ordered. */
function pathOf(url: string): string {
  const { pathname, search } = new URL(url, "http://engine");
  return pathname + search;
}

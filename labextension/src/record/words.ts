/** What keeps a browser from recording, in words for the person in front of it. */

import { SaidError } from "../explain";
import { trans } from "../words";

export type Kind = "display" | "system_audio" | "mic" | "camera";

export interface Surroundings {
  isSecureContext: boolean;
  navigator: { mediaDevices?: Partial<MediaDevices> | undefined };
  MediaRecorder?: unknown;
}

/** Why this page cannot record at all; "" where it can. */
export function whyNot(here: Surroundings): string {
  if (!here.isSecureContext) {
    return trans.__(
      "Browsers let a page record only over HTTPS, or from the machine itself (127.0.0.1 or localhost). Open this page in one of these ways.",
    );
  }
  if (typeof here.MediaRecorder !== "function") {
    return trans.__(
      "This browser cannot record: it has no MediaRecorder. Use a current Chrome, Edge, Firefox or Safari.",
    );
  }
  if (!here.navigator.mediaDevices?.getUserMedia) {
    return trans.__(
      "This browser gives a page neither a microphone nor a screen here. Open the page in a tab of Chrome, Edge, Firefox or Safari.",
    );
  }
  return "";
}

/** What can be shared: phones share no screen. */
export function kinds(here: Surroundings): Kind[] {
  if (whyNot(here)) return [];
  const screen = here.navigator.mediaDevices?.getDisplayMedia;
  return [...(screen ? (["display", "system_audio"] as const) : []), "mic", "camera"];
}

const things = (): Record<Kind, string> => ({
  display: trans.__("the screen"),
  system_audio: trans.__("the sound"),
  mic: trans.__("the microphone"),
  camera: trans.__("the camera"),
});

/** Why the browser did not give what was asked for. */
export function refused(asked: readonly Kind[], error: unknown): SaidError {
  const named = things();
  const what = asked.map((kind) => named[kind]).reduce((one, more) => trans.__("%1 and %2", one, more));
  const name = (error as DOMException | undefined)?.name ?? "";
  const screen = asked.includes("display");
  if (name === "NotAllowedError" || name === "SecurityError") {
    return new SaidError(
      screen
        ? trans.__(
            "No screen was shared. Press again, and choose a screen, a window or a tab; if the browser did not ask, load this page again, or allow it in its settings for this site.",
          )
        : trans.__(
            "The browser was not allowed to use %1. Allow it beside the address bar, then try again, or switch it off here.",
            what,
          ),
    );
  }
  if (name === "NotFoundError" || name === "OverconstrainedError") {
    return new SaidError(
      trans.__("This computer has no such device (%1). Plug one in, or switch it off here.", what),
    );
  }
  if (screen && (name === "NotReadableError" || name === "AbortError")) {
    return new SaidError(
      trans.__(
        "The system did not show the browser its screen. Allow the browser to record the screen in the system's settings, or share a tab or a window instead.",
      ),
    );
  }
  if (name === "NotReadableError" || name === "AbortError") {
    return new SaidError(
      trans.__("The system did not give %1. Another program may hold it: close that, then try again.", what),
    );
  }
  if (error instanceof SaidError) return error;
  return new SaidError(trans.__("The browser could not share %1 (%2).", what, name || String(error)));
}

export const names = (): Record<Kind, string> => ({
  display: trans.__("Screen, window or tab of this browser"),
  system_audio: trans.__("Its sound"),
  mic: trans.__("Microphone of this browser"),
  camera: trans.__("Camera of this browser"),
});

export const noSound = () =>
  trans.__(
    "The browser shares no sound of what was chosen, so there is none. In Chrome or Edge share a tab, or tick “share audio”; Firefox shares none.",
  );

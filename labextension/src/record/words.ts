/** What keeps a browser from recording, in words for the person in front of it. */

import { SaidError } from "../explain";

export type Kind = "display" | "system_audio" | "mic" | "camera";

export interface Surroundings {
  isSecureContext: boolean;
  navigator: { mediaDevices?: Partial<MediaDevices> | undefined };
  MediaRecorder?: unknown;
}

/** Why this page cannot record at all; "" where it can. */
export function whyNot(here: Surroundings): string {
  if (!here.isSecureContext) {
    return (
      "Browsers let a page record only over HTTPS, or from the machine itself (127.0.0.1 or " +
      "localhost). Open this page in one of these ways."
    );
  }
  if (typeof here.MediaRecorder !== "function") {
    return "This browser cannot record: it has no MediaRecorder. Use a current Chrome, Edge, Firefox or Safari.";
  }
  if (!here.navigator.mediaDevices?.getUserMedia) {
    return "This browser gives a page neither a microphone nor a screen here. Open the page in a tab of Chrome, Edge, Firefox or Safari.";
  }
  return "";
}

/** What can be shared: phones share no screen. */
export function kinds(here: Surroundings): Kind[] {
  if (whyNot(here)) return [];
  const screen = here.navigator.mediaDevices?.getDisplayMedia;
  return [...(screen ? (["display", "system_audio"] as const) : []), "mic", "camera"];
}

const things: Record<Kind, string> = {
  display: "the screen",
  system_audio: "the sound",
  mic: "the microphone",
  camera: "the camera",
};

/** Why the browser did not give what was asked for. */
export function refused(asked: readonly Kind[], error: unknown): SaidError {
  const what = asked.map((kind) => things[kind]).join(" and ");
  const name = (error as DOMException | undefined)?.name ?? "";
  const screen = asked.includes("display");
  if (name === "NotAllowedError" || name === "SecurityError") {
    return new SaidError(
      screen
        ? "No screen was shared. Press again, and choose a screen, a window or a tab; if the browser did not ask, allow it in its settings for this site."
        : `The browser was not allowed to use ${what}. Allow it beside the address bar, then try again, or switch it off here.`,
    );
  }
  if (name === "NotFoundError" || name === "OverconstrainedError") {
    return new SaidError(`This computer has no such device (${what}). Plug one in, or switch it off here.`);
  }
  if (screen && (name === "NotReadableError" || name === "AbortError")) {
    return new SaidError(
      "The system did not show the browser its screen. Allow the browser to record the screen in the system's settings, or share a tab or a window instead.",
    );
  }
  if (name === "NotReadableError" || name === "AbortError") {
    return new SaidError(`The system did not give ${what}. Another program may hold it: close that, then try again.`);
  }
  if (error instanceof SaidError) return error;
  return new SaidError(`The browser could not share ${what} (${name || String(error)}).`);
}

export const names: Record<Kind, string> = {
  display: "Screen, window or tab of this browser",
  system_audio: "Its sound",
  mic: "Microphone of this browser",
  camera: "Camera of this browser",
};

export const noSound =
  "The browser shares no sound of what was chosen, so there is none: share a tab, or tick its “share audio”.";

/** What a session panel shows in each state: which buttons, which words. */

import type { Session } from "../../wire";
import { trans } from "../../words";
import { type ChannelChoice, isRunning, isSettled, statusWords } from "./model";
import type { Sharing } from "./sharing";
import type { View } from "./view";

export interface Shown {
  status: string;
  session: Session | undefined;
  channels: readonly ChannelChoice[];
  sharing: Pick<Sharing, "isHere" | "trouble">;
  /** Whether something of it is kept. */
  keeps: boolean;
  /** Whether something that was asked for is under way. */
  acting: boolean;
  /** Whether this is somebody else's page, who was given a link. */
  guest: boolean;
  /** Whether the engine can forget. */
  forgets: boolean;
}

export function phaseOf(status: string): "setup" | "running" | "over" {
  if (["idle", "created"].includes(status)) return "setup";
  return isRunning(status) ? "running" : "over";
}

export function paint(ui: View, shown: Shown): void {
  const { status, session, channels, sharing, keeps, acting, guest } = shown;
  const phase = phaseOf(status);
  const going = ["active", "paused"].includes(status);
  ui.root.dataset["status"] = status;
  const kept = session?.exported_video_id || status !== "stopped" || keeps;
  ui.words.textContent = kept
    ? statusWords(status)
    : trans.__("Stopped. Nothing was kept, so there is no video.");
  ui.record.hidden = phase !== "setup";
  ui.record.disabled = acting || !channels.some((each) => each.on);
  ui.pause.hidden = status !== "active";
  ui.resume.hidden = status !== "paused";
  ui.stop.hidden = !going;
  for (const button of [ui.pause, ui.resume, ui.stop]) button.disabled = acting;
  const over = phase === "over" && isSettled(status, keeps);
  ui.another.hidden = !over || guest;
  ui.listen.hidden = !going || guest || !channels.some((each) => each.type === "audio");
  ui.forgetting.hidden = !going || guest || !shown.forgets;
  ui.elsewhere.hidden = phase !== "setup" || sharing.isHere || !ui.link.hidden;
  ui.elsewhere.disabled = acting;
  const told = over && guest && session?.exported_video_id;
  ui.notes.set("told", told ? guestWords() : "", { calm: true });
  const lost = phase === "setup" && keepsNothing(channels);
  ui.notes.set("nothing", lost ? trans.__("Nothing will be kept: when you stop, all of it is gone.") : "");
  ui.notes.set("sharing", phase === "running" ? sharing.trouble : "");
}

function keepsNothing(channels: readonly ChannelChoice[]): boolean {
  const on = channels.filter((each) => each.on);
  return on.length > 0 && !on.some((each) => each.store);
}

function guestWords(): string {
  return trans.__(
    "It is stored, and lies in the library of whoever gave you this link. This page may be closed.",
  );
}

/** Recordings among JupyterLab's running sessions. */

import type { IRunningSessionManagers } from "@jupyterlab/running";
import type { TranslationBundle } from "@jupyterlab/translation";
import { formatTime } from "../time";
import { captureIcon } from "./icons";
import { type Recordings, elapsed } from "./recordings";

export interface Does {
  show(view: "record"): void;
  stop(id: string): Promise<void>;
}

export function addRunning(
  managers: IRunningSessionManagers,
  recordings: Recordings,
  trans: TranslationBundle,
  does: Does,
): void {
  managers.add({
    name: trans.__("Recordings"),
    running: () =>
      recordings.all.map((each) => ({
        open: () => does.show("record"),
        shutdown: () => void does.stop(each.id),
        icon: () => captureIcon,
        label: () => each.name,
        labelTitle: () => trans.__("%1, %2", each.name, each.status),
        detail: () => formatTime(elapsed(each, Date.now())),
      })),
    shutdownAll: () => {
      for (const each of recordings.all) void does.stop(each.id);
    },
    refreshRunning: () => void recordings.look(),
    runningChanged: recordings.changed,
    shutdownLabel: trans.__("Stop Recording"),
    shutdownAllLabel: trans.__("Stop All"),
    shutdownAllConfirmationText: () => trans.__("Stop all recordings? What was kept is exported."),
  });
}

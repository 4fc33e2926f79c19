/** Stopping from anywhere: a notification says how far it is, and what was made. */

import { Notification } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import { SaidError } from "../explain";
import type { Server } from "../api/server";
import { formatTime } from "../time";
import type { Session } from "../wire";
import { type Recordings, nameOf } from "./recordings";
import type { Piece } from "./pieces";

const every = 700;
const told = 8_000;

export interface After {
  show(): void;
  insert(piece: Piece): void;
}

export async function stopRecording(
  id: string,
  server: Server,
  recordings: Recordings,
  trans: TranslationBundle,
  after: After,
): Promise<void> {
  const note = Notification.emit(trans.__("Stopping the recording…"), "in-progress", {
    autoClose: false,
    progress: 0.2,
  });
  try {
    await server.send("POST", `/capture/session/${id}/stop`);
    void recordings.look();
    Notification.update({ id: note, message: trans.__("Preparing the video…"), progress: 0.6 });
    const session = await settled(id, server);
    void recordings.look();
    if (session.status === "failed") throw new SaidError(session.error ?? trans.__("It failed."));
    const name = nameOf(session);
    const video = session.exported_video_id;
    const message = video
      ? trans.__("%1 is recorded (%2).", name, formatTime(session.duration ?? 0))
      : trans.__("%1 has stopped. Nothing was kept, so there is no video.", name);
    const piece = { video_id: video ?? "", collection_id: session.collection_id, title: name, whole: true };
    const actions = [
      { label: trans.__("Show"), callback: () => after.show() },
      { label: trans.__("Insert"), callback: () => after.insert(piece) },
    ];
    Notification.update({
      ...{ id: note, message, type: "success", autoClose: told, progress: 1 },
      actions: video ? actions : [],
    });
  } catch (error) {
    const said = error instanceof SaidError ? error.message : String(error);
    const message = trans.__("The recording could not be stopped. %1", said);
    Notification.update({ id: note, message, type: "error", autoClose: false });
  }
}

/** Once it is exported, or has nothing to export. */
async function settled(id: string, server: Server): Promise<Session> {
  for (;;) {
    const { data } = (await server.send("GET", `/capture/session/${id}`)) as { data: Session };
    const waits = ["active", "paused", "stopping", "starting"].includes(data.status);
    const exports = data.status === "stopped" && data.export_status === "exporting";
    const keeps = data.channels?.some((each) => each.store) ?? false;
    const begins = data.status === "stopped" && keeps && !data.export_status;
    if (!waits && !exports && !begins) return data;
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}

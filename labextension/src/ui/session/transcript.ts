/** The live transcript: begun by a button, over when the recording is. */

import type { EngineEvent, PanelApi } from "../../api";
import type { Session } from "../../wire";
import { trans } from "../../words";
import { wordsOf } from "../notes";
import type { SaidLive } from "./said";
import type { View } from "./view";

export class LiveTranscript {
  constructor(
    private readonly api: Pick<PanelApi, "request">,
    private readonly ui: Pick<View, "listen" | "notes">,
    private readonly said: SaidLive,
  ) {
    this.show(false);
  }

  hear(event: EngineEvent): void {
    if (!this.said.list.hidden) this.said.hear(event);
  }

  /** Begins to listen to what is heard in a session, or puts the words away. */
  async toggle(session: Session | undefined): Promise<void> {
    const on = this.ui.listen.getAttribute("aria-pressed") !== "true";
    this.show(on);
    if (!on) return;
    const heard = (session?.rtstreams ?? []).filter((s) => s.media_types.includes("audio"));
    this.ui.notes.set("act", "");
    this.said.note(trans.__("Getting ready to listen…"));
    try {
      for (const { rtstream_id } of heard) {
        await this.api.request("POST", `/rtstream/${rtstream_id}/transcription`, { action: "start" });
      }
      this.said.note(trans.__("Nothing was said yet."));
    } catch (error) {
      this.show(false);
      this.ui.notes.set("act", wordsOf(error));
    }
  }

  /** Nothing that was said stays on the page. */
  end(): void {
    this.said.clear();
    this.show(false);
  }

  private show(is: boolean): void {
    this.said.list.hidden = !is;
    this.ui.listen.setAttribute("aria-pressed", String(is));
  }
}

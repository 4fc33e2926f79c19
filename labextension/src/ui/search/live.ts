/** A session that is still recorded: searched as it goes on, again whenever something was said. */

import type { EngineEvent, PanelApi } from "../../api";
import type { Moments, Session } from "../../wire";
import { trans } from "../../words";
import { type Hit, hitsOfMoments } from "./model";

const calm = 1_000;

export function isLive({ status }: Pick<Session, "status">): boolean {
  return status === "active" || status === "paused";
}

/** As it was named when it began, else by its beginning. */
export function nameOf({ metadata, started_at, created_at }: Session): string {
  const name = metadata?.["name"];
  if (typeof name === "string" && name.trim()) return name.trim();
  const began = new Date((started_at ?? created_at) * 1000);
  return `since ${began.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
}

export class LiveSession {
  private unlisten: (() => void) | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private listening: string | undefined;
  private streams = new Set<string>();

  /** `changed`: it is worth while to search again. `ended`: it can be played now, or not at all. */
  constructor(
    private readonly api: Pick<PanelApi, "request" | "events">,
    private readonly changed: () => void,
    private readonly ended: (status: string) => void,
  ) {}

  /** Has it listened to from now on, and follows it. */
  async search(session: Session, request: object): Promise<{ hits: Hit[]; note: string }> {
    const path = `/capture/session/${session.session_id}`;
    if (this.listening !== session.session_id) {
      this.stop();
      await this.api.request<Moments>("POST", `${path}/listen`, {});
      this.listening = session.session_id;
      this.streams = new Set(session.rtstreams?.map((stream) => stream.rtstream_id));
      this.unlisten = this.api.events(["transcript", "cells", "capture_session."], (event) =>
        this.hear(event),
      );
    }
    const found = await this.api.request<Moments>("POST", `${path}/search`, request);
    const name = nameOf(session);
    const since = Object.values(found.listening ?? {});
    const note = since.length
      ? trans.__(
          "It is recorded still: found is what is said from %1 on, and the cells that ran. The rest can be searched, and all of it played, once it has stopped.",
          clock(Math.min(...since)),
        )
      : trans.__("It is recorded still, without sound that is kept: found are the cells that ran.");
    return { hits: hitsOfMoments(session.session_id, name, found), note };
  }

  stop(): void {
    clearTimeout(this.timer);
    this.unlisten?.();
    this.unlisten = this.listening = undefined;
  }

  private hear(event: EngineEvent): void {
    const own = event.capture_session_id === this.listening;
    if (event.channel === "transcript") {
      const said = event.data as { is_final?: boolean };
      if (!said.is_final || !this.streams.has(event.rtstream_id ?? "")) return;
    } else if (!own) return;
    else if (event.event) {
      const status = event.status ?? event.event.replace("capture_session.", "");
      if (["stopped", "exported", "failed"].includes(status)) {
        if (status === "stopped") return;
        this.stop();
        this.ended(status);
      }
      return;
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.changed(), calm);
  }
}

function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

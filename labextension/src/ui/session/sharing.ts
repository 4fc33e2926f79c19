/** What this browser itself can give to a recording, as the panel has it. */

import type { PanelApi } from "../../api";
import { type Reach, BrowserRecording, kindOfChannel, recordingOf, share, sharedWith } from "../../record/recording";
import type { Shared } from "../../record/share";
import { type Kind, kinds, names, whyNot } from "../../record/words";
import type { ChannelInfo } from "../../wire";
import { trans } from "../../words";
import type { ChannelChoice, SessionState } from "./model";

/** What a channel's line says about sharing; no `act` where there is nothing to do. */
export interface ShareState {
  says: string;
  act: string;
}

export class Sharing {
  private found: Promise<Reach | undefined> | undefined;
  private reach: Reach | undefined;
  private recording: BrowserRecording | undefined;
  private unwatch: (() => void) | undefined;

  constructor(
    private readonly api: PanelApi<SessionState>,
    private readonly changed: () => void,
  ) {}

  /** Finds out whether this page can send what it records. */
  async look(): Promise<void> {
    this.found ??= this.api.reach?.() ?? Promise.resolve(undefined);
    this.reach = await this.found.catch(() => undefined);
  }

  /** Whether it can; else a page of the engine may. */
  get isHere(): boolean {
    return this.reach !== undefined;
  }

  /** Why it cannot, where that lies with the browser; "" mostly. */
  get whyNot(): string {
    return this.isHere ? whyNot(globalThis as never) : "";
  }

  get channels(): ChannelInfo[] {
    if (!this.isHere) return [];
    return kinds(globalThis as never).map((kind) => ({
      channel_id: `${kind}:browser`,
      name: names()[kind],
      type: kind === "display" || kind === "camera" ? "video" : "audio",
      is_default: false,
    }));
  }

  /** Asks the person; to be called at once on a click. Rejects with words. */
  async ask(ids: readonly string[]): Promise<Shared | undefined> {
    const asked = ids.map(kindOfChannel).filter((kind): kind is Kind => kind !== undefined);
    return asked.length ? await share(asked) : undefined;
  }

  begin(session: string, shared: Shared): void {
    if (!this.reach) return;
    this.follow(recordingOf(session, this.reach));
    this.recording?.begin(shared);
  }

  /** Another panel of this page may have begun. */
  attach(session: string): void {
    this.follow(sharedWith(session));
  }

  /** Whether this page began to share something with the session, and shares nothing any more. */
  get isSpent(): boolean {
    const { recording } = this;
    return recording !== undefined && recording.ended.size > 0 && recording.sharing.length === 0;
  }

  get trouble(): string {
    return this.recording?.trouble ?? "";
  }

  state(channel: ChannelChoice): ShareState | undefined {
    const kind = kindOfChannel(channel.channel_id);
    if (!kind) return undefined;
    if (this.recording?.sharing.includes(channel.channel_id)) {
      return { says: trans.__("shared here"), act: "" };
    }
    const why = this.recording?.ended.get(channel.channel_id);
    const can = this.isHere && kinds(globalThis as never).includes(kind);
    const says = why ?? (can ? trans.__("not shared here") : trans.__("shared elsewhere"));
    return { says, act: can ? (why ? trans.__("Share again") : trans.__("Share")) : "" };
  }

  stop(id: string): void {
    this.recording?.stop(id);
  }

  /** The session has ended. */
  close(): void {
    this.recording?.close();
    this.follow(undefined);
  }

  /** The panel goes; what is shared is shared on. */
  destroy(): void {
    this.follow(undefined);
  }

  private follow(recording: BrowserRecording | undefined): void {
    if (recording === this.recording) return;
    this.unwatch?.();
    this.recording = recording;
    this.unwatch = recording?.watch(this.changed);
  }
}

/** Which channels are chosen, and what is changed about one, before it records and while it does. */

import type { PanelApi } from "../../api";
import { wordsOf } from "../notes";
import { type ChannelChoice, type SessionState, cells, isRunning, withPrimary } from "./model";

export interface Told {
  changed(): void;
  /** Why a change was refused; empty as soon as one is tried. */
  refused(words: string): void;
  /** The engine was asked for a change: the session may be another now. */
  asked(): Promise<void>;
}

export class Chosen {
  constructor(
    private readonly api: PanelApi<SessionState>,
    private readonly told: Told,
  ) {}

  get all(): ChannelChoice[] {
    return this.api.get("channels");
  }

  set(channels: ChannelChoice[]): void {
    if (JSON.stringify(channels) !== JSON.stringify(this.all)) this.api.set("channels", channels);
    this.told.changed();
  }

  keeps(id: string): boolean {
    return this.all.find((each) => each.channel_id === id)?.store ?? false;
  }

  async turn(id: string, on: boolean): Promise<void> {
    if (!this.running) return this.choose(id, { on });
    if (id === cells.channel_id) return this.store(id, true);
    await this.change("channel", { channel_id: id, paused: !on });
  }

  async store(id: string, store: boolean): Promise<void> {
    if (!this.running) return this.choose(id, { store });
    await this.change("store", { channel_id: id, store });
  }

  primary(id: string): void {
    this.set(withPrimary(this.all, id));
  }

  choose(id: string, change: Partial<ChannelChoice>): void {
    const changed = this.all.map((each) => (each.channel_id === id ? { ...each, ...change } : each));
    this.set(withPrimary(changed));
  }

  private get running(): boolean {
    return isRunning(this.api.get("status"));
  }

  private async change(what: "store" | "channel", body: object): Promise<void> {
    this.told.refused("");
    try {
      await this.api.request("POST", `/capture/session/${this.api.get("session_id")}/${what}`, body);
    } catch (error) {
      this.told.refused(wordsOf(error));
    }
    await this.told.asked();
  }
}

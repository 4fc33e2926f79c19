/** One line for each channel: what it is, how loud, and whether it is kept. */

import { trans } from "../../words";
import { type IconName, act, icon, make } from "../dom";
import type { ShareState } from "./sharing";
import { type ChannelChoice, canBePrimary, meterPercent, storeTitle } from "./model";

export interface RowActions {
  /** Record it, or not: while it records, a channel that is off is paused. */
  turn(id: string, on: boolean): void;
  store(id: string, store: boolean): void;
  primary(id: string): void;
  /** Have this browser give it, while it records. */
  share(id: string): void;
}

const icons: Record<string, IconName> = {
  mic: "mic",
  system_audio: "sound",
  camera: "camera",
  notebook: "cells",
};

interface Row {
  element: HTMLLIElement;
  on: HTMLInputElement;
  store: HTMLButtonElement;
  primary: HTMLInputElement;
  primaryLabel: HTMLElement;
  meter: HTMLElement | undefined;
  name: HTMLElement;
  exact: HTMLElement;
  share: HTMLButtonElement;
}

export class Rows {
  readonly list = make("ul", "jc-channels");
  private readonly rows = new Map<string, Row>();
  private readonly group = `jc-primary-${Math.random().toString(36).slice(2)}`;

  constructor(private readonly actions: RowActions) {
    this.list.setAttribute("aria-label", trans.__("Channels"));
  }

  /** `phase`: before a recording everything can be chosen, while it runs only what is kept. */
  show(
    channels: readonly ChannelChoice[],
    phase: "setup" | "running" | "over",
    sharing: (channel: ChannelChoice) => ShareState | undefined = () => undefined,
  ): void {
    const ids = new Set(channels.map((each) => each.channel_id));
    for (const [id, row] of this.rows) {
      if (ids.has(id)) continue;
      row.element.remove();
      this.rows.delete(id);
    }
    const displays = channels.filter((each) => each.on && each.type === "video").length;
    for (const channel of channels) {
      const row = this.rows.get(channel.channel_id) ?? this.make(channel);
      this.paint(row, channel, phase, displays > 1);
      this.paintSharing(row, channel, phase === "running" ? sharing(channel) : undefined);
    }
  }

  levels(levels: Readonly<Record<string, number>>): void {
    for (const [id, { meter }] of this.rows) {
      if (!meter) continue;
      const level = levels[id];
      const percent = meterPercent(level);
      meter.style.setProperty("--jc-level", `${percent.toFixed(1)}%`);
      meter.setAttribute("aria-valuenow", percent.toFixed(0));
      meter.setAttribute(
        "aria-valuetext",
        level === undefined ? trans.__("no sound yet") : trans.__("%1 decibels", level.toFixed(0)),
      );
    }
  }

  private make(channel: ChannelChoice): Row {
    const { channel_id: id } = channel;
    const on = make("input", "jc-turn");
    on.type = "checkbox";
    on.addEventListener("change", () => this.actions.turn(id, on.checked));
    const kind = icon(icons[id.split(":")[0] ?? ""] ?? "display");
    kind.classList.add("jc-channel-kind");
    const name = make("div", "");
    const exact = make("div", "jc-faint", id);
    const again = act("jc-share", trans.__("Share"));
    again.hidden = true;
    again.addEventListener("click", () => this.actions.share(id));
    const store = make("button", "jc-store");
    store.type = "button";
    store.setAttribute("role", "switch");
    store.addEventListener("click", () => {
      this.actions.store(id, store.getAttribute("aria-checked") !== "true");
    });
    const primary = make("input", "");
    primary.type = "radio";
    primary.name = this.group;
    primary.addEventListener("change", () => this.actions.primary(id));
    const primaryLabel = make("label", "jc-main-picture", primary, trans.__("main picture"));
    const meter = channel.type === "audio" ? meterOf(id) : undefined;
    const element = make(
      "li",
      "jc-channel",
      make("label", "jc-on", on, kind),
      make("div", "jc-channel-name", name, exact, again),
      meter ?? primaryLabel,
      store,
    );
    element.dataset["channel"] = id;
    const row = { element, on, store, primary, primaryLabel, meter, name, exact, share: again };
    this.rows.set(id, row);
    this.list.append(element);
    return row;
  }

  private paintSharing(row: Row, channel: ChannelChoice, state: ShareState | undefined): void {
    const { channel_id: id } = channel;
    row.exact.textContent = state ? `${id} · ${state.says}` : id;
    row.exact.title = row.exact.textContent;
    row.share.hidden = !state?.act || !channel.on;
    row.share.textContent = state?.act ?? "";
    row.share.setAttribute("aria-label", `${state?.act ?? ""}: ${channel.name || id}`);
  }

  private paint(
    row: Row,
    channel: ChannelChoice,
    phase: "setup" | "running" | "over",
    several: boolean,
  ): void {
    const { element, on, store, primary, primaryLabel, name } = row;
    const label = channel.name || channel.channel_id;
    name.textContent = label;
    name.title = label;
    element.dataset["on"] = String(channel.on);
    on.checked = channel.on;
    // Cells that are taken in can be live only, but not be given back.
    on.disabled = phase === "over" || (phase === "running" && channel.on && channel.type === "cells");
    on.setAttribute("aria-label", trans.__("Record %1", label));
    const kept = String(channel.store);
    if (store.getAttribute("aria-checked") !== kept) {
      store.replaceChildren(icon(channel.store ? "kept" : "live"), keptWords(channel.store));
      store.setAttribute("aria-checked", kept);
    }
    store.title = storeTitle(label, channel.store);
    store.setAttribute("aria-label", `${label}: ${keptWords(channel.store)}`);
    store.disabled = phase === "over" || !channel.on;
    store.classList.toggle("jc-fixed", phase === "over");
    // A display's line says which picture the video has, where there is a choice.
    primaryLabel.hidden = !several || channel.type !== "video";
    primary.checked = channel.is_primary;
    primary.disabled = phase !== "setup" || !canBePrimary(channel);
    primary.setAttribute("aria-label", trans.__("%1 is the video's main picture", label));
    if (row.meter) row.meter.hidden = phase !== "running";
  }
}

function keptWords(kept: boolean): string {
  return kept ? trans.__("kept") : trans.__("live only");
}

function meterOf(id: string): HTMLElement {
  const meter = make("div", "jc-meter", make("span", ""));
  meter.setAttribute("role", "meter");
  meter.setAttribute("aria-label", trans.__("Level of %1", id));
  meter.setAttribute("aria-valuemin", "0");
  meter.setAttribute("aria-valuemax", "100");
  meter.setAttribute("aria-valuenow", "0");
  return meter;
}

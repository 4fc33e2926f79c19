/** The properties of what is selected. */

import type * as wire from "../../wire";
import { trans } from "../../words";
import { make } from "../dom";
import { alignments, animations, filters, fits, positions } from "./choices";
import type { Desk } from "./desk";
import * as edit from "./edit";
import * as fields from "./fields";
import { type Asset, type Clip, type Look, TICKS, endOf, isTimed, labelOf, ticksOf } from "./model";
import type { Sources } from "./sources";

type Show = (clip: Clip) => void;

export class Inspector {
  readonly root = make("div", "jc-tl-inspector");
  private readonly stop: () => void;
  private kind = "none yet";
  private shows: Show[] = [];

  constructor(
    private readonly desk: Desk,
    private readonly sources: Sources,
  ) {
    this.stop = desk.hear(["project", "selection"], () => this.show());
    this.show();
  }

  destroy(): void {
    this.stop();
  }

  show(): void {
    const clip = this.desk.current;
    const kind = clip ? `${clip.key} ${clip.look.asset.type}` : "";
    if (kind !== this.kind) {
      this.kind = kind;
      this.shows = [];
      this.root.replaceChildren(...(clip ? this.build(clip) : [this.nothing()]));
    }
    if (clip) for (const show of this.shows) show(clip);
  }

  private nothing(): HTMLElement {
    return make("p", "jc-tl-faint", trans.__("Select a clip to change how it looks and sounds."));
  }

  private build(clip: Clip): HTMLElement[] {
    const title = make("h3", "jc-tl-title");
    this.shows.push(({ look }) => {
      const more = this.desk.selected.size - 1;
      const name = labelOf(look, this.sources.nameOf(look.asset));
      title.textContent = more > 0 ? trans.__("%1 and %2 more", name, more) : name;
    });
    const { type } = clip.look.asset;
    return [
      title,
      ...(type === "text" ? [this.text()] : []),
      ...(type === "caption" ? [this.captions()] : []),
      ...(isTimed(clip) ? [this.sound()] : []),
      ...(type === "audio" || type === "caption" ? [] : [this.picture(type)]),
      ...(type === "caption" ? [] : [this.transition()]),
      this.time(clip),
    ];
  }

  /** A field whose value is read from the clip. */
  private bind<T>(field: fields.Field<T>, read: (clip: Clip) => T): HTMLElement {
    this.shows.push((clip) => field.show(read(clip)));
    return field.root;
  }

  private look(patch: Partial<Look>, label: string): void {
    const { desk } = this;
    const made = edit.setLook(desk.project, desk.selected, patch);
    desk.apply(made, label, `look ${Object.keys(patch)}`);
  }

  /** Only clips of the same kind have the property. */
  private asset(patch: object, label: string): void {
    const { desk } = this;
    const type = desk.current?.look.asset.type;
    const keys = [...desk.selected].filter(
      (key) => type === desk.project.lanes.flatMap((lane) => lane.clips).find((one) => one.key === key)?.look.asset.type,
    );
    const made = edit.setAsset(desk.project, keys, patch);
    const whole = { ...made, selected: [...desk.selected] };
    desk.apply(whole, label, `asset ${Object.keys(patch)}`);
  }

  private settle = () => this.desk.seal();

  private sound(): HTMLElement {
    const volume = fields.range(
      ...([trans.__("Volume"), { max: 5, slider: 2, step: 0.05 }] as const),
      (value) => this.volume(value),
      this.settle,
    );
    return fields.section(trans.__("Sound"), this.bind(volume, ({ look: { asset } }) => volumeOf(asset)));
  }

  private volume(volume: number): void {
    const { desk } = this;
    const timed = desk.project.lanes
      .flatMap((lane) => lane.clips)
      .filter((clip) => desk.selected.has(clip.key) && isTimed(clip))
      .map((clip) => clip.key);
    const made = edit.setAsset(desk.project, timed, { volume });
    desk.apply({ ...made, selected: [...desk.selected] }, trans.__("Volume"), "volume");
  }

  private picture(type: Asset["type"]): HTMLElement {
    const opacity = fields.range(
      ...([trans.__("Opacity"), { max: 1, slider: 1, step: 0.05 }] as const),
      (value) => this.look({ opacity: value }, trans.__("Opacity")),
      this.settle,
    );
    const scale = fields.range(
      ...([trans.__("Scale"), { max: 10, slider: 2, step: 0.05 }] as const),
      (value) => this.look({ scale: value }, trans.__("Scale")),
      this.settle,
    );
    const fit = fields.choice(trans.__("Fit"), fits(), (value) =>
      this.look({ fit: value === "none" ? null : (value as "crop") }, trans.__("Fit")),
    );
    const position = fields.places(trans.__("Position"), positions, (value) =>
      this.look({ position: value, offset: { x: 0, y: 0 } }, trans.__("Position")),
    );
    const filter = fields.choice(trans.__("Filter"), filters(), (value) =>
      this.look({ filter: (value || null) as wire.Clip["filter"] & string }, trans.__("Filter")),
    );
    const rows = [
      this.bind(position, ({ look }) => look.position ?? "center"),
      this.bind(scale, ({ look }) => look.scale ?? 1),
      this.bind(opacity, ({ look }) => look.opacity ?? 1),
    ];
    if (type !== "text") {
      rows.push(
        this.bind(fit, ({ look }) => (look.fit === undefined ? "crop" : (look.fit ?? "none"))),
        this.bind(filter, ({ look }) => look.filter ?? ""),
      );
    }
    return fields.section(trans.__("Picture"), ...rows);
  }

  private transition(): HTMLElement {
    const change = (patch: wire.Transition, clip = this.desk.current) => {
      const before = clip?.look.transition ?? { in: null, out: null, duration: 0.5 };
      const after = { ...before, ...patch };
      this.look({ transition: after.in || after.out ? after : null }, trans.__("Fade"));
    };
    const fadeIn = fields.check(trans.__("Fade in"), (on) => change({ in: on ? "fade" : null }));
    const fadeOut = fields.check(trans.__("Fade out"), (on) => change({ out: on ? "fade" : null }));
    const length = fields.range(
      ...([trans.__("Seconds"), { max: 30, slider: 3, step: 0.1 }] as const),
      (duration) => change({ duration }),
      this.settle,
    );
    const checks = make(
      "div",
      "jc-tl-checks",
      this.bind(fadeIn, ({ look }) => Boolean(look.transition?.in)),
      this.bind(fadeOut, ({ look }) => Boolean(look.transition?.out)),
    );
    const row = this.bind(length, ({ look }) => look.transition?.duration ?? 0.5);
    this.shows.push(({ look }) => {
      row.hidden = !(look.transition?.in || look.transition?.out);
    });
    return fields.section(trans.__("Transition"), checks, row);
  }

  private text(): HTMLElement {
    const asset = (clip: Clip) => clip.look.asset as wire.TextAsset;
    const font = (patch: wire.Font) => {
      const clip = this.desk.current;
      if (clip) this.asset({ font: { ...asset(clip).font, ...patch } }, trans.__("Font"));
    };
    const text = fields.words(
      trans.__("Words"),
      (value) => this.asset({ text: value }, trans.__("Text")),
      this.settle,
    );
    const size = fields.range(
      ...([trans.__("Size"), { max: 400, slider: 200, step: 1 }] as const),
      (value) => {
        if (value >= 1) font({ size: value });
      },
      this.settle,
    );
    const colour = fields.colour(trans.__("Colour"), (value) => font({ color: value }), this.settle);
    const box = fields.check(trans.__("Box behind it"), (on) =>
      this.asset({ background: on ? { color: "#000000", opacity: 0.6 } : null }, trans.__("Box")),
    );
    return fields.section(
      trans.__("Text"),
      this.bind(text, (clip) => asset(clip).text),
      this.bind(size, (clip) => asset(clip).font?.size ?? 48),
      this.bind(colour, (clip) => asset(clip).font?.color ?? "#FFFFFF"),
      this.bind(box, (clip) => Boolean(asset(clip).background)),
    );
  }

  private captions(): HTMLElement {
    const asset = (clip: Clip) => clip.look.asset as wire.CaptionAsset;
    const now = () => this.desk.current && asset(this.desk.current);
    const size = fields.range(
      ...([trans.__("Size"), { max: 200, slider: 100, step: 1 }] as const),
      (value) => {
        if (value >= 1) this.asset({ font: { ...now()?.font, font_size: value } }, trans.__("Caption size"));
      },
      this.settle,
    );
    const animation = fields.choice(trans.__("Animation"), animations(), (value) =>
      this.asset({ animation: value || null }, trans.__("Animation")),
    );
    const place = fields.places(trans.__("Position"), alignments, (value) =>
      this.asset({ position: { ...now()?.position, alignment: value } }, trans.__("Caption position")),
    );
    return fields.section(
      trans.__("Captions"),
      this.bind(size, (clip) => asset(clip).font?.font_size ?? 30),
      this.bind(animation, (clip) => asset(clip).animation ?? ""),
      this.bind(place, (clip) => asset(clip).position?.alignment ?? "bottom_center"),
    );
  }

  private time(clip: Clip): HTMLElement {
    const seconds = (ticks: number) => ticks / TICKS;
    const { desk } = this;
    const begin = fields.number(trans.__("Begins"), { min: 0, step: 0.1 }, (value) => {
      const now = desk.current;
      if (now) desk.apply(edit.shift(desk.project, [now.key], ticksOf(value) - now.start), trans.__("Move"));
    });
    const length = fields.number(trans.__("Length"), { min: 0.04, step: 0.1 }, (value) => {
      const now = desk.current;
      if (!now) return;
      const end = now.start + ticksOf(value);
      desk.apply(edit.trimEnd(desk.project, now.key, end, this.sources.lengthOf), trans.__("Length"));
    });
    const rows = [
      this.bind(begin, (one) => seconds(one.start)),
      this.bind(length, (one) => seconds(one.duration)),
    ];
    if (isTimed(clip)) {
      const used = make("p", "jc-tl-faint");
      this.shows.push((one) => {
        const from = seconds(one.from).toFixed(2);
        const to = seconds(one.from + endOf(one) - one.start).toFixed(2);
        used.textContent = trans.__("Shows %1 to %2 s of its recording.", from, to);
      });
      rows.push(used);
    }
    return fields.section(trans.__("Time, seconds"), ...rows);
  }
}

function volumeOf(asset: Asset): number {
  return "volume" in asset ? (asset.volume ?? 1) : 1;
}

/** Timelines in JupyterLab's main area: the editor of a notebook's widget, without a kernel. */

import { Dialog, MainAreaWidget, WidgetTracker, showDialog } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { IDisposable } from "@lumino/disposable";
import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import { type Server, Values, serverPanel } from "../api/server";
import { make } from "../ui/dom";
import { Notes, wordsOf } from "../ui/notes";
import { type TimelineEditor, type TimelineTraits, mount } from "../ui/timeline/editor";
import type { KeptTimeline } from "../wire";
import { captureIcon } from "./icons";
import type { Working } from "./working";

/** Says that closing the page would lose something, until it is disposed. */
export type SetDirty = () => IDisposable | undefined;

const nothing: TimelineTraits["spec"] = { tracks: [] };

/** One timeline. `id` is empty for one that was never kept. */
export class TimelineTab extends Widget {
  private editor: TimelineEditor | undefined;
  private readonly notes = new Notes();
  private isSure = false;
  private dirty: IDisposable | undefined;

  constructor(
    private readonly server: Server,
    private readonly working: Working,
    private readonly trans: TranslationBundle,
    private readonly setDirty: SetDirty,
    public timeline: string,
  ) {
    super();
    this.addClass("jc-timeline-tab");
    this.title.icon = captureIcon;
    this.title.closable = true;
    this.name("");
    this.node.append(make("div", "jc-panel jc-tab-notes", this.notes.list));
    void this.fill();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.dirty?.dispose();
    this.editor?.destroy();
    super.dispose();
  }

  /** Whether it may be closed; asks where something would be lost. */
  async maySettle(): Promise<boolean> {
    const { editor, trans } = this;
    if (!editor?.keeping.isChanged || this.isSure) return true;
    const { button } = await showDialog({
      title: trans.__("Close the timeline?"),
      body: trans.__("It has changes that are not kept in the library."),
      buttons: [
        Dialog.cancelButton({ label: trans.__("Cancel") }),
        Dialog.warnButton({ label: trans.__("Close without keeping") }),
      ],
    });
    this.isSure = button.accept;
    return this.isSure;
  }

  private name(name: string): void {
    this.title.label = name || this.trans.__("New timeline");
    this.title.caption = this.trans.__("Timeline: %1", this.title.label);
  }

  private async fill(): Promise<void> {
    const { notes, server, timeline } = this;
    notes.set("open", "");
    let found: KeptTimeline | undefined;
    try {
      await server.health();
      if (timeline) {
        const path = `/engine/timelines/${timeline}`;
        found = ((await server.send("GET", path)) as { data: KeptTimeline }).data;
      }
    } catch (error) {
      notes.set("open", wordsOf(error), { again: () => void this.fill() });
      return;
    }
    if (!this.isDisposed) this.begin(found);
  }

  private begin(found: KeptTimeline | undefined): void {
    const { id = "", name = "", version = 0 } = found ?? {};
    const values = new Values<TimelineTraits>({
      spec: found?.timeline ?? nothing,
      code: "",
      edit: "",
      coded: "",
      kept: found ? { id, name, version } : {},
    });
    values.on("kept", (kept) => {
      this.timeline = kept.id ?? "";
      this.name(kept.name ?? "");
    });
    this.name(name);
    const place = make("div", "");
    this.node.append(place);
    const api = this.working.follow(serverPanel(this.server, values));
    this.editor = mount(place, api, { code: false });
    this.editor.keeping.onTurn = () => this.mark();
  }

  /** As a document that is not saved. */
  private mark(): void {
    const is = this.editor?.keeping.isChanged ?? false;
    this.title.className = is ? "jp-mod-dirty" : "";
    if (!is) {
      this.dirty?.dispose();
      this.dirty = undefined;
    } else this.dirty ??= this.setDirty();
  }
}

class TimelineArea extends MainAreaWidget<TimelineTab> {
  protected override onCloseRequest(message: Message): void {
    void this.content.maySettle().then((may) => {
      if (may) super.onCloseRequest(message);
    });
  }
}

export interface Shell {
  add(widget: Widget, area: string, options?: object): void;
  activateById(id: string): void;
}

/** Opens them, each at most once. `tracker` knows which are open. */
export class Editing {
  readonly tracker = new WidgetTracker<MainAreaWidget<TimelineTab>>({
    namespace: "jupyter-capture-timelines",
  });
  private made = 0;

  constructor(
    private readonly shell: Shell,
    private readonly server: Server,
    private readonly working: Working,
    private readonly trans: TranslationBundle,
    private readonly setDirty: SetDirty,
  ) {}

  open(timeline: string): MainAreaWidget<TimelineTab> {
    const there = timeline && this.tracker.find(({ content }) => content.timeline === timeline);
    if (there) {
      this.shell.activateById(there.id);
      return there;
    }
    const { server, working, trans, setDirty } = this;
    const content = new TimelineTab(server, working, trans, setDirty, timeline);
    const area = new TimelineArea({ content });
    this.made += 1;
    area.id = `jupyter-capture-timeline-${Date.now()}-${this.made}`;
    area.toolbar.hide();
    this.shell.add(area, "main");
    void this.tracker.add(area);
    const said = () => ({ timeline: content.timeline, label: content.title.label });
    let last = said();
    content.title.changed.connect(() => {
      const now = said();
      if (now.timeline !== last.timeline || now.label !== last.label) void this.tracker.save(area);
      last = now;
    });
    this.shell.activateById(area.id);
    return area;
  }
}

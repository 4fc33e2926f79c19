/** The sidebar: views behind tabs, each made when it is first shown. */

import type { TranslationBundle } from "@jupyterlab/translation";
import { Signal } from "@lumino/signaling";
import { Widget } from "@lumino/widgets";
import { ApiError } from "../api";
import type { Server } from "../api/server";
import { make } from "../ui/dom";
import { Notes, wordsOf } from "../ui/notes";
import { followTheme } from "../ui/theme";
import { captureIcon } from "./icons";

export type ViewName = "record" | "library" | "search" | "timelines";

export interface View {
  name: ViewName;
  label: string;
  mount(element: HTMLElement): { destroy(): void };
}

const patience = 10_000;

export class Sidebar extends Widget {
  /** Another view is shown. */
  readonly turned = new Signal<this, ViewName>(this);
  private readonly notes = new Notes();
  private readonly tabs = new Map<ViewName, HTMLButtonElement>();
  private readonly pages = new Map<ViewName, HTMLElement>();
  private readonly mounted = new Map<ViewName, { destroy(): void }>();
  private readonly head = make("div", "jc-panel jc-side-head", this.notes.list);
  private readonly unfollow: () => void;
  private readonly starting: string;
  private healthy = false;
  private asking = false;
  private current: ViewName = "record";
  private chosen = false;

  constructor(
    private readonly server: Server,
    private readonly views: readonly View[],
    trans: TranslationBundle,
    /** Resolves to the view that was shown last, once views may be made. */
    private readonly ready: Promise<ViewName>,
  ) {
    super();
    this.starting = trans.__("Starting the capture engine…");
    this.id = "jupyter-capture:sidebar";
    this.addClass("jc-sidebar");
    this.title.icon = captureIcon;
    this.title.caption = trans.__("Capture: record, find, insert");
    this.node.setAttribute("role", "region");
    this.node.setAttribute("aria-label", trans.__("Capture"));
    const list = make("div", "jc-side-tabs");
    list.setAttribute("role", "tablist");
    list.setAttribute("aria-label", trans.__("Views"));
    for (const { name, label } of views) this.addTab(list, name, label);
    list.addEventListener("keydown", (event) => this.key(event));
    this.head.prepend(list);
    this.unfollow = followTheme(this.head);
    this.node.append(this.head, ...this.pages.values());
    this.present(this.current);
    void ready.then((view) => {
      if (!this.chosen && this.pages.has(view)) this.present(view);
    });
  }

  get view(): ViewName {
    return this.current;
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.unfollow();
    for (const each of this.mounted.values()) each.destroy();
    super.dispose();
  }

  /** Shows a view; the same one again looks whether the engine is there by now. */
  turn(name: ViewName): void {
    this.chosen = true;
    this.present(name);
    this.turned.emit(name);
  }

  private present(name: ViewName): void {
    this.current = name;
    for (const [each, tab] of this.tabs) {
      const is = each === name;
      tab.setAttribute("aria-selected", String(is));
      tab.tabIndex = is ? 0 : -1;
    }
    for (const [each, page] of this.pages) page.hidden = each !== name;
    if (this.isVisible) void this.fill();
  }

  /** An element of the view that is shown, as soon as it is there. */
  async element<E extends HTMLElement>(selector: string): Promise<E> {
    await this.fill();
    const until = performance.now() + patience;
    while (performance.now() < until) {
      const found = this.pages.get(this.current)?.querySelector<E>(selector);
      if (found && !(found as { disabled?: boolean }).disabled) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${this.current} shows no ${selector}`);
  }

  protected override onAfterShow(): void {
    void this.fill();
  }

  private addTab(list: HTMLElement, name: ViewName, label: string): void {
    const tab = make("button", "jc-side-tab", label);
    tab.type = "button";
    tab.id = `jc-tab-${name}`;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", `jc-view-${name}`);
    tab.addEventListener("click", () => this.turn(name));
    list.append(tab);
    this.tabs.set(name, tab);
    const page = make("div", "jc-side-view");
    page.id = `jc-view-${name}`;
    page.setAttribute("role", "tabpanel");
    page.setAttribute("aria-labelledby", tab.id);
    this.pages.set(name, page);
  }

  private key(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const names = [...this.tabs.keys()];
    const next = names[(names.indexOf(this.current) + step + names.length) % names.length];
    if (!next) return;
    event.preventDefault();
    this.turn(next);
    this.tabs.get(next)?.focus();
  }

  /** Makes the view that is shown, once there is an engine to ask. */
  private async fill(): Promise<void> {
    await this.ready;
    if (!this.healthy && !(await this.look())) return;
    const page = this.pages.get(this.current);
    const view = this.views.find(({ name }) => name === this.current);
    if (page && view && !this.mounted.has(this.current)) {
      this.mounted.set(this.current, view.mount(page));
    }
  }

  private async look(): Promise<boolean> {
    if (this.asking) return false;
    this.asking = true;
    this.notes.set("engine", "");
    const slow = setTimeout(() => this.notes.set("wait", this.starting, { calm: true }), 300);
    try {
      const { warning } = await this.server.health();
      this.healthy = true;
      this.notes.set("version", warning ?? "");
    } catch (error) {
      if (!(error instanceof ApiError)) console.error(error);
      this.notes.set("engine", wordsOf(error), { again: () => void this.fill() });
    } finally {
      this.asking = false;
      clearTimeout(slow);
      this.notes.set("wait", "");
    }
    return this.healthy;
  }
}

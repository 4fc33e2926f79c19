/** The timeline editor: preview, inspector and words above; lanes below; one line that says what is. */

import type { PanelApi } from "../../api";
import { SaidError } from "../../explain";
import type * as wire from "../../wire";
import { trans } from "../../words";
import { copyText, make } from "../dom";
import { followTheme } from "../theme";
import { type CodeTraits, lastCode } from "./code";
import { type Stage, bindingOf } from "./commands";
import { Desk } from "./desk";
import { Pointers } from "./drag";
import { Inspector } from "./inspector";
import { type KeepTraits, Keeping } from "./keeping";
import { Lanes } from "./lanes";
import { type Clip, FRAME, type Project, TICKS, clipNamed, clipsOf, fromWire, isTimed, labelOf, lengthOf, toWire } from "./model";
import { Preview, type Said } from "./preview";
import { zoomToFit, zoomed } from "./ruler";
import { Sources } from "./sources";
import { tabs } from "./tabs";
import { Toolbar, helpDialog } from "./toolbar";
import { WordsView } from "./words-view";

/** What the panel shares with Python. None holds an address. */
export interface TimelineTraits extends KeepTraits, CodeTraits {
  spec: wire.Timeline;
}

export interface TimelineEditor {
  /** Keeping it in the library: whether it should be, and how. */
  readonly keeping: Keeping;
  destroy(): void;
}

const manners = () =>
  trans.__("Drag clips to move them and their ends to trim them. S splits, Delete deletes, ? shows all keys.");

/** Without a kernel there is no `code`. */
export function mount(
  element: HTMLElement,
  api: PanelApi<TimelineTraits>,
  options: { code: boolean } = { code: true },
): TimelineEditor {
  const editor = new Editor(api, options.code);
  element.replaceChildren(editor.root);
  editor.begin();
  return editor;
}

class Editor implements TimelineEditor, Stage {
  readonly root = make("div", "jc-panel jc-timeline");
  readonly desk = new Desk();
  readonly sources: Sources;
  private readonly lanes: Lanes;
  private readonly pointers: Pointers;
  private readonly preview: Preview;
  private readonly inspector: Inspector;
  private readonly words: WordsView;
  private readonly toolbar: Toolbar;
  readonly keeping: Keeping;
  private readonly note = make("div", "jc-tl-note");
  private readonly help = helpDialog();
  private readonly stop: (() => void)[];
  /** The timeline that Python has, too; and what it was sent last. */
  private shared: Project | undefined;
  private sent: wire.Timeline | undefined;
  /** Of which it was told whether it is kept: that stands until it is another. */
  private told: Project | undefined;

  constructor(
    private readonly api: PanelApi<TimelineTraits>,
    hasCode: boolean,
  ) {
    const { desk } = this;
    this.sources = new Sources(
      (...asked) => api.request(...asked),
      (url) => api.media(url),
      () => {
        this.lanes.render();
        this.inspector.show();
        this.words.entitle();
      },
    );
    this.lanes = new Lanes(desk, this.sources, (ticks) => this.seek(ticks));
    this.pointers = new Pointers(desk, this.lanes, this.sources, (ticks) => this.seek(ticks));
    const request: PanelApi["request"] = (...asked) => api.request(...asked);
    this.preview = new Preview({ request, player: api.player.bind(api) }, desk, (said) => this.say(said));
    this.inspector = new Inspector(desk, this.sources);
    this.words = new WordsView(desk, this.sources, (ticks) => this.seek(ticks));
    this.keeping = new Keeping(desk, api, (words, isWrong) => {
      if (isWrong) this.say({ error: words, warnings: [] });
      else this.tell(words);
      // What is seen is what was refused: nothing of it is stale.
      this.root.classList.remove("jc-tl-stale");
      this.told = desk.project;
    });
    this.toolbar = new Toolbar(this, {
      ...(hasCode ? { copyCode: () => void this.copyCode() } : {}),
      save: () => void this.save(),
      keep: this.keeping.button,
    });
    this.note.setAttribute("role", "status");
    const side = tabs(trans.__("Clip"), this.inspector.root, trans.__("Words"), this.words.root);
    const top = make("div", "jc-tl-top", this.preview.root, side);
    this.root.append(top, this.toolbar.root, this.lanes.root, this.note, this.help, this.keeping.dialog);
    this.root.setAttribute("role", "region");
    this.root.setAttribute("aria-label", trans.__("Timeline editor"));
    // JupyterLab's own shortcuts must not act on the notebook around it.
    this.root.dataset["lmSuppressShortcuts"] = "true";
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.root.addEventListener("keyup", (event) => {
      if (event.key.startsWith("Arrow")) desk.seal();
    });
    this.lanes.scroll.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.lanes.scroll.addEventListener("focusin", (event) => this.focused(event));
    this.stop = [
      followTheme(this.root),
      onAttribute(this.root, "data-theme", () => this.lanes.paintSoon()),
      api.on("spec", (spec) => this.take(spec)),
      desk.hear(["project"], () => this.give()),
      desk.hear(["playhead"], () => {
        if (this.preview.isPlaying) this.lanes.reveal(desk.playhead);
      }),
    ];
  }

  begin(): void {
    this.shared = fromWire(this.api.get("spec"));
    this.desk.load(this.shared, "");
    this.keeping.begin();
    requestAnimationFrame(() => this.fit());
  }

  destroy(): void {
    for (const end of this.stop) end();
    const { pointers, preview, inspector, words, toolbar, lanes, keeping } = this;
    for (const part of [pointers, preview, inspector, words, toolbar, lanes, keeping]) {
      part.destroy();
    }
    this.root.remove();
  }

  // ---- both ways with Python

  private take(spec: wire.Timeline): void {
    if (spec === this.sent) return;
    const project = fromWire(spec);
    const before = this.desk.project;
    if (JSON.stringify(toWire(project)) === JSON.stringify(toWire(before))) return;
    const kept = keepKeys(before, project);
    this.shared = kept;
    this.desk.load(kept, trans.__("Change from Python"));
    const known = new Set(clipsOf(before).map((clip) => clip.key));
    if (!clipsOf(kept).some((clip) => known.has(clip.key))) this.fit();
  }

  private give(): void {
    const { project, shown } = this.desk;
    if (shown !== project || project === this.shared) return;
    this.shared = project;
    this.sent = toWire(project);
    this.api.set("spec", this.sent);
    this.api.set("edit", Math.random().toString(36).slice(2));
  }

  private async copyCode(): Promise<void> {
    const { code, isLate } = await lastCode(this.api);
    const copied = await copyText(code);
    if (isLate) this.tell(trans.__("The kernel is busy: this is the code from before your last change."));
    else this.tell(copied ? trans.__("Copied. Paste it into a cell.") : trans.__("This browser does not let pages copy."));
  }

  private async save(): Promise<void> {
    const button = this.root.querySelector<HTMLButtonElement>(".jc-tl-main");
    if (button) button.disabled = true;
    try {
      this.tell(trans.__("Preparing the file…"));
      const stream_url = await this.preview.stream();
      const made = await this.api.request<wire.DownloadAnswer>(
        "POST",
        "/editor/download",
        { stream_url },
        ({ percentage }) => this.tell(trans.__("Rendering the file, %1 %", Math.round(percentage))),
      );
      const link = make("a", "");
      link.href = await this.api.media(made.download_url);
      link.download = "timeline.mp4";
      link.target = "_blank";
      link.rel = "noopener";
      this.root.append(link);
      link.click();
      link.remove();
      this.tell(trans.__("The file is made: your browser saves it."));
    } catch (error) {
      this.say({ error: wordsOf(error), warnings: [] });
    } finally {
      if (button) button.disabled = false;
    }
  }

  // ---- what is said

  private tell(words: string): void {
    this.note.className = "jc-tl-note";
    this.note.replaceChildren(words);
  }

  /** The engine counts tracks and clips; people know them by name. */
  private say({ error, code, warnings }: Said): void {
    const lines = error ? [error] : warnings;
    this.root.classList.toggle("jc-tl-stale", Boolean(error));
    if (!lines.length && this.told === this.desk.project) return;
    if (!lines.length) return this.tell(lengthOf(this.desk.project) ? manners() : "");
    this.note.className = `jc-tl-note ${error ? "jc-tl-wrong" : "jc-tl-warned"}`;
    this.note.replaceChildren(...lines.map((line) => this.line(line)));
    if (code === "NOT_INDEXED") this.note.append(this.transcribeButton());
  }

  /** Captions need words: they are had with one click. */
  private transcribeButton(): HTMLElement {
    const button = make("button", "jc-tl-action", trans.__("Transcribe"));
    button.type = "button";
    button.addEventListener("click", () => void this.transcribe());
    return button;
  }

  private async transcribe(): Promise<void> {
    const assets = clipsOf(this.desk.project).filter(isTimed).map((clip) => clip.look.asset);
    try {
      for (const asset of assets) {
        const name = this.sources.nameOf(asset) ?? "";
        const tell = (share: number) => this.tell(trans.__("Transcribing %1, %2 %", name, Math.round(share)));
        tell(0);
        await this.sources.transcribe(asset, tell);
      }
      await this.preview.refresh();
    } catch (error) {
      this.say({ error: wordsOf(error), warnings: [] });
    }
  }

  private line(said: string): HTMLElement {
    const clip = clipNamed(this.desk.project, said);
    const message = this.sources.named(said);
    const words = make("span", "jc-tl-line");
    if (!clip) {
      words.textContent = message;
      return words;
    }
    const [before, after] = message.split(/clip \d+ of track \d+/, 2);
    const label = labelOf(clip.look, this.sources.nameOf(clip.look.asset));
    const link = make("button", "jc-tl-link", trans.__("“%1”", label));
    link.type = "button";
    link.addEventListener("click", () => {
      this.desk.select([clip.key]);
      this.lanes.reveal(clip.start);
      this.focusClip(clip.key);
    });
    words.append(before ?? "", link, after ?? "");
    return words;
  }

  // ---- the stage of the commands

  seek(ticks: number): void {
    this.desk.seek(ticks);
    this.preview.seek(this.desk.playhead);
    this.lanes.reveal(this.desk.playhead);
  }

  playPause(): void {
    this.preview.toggle();
  }

  zoomTo(pixels: number): void {
    const box = this.lanes.scroll.getBoundingClientRect();
    const head = this.lanes.root.querySelector(".jc-tl-playhead")?.getBoundingClientRect().left ?? 0;
    const isInView = head > box.left && head < box.right;
    this.lanes.zoomAround(isInView ? head : box.left + box.width / 2, pixels);
  }

  fit(): void {
    const length = lengthOf(this.desk.project);
    if (!length || !this.lanes.scroll.clientWidth) return;
    this.desk.setZoom(zoomToFit(length, this.lanes.width));
    this.lanes.scroll.scrollLeft = 0;
  }

  focusClip(key: string): void {
    this.lanes.elementOf(key)?.focus({ preventScroll: true });
  }

  showHelp(): void {
    this.help.showModal();
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (this.help.open || this.keeping.dialog.open) return;
    if (target.closest("input, textarea, select, .jc-player, [role=tab]")) {
      // Undo within a text is the text's own; sliders and the like have none.
      const isText = target.closest("textarea, input:not([type=range], [type=radio], [type=checkbox])");
      const isUndo = ["z", "y"].includes(event.key.toLowerCase()) && (event.ctrlKey || event.metaKey);
      if (isText || !isUndo) return;
    }
    if (event.key === "Escape" && this.pointers.cancel()) return event.stopPropagation();
    // The ruler is a slider: its arrows move the playhead, whatever is selected.
    const away = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1 }[event.key];
    if (away !== undefined && target === this.lanes.ruler.root) {
      event.preventDefault();
      event.stopPropagation();
      return this.seek(this.desk.playhead + away * (event.shiftKey ? TICKS : FRAME));
    }
    const isPress = event.key === " " && target instanceof HTMLButtonElement;
    const binding = isPress ? undefined : bindingOf(event);
    if (!binding) return;
    event.preventDefault();
    event.stopPropagation();
    binding.run(this);
    const { current, selected } = this.desk;
    // A command may have moved the focused clip to another lane, or made the next one.
    const focused = this.lanes.keyAt(document.activeElement);
    if (current && !(focused && selected.has(focused)) && this.lanes.root.contains(target)) {
      this.focusClip(current.key);
    } else if (document.activeElement === document.body) this.lanes.ruler.root.focus();
  }

  private wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.lanes.zoomAround(event.clientX, zoomed(this.desk.zoom, Math.exp(-event.deltaY / 300)));
  }

  /** With the Tab key, what has the focus is what is selected. */
  private focused(event: FocusEvent): void {
    const key = this.lanes.keyAt(event.target);
    const element = event.target as HTMLElement;
    if (key === undefined || this.desk.selected.has(key) || !element.matches(":focus-visible")) return;
    this.desk.select([key]);
    const clip = this.desk.current;
    if (clip) this.lanes.reveal(clip.start);
  }
}

/** Clips that Python has left as they were keep their names, and so their selection. */
function keepKeys(before: Project, after: Project): Project {
  const known = new Map<string, string[]>();
  const nameOf = (clip: Clip) => JSON.stringify({ ...clip, key: "" });
  for (const clip of before.lanes.flatMap((lane) => lane.clips)) {
    const name = nameOf(clip);
    known.set(name, [...(known.get(name) ?? []), clip.key]);
  }
  return {
    ...after,
    lanes: after.lanes.map((lane, index) => ({
      ...lane,
      key: before.lanes[index]?.key ?? lane.key,
      clips: lane.clips.map((clip) => ({ ...clip, key: known.get(nameOf(clip))?.shift() ?? clip.key })),
    })),
  };
}

function onAttribute(element: Element, name: string, act: () => void): () => void {
  const observer = new MutationObserver(act);
  observer.observe(element, { attributeFilter: [name] });
  return () => observer.disconnect();
}

function wordsOf(error: unknown): string {
  return error instanceof SaidError ? error.message : trans.__("This did not work. Try again.");
}

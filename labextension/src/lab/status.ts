/** The status bar's part: what records, for how long, and a button that stops it. */

import type { TranslationBundle } from "@jupyterlab/translation";
import { Widget } from "@lumino/widgets";
import { formatTime } from "../time";
import { make } from "../ui/dom";
import { type Recording, type Recordings, elapsed } from "./recordings";

export interface Does {
  show(): void;
  stop(id: string): void;
}

export class RecordingStatus extends Widget {
  private readonly ticking: ReturnType<typeof setInterval>;

  constructor(
    private readonly recordings: Recordings,
    private readonly trans: TranslationBundle,
    private readonly does: Does,
  ) {
    super();
    this.addClass("jc-status");
    recordings.changed.connect(this.paint, this);
    this.ticking = setInterval(() => this.tick(), 500);
    this.paint();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    clearInterval(this.ticking);
    this.recordings.changed.disconnect(this.paint, this);
    super.dispose();
  }

  private paint(): void {
    this.node.replaceChildren(...this.recordings.all.map((each) => this.item(each)));
    this.tick();
  }

  private item(recording: Recording): HTMLElement {
    const { trans } = this;
    const dot = make("span", "jc-status-dot");
    dot.setAttribute("aria-hidden", "true");
    const show = make("button", "jc-status-show", dot, make("span", "jc-status-time"));
    show.title = trans.__("%1 is being recorded. Show it in the sidebar.", recording.name);
    show.addEventListener("click", () => this.does.show());
    const words = recording.status === "stopping" ? trans.__("Stopping…") : trans.__("Stop");
    const stop = make("button", "jc-status-stop", words);
    stop.disabled = recording.status === "stopping";
    stop.title = trans.__("Stop recording %1", recording.name);
    stop.addEventListener("click", () => {
      stop.disabled = true;
      this.does.stop(recording.id);
    });
    const item = make("span", "jc-status-item", show, stop);
    item.dataset["status"] = recording.status;
    return item;
  }

  private tick(): void {
    const times = this.node.querySelectorAll(".jc-status-time");
    this.recordings.all.forEach((each, at) => {
      const time = times[at];
      if (time) time.textContent = formatTime(elapsed(each, Date.now()));
    });
  }
}

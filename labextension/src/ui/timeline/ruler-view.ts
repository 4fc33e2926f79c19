/** The ruler: marks for what is in view, and the playhead as a slider for the keyboard. */

import { trans } from "../../words";
import { make } from "../dom";
import type { Desk } from "./desk";
import { TICKS, lengthOf } from "./model";
import { exactTime, rulerLabel, rulerStep } from "./ruler";

export const rulerHeight = 26;

export class RulerView {
  readonly root = make("div", "jc-tl-ruler");
  private readonly canvas = make("canvas", "jc-tl-marks");

  constructor(private readonly desk: Desk) {
    this.root.append(this.canvas);
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "slider");
    this.root.setAttribute("aria-label", trans.__("Playhead"));
    this.root.setAttribute("aria-valuemin", "0");
    this.canvas.setAttribute("aria-hidden", "true");
  }

  /** What a screen reader says of the playhead. */
  tell(): void {
    const { playhead, project } = this.desk;
    this.root.setAttribute("aria-valuemax", (lengthOf(project) / TICKS).toFixed(2));
    this.root.setAttribute("aria-valuenow", (playhead / TICKS).toFixed(2));
    this.root.setAttribute("aria-valuetext", exactTime(playhead));
  }

  /** `left`: the pixel of the timeline at the canvas's left edge. */
  draw(left: number, width: number): void {
    const { canvas } = this;
    const density = Math.min(2, window.devicePixelRatio || 1);
    canvas.width = Math.max(1, Math.ceil(width * density));
    canvas.height = rulerHeight * density;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${rulerHeight}px`;
    const context = canvas.getContext("2d");
    if (!context) return;
    context.scale(density, density);
    const style = getComputedStyle(canvas);
    context.font = `11px ${style.fontFamily}`;
    context.fillStyle = style.color;
    context.strokeStyle = style.borderTopColor;
    const { zoom } = this.desk;
    const { seconds, parts } = rulerStep(zoom);
    const mark = (seconds / parts) * zoom;
    context.beginPath();
    for (let index = Math.max(0, Math.floor(left / mark) - parts); index * mark < left + width; index += 1) {
      const x = Math.round(index * mark - left) + 0.5;
      const isLabelled = index % parts === 0;
      context.moveTo(x, rulerHeight - (isLabelled ? 9 : 4));
      context.lineTo(x, rulerHeight);
      if (isLabelled) context.fillText(rulerLabel((index / parts) * seconds, seconds), x + 4, 14);
    }
    context.stroke();
  }
}

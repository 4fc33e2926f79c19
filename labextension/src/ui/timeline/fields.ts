/** The inspector's fields: each shows a value and tells of a new one. */

import { make } from "../dom";
import { placeWords } from "./choices";

/** `changed` while it is being set, `settled` when that is over. */
export interface Field<T> {
  root: HTMLElement;
  show(value: T): void;
}

type Changed<T> = (value: T) => void;

let made = 0;

function labelled(label: string, control: HTMLElement, ...more: HTMLElement[]): HTMLElement {
  made += 1;
  control.id = `jc-tl-field-${made}`;
  const name = make("label", "jc-tl-label", label);
  name.htmlFor = control.id;
  return make("div", "jc-tl-field", name, make("div", "jc-tl-control", control, ...more));
}

function isBusy(control: HTMLElement): boolean {
  return document.activeElement === control;
}

/** A slider for the usual values and a number for all. */
export function range(
  label: string,
  limits: { max: number; slider: number; step: number; unit?: string },
  changed: Changed<number>,
  settled: () => void,
): Field<number> {
  const slider = make("input", "jc-tl-slider");
  slider.type = "range";
  const box = make("input", "jc-tl-number-box");
  box.type = "number";
  for (const [input, max] of [[slider, limits.slider], [box, limits.max]] as const) {
    input.min = "0";
    input.max = String(max);
    input.step = String(limits.step);
    input.addEventListener("input", () => {
      const value = input.valueAsNumber;
      if (Number.isFinite(value) && value >= 0 && value <= max) changed(value);
    });
    input.addEventListener("change", settled);
  }
  slider.setAttribute("aria-label", label);
  const fill = () => {
    const share = slider.valueAsNumber / limits.slider;
    slider.style.setProperty("--jc-tl-share", `${Math.min(1, share) * 100}%`);
  };
  return {
    root: labelled(label, box, slider),
    show: (value) => {
      const text = String(Math.round(value * 1000) / 1000);
      if (!isBusy(box)) box.value = text;
      slider.value = text;
      fill();
    },
  };
}

export function number(
  label: string,
  limits: { min: number; max?: number; step: number },
  changed: Changed<number>,
): Field<number> {
  const box = make("input", "jc-tl-number-box");
  box.type = "number";
  box.min = String(limits.min);
  if (limits.max !== undefined) box.max = String(limits.max);
  box.step = String(limits.step);
  box.addEventListener("change", () => {
    if (Number.isFinite(box.valueAsNumber)) changed(Math.max(limits.min, box.valueAsNumber));
  });
  return {
    root: labelled(label, box),
    show: (value) => {
      if (!isBusy(box)) box.value = String(Math.round(value * 1000) / 1000);
    },
  };
}

export function choice(
  label: string,
  options: readonly (readonly [value: string, words: string])[],
  changed: Changed<string>,
): Field<string> {
  const select = make("select", "jc-tl-select");
  select.append(...options.map(([value, words]) => new Option(words, value)));
  select.addEventListener("change", () => changed(select.value));
  return {
    root: labelled(label, select),
    show: (value) => {
      select.value = value;
    },
  };
}

export function words(label: string, changed: Changed<string>, settled: () => void): Field<string> {
  const area = make("textarea", "jc-tl-area");
  area.rows = 2;
  area.maxLength = 10_000;
  area.addEventListener("input", () => changed(area.value));
  area.addEventListener("change", settled);
  const root = labelled(label, area);
  root.classList.add("jc-tl-wide");
  return {
    root,
    show: (value) => {
      if (area.value !== value) area.value = value;
    },
  };
}

export function colour(label: string, changed: Changed<string>, settled: () => void): Field<string> {
  const input = make("input", "jc-tl-colour");
  input.type = "color";
  input.addEventListener("input", () => changed(input.value.toUpperCase()));
  input.addEventListener("change", settled);
  return {
    root: labelled(label, input),
    show: (value) => {
      input.value = /^#[0-9a-f]{6}$/i.test(value) ? value.toLowerCase() : "#ffffff";
    },
  };
}

export function check(label: string, changed: Changed<boolean>): Field<boolean> {
  const box = make("input", "jc-tl-check");
  box.type = "checkbox";
  box.addEventListener("change", () => changed(box.checked));
  const name = make("label", "jc-tl-checked", box, label);
  return {
    root: name,
    show: (value) => {
      box.checked = value;
    },
  };
}

/** Nine places as a grid of radio buttons, which arrow keys walk. */
export function places<T extends string>(
  label: string,
  names: readonly T[],
  changed: Changed<T>,
): Field<string> {
  made += 1;
  const inputs = names.map((value) => {
    const input = make("input", "jc-tl-place");
    input.type = "radio";
    input.name = `jc-tl-places-${made}`;
    input.value = value;
    input.title = placeWords(value);
    input.setAttribute("aria-label", input.title);
    input.addEventListener("change", () => changed(value));
    return input;
  });
  const grid = make("div", "jc-tl-places", ...inputs);
  grid.setAttribute("role", "radiogroup");
  grid.setAttribute("aria-label", label);
  const name = make("span", "jc-tl-label", label);
  name.setAttribute("aria-hidden", "true");
  return {
    root: make("div", "jc-tl-field", name, grid),
    show: (value) => {
      for (const input of inputs) input.checked = input.value === value;
    },
  };
}

export function section(title: string, ...children: HTMLElement[]): HTMLElement {
  const name = make("h4", "jc-tl-section-name", title);
  return make("section", "jc-tl-section", name, ...children);
}

/** Two panes, of which one is shown. */

import { trans } from "../../words";
import { make } from "../dom";

/** Arrow keys walk the tabs. */
export function tabs(...parts: [string, HTMLElement, string, HTMLElement]): HTMLElement {
  const [firstName, first, secondName, second] = parts;
  const panes = [first, second];
  const id = Math.random().toString(36).slice(2);
  const buttons = [firstName, secondName].map((name, index) => {
    const button = make("button", "jc-tl-tab", name);
    button.type = "button";
    button.id = `jc-tl-tab-${id}-${index}`;
    button.setAttribute("role", "tab");
    button.addEventListener("click", () => show(index));
    button.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      show(1 - index);
      buttons[1 - index]?.focus();
    });
    return button;
  });
  const show = (chosen: number) => {
    for (const [index, pane] of panes.entries()) {
      pane.hidden = index !== chosen;
      buttons[index]?.setAttribute("aria-selected", String(index === chosen));
      if (buttons[index]) buttons[index].tabIndex = index === chosen ? 0 : -1;
    }
  };
  for (const [index, pane] of panes.entries()) {
    pane.setAttribute("role", "tabpanel");
    pane.setAttribute("aria-labelledby", `jc-tl-tab-${id}-${index}`);
  }
  const list = make("div", "jc-tl-tabs", ...buttons);
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", trans.__("Of the selected clip"));
  show(0);
  return make("div", "jc-tl-side", list, ...panes);
}

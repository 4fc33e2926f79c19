/** Line icons of the timeline editor, in the colour of the text around them. */

import { make, relabel } from "../dom";

const svg = "http://www.w3.org/2000/svg";

const lines = {
  undo: "M9 14 4.500 9.500 9 5M4.500 9.500H14a5.500 5.500 0 0 1 0 11h-3",
  redo: "M15 14l4.500-4.500L15 5M19.500 9.500H10a5.500 5.500 0 0 0 0 11h3",
  split: "M12 3v18M8 7H3.500v10H8M16 7h4.500v10H16",
  remove: "M4 7h16M9.500 7V4.500h5V7M6.500 7l1 13h9l1-13M10.200 11v5M13.800 11v5",
  copy: "M9 9h11v11H9zM5.500 15H4V4h11v1.500",
  up: "M12 5l7 4-7 4-7-4zM12 21v-5M9.500 18l2.500-2.500 2.500 2.500",
  down: "M12 11l7 4-7 4-7-4zM12 3v5M9.500 5.500 12 8l2.500-2.500",
  corner: "M3.500 5h17v14h-17zM12.500 12.500h5.500V16.500h-5.500z",
  text: "M5 7V5h14v2M12 5v14M9 19h6",
  captions: "M3.500 5.500h17v13h-17zM7 12h4M13.500 12H17M7 15h7.500M16.500 15h.5",
  magnet: "M5 4h4v8a3 3 0 0 0 6 0V4h4v8a7 7 0 0 1-14 0zM5 8h4M15 8h4",
  closer: "M10.500 4a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM15.200 15.200 20.500 20.500M7.500 10.500h6M10.500 7.500v6",
  farther: "M10.500 4a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM15.200 15.200 20.500 20.500M7.500 10.500h6",
  fit: "M4 5v14M20 5v14M7.500 12h9M10 9l-3 3 3 3M14 9l3 3-3 3",
  code: "M8.500 7.500 4 12l4.500 4.500M15.500 7.500 20 12l-4.500 4.500",
  save: "M12 4v11M7.500 11l4.500 4.500 4.500-4.500M4.500 20h15",
  keep: "M6.500 4h11v16L12 15.500 6.500 20z",
  keys: "M3.500 6.500h17v11h-17zM7 10h.01M10.300 10h.01M13.700 10h.01M17 10h.01M8 14h8",
  play: "M8 5.500v13l10.500-6.500z",
  pause: "M8.500 5.500v13M15.500 5.500v13",
} as const;

export type LineName = keyof typeof lines;

export function lineIcon(name: LineName): SVGSVGElement {
  const image = document.createElementNS(svg, "svg");
  image.setAttribute("viewBox", "0 0 24 24");
  image.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(svg, "path");
  path.setAttribute("d", lines[name]);
  const look = { fill: "none", stroke: "currentColor", "stroke-width": "1.7" };
  const ends = { "stroke-linecap": "round", "stroke-linejoin": "round" };
  for (const [key, value] of Object.entries({ ...look, ...ends })) path.setAttribute(key, value);
  image.append(path);
  return image;
}

/** A button of an icon, and of a word where `word` is given. */
export function tool(name: LineName, label: string, act: () => void, word = ""): HTMLButtonElement {
  const button = make("button", "jc-tl-tool", lineIcon(name));
  button.type = "button";
  if (word) button.append(make("span", "jc-tl-word", word));
  relabel(button, label);
  button.addEventListener("click", act);
  return button;
}

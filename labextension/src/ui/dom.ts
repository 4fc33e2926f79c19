/** Elements without a framework. */

const svg = "http://www.w3.org/2000/svg";

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  name: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = name;
  element.append(...children);
  return element;
}

/** 24 by 24 outlines, drawn in the colour of the text around them. */
const shapes = {
  play: "M8 5.5v13l11-6.5z",
  pause: "M7 5h3.5v14H7zM13.5 5H17v14h-3.5z",
  back: "M6 6h2.2v12H6zM18.5 6v12L9.5 12z",
  forward: "M15.8 6H18v12h-2.2zM5.5 6v12l9-6z",
  sound:
    "M4 9.5v5h3.5L12 18.500V5.500L7.5 9.500zM14.5 8.300v7.400a4 4 0 0 0 0-7.400zM14.5 4.600v1.900a5.8 5.8 0 0 1 0 11v1.900a7.6 7.6 0 0 0 0-14.800z",
  silent:
    "M4 9.500v5h3.500L12 18.500V5.500L7.5 9.500zM20.6 9.600l-1.2-1.2-2.4 2.4-2.4-2.4-1.2 1.2 2.4 2.4-2.4 2.4 1.2 1.2 2.4-2.4 2.4 2.4 1.2-1.2-2.4-2.400z",
  captions:
    "M4 5h16a1.5 1.5 0 0 1 1.5 1.500v11A1.5 1.5 0 0 1 20 19H4a1.5 1.5 0 0 1-1.5-1.500v-11A1.5 1.5 0 0 1 4 5zm.3 1.800v10.400h15.400V6.800zM6 11h7v1.700H6zm8.6 0H18v1.700h-3.400zM6 14.100h3.400v1.700H6zm5 0h7v1.700h-7z",
  full: "M4 4h6v2H6v4H4zM14 4h6v6h-2V6h-4zM4 14h2v4h4v2H4zM18 14h2v6h-6v-2h4z",
  save: "M11 4h2v8.200l2.800-2.800 1.400 1.400L12 16l-5.200-5.200 1.400-1.400 2.800 2.800zM5 18h14v2H5z",
  code: "M8.700 7.300 4 12l4.700 4.700 1.400-1.400L6.800 12l3.300-3.300zM15.300 7.300l-1.400 1.400 3.300 3.300-3.300 3.300 1.400 1.400L20 12z",
  record: "M12 5.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13z",
  stop: "M6.500 6.500h11v11h-11z",
  kept: "M9.600 16.200 5.800 12.400l-1.500 1.500 5.300 5.300 10.200-10.200-1.500-1.500z",
  live: "M12 5a7 7 0 1 0 0 14 7 7 0 0 0 0-14zm0 2a5 5 0 1 1 0 10 5 5 0 0 1 0-10z",
  display: "M3.500 5h17v11.500h-7v1.800H16V20H8v-1.700h2.500v-1.800h-7zm1.800 1.800v7.900h13.400V6.800z",
  mic: "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM6 10.500h1.800a4.200 4.200 0 0 0 8.400 0H18a6 6 0 0 1-5.100 5.900V19.500h-1.800v-3.100A6 6 0 0 1 6 10.500z",
  camera: "M3.500 6.500h11.500v11H3.500zM16.500 10.500l4-2.500v8l-4-2.500z",
  cells: "M4 5h16v5.500H4zm1.800 1.800v1.900h12.400V6.800zM4 13.500h16V19H4zm1.800 1.800v1.900h12.400v-1.900z",
  search: "M10.500 4a6.500 6.500 0 0 1 5.200 10.400l4.600 4.600-1.300 1.300-4.600-4.600A6.500 6.500 0 1 1 10.500 4zm0 1.800a4.700 4.700 0 1 0 0 9.400 4.700 4.700 0 0 0 0-9.400z",
  add: "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z",
  close: "M6.700 5.300 12 10.600l5.300-5.300 1.400 1.400L13.400 12l5.300 5.300-1.400 1.400L12 13.400l-5.300 5.300-1.400-1.400L10.600 12 5.300 6.700z",
  small: "M8 4h2v6H4V8h4zM14 4h2v4h4v2h-6zM4 14h6v6H8v-4H4zM14 14h6v2h-4v4h-2z",
} as const;

export type IconName = keyof typeof shapes;

export function icon(name: IconName): SVGSVGElement {
  const image = document.createElementNS(svg, "svg");
  image.setAttribute("viewBox", "0 0 24 24");
  image.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(svg, "path");
  path.setAttribute("d", shapes[name]);
  path.setAttribute("fill", "currentColor");
  path.setAttribute("fill-rule", "evenodd");
  image.append(path);
  return image;
}

export function button(name: string, label: string, image: IconName): HTMLButtonElement {
  const element = make("button", `jc-button ${name}`, icon(image));
  element.type = "button";
  relabel(element, label);
  return element;
}

/** A button with words, and a picture before them. */
export function act(name: string, words: string, image?: IconName): HTMLButtonElement {
  const element = make("button", `jc-act ${name}`, ...(image ? [icon(image)] : []), words);
  element.type = "button";
  return element;
}

export function relabel(element: HTMLElement, label: string, image?: IconName): void {
  if (element.title !== label) {
    element.title = label;
    element.setAttribute("aria-label", label);
  }
  if (image && element.dataset["icon"] !== image) {
    element.dataset["icon"] = image;
    element.replaceChildren(icon(image));
  }
}

/** Whether the clipboard took it. Frames and plain http have no clipboard but the old one. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const held = make("textarea", "");
    held.value = text;
    document.body.append(held);
    held.select();
    const done = document.execCommand("copy");
    held.remove();
    return done;
  }
}

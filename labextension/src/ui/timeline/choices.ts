/** What the inspector's fields let one choose, by value, each with its words. */

import { trans } from "../../words";

type Choices = readonly (readonly [value: string, words: string])[];

export const positions = [
  ...(["top_left", "top", "top_right", "left", "center", "right"] as const),
  ...(["bottom_left", "bottom", "bottom_right"] as const),
];

export const alignments = ["top", "middle", "bottom"].flatMap((row) =>
  ["left", "center", "right"].map((column) => `${row}_${column}`),
);

/** Of a position or an alignment. */
export function placeWords(place: string): string {
  const words: Record<string, string> = {
    top_left: trans.__("top left"),
    top: trans.__("top"),
    top_center: trans.__("top center"),
    top_right: trans.__("top right"),
    left: trans.__("left"),
    middle_left: trans.__("middle left"),
    center: trans.__("center"),
    middle_center: trans.__("middle center"),
    right: trans.__("right"),
    middle_right: trans.__("middle right"),
    bottom_left: trans.__("bottom left"),
    bottom: trans.__("bottom"),
    bottom_center: trans.__("bottom center"),
    bottom_right: trans.__("bottom right"),
  };
  return words[place] ?? place;
}

export const fits = (): Choices => [
  ["crop", trans.__("Fill, cut what is over")],
  ["contain", trans.__("Show all")],
  ["cover", trans.__("Stretch")],
  ["none", trans.__("Own size")],
];

export const filters = (): Choices => [
  ["", trans.__("None")],
  ["blur", trans.__("Blur")],
  ["boost", trans.__("Boost")],
  ["contrast", trans.__("Contrast")],
  ["darken", trans.__("Darken")],
  ["greyscale", trans.__("Greyscale")],
  ["lighten", trans.__("Lighten")],
  ["muted", trans.__("Muted")],
  ["negative", trans.__("Negative")],
];

export const animations = (): Choices => [
  ["", trans.__("None")],
  ["box_highlight", trans.__("Box highlight")],
  ["color_highlight", trans.__("Colour highlight")],
  ["reveal", trans.__("Reveal")],
  ["karaoke", trans.__("Karaoke")],
  ["impact", trans.__("Impact")],
  ["supersize", trans.__("Supersize")],
];

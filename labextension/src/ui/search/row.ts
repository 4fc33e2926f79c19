/** A hit in the list: its picture, its words, and what can be done with it. */

import { formatTime } from "../../time";
import { trans } from "../../words";
import { act, icon, make } from "../dom";
import { type Hit, channelWords, marked, spanText } from "./model";

/** What the timeline editor takes when it is dropped there. */
const shotType = "application/x-jupyter-capture-clip+json";

/** Of a recording that goes on. */
export const notYet = () => trans.__("It plays once the recording has stopped.");

/** What the button at each hit says; what it does is up to who hears "add". */
export interface Adding {
  words: string;
  title: string;
  label(span: string): string;
}

export interface Row {
  query: string;
  playing: boolean;
  adding: Adding;
  play(): void;
  add(): void;
  /** The address of the picture at a second of its video; empty where there is none. */
  picture(at: number): Promise<string>;
}

export function fillRow(row: HTMLElement, hit: Hit, how: Row): void {
  const later = !hit.video_id;
  const image = make("img", "jc-hit-picture");
  image.alt = "";
  const stands = later ? (channelWords(hit).image ?? "record") : "play";
  const picture = make("span", "jc-hit-stage", image, icon(stands));
  if (later) picture.classList.add("jc-hit-later");
  if (!hit.video_id.startsWith("m-")) picture.classList.add("jc-hit-sound");
  else {
    void how.picture(hit.start).then((url) => {
      if (url) image.src = url;
    });
  }
  const span = spanText(formatTime(hit.start), formatTime(hit.end));
  const play = make("button", "jc-hit-play", picture, said(hit, span, how.query));
  play.type = "button";
  play.setAttribute("aria-expanded", String(how.playing));
  play.addEventListener("click", () => how.play());
  play.draggable = !later;
  if (later) play.title = notYet();
  play.addEventListener("dragstart", (event) => {
    event.dataTransfer?.setData(shotType, JSON.stringify(hit));
    event.dataTransfer?.setData("text/plain", hit.text);
  });
  const add = act("jc-add", how.adding.words, "add");
  add.title = how.adding.title;
  add.setAttribute("aria-label", how.adding.label(span));
  add.addEventListener("click", () => how.add());
  add.hidden = later;
  row.replaceChildren(make("div", "jc-hit-line", play, add));
}

/** What was said, with the words of the query marked; who said it, and when. */
function said(hit: Hit, span: string, query: string): HTMLElement {
  const words = make("span", "jc-hit-words");
  for (const part of marked(hit.text, query)) {
    words.append(part.marked ? make("mark", "", part.text) : part.text);
  }
  const channel = channelWords(hit);
  const below = make("span", "jc-faint jc-hit-from");
  if (channel.image) below.append(icon(channel.image));
  below.append([channel.words, span, hit.title].filter(Boolean).join(" · "));
  return make("span", "jc-hit-said", words, below);
}

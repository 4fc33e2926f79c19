/** The elements of a transcript panel, without any behaviour. */

import { trans } from "../../words";
import { act, make } from "../dom";
import { Notes } from "../notes";

export const idle = () => trans.__("Select words to make a clip or to correct them.");

export function view() {
  const stage = make("div", "jc-transcript-player");
  const notes = new Notes();
  const follow = make("input", "");
  follow.type = "checkbox";
  follow.checked = true;
  const following = make("label", "jc-follow", follow, trans.__("Follow the player"));
  const clip = act("jc-main jc-clip", trans.__("Make a clip"));
  clip.disabled = true;
  const mend = act("jc-mend", trans.__("Correct"));
  mend.title = trans.__("Correct these words (e, or a double click on a word)");
  mend.disabled = true;
  const said = make("span", "jc-faint jc-clip-said", idle());
  said.setAttribute("role", "status");
  const undo = act("jc-undo", trans.__("Undo"));
  undo.hidden = true;
  const bar = make("div", "jc-transcript-bar", clip, mend, said, undo, following);
  const list = make("div", "jc-blocks");
  const scroller = make("div", "jc-transcript-scroll", list);
  scroller.setAttribute("role", "group");
  scroller.setAttribute("aria-label", trans.__("Words"));
  const root = make("section", "jc-panel jc-transcript", stage, notes.list, bar, scroller);
  root.setAttribute("aria-label", trans.__("Transcript"));
  root.dataset["lmSuppressShortcuts"] = "true";
  return { root, stage, notes, follow, clip, mend, said, undo, bar, list, scroller };
}

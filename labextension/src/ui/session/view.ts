/** The elements of a session panel, without any behaviour. */

import { trans } from "../../words";
import { act, make } from "../dom";
import { Notes } from "../notes";
import type { Rows } from "./rows";
import type { SaidLive } from "./said";

export type View = ReturnType<typeof view>;

export function view(rows: Rows, said: SaidLive) {
  const dot = make("span", "jc-dot");
  dot.setAttribute("aria-hidden", "true");
  const words = make("span", "jc-state-words");
  words.setAttribute("role", "status");
  const elapsed = make("span", "jc-elapsed");
  elapsed.setAttribute("role", "timer");
  const record = act("jc-record", trans.__("Record"), "record");
  const pause = act("jc-pause", trans.__("Pause"), "pause");
  const resume = act("jc-resume", trans.__("Go on"), "play");
  const stop = act("jc-stop jc-main", trans.__("Stop"), "stop");
  const another = act("jc-another", trans.__("Record again"), "record");
  const head = make(
    "div",
    "jc-session-head",
    make("div", "jc-state", dot, words, elapsed),
    ...[record, pause, resume, stop, another],
  );
  const notes = new Notes();

  const listen = act("jc-listen", trans.__("Live transcript"), "captions");
  listen.setAttribute("aria-pressed", "false");
  const minutes = make("select", "jc-pick");
  minutes.setAttribute("aria-label", trans.__("How much to forget"));
  minutes.append(
    ...[1, 2, 5, 10].map((n) => new Option(trans._n("last minute", "last %1 minutes", n), String(n))),
  );
  minutes.value = "2";
  const forget = act("jc-forget-it", trans.__("Forget"));
  const sure = act("jc-sure", trans.__("Yes, erase it"));
  const keep = act("jc-keep", trans.__("No"));
  sure.hidden = keep.hidden = true;
  const forgetting = make("div", "jc-forget", forget, minutes, sure, keep);
  const elsewhere = act("jc-elsewhere", trans.__("Record from a browser tab"), "display");
  elsewhere.hidden = true;
  const link = make("a", "jc-record-link", trans.__("Open the recording page"));
  link.target = "_blank";
  link.rel = "noreferrer";
  link.hidden = true;
  const disk = make("span", "jc-faint jc-disk");
  const foot = make("div", "jc-session-foot", listen, forgetting, elsewhere, link, disk);
  const shown = make("div", "jc-shown");

  const root = make("section", "jc-panel jc-session", head, notes.list, rows.list, foot, said.list, shown);
  root.setAttribute("aria-label", trans.__("Recording"));
  // JupyterLab's own shortcuts must not act on the notebook while keys are pressed here.
  root.dataset["lmSuppressShortcuts"] = "true";
  return {
    ...{ root, words, elapsed, record, pause, resume, stop, another, notes, listen },
    ...{ elsewhere, link },
    ...{ minutes, forget, sure, keep, forgetting, disk, foot, shown },
  };
}

/** The elements of a search panel, without any behaviour. */

import { trans } from "../../words";
import { act, make } from "../dom";
import { Notes } from "../notes";
import { modes } from "./model";

export function view() {
  const query = make("input", "jc-field jc-query");
  query.type = "search";
  query.placeholder = trans.__("What was said");
  query.setAttribute("aria-label", trans.__("What was said"));
  query.maxLength = 2000;
  const mode = make("select", "jc-pick");
  mode.setAttribute("aria-label", trans.__("Search by"));
  mode.append(...modes().map(([value, words]) => new Option(words, value)));
  const scope = make("select", "jc-pick jc-scope");
  scope.setAttribute("aria-label", trans.__("Search in"));
  const find = act("jc-main jc-find", trans.__("Search"), "search");
  find.type = "submit";
  const form = make("form", "jc-search-form", query, mode, scope, find);
  form.setAttribute("role", "search");
  const notes = new Notes();
  const count = make("span", "jc-faint jc-count");
  count.setAttribute("role", "status");
  const more = act("jc-more", trans.__("Show more"));
  more.hidden = true;
  const list = make("ol", "jc-hits");
  list.setAttribute("aria-label", trans.__("Moments"));
  const scroller = make("div", "jc-hits-scroll", list);
  const root = make(
    "section",
    "jc-panel jc-search",
    form,
    notes.list,
    make("div", "jc-search-foot", count, more),
    scroller,
  );
  root.setAttribute("aria-label", trans.__("Search"));
  root.dataset["lmSuppressShortcuts"] = "true";
  return { root, form, query, mode, scope, find, notes, count, more, list, scroller };
}

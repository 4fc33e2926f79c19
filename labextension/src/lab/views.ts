/** The sidebar's views, over the same panels that widgets show. */

import type { TranslationBundle } from "@jupyterlab/translation";
import { type Server, Values, serverPanel } from "../api/server";
import { type LibraryState, mount as mountLibrary } from "../ui/library";
import { type SearchState, mount as mountSearch } from "../ui/search";
import { type SessionState, mount as mountSession } from "../ui/session";
import type { Piece } from "./pieces";
import type { View, ViewName } from "./sidebar";

/** What of the views outlives a reload. */
export interface Kept {
  view: ViewName;
  channels: SessionState["channels"];
  libraryQuery: string;
  query: string;
  mode: string;
}

export const fresh: Kept = { view: "record", channels: [], libraryQuery: "", query: "", mode: "" };

export interface Around {
  /** What the next recording is called. */
  name(): string;
  mode(): string;
  insert(piece: Piece): void;
  keep(change: Partial<Kept>): void;
}

export function viewsOf(
  server: Server,
  kept: Kept,
  around: Around,
  trans: TranslationBundle,
): View[] {
  const insert = (_name: string, piece: unknown) => around.insert(piece as Piece);
  // Made when a view is first shown: what was kept has been read by then.
  const session = () =>
    new Values<SessionState>(
      {
        session_id: "",
        status: "idle",
        channels: kept.channels,
        get name() {
          return around.name();
        },
      } as SessionState,
      ({ channels, status }) => {
        // Those of a session that runs are its own, not what was chosen.
        if (status === "idle") around.keep({ channels });
      },
    );
  const library = () =>
    new Values<LibraryState>({ query: kept.libraryQuery }, ({ query }) =>
      around.keep({ libraryQuery: query }),
    );
  const search = () =>
    new Values<SearchState>(
      {
        query: kept.query,
        mode: kept.mode || around.mode(),
        scope: "collection",
        collection_id: "default",
        limit: 50,
        results: [],
        selected: {},
      },
      ({ query, mode }) => around.keep({ query, mode }),
    );
  return [
    {
      name: "record",
      label: trans.__("Record"),
      mount: (element) => mountSession(element, serverPanel(server, session())),
    },
    {
      name: "library",
      label: trans.__("Library"),
      mount: (element) => mountLibrary(element, serverPanel(server, library(), insert)),
    },
    {
      name: "search",
      label: trans.__("Search"),
      mount: (element) =>
        mountSearch(element, serverPanel(server, search(), insert), {
          words: trans.__("Insert"),
          title: trans.__("Insert into the notebook (t)"),
          label: (span) => trans.__("Insert %1 into the notebook", span),
        }),
    },
  ];
}

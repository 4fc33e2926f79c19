/** The sidebar's views, over the same panels that widgets show. */

import type { TranslationBundle } from "@jupyterlab/translation";
import { type Server, Values, serverPanel } from "../api/server";
import { type LibraryState, type Uploads, mount as mountLibrary } from "../ui/library";
import { mountTimelines } from "../ui/library/timelines";
import { type SearchState, mount as mountSearch } from "../ui/search";
import { type SessionState, mount as mountSession } from "../ui/session";
import type { Piece } from "./pieces";
import type { View, ViewName } from "./sidebar";
import type { Working } from "./working";

/** What of the views outlives a reload. */
export interface Kept {
  view: ViewName;
  channels: SessionState["channels"];
  libraryQuery: string;
  timelinesQuery: string;
  query: string;
  mode: string;
}

export const fresh: Kept = {
  ...{ view: "record", channels: [], libraryQuery: "", timelinesQuery: "", query: "", mode: "" },
};

export interface Around {
  /** What the next recording is called. */
  name(): string;
  mode(): string;
  insert(piece: Piece): void;
  /** The editor of a timeline that is kept; of a new one without an id. */
  open(timeline: string): void;
  upload(files: readonly File[]): Promise<void>;
  keep(change: Partial<Kept>): void;
}

export function viewsOf(
  server: Server,
  kept: Kept,
  around: Around,
  working: Working,
  trans: TranslationBundle,
): View[] {
  const does = (name: string, what: unknown) => {
    if (name === "open") around.open(what as string);
    else if (name === "upload") {
      const { files, done } = what as Uploads;
      void around.upload(files).then(done);
    } else around.insert(what as Piece);
  };
  const panel = <S extends object>(values: Values<S>) =>
    working.follow(serverPanel(server, values, does));
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
  const timelines = () =>
    new Values<LibraryState>({ query: kept.timelinesQuery }, ({ query }) =>
      around.keep({ timelinesQuery: query }),
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
      mount: (element) => mountSession(element, panel(session())),
    },
    {
      name: "library",
      label: trans.__("Library"),
      mount: (element) => mountLibrary(element, panel(library())),
    },
    {
      name: "search",
      label: trans.__("Search"),
      mount: (element) =>
        mountSearch(element, panel(search()), {
          words: trans.__("Insert"),
          title: trans.__("Insert into the notebook (t)"),
          label: (span) => trans.__("Insert %1 into the notebook", span),
        }),
    },
    {
      name: "timelines",
      label: trans.__("Timelines"),
      mount: (element) => mountTimelines(element, panel(timelines())),
    },
  ];
}

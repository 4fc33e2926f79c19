"""Magics that find: %search and %%search."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from jupyter_capture.client._frontend import front_end
from jupyter_capture.errors import NotIndexedError
from jupyter_capture.magics import hits, telling
from jupyter_capture.magics.commands import (
    command,
    option,
    tokens,
    unquoted,
    variable,
    whole_number,
)
from jupyter_capture.magics.current import Current
from jupyter_capture.magics.finding import Finding
from jupyter_capture.magics.telling import say

if TYPE_CHECKING:
    from jupyter_capture.client.audio import Audio
    from jupyter_capture.client.collection import Collection
    from jupyter_capture.client.search import SearchResult
    from jupyter_capture.client.video import Video
    from jupyter_capture.wire.moment import Moments

MODES = ("hybrid", "semantic", "keyword")
SCOPES = ("video", "session", "collection")
_OPTIONS = (
    option("--mode", choices=MODES, help="By words and meaning (hybrid, the default), or one."),
    option("-k", type=whole_number(1, 100), default=5, help="At most so many shots; default: 5."),
    option(
        "--scope",
        choices=SCOPES,
        help="Where; default: the video recorded last here, else the whole collection.",
    ),
    option("--in", dest="within", metavar="ID", help="In this video (m-…) or session (cap-…)."),
    option(
        "--live",
        action="store_true",
        help="In what was said so far in the recording that goes on. Only kept channels; from the "
        "first --live on, or from the start with %%capture_start --live.",
    ),
    option("--into", type=variable, metavar="NAME", help="Assign what is found to a name."),
)


class Searching:
    """Each public method is a magic."""

    def __init__(self, current: Current) -> None:
        self._current = current
        self._finding = Finding(current)

    @command(
        option("words", nargs="*", type=str, metavar="WORD", help="What was said, or was meant."),
        *_OPTIONS,
    )
    def search(self, args: Namespace) -> None:
        """Find moments by what was said, or seen on the screen (with the extra [screen]). What is
        not indexed yet is indexed first; screens, which take long, are read in the background.

        Words in double quotes must be said just so. %play 2 plays the second shot.

        Example::

            %search budget discussion
            %search "action items" -k 3 --scope collection --into found
        """
        results = self._found([_query(args.words)], args)
        self._current.assign(args.into, results[0])

    @command(
        option("words", nargs="*", type=str, metavar="WORD", help="A first query."),
        *_OPTIONS,
        kind="cell",
        name="search",
    )
    def search_all(self, args: Namespace) -> None:
        """Search for each line of the cell. --into takes a list, one result for a line.

        Example::

            %%search --mode semantic
            how much money do we have
            who writes the report
        """
        queries = [_query(args.words), *(_query(tokens(line)) for line in args.cell.splitlines())]
        results = self._found([query for query in queries if query] or [""], args)
        self._current.assign(args.into, results)

    # -- what is meant

    def _search(self, queries: list[str], args: Namespace) -> list[SearchResult]:
        kinds = {_kind(query) for query in queries}
        place, name, reading = self._place(args, kinds)
        try:
            results = [place.search(query, mode=args.mode, top_k=args.k) for query in queries]
        except NotIndexedError as error:
            if kinds != {"cells"}:
                raise
            raise UsageError(
                f"No cell was kept in {name}. %capture_start --cells keeps those that run."
            ) from error
        self._show(results, name, hits.reading_note(reading))
        return results

    def _live(self, queries: list[str], args: Namespace) -> list[Moments]:
        """Of what was said so far. It plays once it is exported, so nothing is numbered."""
        if args.scope or args.within:
            raise UsageError("--live searches the recording that goes on; leave out --scope, --in.")
        session = self._current.recording(None)
        if session is None or session.status not in ("active", "paused"):
            raise UsageError("Nothing is recording. Leave out --live to search what was recorded.")
        from jupyter_capture.client.moments import listen, search_so_far

        heard = listen(session)
        found = [search_so_far(session, query, args.mode, args.k) for query in queries]
        for query, moments in zip(queries, found, strict=True):
            say(*hits.moment_lines(query, moments, session.id))
        say(*hits.listening_lines(heard))
        return found

    def _found(self, queries: list[str], args: Namespace) -> list[SearchResult] | list[Moments]:
        if not all(queries):
            raise UsageError("The query is empty. Write the words that you look for.")
        return self._live(queries, args) if args.live else self._search(queries, args)

    def _show(self, results: list[SearchResult], name: str, note: str) -> None:
        shots = [shot for result in results for shot in result.shots]
        self._current.shots = shots
        data = {"text/plain": hits.hits_text(results, name, note)}
        if front_end() == "notebook":
            pictures = hits.posters_of(self._current.connection, shots)
            data["text/html"] = hits.hits_html(results, name, pictures, note)
        telling.display(data)

    def _place(
        self, args: Namespace, kinds: set[str]
    ) -> tuple[Video | Audio | Collection, str, list[str]]:
        """Where to search, indexed where that is asked for, what it is called, and the names of the
        videos whose screens are being read still."""
        if args.within and args.scope:
            raise UsageError("--in names the place already; leave out --scope.")
        finding = self._finding
        scope = args.scope or ("video" if self._current.video else "collection")
        if not args.within and scope == "collection":
            collection, reading = finding.collection(kinds)
            return collection, "the collection", [video.name or video.id for video in reading]
        if args.within:
            asset = finding.asset(args.within)
        elif scope == "session":
            asset = finding.video_of(self._current.chosen_session(None))
        else:
            asset = finding.last_video()
        name = asset.name or asset.id
        return asset, name, [name] if finding.index(asset, kinds) else []


def _kind(query: str) -> str:
    """What must be indexed for it: words said and seen, either alone, or (nothing) cells."""
    from jupyter_capture.wire.query import channel_called, channels_asked

    asked = channels_asked(query)
    if not asked:
        return "words"
    channel = channel_called(asked[0])
    return channel if channel in ("screen", "cells") else "spoken"


def _query(words: list[str]) -> str:
    """Double quotes stay: they mean a phrase. Single ones only hold words together."""
    return " ".join(word if word.startswith('"') else unquoted(word) for word in words).strip()

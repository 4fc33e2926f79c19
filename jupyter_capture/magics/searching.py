"""Magics that find and play: search, play, transcript."""

from __future__ import annotations

from argparse import Namespace
from contextlib import suppress
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from jupyter_capture.client._display import clock
from jupyter_capture.client._frontend import front_end
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.magics import hits, telling
from jupyter_capture.magics.commands import (
    command,
    option,
    tokens,
    unquoted,
    variable,
    whole_number,
)
from jupyter_capture.magics.current import RECORDING, Current
from jupyter_capture.magics.telling import say

if TYPE_CHECKING:
    from jupyter_capture.client._playable import Playable
    from jupyter_capture.client.audio import Audio
    from jupyter_capture.client.collection import Collection
    from jupyter_capture.client.search import SearchResult
    from jupyter_capture.client.session import CaptureSession
    from jupyter_capture.client.video import Video

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
    option("--into", type=variable, metavar="NAME", help="Assign what is found to a name."),
)


class Searching:
    """Each public method is a magic."""

    def __init__(self, current: Current) -> None:
        self._current = current

    @command(
        option("words", nargs="*", type=str, metavar="WORD", help="What was said, or was meant."),
        *_OPTIONS,
    )
    def search(self, args: Namespace) -> None:
        """Find moments by what was said. What is not indexed yet is indexed first.

        Words in double quotes must be said just so. %play 2 plays the second shot.

        Example::

            %search budget discussion
            %search "action items" -k 3 --scope collection --into found
        """
        results = self._search([_query(args.words)], args)
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
        results = self._search([query for query in queries if query] or [""], args)
        self._current.assign(args.into, results)

    @command(
        option(
            "what",
            nargs="?",
            metavar="WHAT",
            help="Number of a shot of the last search, all, a video (m-…), a sound (a-…) or a "
            "session (cap-…); default: the best shot, else the video recorded last.",
        )
    )
    def play(self, args: Namespace) -> None:
        """Play a shot or a video, here in the notebook.

        Example::

            %play
            %play 2
            %play m-0123456789abcdef
        """
        address = self._playable(args.what).play()
        if front_end() != "notebook":
            say(address)

    @command(
        option(
            "what", nargs="?", metavar="ID", help="A video, sound or session; default: the last."
        ),
    )
    def transcript(self, args: Namespace) -> None:
        """Show what was said, sentence by sentence. What is not indexed is indexed first.

        Example::

            %transcript
        """
        asset = self._asset(args.what) if args.what else self._last_video()
        self._index(asset)
        sentences = asset.get_transcript(segmenter="sentence")
        say(*(f"{clock(item['start']):>8}  {str(item['text']).strip()}" for item in sentences))
        if not sentences:
            say(f"Nothing was said in {asset.name or asset.id}.")

    # -- what is meant

    def _search(self, queries: list[str], args: Namespace) -> list[SearchResult]:
        if not all(queries):
            raise UsageError("The query is empty. Write the words that you look for.")
        place, name = self._place(args)
        results = [place.search(query, mode=args.mode, top_k=args.k) for query in queries]
        shots = [shot for result in results for shot in result.shots]
        self._current.shots = shots
        data = {"text/plain": hits.hits_text(results, name)}
        if front_end() == "notebook":
            posters = hits.posters_of(self._current.connection, shots)
            data["text/html"] = hits.hits_html(results, name, posters)
        telling.display(data)
        return results

    def _place(self, args: Namespace) -> tuple[Video | Audio | Collection, str]:
        """Where to search, indexed, and what it is called."""
        if args.within and args.scope:
            raise UsageError("--in names the place already; leave out --scope.")
        scope = args.scope or ("video" if self._current.video else "collection")
        if not args.within and scope == "collection":
            return self._collection(), "the collection"
        if args.within:
            asset = self._asset(args.within)
        elif scope == "session":
            asset = self._video_of(self._current.chosen_session(None))
        else:
            asset = self._last_video()
        self._index(asset)
        return asset, asset.name or asset.id

    def _collection(self) -> Collection:
        collection = self._current.connection.get_collection()
        videos = [video for video in collection.get_videos() if not video.channel_id]
        if not videos:
            raise UsageError("There is nothing to search yet. %capture_start records.")
        for video in videos:
            with suppress(InvalidRequestError):  # one without sound has nothing to index
                self._index(video)
        return collection

    def _index(self, asset: Video | Audio) -> None:
        if asset.id not in self._current.indexed:
            asset.index_spoken_words()
            self._current.indexed.add(asset.id)

    def _playable(self, what: str | None) -> Playable:
        shots = self._current.shots
        if what is None:
            return shots[0] if shots else self._last_video()
        if not what.isdigit() and what != "all":
            return self._asset(what)
        if not shots:
            raise UsageError("Nothing was found yet. %search words, then %play 1.")
        if what == "all":
            from jupyter_capture.client.search import SearchResult

            every = SearchResult(self._current.connection, "all shots")
            every.shots = shots
            return every
        if not 1 <= int(what) <= len(shots):
            raise UsageError(f"There is no shot {what}. The last search found 1 to {len(shots)}.")
        return shots[int(what) - 1]

    def _asset(self, id: str) -> Video | Audio:
        connection = self._current.connection
        if id.startswith("cap-"):
            return self._video_of(connection.get_capture_session(id))
        if id.startswith("a-"):
            return connection.get_collection().get_audio(id)
        if id.startswith("m-"):
            return connection.get_collection().get_video(id)
        raise UsageError(
            f"{id!r} is no video (m-…), sound (a-…) or session (cap-…), nor the number of a shot. "
            "%capture_sessions lists what there is."
        )

    def _last_video(self) -> Video:
        current = self._current
        if current.video is not None:
            return current.video
        if current.session is not None:
            return self._video_of(current.session)
        for session in current.connection.list_capture_sessions(status="exported"):
            if (video := session.get_video()) is not None:
                return video
        raise UsageError("There is no video yet. %capture_start records one.")

    def _video_of(self, session: CaptureSession) -> Video:
        if session.refresh().status in RECORDING:
            raise UsageError(f"{session.id} still records. %capture_stop first.")
        video = session.get_video()
        if video is None:
            raise UsageError(f"{session.id} is {session.status}: it kept nothing, so has no video.")
        return video


def _query(words: list[str]) -> str:
    """Double quotes stay: they mean a phrase. Single ones only hold words together."""
    return " ".join(word if word.startswith('"') else unquoted(word) for word in words).strip()

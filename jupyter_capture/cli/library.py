"""Commands about what was recorded: sessions, search."""

from __future__ import annotations

import sys
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jupyter_capture.cli._console import connect, say
from jupyter_capture.cli._console import console as new_console
from jupyter_capture.errors import InvalidRequestError, NotOfferedError

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection
    from jupyter_capture.client.session import CaptureSession
    from jupyter_capture.client.video import Video


def sessions(
    every: Annotated[
        bool, typer.Option("--all", help="Also those of which nothing was recorded.")
    ] = False,
) -> None:
    """List what was recorded, newest first."""
    console = new_console()
    with connect() as connection:
        found = connection.list_capture_sessions()
    shown = [session for session in found if every or _holds_something(session)]
    for session in shown:
        say(console, _row(session))
    if not shown:
        say(console, "Nothing was recorded yet: jupyter-capture record")
    elif hidden := len(found) - len(shown):
        what = "one is" if hidden == 1 else f"{hidden} are"
        say(console, f"{what} not shown, of which nothing was recorded: --all")


def _holds_something(session: CaptureSession) -> bool:
    return bool(session.storage) or session.status not in ("created", "failed")


def _row(session: CaptureSession) -> str:
    from datetime import UTC, datetime

    from jupyter_capture.client._display import megabytes

    size = megabytes(sum(item.bytes for item in session.storage))
    began = session.started_at or session.created_at
    when = ""
    if isinstance(began, int | float):
        when = datetime.fromtimestamp(began, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    row = (
        f"{session.id}  {when:16}  {session.status:9} {session.duration or 0.0:8.1f} s "
        f"{size:>10}  {session.exported_video_id or '-'}  {session.metadata.get('name') or ''}"
    )
    return row.rstrip()


def search(
    words: Annotated[list[str], typer.Argument(help="What to look for.")],
    video: Annotated[str | None, typer.Option(help="In this video alone (m-…).")] = None,
    top: Annotated[int, typer.Option(min=1, max=100, help="At most so many shots.")] = 5,
) -> None:
    """Find moments by what was said, or seen on the screen (with the extra [screen]). What is not
    indexed yet is indexed first; screens, which take long, are read in the background."""
    console = new_console()
    query = " ".join(words)
    if not query.strip():
        raise InvalidRequestError("The query is empty. Write the words that you look for.")
    with connect() as connection:
        collection = connection.get_collection()
        if video:
            videos = [collection.get_video(video)]
        else:
            videos = [item for item in collection.get_videos() if not item.channel_id]
        if not videos:
            raise InvalidRequestError("There is nothing to search yet: jupyter-capture record")
        reading = _index_speech(connection, videos, asked_for=video is not None)
        where = videos[0] if video else collection
        result = where.search(query, top_k=top)
        for shot in result.shots:
            shot.generate_stream()
            say(console, f"{shot.video_id}  {shot.start:8.2f} – {shot.end:8.2f}  {shot.text}")
            say(console, f"    {shot.player_url}")
    if not result.shots:
        say(console, f"Nothing was found for “{query}”.")
    if reading:
        many = "A screen is" if reading == 1 else f"{reading} screens are"
        sys.stderr.write(
            f"{many} being read in the background; the next search finds what stood there, too.\n"
        )


def index(
    videos: Annotated[
        list[str] | None, typer.Argument(help="Videos (m-…); all of them where none is named.")
    ] = None,
    rebuild: Annotated[
        bool,
        typer.Option("--rebuild", help="Make the index anew from the stored words: lost, damaged."),
    ] = False,
    vectors: Annotated[
        bool, typer.Option("--vectors", help="With --rebuild: embed all sentences again.")
    ] = False,
) -> None:
    """Index what is not indexed yet, screens included, and wait until that is done."""
    console = new_console()
    if (videos and rebuild) or (vectors and not rebuild):
        raise InvalidRequestError(
            "--rebuild is about all that is indexed: name no video. --vectors goes with it alone."
        )
    with connect() as connection:
        if rebuild:
            done = connection.http.post(
                "index/rebuild",
                {"every": vectors},
                title="Rebuilding the index",
                show_progress=sys.stderr.isatty(),
            )
            said = f"{done['segments']} segments indexed anew, {done['vectors']} of them embedded."
            say(console, said)
            return
        collection = connection.get_collection()
        if videos:
            found = [collection.get_video(each) for each in videos]
        else:
            found = [item for item in collection.get_videos() if not item.channel_id]
        for number, video in enumerate(found, 1):
            _tell(connection, video, number, len(found))
            with nullcontext() if videos else suppress(InvalidRequestError):
                video.index_words(show_progress=sys.stderr.isatty())
    say(console, f"{len(found)} {'video is' if len(found) == 1 else 'videos are'} indexed.")


def _index_speech(connection: Connection, videos: list[Video], asked_for: bool) -> int:
    """What is said is waited for; screens, which take long, are read meanwhile. How many are.
    Where nothing has any sound, there is nothing else to wait for."""
    silent, failed = list[Any](), None
    for number, video in enumerate(videos, 1):
        _tell(connection, video, number, len(videos))
        try:
            video.index_spoken_words(show_progress=sys.stderr.isatty())
        except InvalidRequestError as error:
            silent.append(video)
            failed = error
    wait = len(silent) == len(videos)
    reading = 0
    for video in videos:
        try:
            reading += video.index_screen_text(wait=wait, show_progress=wait) is None
        except (InvalidRequestError, NotOfferedError):
            if wait and asked_for and failed is not None:
                raise failed from None
    return reading


def _tell(connection: Connection, video: Video, number: int, count: int) -> None:
    """On standard error, which is not what is piped, where no bar can be shown."""
    if sys.stderr.isatty() or connection.http.get(f"video/{video.id}/index")["status"] == "done":
        return
    name = video.name or video.id
    sys.stderr.write(f"Indexing {name}, {video.length:.0f} s ({number}/{count}) …\n")

"""Commands about what was recorded: sessions, search."""

from __future__ import annotations

import sys
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from jupyter_capture.cli._console import connect, say
from jupyter_capture.cli._console import console as new_console
from jupyter_capture.errors import InvalidRequestError

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
    """Find moments by what was said, or seen on the screen (with the extra [screen]). Videos that
    are not indexed yet are indexed first."""
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
        _index(connection, videos, asked_for=video is not None)
        where = videos[0] if video else collection
        result = where.search(query, top_k=top)
        for shot in result.shots:
            shot.generate_stream()
            say(console, f"{shot.video_id}  {shot.start:8.2f} – {shot.end:8.2f}  {shot.text}")
            say(console, f"    {shot.player_url}")
    if not result.shots:
        say(console, f"Nothing was found for “{query}”.")


def _index(connection: Connection, videos: list[Video], asked_for: bool) -> None:
    """What is not indexed yet; told on standard error, which is not what is piped."""
    bars = sys.stderr.isatty()
    for number, video in enumerate(videos, 1):
        if not bars and connection.http.get(f"video/{video.id}/index")["status"] != "done":
            name = video.name or video.id
            sys.stderr.write(f"Indexing {name}, {video.length:.0f} s ({number}/{len(videos)}) …\n")
        # One without sound or text has nothing to index; where it was asked for, that is said.
        with nullcontext() if asked_for else suppress(InvalidRequestError):
            video.index_words(show_progress=bars)

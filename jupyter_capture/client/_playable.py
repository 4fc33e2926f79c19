"""What everything that plays has in common: play, save, embed."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from jupyter_capture.client._frontend import front_end
from jupyter_capture.client._urls import MediaUrl, iframe, media_url
from jupyter_capture.errors import EngineError, InvalidRequestError, NotOfferedError
from jupyter_capture.wire.library import SaveFormat

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection

FORMATS: tuple[str, ...] = get_args(SaveFormat)
NOTEBOOK_PLAYER = "jupyter_capture.widgets.player"
"""Named, not imported: the widgets build on the client, and are only there in a notebook. The
module has ``show(playable)``."""


class Playable:
    """Has a stream. ``stream_url`` (HLS) and ``player_url`` (a page) are None until
    `generate_stream` or `play` made them; they carry tickets that expire."""

    _connection: Connection
    _download_path = "download"
    stream_url: MediaUrl | None = None
    player_url: MediaUrl | None = None

    def generate_stream(self) -> str:
        raise NotImplementedError

    def play(self) -> str:
        """Show the player: inline in a notebook, in the browser from an interactive terminal.

        Returns the player's address (the stream's where there is no player), in a script too.
        """
        self.generate_stream()
        show(self)
        return self.player_url or self.stream_url or ""

    def save(
        self, path: str | Path, *, chapters: str | None = None, show_progress: bool = True
    ) -> Path:
        """Save as one file; its suffix says as what. ``path`` names a file or a folder.

        ``.mp4`` (with chapters), ``.m4a`` or ``.wav`` (the sound alone), ``.srt`` or ``.vtt`` (the
        subtitles of what is indexed), ``.html`` (a page that holds film, subtitles and chapters,
        to send to somebody). ``chapters="cells"`` names a chapter for each cell that ran while it
        was recorded, instead of shots, clips or pauses. An existing file is replaced, once the new
        one is complete. An interrupt cancels it and leaves nothing behind.

        Raises InvalidRequestError for another suffix, a folder that is not there, or the sound of
        what has none; NotIndexedError for subtitles of what is not indexed; TooLargeError for a
        page that no browser would open; StorageFullError.
        """
        target = _target(Path(path).expanduser(), self._file_name())
        url = self._prepare(target.name, chapters=chapters, show_progress=show_progress)
        return self._connection.http.download(url, target, show_progress=show_progress)

    def _prepare(self, name: str, *, chapters: str | None = None, show_progress: bool) -> str:
        """Have the server make a file of this, as its ``name`` ends; its address."""
        format = {**self._format(name), **self._chapters(chapters)}
        stream_url = self.generate_stream()
        answer = self._connection.http.post(
            self._download_path,
            {**self._download_request(stream_url, name), **format},
            title=f"Preparing {name}",
            show_progress=show_progress,
            cancellable=not self._connection.is_cloud,
        )
        url = (answer or {}).get("download_url") or (answer or {}).get("url")
        if not url:
            raise EngineError("The server made the file but names no download_url for it.")
        return str(url)

    def get_embed_code(
        self,
        width: str = "100%",
        height: int = 405,
        title: str = "VideoDB Player",
        allow_fullscreen: bool = True,
        auto_generate: bool = True,
    ) -> str:
        """HTML of an iframe that plays this. It holds the ticket: do not save it for long."""
        if auto_generate:
            self.generate_stream()
        if not self.player_url:
            raise InvalidRequestError("There is no player_url yet; call generate_stream() first.")
        return iframe(
            self.player_url, width=width, height=height, title=title, fullscreen=allow_fullscreen
        )

    def _format(self, name: str) -> dict[str, str]:
        """The ``format`` of a request for this file. VideoDB's service knows of none."""
        suffix = Path(name).suffix.lower().removeprefix(".")
        if suffix not in FORMATS:
            known = ", ".join(f".{each}" for each in FORMATS)
            raise InvalidRequestError(
                f"{name!r} does not say what to save: its name must end in one of {known}."
            )
        if not self._connection.is_cloud:
            return {"format": suffix}
        if suffix != "mp4":
            raise NotOfferedError("VideoDB's service makes .mp4 files only. Save it as .mp4.")
        return {}

    def _chapters(self, chapters: str | None) -> dict[str, str]:
        if chapters not in (None, "auto", "cells"):
            raise InvalidRequestError(
                f"chapters is {chapters!r}; it is 'cells', or left out for shots, clips and pauses."
            )
        if chapters is None:
            return {}
        if self._connection.is_cloud:
            raise NotOfferedError("VideoDB's service names no chapters; leave chapters out.")
        return {"chapters": chapters}

    def _file_name(self) -> str:
        return "clip.mp4"

    def _download_request(self, stream_url: str, name: str) -> dict[str, Any]:
        return {"stream_link": stream_url, "name": name}

    def _take_stream(self, answer: Any) -> str:
        """Keep the addresses that the server answered; returns the stream's."""
        found = answer if isinstance(answer, dict) else {}
        self.stream_url = media_url(found.get("stream_url"))
        self.player_url = media_url(found.get("player_url"))
        if self.stream_url is None:
            raise EngineError("The server answered without a stream_url.")
        return self.stream_url


def show(playable: Playable) -> None:
    """Play where the user sits. A script only gets the address."""
    place = front_end()
    if place == "notebook":
        import_module(NOTEBOOK_PLAYER).show(playable)
    elif place == "terminal":
        import webbrowser

        webbrowser.open(playable.player_url or playable.stream_url or "")


def _target(path: Path, name: str) -> Path:
    target = path / name if path.is_dir() else path
    if not target.parent.is_dir():
        raise InvalidRequestError(
            f"{target.parent} is no folder. Create it first, or save somewhere else."
        )
    return target

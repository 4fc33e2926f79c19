"""The inline player. What a notebook saves of it is a picture and words, never an address."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

import traitlets

from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.widgets._asked import STATIC, Answerer, Asked, Reply
from jupyter_capture.widgets._code import code_of
from jupyter_capture.widgets._media import Media
from jupyter_capture.widgets._still import picture_html

_INLINE_PICTURE = re.compile(r"data:image/(?:jpeg|png|webp);base64,[A-Za-z0-9+/]+=*")
_TITLE_LENGTH = 160


class HasStream(Protocol):
    """What :func:`show` plays: a Video, a Shot, a SearchResult, a Timeline, …

    ``generate_stream`` returns the address of an HLS stream whose ticket is good now; it is asked
    at every click, so the player still works hours after it was shown.
    """

    def generate_stream(self) -> str: ...


class ShotPlayer(Asked):
    """Plays a stream where it is shown. The stream is fetched on a click, the poster is inline.

    ``src`` is the stream's address; ``renew``, where given, is called for a fresh one at each
    load. Neither is part of the widget's state: the browser asks for the address by a message,
    so it stays out of saved notebooks. Where the browser cannot reach that address (a remote hub,
    a code editor), playlists and segments come in messages as well.

    ``poster`` is a ``data:image/…;base64,`` URI. ``start`` in seconds; setting it while playing
    seeks. ``chapters`` are ``{"start": seconds, "title": text}``. ``code`` is what "copy as code"
    copies. ``save``, where given, has a file made and returns its address. ``shown_as`` is the
    MIME bundle that stands in where no widget can be shown; by default poster and title.
    """

    _esm: ClassVar[Path] = STATIC / "player.js"
    _css: ClassVar[Path] = STATIC / "player.css"

    src = traitlets.Unicode("")
    title = traitlets.Unicode("").tag(sync=True)
    poster = traitlets.Unicode("").tag(sync=True)
    start = traitlets.Float(0.0, min=0.0).tag(sync=True)
    chapters = traitlets.List(traitlets.Dict()).tag(sync=True)
    code = traitlets.Unicode("").tag(sync=True)
    saves = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        src: str = "",
        *,
        title: str = "",
        poster: str = "",
        start: float = 0.0,
        chapters: Sequence[Mapping[str, Any]] = (),
        code: str = "",
        renew: Callable[[], str] | None = None,
        save: Callable[[], str] | None = None,
        shown_as: Mapping[str, str] | None = None,
    ) -> None:
        self._renew = renew
        self._save = save
        self._shown_as = dict(shown_as or {})
        self._media = Media(lambda: [self.src])
        super().__init__(
            src=src,
            title=title,
            poster=poster,
            start=start,
            chapters=[dict(chapter) for chapter in chapters],
            code=code,
            saves=save is not None,
        )

    def __repr__(self) -> str:
        return f"ShotPlayer(title={self.title!r}, start={self.start:g})"

    @traitlets.validate("poster")
    def _inline_only(self, proposal: Any) -> str:
        poster = str(proposal["value"])
        if poster and not _INLINE_PICTURE.fullmatch(poster):
            raise InvalidRequestError(
                "A poster is kept in the notebook, so it must be inline: "
                "give a data:image/jpeg;base64,… URI, not an address."
            )
        return poster

    def _stands_in(self) -> dict[str, str]:
        html = picture_html(self.title, self.poster)
        return {"text/plain": repr(self), "text/html": html, **self._shown_as}

    def _answerers(self) -> dict[str, Answerer]:
        return {
            **super()._answerers(),
            "source": lambda _: Reply({"src": str(self._fresh_src())}),
            "media": lambda asked: Reply({}, (self._media.get(str(asked.get("url"))),)),
            "save": lambda _: Reply({"url": str(self._file())}),
        }

    def _file(self) -> str:
        if self._save is None:
            raise InvalidRequestError("This player has no file to save: give it save.")
        return self._save()

    def _fresh_src(self) -> str:
        if self._renew is not None:
            self.src = self._renew()
        if not self.src:
            raise InvalidRequestError("This player has no stream: give it src or renew.")
        return self.src


def show(playable: HasStream) -> None:
    """Show a player of ``playable`` inline, under what it shows of itself without a kernel.

    A ``_repr_mimebundle_`` of its own becomes what a saved notebook shows, and an inline picture
    in that becomes the poster.
    """
    player_of(playable)._ipython_display_()


def player_of(playable: HasStream) -> ShotPlayer:
    """The player that :func:`show` displays."""
    shown_as = _bundle_of(playable)
    picture = _INLINE_PICTURE.search(shown_as.get("text/html", ""))
    connection = getattr(playable, "_connection", None)
    prepare = getattr(playable, "_prepare", None) if connection is not None else None
    return ShotPlayer(
        title=_title_of(playable),
        poster=picture[0] if picture else "",
        chapters=getattr(playable, "chapters", None) or (),
        code=code_of(playable),
        renew=_renewal(playable),
        save=None if prepare is None else lambda: str(prepare("clip.mp4", show_progress=False)),
        shown_as=shown_as,
    )


def _renewal(playable: HasStream) -> Callable[[], str]:
    """A fresh address, from an engine that is there: one that has ended is started again."""
    connection: Any = getattr(playable, "_connection", None)
    local = getattr(connection, "data_dir", None) is not None

    def renew() -> str:
        if local:
            connection.status()
        return playable.generate_stream()

    return renew


def _bundle_of(playable: object) -> dict[str, str]:
    make = getattr(playable, "_repr_mimebundle_", None)
    made = make() if make is not None else None
    data = made[0] if isinstance(made, tuple) else made
    wanted = ("text/plain", "text/html")
    return {name: data[name] for name in wanted if name in data} if data else {}


def _title_of(playable: object) -> str:
    """What was said in a shot, else the name of what plays."""
    for name in ("text", "name", "query"):
        value = getattr(playable, name, None)
        if isinstance(value, str) and value.strip():
            words = " ".join(value.split())
            return words if len(words) <= _TITLE_LENGTH else words[: _TITLE_LENGTH - 1] + "…"
    return ""

"""What objects look like in a notebook: pure functions from values to HTML.

The HTML is saved with the notebook. So it holds no script, no address with a ticket, no secret;
pictures are small and inline, and everything that was said or typed is escaped.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any, Protocol

POSTER_BYTES = 29_500
"""Of a JPEG: as base64 it stays under 40 kB."""
_BOX = "font-family:var(--jp-ui-font-family,sans-serif);font-size:13px;line-height:1.4"
_FAINT = "opacity:.65"
_CELLS = "notebook:cells"
_CODE = (
    "margin:0;padding:0;background:none;white-space:pre-wrap;max-height:9em;overflow:auto;"
    "font-family:var(--jp-code-font-family,monospace);font-size:12px"
)


class ShotLike(Protocol):
    video_title: str
    video_id: str
    start: float
    end: float
    text: str
    search_score: float | None
    channel: str | None


def bundle(shown: object, include: Iterable[str] | None, html: Callable[[], str]) -> dict[str, str]:
    """A MIME bundle; the HTML, which may cost a request, is only made where it is shown."""
    from jupyter_capture.client._frontend import front_end

    data = {"text/plain": repr(shown)}
    wanted = include is None or "text/html" in include
    if wanted and front_end() != "terminal":
        data["text/html"] = html()
    return data


def poster_uri(jpeg: bytes | None) -> str | None:
    """A JPEG as a data URI; None where it is no JPEG or too large for a saved notebook."""
    if not jpeg or not jpeg.startswith(b"\xff\xd8") or len(jpeg) > POSTER_BYTES:
        return None
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def clock(seconds: float) -> str:
    """``75.25`` → ``1:15.2``; hours only where there are some."""
    tenths = round(max(0.0, seconds) * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    end = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minutes:02d}:{end}" if hours else f"{minutes}:{end}"


def megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.0f} kB"


def note_html(message: str) -> str:
    return f'<div style="{_BOX}">{escape(message)}</div>'


def media_html(kind: str, id: str, name: str, length: float, poster: str | None) -> str:
    label = f"<b>{escape(name or id)}</b> · {clock(length)}"
    faint = f'<span style="{_FAINT}">{escape(kind)} {escape(id)}</span>'
    return f'<div style="{_BOX}">{_picture(poster, name, 320)}<div>{label} {faint}</div></div>'


def shots_html(shots: Sequence[ShotLike], posters: Sequence[str | None]) -> str:
    padded = [*posters, *([None] * len(shots))]
    with_pictures = any(posters)
    rows = [
        _row(
            [
                *([_picture(poster, shot.text, 128)] if with_pictures else []),
                f'<span style="white-space:nowrap">{clock(shot.start)}–{clock(shot.end)}</span>',
                _words(shot),
                f'<span style="{_FAINT}">{escape(_origin(shot))}</span>',
            ]
        )
        for shot, poster in zip(shots, padded, strict=False)
    ]
    return _table(rows)


def session_html(
    id: str,
    status: str,
    duration: float | None,
    channels: Iterable[tuple[str, bool, int | None]],
    notes: Iterable[str] = (),
) -> str:
    """``channels`` as (channel id, kept?, bytes on disk where known)."""
    length = "" if duration is None else f" · {clock(duration)}"
    rows = [
        _row([escape(name), "kept" if kept else "live only", megabytes(size) if size else ""])
        for name, kept, size in channels
    ]
    warned = "".join(f'<div style="{_FAINT}">{escape(note)}</div>' for note in notes)
    head = f"<b>{escape(id)}</b> · {escape(status)}{length}"
    return f'<div style="{_BOX}">{head}{_table(rows)}{warned}</div>'


def transcript_html(rows: Sequence[tuple[float, str, str]], more: int = 0) -> str:
    """``rows`` as (start, text, channel); the channel is told where it changes."""
    shown, last = [], ""
    for start, said, channel in rows:
        told = f'<span style="{_FAINT}">{escape(channel)}</span>' if channel != last else ""
        shown.append(_row([clock(start), escape(said.strip()), told]))
        last = channel
    rest = f'<div style="{_BOX};{_FAINT}">… and {more} more</div>' if more else ""
    return (_table(shown) or note_html("Nothing was said.")) + rest


def timeline_html(
    resolution: str,
    tracks: Sequence[Sequence[tuple[float, float, str]]],
    notes: Iterable[str] = (),
    name: str = "Timeline",
    poster: str | None = None,
) -> str:
    """``tracks`` as clips (start, duration, label)."""
    rows = [
        _row([f"track {number}", f"{clock(start)}–{clock(start + duration)}", escape(label)])
        for number, clips in enumerate(tracks, 1)
        for start, duration, label in clips
    ]
    warned = "".join(f'<div style="{_FAINT}">{escape(note)}</div>' for note in notes)
    head = f"<b>{escape(name)}</b> · {escape(resolution)}"
    return f'<div style="{_BOX}">{_picture(poster, name, 320)}{head}{_table(rows)}{warned}</div>'


def _words(shot: ShotLike) -> str:
    if shot.channel != _CELLS:
        return escape(shot.text)
    return f'<pre style="{_CODE}">{escape(shot.text)}</pre>'


def _origin(shot: ShotLike) -> str:
    parts: list[Any] = [shot.video_title or shot.video_id, shot.channel]
    if shot.search_score is not None:
        parts.append(f"{shot.search_score:.2f}")
    return " · ".join(part for part in parts if part)


def _picture(poster: str | None, words: str, width: int) -> str:
    if poster is None:
        return ""
    # In a table a picture would be squeezed by the words beside it.
    least = f"min-width:{width}px;max-width:none;" if width < 200 else ""
    style = f"width:{width}px;{least}height:auto;display:block;border-radius:3px;margin:0"
    return f'<img src="{escape(poster)}" alt="{escape(words)}" style="{style}">'


def _row(cells: Iterable[str]) -> str:
    style = "text-align:left;vertical-align:top;padding:2px 10px 2px 0"
    return "<tr>" + "".join(f'<td style="{style}">{cell}</td>' for cell in cells) + "</tr>"


def _table(rows: Sequence[str]) -> str:
    if not rows:
        return ""
    return f'<table style="{_BOX};border-collapse:collapse;margin:0">{"".join(rows)}</table>'

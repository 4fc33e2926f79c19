"""Search results as they are shown: numbered, so that ``%play 2`` plays the second."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from jupyter_capture.client._display import clock

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection
    from jupyter_capture.client.search import SearchResult, Shot
    from jupyter_capture.wire.moment import Moments

POSTER_BUDGET = 90_000
"""Characters of pictures in one output: a saved notebook stays small."""
POSTERS = 4

_BOX = "font-family:var(--jp-ui-font-family,sans-serif);font-size:13px;line-height:1.45;"
_QUIET = "color:var(--jp-ui-font-color2,#616161);"
_ROW = (
    "display:flex;gap:12px;align-items:flex-start;padding:8px 0;"
    "border-top:1px solid var(--jp-border-color2,#e0e0e0);"
)
_NUMBER = f"flex:none;width:1.6em;text-align:right;font-variant-numeric:tabular-nums;{_QUIET}"
_PICTURE = "flex:none;width:128px;height:auto;margin:0;border-radius:4px;"
# Seen through, so that it reads on a light page and on a dark one.
_CODE = (
    "margin:0;background:none;white-space:pre-wrap;max-height:9em;overflow:auto;"
    "font-family:var(--jp-code-font-family,monospace);font-size:12px;"
)
_MARK = "background:rgb(255 193 7 / 35%);color:inherit;border-radius:2px;"


def hits_text(results: Sequence[SearchResult], place: str, note: str = "") -> str:
    lines: list[str] = []
    number = 0
    for result in results:
        lines.append(f"{_count(result)} in {place}")
        for shot in result.shots:
            number += 1
            lines.append(f"  {number:2}  {_span(shot)}  {_first_line(shot.text)}")
            lines.append(f"      {_origin(shot, place)}")
    if number:
        lines.append(_hint(number))
    return "\n".join([*lines, note] if note else lines)


def reading_note(names: Sequence[str]) -> str:
    """Of screens that are read in the background."""
    if not names:
        return ""
    many = f"The screens of {len(names)} recordings are"
    what = f"The screen of {names[0]} is" if len(names) == 1 else many
    return f"{what} being read in the background; the next search finds what stood there, too."


def moment_lines(query: str, found: Moments, session_id: str) -> list[str]:
    """Of a recording that goes on."""
    count = len(found.moments)
    what = "Nothing" if not count else f"{count} {'moment' if count == 1 else 'moments'}"
    lines = [f"{what} for “{query}” so far in {session_id}"]
    for moment in found.moments:
        lines.append(f"  {clock(moment.start)}–{clock(moment.end)}  {_first_line(moment.text)}")
        lines.append(f"      {moment.channel} · score {moment.score:.2f}")
    return lines


def listening_lines(heard: Moments) -> list[str]:
    """What is searched, and what is not."""
    if not heard.listening:
        return ["No kept sound is listened to, so only cells are searched while it records."]
    since = ", ".join(f"{name} since {clock(at)}" for name, at in sorted(heard.listening.items()))
    return [f"Listening to {since}; what was said before is found after %capture_stop."]


def hits_html(
    results: Sequence[SearchResult],
    place: str,
    posters: Sequence[str | None],
    note: str = "",
) -> str:
    """``posters`` of the first shots, in order. No script, no address; all text is escaped."""
    padded = [*posters, *([None] * sum(len(result.shots) for result in results))]
    parts: list[str] = []
    number = 0
    for result in results:
        head = f"<b>{escape(_count(result))}</b> <span style='{_QUIET}'>in {escape(place)}</span>"
        parts.append(f"<div style='padding:4px 0 6px'>{head}</div>")
        for shot in result.shots:
            parts.append(_row(number + 1, shot, padded[number], result.query, place))
            number += 1
    ends = [line for line in (_hint(number) if number else "", note) if line]
    parts += [f"<div style='{_QUIET}padding-top:4px'>{escape(line)}</div>" for line in ends]
    return f"<div style='{_BOX}max-width:860px'>{''.join(parts)}</div>"


def posters_of(connection: Connection, shots: Sequence[Shot]) -> list[str | None]:
    """Pictures of the first few shots; one picture of a moment is enough, and so is the budget."""
    found: list[str | None] = []
    left = POSTER_BUDGET
    for shot in shots[:POSTERS]:
        poster = connection.poster(shot.video_id, shot.start)
        if poster is None or len(poster) > left:
            found.append(None)
            continue
        left -= len(poster)
        found.append(poster)
    return found


def _row(number: int, shot: Shot, poster: str | None, query: str, place: str) -> str:
    picture = f"<img src='{poster}' alt='' style='{_PICTURE}'>" if poster else ""
    words = _marked(shot.text, query)
    if shot.channel == "notebook:cells":
        words = f"<pre style='{_CODE}'>{words}</pre>"
    below = f"{_span(shot)} · {_origin(shot, place)}"
    return (
        f"<div style='{_ROW}'><div style='{_NUMBER}'>{number}</div>{picture}"
        f"<div style='min-width:0'><div>{words}</div>"
        f"<div style='{_QUIET}font-size:12px'>{escape(below)}</div></div></div>"
    )


def _marked(text: str, query: str) -> str:
    """The text, with the words of the query marked; escaped."""
    words = sorted({word for word in re.findall(r"\w+", query) if len(word) > 2}, key=len)
    if not words:
        return escape(text)
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, reversed(words)))})", re.IGNORECASE)
    # With one group in the pattern, every second part is a match.
    parts = pattern.split(text)
    return "".join(
        f"<mark style='{_MARK}'>{escape(part)}</mark>" if at % 2 else escape(part)
        for at, part in enumerate(parts)
    )


def _first_line(text: str) -> str:
    """A cell's code has more than one."""
    first, _, rest = text.strip().partition("\n")
    return f"{first} …" if rest.strip() else first


def _count(result: SearchResult) -> str:
    count = len(result.shots)
    found = "Nothing" if not count else f"{count} {'shot' if count == 1 else 'shots'}"
    return f"{found} for “{result.query}”"


def _span(shot: Shot) -> str:
    return f"{clock(shot.start)}–{clock(shot.end)}"


def _origin(shot: Shot, place: str) -> str:
    title = shot.video_title or shot.video_id
    score = "" if shot.search_score is None else f"score {shot.search_score:.2f}"
    return " · ".join(filter(None, [title if title != place else "", shot.channel, score]))


def _hint(count: int) -> str:
    return (
        "%play plays it." if count == 1 else f"%play 1 … %play {count} plays one; %play all, all."
    )

"""Code that makes what a player plays, to be pasted into a cell."""

from __future__ import annotations

from typing import Any

_HEAD = """\
from jupyter_capture import connect, play_stream

collection = connect().get_collection({})
"""


def code_of(playable: object) -> str:
    """Python that plays a video, an audio, a shot or a timeline again; empty for anything else."""
    own = getattr(playable, "to_code", None)
    if own is not None:
        return str(own())
    collection = getattr(playable, "collection_id", None) or "default"
    video_id, length = getattr(playable, "video_id", None), getattr(playable, "length", None)
    if isinstance(video_id, str) and video_id:
        return shot_code(collection, video_id, getattr(playable, "start", 0.0), _end_of(playable))
    id = getattr(playable, "id", None)
    if isinstance(id, str) and id.startswith(("m-", "a-")) and length is not None:
        return _HEAD.format(repr(collection)) + f"collection.{_getter(id)}({id!r}).play()\n"
    return ""


def shot_code(collection_id: str, video_id: str, start: float, end: float) -> str:
    """Python that plays ``start`` to ``end`` (seconds) of a video or an audio."""
    cut = f"[({start:.3f}, {end:.3f})]"
    return (
        _HEAD.format(repr(collection_id))
        + f"recorded = collection.{_getter(video_id)}({video_id!r})\n"
        + f"play_stream(recorded.generate_stream(timeline={cut}))\n"
    )


def _end_of(playable: Any) -> float:
    return float(getattr(playable, "end", 0.0))


def _getter(id: str) -> str:
    return "get_audio" if id.startswith("a-") else "get_video"

"""Media time and the clock on the wall, by a session's map of one to the other.

The map has a pair (media seconds, Unix seconds) for the start, and one for each end of a pause.
"""

from __future__ import annotations

from collections.abc import Sequence

Pairs = Sequence[tuple[float, float]]


def media_time(wall_clock: Pairs, unix: float) -> float:
    """Seconds of media time at a Unix time; time that was paused falls on the pause."""
    for number, (media, wall) in enumerate(wall_clock):
        following = wall_clock[number + 1] if number + 1 < len(wall_clock) else None
        if following is None or unix < following[1]:
            limit = following[0] if following else float("inf")
            return max(0.0, min(limit, media + max(0.0, unix - wall)))
    return 0.0


def unix_time(wall_clock: Pairs, seconds: float) -> float:
    """The Unix time at which a moment of media time was recorded."""
    media, wall = next((pair for pair in reversed(wall_clock) if pair[0] <= seconds), wall_clock[0])
    return round(wall + seconds - media, 3)

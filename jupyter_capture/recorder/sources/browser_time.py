"""From the times of a browser to ours."""

from __future__ import annotations

_SLEW = 5000  # clocks drift by less than one part in so many


class Lag:
    """How far one clock is behind another, from pairs of their readings (ns).

    What is measured is never less than the truth: something was on its way. So the least is
    believed, and only slowly more, as far as clocks may drift apart.
    """

    def __init__(self) -> None:
        self._lag: int | None = None
        self._at = 0

    @property
    def known(self) -> bool:
        return self._lag is not None

    def note(self, here: int, there: int) -> None:
        """At ``here`` of our clock at the latest it was ``there`` by the other one."""
        if self._lag is None:
            self._lag = here - there
        else:
            risen = self._lag + max(0, there - self._at) // _SLEW
            self._lag = min(here - there, risen)
        self._at = max(self._at, there)

    def here(self, there: int) -> int:
        """Our time when the other clock shows ``there``."""
        return there + (self._lag or 0)

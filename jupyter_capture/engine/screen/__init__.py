"""Screen text: what is written on a recorded screen, and when.

The picture is compared tile by tile with the one that was read last. Only where it changed is it
read again, at most every 2 s, and lines that were there already, if elsewhere, go on: so a line
is told once for as long as it is on the screen.
"""

from __future__ import annotations

from jupyter_capture.engine.screen.job import ScreenText, look_at
from jupyter_capture.engine.screen.reader import Reader, check_installed
from jupyter_capture.engine.screen.watch import Screen, Written

__all__ = ["Reader", "Screen", "ScreenText", "Written", "check_installed", "look_at"]

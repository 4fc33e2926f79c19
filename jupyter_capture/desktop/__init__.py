"""A private screen and private sound for demos, tests and machines that have neither.

`VirtualDesktop` is an Xvfb display with slides on it and a PulseAudio server with a
microphone that can be spoken into. `present_desktop` tells what the machine itself has.
"""

from __future__ import annotations

from jupyter_capture.desktop.present import Present, present_desktop
from jupyter_capture.desktop.virtual import VirtualDesktop, missing_packages
from jupyter_capture.desktop.window import Slide

__all__ = ["Present", "Slide", "VirtualDesktop", "missing_packages", "present_desktop"]

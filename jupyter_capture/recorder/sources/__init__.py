"""The devices of this platform, behind one interface."""

from __future__ import annotations

import importlib
import sys

from jupyter_capture.errors import UnknownChannelError
from jupyter_capture.recorder.sources.base import AudioSource, VideoSource
from jupyter_capture.wire.capture import category_of

PREFIXES = "display:<n>, window:<id>, camera:<n>, mic:<device>, system_audio:<device>"


def video_source(channel_id: str, fps: int, platform: str = sys.platform) -> VideoSource:
    """The screen, window or camera that a channel names, not yet open."""
    _check(channel_id, ("display", "window", "camera"))
    if not platform.startswith("linux"):
        from jupyter_capture.recorder.sources import elsewhere

        return elsewhere.video(platform, channel_id, fps)
    if category_of(channel_id) == "camera":
        from jupyter_capture.recorder.sources.cameras import camera

        return camera(channel_id, fps)
    from jupyter_capture.recorder.sources.x11 import X11Screen, X11Window

    return (X11Window if channel_id.startswith("window:") else X11Screen)(channel_id, fps)


def audio_source(channel_id: str, platform: str = sys.platform) -> AudioSource:
    """The microphone or output that a channel names, not yet open."""
    _check(channel_id, ("mic", "system_audio"))
    if not platform.startswith("linux"):
        from jupyter_capture.recorder.sources import elsewhere

        return elsewhere.audio(platform, channel_id)
    from jupyter_capture.recorder.sources.pulse import PulseSound

    return PulseSound(channel_id)


def load(platform: str = sys.platform) -> None:
    """Import what opening a source takes time to import, as far as that needs no device."""
    if platform.startswith("linux"):
        for module in ("cffi.cparser", f"{__name__}.pulse", f"{__name__}.x11"):
            importlib.import_module(module)


def _check(channel_id: str, wanted: tuple[str, ...]) -> None:
    prefix, _, device = channel_id.partition(":")
    if prefix not in wanted or not device:
        raise UnknownChannelError(
            f"{channel_id!r} is no channel that can be recorded here. Accepted: {PREFIXES}; "
            "`default` is the system's default device."
        )

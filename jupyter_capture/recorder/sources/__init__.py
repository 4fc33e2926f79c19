"""The devices of this platform, behind one interface."""

from __future__ import annotations

import sys

from jupyter_capture.errors import DeviceError, UnknownChannelError
from jupyter_capture.recorder.sources.base import AudioSource, VideoSource
from jupyter_capture.wire.capture import category_of

PREFIXES = "display:<n>, mic:<device>, system_audio:<device>"


def video_source(channel_id: str, fps: int) -> VideoSource:
    """The screen that a channel names, not yet open."""
    _check(channel_id, ("screen",))
    from jupyter_capture.recorder.sources.x11 import X11Screen

    return X11Screen(channel_id, fps)


def audio_source(channel_id: str) -> AudioSource:
    """The microphone or output that a channel names, not yet open."""
    _check(channel_id, ("mic", "system_audio"))
    from jupyter_capture.recorder.sources.pulse import PulseSound

    return PulseSound(channel_id)


def _check(channel_id: str, wanted: tuple[str, ...]) -> None:
    prefix, _, device = channel_id.partition(":")
    known = category_of(channel_id) in wanted and prefix in ("display", "mic", "system_audio")
    if not known or not device:
        raise UnknownChannelError(
            f"{channel_id!r} is no channel that can be recorded here. Accepted: {PREFIXES}; "
            "`default` is the system's default device."
        )
    if not sys.platform.startswith("linux"):
        raise DeviceError(
            f"{channel_id} cannot be recorded: this recorder knows the devices of Linux only. "
            "Record from the browser instead."
        )

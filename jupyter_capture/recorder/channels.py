"""What this machine can record, and why the rest cannot be.

``python -m jupyter_capture.recorder.channels`` prints a ChannelList as JSON. It is waited for
whenever somebody looks what there is, so it loads nothing that only recording needs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from jupyter_capture.errors import DeviceError
from jupyter_capture.recorder.sources.base import SAMPLE_RATE
from jupyter_capture.wire.capture import ChannelInfo, ChannelList


def list_channels(environ: Mapping[str, str] = os.environ) -> ChannelList:
    """All channels, the default of each kind first, and what is missing for others.

    Asks the sound server through a connection that this process keeps: call it in a process
    that sees the user's ``DISPLAY`` and ``PULSE_SERVER``.
    """
    if not sys.platform.startswith("linux"):
        return ChannelList(
            channels=[],
            problems=[f"Devices of {sys.platform} cannot be recorded yet: use the browser."],
        )
    channels: list[ChannelInfo] = []
    problems: list[str] = []
    for find in (_screens, _sounds, _cameras):
        try:
            found, problem = find(environ)
        except DeviceError as error:
            found, problem = [], [error.message]
        channels += found
        problems += problem
    return ChannelList(channels=channels, problems=problems)


def _screens(environ: Mapping[str, str]) -> tuple[list[ChannelInfo], list[str]]:
    from jupyter_capture.recorder.sources.xscreens import display_problem, screens
    from jupyter_capture.recorder.sources.xwindows import named, windows

    if problem := display_problem(environ):
        return [], [problem]
    display = environ["DISPLAY"]
    channels = [
        ChannelInfo(
            channel_id=f"display:{index + 1}",
            name=f"Screen {index + 1} of {display}",
            type="video",
            is_default=index == 0,
            width=width,
            height=height,
        )
        for index, (width, height) in enumerate(screens(display, environ))
    ]
    channels += [
        ChannelInfo(
            channel_id=channel_id,
            name=found.name,
            type="video",
            width=found.width,
            height=found.height,
        )
        for channel_id, found in named(windows(display, environ))
    ]
    problems = []
    if environ.get("WAYLAND_DISPLAY"):
        problems.append(
            "This is a Wayland session: display:1 shows only windows of X programs. Log in to an "
            "X11 (Xorg) session to record the whole screen, or record from the browser."
        )
    return channels, problems


def _cameras(_: Mapping[str, str]) -> tuple[list[ChannelInfo], list[str]]:
    """A machine without one is no problem."""
    from jupyter_capture.recorder.sources.cameras import cameras

    found = [
        ChannelInfo(
            channel_id=f"camera:{number}", name=f"Camera: {name}", type="video", is_default=not at
        )
        for at, (number, name) in enumerate(cameras().items())
    ]
    return found, []


def _sounds(environ: Mapping[str, str]) -> tuple[list[ChannelInfo], list[str]]:
    from jupyter_capture.recorder.sources.pulse import sound_server

    soundcard = sound_server()
    problems = []
    microphones = {device.id: device.name for device in soundcard.all_microphones()}
    speakers = {device.id: device.name for device in soundcard.all_speakers()}
    if not microphones:
        problems.append("No microphone: the sound server lists none. Plug one in.")
    if not speakers:
        problems.append("No system audio: the sound server has no output whose sound to record.")
    default_mic = soundcard.default_microphone().id if microphones else None
    default_out = soundcard.default_speaker().id if speakers else None
    return [
        *_devices("mic", "Microphone", microphones, default_mic),
        *_devices("system_audio", "System audio", speakers, default_out),
    ], problems


def _devices(
    prefix: str, label: str, devices: dict[str, str], default: str | None
) -> list[ChannelInfo]:
    if not devices:
        return []
    rows = [("default", f"{label} (default: {devices.get(default or '', default)})")]
    rows += [(device, f"{label}: {name}") for device, name in devices.items()]
    return [
        ChannelInfo(
            channel_id=f"{prefix}:{device}",
            name=name,
            type="audio",
            is_default=device == "default",
            rate=SAMPLE_RATE,
        )
        for device, name in rows
    ]


if __name__ == "__main__":
    sys.stdout.write(list_channels().model_dump_json() + "\n")

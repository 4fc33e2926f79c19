"""What is opened on macOS and Windows. Tested for what it opens; never run there by us."""

from __future__ import annotations

from jupyter_capture.errors import DeviceError
from jupyter_capture.recorder.sources.base import AudioSource, VideoSource
from jupyter_capture.recorder.sources.grab import Grab
from jupyter_capture.recorder.sources.soundcard import CardSound

_MAC = (
    "Allow it in System Settings, Privacy & Security: Screen Recording, or Camera, for the program "
    "that started Python."
)
_WINDOWS = "Allow desktop programs to use it in Settings, Privacy."


def video(platform: str, channel_id: str, fps: int) -> VideoSource:
    """Raises DeviceError for what that platform has not."""
    prefix, _, name = channel_id.partition(":")
    number = 1 if name == "default" else int(name) if name.isdigit() else 0
    if platform == "darwin" and prefix == "display" and number:
        options = {"capture_cursor": "1", "pixel_format": "nv12"}
        url = f"Capture screen {number - 1}:none"
        return Grab(channel_id, fps, format="avfoundation", url=url, options=options, help=_MAC)
    if platform == "darwin" and prefix == "camera":
        url = "default:none" if name == "default" else f"{name}:none"
        return Grab(channel_id, fps, format="avfoundation", url=url, options={}, help=_MAC)
    if platform == "win32" and prefix == "display" and number == 1:
        options = {"draw_mouse": "1"}
        return Grab(channel_id, fps, format="gdigrab", url="desktop", options=options,
                    help=_WINDOWS)  # fmt: skip
    if platform == "win32" and prefix == "window":
        return Grab(channel_id, fps, format="gdigrab", url=f"title={name}", options={},
                    help="Is a window with exactly this title open?")  # fmt: skip
    if platform == "win32" and prefix == "camera" and name != "default":
        return Grab(channel_id, fps, format="dshow", url=f"video={name}", options={},
                    help=_WINDOWS)  # fmt: skip
    raise _not_here(platform, channel_id)


def audio(platform: str, channel_id: str) -> AudioSource:
    """Raises DeviceError for what that platform has not."""
    prefix = channel_id.partition(":")[0]
    if platform == "darwin" and prefix == "system_audio":
        raise DeviceError(
            f"{channel_id} cannot be recorded: macOS lets no program hear the others without a "
            "loopback device. Install one (BlackHole, for one) and record it as mic:<its name>, or "
            "record from the browser."
        )
    if platform in ("darwin", "win32"):
        return CardSound(channel_id)
    raise _not_here(platform, channel_id)


def _not_here(platform: str, channel_id: str) -> DeviceError:
    return DeviceError(
        f"{channel_id} cannot be recorded on {platform}. Record from the browser instead."
    )

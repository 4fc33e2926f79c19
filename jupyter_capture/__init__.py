"""Record screen and sound from a notebook; search what was said; play and cut the moment."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jupyter_capture._version import __version__

if TYPE_CHECKING:
    from jupyter_capture.client.audio import Audio
    from jupyter_capture.client.capture import CaptureClient
    from jupyter_capture.client.channel import AudioChannel, Channel, Channels, VideoChannel
    from jupyter_capture.client.collection import Collection
    from jupyter_capture.client.connection import Connection, connect
    from jupyter_capture.client.image import Image
    from jupyter_capture.client.rtstream import RTStream
    from jupyter_capture.client.search import SearchResult, Shot
    from jupyter_capture.client.session import CaptureSession
    from jupyter_capture.client.stream import play_stream
    from jupyter_capture.client.video import Video
    from jupyter_capture.client.websocket import WebSocketConnection
    from jupyter_capture.errors import CaptureError

__all__ = [
    "Audio",
    "AudioChannel",
    "CaptureClient",
    "CaptureError",
    "CaptureSession",
    "Channel",
    "Channels",
    "Collection",
    "Connection",
    "Image",
    "RTStream",
    "SearchResult",
    "Shot",
    "Video",
    "VideoChannel",
    "WebSocketConnection",
    "__version__",
    "connect",
    "load_ipython_extension",
    "play_stream",
    "unload_ipython_extension",
]

# Loaded when first used, so that `import jupyter_capture` and `%load_ext` are quick.
_HOMES = {
    "Audio": "client.audio",
    "AudioChannel": "client.channel",
    "CaptureClient": "client.capture",
    "CaptureError": "errors",
    "CaptureSession": "client.session",
    "Channel": "client.channel",
    "Channels": "client.channel",
    "Collection": "client.collection",
    "Connection": "client.connection",
    "Image": "client.image",
    "RTStream": "client.rtstream",
    "SearchResult": "client.search",
    "Shot": "client.search",
    "Video": "client.video",
    "VideoChannel": "client.channel",
    "WebSocketConnection": "client.websocket",
    "connect": "client.connection",
    "play_stream": "client.stream",
}
_MODULES = ("editor", "errors", "webhooks")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext jupyter_capture``: registers the magics; starts nothing."""
    from jupyter_capture import magics

    magics.load_ipython_extension(shell)


def unload_ipython_extension(shell: Any) -> None:
    """``%unload_ext jupyter_capture``. A recording goes on."""
    from jupyter_capture import magics

    magics.unload_ipython_extension(shell)


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """What `jupyter server extension list` finds, and Jupyter's server loads."""
    from jupyter_capture.server_extension.app import JupyterCapture

    return [{"module": "jupyter_capture.server_extension", "app": JupyterCapture}]

"""The vocabulary of ``videodb.editor``: timelines of tracks of clips of assets."""

from __future__ import annotations

from jupyter_capture.client.editor import *  # noqa: F403
from jupyter_capture.client.editor import __all__ as __all__

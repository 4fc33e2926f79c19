"""The main job once through, on this machine or on a desktop made for it."""

from __future__ import annotations

"""Ids: a prefix that tells the kind, and 16 random hex digits."""

from __future__ import annotations

import secrets
import time
from typing import Literal

Prefix = Literal[
    "c", "cap", "rts", "m", "a", "img", "job", "sk", "st", "dlv", "ws", "rti", "event", "alert",
    "tl",
]  # fmt: skip


def new_id(prefix: Prefix) -> str:
    return f"{prefix}-{secrets.token_hex(8)}"


def now() -> int:
    """Unix seconds."""
    return int(time.time())

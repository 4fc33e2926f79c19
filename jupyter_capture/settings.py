"""Every setting: name, default, help. Read from the environment (``JUPYTER_CAPTURE_…``).

Entry points (the command line, the engine's and the recorder's ``__main__``, ``connect()``)
read the settings once and hand values down; nothing else looks at the environment.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="JUPYTER_CAPTURE_", extra="ignore")

    data_dir: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("jupyter-capture"),
        description="Folder of the database and all recordings. One engine serves one folder.",
    )
    idle_minutes: float = Field(
        15.0, gt=0, description="Minutes without work after which an engine on demand ends."
    )
    fps: int = Field(15, ge=1, le=60, description="Frames a second of a screen recording.")
    max_height: int = Field(
        1080, ge=120, le=4320, description="Screens taller than this are scaled down to it."
    )
    disk_reserve_mb: int = Field(
        500, ge=0, description="Recording stops cleanly when less than this is free (MB)."
    )
    unattended_minutes: float = Field(
        10.0,
        gt=0,
        description="A recording to which nothing is attached for this long stops by itself.",
    )
    max_duration_hours: float = Field(12.0, gt=0, description="The longest recording (hours).")
    speech_model: str = Field(
        "tiny.en",
        description="Whisper model: the shipped `tiny.en`, a name that the hub knows, or a folder.",
    )
    model_hub: str = Field(
        "",
        description="Address from which speech models are downloaded; empty for the Hugging Face "
        "hub.",
    )
    transcribe_while_recording: bool = Field(
        True, description="Transcribe kept channels while they are recorded, at lowest priority."
    )
    threads: int = Field(2, ge=1, le=64, description="CPU threads of each model.")
    render_fps: int = Field(
        30, ge=1, le=60, description="Frames a second of rendered timelines and uploaded media."
    )
    cache_mb: int = Field(
        2000,
        ge=0,
        description="Size of the cache of rendered segments (MB); with 0 nothing is kept, nor "
        "rendered before it is asked for.",
    )
    renderers: int = Field(
        2, ge=1, le=64, description="Processes that render at once; not more than there are cores."
    )
    upload_limit_mb: int = Field(4096, gt=0, description="The largest upload (MB).")
    keep_days: float | None = Field(
        None,
        gt=0,
        description="Recordings and uploads older than this are deleted (days); not set, none is.",
    )
    max_bytes: int | None = Field(
        None,
        gt=0,
        description="When recordings and uploads take more, the oldest are deleted; not set, none "
        "is.",
    )
    private_callbacks: bool = Field(
        False,
        description="Let webhooks go to, and uploads be fetched from, addresses in private "
        "networks.",
    )
    posters: bool = Field(True, description="Put inline posters into saved notebooks.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much the engine and the recorder log."
    )

    @property
    def runtime_dir(self) -> Path:
        """A short private folder for Unix sockets, whose paths must stay under 108 bytes."""
        base = os.environ.get("XDG_RUNTIME_DIR")
        if base and len(base) < 40:
            return Path(base) / "jupyter-capture"
        user = os.getuid() if hasattr(os, "getuid") else "user"
        return Path(tempfile.gettempdir()) / f"jupyter-capture-{user}"

    @property
    def socket_stem(self) -> str:
        """Names this data folder within the runtime folder."""
        return hashlib.sha256(str(self.data_dir.absolute()).encode()).hexdigest()[:12]


def private_dir(path: Path) -> Path:
    """Create ``path`` (and parents) readable by this user alone."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path

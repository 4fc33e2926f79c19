"""What a recorder keeps an eye on: free space, the longest duration, channels without sound."""

from __future__ import annotations

import shutil
from pathlib import Path

from jupyter_capture.errors import StorageFullError
from jupyter_capture.recorder.channel import Tell
from jupyter_capture.recorder.clock import NS
from jupyter_capture.wire.recorder import RecorderSpec, Report

_MB = 1_000_000
_QUIET = -70.0  # dBFS
_QUIET_SECONDS = 10.0


class Watch:
    def __init__(self, spec: RecorderSpec, folder: Path, tell: Tell) -> None:
        self._reserve = spec.disk_reserve_mb
        self._longest = int(spec.max_duration_hours * 3600 * NS)
        self._folder = folder
        self._tell = tell
        self._quiet_since: dict[str, float] = {}
        self._told: set[str] = set()

    def check_space_at_start(self) -> None:
        """Raises StorageFullError where less than the reserve is free."""
        free = self._free_mb()
        if free < self._reserve:
            raise StorageFullError(
                f"Only {free} MB are free where recordings are stored, and {self._reserve} MB are "
                "kept in reserve (JUPYTER_CAPTURE_DISK_RESERVE_MB). Free some space, or choose "
                "another folder with JUPYTER_CAPTURE_DATA_DIR."
            )

    def reason_to_stop(self, media: int) -> str | None:
        """``disk`` or ``max_duration`` where the recording has to end at media time (ns)."""
        free = self._free_mb()
        if free < self._reserve:
            message = f"Only {free} MB are free: the recording was stopped, and is kept."
            data = {"free_mb": free, "reserve_mb": self._reserve, "message": message}
            self._tell(Report(report="disk", data=data))
            return "disk"
        return "max_duration" if media >= self._longest else None

    def listen(self, levels: dict[str, float], at: float) -> None:
        """Tell of each channel that has been silent for 10 s, once, and when it is heard again.
        ``at``: media seconds."""
        for channel_id, level in levels.items():
            if level > _QUIET:
                self._quiet_since.pop(channel_id, None)
                if channel_id in self._told:
                    self._told.discard(channel_id)
                    self._tell(Report(report="heard", data={"channel_id": channel_id, "at": at}))
                continue
            quiet = at - self._quiet_since.setdefault(channel_id, at)
            if quiet >= _QUIET_SECONDS and channel_id not in self._told:
                self._told.add(channel_id)
                seconds = f"{_QUIET_SECONDS:.0f} s"
                message = f"Nothing has been heard on {channel_id} for {seconds}. Is it muted?"
                data = {
                    "channel_id": channel_id,
                    "seconds": round(quiet, 1),
                    "at": at,
                    "message": message,
                }
                self._tell(Report(report="silence", data=data))

    def _free_mb(self) -> int:
        return shutil.disk_usage(self._folder).free // _MB

"""What a recorder that died left behind, to go on from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from jupyter_capture.errors import ConflictError
from jupyter_capture.media.remains import settle
from jupyter_capture.recorder.clock import NS
from jupyter_capture.recorder.manifest import NAME
from jupyter_capture.wire.recorder import Manifest, TrackManifest


@dataclass(frozen=True)
class Remains:
    manifest: Manifest

    @classmethod
    def read(cls, folder: Path) -> Remains | None:
        """None where nothing had begun. Raises ConflictError where the recording had ended."""
        try:
            manifest = Manifest.model_validate_json((folder / NAME).read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise ConflictError(f"The manifest in {folder} is damaged: {error}") from error
        if manifest.status != "recording":
            raise ConflictError(f"The recording in {folder} has ended. Start a new session.")
        settle(manifest, folder)
        manifest.restarts += 1
        return cls(manifest)

    def track(self, channel_id: str) -> TrackManifest | None:
        return next((one for one in self.manifest.tracks if one.channel_id == channel_id), None)

    def media(self, monotonic: int) -> int:
        """The media time (ns) of this monotonic moment: what was missed is a gap."""
        end = max(
            (-(-one.duration * NS // one.timescale) for one in self.manifest.tracks), default=0
        )
        if self.manifest.clock is None:
            return end
        media, then = self.manifest.clock
        # In a pause no time passes; and a machine that was started anew counts from the start.
        missed = 0 if self.manifest.paused else max(0, monotonic - then)
        return max(end, media + missed)

"""The states of a session, in their order."""

from __future__ import annotations

ORDER = ("created", "starting", "active", "stopping", "stopped", "exported")
ENDED = ("exported", "stopped", "failed")

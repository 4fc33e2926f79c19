"""Events, live indexes and alerts."""

from __future__ import annotations

from alembic import op

from jupyter_capture.engine.schema import alert_events, alerts, live_indexes, metadata

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # A fresh library has them already: the first migration makes the tables of today.
    metadata.create_all(op.get_bind(), tables=[alert_events, live_indexes, alerts])

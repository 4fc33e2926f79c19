"""Timelines that are kept under a name."""

from __future__ import annotations

from alembic import op

from jupyter_capture.engine.schema import metadata, timelines

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # A fresh library has it already: the first migration makes the tables of today.
    metadata.create_all(op.get_bind(), tables=[timelines])

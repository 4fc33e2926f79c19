"""Words that were put right by hand."""

from __future__ import annotations

from alembic import op

from jupyter_capture.engine.schema import corrections, metadata

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # A fresh library has it already: the first migration makes the tables of today.
    metadata.create_all(op.get_bind(), tables=[corrections])

"""Indexes over what sessions leave: a thousand of them made each call twice as long."""

from __future__ import annotations

from alembic import op

from jupyter_capture.engine.schema import BY_SESSION

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    # A fresh library has them already: the first migration makes the tables of today.
    for index in BY_SESSION:
        index.create(op.get_bind(), checkfirst=True)

"""Where on the screen a text was seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    columns = sa.inspect(op.get_bind()).get_columns("segments")
    # A fresh library has it already: the first migration makes the tables of today.
    if "boxes" not in {column["name"] for column in columns}:
        op.add_column("segments", sa.Column("boxes", sa.JSON))

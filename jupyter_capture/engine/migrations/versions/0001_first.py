"""The first tables."""

from __future__ import annotations

import time

from alembic import op

from jupyter_capture.engine.index import create_fts
from jupyter_capture.engine.schema import collections, metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    connection = op.get_bind()
    metadata.create_all(connection)
    create_fts(connection)
    connection.execute(
        collections.insert().values(
            id="default",
            name="Default",
            description="What is recorded and uploaded here.",
            is_public=False,
            created_at=int(time.time()),
        )
    )

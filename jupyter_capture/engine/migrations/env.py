"""What Alembic runs to migrate: the engine that `Store` hands it, in one transaction."""

from __future__ import annotations

from alembic import context

from jupyter_capture.engine.schema import metadata

with context.config.attributes["engine"].connect() as connection:
    writer = connection.execution_options(write=True)
    with writer.begin():
        context.configure(connection=writer, target_metadata=metadata, transactional_ddl=True)
        context.run_migrations()

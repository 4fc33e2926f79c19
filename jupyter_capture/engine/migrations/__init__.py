"""Alembic's environment. Run by `Store.migrate`, never by hand."""

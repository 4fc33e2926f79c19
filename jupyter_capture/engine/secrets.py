"""The library's own secrets, made once: the key of tickets and the secret of webhooks."""

from __future__ import annotations

import base64
import secrets as random

from sqlalchemy import select

from jupyter_capture.engine.schema import secrets
from jupyter_capture.engine.store import Store


def ticket_secret(store: Store) -> str:
    return _secret(store, "tickets", random.token_hex(32))


def webhook_secret(store: Store) -> str:
    """``whsec_…``, as Standard Webhooks writes it."""
    return _secret(store, "webhooks", "whsec_" + base64.b64encode(random.token_bytes(24)).decode())


def _secret(store: Store, name: str, fresh: str) -> str:
    with store.write() as connection:
        known = connection.execute(
            select(secrets.c.value).where(secrets.c.name == name)
        ).scalar_one_or_none()
        if known is None:
            connection.execute(secrets.insert().values(name=name, value=fresh))
        return known or fresh

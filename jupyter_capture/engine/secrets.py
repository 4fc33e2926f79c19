"""The library's own secrets, made once: the key of tickets and the secret of webhooks."""

from __future__ import annotations

import base64
import math
import secrets as random
import time

from sqlalchemy import select

from jupyter_capture.engine.schema import secrets
from jupyter_capture.engine.store import Store

OVERLAP_SECONDS = 24 * 3600
_NAME = "webhooks"
_BEFORE = "webhooks before"


def ticket_secret(store: Store) -> str:
    return _secret(store, "tickets", random.token_hex(32))


def webhook_secret(store: Store) -> str:
    """``whsec_…``, as Standard Webhooks writes it."""
    return _secret(store, _NAME, _fresh_webhook_secret())


def webhook_secrets(store: Store) -> list[tuple[str, float]]:
    """Those to sign with, each with the time (Unix seconds) until which: the present one, and for
    a day the one before, so that receivers have time to change."""
    found = [(webhook_secret(store), math.inf)]
    with store.read() as connection:
        before = connection.execute(
            select(secrets.c.value).where(secrets.c.name == _BEFORE)
        ).scalar_one_or_none()
    if before is not None:
        until, _, value = before.partition(" ")
        found.append((value, float(until)))
    return found


def renew_webhook_secret(store: Store) -> str:
    """Another one from now on."""
    before, fresh = webhook_secret(store), _fresh_webhook_secret()
    kept = f"{time.time() + OVERLAP_SECONDS:.0f} {before}"
    with store.write() as connection:
        connection.execute(secrets.delete().where(secrets.c.name.in_((_NAME, _BEFORE))))
        connection.execute(secrets.insert().values(name=_NAME, value=fresh))
        connection.execute(secrets.insert().values(name=_BEFORE, value=kept))
    return fresh


def _fresh_webhook_secret() -> str:
    return "whsec_" + base64.b64encode(random.token_bytes(24)).decode()


def _secret(store: Store, name: str, fresh: str) -> str:
    with store.write() as connection:
        known = connection.execute(
            select(secrets.c.value).where(secrets.c.name == name)
        ).scalar_one_or_none()
        if known is None:
            connection.execute(secrets.insert().values(name=name, value=fresh))
        return known or fresh

"""API keys (``sk-…``) and client tokens (``st-…``). Only their hashes are stored."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select

from jupyter_capture.engine.ids import now
from jupyter_capture.engine.schema import keys
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import AuthenticationError, NotFoundError

Kind = Literal["key", "client"]


@dataclass(frozen=True)
class Caller:
    """Who asks: ``owner`` (the user, or a key of theirs) or ``client`` (a client token).

    ``user``: the end user for whom a client token was made; None where it was made for any.
    """

    role: Literal["owner", "client"]
    user: str | None = None


class Keys:
    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, kind: Kind, label: str = "", expires_in: int | None = None) -> str:
        """A new key. This is the only time it can be read."""
        token = ("sk-" if kind == "key" else "st-") + secrets.token_urlsafe(32)
        with self._store.write() as connection:
            connection.execute(
                keys.insert().values(
                    id="key-" + secrets.token_hex(4),
                    kind=kind,
                    hash=_hash(token),
                    label=label,
                    created_at=now(),
                    expires_at=now() + expires_in if expires_in else None,
                )
            )
        return token

    def list(self) -> list[dict[str, Any]]:
        """The API keys, without their values."""
        columns = [keys.c.id, keys.c.label, keys.c.created_at, keys.c.expires_at, keys.c.revoked_at]
        with self._store.read() as connection:
            found = connection.execute(
                select(*columns).where(keys.c.kind == "key").order_by(keys.c.created_at)
            )
            return [dict(row._mapping) for row in found]

    def revoke(self, key_id: str) -> None:
        with self._store.write() as connection:
            done = connection.execute(
                keys.update()
                .where(keys.c.id == key_id, keys.c.revoked_at.is_(None))
                .values(revoked_at=now())
            )
        if done.rowcount == 0:
            raise NotFoundError(
                f"There is no key {key_id!r} in use. `jupyter-capture keys list` shows them."
            )

    def check(self, token: str | None) -> Caller:
        """Who sent ``token``. Raises AuthenticationError."""
        if not token:
            raise AuthenticationError(
                "No key was sent. Send one in the header x-access-token; "
                "`jupyter-capture keys create` makes one."
            )
        # Found by its hash, so that the time taken tells nothing about the key itself.
        with self._store.read() as connection:
            row = connection.execute(select(keys).where(keys.c.hash == _hash(token))).one_or_none()
        if row is None or row.revoked_at is not None:
            raise AuthenticationError(
                "This key is not known here. `jupyter-capture keys create` makes one."
            )
        if row.expires_at is not None and row.expires_at <= now():
            raise AuthenticationError("This token has expired. Ask for a new one.")
        if row.kind == "key":
            return Caller("owner")
        return Caller("client", row.label or None)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

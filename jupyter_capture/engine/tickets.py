"""Tickets: one thing, for a limited time, in an address that carries no key.

A token is ``<what>.<expiry, Unix seconds>.<signature>``. ``use`` is part of what is signed, so a
ticket for a stream opens nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Literal

from jupyter_capture.errors import AuthenticationError

Use = Literal["stream", "thumbnail", "download", "upload", "image", "events", "sprite"]
GRACE_SECONDS = 3600


class Tickets:
    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def issue(self, use: Use, what: str, seconds: float = GRACE_SECONDS) -> str:
        expiry = int(time.time() + seconds)
        return f"{what}.{expiry}.{self._sign(use, what, expiry)}"

    def check(self, use: Use, token: str) -> str:
        """What the ticket is for. Raises AuthenticationError."""
        what, _, rest = token.partition(".")
        expiry, _, signature = rest.partition(".")
        if not (expiry.isascii() and expiry.isdigit()) or len(expiry) > 12:
            raise AuthenticationError("This address is not valid. Ask for it again.")
        wanted = self._sign(use, what, int(expiry))
        if not hmac.compare_digest(wanted.encode(), signature.encode(errors="replace")):
            raise AuthenticationError("This address is not valid. Ask for it again.")
        if int(expiry) < time.time():
            raise AuthenticationError(
                "This address has expired. Ask for it again, for example with generate_stream()."
            )
        return what

    def _sign(self, use: Use, what: str, expiry: int) -> str:
        message = f"{use}:{what}:{expiry}".encode(errors="replace")
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()[:32]

"""The body of a request, read before anything else is: its size, and whether it is sound JSON."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from jupyter_capture.errors import InvalidRequestError, TooLargeError

LIMIT = 10_000_000
"""Bytes of a JSON body. Media comes in by an upload address, which has a limit of its own."""
_DRAIN = 8 * LIMIT
# What Python's JSON takes and nothing after it can: lone surrogates, NaN, infinities.
_SUSPECT = re.compile(rb"\\u[dD][89a-fA-F]|NaN|Infinity|[eE]\+?\d{3}")


async def checked(scope: Scope, receive: Receive) -> Receive:
    """A ``receive`` that gives the same body again. Raises TooLargeError, InvalidRequestError."""
    announced = Headers(scope=scope).get("content-length", "")
    size = int(announced) if announced.isascii() and announced.isdigit() else 0
    messages: list[Message] = []
    content = bytearray()
    while True:
        message = await receive()
        messages.append(message)
        if message["type"] != "http.request":
            break
        content += message.get("body", b"")
        size = max(size, len(content))
        if size > LIMIT:
            await _drain(receive, message, len(content))
            raise TooLargeError(
                f"The body has more than {LIMIT // 1_000_000} MB. Send media with upload(), "
                "and long lists in parts."
            )
        if not message.get("more_body", False):
            break
    if _SUSPECT.search(content):
        _check(bytes(content))
    waiting = iter(messages)

    async def again() -> Message:
        return next(waiting, None) or await receive()

    return again


async def _drain(receive: Receive, message: Message, seen: int) -> None:
    """Hear a sender out, within reason: one that is cut off while it sends reads no answer."""
    while message["type"] == "http.request" and message.get("more_body", False) and seen < _DRAIN:
        message = await receive()
        seen += len(message.get("body", b""))


def _check(content: bytes) -> None:
    try:
        found = json.loads(content, parse_constant=_refuse, parse_float=_finite)
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InvalidRequestError(
            "The body holds half of a surrogate pair, which is no character. Send valid Unicode."
        ) from None
    except (ValueError, RecursionError):
        return  # not JSON at all: the route says so


def _refuse(constant: str) -> NoReturn:
    raise InvalidRequestError(f"{constant} is not JSON. Send a number, or null.")


def _finite(text: str) -> Any:
    number = float(text)
    if not math.isfinite(number):
        raise InvalidRequestError(f"The number {text[:40]} is too large.")
    return number

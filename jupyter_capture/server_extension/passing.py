"""What is passed on between a browser and the engine, and what stays behind. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote, unquote_plus

PREFIX = "x-forwarded-prefix"
LOOKS = "x-jupyter-capture-looks"
SAFE = ("GET", "HEAD", "OPTIONS")
MEDIA = ("/stream/", "/download/", "/picture/", "/thumbnail/", "/sprite/")

# Lists of what passes, not of what does not: cookies, Authorization and what else may come to
# mean something stay here.
_UP = (
    "accept", "content-type", "content-length", "range", "if-range", "if-none-match",
    "if-modified-since", "x-videodb-client",
)  # fmt: skip
_DOWN = frozenset({
    "accept-ranges", "cache-control", "content-disposition", "content-encoding", "content-language",
    "content-length", "content-range", "content-security-policy", "content-type", "etag", "expires",
    "last-modified", "permissions-policy", "referrer-policy", "retry-after", "vary",
})  # fmt: skip
_SECRETS = frozenset({"token", "_xsrf"})
_TICKET = re.compile(r"\.\d{9,12}\.[0-9a-f]{32}")
_OWN_FRAMES = "frame-ancestors 'self'"
# What was uploaded, or is no page: nothing in it may run with the rights of the Jupyter page.
_INERT = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"


def headers_up(sent: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Of a browser's request. ``prefix``: the path below which the engine is reached."""
    passed = {name: sent[name] for name in _UP if name in sent}
    return {**passed, "accept-encoding": "identity", PREFIX: prefix}


def headers_down(answered: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Of the engine's answer."""
    found = [(name.lower(), value) for name, value in answered]
    policy = next((value for name, value in found if name == "content-security-policy"), _INERT)
    if "frame-ancestors" not in policy:
        policy = f"{policy}; {_OWN_FRAMES}"
    for name, value in found:
        if name in _DOWN and name != "content-security-policy":
            yield name, value
    yield "content-security-policy", policy
    yield "cross-origin-resource-policy", "same-origin"
    yield "x-content-type-options", "nosniff"


def query_up(query: str) -> str:
    """Without what is for Jupyter alone; the rest as it came."""
    parts = (part for part in query.split("&") if part)
    return "&".join(p for p in parts if unquote_plus(p.partition("=")[0]) not in _SECRETS)


def target_of(path: str, query: str) -> str:
    """``path``: the engine's, as it is quoted in the request, with its first slash."""
    kept = query_up(query)
    return f"{path}?{kept}" if kept else path


def without_tickets(address: str) -> str:
    """An address as it may stand in a log."""
    return _TICKET.sub(".(ticket)", address)


def is_use(method: str, path: str) -> bool:
    """Whether somebody does or plays something; asking how things are does not count."""
    return method not in SAFE or path.startswith(MEDIA)


def is_for_the_machine(path: str) -> bool:
    """Whether it makes keys: what opens the engine to others is not told to a page."""
    plain = unquote(path)
    return plain == "/keys" or plain.startswith("/keys/")

"""Keeps tickets out of what httpx logs, which a notebook with logging switched on would save."""

from __future__ import annotations

import logging
import re

_TICKET = re.compile(r"\.\d{9,12}\.[0-9a-f]{32}")


def without_tickets(record: logging.LogRecord) -> bool:
    """A filter of a logger. The line stays, without what opens anything."""
    said = record.getMessage()
    if _TICKET.search(said):
        record.msg, record.args = _TICKET.sub(".(ticket)", said), ()
    return True


def be_discreet() -> None:
    """Again is nothing: a logger has a filter once."""
    for name in ("httpx", "websockets.client"):
        logging.getLogger(name).addFilter(without_tickets)

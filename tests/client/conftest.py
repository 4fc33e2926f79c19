"""A client whose requests are answered by a list of answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from client_harness import Server

from jupyter_capture.client import _http
from jupyter_capture.client.connection import Connection


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setattr(_http, "BACKOFF", 0.0)
    return Server()


@pytest.fixture
def conn(server: Server) -> Iterator[Connection]:
    with server.connection() as connection:
        yield connection

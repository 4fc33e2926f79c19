from __future__ import annotations

from collections.abc import Iterator

import pytest
from server_harness import JupyterServer
from stub_engine import StubEngine

from jupyter_capture.desktop import VirtualDesktop


@pytest.fixture(scope="session")
def ada(
    desktop: VirtualDesktop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[JupyterServer]:
    """A server behind a Hub's prefix, with a token; its engine sees the virtual desktop."""
    folder = tmp_path_factory.mktemp("ada")
    with JupyterServer(folder, "/user/ada%40home/", **desktop.env) as server:
        yield server


@pytest.fixture(scope="session")
def bob(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """Another user's, with a password and HTTPS. Its engine is impatient to end."""
    folder = tmp_path_factory.mktemp("bob")
    env = {"JUPYTER_CAPTURE_IDLE_MINUTES": "0.1"}
    with JupyterServer(folder, "/user/bob/", password=True, **env) as server:
        yield server


@pytest.fixture(scope="session")
def eve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """A server whose engine cannot start, as its database is none; see `stub`."""
    folder = tmp_path_factory.mktemp("eve")
    with JupyterServer(folder, "/") as server:
        server.data_dir.mkdir()
        (server.data_dir / "library.sqlite3").mkdir()
        yield server


@pytest.fixture
def stub(eve: JupyterServer) -> Iterator[StubEngine]:
    """What `eve` takes for an engine meanwhile."""
    with StubEngine(eve.data_dir) as made:
        yield made

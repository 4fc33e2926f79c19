from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_harness import App, Bench, Receiver

from jupyter_capture.client.connection import connect
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.engine.app import create_app
from jupyter_capture.engine.services import Services
from jupyter_capture.settings import Settings


@pytest.fixture
def on_desktop(desktop: VirtualDesktop, monkeypatch: pytest.MonkeyPatch) -> VirtualDesktop:
    """What is started from here on sees the virtual desktop."""
    for name, value in desktop.env.items():
        monkeypatch.setenv(name, value)
    return desktop


@pytest.fixture
def bench(on_desktop: VirtualDesktop, tmp_path: Path) -> Iterator[Bench]:
    """An engine of the test's own, to be killed at will. Nothing runs before it is asked."""
    data_dir = tmp_path / "library"
    made = Bench(data_dir, connect(data_dir=data_dir))
    yield made
    made.close()


@pytest.fixture(scope="session")
def common(desktop: VirtualDesktop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One engine for the tests that only make sessions of their own in it."""
    data_dir = tmp_path_factory.mktemp("common")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in desktop.env.items():
            patch.setenv(name, value)
        made = Bench(data_dir, connect(data_dir=data_dir))
        made.connection.status()
    yield made
    made.close()


@pytest.fixture
def make_app(tmp_path: Path) -> Iterator[Callable[..., App]]:
    """Applications on one data folder, each with settings of its own."""
    made: list[Services] = []

    def make(serve: bool = False, **settings: Any) -> App:
        services = Services(
            Settings(data_dir=tmp_path / "library", **settings), "http://127.0.0.1:8000"
        )
        services.start()
        made.append(services)
        return App(services, create_app(services, serve=serve))

    yield make
    for services in made:
        services.close()


@pytest.fixture
def app(make_app: Callable[..., App]) -> App:
    return make_app()


@pytest.fixture
def receiver() -> Iterator[Callable[..., Receiver]]:
    """Webhook receivers that answer what they are told to."""
    made: list[Receiver] = []

    def make(*answers: int) -> Receiver:
        made.append(Receiver(list(answers) or [204]))
        return made[-1]

    yield make
    for one in made:
        one.close()

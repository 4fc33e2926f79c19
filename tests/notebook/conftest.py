"""A real IPython with the magics, and a real kernel."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from IPython.core.getipython import get_ipython
from IPython.core.interactiveshell import InteractiveShell
from IPython.testing.globalipapp import start_ipython
from jupyter_client.manager import KernelManager

from tests.conftest import Engine


@pytest.fixture
def shell(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """An IPython of the terminal's sort, with the extension loaded, on the tests' engine."""
    for name, value in engine.env.items():
        monkeypatch.setenv(name, value)
    start_ipython()
    ipython = get_ipython()
    assert ipython is not None
    ipython.extension_manager.load_extension("jupyter_capture")
    yield ipython
    ipython.extension_manager.unload_extension("jupyter_capture")


@dataclass(frozen=True)
class Said:
    """What a cell put out: text on stdout and stderr, MIME bundles, and errors with traceback."""

    out: str
    err: str
    shown: list[dict[str, Any]]
    errors: list[str]


class Kernel:
    """A kernel process of its own, as JupyterLab starts them."""

    def __init__(self, env: dict[str, str]) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(env=env)
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code: str, seconds: float = 90) -> Said:
        """Run a cell to its end."""
        messages: list[dict[str, Any]] = []
        self.client.execute_interactive(
            code, timeout=seconds, allow_stdin=False, output_hook=messages.append
        )
        return said(messages)

    def interrupt(self) -> None:
        """As the button in the notebook does: SIGINT for the kernel's whole process group."""
        os.killpg(os.getpgid(self.manager.provisioner.pid), signal.SIGINT)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


def said(messages: list[dict[str, Any]]) -> Said:
    text = {"stdout": "", "stderr": ""}
    shown, errors = [], []
    for message in messages:
        content = message["content"]
        if message["msg_type"] == "stream":
            text[content["name"]] += content["text"]
        elif message["msg_type"] in ("display_data", "execute_result"):
            shown.append(content["data"])
        elif message["msg_type"] == "error":
            errors.append(f"{content['ename']}: {content['evalue']}")
    return Said(text["stdout"], text["stderr"], shown, errors)


@pytest.fixture
def kernel(engine: Engine) -> Iterator[Kernel]:
    """A kernel in which the extension is loaded, on the tests' engine."""
    running = Kernel(engine.env)
    try:
        running.run("%load_ext jupyter_capture")
        yield running
    finally:
        running.close()

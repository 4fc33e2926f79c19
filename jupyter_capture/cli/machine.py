"""Commands about this machine: serve, demo, doctor."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from jupyter_capture.cli._console import connect
from jupyter_capture.cli._console import console as new_console
from jupyter_capture.errors import InvalidRequestError


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8765,
    url: Annotated[
        str | None, typer.Option(help="How others reach it, such as https://studio.example.org.")
    ] = None,
    tls_certificate: Annotated[
        Path | None, typer.Option(help="PEM file; needed where others than this machine listen.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file of its private key.")] = None,
) -> None:
    """Serve the whole API to programs with a key, until Ctrl-C."""
    import os

    from jupyter_capture.local import end_engine, running_engine
    from jupyter_capture.settings import Settings, private_dir

    if host not in ("127.0.0.1", "localhost", "::1") and tls_certificate is None:
        raise InvalidRequestError(
            f"At {host} others can listen in, so TLS is needed: give --tls-certificate and "
            "--tls-key. Or listen on 127.0.0.1 behind a reverse proxy with TLS, and name it with "
            "--url https://…"
        )
    folder = Settings().data_dir
    if pid := running_engine(folder):
        with connect() as connection:
            state = connection.status()
        if state.serves or state.recordings or state.jobs:
            busy = "serves already" if state.serves else "is at work"
            raise InvalidRequestError(
                f"The engine of {folder} (process {pid}) {busy}. "
                "End it first: jupyter-capture stop --engine"
            )
        end_engine(folder)  # one that our own commands started, and that has nothing to do
    private_dir(folder)
    command = [sys.executable, "-m", "jupyter_capture.engine", "--data-dir", str(folder)]
    command += ["--host", host, "--port", str(port)]
    if url is not None:
        command += ["--url", url]
    if tls_certificate is not None:
        command += ["--tls-certificate", str(tls_certificate.absolute())]
    if tls_key is not None:
        command += ["--tls-key", str(tls_key.absolute())]
    # In its place: signals and the exit status are the engine's own.
    shown = url or f"{'https' if tls_certificate else 'http'}://{host}:{port}"
    sys.stderr.write(f"Serving {folder} at {shown}; Ctrl-C ends it.\n")
    os.execv(sys.executable, command)


def demo(
    output: Annotated[Path, typer.Option(help="Folder for library and notebook.")] = Path(
        "demo-output"
    ),
    seconds: Annotated[float, typer.Option(min=12, max=600, help="How long to record.")] = 20.0,
    virtual: Annotated[
        bool, typer.Option("--virtual", help="Record a virtual desktop, even if there is one here.")
    ] = False,
    notebook: Annotated[bool, typer.Option(help="Run the quickstart notebook too.")] = True,
) -> None:
    """Record, export, search and play once, in a library of its own."""
    from jupyter_capture.demo.run import Options, run

    if not run(Options(output, seconds, virtual, notebook), new_console()):
        raise typer.Exit(1)


def doctor() -> None:
    """Say what this machine can record, what is missing, and how to get it."""
    from jupyter_capture.doctor import examine, show
    from jupyter_capture.settings import Settings

    report = examine(Settings())
    show(report, new_console())
    if not report.can_record:
        raise typer.Exit(1)

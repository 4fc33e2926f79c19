"""The command line, a file for a group of commands. Each imports what it needs, so that ``--help``
is quick."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from jupyter_capture.cli import keys, library, machine, models, recording, webhooks
from jupyter_capture.cli._hints import in_commands
from jupyter_capture.cli.completion import completion, prepare
from jupyter_capture.cli.forget import forget
from jupyter_capture.cli.purge import purge
from jupyter_capture.cli.strip import strip
from jupyter_capture.errors import CaptureError

app = typer.Typer(
    help="Record screen, microphone and system audio; search what was said; play the moment.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _command in (
    machine.serve,
    recording.record,
    recording.stop,
    forget,
    library.sessions,
    library.search,
    library.index,
    purge,
    strip,
    machine.demo,
    machine.doctor,
    completion,
):
    app.command()(_command)
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")
app.add_typer(webhooks.app, name="webhooks")


def main() -> None:
    """Run; a `CaptureError` becomes one line on standard error and exit status 1."""
    prepare()
    try:
        app()
    except CaptureError as error:
        sys.stderr.write(f"jupyter-capture: {in_commands(error.message)}\n")
        sys.exit(1)


def _version(asked: bool) -> None:
    if asked:
        from jupyter_capture._version import __version__

        typer.echo(f"jupyter-capture {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of the program itself."""

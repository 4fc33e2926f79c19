"""Completion of commands and options by the shell."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

# Public, though typer does not say that it hands them on.
from typer.completion import (  # type: ignore[attr-defined]
    completion_init,
    get_completion_script,
)

NAME = "jupyter-capture"
VARIABLE = "_JUPYTER_CAPTURE_COMPLETE"
"""Set by the shell that asks what a command may go on with."""


class Shell(StrEnum):
    bash = "bash"
    zsh = "zsh"
    fish = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(help="The shell that reads it.")] = Shell.bash,
) -> None:
    """Print what a shell reads to complete commands: eval "$(jupyter-capture completion bash)"."""
    typer.echo(get_completion_script(prog_name=NAME, complete_var=VARIABLE, shell=shell.value))


def prepare() -> None:
    """Without typer's own two options, which write into a user's shell files, it is to be told."""
    completion_init()

"""Commands about speech models."""

from __future__ import annotations

from typing import Annotated

import typer

from jupyter_capture.cli._console import connect, say
from jupyter_capture.cli._console import console as new_console

app = typer.Typer(help="Speech models.", no_args_is_help=True, rich_markup_mode=None)

_STATES = {
    "shipped": "comes with this package",
    "downloaded": "on this machine",
    "begun": "begun: download it again to go on",
    "absent": "-",
}


@app.command("list")
def listed() -> None:
    """List the models: languages, and what lies on this machine. A star marks the one in use."""
    from jupyter_capture.client._display import megabytes

    console = new_console()
    with connect() as connection:
        found = connection.http.get("models")["models"]
    for each in found:
        languages = "many languages" if each.get("multilingual") else "English"
        size = megabytes(each["size"]) if each.get("size") else ""
        star = "*" if each.get("used") else " "
        row = f"{star} {each['name']:18} {languages:15} {size:>9}  {_STATES[each['state']]}"
        say(console, row.rstrip())
    say(console, "JUPYTER_CAPTURE_SPEECH_MODEL sets the one in use, or the folder of another.")


@app.command("download")
def download(
    name: Annotated[str, typer.Argument(help="As `list` names it, or owner/name on the hub.")],
) -> None:
    """Load a model from the hub, or go on where a download broke off. Every file is verified."""
    with connect() as connection:
        connection.http.post(
            "models", {"name": name}, title=f"Downloading {name}", show_progress=True
        )
    typer.echo(f"{name} is on this machine. To use it: JUPYTER_CAPTURE_SPEECH_MODEL={name}")

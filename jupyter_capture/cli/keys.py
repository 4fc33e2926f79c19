"""Commands about API keys."""

from __future__ import annotations

from typing import Annotated

import typer

from jupyter_capture.cli._console import connect, say
from jupyter_capture.cli._console import console as new_console

app = typer.Typer(help="API keys for `serve`.", no_args_is_help=True, rich_markup_mode=None)


@app.command("create")
def create(label: Annotated[str, typer.Argument(help="What it is for.")] = "") -> None:
    """Make a key and print it. It is shown this once; only its hash is kept."""
    with connect() as connection:
        made = connection.http.post("keys", {"label": label})
    typer.echo(made["key"])


@app.command("list")
def listed() -> None:
    """List the keys, without their secrets."""
    console = new_console()
    with connect() as connection:
        found = connection.http.get("keys")["keys"]
    for key in found:
        state = "revoked" if key.get("revoked_at") else "valid"
        say(console, f"{key['id']}  {state:8} {key.get('label') or '-'}")
    if not found:
        say(console, "There are no keys yet: jupyter-capture keys create")


@app.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(help="Its id, as `list` shows it.")]) -> None:
    """End a key at once."""
    with connect() as connection:
        connection.http.delete(f"keys/{key_id}")
    typer.echo(f"{key_id} is revoked.")

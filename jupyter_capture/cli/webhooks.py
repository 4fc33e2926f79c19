"""Commands about webhooks."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from jupyter_capture.cli._console import connect, say
from jupyter_capture.cli._console import console as new_console
from jupyter_capture.errors import InvalidRequestError

app = typer.Typer(
    help="What was sent to callback addresses.", no_args_is_help=True, rich_markup_mode=None
)
_STATES = ("waiting", "pending", "delivered", "gone", "abandoned")


@app.command("list")
def listed(
    session: Annotated[str | None, typer.Option(help="Of this session alone.")] = None,
    status: Annotated[str | None, typer.Option(help=", ".join(_STATES) + ".")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
) -> None:
    """List deliveries, the newest first: what, to whom, and what came of it."""
    if status is not None and status not in _STATES:
        raise InvalidRequestError(f"--status {status} is none of {', '.join(_STATES)}.")
    console = new_console()
    with connect() as connection:
        found = connection.get_deliveries(session, status, limit)
    now = time.time()
    for one in found:
        tries = "1 try" if one.attempts == 1 else f"{one.attempts} tries"
        when = f", again in {_span(one.next_try - now)}" if one.next_try else ""
        about = f"{one.event or 'job'} {one.session_id or ''}".strip()
        answer = f" ({one.answer})" if one.answer else ""
        say(console, f"{one.id}  {one.status:9} {about}  {one.url}  {tries}{answer}{when}")
    if not found:
        say(console, "Nothing was sent yet. A session's callback_url gets its webhooks.")


@app.command("retry")
def retry(
    delivery: Annotated[str | None, typer.Argument(help="Its id, as `list` shows it.")] = None,
    session: Annotated[str | None, typer.Option(help="Those of this session.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that did not arrive.")] = False,
) -> None:
    """Try again now, and from then on after the schedule."""
    if not (delivery or session or everything):
        raise InvalidRequestError("Say which: the id of a delivery, --session cap-…, or --all.")
    with connect() as connection:
        ids = connection.retry_deliveries(delivery, session)
    typer.echo(f"{len(ids)} {'is' if len(ids) == 1 else 'are'} tried now.")


@app.command("secret")
def secret(
    new: Annotated[bool, typer.Option("--new", help="Make another; for a day both sign.")] = False,
) -> None:
    """Print the secret with which receivers check signatures. Keep it as you would a password."""
    with connect() as connection:
        typer.echo(connection.webhook_secret(renew=new))


def _span(seconds: float) -> str:
    left = max(0, round(seconds))
    if left < 120:
        return f"{left} s"
    return f"{left / 60:.0f} min" if left < 7200 else f"{left / 3600:.0f} h"

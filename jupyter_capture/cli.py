"""The command line. Each command imports what it needs, so that ``--help`` is quick."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jupyter_capture.errors import CaptureError, InvalidRequestError

if TYPE_CHECKING:
    from rich.console import Console

    from jupyter_capture.client.connection import Connection
    from jupyter_capture.client.session import CaptureSession

DEFAULT_CHANNELS = ["display:1", "mic:default", "system_audio:default"]
RECORDING = ("starting", "active", "paused")

app = typer.Typer(
    help="Record screen, microphone and system audio; search what was said; play the moment.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
keys = typer.Typer(help="API keys for `serve`.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(keys, name="keys")


def main() -> None:
    """Run; a `CaptureError` becomes one line on standard error and exit status 1."""
    try:
        app()
    except CaptureError as error:
        sys.stderr.write(f"jupyter-capture: {' '.join(error.message.split())}\n")
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


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8765,
) -> None:
    """Serve the whole API to programs with a key, until Ctrl-C."""
    import os

    from jupyter_capture.local import end_engine, running_engine
    from jupyter_capture.settings import Settings, private_dir

    folder = Settings().data_dir
    if pid := running_engine(folder):
        with _connect() as connection:
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
    # In its place: signals and the exit status are the engine's own.
    sys.stderr.write(f"Serving {folder} at http://{host}:{port}; Ctrl-C ends it.\n")
    os.execv(sys.executable, [*command, "--host", host, "--port", str(port)])


@app.command()
def record(
    seconds: Annotated[
        float | None, typer.Option(min=0.5, help="How long; without it until Ctrl-C.")
    ] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(help="A channel to keep; can be repeated. [default: display, mic, sound]"),
    ] = None,
    live: Annotated[
        list[str] | None,
        typer.Option(help="A channel that is live only and reaches no file; can be repeated."),
    ] = None,
    primary: Annotated[
        str | None, typer.Option(help="The kept display whose picture the video gets.")
    ] = None,
    fps: Annotated[int | None, typer.Option(min=1, max=60, help="Frames a second.")] = None,
) -> None:
    """Record; print where the files are and how large."""
    lives = live or []
    kept = channel or ([] if lives else DEFAULT_CHANNELS)
    if both := sorted(set(kept) & set(lives)):
        raise InvalidRequestError(f"{both[0]} cannot be both kept and live only; name it once.")
    channels: list[Any] = [{"name": name, "store": True} for name in kept]
    channels += [{"name": name, "store": False} for name in lives]
    console = _console()
    with _connect() as connection:
        session = connection.create_capture_session(end_user_id="cli")
        _say(console, "Starting …")
        with _signals_as_interrupts():
            try:
                session.start(channels, primary, fps=fps)
                for item in channels:
                    _say(console, f"{item['name']:22} {'kept' if item['store'] else 'live only'}")
                _record_for(session, seconds, console)
            except KeyboardInterrupt:
                _say(console, "Stopping …")
            session.refresh()
            if session.status in RECORDING:
                session.stop()
        _tell_end(session, console)


@contextmanager
def _signals_as_interrupts() -> Iterator[None]:
    """A closed terminal, or a polite end, stops a recording as Ctrl-C does."""
    import signal

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.getsignal(getattr(signal, name)) for name in names}
    for name in names:
        signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


@app.command()
def stop(
    session_id: Annotated[str | None, typer.Argument(help="Default: all that record.")] = None,
    engine: Annotated[bool, typer.Option("--engine", help="Then end the engine too.")] = False,
) -> None:
    """Stop recording; what is kept is exported."""
    from jupyter_capture.local import end_engine, running_engine
    from jupyter_capture.settings import Settings

    console = _console()
    folder = Settings().data_dir
    if running_engine(folder) is None and session_id is None:
        _say(console, "Nothing records: no engine runs.")
        return
    with _connect() as connection:
        if session_id is not None:
            sessions = [connection.get_capture_session(session_id)]
        else:
            sessions = [
                connection.get_capture_session(found) for found in connection.status().recordings
            ]
        for session in sessions:
            session.stop()
            _tell_end(session, console)
        if not sessions:
            _say(console, "Nothing records.")
    if engine and end_engine(folder):
        _say(console, "The engine has ended.")


@app.command()
def sessions() -> None:
    """List what was recorded, newest first."""
    console = _console()
    with _connect() as connection:
        found = connection.list_capture_sessions()
    if not found:
        _say(console, "Nothing was recorded yet: jupyter-capture record")
        return
    for session in found:
        size = sum(item.bytes for item in session.storage) / 1e6
        _say(
            console,
            f"{session.id}  {session.status:9} {session.duration or 0.0:8.1f} s {size:9.1f} MB  "
            f"{session.exported_video_id or '-'}",
        )


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="What to look for.")],
    video: Annotated[str | None, typer.Option(help="In this video alone (m-…).")] = None,
    top: Annotated[int, typer.Option(min=1, max=100, help="At most so many shots.")] = 5,
) -> None:
    """Find moments by what was said. Videos that are not indexed yet are indexed first."""
    console = _console()
    query = " ".join(words)
    if not query.strip():
        raise InvalidRequestError("The query is empty. Write the words that you look for.")
    with _connect() as connection:
        collection = connection.get_collection()
        if video:
            videos = [collection.get_video(video)]
        else:
            videos = [item for item in collection.get_videos() if not item.channel_id]
        for item in videos:
            # One without sound has nothing to index; where it was asked for, that is said.
            with nullcontext() if video else suppress(InvalidRequestError):
                item.index_spoken_words(show_progress=console.is_terminal)
        if not videos:
            raise InvalidRequestError("There is nothing to search yet: jupyter-capture record")
        where = videos[0] if video else collection
        result = where.search(query, top_k=top)
        for shot in result.shots:
            shot.generate_stream()
            _say(console, f"{shot.video_id}  {shot.start:8.2f} – {shot.end:8.2f}  {shot.text}")
            _say(console, f"    {shot.player_url}")
    if not result.shots:
        _say(console, f"Nothing was found for “{query}”.")


@app.command()
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

    if not run(Options(output, seconds, virtual, notebook), _console()):
        raise typer.Exit(1)


@app.command()
def doctor() -> None:
    """Say what this machine can record, what is missing, and how to get it."""
    from jupyter_capture.doctor import examine, show
    from jupyter_capture.settings import Settings

    report = examine(Settings())
    show(report, _console())
    if not report.can_record:
        raise typer.Exit(1)


@keys.command("create")
def keys_create(label: Annotated[str, typer.Argument(help="What it is for.")] = "") -> None:
    """Make a key and print it. It is shown this once; only its hash is kept."""
    with _connect() as connection:
        made = connection.http.post("keys", {"label": label})
    typer.echo(made["key"])


@keys.command("list")
def keys_list() -> None:
    """List the keys, without their secrets."""
    console = _console()
    with _connect() as connection:
        found = connection.http.get("keys")["keys"]
    for key in found:
        state = "revoked" if key.get("revoked_at") else "valid"
        _say(console, f"{key['id']}  {state:8} {key.get('label') or '-'}")
    if not found:
        _say(console, "There are no keys yet: jupyter-capture keys create")


@keys.command("revoke")
def keys_revoke(key_id: Annotated[str, typer.Argument(help="Its id, as `list` shows it.")]) -> None:
    """End a key at once."""
    with _connect() as connection:
        connection.http.delete(f"keys/{key_id}")
    typer.echo(f"{key_id} is revoked.")


def _connect() -> Connection:
    from jupyter_capture.client.connection import connect

    return connect()


def _console() -> Console:
    from rich.console import Console

    return Console()


def _say(console: Console, text: str) -> None:
    """As it is: no wrapping and no markup, so that it can be piped and copied."""
    console.print(text, soft_wrap=True, markup=False, highlight=False)


def _record_for(session: CaptureSession, seconds: float | None, console: Console) -> None:
    """Wait until the time is over, or the session ends by itself."""
    import time

    end = None if seconds is None else time.monotonic() + seconds
    length = "until Ctrl-C" if seconds is None else f"for {seconds:g} s"
    _say(console, f"Recording {session.id} {length}.")
    with console.status("recording") as status:
        while end is None or time.monotonic() < end:
            left = 0.5 if end is None else max(0.0, min(0.5, end - time.monotonic()))
            time.sleep(left)
            session.refresh()
            if session.status not in RECORDING:
                return
            levels = "  ".join(f"{name} {value:.0f} dB" for name, value in session.levels.items())
            status.update(f"{session.duration or 0.0:.0f} s  {levels}")


def _tell_end(session: CaptureSession, console: Console) -> None:
    _say(console, f"{session.id} {session.status}, {session.duration or 0.0:.1f} s")
    for item in session.storage:
        _say(console, f"{item.channel_id:22} {item.bytes / 1e6:9.2f} MB  {item.path}")
    if session.exported_video_id:
        _say(console, f"{'video':22} {session.exported_video_id}")
    elif not session.storage:
        _say(console, "Nothing was kept, so nothing is exported.")
    for warning in session.warnings:
        _say(console, f"warning: {warning}")


if __name__ == "__main__":
    main()

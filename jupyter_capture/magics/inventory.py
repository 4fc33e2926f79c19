"""Magics that say what there is: connect, channels, sessions; and delete."""

from __future__ import annotations

from argparse import Namespace

from IPython.core.error import UsageError

from jupyter_capture.errors import CaptureError, InvalidRequestError
from jupyter_capture.magics import telling
from jupyter_capture.magics.channels import CELLS
from jupyter_capture.magics.commands import command, in_magics, option, variable, whole_number
from jupyter_capture.magics.current import Current
from jupyter_capture.magics.telling import say


class Inventory:
    """Each public method is a magic."""

    def __init__(self, current: Current) -> None:
        self._current = current

    @command(
        option("url", nargs="?", metavar="URL", help="A server; default: this machine's engine."),
        option("--key", help="Its key. Write {name} for a variable: the notebook keeps no key."),
        option("--into", type=variable, metavar="NAME", help="Assign the connection to a name."),
    )
    def capture_connect(self, args: Namespace) -> None:
        """Connect to this machine's engine, or to another server.

        All other magics connect by themselves. For a server without --key you are asked for it.

        Example::

            %capture_connect
            %capture_connect https://api.videodb.io --key {my_key}
        """
        from jupyter_capture.client.connection import connect

        if args.key and not args.url:
            raise UsageError("--key belongs to a server: %capture_connect URL --key {name}")
        key = (args.key or _ask_key(args.url)) if args.url else None
        connection = connect(api_key=key, base_url=args.url)
        try:
            if connection.data_dir is None:
                connection.get_collections()  # a wrong key or address is told here
            else:
                say(f"Engine of process {connection.status().pid}.")
        except CaptureError:
            connection.close()
            raise
        self._current.use(connection)
        self._current.assign(args.into, connection)
        say(f"Connected to {connection.data_dir or connection.base_url}.")

    @command()
    def capture_channels(self, args: Namespace) -> None:
        """List what this machine can record, and what it cannot, and why.

        Example::

            %capture_channels
        """
        found = self._current.connection.get_channels()
        rows = [(info.channel_id, info.name) for info in found.channels]
        rows.append((CELLS, "The cells that you run: %capture_start --cells"))
        width = max(len(name) for name, _ in rows)
        say(*(f"  {name:{width}}  {what}" for name, what in rows))
        say(*map(in_magics, found.problems))

    @command(
        option("-n", type=whole_number(1, 10_000), default=20, help="How many; default: 20."),
    )
    def capture_sessions(self, args: Namespace) -> None:
        """List what was recorded, newest first.

        Example::

            %capture_sessions -n 5
        """
        found = self._current.connection.list_capture_sessions()
        say(*(telling.session_row(session) for session in found[: args.n]))
        if len(found) > args.n:
            say(f"… and {len(found) - args.n} more")
        if not found:
            say("Nothing was recorded yet. %capture_start begins.")

    @command(option("ids", nargs="+", metavar="ID", help="Sessions (cap-…), or assets (m-…, a-…)."))
    def capture_delete(self, args: Namespace) -> None:
        """Delete for good. With a session goes all of it: media, words, cells, videos.

        Example::

            %capture_delete cap-0123456789abcdef
        """
        for id in args.ids:
            self._delete(id)
            say(f"{id} was deleted.")

    def _delete(self, id: str) -> None:
        current = self._current
        collection = current.connection.get_collection()
        if id.startswith("cap-"):
            current.connection.get_capture_session(id).delete()
        elif id.startswith("a-"):
            collection.delete_audio(id)
        elif id.startswith("m-"):
            collection.delete_video(id)
        else:
            raise InvalidRequestError(
                f"{id} names nothing that can be deleted. Name a session (cap-…), a video (m-…) "
                "or a sound (a-…); %capture_sessions lists them."
            )
        if current.session and id in (current.session.id, current.session.exported_video_id):
            current.video = None
            current.session = None if id == current.session.id else current.session
        current.shots = [shot for shot in current.shots if shot.video_id != id]


def _ask_key(url: str) -> str:
    from getpass import getpass

    try:
        return getpass(f"Key for {url}: ")
    except (EOFError, OSError, NotImplementedError) as error:
        raise UsageError(
            f"{url} needs a key, and this front end cannot ask for it. Write --key {{name}}."
        ) from error

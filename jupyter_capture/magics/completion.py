"""Tab completion of options, channels, sessions and videos. Never starts an engine."""

from __future__ import annotations

from argparse import Action, ArgumentParser
from collections.abc import Callable, Iterable
from typing import Any

from jupyter_capture.errors import CaptureError
from jupyter_capture.magics.channels import CELLS, DEFAULT_CHANNELS
from jupyter_capture.magics.commands import Command
from jupyter_capture.magics.current import Current


def register(shell: Any, current: Current, commands: Iterable[Command]) -> None:
    for each in commands:
        completer = _completer(current, each.parser)
        shell.set_hook("complete_command", completer, str_key=_key(each))


def unregister(shell: Any, commands: Iterable[Command]) -> None:
    """IPython has no call for this; a second load would add a second completer."""
    for each in commands:
        shell.strdispatchers["complete_command"].strs.pop(_key(each), None)


def _key(command: Command) -> str:
    return f"{'%' if command.kind == 'line' else '%%'}{command.name}"


def _completer(current: Current, parser: ArgumentParser) -> Callable[[Any, Any], list[str]]:
    def complete(_: Any, event: Any) -> list[str]:
        before = event.text_until_cursor
        word = "" if before[-1:].isspace() else before.split()[-1]
        previous = before.removesuffix(word).split()[-1]
        found = _candidates(current, parser, previous, word)
        # IPython replaces only what follows the last delimiter, such as the ":" of a channel.
        kept = len(word) - len(event.symbol)
        return [each[kept:] for each in found if each.startswith(word)]

    return complete


def _candidates(
    current: Current, parser: ArgumentParser, previous: str, word: str
) -> Iterable[str]:
    options = parser._option_string_actions
    if word.startswith("-"):
        return list(options)
    action = options.get(previous)
    if action is None or action.nargs == 0:
        action = next((each for each in parser._actions if not each.option_strings), None)
    return _values(current, action) if action is not None else []


def _values(current: Current, action: Action) -> Iterable[str]:
    if action.choices is not None:
        return [str(choice) for choice in action.choices]
    kinds = _IDS.get(str(action.metavar or action.dest))
    if kinds is None:
        return []
    try:
        return [id for kind in kinds for id in kind(current)]
    except CaptureError:
        return []  # Tab is no place for an error; running the line tells it


def _channels(current: Current) -> Iterable[str]:
    connection = current.answering()
    if connection is None:
        return [*DEFAULT_CHANNELS, CELLS]
    return [*(info.channel_id for info in connection.channels()), CELLS]


def _sessions(current: Current) -> Iterable[str]:
    connection = current.answering()
    return [session.id for session in connection.list_capture_sessions()] if connection else []


def _videos(current: Current) -> Iterable[str]:
    connection = current.answering()
    return [video.id for video in connection.get_collection().get_videos()] if connection else []


def _numbers(current: Current) -> Iterable[str]:
    return [str(number) for number in range(1, len(current.shots) + 1)]


# By what an argument is called in the help.
_IDS: dict[str, tuple[Callable[[Current], Iterable[str]], ...]] = {
    "CHANNEL": (_channels,),
    "SESSION": (_sessions,),
    "VIDEO": (_videos,),
    "ID": (_sessions, _videos),
    "WHAT": (_numbers, _sessions, _videos),
}

"""From a line to a call: options, quotes, and every error in one line."""

from __future__ import annotations

import argparse
import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from IPython.core import magic_arguments
from IPython.core.error import UsageError
from IPython.core.magic import no_var_expand

from jupyter_capture.errors import CaptureError

Kind = Literal["line", "cell"]
Method = Callable[[Any, argparse.Namespace], None]
T = TypeVar("T")

# A single quote quotes only where it opens a word, so that apostrophes are just letters.
_TOKEN = re.compile(r"""(?:(?<![^\s=])'[^']*'(?!\S)|"[^"]*"|\S)+""")
_LENGTH = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", re.IGNORECASE)

_IN_MAGICS = [
    (re.compile(said), instead)
    for said, instead in (
        (r"`collection\.get_videos\(\)` and `get_audios\(\)` list what there is",
         "%capture_sessions lists what there is"),
        (r"`connection\.list_capture_sessions\(\)` lists them", "%capture_sessions lists them"),
        (r"[Cc]all index_\w+\(\)(?: or index_\w+\(\))? on (?:it|a video) first",
         "%search without channel: indexes it first"),
        (r" Keep it with store=True, or name another\.", " Keep it, or name another."),
        (r" Start it first, or delete it\.", " %capture_delete deletes it."),
        (r" Create a new session to record again\.", " %capture_start begins a new one."),
        (r",? or record from the browser|: use the browser", ""),
        (r"Stop it first\.", "%capture_stop stops it."),
        (r"generate_stream\(\)", "%play"),
    )
]  # fmt: skip


@dataclass(frozen=True)
class Command:
    """A magic: ``run(line)``, or ``run(line, cell)`` for a cell magic."""

    name: str
    kind: Kind
    run: Callable[..., None]
    parser: argparse.ArgumentParser


def option(*names: str, **how: Any) -> Any:
    """As ``add_argument`` takes it. Quotes around a value are taken off."""
    if "action" not in how:
        how.setdefault("type", unquoted)
    return magic_arguments.argument(*names, **how)  # type: ignore[no-untyped-call]


def command(*options: Any, kind: Kind = "line", name: str = "") -> Callable[[Method], Method]:
    """Make ``method(self, args)`` a magic; its docstring is the help, with an example."""

    def decorate(method: Method) -> Method:
        called = name or method.__name__
        for each in reversed(options):
            each(method)
        shown = called if kind == "line" else f"%{called}"
        magic_arguments.magic_arguments(shown)(method)  # type: ignore[no-untyped-call]
        method._magic = (called, kind)  # type: ignore[attr-defined]
        return method

    return decorate


def commands_of(holder: object) -> list[Command]:
    """The magics among the methods of ``holder``."""
    found = []
    for method in vars(type(holder)).values():
        if hasattr(method, "_magic"):
            name, kind = method._magic
            found.append(Command(name, kind, _runner(holder, method, kind), method.parser))
    return found


def register(shell: Any, commands: Iterable[Command]) -> None:
    for each in commands:
        shell.register_magic_function(each.run, each.kind, each.name)


def unregister(shell: Any, commands: Iterable[Command]) -> None:
    for each in commands:
        shell.magics_manager.magics[each.kind].pop(each.name, None)


def tokens(line: str) -> list[str]:
    """The words of a line; what stands in quotes is one, with its quotes. A ``#`` that stands by
    itself begins a comment."""
    found = _TOKEN.findall(line)
    return found[: found.index("#")] if "#" in found else found


def unquoted(word: str) -> str:
    whole = len(word) > 1 and word[0] in "\"'" and word[-1] == word[0]
    return word[1:-1] if whole else word


def seconds(text: str) -> float:
    """``30``, ``30s``, ``2m``, ``1h30m`` in seconds."""
    found = _LENGTH.fullmatch(unquoted(text))
    hours, minutes, rest = found.groups() if found else (None, None, None)
    length = int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(rest or 0)
    if not length > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no length of time; write 30s, 2m or 1h30m")
    return length


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """An argument's type: a whole number in a range."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[+-]?\d+", text) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} to {most}")
        return int(text)

    return read


def variable(text: str) -> str:
    """An argument's type: a name that can be assigned to."""
    name = unquoted(text)
    if not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{name!r} cannot be a variable's name")
    return name


def one_line(error: CaptureError) -> str:
    """The message in the magics' words; of a longer one its first line, and the last, which says
    why."""
    lines = [line.strip() for line in in_magics(error.message).splitlines() if line.strip()]
    return " ".join([lines[0], lines[-1]] if len(lines) > 1 else lines)


def in_magics(message: str) -> str:
    """What the client says to programs, said to someone who types magics."""
    for said, instead in _IN_MAGICS:
        message = said.sub(instead, message)
    return message


def _runner(holder: object, method: Method, kind: Kind) -> Callable[..., None]:
    parser: argparse.ArgumentParser = method.parser  # type: ignore[attr-defined]

    @functools.wraps(method)
    def run(line: str, cell: str = "") -> None:
        try:
            args = parser.parse_intermixed_args(tokens(line))
            args.cell = cell
            method(holder, args)
        except CaptureError as error:
            raise UsageError(one_line(error)) from None

    return no_var_expand(run) if kind == "cell" else run

"""The table of all that VideoDB's SDK offers, and what becomes of it on this engine.

`docs/compatibility.md` is written from it: ``python -m tests.contract.surface`` (``make
compatibility``). The entries themselves are in ``surface_*.py``.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
import videodb
from videodb.exceptions import InvalidRequestError

PAGE = Path(__file__).parents[2] / "docs" / "compatibility.md"

State = Literal["works", "501", "gap", "sdk"]
WORDS: dict[State, str] = {
    "works": "works",
    "501": "answers 501",
    "gap": "not yet",
    "sdk": "prevented by the SDK",
}


@dataclass
class Bench:
    """What entries are tried on: one engine, and one recording that its SDK made and indexed.

    ``live`` holds what was answered while a second session recorded.
    """

    url: str
    key: str
    sdk: Any
    collection: Any
    recorded: Any
    video: Any
    audio: Any
    mic: Any
    folder: Path
    webhooks: Any
    live: dict[str, Any] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)
    """Addresses that the SDK opened in a browser."""
    _kept: dict[Any, Any] = field(default_factory=dict)

    def once(self, name: Any, make: Callable[[], Any]) -> Any:
        """The same thing for all entries that ask for it."""
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]


Try = Callable[[Bench], Any]


@dataclass(frozen=True)
class Entry:
    """One public method. ``run`` returns True, or raises what is wrong."""

    state: State
    run: Try
    note: str = ""


TABLE: dict[str, Entry] = {}


def works(*names: str, note: str = "") -> Callable[[Try], Try]:
    """The decorated function shows that these methods work."""
    return _mark("works", names, note)


def prevented(*names: str, note: str) -> Callable[[Try], Try]:
    """The decorated function shows what in the SDK itself stands in the way."""
    return _mark("sdk", names, note)


def empty_yet(*names: str, note: str) -> Callable[[Try], Try]:
    """The decorated function shows that the answer is empty, for want of what would fill it."""
    return _mark("gap", names, note)


def all_work(tries: dict[str, Try]) -> None:
    """Each function tells whether its method works."""
    for name, run in tries.items():
        works(name)(run)


def not_offered(tries: dict[str, Try], note: str = "") -> None:
    """Each function calls what is answered by 501."""
    for name, run in tries.items():
        _mark("501", [name], note)(_refused(run, "by the local engine"))


def not_yet(tries: dict[str, Try], note: str = "") -> None:
    """Each function calls what is answered by 501 in this version."""
    for name, run in tries.items():
        _mark("gap", [name], note)(_refused(run, "(this|This) version"))


def out_of_reach(maker: Try, names: Sequence[str], note: str) -> None:
    """Methods of what only ``maker`` gives, and that is answered by 501."""
    for name in names:
        _mark("501", [name], note)(_refused(maker, "by the local engine"))


def _mark(state: State, names: Sequence[str], note: str) -> Callable[[Try], Try]:
    def add(run: Try) -> Try:
        for name in names:
            assert name not in TABLE, f"{name} is in the table twice"
            TABLE[name] = Entry(state, run, note)
        return run

    return add


def _refused(run: Try, words: str) -> Try:
    def check(bench: Bench) -> bool:
        with pytest.raises(InvalidRequestError, match=words) as caught:
            run(bench)
        answer = caught.value.response
        assert answer.status_code == 501
        assert answer.json()["error_code"] == "NOT_OFFERED"
        return True

    return check


def methods() -> Iterator[str]:
    """``module.Class.method`` of all that is public in the SDK."""
    for found in pkgutil.walk_packages(videodb.__path__, "videodb."):
        module = importlib.import_module(found.name)
        for name, cls in vars(module).items():
            if inspect.isclass(cls) and cls.__module__ == found.name:
                for method, value in vars(cls).items():
                    if not method.startswith("_") and _is_method(value):
                        yield f"{found.name.rpartition('.')[2]}.{name}.{method}"


def _is_method(value: Any) -> bool:
    return inspect.isroutine(value) or isinstance(value, property | staticmethod | classmethod)


def load() -> dict[str, Entry]:
    """The whole table."""
    for part in ("library", "media", "capture", "beyond"):
        importlib.import_module(f"tests.contract.surface_{part}")
    return TABLE


def page() -> str:
    """docs/compatibility.md."""
    table = load()
    counts = {state: sum(e.state == state for e in table.values()) for state in WORDS}
    lines = [
        "# Compatibility with VideoDB's SDK",
        "",
        f"Generated by `make compatibility` from the table in tests/contract, which calls every "
        f"public method of the official Python SDK (`videodb` {videodb.__about__.__version__}), "
        "unmodified, on an engine that serves.",
        "",
        f"Of {len(table)} public methods **{counts['works']} work**, **{counts['501']} answer "
        f"501** with a message that says what there is instead, **{counts['gap']} are not there "
        f"yet** (501, or an honest empty list), and **{counts['sdk']} are prevented by the SDK** "
        "itself.",
        "",
        "Also good to know: `CaptureSession.get_rtstream` knows a screen as `screen` only, never "
        "`display`; an `RTStream` drops the `exported_asset_id` that the engine sends, so use "
        "`rtstream.export().video_id`; `CaptureClient.start_session` takes the channels of "
        "`list_channels()`, not dicts.",
    ]
    title = ""
    for name in dict.fromkeys([*methods(), *table]):
        module, cls, method = name.split(".")
        if title != f"{module}.{cls}":
            title = f"{module}.{cls}"
            lines += ["", f"## {title}", "", "| method | state | note |", "|---|---|---|"]
        entry = table[name]
        lines.append(f"| `{method}` | {WORDS[entry.state]} | {entry.note} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    # As a module of its own name, so that the entries' table is this one.
    from tests.contract.surface import page as written

    PAGE.write_text(written())
    sys.stdout.write(f"{PAGE}\n")

"""Executed cells, the channel ``notebook:cells``. What looks like a secret is masked on the way."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, field_validator

from jupyter_capture.wire._base import Wire

CELLS = "notebook:cells"
"""The channel's id. It is ours alone: VideoDB's lists of channels and streams do not show it."""

MASK = "•••"
LONGEST = 20_000
"""Characters of a cell that are kept."""


class Cell(Wire):
    """A cell that was executed. ``number`` is the one in ``[…]``, ``cell_id`` its place in the
    notebook, ``error`` the name of an exception; ``started`` and ``ended`` in Unix seconds."""

    code: str
    status: Literal["ok", "error"] = "ok"
    started: float = Field(allow_inf_nan=False)
    ended: float = Field(allow_inf_nan=False)
    number: int | None = Field(None, ge=0)
    cell_id: str | None = Field(None, max_length=200)
    error: str | None = Field(None, max_length=200)

    @field_validator("code")
    @classmethod
    def _mask(cls, code: str) -> str:
        return masked(code[: 4 * LONGEST])[:LONGEST]  # a secret at the end is cut off, not shown


class CellsRequest(Wire):
    cells: list[Cell] = Field(max_length=1000)


class TimedCell(Cell):
    """``start`` and ``end`` in seconds of the session's media time."""

    start: float
    end: float


class CellPage(Wire):
    """``store``: kept (true), live only (false), or no channel of this session (null)."""

    store: bool | None = None
    cells: list[TimedCell] = Field(default_factory=list)


class CellChapter(Wire):
    """A chapter for each cell that ran, in seconds of an asset."""

    start: float
    end: float
    title: str


class CellChapters(Wire):
    chapters: list[CellChapter]


# What a name is called that holds a secret; "tokenizer", "max_tokens" and "author" are none.
_NAME = (
    r"(?:passw(?:or)?d|passphrase|pwd|secret|token(?!i[sz]|s\b|_)|credential|(?:api|access|auth|"
    r"account|private|secret|signing|encryption|client|license|subscription)[_-]?key|apikey|"
    r"_key\b|\bkey(?=\s*=[^=]|[\"']\s*\]?\s*[:=])|authorization|bearer|login\b|authenticate)"
)
_NAMED = re.compile(_NAME, re.IGNORECASE)
_LITERAL = re.compile(
    r"""(?P<q>\"\"\"|'''|"|')(?P<body>(?:\\.|(?!(?P=q)).)*)(?P=q)""",
    re.DOTALL,
)
_OPEN = ("=", "(", ",", "[", "{", ":", "\\")

_KNOWN = re.compile(
    r"""(?x)
    \b(?:sk|st|pk|rk|whsec|hf|ghp|gho|ghu|ghs|github_pat|glpat|xox[abeprs]|npm|pypi|dop_v1|shpat)
        [-_][A-Za-z0-9_\-]{6,}
    | \b(?:AKIA|ASIA)[0-9A-Z]{12,} | \bAIza[\w\-]{20,} | \bya29\.[\w\-]+
    | \beyJ[\w\-]{5,}\.[\w\-]+(?:\.[\w\-]+)?
    | -----BEGIN[^-]+-----.*?(?:-----END[^-]+-----|\Z)
    """,
    re.DOTALL,
)
_RANDOM = re.compile(r"(?<![\w/+\-])[A-Za-z0-9+/_\-]{24,}={0,2}(?![\w/])")
_USER_INFO = re.compile(r"(?P<head>\b[a-z][a-z0-9+.\-]*://[^\s/:@'\"]*:)[^\s/@'\"]+(?=@)", re.I)
_QUERY = re.compile(
    r"(?P<head>[?&][\w\-]*(?:token|key|secret|sig|signature|password|pwd|auth|code)[\w\-]*=)"
    r"[^&\s'\"#]+",
    re.I,
)
_HEADER = re.compile(
    r"(?P<head>\b(?:authorization|x-[\w\-]*(?:key|token|secret))\s*[\"']?\s*[:=]\s*[\"']?"
    r"(?:bearer|basic|token)?\s*)[^\s\"',}]+",
    re.I,
)
_FLAG = re.compile(
    rf"(?P<head>(?<!\S)--?[\w\-]*(?:{_NAME}|key|pass|auth)[\w\-]*(?:\s+|=))(?!-)"
    r"(?:\"[^\"]*\"|'[^']*'|\S+)",
    re.I,
)
_PAIR = re.compile(rf"(?P<head>\b\w*{_NAME}\w*\s*(?:=|:|\s)\s*)(?P<value>[^\s\"'{{$]\S*)", re.I)
_USER_PASS = re.compile(r"(?P<head>(?<!\S)-u\s+[^\s:]+:)\S+")
_COMMAND = re.compile(r"^\s*(?:[!%]|[\w, ]+=\s*[!%])")


def masked(code: str) -> str:
    """The code without what looks like a key, a token or a password: too much rather than too
    little. What a name like ``api_key`` is given, addresses with a password, well-known forms
    of keys, and long random letters are replaced by dots."""
    text = _KNOWN.sub(MASK, code)
    text = _USER_INFO.sub(_headed, text)
    text = _QUERY.sub(_headed, text)
    text = _HEADER.sub(_headed, text)
    text = _named_literals(text)
    text = "".join(_command(line) for line in text.splitlines(keepends=True))
    return _RANDOM.sub(lambda found: MASK if _is_random(found[0]) else found[0], text)


def _headed(found: re.Match[str]) -> str:
    return found["head"] + MASK


def _named_literals(text: str) -> str:
    """Mask the texts in quotes that follow such a name in its line, and, where the line goes on,
    in the next."""
    result: list[str] = []
    at = 0
    while (name := _NAMED.search(text, at)) is not None:
        # A name within quotes, as os.environ["TOKEN"] = …: what is masked begins after it.
        start = _after_quote(text, name)
        end = _end_of_statement(text, start)
        result.append(text[at:start])
        result.append(_LITERAL.sub(_emptied, text[start:end]))
        at = max(end, name.end())
    return "".join([*result, text[at:]])


def _after_quote(text: str, name: re.Match[str]) -> int:
    line = text.rfind("\n", 0, name.start()) + 1
    for literal in _LITERAL.finditer(text, line):
        if literal.start() >= name.start():
            break
        if literal.end() >= name.end():
            return literal.end()
    return name.end()


def _end_of_statement(text: str, at: int) -> int:
    while True:
        end = text.find("\n", at)
        if end < 0:
            return len(text)
        opened = _unclosed(text, at, end)
        if opened:
            return opened
        if not text[at:end].rstrip().endswith(_OPEN):
            return end
        at = end + 1


def _unclosed(text: str, at: int, end: int) -> int:
    """Where a text in three quotes that begins in this line ends; 0 where there is none."""
    line = text[at:end]
    if '"""' not in line and "'''" not in line:
        return 0
    for literal in _LITERAL.finditer(text, at):
        if literal.start() >= end:
            return 0
        if literal.end() > end:
            return literal.end()
    return 0


def _emptied(literal: re.Match[str]) -> str:
    quote = literal["q"]
    return f"{quote}{MASK}{quote}" if literal["body"] else literal[0]


def _command(line: str) -> str:
    """A line for the shell or a magic, where values need no quotes."""
    if not _COMMAND.match(line):
        return line
    for pattern in (_FLAG, _USER_PASS, _PAIR):
        line = pattern.sub(_headed, line)
    return line


def _is_random(word: str) -> bool:
    """Letters as a machine makes them: long, mixed, with digits among them."""
    if MASK in word:
        return False
    digits = sum(letter.isdigit() for letter in word)
    mixed = any(letter.isupper() for letter in word) and any(letter.islower() for letter in word)
    hexadecimal = len(word) >= 32 and all(letter in "0123456789abcdefABCDEF" for letter in word)
    return digits >= (1 if len(word) >= 36 else 3) and (mixed or hexadecimal)


def code_line(code: str, longest: int = 80) -> str:
    """The first line of a cell that says something."""
    lines: list[Any] = [line.strip() for line in code.splitlines()]
    told = [line for line in lines if line and not line.startswith("#")] or [
        line for line in lines if line
    ]
    first = told[0] if told else ""
    return first if len(first) <= longest else first[: longest - 1] + "…"

"""How else a number may be written: ``$40,000``, ``40000``, ``40k``, ``forty thousand``."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NAMES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety"
)
_SMALL, _TENS = _NAMES.split()[:20], _NAMES.split()[20:]
_SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_LETTERS = {"k": 1_000, "m": 1_000_000}
_UNITS = {word: value for value, word in enumerate(_SMALL)}
_TENS_OF = {word: 10 * value for value, word in enumerate(_TENS, 2)}
NUMBER_WORDS = frozenset([*_UNITS, *_TENS_OF, *_SCALES, "hundred"])
_DIGITS = re.compile(r"[$€£¥]?(?:(\d{1,3}(?:,\d{3})+|\d+)|(\d+(?:\.\d+)?)([km]))(?:\.0+)?[$€£%]?")
_MOST = 10**12


def value_of(word: str) -> int | None:
    """What a word of digits is worth: ``40,000`` and ``$40k`` are 40000. None for any other."""
    found = _DIGITS.fullmatch(word.casefold())
    if found is None:
        return None
    if found[1]:
        plain = found[1].replace(",", "")
        # A number that begins with 0 is a name: 0049, 007.
        return int(plain) if len(plain) < 13 and plain == str(int(plain)) else None
    value = float(found[2]) * _LETTERS[found[3]]
    return int(value) if value.is_integer() and value < _MOST else None


def value_of_words(words: Sequence[str]) -> int | None:
    """What ``forty two thousand`` is worth; ``four zero four`` is 404. None where it is none."""
    names = [word.casefold() for word in words]
    if len(names) > 1 and all(name in _SMALL[:10] for name in names):
        return int("".join(str(_UNITS[name]) for name in names)) if names[0] != "zero" else None
    total = group = 0
    room = _MOST  # the next word must be worth less
    for name in names:
        if name in _SCALES:
            scale = _SCALES[name]
            if not group or (total and total % (scale * 1000)):
                return None
            total, group, room = total + group * scale, 0, _MOST
        elif name == "hundred":
            if not 0 < group < 10:
                return None
            group, room = group * 100, 100
        else:
            worth = _TENS_OF.get(name, _UNITS.get(name, _MOST))
            if worth >= room or (worth >= 10 and group % 100):
                return None
            group, room = group + worth, 10 if worth >= 20 else 0
    return total + group


def spellings(value: int) -> list[str]:
    """All ways in which it is written, as phrases of plain words."""
    plain = str(value)
    found = [plain, f"{value:,}".replace(",", " ")]
    if value and value % 1_000 == 0:
        found.append(f"{value // 1_000}k")
    if value and value % 100_000 == 0 and value >= 1_000_000:
        found += [f"{value / 1_000_000:g}m", f"{value / 1_000_000:g} million"]
    said = _said(value)
    found += [" ".join(said), " ".join(_with_and(said))]
    if 2 <= len(plain) <= 4:
        found.append(" ".join(_SMALL[int(digit)] for digit in plain))
    return list(dict.fromkeys(found))


def _said(value: int) -> list[str]:
    if value < 20:
        return [_SMALL[value]]
    if value < 100:
        tens, rest = divmod(value, 10)
        return [_TENS[tens - 2], *(_said(rest) if rest else [])]
    for name, scale in (*reversed(_SCALES.items()), ("hundred", 100)):
        if value >= scale:
            many, rest = divmod(value, scale)
            return [*_said(many), name, *(_said(rest) if rest else [])]
    return []


def _with_and(said: list[str]) -> list[str]:
    """``four hundred and four``."""
    found: list[str] = []
    for at, word in enumerate(said):
        found.append(word)
        if word == "hundred" and at + 1 < len(said) and said[at + 1] not in _SCALES:
            found.append("and")
    return found

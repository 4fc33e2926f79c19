"""Early checks of what a timeline is made of, so that the line that is wrong is the one named."""

from __future__ import annotations

import math
from enum import Enum
from typing import Any, TypeVar

from jupyter_capture.errors import InvalidRequestError

E = TypeVar("E", bound=Enum)


def finite(name: str, value: Any) -> float:
    """A number that is neither NaN nor infinite, as it was written (an int stays one)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidRequestError(f"{name} is {value!r}; it must be a number.")
    if not math.isfinite(value):
        raise InvalidRequestError(f"{name} is {value}; it must be a finite number.")
    return value


def at_least(name: str, value: Any, least: float) -> float:
    if finite(name, value) < least:
        raise InvalidRequestError(f"{name} is {value}; it must be {least:g} or more.")
    return float(value) if isinstance(value, float) else value


def positive(name: str, value: Any) -> float:
    if not finite(name, value) > 0:
        raise InvalidRequestError(f"{name} is {value}; it must be more than 0.")
    return float(value) if isinstance(value, float) else value


def within(name: str, value: Any, least: float, most: float) -> float:
    if not least <= finite(name, value) <= most:
        raise InvalidRequestError(f"{name} is {value}; it must be {least:g} to {most:g}.")
    return float(value) if isinstance(value, float) else value


def one_of(name: str, value: Any, kind: type[E]) -> E:
    """The member that ``value`` is, or names."""
    try:
        return kind(value)
    except ValueError:
        names = ", ".join(str(member.value) for member in kind)
        raise InvalidRequestError(f"{name} is {value!r}; it must be one of {names}.") from None


_KINDS = {"m-": "a video", "a-": "an audio", "img-": "an image", "cap-": "a session"}


def asked_id(name: str, value: Any) -> str:
    """The id that somebody asks for; None comes from a session that is not exported."""
    if isinstance(value, str) and value.strip("/ "):
        return value
    raise InvalidRequestError(
        f"{name} was given {value!r}, which is no id. exported_video_id and exported_asset_id are "
        "None until the session is exported, and stay so for what was not kept (store=True)."
    )


def some_id(name: str, value: Any, *prefixes: str) -> str:
    """An asset's id; None comes from a channel that was not kept, or not exported yet.
    ``prefixes`` of the kinds that will do: an id of another kind known is refused."""
    if isinstance(value, str) and value:
        kind = next((prefix for prefix in _KINDS if value.startswith(prefix)), None)
        if kind is not None and prefixes and kind not in prefixes:
            raise InvalidRequestError(
                f"{name} has the id {value!r}, which is {_KINDS[kind]}; it takes "
                f"{' or '.join(_KINDS[each] for each in prefixes)}."
            )
        return value
    raise InvalidRequestError(
        f"{name} has the id {value!r}. A channel has an asset when it was kept (store=True) and "
        "its session is exported; exported_asset_id is its id."
    )

"""The wire's models, and the errors: what is written is what is read."""

from __future__ import annotations

import importlib
import json
import pkgutil
import types
import typing
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from jupyter_capture import errors, wire
from jupyter_capture.engine.app import failure
from jupyter_capture.wire import Failure, Ok, Wire

UNKNOWN = "a field that nobody knows"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


def models() -> list[type[Wire]]:
    for found in pkgutil.iter_modules(wire.__path__, "jupyter_capture.wire."):
        importlib.import_module(found.name)

    def below(cls: type[Wire]) -> Iterator[type[Wire]]:
        for sub in cls.__subclasses__():
            yield sub
            yield from below(sub)

    made = {cls for cls in below(Wire) if cls.__module__.startswith("jupyter_capture.wire")}
    plain = {cls for cls in made if not cls.__pydantic_generic_metadata__["args"] and cls is not Ok}
    return sorted(plain, key=lambda cls: (cls.__module__, cls.__name__))


@cache
def json_of(model: type[Wire]) -> st.SearchStrategy[dict[str, Any]]:
    """What may come in for a model, with a field too many in every object."""
    needed: dict[str, st.SearchStrategy[Any]] = {UNKNOWN: JSON}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for name, field in model.model_fields.items():
        values = st.deferred(lambda field=field: value_of(field.annotation, tuple(field.metadata)))
        (needed if field.is_required() else optional)[field.alias or name] = values
    return st.fixed_dictionaries(needed, optional=optional)


def value_of(kind: Any, limits: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        return value_of(inner[0], (*limits, *inner[1:]))
    if origin in (typing.Union, types.UnionType):
        return st.one_of(value_of(one, limits) for one in inner)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin is list:
        return st.lists(value_of(inner[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(value_of(inner[0]), value_of(inner[1]), max_size=3)
    if origin is tuple:
        return st.tuples(*map(value_of, inner)).map(list)
    if origin is Ok:
        return st.fixed_dictionaries({"success": st.just(True), "data": JSON})
    if isinstance(kind, type) and issubclass(kind, Wire):
        return json_of(kind)
    return plain_of(kind, limits)


def plain_of(kind: Any, limits: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    def limit(*names: str) -> Any:
        found = (getattr(one, name, None) for one in limits for name in names)
        return next((one for one in found if one is not None), None)

    if kind is str:
        most = limit("max_length")
        return st.text(
            st.characters(exclude_categories=["Cs"]),
            min_size=limit("min_length") or 0,
            max_size=20 if most is None else min(20, most),
        )
    if kind is int:
        return st.integers(limit("ge", "gt"), limit("le"))
    if kind is float:
        low, high = limit("ge", "gt"), limit("le", "lt")
        return st.floats(
            low,
            high,
            exclude_min=limit("gt") is not None,
            allow_nan=False,
            allow_infinity=False,
        )
    return {bool: st.booleans(), type(None): st.none()}.get(kind, JSON)


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_a_model_is_read_as_it_was_written_and_ignores_what_it_does_not_know(
    model: type[Wire],
) -> None:
    @settings(
        max_examples=20,
        deadline=None,
        suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
    )
    @given(json_of(model))
    def check(data: dict[str, Any]) -> None:
        try:
            made = model.model_validate(data)
        except ValidationError:
            reject()  # fields that must agree with one another
        text = made.model_dump_json(by_alias=True)
        assert model.model_validate_json(text) == made
        assert model.model_validate(json.loads(text)) == made
        assert model.model_validate(made.model_dump()) == made
        assert UNKNOWN not in json.loads(text)

    check()


ERRORS = errors._tree(errors.CaptureError)


@pytest.mark.parametrize("cls", ERRORS, ids=lambda cls: cls.__name__)
def test_an_error_arrives_as_the_class_that_was_raised(cls: type[errors.CaptureError]) -> None:
    answer = failure(cls("What failed / \U0001f600 and\nwhat to do."))
    body = Failure.model_validate_json(bytes(answer.body))
    again = errors.from_response(answer.status_code, body.error_code, body.message)
    assert type(again) is cls
    assert again.message == "What failed / \U0001f600 and\nwhat to do."


@pytest.mark.parametrize("cls", ERRORS, ids=lambda cls: cls.__name__)
def test_an_error_without_a_code_of_ours_has_the_status_of_its_class(
    cls: type[errors.CaptureError],
) -> None:
    for code in (None, "", "SOMETHING_ELSE"):
        assert errors.from_response(cls.status, code, "said").status == cls.status


def test_codes_name_one_class_each() -> None:
    codes = [cls.code for cls in ERRORS]
    assert sorted(codes) == sorted(set(codes))


@pytest.mark.parametrize(
    ("status", "cls"), [(418, errors.InvalidRequestError), (599, errors.EngineError)]
)
def test_a_status_that_is_not_ours_becomes_the_nearest_class(
    status: int, cls: type[errors.CaptureError]
) -> None:
    assert type(errors.from_response(status, None, "said")) is cls

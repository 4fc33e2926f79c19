"""Lengths as ffmpeg's filters write them: numbers and sums of named ones."""

from __future__ import annotations

import ast
import operator
from collections.abc import Mapping
from math import isfinite

from jupyter_capture.errors import InvalidRequestError

_LONGEST = 200
_LARGEST = 100_000.0
_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def length_of(name: str, written: float | str, known: Mapping[str, float]) -> float:
    """Pixels. Raises InvalidRequestError, which calls the length ``name``."""
    try:
        text = str(written).strip()
        if len(text) > _LONGEST:
            raise ValueError("too long")
        value = _value(ast.parse(text, mode="eval").body, known)
        if not isfinite(value) or abs(value) > _LARGEST:
            raise ValueError("too large")
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError) as error:
        raise InvalidRequestError(
            f"{name} is {str(written)[:_LONGEST]!r}: pixels are accepted, and + - * / with "
            f"{', '.join(known)}"
        ) from error
    return value


def _value(node: ast.expr, known: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.Name(id=name) if name in known:
            return float(known[name])
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, known)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATIONS:
            return float(_OPERATIONS[type(sign)](_value(left, known), _value(right, known)))
    raise ValueError("not understood")

"""Answers, parsed: pure functions from status and JSON to data or an error."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from jupyter_capture.errors import CaptureError, EngineError, JobError, from_response

BUSY = ("processing", "in progress")


@dataclass(frozen=True)
class Ticket:
    """Long work that goes on: where to ask for it."""

    output_url: str


@dataclass(frozen=True)
class Progress:
    """How far long work is. ``percentage`` 0 to 100, ``stage`` in words."""

    percentage: float
    stage: str


def body_of(status: int, content: bytes, what: str) -> dict[str, Any]:
    """The JSON object of an answer.

    Raises the error that the answer stands for, where it is a failure or no JSON object at all.
    """
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        text = content[:200].decode("utf-8", errors="replace").strip()
        message = f"{what} answered {status} without the JSON that was expected: {text!r}"
        raise EngineError(message) if status < 400 else from_response(status, None, message)
    if status >= 400 or body.get("success") is False:
        raise failure_of(status, body, what)
    return body


def failure_of(status: int, body: dict[str, Any], what: str) -> CaptureError:
    """The error that a failure's body names. A failure sent with status 200 counts as a 400."""
    message = body.get("message") or f"{what} failed with status {status}, without saying why"
    code = body.get("error_code")
    return from_response(status if status >= 400 else 400, code if code else None, str(message))


def result_of(body: dict[str, Any]) -> Any:
    """The data of a success; a `Ticket` where the work goes on; None where a callback will tell."""
    if body.get("status") not in BUSY:
        return body.get("data")
    if body.get("request_type", "sync") == "async":
        return None
    url = (body.get("data") or {}).get("output_url")
    if not isinstance(url, str) or not url:
        raise EngineError("The answer promises work in progress, but names no output_url for it.")
    return Ticket(url)


def job_result(body: dict[str, Any]) -> Any:
    """What ``GET output_url`` says: `Progress` while the work goes on, else its data.

    Raises the error that ended the work.
    """
    status = body.get("status")
    data = body.get("data")
    if status in BUSY:
        state = data if isinstance(data, dict) else {}
        return Progress(_percentage(state.get("percentage")), str(state.get("stage") or ""))
    response = body.get("response")
    if isinstance(response, dict):
        if response.get("success") is False:
            raise _job_failure(response)
        return response.get("data")
    if body.get("success") is False or status in ("failed", "cancelled"):
        raise _job_failure(body)
    return data


def _percentage(value: Any) -> float:
    return min(100.0, max(0.0, float(value))) if isinstance(value, int | float) else 0.0


def _job_failure(body: dict[str, Any]) -> CaptureError:
    if body.get("error_code"):
        return failure_of(500, body, "The job")
    if body.get("status") == "cancelled":
        return JobError(str(body.get("message") or "The job was cancelled. Ask again to redo it."))
    return JobError(str(body.get("message") or "The job failed without saying why."))

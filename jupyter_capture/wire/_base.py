"""What all models of the wire share."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")


class Wire(BaseModel):
    """A model that crosses a process. Unknown fields are ignored, as VideoDB does."""

    model_config = ConfigDict(
        extra="ignore",
        populate_by_name=True,
        hide_input_in_errors=True,  # what was said stands in no log
    )


class Ok(Wire, Generic[T]):
    """The envelope of every success."""

    success: Literal[True] = True
    data: T


class Failure(Wire):
    """The envelope of every failure."""

    success: Literal[False] = False
    message: str
    error_code: str


class Processing(Wire):
    """The answer to long work: poll ``data["output_url"]``."""

    success: Literal[True] = True
    status: Literal["processing"] = "processing"
    request_type: Literal["sync", "async"] = "sync"
    data: JobTicket


class JobTicket(Wire):
    id: str
    output_url: str


class JobState(Wire):
    """What ``GET /async-response/{id}`` answers. ``response`` is there when it has ended.

    ``percentage`` (0 to 100) and ``stage`` (words for a progress bar) stand in ``data``.
    """

    success: bool = True
    status: Literal["processing", "done", "failed", "cancelled"]
    message: str | None = None
    data: JobProgress
    response: Ok[object] | Failure | None = None


class JobProgress(Wire):
    id: str
    kind: str
    percentage: float = 0.0
    stage: str = ""
    status: str = "processing"
    result: Any = None
    """What a job that is done answers: the SDK's ``get_async_response`` hands on ``data`` alone."""


Processing.model_rebuild()
JobState.model_rebuild()

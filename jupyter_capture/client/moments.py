"""A recording that still goes on, searched: what was said so far on its kept channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.wire.moment import Moments

if TYPE_CHECKING:
    from jupyter_capture.client.session import CaptureSession


def listen(session: CaptureSession) -> Moments:
    """Have its kept sound transcribed as it comes, from now on. Again changes nothing."""
    answer = session._connection.http.post(f"capture/session/{session.id}/listen")
    return Moments.model_validate(answer or {})


def search_so_far(
    session: CaptureSession, query: str, mode: str | None = None, top_k: int | None = None
) -> Moments:
    """What was said since `listen`, and the kept cells that ran, best first.

    Raises ConflictError where it does not record: then its video is searched.
    """
    if not query.strip():
        raise InvalidRequestError("The query is empty. Write the words that you look for.")
    request = {"query": query, "mode": mode, "top_k": top_k}
    sent = {name: value for name, value in request.items() if value is not None}
    answer = session._connection.http.post(f"capture/session/{session.id}/search", sent)
    return Moments.model_validate(answer or {})

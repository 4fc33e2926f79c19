"""What videos and audios have in common."""

from __future__ import annotations

from fastapi import Request

from jupyter_capture.engine.library import AssetRow
from jupyter_capture.engine.routes._scenes import indexed
from jupyter_capture.engine.routes._screen import read_screen
from jupyter_capture.engine.routes.status import ticket_for
from jupyter_capture.engine.services import Services
from jupyter_capture.errors import InvalidRequestError, NotOfferedError
from jupyter_capture.wire import Ok, Processing
from jupyter_capture.wire.library import (
    IndexRequest,
    SearchAnswer,
    SearchRequest,
    SemanticRequest,
    StreamAnswer,
    StreamRequest,
)


def index_spoken_words(
    services: Services, row: AssetRow, request: IndexRequest, http: Request
) -> Processing | Ok[dict[str, object]]:
    """The same answer again, at once, where it is indexed already (unless ``force``)."""
    if request.index_type == "scene":
        known = services.finder.screen_index(row)
        if known is not None and not request.force:
            return Ok(data=indexed(known).model_dump())
        return read_screen(
            services, row, http, force=request.force, callback_url=request.callback_url
        )
    if not services.library.speech_tracks(row.id):
        raise InvalidRequestError(
            f"{row.id} has no sound, so there are no spoken words to index. The muxed video and "
            "the microphone's asset have."
        )
    services.webhooks.check(request.callback_url)
    if services.finder.is_indexed(row.id) and not request.force:
        answer: dict[str, object] = {"asset_id": row.id, "message": "Index is available."}
        services.callbacks.tell(request.callback_url, _told(answer))
        return Ok(data=answer)
    args = {"asset_id": row.id, "language": request.language_code, "force": request.force}
    key = f"index:{row.id}:{request.language_code}:{request.force}"
    job_id = services.jobs.submit("index", key, args)
    services.callbacks.promise(job_id, request.callback_url)
    return ticket_for(http, job_id, request.callback_url)


def _told(answer: dict[str, object]) -> dict[str, object]:
    """As a job's callback tells it, where there was nothing left to do."""
    return {"event": "job.done", "success": True, "status": "done", "kind": "index", "data": answer}


def search_in(services: Services, row: AssetRow, request: SearchRequest) -> SearchAnswer:
    return services.finder.in_asset(row, request)


def stream_of(services: Services, row: AssetRow, request: StreamRequest) -> StreamAnswer:
    shots = request.timeline or [(0.0, row.length)]
    return services.stream_answer(
        *services.streams.of_shots([(row.id, start, end) for start, end in shots])
    )


def delete(services: Services, row: AssetRow) -> Ok[dict[str, object]]:
    sharing = services.library.delete(row.id)
    message = (
        f"{row.id} was deleted. Its media stays, because it is part of {', '.join(sharing)}."
        if sharing
        else f"{row.id} was deleted."
    )
    return Ok(data={"id": row.id, "shared_with": sharing, "message": message})


def semantic(request: SemanticRequest) -> SearchRequest:
    """Raises NotOfferedError for what only the cloud filters by."""
    if request.filter:
        raise NotOfferedError(
            "Filters on fields are not offered by the local engine; leave it out."
        )
    return SearchRequest(
        query=request.query,
        mode="semantic",
        top_k=request.top_k,
        score_threshold=request.score_threshold,
    )

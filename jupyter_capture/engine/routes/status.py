"""The engine itself, long work, and what lies on the disk."""

from __future__ import annotations

import os
import shutil
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from jupyter_capture._version import __version__
from jupyter_capture.engine.routes._scenes import told
from jupyter_capture.engine.routes._words import words_index
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.wire import Failure, JobProgress, JobState, JobTicket, Ok, Processing
from jupyter_capture.wire.library import DownloadAnswer, EngineStatus, UsageAnswer

router = APIRouter(tags=["engine"])
Get = Annotated[Services, Depends(services_of)]


@router.get("/engine")
def engine(services: Get, http: Request) -> Ok[EngineStatus]:
    return Ok(
        data=EngineStatus(
            version=__version__,
            pid=os.getpid(),
            data_dir=str(services.home.root),
            media_url=services.media_url,
            recordings=services.sessions.running,
            jobs=services.jobs.active(),
            serves=http.app.state.serves,
            disk_free=shutil.disk_usage(services.home.root).free,
            search_ready=bool(services.finder.ready),
        )
    )


@router.get("/billing/usage")
def usage(services: Get) -> Ok[UsageAnswer]:
    found = services.library.usage()
    return Ok(data=UsageAnswer(**found, sessions=len(services.records.rows())))


@router.get("/async-response/{job_id}")
def job(job_id: str, services: Get) -> JobState:
    return job_state(services, job_id)


@router.get("/job/{job_id}")
def job_status(job_id: str, services: Get) -> dict[str, Any]:
    """The same, as the SDK's ``get_job_status`` reads it: ``data`` is the result."""
    state = job_state(services, job_id)
    result = state.response.data if isinstance(state.response, Ok) else None
    return {
        "success": state.success,
        "status": state.status,
        "data": result if result is not None else state.data.model_dump(),
        "message": state.message,
    }


def job_state(services: Services, job_id: str) -> JobState:
    row = services.jobs.get(job_id)
    progress = JobProgress(
        id=row.id,
        kind=row.kind,
        percentage=round(row.progress * 100, 1),
        stage=row.stage,
        status=row.status if row.status in ("done", "failed", "cancelled") else "processing",
    )
    match row.status:
        case "done":
            progress.result = result_of(services, row)
            answer: Ok[object] = Ok(data=progress.result)
            return JobState(status="done", data=progress, response=answer)
        case "failed":
            failure = Failure(**row.error)
            return JobState(
                success=False, status="failed", message=failure.message, data=progress,
                response=failure,
            )  # fmt: skip
        case "cancelled":
            failure = Failure(message=f"{row.kind} was cancelled.", error_code="CANCELLED")
            return JobState(
                success=False, status="cancelled", message=failure.message, data=progress,
                response=failure,
            )  # fmt: skip
        case _:
            return JobState(status="processing", data=progress)


@router.delete("/async-response/{job_id}")
def cancel(job_id: str, services: Get) -> Ok[dict[str, str]]:
    services.jobs.cancel(job_id)
    return Ok(data={"id": job_id})


def told_of(services: Services, job_id: str) -> dict[str, Any]:
    """What the ``callback_url`` of a job is told."""
    state = job_state(services, job_id)
    return {
        "event": f"job.{state.status}",
        "job_id": job_id,
        "kind": state.data.kind,
        "success": state.success,
        "status": state.status,
        "data": state.data.result or {},
        "message": state.message,
    }


def ticket_for(request: Request, job_id: str, callback_url: str | None = None) -> Processing:
    """The answer to work that goes on: where to ask about it."""
    url = str(request.base_url).rstrip("/")
    return Processing(
        request_type="async" if callback_url else "sync",
        data=JobTicket(id=job_id, output_url=f"{url}/async-response/{job_id}"),
    )


def result_of(services: Services, row: Any) -> Any:
    """What a job's answer holds; addresses are made when they are asked for."""
    if row.kind == "download":
        return DownloadAnswer(
            download_url=services.ticketed("download", row.result["file"]),
            name=row.result["name"],
            size=row.result["size"],
        ).model_dump()
    if row.kind == "waveform":
        asset_row = services.library.asset(row.result["asset_id"])
        return services.previews.waveform(asset_row, row.result["rate"]).model_dump()
    if row.kind == "ingest":
        asset = services.asset(services.library.asset(row.result["asset_id"]))
        return {**asset.model_dump(), "warnings": row.result["warnings"]}
    if row.kind == "screen" and "rtstream_id" not in row.args:
        as_collection = row.args.get("answer") == "collection"
        return told(services, row.args["asset_id"], as_collection=as_collection)
    if row.kind in ("index", "screen") and "rtstream_id" in row.args:
        return words_index(services, row.args["rtstream_id"])
    return row.result

"""Speech models: listed, and loaded from the hub."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from jupyter_capture.engine.models import (
    SHIPPED_SPEECH,
    SPEECH_MODELS,
    downloaded,
    folder_of,
    repository_of,
    speech_model_here,
)
from jupyter_capture.engine.routes.keys import owner_only
from jupyter_capture.engine.routes.status import ticket_for
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.errors import CaptureError
from jupyter_capture.wire import Ok, Processing
from jupyter_capture.wire.models import (
    ModelState,
    SpeechModel,
    SpeechModelPage,
    SpeechModelRequest,
)

# What lies on the machine is the matter of whoever sits at it.
router = APIRouter(prefix="/models", tags=["models"], dependencies=[Depends(owner_only)])
Get = Annotated[Services, Depends(services_of)]


@router.get("")
def listed(services: Get) -> Ok[SpeechModelPage]:
    """Those that are known by name, and the one that is set."""
    used = services.settings.speech_model
    found = [_view(services, name) for name in SPEECH_MODELS]
    if used not in SPEECH_MODELS:
        found.append(_other(services, used))
    return Ok(data=SpeechModelPage(models=found))


@router.post("")
def download(request: SpeechModelRequest, services: Get, http: Request) -> Processing:
    """Goes on where an earlier download broke off."""
    repository_of(request.name)
    job_id = services.jobs.submit("model", f"model:{request.name}", {"name": request.name})
    return ticket_for(http, job_id)


def _view(services: Services, name: str) -> SpeechModel:
    whole = downloaded(name, services.home.models)
    folder = whole or _begun(services, name)
    state: ModelState = "downloaded" if whole else "begun" if folder.exists() else "absent"
    if name == SHIPPED_SPEECH:
        here = speech_model_here(name, services.home.cache / "models", services.home.models)
        if here is not None and not whole:
            state, folder = "shipped", here.path
    return SpeechModel(
        name=name,
        state=state,
        multilingual=not name.endswith(".en"),
        size=_bytes(folder),
        used=services.settings.speech_model == name,
    )


def _other(services: Services, used: str) -> SpeechModel:
    """A folder, or a repository of somebody's, or a mistake."""
    here = None
    with suppress(CaptureError):
        here = speech_model_here(used, services.home.cache / "models", services.home.models)
    return SpeechModel(
        name=used,
        state="downloaded" if here else "absent",
        multilingual=not used.endswith(".en"),
        size=_bytes(here.path) if here else 0,
        used=True,
    )


def _begun(services: Services, name: str) -> Path:
    folder = folder_of(services.home.models, repository_of(name))
    return folder.with_name(f"{folder.name}.part")


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*") if path.is_file())

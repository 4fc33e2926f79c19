"""API keys, for the user of this machine alone: a key cannot make other keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from jupyter_capture.engine.door import is_local
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.errors import ForbiddenError
from jupyter_capture.wire import Ok
from jupyter_capture.wire.keys import Key, KeyCreate, KeyCreated, KeyPage


def owner_only(request: Request) -> None:
    if not is_local(request.scope):
        raise ForbiddenError(
            "Keys are made and revoked on the machine itself: `jupyter-capture keys`."
        )


router = APIRouter(prefix="/keys", tags=["keys"], dependencies=[Depends(owner_only)])
Get = Annotated[Services, Depends(services_of)]


@router.get("")
def listed(services: Get) -> Ok[KeyPage]:
    return Ok(data=KeyPage(keys=[Key.model_validate(key) for key in services.keys.list()]))


@router.post("")
def create(request: KeyCreate, services: Get) -> Ok[KeyCreated]:
    """The only time that the key itself is told."""
    return Ok(data=KeyCreated(key=services.keys.create("key", request.label)))


@router.delete("/{key_id}")
def revoke(key_id: str, services: Get) -> Ok[dict[str, str]]:
    services.keys.revoke(key_id)
    return Ok(data={"id": key_id})

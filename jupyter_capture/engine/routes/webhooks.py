"""What was sent to callback addresses: looked at, and tried again. And the secret that signs it,
which lies below /keys: it is for the user of this machine alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query

from jupyter_capture.engine.routes.keys import owner_only
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.wire import Ok
from jupyter_capture.wire.webhooks import (
    DeliveryPage,
    DeliveryStatus,
    Retried,
    RetryRequest,
    WebhookSecret,
)

router = APIRouter(tags=["webhooks"])
Get = Annotated[Services, Depends(services_of)]


@router.get("/webhooks")
def deliveries(
    services: Get,
    session_id: str | None = None,
    status: DeliveryStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Ok[DeliveryPage]:
    if session_id is not None:
        services.records.row(session_id)
    found = services.deliveries.list(session_id, status, limit)
    return Ok(data=DeliveryPage(deliveries=found))


@router.post("/webhooks/retry")
def retry(
    services: Get, request: Annotated[RetryRequest, Body(default_factory=RetryRequest)]
) -> Ok[Retried]:
    if request.session_id is not None:
        services.records.row(request.session_id)
    ids = services.deliveries.retry(request.delivery_id, request.session_id)
    services.webhooks.wake()
    return Ok(data=Retried(retried=ids))


@router.get("/keys/webhooks", dependencies=[Depends(owner_only)])
def secret(services: Get) -> Ok[WebhookSecret]:
    return Ok(data=WebhookSecret(secret=services.webhook_secret))


@router.post("/keys/webhooks", dependencies=[Depends(owner_only)])
def renew(services: Get) -> Ok[WebhookSecret]:
    """Another secret; for a day webhooks are signed with the one before too."""
    return Ok(data=WebhookSecret(secret=services.renew_webhook_secret()))

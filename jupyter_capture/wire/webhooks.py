"""What was sent to callback addresses, or waits to be."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jupyter_capture.wire._base import Wire

DeliveryStatus = Literal["waiting", "pending", "delivered", "gone", "abandoned"]


class Delivery(Wire):
    """One body for one address. Times are Unix seconds.

    ``status``: ``pending`` is tried again at ``next_try``; ``delivered`` was answered by 2xx;
    ``gone`` by 410; ``abandoned`` had its last try; ``waiting`` is told when its job ends.
    ``answer``: the last one, such as "HTTP 500", or what kept it from being sent.
    """

    id: str
    """The header ``webhook-id``."""
    session_id: str | None = None
    """Of the capture session; None where it tells of a job."""
    event: str = ""
    sequence: int | None = None
    url: str
    status: DeliveryStatus
    attempts: int = 0
    next_try: float | None = None
    """None where it is not tried any more."""
    answer: str | None = None
    created_at: float


class DeliveryPage(Wire):
    """The newest first."""

    deliveries: list[Delivery]


class RetryRequest(Wire):
    """One delivery, or those of a session that have not arrived, or all that have not."""

    delivery_id: str | None = None
    session_id: str | None = None


class Retried(Wire):
    retried: list[str] = Field(default_factory=list)
    """Ids of the deliveries that are tried now."""


class WebhookSecret(Wire):
    secret: str

"""Receivers: `verify`, and the ones that docs/webhooks.md shows, run as they stand there."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from jupyter_capture.errors import AuthenticationError, InvalidRequestError
from jupyter_capture.webhooks import verify

SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY"
BODY = '{"event":"capture_session.exported","sequence":6,"data":{"text":"héllo"}}'
PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()


def signed(body: str = BODY, secret: str = SECRET, late: float = 0.0) -> dict[str, str]:
    at = datetime.now(UTC) - timedelta(seconds=late)
    return {
        "Content-Type": "application/json",
        "Webhook-Id": "dlv-1",
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": Webhook(secret).sign("dlv-1", at, body),
    }


@pytest.mark.parametrize("body", [BODY, BODY.encode()])
def test_what_the_engine_signed_is_told(body: str | bytes) -> None:
    assert verify(signed(), body, SECRET)["data"] == {"text": "héllo"}
    assert verify({k.lower(): v for k, v in signed().items()}, body, SECRET)["sequence"] == 6


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {**signed(), "Webhook-Id": "dlv-2"},
        {**signed(), "Webhook-Signature": "v1,AAAA"},
        {**signed(), "Webhook-Signature": "v2" + signed()["Webhook-Signature"][2:]},
        {**signed(), "Webhook-Signature": "nonsense"},
        {**signed(), "Webhook-Signature": "v1,ü"},
        {**signed(), "Webhook-Signature": ""},
        {**signed(), "Webhook-Timestamp": "tomorrow"},
        {**signed(), "Webhook-Timestamp": "nan"},
        {**signed(), "Webhook-Timestamp": "9" * 400},
        signed(secret="whsec_" + "QUJD" * 8),
        signed(BODY.replace("6", "7")),
    ],
    ids=range(12),
)
def test_what_it_did_not_sign_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(AuthenticationError, match="not the engine's"):
        verify(headers, BODY, SECRET)


# Signed when the test runs: what was signed ahead of time at its collection is good by then.
@pytest.mark.parametrize("late", [301, -330])
def test_what_it_signed_five_minutes_ago_or_will_have_is_refused(late: float) -> None:
    with pytest.raises(AuthenticationError, match="not the engine's"):
        verify(signed(late=late), BODY, SECRET)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[1]", b"", b"not json"])
def test_a_body_that_is_no_event_is_refused_signed_or_not(body: bytes) -> None:
    with pytest.raises(AuthenticationError):
        verify(signed(body.decode(errors="ignore")), body, SECRET)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!", "whsec_ü"])
def test_a_secret_that_is_none_is_said(secret: str) -> None:
    with pytest.raises(InvalidRequestError, match="webhooks secret"):
        verify(signed(), BODY, secret)


def receiver(framework: str) -> Any:
    """The application that the page shows."""
    found = re.search(rf"```python {framework}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {"SECRET": SECRET, "__name__": "receiver"}
    exec(found[1], names)
    return names["app"]


async def test_the_receiver_for_fastapi_works_as_it_is_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    transport = httpx.ASGITransport(receiver("fastapi"))
    async with httpx.AsyncClient(transport=transport, base_url="http://receiver") as client:
        answer = await client.post("/hook", content=BODY.encode(), headers=signed())
        assert answer.status_code == 200
        with pytest.raises(AuthenticationError):
            await client.post("/hook", content=b"{}", headers=signed())
    assert "capture_session.exported {'text': 'héllo'}" in capsys.readouterr().out


def test_the_receiver_for_flask_works_as_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    client = receiver("flask").test_client()
    assert client.post("/hook", data=BODY.encode(), headers=signed()).status_code == 204
    assert "capture_session.exported" in capsys.readouterr().out
    assert client.post("/hook", data=b"{}", headers=signed()).status_code == 500

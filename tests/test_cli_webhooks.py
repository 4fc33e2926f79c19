"""`jupyter-capture webhooks`: what was sent, again, and with which secret."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from jupyter_capture.cli import app
from jupyter_capture.client.connection import Connection
from jupyter_capture.demo.webhook import WebhookReceiver
from jupyter_capture.errors import CaptureError, InvalidRequestError, NotFoundError
from jupyter_capture.webhooks import verify
from tests.conftest import Engine


def test_webhooks_are_listed_tried_again_and_checked_with_the_secret_that_is_told(
    engine: Engine, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_CAPTURE_DATA_DIR", str(engine.data_dir))

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["webhooks", *words])
        if isinstance(done.exception, CaptureError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output.strip()

    with WebhookReceiver() as receiver:
        receiver.status = 410
        session = connection.create_capture_session(callback_url=receiver.url)
        body = receiver.wait_for("capture_session.created", session.id)
        while (delivery := session.deliveries[0]).status == "pending":
            pass
        said = run("list", "--session", session.id)
        assert said == (
            f"{delivery.id}  gone      capture_session.created {session.id}  {receiver.url}  "
            "1 try (HTTP 410)"
        )
        receiver.status = 204
        assert run("retry", delivery.id) == "1 is tried now."
        while session.deliveries[0].status != "delivered":
            pass
        assert run("list", "--session", session.id, "--status", "gone").startswith("Nothing was")
        assert run("retry", "--session", session.id) == "0 are tried now."
        headers = receiver.headers[-1]
    secret = run("secret")
    assert secret == connection.webhook_secret()
    signed = json.dumps(body, separators=(",", ":"))
    assert verify(headers, signed, secret) == body
    for words, why, error in (
        (("retry",), "Say which", InvalidRequestError),
        (("retry", "dlv-none"), "dlv-none", NotFoundError),
        (("list", "--status", "lost"), "waiting, pending", InvalidRequestError),
        (("list", "--session", "cap-none"), "cap-none", NotFoundError),
    ):
        with pytest.raises(error, match=why):
            run(*words)
    session.delete()

"""An engine that others than this machine reach: by TLS, by its own name, with a key."""

from __future__ import annotations

import os
import socket
import ssl
from pathlib import Path

import httpx
import pytest
from test_addresses import make_certificate

from jupyter_capture.client.connection import connect
from jupyter_capture.engine.server import Place, Server
from jupyter_capture.errors import EngineError
from jupyter_capture.settings import Settings
from tests.conftest import end_process, start_engine


def test_others_reach_it_by_tls_and_its_name_and_the_socket_stays_as_it_is(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path, "studio.test")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = tmp_path / "library"
    folder.mkdir()
    url = f"https://studio.test:{port}"
    engine = start_engine(
        folder, dict(os.environ), "--host", "0.0.0.0", "--port", str(port), "--url", url,
        "--tls-certificate", str(certificate), "--tls-key", str(key),
    )  # fmt: skip
    try:
        with connect(data_dir=folder) as connection:
            state = connection.status()
            assert state.media_url == url
            assert state.serves
            token = connection.http.post("keys", {"label": "far"})["key"]
            events = connection.http.get("collection/default/websocket")["websocket_url"]
            assert events.startswith(f"wss://studio.test:{port}/events/")
        trusting = ssl.create_default_context(cafile=certificate)
        with httpx.Client(
            base_url=f"https://127.0.0.1:{port}", verify=trusting, headers={"x-access-token": token}
        ) as far:
            named = {"sni_hostname": "studio.test"}

            def asked(host: str, **headers: str) -> int:
                sent = {"host": host, **headers}
                return far.get("/engine", headers=sent, extensions=named).status_code

            assert asked(f"studio.test:{port}") == 200
            assert asked(f"studio.test:{port}", origin=url) == 200
            assert asked(f"studio.test:{port}", origin="https://evil.example") == 403
            assert asked(f"evil.example:{port}") == 400
            assert asked(f"0.0.0.0:{port}") == 400
        with pytest.raises(httpx.ConnectError, match="not valid for"):
            httpx.get(f"https://127.0.0.1:{port}/engine", verify=trusting)
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/engine", headers={"x-access-token": token})
    finally:
        end_process(engine.process)
    assert "Traceback" not in (folder / "engine.log").read_text()
    assert not (folder / "engine.json").exists()


@pytest.mark.parametrize(
    ("place", "why"),
    [
        (Place("192.168.0.9", 0), "TLS is needed"),
        (Place("", 0), "TLS is needed"),
        (Place("0.0.0.0", 0, url="https://x.test"), "TLS is needed"),
        (Place("127.0.0.1", 0, certificate=Path("none.pem")), "cannot be used"),
        (Place("127.0.0.1", 0, url="studio.test"), "must look like"),
        (Place("127.0.0.1", 0, url="https://studio.test/below"), "must look like"),
    ],
)
async def test_what_would_not_be_safe_is_refused_before_anything_is_opened(
    tmp_path: Path, place: Place, why: str
) -> None:
    with pytest.raises(EngineError, match=why):
        await Server(Settings(data_dir=tmp_path), place).run()
    assert list(tmp_path.iterdir()) == []


async def test_at_all_addresses_it_needs_to_know_its_name(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path, "studio.test")
    place = Place("0.0.0.0", 0, certificate=certificate, key=key)
    with pytest.raises(EngineError, match=r"--url https://…"):
        await Server(Settings(data_dir=tmp_path / "library"), place).run()

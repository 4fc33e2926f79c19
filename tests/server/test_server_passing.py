"""Streams in both directions: nobody is read ahead of, and who leaves is told to the other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest
from server_harness import JupyterServer, wait_for
from stub_engine import StubEngine
from websockets.exceptions import ConnectionClosed

from jupyter_capture.server_extension.engine import let_go

MB = 1 << 20


def settled(stub: StubEngine) -> int:
    """What was sent when no more was sent for a third of a second."""
    seen = [-1] * 16

    def still() -> bool:
        seen.append(stub.sent)
        return stub.sent > 0 and len(set(seen[-16:])) == 1

    wait_for(still, what="a pause of the sender")
    return stub.sent


def test_the_slower_reader_sets_the_pace_and_its_leaving_ends_it_at_the_engine(
    eve: JupyterServer, stub: StubEngine
) -> None:
    with eve.program() as program, program.stream("GET", "/engine/endless") as answer:
        blocks = answer.iter_raw()
        next(blocks)
        assert settled(stub) < 32 * MB
        assert not stub.gone.is_set()
    assert stub.gone.wait(20)


async def test_who_leaves_while_an_answer_is_being_closed_leaves_nothing_open(
    tmp_path: Path,
) -> None:
    with StubEngine(tmp_path) as stub:
        transport = httpx.AsyncHTTPTransport(uds=stub.socket)
        async with httpx.AsyncClient(transport=transport, base_url="http://stub") as client:
            answer = await client.send(client.build_request("GET", "/endless"), stream=True)
            await anext(answer.aiter_raw())
            closing = asyncio.create_task(let_go(answer))
            await asyncio.sleep(0)
            closing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await closing
            assert await asyncio.to_thread(stub.gone.wait, 20)


def test_what_is_sent_is_not_buffered_and_what_is_refused_is_heard_out(
    eve: JupyterServer, stub: StubEngine
) -> None:
    def body() -> Iterator[bytes]:
        yield from (bytes(MB) for _ in range(200))

    with eve.program() as program:
        program.get("/engine/anything")
        before = eve.peak()
        length = {"Content-Length": str(200 * MB)}
        answer = program.post("/engine/take", content=body(), headers=length)
        assert answer.json() == {"size": 200 * MB}
        assert program.post("/engine/take", content=body()).json() == {"size": 200 * MB}
        assert eve.peak() - before < 40 * MB
        assert program.post("/engine/refuse", content=body()).status_code == 413
    asking = HTTPConnection("127.0.0.1", eve.port)
    announced = {"Content-Length": str(9_000 * MB), "Authorization": f"token {eve.token}"}
    asking.request("POST", "/jupyter-capture/engine/take", headers=announced)
    refused = asking.getresponse()
    assert (refused.status, "4096 MB" in refused.read().decode()) == (413, True)
    asking.close()


def test_an_answer_that_breaks_off_is_not_taken_for_all_of_it(
    eve: JupyterServer, stub: StubEngine
) -> None:
    with eve.program() as program:
        with pytest.raises(httpx.RemoteProtocolError):
            program.get("/engine/short")
        assert program.get("/engine/anything").status_code == 200


def test_websockets_pass_messages_and_how_they_end(eve: JupyterServer, stub: StubEngine) -> None:
    with eve.program() as program:
        with eve.websocket("/s", program, max_size=None) as socket:
            for message in ("hello", b"\0\1" * 2 * MB):
                socket.send(message)
                assert socket.recv() == message
            socket.send("end")
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv()
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "as told")
        # Ten times: a browser may be gone before anything was done for it.
        for codes, leave in 10 * (((1001,), "close"), ((1005, 1006), "cut")):
            stub.gone.clear()
            with eve.websocket("/s", program) as socket:
                if leave == "close":
                    socket.close(1001)
                else:
                    socket.socket.shutdown(2)
                assert stub.gone.wait(20)
            assert stub.end_code in codes


def test_an_engine_that_will_not_start_says_why_and_is_found_when_it_does(
    eve: JupyterServer,
) -> None:
    with eve.program() as program:
        assert program.get("/health?start=0").json()["engine"] is None
        answer = program.get("/health")
        body = answer.json()
        assert (answer.status_code, body["error_code"]) == (503, "ENGINE_UNAVAILABLE")
        assert "Is a directory" in body["message"]
        assert "jupyter-capture doctor" in body["message"]
        with StubEngine(eve.data_dir, version="0.0.1") as stub:
            found = program.get("/health").json()
            assert found["engine"]["origin"] == "http://127.0.0.1:1"
            assert "version 0.0.1" in found["warning"]
            assert f"kill {found['engine']['pid']}" in found["warning"]
            assert stub.asked


def test_the_extension_is_healthy_in_jupyters_list(eve: JupyterServer) -> None:
    import subprocess
    import sys

    command = [sys.executable, "-m", "jupyter_server.extension.serverextension", "list"]
    listed = subprocess.run(command, env=eve.env, capture_output=True, text=True, check=True)
    said = listed.stdout + listed.stderr
    own = said.split("jupyter_capture", 1)[1].split("jupyter", 1)
    assert "enabled" in own[0]
    assert "OK" in said.split("Validating jupyter_capture...")[1].split("- Validating")[0]

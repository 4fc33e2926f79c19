"""Callback addresses: what may be called, by whichever spelling, and that nothing else is."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpcore
import pytest
from engine_harness import Receiver

from jupyter_capture.engine.addresses import checked
from jupyter_capture.engine.fetching import fetch
from jupyter_capture.engine.posting import LONGEST_ANSWER, Poster
from jupyter_capture.errors import CaptureError, ForbiddenError, InvalidRequestError

Make = Callable[..., Receiver]
Serve = Callable[[socket.socket], None]

GOOD = (
    "http://127.0.0.1:8000/hook", "http://127.9.9.9/", "http://localhost/x?y#z", "http://[::1]:9/",
    "http://[::ffff:127.0.0.1]/", "https://example.org", "HTTPS://EXAMPLE.org:444/a%20b",
    "http://8.8.8.8/", "http://[2606:4700::1111]/", "http://[64:ff9b::808:808]/",
    "http://bücher.example/", "http://127.0.0.1./",
)  # fmt: skip
NEVER = (
    "http://169.254.169.254/latest/meta-data", "http://169.254.1.1/", "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/", "http://[::ffff:169.254.169.254]/", "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::a9fe:a9fe]/", "http://[2002:a9fe:a9fe::]/", "http://100.100.100.200/",
    "http://168.63.129.16/", "http://192.0.0.192/", "http://[fd00:ec2::254]/",
    "http://[fd20:ce::254]/", "http://0.0.0.0/", "http://[::]/", "http://224.0.0.1/",
    "http://[ff02::1]/", "http://255.255.255.255/", "http://240.0.0.1/", "http://192.0.2.7/",
    "http://[::127.0.0.1]/", "http://[2001:0:1:2::3]/", "http://[2002:7f00:1::]/",
    "http://[64:ff9b::7f00:1]/", "http://[64:ff9b::a00:1]/", "http://[2001:db8::1]/",
    "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://0177.0.0.1/",
    "http://127.1/", "http://10.1/", "http://127.0.0.1.1/", "http://0/", "http://example.0x1/",
    "http://me:secret@example.org/", "http://example.org@10.0.0.1/", "http://:@127.0.0.1/",
    "http://exa mple.org/", "http://example.org\n/", "\thttp://example.org/",
    "http://example.org\\@127.0.0.1/", "http://example.org\x00/", "http://a..b/", "http://./",
    "http://" + "a" * 64 + ".org/", "http://example.org/" + "a" * 2000, "http://host:99999/",
    "http://host:0/", "ftp://x/y", "file:///etc/passwd", "gopher://127.0.0.1/", "hook", "", "//x/y",
    "http://", "http:///x", "http://[::1", "unix:///run/x", "http://１２７.０.０.１/",
)  # fmt: skip
PRIVATE = (
    "http://10.0.0.1/", "http://172.16.9.9/", "http://192.168.1.5:8080/x", "http://[fd12::1]/",
    "http://[::ffff:10.0.0.1]/", "http://100.64.0.7/",
)  # fmt: skip


@pytest.mark.parametrize("url", GOOD)
def test_loopback_and_public_addresses_are_let_through(url: str) -> None:
    assert checked(url, private=False).raw_host


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("url", NEVER)
def test_what_no_webhook_goes_to_is_refused_in_every_spelling(url: str, private: bool) -> None:
    with pytest.raises(InvalidRequestError, match="callback_url"):
        checked(url, private=private)


@pytest.mark.parametrize("url", PRIVATE)
def test_private_networks_are_called_only_where_the_setting_says_so(url: str) -> None:
    with pytest.raises(InvalidRequestError, match="JUPYTER_CAPTURE_PRIVATE_CALLBACKS=1"):
        checked(url, private=False)
    assert checked(url, private=True)


@contextmanager
def names(monkeypatch: pytest.MonkeyPatch, **known: list[list[str]]) -> Iterator[list[str]]:
    """Names that stand for these addresses, one list after another; which ones were asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: str, port: Any, *rest: Any, **more: Any) -> Any:
        name = host.removesuffix(".test")
        if name not in known:
            return real(host, port, *rest, **more)
        answers = known[name]
        found = answers[min(asked.count(host), len(answers) - 1)]
        asked.append(host)
        return [each for one in found for each in real(one, port, type=socket.SOCK_STREAM)]

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        yield asked


def port_of(receiver: Receiver) -> int:
    return receiver._server.server_port


def test_a_name_is_looked_up_once_and_where_it_led_is_connected_to(
    receiver: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = receiver(204)
    # The second answer is what a rebinding name server would give after the check.
    with names(monkeypatch, rebind=[["127.0.0.1"], ["169.254.169.254"]]) as asked:
        url = f"http://rebind.test:{port_of(hook)}/hook?a=b"
        assert Poster().post(url, {"x": "y"}, b"{}") == 204
        assert asked == ["rebind.test"]
        assert hook.requests[0][0]["host"] == f"rebind.test:{port_of(hook)}"
        with pytest.raises(ForbiddenError, match="link-local or metadata"):
            Poster(private=True).post(url, {}, b"{}")
    assert len(hook.requests) == 1


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "192.168.0.1", "169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fd12::1",
     "0.0.0.0", "224.0.0.1", "::", "64:ff9b::7f00:1"],
)  # fmt: skip
def test_a_name_that_stands_for_a_forbidden_address_is_not_called(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    with (
        names(monkeypatch, inside=[[address]]),
        pytest.raises(ForbiddenError, match=r"inside\.test: "),
    ):
        Poster().post("http://inside.test:1/", {}, b"{}")
    if ":" not in address:
        with pytest.raises(ForbiddenError, match=f"^{re.escape(address)} (is|lies)"):
            Poster().post(f"http://{address}:1/", {}, b"{}")


def test_of_several_addresses_only_those_that_may_be_called_are(
    receiver: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = receiver(204)
    several = ["169.254.169.254", "10.0.0.1", "::ffff:127.0.0.1"]
    with names(monkeypatch, many=[several]):
        assert Poster().post(f"http://many.test:{port_of(hook)}/", {}, b"{}") == 204


def test_a_name_that_is_unknown_or_none_is_an_error_and_no_crash() -> None:
    for host in ("nobody.invalid", "xn--a.invalid", "a" * 63 + ".invalid"):
        with pytest.raises((OSError, httpcore.NetworkError)):
            Poster().post(f"http://{host}/", {}, b"{}")


def test_an_upload_is_fetched_only_from_where_a_callback_may_go_at_every_hop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def redirect(connection: socket.socket) -> None:
        connection.recv(65536)
        to = f"http://rebind.test:{port}/next".encode()
        connection.sendall(b"HTTP/1.1 302 Found\r\nconnection: close\r\nlocation: %b\r\n\r\n" % to)

    def get(host: str, private: bool = False) -> None:
        url = f"http://{host}:{port}/a.mp4?token=secret"
        fetch(url, tmp_path / "a", 1000, lambda done: None, private=private)

    inside = [["127.0.0.1"], ["169.254.169.254"]]
    with listening(redirect) as port, names(monkeypatch, rebind=inside, home=[["10.0.0.1"]]):
        # What the name stood for at the first hop is not believed at the second.
        with pytest.raises(InvalidRequestError, match=r"169\.254\.169\.254") as refused:
            get("rebind.test", private=True)
        assert "secret" not in refused.value.message
        with pytest.raises(InvalidRequestError, match="JUPYTER_CAPTURE_PRIVATE_CALLBACKS=1"):
            get("home.test")
        for host in ("[::ffff:169.254.169.254]", "[64:ff9b::7f00:1]", "0.0.0.0", "2852039166"):
            with pytest.raises(InvalidRequestError, match="not fetched"):
                get(host, private=True)


@contextmanager
def listening(serve: Serve, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that does with each connection what it is told to."""
    with socket.create_server(("127.0.0.1", 0)) as line:

        def run() -> None:
            while True:
                try:
                    connection, _ = line.accept()
                    with connection:
                        if context is None:
                            serve(connection)
                        else:
                            with context.wrap_socket(connection, server_side=True) as wrapped:
                                serve(wrapped)
                except OSError:
                    if line.fileno() < 0:
                        return

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield line.getsockname()[1]
        line.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def answering(answer: bytes) -> Serve:
    def serve(connection: socket.socket) -> None:
        while b"{}" not in connection.recv(65536):
            pass
        connection.sendall(answer)

    return serve


def test_time_is_limited_in_all_and_not_for_each_byte() -> None:
    dripped = []

    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        for byte in b"HTTP/1.1 200 OK\r\n" * 100:
            connection.sendall(bytes([byte]))
            dripped.append(byte)
            time.sleep(0.05)

    with listening(drip) as port, pytest.raises(httpcore.TimeoutException):
        Poster(timeout=0.3).post(f"http://127.0.0.1:{port}/", {}, b"{}")
    assert len(dripped) < 200  # the rest of it would have taken over a minute


def test_of_an_answer_no_more_than_64_kilobytes_are_read() -> None:
    taken = []

    def flood(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n")
        while True:  # until it is hung up on
            taken.append(connection.send(b"x" * 65536))

    with listening(flood) as port:
        assert Poster().post(f"http://127.0.0.1:{port}/", {}, b"{}") == 200
    # The rest lay in the buffers of both sides.
    assert sum(taken) < LONGEST_ANSWER + 16_000_000


def test_a_status_counts_whatever_becomes_of_the_answers_rest() -> None:
    cut_off = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nonly this"
    with listening(answering(cut_off)) as port:
        assert Poster().post(f"http://127.0.0.1:{port}/", {}, b"{}") == 200


@pytest.mark.parametrize("nonsense", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200\x00\r\n\r\n"])
def test_what_is_no_http_is_an_error_that_is_told(nonsense: bytes) -> None:
    with (
        listening(answering(nonsense)) as port,
        pytest.raises((httpcore.ProtocolError, httpcore.NetworkError)),
    ):
        Poster().post(f"http://127.0.0.1:{port}/", {}, b"{}")


def test_a_redirect_into_the_cloud_is_an_answer_and_no_way() -> None:
    answer = (
        b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest\r\n"
        b"content-length: 0\r\n\r\n"
    )
    with listening(answering(answer)) as port:
        assert Poster().post(f"http://127.0.0.1:{port}/", {}, b"{}") == 302


def test_proxies_of_the_environment_are_not_asked(
    receiver: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert Poster().post(receiver(204).url, {}, b"{}") == 204


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Of hook.test, signed by itself: certificate and key."""
    return make_certificate(tmp_path_factory.mktemp("tls"), "hook.test")


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    made, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
         "-keyout", key, "-out", made],
        check=True, capture_output=True,
    )  # fmt: skip
    return made, key


def test_a_certificate_must_be_good_and_made_out_to_the_name_that_was_called(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    answer = answering(b"HTTP/1.1 204 No Content\r\n\r\n")
    here = [["127.0.0.1"]]
    with listening(answer, context) as port, names(monkeypatch, hook=here, other=here):
        trusting = Poster()
        trusting.context = ssl.create_default_context(cafile=certificate[0])
        assert trusting.post(f"https://hook.test:{port}/", {}, b"{}") == 204
        for name in ("other.test", "127.0.0.1"):
            with pytest.raises(httpcore.ConnectError, match="not valid for"):
                trusting.post(f"https://{name}:{port}/", {}, b"{}")
        with pytest.raises(httpcore.ConnectError, match="self-signed"):
            Poster().post(f"https://hook.test:{port}/", {}, b"{}")


def test_what_is_under_way_is_broken_off_when_it_is_closed(receiver: Make) -> None:
    poster, hook = Poster(), receiver(0)
    failed: list[Exception] = []

    def post() -> None:
        try:
            poster.post(hook.url, {}, b"{}")
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            failed.append(error)

    thread = threading.Thread(target=post)
    thread.start()
    while not hook.requests:
        time.sleep(0.01)
    poster.close()
    thread.join(5)
    assert len(failed) == 1
    with pytest.raises((httpcore.ConnectError, CaptureError)):
        poster.post(hook.url, {}, b"{}")

"""What Jupyter's server logs of addresses with tickets in them."""

from __future__ import annotations

from server_harness import JupyterServer, wait_for
from stub_engine import StubEngine

from jupyter_capture.server_extension.passing import without_tickets

SIGNATURE = "0123456789abcdef0123456789abcdef"
TICKET = f"stm-5d41.1790000000.{SIGNATURE}"


def test_a_ticket_is_in_no_log_not_even_of_what_was_refused(
    eve: JupyterServer, stub: StubEngine
) -> None:
    with eve.stranger() as stranger, eve.browser() as browser:
        for path in (f"/engine/stream/{TICKET}/master.m3u8", f"/engine/watch?v={TICKET}"):
            assert stranger.get(path).status_code == 403
            referrer = {"Origin": "https://elsewhere.example", "Referer": f"https://x/{path}"}
            assert browser.get(path, headers=referrer).status_code == 403
            assert browser.get(path).status_code == 200
        assert browser.get(f"/engine/keys/{TICKET}").status_code == 403
    wait_for(lambda: "/engine/keys/" in eve.log())
    assert "/engine/stream/stm-5d41.(ticket)/master.m3u8" in eve.log()
    assert SIGNATURE not in eve.log()


def test_a_person_who_has_to_log_in_first_gets_to_the_page_with_its_ticket(
    eve: JupyterServer,
) -> None:
    with eve.stranger() as stranger:
        page = stranger.get(f"/engine/watch?v={TICKET}", headers={"Accept": "text/html"})
    assert SIGNATURE in page.headers["location"]


def test_only_tickets_are_taken_out_of_addresses() -> None:
    assert without_tickets(f"/a/{TICKET}/b?v={TICKET}&c=1.2.3") == (
        "/a/stm-5d41.(ticket)/b?v=stm-5d41.(ticket)&c=1.2.3"
    )

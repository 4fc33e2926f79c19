"""The inline player's Python side: what it answers, and what it leaves in a notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from IPython.testing.globalipapp import get_ipython
from IPython.utils.capture import capture_output

from jupyter_capture.errors import GoneError, InvalidRequestError
from jupyter_capture.widgets import player
from jupyter_capture.widgets.player import ShotPlayer

SECRET = "http://127.0.0.1:9/stream/stm-0123456789abcdef01234567.9999999999.feed/master.m3u8"
PICTURE = "data:image/jpeg;base64,/9j/4AAQSkZJRg=="
STATIC = Path(player.__file__).parent.parent / "static"


class Talk:
    """Something that plays, as the client's objects do."""

    text = "the budget   discussion"

    def __init__(self) -> None:
        self.asked = 0

    def generate_stream(self) -> str:
        self.asked += 1
        return f"{SECRET}?{self.asked}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": "Talk()", "text/html": f'<b>Talk</b><img src="{PICTURE}" alt="x">'}


def ask(widget: ShotPlayer, question: object) -> list[tuple[dict[str, Any], list[bytes]]]:
    """What the widget sends back to one message of its front end."""
    sent: list[tuple[dict[str, Any], list[bytes]]] = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers or []))
    answered = widget._hear(widget, question, [])
    if answered is not None:
        answered.result()
    return [(content, buffers) for content, buffers in sent if "heard" not in content]


def test_the_address_is_told_on_request_and_is_fresh_each_time() -> None:
    talk = Talk()
    widget = player.player_of(talk)
    assert talk.asked == 0
    assert ask(widget, {"id": "a", "ask": "source"}) == [({"id": "a", "src": f"{SECRET}?1"}, [])]
    assert ask(widget, {"id": "b", "ask": "source"}) == [({"id": "b", "src": f"{SECRET}?2"}, [])]


def test_the_widgets_state_holds_no_address_and_stays_small() -> None:
    widget = player.player_of(Talk())
    ask(widget, {"id": "a", "ask": "source"})
    state = json.dumps(widget.get_state(), default=str)
    assert "stm-" not in state
    assert "127.0.0.1" not in state
    assert len(state) < 60_000


def test_the_bundle_shows_the_objects_own_picture_where_no_kernel_runs() -> None:
    data, _ = player.player_of(Talk())._repr_mimebundle_()
    assert data["text/plain"] == "Talk()"
    assert PICTURE in data["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "stm-" not in json.dumps(data)


def test_without_a_bundle_of_its_own_the_poster_and_the_escaped_title_are_shown() -> None:
    widget = ShotPlayer(SECRET, title="<script>alert(1)</script>", poster=PICTURE)
    data, _ = widget._repr_mimebundle_()
    assert PICTURE in data["text/html"]
    assert "<script>" not in data["text/html"]
    assert SECRET not in json.dumps(data)


def test_title_and_poster_come_from_what_plays() -> None:
    widget = player.player_of(Talk())
    assert widget.title == "the budget discussion"
    assert widget.poster == PICTURE


def test_a_long_title_is_shortened() -> None:
    talk = Talk()
    talk.text = "word " * 100
    assert len(player.player_of(talk).title) == 160


@pytest.mark.parametrize("poster", ["http://127.0.0.1/p.jpg", "javascript:alert(1)", "x"])
def test_a_poster_that_is_no_inline_picture_is_refused(poster: str) -> None:
    with pytest.raises(InvalidRequestError, match="must be inline"):
        ShotPlayer(poster=poster)


def test_an_error_reaches_the_player_in_its_own_words() -> None:
    def gone() -> str:
        raise GoneError("That video was deleted. Record it again.")

    sent = ask(ShotPlayer(renew=gone), {"id": "a", "ask": "source"})
    failure = {"error": "That video was deleted. Record it again.", "status": 410, "code": "GONE"}
    assert sent == [({"id": "a", **failure}, [])]


def test_an_unforeseen_error_is_answered_without_its_raw_text() -> None:
    def broken() -> str:
        raise ValueError("0x7f3a")

    ((answer, _),) = ask(ShotPlayer(renew=broken), {"id": "a", "ask": "source"})
    assert answer["id"] == "a"
    assert "0x7f3a" not in answer["error"]


def test_a_player_without_a_stream_and_an_unknown_question_are_answered() -> None:
    assert "no stream" in ask(ShotPlayer(), {"id": "a", "ask": "source"})[0][0]["error"]
    assert "Restart" in ask(ShotPlayer(), {"id": "a", "ask": "everything"})[0][0]["error"]
    assert ask(ShotPlayer(), "noise") == []


def test_the_streaming_library_is_sent_on_request_and_is_no_part_of_the_state() -> None:
    ((answer, buffers),) = ask(ShotPlayer(SECRET), {"id": "a", "ask": "hls"})
    assert answer == {"id": "a"}
    assert buffers == [(STATIC / "hls.js").read_bytes()]


def test_show_displays_the_player_inline() -> None:
    get_ipython()
    with capture_output() as captured:
        player.show(Talk())
    still, live = captured.outputs
    assert still.data["text/plain"] == "Talk()"
    assert PICTURE in still.data["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in live.data
    assert live.data["text/html"] == ""

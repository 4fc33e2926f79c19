"""The panels' Python side: the engine's API and events over messages, and what can be observed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_capture import widgets
from jupyter_capture.client.cells import watch
from jupyter_capture.client.connection import Connection
from jupyter_capture.client.search import Shot
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.widgets._panel import Panel
from jupyter_capture.widgets.search import SearchPanel
from jupyter_capture.widgets.session import SessionPanel
from jupyter_capture.widgets.transcript import TranscriptView
from jupyter_capture.wire.cells import CELLS
from tests.conftest import Recorded

HIT = {"video_id": "m-1", "title": "<b>", "start": 1.0, "end": 2.5, "text": "budget", "score": 0.5}


class Page:
    """The front end's side of a panel: sends messages, and keeps what comes back."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self.sent: list[dict[str, Any]] = []
        self.buffers: list[bytes] = []
        self._came = threading.Condition()
        panel.send = self._take

    def _take(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        with self._came:
            self.sent.append(content)
            self.buffers += buffers or []
            self._came.notify_all()

    def tell(self, **message: Any) -> None:
        self._panel._hear(self._panel, message, [])

    def ask(self, question: str, **more: Any) -> dict[str, Any]:
        answered = self._panel._hear(self._panel, {"id": "q", "ask": question, **more}, [])
        assert answered is not None
        answered.result(30)
        return next(each for each in reversed(self.sent) if each.get("id") == "q")

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        with self._came:
            assert self._came.wait_for(lambda: any(map(wanted, self.sent)), 30)
            return next(filter(wanted, self.sent))


@pytest.fixture
def panel(connection: Connection) -> Iterator[Panel]:
    made = SearchPanel(connection=connection)
    yield made
    made.close()


def test_a_request_is_heard_at_once_and_answered_with_the_engines_envelope(panel: Panel) -> None:
    page = Page(panel)
    answer = page.ask("request", method="GET", path="/engine", body=None)
    assert page.sent[0] == {"heard": "q"}
    assert answer["body"]["success"] is True
    assert answer["body"]["data"]["disk_free"] > 0


def test_what_the_engine_refuses_comes_with_its_words_status_and_code(panel: Panel) -> None:
    answer = Page(panel).ask("request", method="GET", path="/video/m-none")
    assert "m-none" in answer["error"]
    assert (answer["status"], answer["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path"), [("CONNECT", "/engine"), ("GET", "engine"), ("GET", "//other.host/x")]
)
def test_only_paths_of_the_engine_are_asked_for(panel: Panel, method: str, path: str) -> None:
    assert Page(panel).ask("request", method=method, path=path)["status"] == 400


def test_media_of_the_engine_come_in_buffers_and_of_no_other_server(
    panel: Panel, recorded: Recorded
) -> None:
    video = recorded.session.get_video()
    assert video is not None
    page = Page(panel)
    page.ask("media", url=video.generate_stream())
    assert page.buffers[0].startswith(b"#EXTM3U")
    assert page.ask("media", url="http://127.0.0.1:9/secret")["status"] == 403
    assert page.ask("media", url="file:///etc/passwd")["status"] == 403


def test_events_come_while_a_view_listens_and_no_longer(
    panel: Panel, connection: Connection
) -> None:
    page = Page(panel)
    page.tell(listen=["levels"], view="a")
    thread = panel._listening._thread
    assert thread is not None
    session = connection.create_capture_session().start(["mic:default"])
    told = page.wait_for(lambda message: "event" in message)["event"]
    session.stop()
    assert told["channel"] == "levels"
    assert told["capture_session_id"] == session.id
    assert "mic:default" in told["data"]
    page.tell(listen=[], view="a")
    thread.join(30)
    assert not thread.is_alive()
    session.delete()


def test_a_hit_that_is_added_is_told_as_a_shot(panel: Panel) -> None:
    assert isinstance(panel, SearchPanel)
    added: list[Shot] = []
    panel.on_add(added.append)
    Page(panel).tell(emit="add", detail=HIT)
    panel.on_add(added.append, remove=True)
    Page(panel).tell(emit="add", detail=HIT)
    assert [(shot.video_id, shot.start, shot.end, shot.text) for shot in added] == [
        ("m-1", 1.0, 2.5, "budget")
    ]


def test_what_stands_in_for_a_search_is_escaped_text(panel: Panel) -> None:
    assert isinstance(panel, SearchPanel)
    panel.query, panel.results = "<script>alert(1)</script>", [HIT]
    data, _ = panel._repr_mimebundle_()
    assert "<script" not in data["text/html"]
    assert "&lt;b&gt;" in data["text/html"]
    assert data["text/plain"] == "SearchPanel(query='<script>alert(1)</script>', results=1)"


@pytest.mark.parametrize(
    ("scope", "place"),
    [("m-1", ("m-1", "default")), ("c-7", ("collection", "c-7")), ("cap-2", ("cap-2", "default"))],
)
def test_a_scope_is_an_id_or_a_collection(scope: str, place: tuple[str, str]) -> None:
    made = SearchPanel(scope=scope)
    assert (made.scope, made.collection_id) == place


def test_a_scope_that_is_no_place_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="is no place to search in"):
        SearchPanel(scope="everywhere")


def test_a_session_panel_shows_its_session_to_python(recorded: Recorded) -> None:
    made = SessionPanel(recorded.session)
    assert (made.session_id, made.session) == (recorded.session.id, recorded.session)
    assert made.status == recorded.session.status
    seen: list[str] = []
    made.observe(lambda change: seen.append(change["new"]), "status")
    # As the front end sets it.
    made.set_state({"status": "paused"})
    assert seen == ["paused"]
    made.close()


def test_a_session_that_the_front_end_began_is_an_object_in_python(connection: Connection) -> None:
    made = SessionPanel(connection=connection)
    session = connection.create_capture_session()
    made.set_state({"session_id": session.id})
    assert made.session is not None
    assert made.session.refresh().status == "created"
    session.delete()
    made.close()


def test_channels_for_a_session_panel_are_named_as_for_a_session() -> None:
    made = SessionPanel(channels=[{"name": "mic:default", "store": True}, "display"])
    chosen = [(each["channel_id"], each["store"], each["on"]) for each in made.channels]
    assert chosen == [("mic:default", True, True), ("display:1", False, True)]


def test_a_panel_in_a_notebook_tells_the_engine_of_its_cells_once_they_are_switched_on(
    shell: InteractiveShell, connection: Connection
) -> None:
    session = connection.create_capture_session()
    session.start([{"name": "display:1", "store": True}, {"name": CELLS, "store": True}])
    made = SessionPanel(session)
    shell.run_cell("before = 1", store_history=True)
    assert (made.notebook, made.cells) == (True, None)
    made.set_state({"channels": [{"channel_id": CELLS, "on": True, "store": True}]})
    assert made.cells is True
    shell.run_cell("answer = 42", store_history=True)
    watch(shell, session).end()
    assert [cell.code for cell in session.get_cells()] == ["answer = 42"]
    session.stop().delete()
    made.close()


def test_words_that_were_selected_are_a_shot(connection: Connection) -> None:
    made = TranscriptView("m-1", connection=connection)
    clips: list[Shot] = []
    made.on_clip(clips.append)
    assert made.shot is None
    made.set_state({"clip": HIT})
    Page(made).tell(emit="clip", detail=HIT)
    assert made.shot is not None
    assert [(shot.start, shot.end) for shot in [made.shot, *clips]] == [(1.0, 2.5)] * 2


def test_a_transcript_of_what_has_no_words_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="is no video or audio"):
        TranscriptView("cap-1")


def test_no_state_holds_an_address_or_what_was_said(recorded: Recorded) -> None:
    video = recorded.session.get_video()
    for made in (SessionPanel(recorded.session), TranscriptView(video)):
        state = json.dumps({k: v for k, v in made.get_state().items() if k[0] != "_"}, default=str)
        assert "stm-" not in state
        assert "127.0.0.1" not in state
        assert "budget" not in state.lower()


def test_the_package_names_its_panels_without_importing_them() -> None:
    assert {"SearchPanel", "SessionPanel", "ShotPlayer", "TranscriptView"} <= set(dir(widgets))
    assert widgets.SearchPanel is SearchPanel
    with pytest.raises(AttributeError):
        _ = widgets.NoPanel

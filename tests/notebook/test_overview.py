"""A recording at a glance: points of what was said, the screen as a block of time, and a click."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from jupyter_capture.client._previews import Point
from jupyter_capture.client.connection import Connection
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.widgets.overview import Overview, changes, placed
from jupyter_capture.widgets.panels import Panels
from jupyter_capture.widgets.search import SearchPanel
from tests.conftest import Recorded


def point(start: float, *vector: float, text: str = "word", channel: str = "mic:default") -> Point:
    array = np.zeros(384, np.float32)
    array[: len(vector)] = vector
    return Point(start, start + 1, text, channel, "spoken_word", array)


def test_moments_stand_at_their_time_and_those_alike_stand_together() -> None:
    found = placed([point(0, 1, 0), point(5, 0.9, 0.1), point(9, -1, 0.2), point(60, -1, 0.1)])
    assert [each.x for each in found] == [0.5, 5.5, 9.5, 60.5]
    places = np.array([(each.y, each.z) for each in found])
    assert places.min() >= 0
    assert places.max() <= 1
    assert abs(places[0, 0] - places[1, 0]) < 0.2 < abs(places[0, 0] - places[2, 0])
    assert placed([]) == []
    assert [(each.x, each.z) for each in placed([point(3, 1)])] == [(3.5, 0.5)]


def test_of_a_screen_what_changed_is_seen_within_bounds() -> None:
    pictures = np.zeros((100, 160, 90, 3), np.uint8)
    assert changes(pictures) is None
    pictures[60, 40:60, 20:40] = 255
    block = changes(pictures)
    assert block is not None
    assert block.shape[2] == 100
    assert block.shape[0] <= 64
    assert block.shape[1] <= 36
    assert block[:, :, 60].max() == 1
    assert block[:, :, :60].max() == 0


def test_a_click_on_a_point_plays_its_moment_and_the_same_point_again(recorded: Recorded) -> None:
    video = recorded.session.get_video()
    assert video is not None
    video.index_spoken_words(show_progress=False)
    made = Overview(recorded.session)
    assert len(made.points) == sum(len(scatter.x) for scatter in made.figure.scatters) > 0
    assert {each.description for each in made.figure.scatters} >= {"mic:default"}
    played = []
    made.observe(lambda change: played.append(change["new"]), "selected")
    spoken = next(each for each in made.figure.scatters if each.description == "mic:default")
    for _ in range(2):
        spoken.clicked_index = 0
    number = made.selected
    assert [each for each in played if each is not None] == [number, number]
    assert number is not None
    assert made.player is not None
    assert made.player.title == made.shot(number).text == made.points[number].text
    assert made.children[-1] is made.player
    with pytest.raises(InvalidRequestError, match="There is no point 999"):
        made.selected = 999
    still = made._stands_in()
    assert "data:image/png;base64," in still["text/html"]
    assert len(still["text/html"]) < 45_000
    assert "127.0.0.1" not in str(still)


def test_an_overview_of_what_is_not_indexed_or_not_over_says_what_to_do(
    connection: Connection,
) -> None:
    session = connection.create_capture_session(metadata={"name": "<b>Plan</b>"})
    session.start([{"name": "display:1", "store": True}])
    with pytest.raises(InvalidRequestError, match="has no video"):
        Overview(session)
    made = Overview(session.stop())
    assert made.points == []
    assert "not indexed yet" in made._said.value
    assert "<b>Plan" not in made._stands_in()["text/html"]
    with pytest.raises(InvalidRequestError, match="is no recording"):
        Overview(object())
    session.delete()


def test_panels_side_by_side_leave_a_still_of_each(connection: Connection) -> None:
    made = Panels(SearchPanel("<i>one</i>", connection=connection), SearchPanel("two"))
    html = made._stands_in()["text/html"]
    assert "&lt;i&gt;one" in html
    assert "two" in html
    assert repr(made).startswith("Panels(SearchPanel(")


def test_ipyvolume_is_imported_only_when_an_overview_is_drawn() -> None:
    code = "import sys, jupyter_capture.widgets.overview; print('ipyvolume' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

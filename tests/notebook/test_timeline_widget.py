"""The timeline editor's Python side: both ways, the code that rebuilds it, what is saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ipywidgets
import pytest

from jupyter_capture import connect
from jupyter_capture.client.connection import Connection
from jupyter_capture.client.search import SearchResult, Shot
from jupyter_capture.client.video import Video
from jupyter_capture.editor import (
    AudioAsset,
    Background,
    Border,
    CaptionAnimation,
    CaptionAsset,
    Clip,
    Crop,
    Filter,
    Fit,
    Font,
    FontStyling,
    ImageAsset,
    Offset,
    Position,
    Positioning,
    TextAsset,
    Timeline,
    Track,
    Transition,
    VideoAsset,
)
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.widgets import TimelineEditor
from jupyter_capture.widgets._rebuild import code_of, read


@pytest.fixture
def offline(tmp_path: Path) -> Connection:
    """A connection that is asked nothing: no engine starts."""
    return connect(data_dir=tmp_path)


def shot(connection: Connection, start: float, end: float) -> Shot:
    return Shot(connection, "m-1", 60.0, "Talk", start, end, "the budget")


def everything(connection: Connection) -> Timeline:
    """One of each asset, and no property left at its default."""
    timeline = Timeline(connection)
    timeline.resolution, timeline.background = "640x360", "#102030"
    low, high = Track(), Track(z_index=3)
    crop = Crop(top=1, right=2, bottom=3, left=4)
    low.add_clip(
        0.25,
        Clip(
            VideoAsset("m-1", start=3.4, volume=0.5, crop=crop),
            2.7,
            transition=Transition(in_="fade", duration=0.3),
            filter=Filter.greyscale,
            scale=0.5,
            opacity=0.9,
            fit=Fit.none,
            position=Position.center,
            offset=Offset(0.1, -0.2),
            z_index=2,
        ),
    )
    low.add_clip(4, Clip(AudioAsset("a-1", start=1), 2))
    low.add_clip(7, Clip(ImageAsset("img-1", crop=crop), 2))
    text = TextAsset(
        'Say "no"\n<b>\\n é',
        font=Font(size=30),
        border=Border(width=2),
        background=Background(opacity=0.5),
        width=300,
    )
    high.add_clip(0, Clip(text, 3))
    caption = CaptionAsset(
        font=FontStyling(name="Serif", size=20, bold=True),
        position=Positioning(margin_v=5),
        animation=CaptionAnimation.karaoke,
    )
    high.add_clip(5, Clip(caption, 3))
    timeline.add_track(low)
    timeline.add_track(high)
    return timeline


def test_the_code_builds_the_same_timeline(offline: Connection) -> None:
    timeline = everything(offline)
    space: dict[str, Any] = {}
    exec(code_of(timeline), space)
    assert space["timeline"].to_json() == timeline.to_json()
    assert space["timeline"].connection.data_dir == offline.data_dir


def test_the_code_leaves_out_what_is_a_default(offline: Connection) -> None:
    timeline, track = Timeline(offline), Track()
    track.add_clip(1.5, Clip(VideoAsset("m-1"), 3))
    timeline.add_track(track)
    assert 'track_1.add_clip(1.5, Clip(asset=VideoAsset(id="m-1"), duration=3))' in code_of(
        timeline
    )


def test_the_code_for_a_server_holds_no_key() -> None:
    with connect("sk-secret", "https://api.videodb.io") as cloud:
        code = code_of(everything(cloud))
    assert "sk-secret" not in code
    assert 'connect(api_key=os.environ["VIDEODB_API_KEY"])' in code


def test_a_timeline_is_read_as_it_was_written(offline: Connection) -> None:
    written = everything(offline).to_json()
    assert read(offline, written["timeline"]).to_json() == written
    assert read(offline, {"tracks": [{}]}).to_json() == read(offline, {"tracks": [{}]}).to_json()


def test_setting_the_timeline_shows_it_and_an_edit_of_the_page_sets_another(
    offline: Connection,
) -> None:
    editor = TimelineEditor(connection=offline)
    heard: list[Timeline] = []
    editor.observe(lambda change: heard.append(change["new"]), "timeline")
    editor.timeline = everything(offline)
    assert editor.spec == editor.timeline.to_json()["timeline"]
    assert len(heard) == 1

    # As the page sends it: what is a default may be missing.
    edited = {"tracks": [{"clips": [{"start": 2, "clip": clip_of_page(3.5)}]}]}
    editor.set_state({"spec": edited})
    assert len(heard) == 2
    (item,) = editor.timeline.tracks[0].clips
    assert (item.start, item.clip.duration, item.clip.fit) == (2, 3.5, Fit.crop)
    assert "duration=3.5" in editor.code
    # What it sent is not sent back to it: its selection would be lost.
    assert editor.spec == edited


def test_the_code_tells_of_which_edit_it_knows(offline: Connection) -> None:
    editor = TimelineEditor(everything(offline))
    told: list[tuple[str, bool]] = []
    editor.observe(
        lambda change: told.append((change["new"], "duration=3.5" in editor.code)), "coded"
    )
    edited = {"tracks": [{"clips": [{"start": 2, "clip": clip_of_page(3.5)}]}]}
    editor.set_state({"edit": "first", "spec": edited})
    editor.set_state({"spec": editor.spec, "edit": "done and undone"})
    assert told == [("first", True), ("done and undone", True)]


def clip_of_page(duration: float) -> dict[str, Any]:
    return {"asset": {"type": "video", "id": "m-1", "start": 1}, "duration": duration}


def test_what_was_changed_within_a_timeline_shows_after_a_refresh(offline: Connection) -> None:
    editor = TimelineEditor(everything(offline))
    editor.timeline.add_track(Track())
    assert len(editor.spec["tracks"]) == 2
    editor.refresh()
    assert len(editor.spec["tracks"]) == 3


def test_things_are_added_one_after_another_or_where_one_says(offline: Connection) -> None:
    editor = TimelineEditor(connection=offline)
    editor.add(shot(offline, 3, 5))
    editor.add(Video(offline, "m-2", "default", length=4.0))
    editor.add("A title", at=1)
    result = SearchResult(offline, "budget")
    result.shots = [shot(offline, 0, 1), shot(offline, 8, 10)]
    assert len(editor.add(result, at=20)) == 2
    low, high = editor.timeline.tracks
    assert [(i.start, i.clip.duration) for i in low.clips] == [(0, 2), (2, 4), (20, 1), (21, 2)]
    assert [i.clip.asset.label for i in high.clips] == ["“A title”"]
    assert low.clips[0].clip.asset == VideoAsset("m-1", start=3)


@pytest.mark.parametrize(
    ("at", "track", "words"),
    [
        (1.5, 0, r"from 1.5|From 1.5 to 3.5 s there is a clip"),
        (0, 5, "there are 1, counted from 0"),
    ],
)
def test_what_has_no_room_is_refused_in_words_and_changes_nothing(
    offline: Connection, at: float, track: int, words: str
) -> None:
    editor = TimelineEditor(connection=offline)
    editor.add(shot(offline, 0, 2))
    before = editor.timeline.to_json()
    with pytest.raises(InvalidRequestError, match=words):
        editor.add(shot(offline, 3, 5), at=at, track=track)
    assert editor.timeline.to_json() == before


def test_what_cannot_be_added_or_found_is_said(offline: Connection) -> None:
    editor = TimelineEditor(connection=offline)
    with pytest.raises(InvalidRequestError, match="cannot be added"):
        editor.add(42)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequestError, match="Nothing was found"):
        editor.add(SearchResult(offline, "budget"))
    with pytest.raises(InvalidRequestError, match="The timeline is empty"):
        editor.save("cut.mp4")


def test_what_the_page_has_kept_python_keeps_on_with(offline: Connection) -> None:
    editor = TimelineEditor(everything(offline))
    assert editor.kept == {}
    editor.set_state({"kept": {"id": "tl-1", "name": "Cut", "version": 1}})
    assert (editor.timeline.id, editor.timeline.name) == ("tl-1", "Cut")
    # What is edited or added is still the one that was kept.
    editor.set_state({"spec": {"tracks": [{"clips": [{"start": 2, "clip": clip_of_page(3)}]}]}})
    editor.add("A title", at=1)
    assert editor.timeline.id == "tl-1"
    assert editor.kept == {"id": "tl-1", "name": "Cut", "version": 1}
    editor.timeline = everything(offline)
    assert editor.kept == {}


def test_it_stands_in_a_box_and_its_state_holds_no_address(offline: Connection) -> None:
    timeline = everything(offline)
    timeline.stream_url = timeline.player_url = None
    editor = TimelineEditor(timeline)
    box = ipywidgets.VBox([ipywidgets.HBox([editor])])
    assert box.children[0].children == (editor,)
    state = {name: value for name, value in editor.get_state().items() if not name.startswith("_")}
    saved = json.dumps(state, default=str)
    assert "http" not in saved
    assert "stm-" not in saved
    data, _ = editor._repr_mimebundle_()
    assert "TimelineEditor(Timeline(" in data["text/plain"]
    assert "&lt;b&gt;" in data["text/html"]

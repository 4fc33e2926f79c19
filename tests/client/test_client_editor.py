"""The editor writes what VideoDB's own SDK writes, and refuses nonsense where it is said."""

from __future__ import annotations

import json
import math
import warnings
from types import ModuleType
from typing import Any

import pytest
from client_harness import STREAM, Server, ok
from videodb import editor as sdk

from jupyter_capture import editor, errors
from jupyter_capture.client.connection import Connection
from jupyter_capture.wire.editor import EditorRequest


def plain(e: ModuleType) -> Any:
    track = e.Track()
    track.add_clip(0, e.Clip(asset=e.VideoAsset(id="m-1"), duration=60))
    track.add_clip(60, e.Clip(asset=e.AudioAsset(id="a-1", volume=0.5), duration=1.5))
    return [track]


def dressed(e: ModuleType) -> Any:
    text = e.TextAsset(
        "hello",
        font=e.Font(family="Mono", size=30, color="#112233", opacity=0.5),
        border=e.Border("#445566", 2.0),
        shadow=e.Shadow("#000000", 1.0, 2.0),
        background=e.Background(10.0, 20.0, "#ffffff", 1.0, 0.3, e.TextAlignment.top_left),
        alignment=e.Alignment(e.HorizontalAlignment.left, e.VerticalAlignment.bottom),
        tabsize=2,
        line_spacing=1.5,
        width=300,
        height=100,
    )
    caption = e.CaptionAsset(
        src="QVNT",
        font=e.FontStyling("Mono", 20, True, True, True, True, 90, 110, 1.0, 5.0),
        primary_color="&H000000FF",
        secondary_color="&H0000FF00",
        back_color="&H00FF0000",
        border=e.BorderAndShadow(e.CaptionBorderStyle.opaque_box, 2, "&H00000001", 1),
        position=e.Positioning(e.CaptionAlignment.top_left, 1, 2, 3),
        animation=e.CaptionAnimation.karaoke,
    )
    low, high = e.Track(), e.Track(z_index=3)
    video = e.VideoAsset("m-1", start=1.25, volume=2, crop=e.Crop(1, 2, 3, 4))
    low.add_clip(
        0.5,
        e.Clip(
            video,
            2.5,
            transition=e.Transition(in_="fade", out="fade", duration=0.3),
            effect="zoomIn",
            filter=e.Filter.greyscale,
            scale=0.5,
            opacity=0.8,
            fit=e.Fit.contain,
            position=e.Position.bottom_right,
            offset=e.Offset(0.1, -0.2),
            z_index=2,
        ),
    )
    high.add_clip(0, e.Clip(text, 1))
    high.add_clip(1, e.Clip(e.ImageAsset("img-1", crop=e.Crop(top=5)), 1))
    high.add_clip(2, e.Clip(caption, 1))
    return [low, high]


def sent(e: ModuleType, make: Any, connection: Any = None) -> Any:
    timeline = e.Timeline(connection)
    timeline.background, timeline.resolution = "#102030", "1920x1080"
    for track in make(e):
        timeline.add_track(track)
    return json.loads(json.dumps(timeline.to_json()))


@pytest.mark.parametrize("make", [plain, dressed])
def test_the_json_is_the_sdks(make: Any) -> None:
    assert sent(editor, make) == sent(sdk, make)


@pytest.mark.parametrize("make", [plain, dressed])
def test_the_wire_accepts_it(make: Any) -> None:
    request = EditorRequest.model_validate(sent(editor, make))
    assert request.timeline is not None
    assert request.timeline.resolution == "1920x1080"


@pytest.mark.parametrize("e", [editor, sdk])
def test_no_fit_at_all_means_the_same_from_both(e: Any) -> None:
    clip = e.Clip(e.ImageAsset("img-1"), 1, fit=e.Fit.none)
    track = e.Track()
    track.add_clip(0, clip)
    body = sent(e, lambda _: [track])
    request = EditorRequest.model_validate(body)
    assert request.timeline is not None
    assert request.timeline.tracks[0].clips[0].clip.fit is None


@pytest.mark.parametrize("name", sorted(set(editor.__all__) & set(vars(sdk))))
def test_enums_have_the_sdks_members(name: str) -> None:
    theirs = getattr(sdk, name)
    if hasattr(theirs, "__members__"):
        assert set(theirs.__members__) == set(getattr(editor, name).__members__)


def test_words_do_where_enums_are_meant() -> None:
    clip = editor.Clip(
        editor.ImageAsset("img-1"),
        1,
        fit="contain",  # type: ignore[arg-type]
        position="top",  # type: ignore[arg-type]
        filter="blur",  # type: ignore[arg-type]
    )
    clip.position = "left"  # type: ignore[assignment]
    data = clip.to_json()
    assert (data["fit"], data["position"], data["filter"]) == ("contain", "left", "blur")


BAD_NUMBERS = [math.nan, math.inf, -math.inf, -1, "1", None, True]


@pytest.mark.parametrize("duration", [0, 0.0, *BAD_NUMBERS])
def test_a_clip_needs_a_length(duration: Any) -> None:
    with pytest.raises(errors.InvalidRequestError, match="duration is"):
        editor.Clip(editor.VideoAsset("m-1"), duration)


@pytest.mark.parametrize("start", BAD_NUMBERS)
def test_a_start_is_a_number_from_0_on(start: Any) -> None:
    clip = editor.Clip(editor.VideoAsset("m-1"), 1)
    for attempt in (
        lambda: editor.VideoAsset("m-1", start=start),
        lambda: editor.AudioAsset("a-1", start=start),
        lambda: editor.Track().add_clip(start, clip),
    ):
        with pytest.raises(errors.InvalidRequestError, match="start is"):
            attempt()


@pytest.mark.parametrize("asset", ["VideoAsset", "AudioAsset", "ImageAsset"])
def test_an_asset_of_a_channel_that_was_not_kept_says_so(asset: str) -> None:
    with pytest.raises(errors.InvalidRequestError, match="store=True"):
        getattr(editor, asset)(id=None)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: editor.Clip(editor.VideoAsset("m-1"), 1, scale=11),
        lambda: editor.Clip(editor.VideoAsset("m-1"), 1, opacity=-0.1),
        lambda: editor.Clip(editor.VideoAsset("m-1"), 1, position="middle"),  # type: ignore[arg-type]
        lambda: editor.Clip("m-1", 1),  # type: ignore[arg-type]
        lambda: editor.VideoAsset("m-1", volume=6),
        lambda: editor.Font(size=0),
        lambda: editor.Background(opacity=2),
        lambda: editor.TextAsset("x", width=0),
        lambda: editor.Crop(top=-1),
        lambda: editor.Track().add_clip(0, editor.VideoAsset("m-1")),  # type: ignore[arg-type]
        lambda: editor.Timeline(None).add_track(editor.VideoAsset("m-1")),  # type: ignore[arg-type]
    ],
)
def test_nonsense_is_refused_where_it_is_said(attempt: Any) -> None:
    with pytest.raises(errors.InvalidRequestError, match="must be"):
        attempt()


def timeline_of(conn: Connection) -> editor.Timeline:
    timeline = editor.Timeline(conn)
    for track in plain(editor):
        timeline.add_track(track)
    return timeline


def test_an_empty_timeline_says_what_to_add(conn: Connection) -> None:
    with pytest.raises(errors.InvalidRequestError, match="add_clip"):
        editor.Timeline(conn).generate_stream()


@pytest.mark.parametrize(
    ("field", "value"), [("resolution", "720p"), ("resolution", None), ("background", "red")]
)
def test_a_timelines_own_fields_are_checked(conn: Connection, field: str, value: Any) -> None:
    timeline = timeline_of(conn)
    setattr(timeline, field, value)
    with pytest.raises(errors.InvalidRequestError, match=field):
        timeline.generate_stream()


def test_a_number_that_became_nan_later_is_refused(conn: Connection) -> None:
    timeline = timeline_of(conn)
    timeline.tracks[0].clips[0].clip.duration = math.nan
    with pytest.raises(errors.InvalidRequestError, match="not finite"):
        timeline.generate_stream()


def test_a_shortened_clip_is_told_once(server: Server, conn: Connection) -> None:
    told = "m-1 is 12.0 s long, so the clip of 60 s ends with it."
    server.on("POST", "/editor", ok({**STREAM, "warnings": [told]}))
    timeline = timeline_of(conn)
    with pytest.warns(UserWarning, match="12.0 s long") as caught:
        assert timeline.generate_stream() == STREAM["stream_url"]
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        timeline.generate_stream()
        timeline.resolution = "640x360"
        timeline.generate_stream()
    assert timeline.warnings == [told]
    assert len(server.sent) == 2


def test_a_large_timeline_is_uploaded_first(server: Server, conn: Connection) -> None:
    ticket = "http://127.0.0.1:9/upload/t-1"
    server.on("GET", "/collection/default/upload_url", ok({"upload_url": ticket}))
    server.on("POST", "/upload/t-1", ok())
    server.on("POST", "/editor", ok(STREAM))
    timeline = editor.Timeline(conn)
    track = editor.Track()
    track.add_clip(0, editor.Clip(editor.TextAsset("x" * 110_000), 1))
    timeline.add_track(track)
    timeline.generate_stream()
    assert server.body() == {"timeline_url": ticket}

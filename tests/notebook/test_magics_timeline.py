"""%%timeline: a clip a line, and errors that name the line."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from jupyter_capture.magics.clips import Where, moment, read_where
from tests.conftest import Recorded


def timeline(shell: InteractiveShell, body: str, options: str = "") -> str:
    with capture_output() as captured:
        shell.run_cell_magic("timeline", options, body)
    return str(captured.stdout)


def test_times_are_read_as_people_write_them() -> None:
    read = [moment(text) for text in ("12", "12.5s", "1:05", "1:02:03.5", "1m5s", "2h", "0:00")]
    assert read == [12, 12.5, 65, 3723.5, 65, 7200, 0]


@pytest.mark.parametrize("text", ["", "0:0x", "1:2:3:4", "-3", "1m5", "soon", "∞"])
def test_what_is_no_time_is_told(text: str) -> None:
    if text == "1m5":
        assert moment(text) == 65
    else:
        with pytest.raises(UsageError, match="is no time"):
            moment(text)


@pytest.mark.parametrize(
    ("words", "where"),
    [
        ("", Where()),
        ("full", Where()),
        ("top-right 30%", Where("top_right", 0.3)),
        ("at 0:10", Where(at=10)),
        ("Bottom at 2s", Where("bottom", at=2)),
    ],
)
def test_a_place_is_where_on_the_screen_how_large_and_when(words: str, where: Where) -> None:
    assert read_where(words.split()) == where


def test_clips_follow_one_another_and_what_has_a_place_lies_over_the_last(
    shell: InteractiveShell, recorded: Recorded
) -> None:
    video = recorded.session.exported_video_id
    said = timeline(
        shell,
        f'# a comment\n{video}, 0:01, 0:03\n\n{video} 2 3.5\n"A {{title}}" - 1s bottom\n'
        f"{video} 0 2 top_right 30% at 0:00.5\n",
        "--into made --resolution 640x360",
    )
    made = shell.user_ns["made"]
    clips = [(item.start, item.clip.duration) for track in made.tracks for item in track.clips]
    assert clips == [(0, 2), (2, 1.5), (2, 1), (0.5, 2)]
    assert [len(track.clips) for track in made.tracks] == [2, 1, 1]
    assert made.tracks[1].clips[0].clip.asset.text == "A {title}"
    assert made.tracks[2].clips[0].clip.scale == 0.3
    assert "Timeline of 0:03.5, 640x360" in said
    assert "/watch?v=" in said


def test_a_shot_of_the_last_search_is_named_by_its_number(
    shell: InteractiveShell, recorded: Recorded
) -> None:
    with capture_output():
        shell.run_line_magic(
            "search", f"channel:mic budget --in {recorded.session.id} --into found"
        )
    timeline(shell, "1\n1 0 1\n", "--into made")
    shot = shell.user_ns["found"].shots[0]
    first, second = shell.user_ns["made"].tracks[0].clips
    assert first.clip.asset.start == shot.start
    assert first.clip.duration == pytest.approx(shot.length)
    assert (second.clip.asset.start, second.clip.duration) == (0, 1)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("VIDEO 0 1\nVIDEO 0:0x 1", "Line 2: '0:0x' is no time"),
        ("VIDEO 0 1 nowhere", "Line 1: 'nowhere' is no place"),
        ("\n\nm-unknown", "Line 3: There is no video 'm-unknown'"),
        ("VIDEO 3 2", "Line 1: It ends at 0:02.0"),
        ("VIDEO 9:00 9:10", "Line 1: m-"),
        ("VIDEO 0 1 top 5000%", "Line 1: A size lies"),
        ("7", "Line 1: Nothing was found yet"),
        ("everything", "Line 1: 'everything' is no video"),
        ("# nothing", "The timeline is empty"),
    ],
)
def test_an_error_names_its_line_and_what_may_stand_there(
    shell: InteractiveShell, recorded: Recorded, body: str, said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        timeline(shell, body.replace("VIDEO", recorded.session.exported_video_id or ""))
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)

"""Files of streams: chapters, sound alone, and a page that plays by itself."""

from __future__ import annotations

import json
import re
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from track_maker import FRAME, make_audio, make_video, pulses

from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.media import wav
from jupyter_capture.media.chapters import Chapter
from jupyter_capture.media.mp4 import write_mp4
from jupyter_capture.media.page import write_page
from jupyter_capture.media.plan import Cut, make_plan
from jupyter_capture.media.wav import write_wav
from jupyter_capture.media.webvtt import Line

SECOND = 90000
CHAPTERS = [Chapter(0, "Erstes"), Chapter(2 * SECOND, "Zwölf & <b>")]


@pytest.fixture
def plan(tmp_path: Path):
    pictures = [(at * FRAME, at, at % 15 == 0) for at in range(60)]
    video = make_video(tmp_path / "v", [pictures], 4 * SECOND)
    return make_plan([Cut(video, make_audio(tmp_path / "a", [(0, pulses(4))]), 0, 4 * SECOND)])


def test_chapters_are_read_by_players(plan, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    assert write_mp4(plan, path, chapters=CHAPTERS)
    with av.open(str(path)) as file:
        found = [
            (float(c["start"] * c["time_base"]), c["metadata"]["title"]) for c in file.chapters()
        ]
        assert found == [(0.0, "Erstes"), (2.0, "Zwölf & <b>")]
        assert sum(1 for _ in file.decode(video=0)) == 60


def test_a_film_without_chapters_names_none(plan, tmp_path: Path) -> None:
    write_mp4(plan, tmp_path / "a.mp4")
    with av.open(str(tmp_path / "a.mp4")) as file:
        assert file.chapters() == []


def test_the_sound_of_a_wav_is_that_of_the_stream(plan, tmp_path: Path) -> None:
    done: list[float] = []
    write_wav(plan, tmp_path / "a.wav", done.append)
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48000, 1, 2)
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    assert len(sound) == pytest.approx(4 * 48000, abs=1024)
    loud = np.abs(sound[: 4 * 48000]).reshape(-1, 4800).max(axis=1) > 0.2
    assert [at for at in range(40) if loud[at]] == pytest.approx(
        [0, 1, 10, 11, 20, 21, 30, 31], abs=0
    )
    assert done == sorted(done)
    assert done[-1] == pytest.approx(1.0, abs=0.01)


def test_a_wav_longer_than_the_format_says_so(plan, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(wav, "_MOST_BYTES", 1000)
    with pytest.raises(InvalidRequestError, match=r"Save it as \.m4a"):
        write_wav(plan, tmp_path / "a.wav")


def test_a_page_holds_everything_and_asks_for_nothing(plan, tmp_path: Path) -> None:
    film = tmp_path / "a.mp4"
    write_mp4(plan, film)
    page = tmp_path / "a.html"
    write_page(page, film, "A </script> & b", [Line(1, 2, "x </script>")], CHAPTERS, picture=True)
    text = page.read_text()
    assert "http" not in re.sub(
        r'<script id="film".*?</script>', "", text, flags=re.DOTALL
    ).replace("http-equiv", "")
    assert text.count("</script>") == 3
    data = re.search(r'<script id="data" type="application/json">(.*?)</script>', text)
    assert data
    assert json.loads(data[1]) == {
        "chapters": [[0.0, "Erstes"], [2.0, "Zwölf & <b>"]],
        "lines": [[1, 2, "x </script>"]],
        "type": "video/mp4",
    }
    assert "<h1>A &lt;/script&gt; &amp; b</h1>" in text

"""What was heard of a track is kept piece by piece, shared, and never heard twice."""

from __future__ import annotations

import json
import threading
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_harness import App, kill, wait_for
from sqlalchemy import update
from stock import clip, numbered, sentence, tone
from test_transcribe import LIBRIVOX, RATE, read_wav, silence

from jupyter_capture.engine import ahead
from jupyter_capture.engine.ahead import Ahead
from jupyter_capture.engine.index import delete_index, find_index, read_segments, write_index
from jupyter_capture.engine.models import find_speech_model
from jupyter_capture.engine.schema import tracks
from jupyter_capture.engine.transcribe import Piece, Transcriber
from jupyter_capture.engine.transcribe.heard import forget, hearing, so_far
from jupyter_capture.engine.transcribe.told import Told
from jupyter_capture.engine.transcribe.voices import Stretch, stretches
from jupyter_capture.engine.work import Work
from jupyter_capture.errors import GoneError
from jupyter_capture.wire.recorder import Manifest
from tests.media.track_maker import make_audio


class Killed(Exception):
    """Stands for the death of a process."""


@pytest.fixture(scope="module")
def transcriber(tmp_path_factory: pytest.TempPathFactory) -> Transcriber:
    return Transcriber(find_speech_model("tiny.en", tmp_path_factory.mktemp("cache")), threads=2)


@pytest.fixture(scope="module")
def talk() -> np.ndarray:
    """A minute of speech, with pauses."""
    lines = [read_wav(path) for path in sorted(LIBRIVOX.glob("*.wav"))]
    return np.concatenate([part for pcm in lines * 2 for part in (pcm, silence(1.2))])


@pytest.fixture(scope="module")
def whole(transcriber: Transcriber, talk: np.ndarray) -> Any:
    return transcriber.transcribe(talk)


def listened(folder: Path, language: str | None = "en") -> Any:
    return hearing(folder, "tiny.en", language, None)


class Reader:
    """The sound, and from where on it was asked for."""

    def __init__(self, pcm: np.ndarray) -> None:
        self.pcm, self.starts = pcm, list[float]()

    def __call__(self, start: float, end: float) -> np.ndarray:
        self.starts.append(start)
        return self.pcm[round(start * RATE) : round(end * RATE)]


def test_after_a_death_it_goes_on_at_the_piece(
    transcriber: Transcriber, talk: np.ndarray, whole: Any, tmp_path: Path
) -> None:
    seconds = len(talk) / RATE
    pieces: list[float] = []

    def die(done: float, _stage: str) -> None:
        pieces.append(done)
        if len(pieces) == 2:  # the first told that the model is loaded
            raise Killed

    with pytest.raises(Killed), listened(tmp_path) as heard:
        transcriber.transcribe_blocks(Reader(talk), seconds, progress=die, hearing=heard)
    path = tmp_path / "heard.jsonl"
    with path.open("a") as file:
        file.write('{"until": 80, "wor')  # what was just being written
    read = Reader(talk)
    with listened(tmp_path) as heard:
        known = [piece.until for piece in heard.pieces]
        found = transcriber.transcribe_blocks(read, seconds, hearing=heard)
        heard.drop()
    assert len(known) == 1
    assert min(read.starts) == known[-1] > 20
    assert alike(found, whole)
    assert not path.exists()


def test_a_recording_that_grows_is_cut_as_one_that_is_whole(
    transcriber: Transcriber, talk: np.ndarray, whole: Any, tmp_path: Path
) -> None:
    read = Reader(talk)
    seconds = len(talk) / RATE
    with listened(tmp_path) as heard:
        for end in (41.3, 52.0):
            for _ in transcriber.listen(read, end, None, heard, over=False):
                pass
        assert 20 < heard.until <= 52.0
        found = transcriber.transcribe_blocks(read, seconds, hearing=heard)
    assert alike(found, whole)


def alike(found: Any, other: Any) -> bool:
    """Where a piece is cut elsewhere, a word or two may be written otherwise."""
    said, heard = (
        [word.lower().strip(".,;!?") for sentence in each for word, _, _ in sentence.words]
        for each in (found, other)
    )
    same = SequenceMatcher(None, said, heard, autojunk=False).ratio() > 0.97
    return same and abs(len(said) - len(heard)) <= 3


@pytest.mark.parametrize("other", ["small", "de", "idx-1"])
def test_what_was_heard_otherwise_is_heard_again(tmp_path: Path, other: str) -> None:
    with hearing(tmp_path, "tiny.en", "en", None) as heard:
        heard.add(Piece(5.0, (("one", 1.0, 2.0),)))
    with hearing(tmp_path, "tiny.en", "en", None) as heard:
        assert [piece.until for piece in heard.pieces] == [5.0]
    asked = {"small": ("small", "en", None), "de": ("tiny.en", "de", None)}
    with hearing(tmp_path, *asked.get(other, ("tiny.en", "en", other))) as heard:
        assert heard.pieces == []


@pytest.mark.parametrize("content", [b"", b"[1", b"\x00\xff\n", b'{"a": 1}\n', b"[]\n[]\n"])
def test_a_damaged_file_counts_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "heard.jsonl").write_bytes(content)
    with listened(tmp_path) as heard:
        assert heard.pieces == []
        heard.add(Piece(2.0))
    with listened(tmp_path) as heard:
        assert heard.pieces == [Piece(2.0)]


def test_what_is_forgotten_was_not_heard(tmp_path: Path) -> None:
    track = tmp_path / "trk-1"
    track.mkdir()
    with listened(track) as heard:
        words = (("open", 0.0, 1.0), ("pineapple", 2.0, 3.0), ("close", 4.0, 5.0))
        heard.add(Piece(6.0, words, "en", 6.0))
    forget(tmp_path, 1.5, 2.5)
    assert b"pineapple" not in (track / "heard.jsonl").read_bytes()
    with listened(track) as heard:
        assert [word for piece in heard.pieces for word, _, _ in piece.words] == ["open", "close"]
        assert heard.pieces[-1].until == 6.0


def test_kept_channels_are_heard_while_they_are_recorded_whoever_is_killed(
    app: App, talk: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a track on the disk, of which the manifest tells as a recorder does."""
    monkeypatch.setattr(ahead, "_LOOK", 0.1)
    folder = app.services.home.session("cap-1")
    sound = np.repeat(np.concatenate([talk, talk])[: 70 * RATE], 3)[:, None].astype(
        np.float32
    )  # at 48 kHz
    track = make_audio(folder / "trk-1", [(0, sound)])
    track.manifest.id, track.manifest.channel_id = "trk-1", "mic:default"
    for part in track.manifest.parts:
        part.file = f"trk-1/{part.file}"
    track.manifest.duration = track.end
    manifest = Manifest(session_id="cap-1", tracks=[track.manifest], wall_clock=[(0.0, 1000.0)])
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    options = {"speech_model": "tiny.en", "threads": 1, "fps": 30}
    process = Ahead(app.services.home, options, lambda: ["cap-1"])
    path = folder / "trk-1" / "heard.jsonl"

    def lines() -> list[Any]:
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    process.start()
    try:
        wait_for(lambda: len(lines()) > 1, 60, what="the first piece")
        assert process.pid is not None
        kill(process.pid)
        wait_for(lambda: lines()[-1]["until"] > 40, 60, what="the rest")
        with process.held("cap-1"):
            assert process.pid is None
            pieces = lines()[1:]
    finally:
        process.close()
    untils = [piece["until"] for piece in pieces]
    assert untils == sorted(untils)
    assert "Dashwood" in "".join(word for piece in pieces for word, _, _ in piece["words"])
    (before,) = so_far(folder).values()
    assert all(0 <= each.start < each.end <= 70 for each in before)


def said(start: float, end: float, *words: tuple[str, float, float]) -> dict[str, Any]:
    return {"decoded": "mic:default", "start": start, "end": end, "words": words}


def test_what_a_live_transcript_heard_is_not_heard_again(
    transcriber: Transcriber, talk: np.ndarray, tmp_path: Path
) -> None:
    """Where it heard all that was spoken; else the model hears the stretch."""
    first = next(stretches(Reader(talk), 0.0, 55.0, over=False))
    live = ((" live", 1001.0, 1002.0), (" words", 1003.0, 1004.0))
    told = Told()
    told.add(said(1000.0 + first.start, 1000.0 + first.until, *live))
    heard_live: list[float] = []

    def known(stretch: Stretch) -> Any:
        words = told.words("mic:default", stretch, lambda unix: unix - 1000)
        if words is not None:
            heard_live.append(stretch.until)
        return words

    with listened(tmp_path) as heard:
        for _ in transcriber.listen(Reader(talk), 55.0, None, heard, over=False, known=known):
            pass
    assert heard_live == [first.until]
    words = [word for piece in heard.pieces for word, _, _ in piece.words]
    assert words[:2] == [" live", " words"]
    assert len(words) > 20
    assert told.words("system_audio:default", Stretch(0, 5, talk[:1], ((0, 5),)), float) is None


# -- jobs


def job(app: App, told: Any = lambda *_: None) -> Work:
    services = app.services
    options = {"speech_model": "tiny.en", "model_hub": "", "threads": 1, "fps": 30}
    return Work(services.store, services.home, services.library, services.streams, options, told)


def track_of(app: App, asset: str) -> Any:
    (track,) = app.services.library.speech_tracks(asset)
    return track


def test_two_jobs_on_one_track_hear_it_once(app: App) -> None:
    asset = clip(app.services, pictures=numbered(2), seconds=2.0, sound=tone(2))
    track = track_of(app, asset)
    folder = app.services.home.root / track.folder / track.id
    folder.mkdir(parents=True, exist_ok=True)
    waiting = threading.Event()
    answers: list[Any] = []

    def told(_done: float, stage: str) -> None:
        if stage.startswith("Waiting"):
            waiting.set()

    with hearing(folder, "tiny.en", "en", None):  # a job on another asset with this track
        second = threading.Thread(
            target=lambda: answers.append(job(app, told).index(asset, None, False))
        )
        second.start()
        assert waiting.wait(60)
        said = [sentence("Heard by the other one.", 0, 1)]
        with app.services.store.write() as connection:
            vectors = np.zeros((1, 384), np.float32)
            made = write_index(
                connection,
                track.id,
                "spoken_word",
                track.channel_id,
                said,
                vectors,
                "tiny.en",
                "en",
            )
    second.join()
    assert answers == [{"asset_id": asset, "segments": 1, "warnings": []}]
    with app.services.store.read() as connection:
        assert find_index(connection, track.id) == made


def test_an_echo_is_reported_once_whichever_channel_is_indexed_first(
    app: App, talk: np.ndarray
) -> None:
    sound = np.repeat(talk[: 12 * RATE], 3)[:, None].astype(np.float32)
    late = np.concatenate([np.zeros((5000, 1), np.float32), sound * 0.3])
    mic, system = (clip(app.services, sound=each, seconds=12.0) for each in (late, sound))
    for asset, channel in ((mic, "mic:default"), (system, "system_audio:default")):
        with app.services.store.write() as connection:
            its = tracks.c.id == track_of(app, asset).id
            values = {"session_id": "cap-echo", "channel_id": channel}
            connection.execute(update(tracks).where(its).values(**values))

    def said(asset: str) -> list[str]:
        with app.services.store.read() as connection:
            index = find_index(connection, track_of(app, asset).id)
            return [row.text for row in read_segments(connection, index)] if index else []

    work = job(app)
    work.index(mic, None, False)
    assert said(mic)
    work.index(system, None, False)
    assert (said(mic), bool(said(system))) == ([], True)
    work.index(mic, None, True)
    assert said(mic) == []


@pytest.mark.parametrize("moment", ["Loading the speech model", "Indexing"])
def test_a_video_that_is_deleted_while_it_is_indexed_is_gone_and_leaves_no_words(
    app: App, moment: str
) -> None:
    asset = clip(app.services, pictures=numbered(2), seconds=2.0, sound=tone(2))
    track = track_of(app, asset)

    def told(_done: float, stage: str) -> None:
        if stage == moment:
            app.services.library.delete(asset)

    with pytest.raises(GoneError):
        job(app, told).index(asset, None, False)
    with app.services.store.read() as connection:
        assert find_index(connection, track.id) is None


def test_an_index_that_is_deleted_while_it_is_made_anew_is_there_afterwards(app: App) -> None:
    said = [sentence("What was heard before.", 0, 1)]
    asset = clip(app.services, pictures=numbered(2), seconds=2.0, sound=tone(2), said=said)
    track = track_of(app, asset)

    def told(_done: float, stage: str) -> None:
        if stage == "Indexing":
            with app.services.store.write() as connection:
                delete_index(connection, track.id)

    job(app, told).index(asset, None, True)
    with app.services.store.read() as connection:
        index = find_index(connection, track.id)
        assert index is not None
        assert read_segments(connection, index) == []

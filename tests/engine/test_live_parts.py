"""What live transcripts are made of: endpoints, drafts and finals, and what an event matches."""

from __future__ import annotations

import itertools
import queue
import subprocess
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import inspect, text

from jupyter_capture.engine.alerts.matching import Matcher, core
from jupyter_capture.engine.embed import Embedder
from jupyter_capture.engine.live.decoder import Decoder
from jupyter_capture.engine.live.endpoint import (
    LONGEST,
    RATE,
    SILENCE,
    Endpointer,
    SileroVoice,
    Utterance,
)
from jupyter_capture.engine.models import find_speech_model, find_text_model
from jupyter_capture.engine.store import Store
from jupyter_capture.engine.transcribe import Transcriber

START = 1_700_000_000.0
BLOCK = 1600


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """A sentence of about 3 s, without silence around it."""
    path = tmp_path_factory.mktemp("voice") / "said.wav"
    said = "After that we talk about hiring two engineers."
    subprocess.run(["flite", "-voice", "slt", "-t", said, "-o", path], check=True)
    with wave.open(str(path)) as file:
        assert file.getframerate() == RATE
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype("f4") / 32768
    loud = np.flatnonzero(np.abs(pcm) > 0.01)
    return pcm[loud[0] : loud[-1]]


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.float32)


def fed(end: Endpointer, pcm: np.ndarray, start: float = START) -> list[tuple[float, Utterance]]:
    """Each utterance, and the seconds after which it was closed."""
    found = []
    for place in range(0, len(pcm), BLOCK):
        block = pcm[place : place + BLOCK]
        ended = end.hear(start + place / RATE, block, True)
        found += [((place + len(block)) / RATE, utterance) for utterance in ended]
    return found


def endpointer() -> Endpointer:
    return Endpointer("mic:default", SileroVoice())


def test_silence_closes_an_utterance_that_begins_where_the_voice_does(voice: np.ndarray) -> None:
    pcm = np.concatenate([silence(1.0), voice, silence(2.0)])
    ((closed, utterance),) = fed(endpointer(), pcm)
    spoken = 1.0 + len(voice) / RATE
    assert closed - spoken == pytest.approx(SILENCE, abs=0.35)
    assert utterance.start - START == pytest.approx(1.0, abs=0.4)
    assert len(utterance.pcm) / RATE == pytest.approx(len(voice) / RATE, abs=0.8)


def test_silence_noise_and_clicks_are_no_utterance() -> None:
    noise = np.random.default_rng(0).normal(0, 0.05, RATE * 3).astype("f4")
    click = silence(3.0)
    click[RATE : RATE + 200] = 0.9
    for pcm in (silence(3.0), noise, click):
        end = endpointer()
        assert not fed(end, pcm)
        assert not end.finish()


def test_who_never_pauses_is_cut_and_nothing_is_lost(voice: np.ndarray) -> None:
    pcm = np.concatenate([voice] * 8)
    end = endpointer()
    found = [utterance for _, utterance in fed(end, pcm)] + end.finish()
    assert len(found) >= 2
    assert max(len(each.pcm) for each in found) / RATE <= LONGEST + 0.1
    for before, after in itertools.pairwise(found):
        assert after.start == pytest.approx(before.start + len(before.pcm) / RATE, abs=0.5)
    assert sum(len(each.pcm) for each in found) >= 0.9 * len(pcm)


def test_a_hole_in_time_ends_what_was_open(voice: np.ndarray) -> None:
    end = endpointer()
    half = len(voice) // 2
    assert not fed(end, voice[:half])
    ended = fed(end, np.concatenate([voice[half:], silence(1.0)]), START + 60)
    assert len(ended) == 2
    assert ended[0][1].start < START + 1
    assert ended[1][1].start >= START + 59.9


def test_one_block_that_is_live_only_makes_the_utterance_live_only(voice: np.ndarray) -> None:
    end = endpointer()
    pcm = np.concatenate([voice, silence(1.0)])
    found = []
    for place in range(0, len(pcm), BLOCK):
        kept = place != 10 * BLOCK
        found += end.hear(START + place / RATE, pcm[place : place + BLOCK], kept)
    assert [each.kept for each in found] == [False]


def test_a_draft_comes_first_and_the_final_is_whole(voice: np.ndarray, cache: Path) -> None:
    said: queue.Queue[dict[str, Any]] = queue.Queue()
    loaded: list[Transcriber] = []

    def load() -> Transcriber:
        loaded.append(Transcriber(find_speech_model("tiny.en", cache), 1))
        return loaded[-1]

    def fail(error: Exception) -> None:
        said.put({"broken": error})

    decoder = Decoder(load, said.put, fail)
    decoder.start()
    assert said.get(timeout=60) == {"ready": True}
    end = endpointer()
    fed(end, voice[: RATE * 2])
    assert end.open is not None
    decoder.draft(end.open)
    draft = said.get(timeout=60)
    assert draft["is_final"] is False
    ((_, utterance),) = fed(end, np.concatenate([voice[RATE * 2 :], silence(1.0)]), START + 2)
    decoder.final(utterance)
    decoder.rest()
    decoder.end("mic:default")
    decoded = said.get(timeout=60)  # for the index, which needs not hear it again
    assert decoded["decoded"] == "mic:default"
    final = said.get(timeout=60)
    assert final["is_final"] is True
    text = "".join(word for word, _, _ in decoded["words"])
    assert text.split() == final["text"].split()
    assert decoded["start"] <= decoded["words"][0][1] < decoded["words"][-1][2] <= decoded["end"]
    assert "hiring two engineers" in final["text"].lower()
    assert START <= final["start"] < final["end"] <= START + 4
    assert said.get(timeout=60) == {"ended": "mic:default"}
    decoder.end()
    decoder.join()
    assert len(loaded) == 1


def test_a_model_that_cannot_be_loaded_is_said(cache: Path) -> None:
    said: queue.Queue[str] = queue.Queue()
    decoder = Decoder(
        lambda: Transcriber(find_speech_model("no-such", cache), 1),
        lambda _: None,
        lambda error: said.put(str(error)),
    )
    decoder.start()
    assert "no-such" in said.get(timeout=60)
    decoder.join()


@pytest.fixture(scope="module")
def matcher(cache: Path) -> Matcher:
    return Matcher(Embedder(find_text_model(cache), 1))


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("Detect when someone talks about the budget", "Now to the budgets, please."),
        ("Alert me when the speaker mentions a deadline", "We cannot make the deadline."),
        ("somebody says goodbye", "Goodbye everybody, see you next week."),
        ("a customer asks for a refund", "I would like my money back for this order."),
        ("a fire alarm", "There is smoke and the siren is ringing, everybody leave the building."),
        ("someone is ill", "She caught the flu and stays in bed with a fever."),
        ('the words "twelve thousand"', "We have twelve thousand for travel."),
    ],
)
def test_an_event_matches_what_says_or_means_it(
    matcher: Matcher, prompt: str, sentence: str
) -> None:
    match = matcher.match(prompt, sentence)
    assert match is not None
    assert 0 < match.confidence <= 1
    aside = f"Good morning everyone and thank you for coming. {sentence} The next slide, please."
    assert matcher.match(prompt, aside) is not None


@pytest.mark.parametrize(
    "prompt",
    [
        "Detect when someone talks about the budget",
        "a customer asks for a refund",
        "a fire alarm",
        "someone is ill",
        'the words "twelve thousand"',
    ],
)
@pytest.mark.parametrize(
    "sentence",
    [
        "After that we talk about hiring two engineers.",
        "The next slide shows how the notebook plots its results.",
        "Twelve of a thousand trains were late.",
        "You",
    ],
)
def test_an_event_does_not_match_other_sentences(
    matcher: Matcher, prompt: str, sentence: str
) -> None:
    assert matcher.match(prompt, sentence) is None


def test_how_one_asks_is_not_what_one_asks_for() -> None:
    assert core("Alert me when someone mentions the budget.") == "the budget"
    assert core("Notify if people are discussing a security incident") == "a security incident"
    assert core("neural networks") == "neural networks"
    assert core("someone is ill") == "someone is ill"
    assert core("when the server is down") == "the server is down"


def test_a_library_of_before_gets_the_tables_of_alerts(tmp_path: Path) -> None:
    names = {"alert_events", "live_indexes", "alerts"}

    def opened() -> Store:
        store = Store(tmp_path / "library.sqlite3")
        store.migrate()
        return store

    def tables(store: Store) -> set[str]:
        with store.read() as connection:
            return names & set(inspect(connection).get_table_names())

    store = opened()
    assert tables(store) == names
    with store.write() as connection:
        for name in ("alerts", "live_indexes", "alert_events"):
            connection.execute(text(f"drop table {name}"))
        connection.execute(text("update alembic_version set version_num = '0001'"))
    store.close()
    store = opened()
    assert tables(store) == names
    store.close()

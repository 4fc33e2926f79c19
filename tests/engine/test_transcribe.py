"""With the real model, on real and on spoken-by-flite speech."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import wave
from pathlib import Path

import jiwer
import numpy as np
import pytest

from jupyter_capture.engine.models import SpeechModel, find_speech_model
from jupyter_capture.engine.transcribe import Sentence, Transcriber, sentences
from jupyter_capture.errors import EngineError, JobError
from jupyter_capture.media.tracks import resample

LIBRIVOX = Path("/usr/share/pocketsphinx/test/data/librivox")  # Debian: pocketsphinx-testdata
RATE = 16_000


@pytest.fixture(scope="module")
def transcriber(tmp_path_factory):
    return Transcriber(find_speech_model("tiny.en", tmp_path_factory.mktemp("cache")), threads=2)


def read_wav(path):
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels()) == (RATE, 1)
        data = file.readframes(file.getnframes())
    return np.frombuffer(data, "<i2").astype(np.float32) / 32768


def speak(text, folder):
    flite = shutil.which("flite")
    assert flite, "these tests need Debian's package flite"
    path = folder / "speech.wav"
    subprocess.run([flite, "-voice", "slt", "-t", text, "-o", str(path)], check=True)
    return read_wav(path)


def silence(seconds):
    return np.zeros(round(seconds * RATE), dtype=np.float32)


def plain(text):
    spelled = text.lower().replace("mr.", "mister").replace("-", " ").replace("coldh", "cold h")
    return " ".join(re.sub(r"[^a-z ]", "", spelled).split())


def spoken_text(transcription):
    return " ".join(sentence.text for sentence in transcription)


@pytest.fixture(scope="module")
def book():
    """Consecutive lines of a read book: (text, sound)."""
    assert LIBRIVOX.is_dir(), "these tests need Debian's package pocketsphinx-testdata"
    found = re.findall(r"<s> (.*?) +</s> \((.*)\)", (LIBRIVOX / "transcription").read_text())
    return [(text, read_wav(LIBRIVOX / f"{name}.wav")) for text, name in found]


def test_read_speech_is_understood(transcriber, book):
    result = transcriber.transcribe(np.concatenate([pcm for _, pcm in book]))
    wer = jiwer.wer(plain(" ".join(text for text, _ in book)), plain(spoken_text(result)))
    assert wer < 0.05
    assert result.language == "en"
    assert result.warnings == []


def test_short_lines_on_their_own_are_understood(transcriber, book):
    heard = [plain(spoken_text(transcriber.transcribe(pcm))) for _, pcm in book]
    assert jiwer.wer([plain(text) for text, _ in book], heard) < 0.15


def test_words_lie_where_they_were_spoken(transcriber, book):
    pauses = (4.0, 9.0)
    first, second = book[0][1], book[4][1]
    pcm = np.concatenate([silence(pauses[0]), first, silence(pauses[1]), second, silence(3)])
    result = transcriber.transcribe(pcm)
    words = [word for sentence in result for word in sentence.words]
    opening = next(word for word in words if "Dashwood" in word[0])
    assert 4 <= opening[1] < opening[2] <= 4 + len(first) / RATE
    himself = next(word for word in words if "himself" in word[0])
    begin = 4 + len(first) / RATE + 9
    assert begin + 1.5 <= himself[1] < himself[2] <= begin + len(second) / RATE + 0.3
    assert all(a[2] <= b[1] + 0.02 for a, b in itertools.pairwise(words))
    for sentence in result:
        assert sentence.start == sentence.words[0][1]
        assert sentence.end == sentence.words[-1][2]
        assert all(type(time) is float for _, *times in sentence.words for time in times)


def test_a_long_recording_is_read_in_blocks_and_nothing_is_lost_between_them(transcriber, book):
    # 125 s of speech, so that a block of 120 s ends within a sentence.
    one = np.concatenate([part for _, pcm in book for part in (pcm, silence(0.4))])
    pcm = np.concatenate([one] * 5)
    asked = []

    def read(start, end):
        asked.append(end - start)
        return pcm[round(start * RATE) : round(end * RATE)]

    seen = []
    result = transcriber.transcribe_blocks(
        read, len(pcm) / RATE, None, lambda done, _stage: seen.append(done)
    )
    assert max(asked) <= 120
    assert len(asked) >= 2
    said = plain(" ".join(text for text, _ in book))
    assert jiwer.wer(" ".join([said] * 5), plain(spoken_text(result))) < 0.06
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen[-1] == 1
    assert len(seen) > 5
    starts = [sentence.start for sentence in result]
    assert starts == sorted(starts)
    assert all(sentence.text for sentence in result)
    assert all(sentence.end - sentence.start <= 20 for sentence in result)


def invented_sounds():
    rng = np.random.default_rng(7)
    time = np.arange(40 * RATE) / RATE
    notes = sum(
        0.1 * np.sin(2 * np.pi * pitch * 2 ** (np.floor(time / 2) % 4 / 6) * time)
        for pitch in (220, 277, 330, 440, 660)
    )
    return {
        "silence": np.zeros_like(time),
        "faint noise": rng.normal(0, 0.003, len(time)),
        "loud noise": rng.normal(0, 0.3, len(time)),
        "hum": 0.2 * np.sin(2 * np.pi * 50 * time) + 0.1 * np.sin(2 * np.pi * 150 * time),
        "music": notes * np.exp(-(time % 0.5) * 3),
        "clicks": (rng.random(len(time)) < 3 / RATE) * 0.8,
        "beeps": 0.4 * np.sin(2 * np.pi * 1000 * time) * ((time % 1) < 0.2),
    }


@pytest.mark.parametrize("name", list(invented_sounds()))
def test_where_nobody_speaks_nothing_is_written(transcriber, name):
    pcm = invented_sounds()[name].astype(np.float32)
    assert list(transcriber.transcribe(pcm)) == []


def test_speech_is_found_between_noise_and_music(transcriber, book):
    sounds = invented_sounds()
    before, after = (sounds[name].astype(np.float32) for name in ("music", "faint noise"))
    result = transcriber.transcribe(np.concatenate([before, book[0][1], after]))
    assert jiwer.wer(plain(book[0][0]), plain(spoken_text(result))) < 0.15
    assert all(s.start >= 39.5 and s.end <= 41 + len(book[0][1]) / RATE for s in result)


def test_speech_in_a_noisy_room_is_kept(transcriber, book):
    clear = np.concatenate([pcm for _, pcm in book])
    noise = np.random.default_rng(1).normal(0, 1, len(clear)).astype(np.float32)
    noisy = clear + noise * float(np.sqrt((clear**2).mean())) * 10 ** (-10 / 20)  # 10 dB
    said = plain(" ".join(text for text, _ in book))
    assert jiwer.wer(said, plain(spoken_text(transcriber.transcribe(noisy)))) < 0.3


def test_a_voice_that_nobody_could_understand_is_left_out_and_doubted_aloud(transcriber, book):
    """An English model is as unsure of another language as of speech that runs backwards."""
    backwards = np.concatenate([pcm for _, pcm in book])[::-1].copy()
    result = transcriber.transcribe(backwards)
    assert list(result) == []
    (warning,) = result.warnings
    assert "knows English only" in warning
    assert "jupyter-capture models list" in warning


def test_another_language_in_between_does_not_spoil_what_is_said_around_it(transcriber, book):
    """To an English model, speech that runs backwards is another language."""
    english, pause = [pcm for _, pcm in book[:2]], silence(1.0)
    result = transcriber.transcribe(
        np.concatenate([english[0], pause, book[2][1][::-1], pause, english[1]])
    )
    said = plain(" ".join(text for text, _ in book[:2]))
    heard = jiwer.process_words(said, plain(spoken_text(result)))
    assert heard.substitutions + heard.deletions < 0.15 * len(said.split())


def test_telephone_sound_of_8_khz_is_understood(transcriber, book):
    clear = np.concatenate([pcm for _, pcm in book])
    narrow = resample(resample(clear[:, None], RATE, 8000, len(clear) // 2), 8000, RATE, len(clear))
    said = plain(" ".join(text for text, _ in book))
    assert jiwer.wer(said, plain(spoken_text(transcriber.transcribe(narrow[:, 0])))) < 0.15


def test_the_same_sound_gives_the_same_words(transcriber, book):
    noise = np.random.default_rng(1).normal(0, 0.05, len(book[2][1])).astype(np.float32)
    first = transcriber.transcribe(book[2][1] + noise)
    assert first == transcriber.transcribe(book[2][1] + noise)
    assert len(first) >= 1


@pytest.mark.parametrize("seconds", [0, 0.01, 0.4])
def test_almost_nothing_is_nothing(transcriber, seconds):
    seen = []
    result = transcriber.transcribe(silence(seconds), progress=lambda done, _: seen.append(done))
    assert list(result) == []
    assert seen[-1] == 1


def test_it_can_be_cancelled(transcriber, book):
    with pytest.raises(JobError, match="cancelled"):
        transcriber.transcribe(book[0][1], cancelled=lambda: True)


def test_an_english_model_warns_of_other_languages(transcriber, book):
    result = transcriber.transcribe(book[1][1], "de-AT")
    assert len(result.warnings) == 1
    assert "English only" in result.warnings[0]
    assert result.language == "en"
    assert transcriber.transcribe(silence(1), "en-GB").warnings == []


def test_a_folder_that_only_looks_like_a_model_is_refused(tmp_path):
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_text("{}")
    broken = Transcriber(SpeechModel("mine", tmp_path), threads=1)
    with pytest.raises(EngineError, match="cannot be loaded"):
        broken.transcribe(silence(1))


def test_a_synthetic_voice_about_a_budget_is_understood(transcriber, tmp_path):
    pcm = speak(
        "Welcome to the meeting. The budget for next year is forty thousand dollars. "
        "Most of the money will go to travel.",
        tmp_path,
    )
    heard = spoken_text(transcriber.transcribe(pcm)).lower()
    assert "budget for next year" in heard
    assert "40,000" in heard or "forty thousand" in heard


def even(text, start=0.0, step=0.5):
    return [
        (" " + one, start + step * n, start + step * n + step * 0.8)
        for n, one in enumerate(text.split())
    ]


def test_sentences_end_at_punctuation():
    found = sentences(
        even("We start with the big budget now. Then we talk about the plan for spring.")
    )
    assert [one.text for one in found] == [
        "We start with the big budget now.",
        "Then we talk about the plan for spring.",
    ]
    assert (found[0].start, found[0].end) == (0.0, 3.4)
    assert found[0].words[0] == ("We", 0.0, 0.4)


def test_sentences_end_at_pauses_where_there_is_no_punctuation():
    found = sentences(even("one two three four five six seven") + even("eight nine", start=10.0))
    assert [one.text for one in found] == ["one two three four five six seven", "eight nine"]


def test_short_sentences_join_a_near_neighbour():
    found = sentences(even("Yes. No. I think so. That is what we agreed on last week."))
    assert [one.text for one in found] == ["Yes. No. I think so. That is what we agreed on last week."]  # fmt: skip  # noqa: E501


def test_a_talk_of_short_sentences_is_not_one_long_sentence():
    words = [(f"{'yes.' if n % 4 == 3 else 'yes'}", n * 0.6, n * 0.6 + 0.5) for n in range(40)]
    found = sentences(words)
    assert len(found) >= 4
    assert all(3 <= each.end - each.start <= 8 for each in found)
    assert sum(len(each.words) for each in found) == 40


def test_a_title_does_not_end_a_sentence():
    found = sentences(even("We should all really listen to Mr. Dashwood and to Dr. Kowalski."))
    assert len(found) == 1


def test_long_sentences_are_cut_at_a_pause_and_keep_every_word():
    text = " ".join(f"w{n}" for n in range(200))
    found = sentences(even(text))
    assert all(3 <= one.end - one.start <= 20 for one in found)
    assert " ".join(one.text for one in found) == text


def test_no_sentence_is_empty():
    assert sentences([]) == []
    assert sentences([("  ", 0.0, 1.0), ("", 1.0, 2.0)]) == []
    assert sentences([("  ", 0.0, 1.0), (" Hi.", 1.0, 2.0)]) == [
        Sentence(1.0, 2.0, "Hi.", (("Hi.", 1.0, 2.0),))
    ]

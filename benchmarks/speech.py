"""What transcribing costs, beside calling faster-whisper directly with the same model.

Both hear the same sound in the same run, in turns, each in a process of its own: read speech and
commands of Debian's pocketsphinx-testdata, with their transcriptions, and sentences that flite
speaks, with pauses as people make them. Shown are the time (the median of the rounds, without
loading the model), the word error rate and the peak memory of the process. ``direct`` is what
faster-whisper's documentation shows, with word timestamps and its voice detection: by itself, with
one beam as ours, and batched.

    python benchmarks/speech.py [--rounds 3] [--model tiny.en]
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import numpy.typing as npt
from _record import Record

from jupyter_capture.engine.models import SpeechModel, find_speech_model
from jupyter_capture.engine.transcribe import Transcriber

DATA = Path("/usr/share/pocketsphinx/test/data")  # Debian: pocketsphinx-testdata
RATE = 16_000
THREADS = 2
SPOKEN = (
    "Welcome to the weekly meeting of the data group. Let us begin with the numbers of last month. "
    "The new model finds about nine out of ten errors, and it needs half of the memory.",
    "The next slide shows how the notebook plots its results. You can see that the curve rises "
    "until the third week. After that it stays almost flat, and nobody knows why.",
    "We have twelve thousand for travel this year. Anna will write to the hotel on Thursday. "
    "Please tell her by Wednesday evening whether you want to come.",
    "If the server does not answer, try it again after one minute. The second attempt usually "
    "works. Otherwise look into the log file and send me the last twenty lines.",
)

Pcm = npt.NDArray[np.float32]
Hear = Callable[[Pcm], str]


def main() -> None:
    arguments = _arguments()
    if arguments.hear:
        _hear(arguments.hear, arguments.model, Path(arguments.sounds))
        return
    with tempfile.TemporaryDirectory() as folder:
        said = _make(Path(folder))
        rounds = [
            {how: _run(how, arguments.model, folder) for how in HOW}
            for _ in range(arguments.rounds)
        ]
    _table(said, rounds)


def _make(folder: Path) -> dict[str, str]:
    """What is said in each of the sounds that are written into the folder."""
    pause = np.zeros(round(0.8 * RATE), np.float32)
    book = _transcribed(DATA / "librivox/transcription", DATA / "librivox")
    cards = _transcribed(DATA / "cards/cards.transcription", DATA / "cards")
    voices = [_flite(text, voice, folder) for voice in ("slt", "rms") for text in SPOKEN]
    sets = {
        "read (LibriVox)": [*book] * 6,
        "commands (cards)": [*cards] * 3,
        "flite": [*zip(SPOKEN * 2, voices, strict=True)],
    }
    for number, parts in enumerate(sets.values()):
        sound = np.concatenate([piece for _, pcm in parts for piece in (pcm, pause)])
        np.save(folder / f"{number}.npy", sound)
    return {name: " ".join(text for text, _ in parts) for name, parts in sets.items()}


def _transcribed(file: Path, folder: Path) -> list[tuple[str, Pcm]]:
    found = re.findall(r"<s> (.*?) *</s> \((.*)\)", file.read_text())
    return [(text, _read(folder / f"{name}.wav")) for text, name in found]


def _flite(text: str, voice: str, folder: Path) -> Pcm:
    path = folder / "said.wav"
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", path], check=True)
    return _read(path)


def _read(path: Path) -> Pcm:
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
    if rate == RATE:
        return pcm
    at = np.arange(0, len(pcm) - 1, rate / RATE)
    return np.interp(at, np.arange(len(pcm)), pcm).astype(np.float32)


# -- in a process of its own


def _run(how: str, model: str, folder: str) -> list[dict[str, float | str]]:
    command = [sys.executable, __file__, "--hear", how, "--model", model, "--sounds", folder]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: list[dict[str, float | str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _hear(how: str, name: str, folder: Path) -> None:
    hear = HOW[how](find_speech_model(name, folder / "verified"))
    hear(np.zeros(RATE, np.float32))
    found = []
    for path in sorted(folder.glob("*.npy")):
        sound = np.load(path)
        began, worked = time.monotonic(), time.process_time()
        text = hear(sound)
        took, cpu = time.monotonic() - began, time.process_time() - worked
        found.append({"text": text, "took": took, "cpu": cpu, "seconds": len(sound) / RATE})
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write("\n" + json.dumps([{**each, "memory": memory} for each in found]) + "\n")


def _ours(model: SpeechModel) -> Hear:
    transcriber = Transcriber(model, THREADS)
    return lambda pcm: " ".join(sentence.text for sentence in transcriber.transcribe(pcm))


def _direct(beams: int, batch: int = 0) -> Callable[[SpeechModel], Hear]:
    def made(model: SpeechModel) -> Hear:
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        whisper = WhisperModel(
            str(model.path), device="cpu", compute_type="int8", cpu_threads=THREADS
        )
        options = {"beam_size": beams, "word_timestamps": True, "vad_filter": True}
        if batch:
            pipeline = BatchedInferencePipeline(whisper)
            options["batch_size"] = batch
            return lambda pcm: _text(pipeline.transcribe(pcm, **options)[0])
        return lambda pcm: _text(whisper.transcribe(pcm, **options)[0])

    return made


def _text(segments: Iterable[Any]) -> str:
    return " ".join(segment.text for segment in segments)


ABOUT = (
    "Seconds to transcribe the same sounds with the same model (int8, 2 threads, word times): as a "
    "recording is indexed, and by faster-whisper called directly, as it does by itself (beam 5), "
    "with one beam, and in batches. Each in a process of its own."
)
WHY = (
    "In batches faster-whisper hears eight pieces at once, for half as much memory again as ours, "
    "which hears two; and pieces that it joins across a pause cost it words, most of all in short "
    "commands."
)
HOW: dict[str, Callable[[SpeechModel], Hear]] = {
    "ours": _ours,
    "direct": _direct(5),
    "direct, one beam": _direct(1),
    "direct, batched": _direct(1, 8),
}


# -- the table


def _table(said: dict[str, str], rounds: list[dict[str, list[dict[str, float | str]]]]) -> None:
    row = "{:18} {:18} {:>8} {:>8} {:>8} {:>8} {:>7} {:>8}\n"
    record = Record("speech", "Transcription", ABOUT, peers=["faster-whisper", "ctranslate2"])
    sys.stdout.write(
        row.format("speech", "who", "sound s", "took s", "ours/it", "CPU s", "WER", "peak MB")
    )
    for place, (name, text) in enumerate(said.items()):
        ours = _median(rounds, "ours", place, "took")
        for how in HOW:
            each = rounds[-1][how][place]
            took = _median(rounds, how, place, "took")
            error = jiwer.wer(_plain(text), _plain(str(each["text"])))
            memory = _median(rounds, how, place, "memory")
            cpu = _median(rounds, how, place, "cpu")
            if how != "ours":
                record.row(name, ours, "s", peer=f"faster-whisper {how}", theirs=took)
            record.words(f"{name}: wrong words, {how}", f"{error:.1%}")
            sys.stdout.write(
                row.format(
                    name, how, f"{each['seconds']:.0f}", f"{took:.2f}", f"{ours / took:.2f}",
                    f"{cpu:.2f}", f"{error:.1%}", f"{memory:.0f}",
                )
            )  # fmt: skip
    record.note(WHY)
    record.save()


def _median(
    rounds: list[dict[str, list[dict[str, float | str]]]], how: str, place: int, what: str
) -> float:
    return statistics.median(float(each[how][place][what]) for each in rounds)


_NUMBERS = {
    "1": "one", "2": "two", "3": "three", "4": "four", "5": "five", "6": "six", "7": "seven",
    "8": "eight", "9": "nine", "10": "ten", "20": "twenty", "12000": "twelve thousand",
}  # fmt: skip


def _plain(text: str) -> str:
    """Without case, punctuation and the ways to write a number or a title."""
    spelled = text.lower().replace("mr.", "mister").replace("-", " ").replace("coldh", "cold h")
    words = re.sub(r"[^a-z0-9 ]", "", spelled).split()
    return " ".join(_NUMBERS.get(word, word) for word in words)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default="tiny.en")
    parser.add_argument("--hear", help=argparse.SUPPRESS)
    parser.add_argument("--sounds", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()

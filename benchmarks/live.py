"""How long after the words the words are there: live transcripts, search and alerts.

On the virtual desktop flite says sentences into the microphone, which is kept, and the same over
the speakers, which are live only, in turns; each holds a word that no other does. The screen is
recorded meanwhile. When a sentence ended is read from the sound itself, from the microphone's
recording after the stop (and for the speakers from when the player began and how long its sound
is), not from our own timestamps. Shown: from the end of the words to the final text on the
websocket; to the search that finds them; from the final text to the alert. And how many words were
right.

    python benchmarks/live.py [--sentences 24]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import wave
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
from _record import Record

from jupyter_capture.client.connection import Connection, connect
from jupyter_capture.client.moments import listen, search_so_far
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.demo.script import SLIDES
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.errors import CaptureError, EngineUnavailableError
from jupyter_capture.local import end_engine

WORDS = (
    "giraffe", "umbrella", "mountain", "chocolate", "library", "airplane", "kitchen", "elephant",
    "hospital", "tractor", "butterfly", "newspaper", "pineapple", "telescope", "carpenter",
    "blanket", "volcano", "violin", "satellite", "cucumber", "penguin", "lighthouse", "dentist",
    "wardrobe", "crocodile", "submarine", "festival", "trumpet", "fountain", "parliament",
)  # fmt: skip
FORMS = (
    "On the next page you will find the {} again.",
    "Somebody told me about the {} yesterday, and I could not believe it.",
    "Let us talk about the {} after the break.",
    "There is a {} in the second picture.",
)
PAUSE = 2.0
"""Seconds between two sentences."""


@dataclass
class Said:
    """A sentence and when it was over (Unix seconds)."""

    text: str
    word: str
    to: str
    ended: float


class Ears:
    """Takes down what comes over the websocket, with the time of its arrival."""

    def __init__(self, connection: Connection) -> None:
        self._socket = connection.connect_websocket()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self.heard: list[tuple[float, dict[str, Any]]] = []
        threading.Thread(
            target=self._loop.run_until_complete, args=[self._run()], daemon=True
        ).start()
        self._ready.wait(30)

    @property
    def connection_id(self) -> str:
        return str(self._socket.connection_id)

    async def _run(self) -> None:
        async with self._socket:
            self._ready.set()
            with suppress(EngineUnavailableError):  # the engine is ended when all is measured
                async for event in self._socket.receive():
                    self.heard.append((time.time(), event))

    def finals(self, name: str) -> list[tuple[float, str]]:
        return [
            (at, event["data"]["text"])
            for at, event in list(self.heard)
            if event.get("channel") == "transcript"
            and event["rtstream_name"] == name
            and event["data"]["is_final"]
        ]

    def alerts(self) -> list[tuple[float, str]]:
        found = [(at, event) for at, event in list(self.heard) if event.get("channel") == "alert"]
        return [(at, event["data"]["text"]) for at, event in found]


class Searcher:
    """Looks for each word until it is found, five times a second."""

    def __init__(self, session: CaptureSession) -> None:
        self._session = session
        self._wanted: list[str] = []
        self.found: dict[str, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def want(self, word: str) -> None:
        self._wanted.append(word)

    def close(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(0.2):
            for word in [word for word in self._wanted if word not in self.found]:
                try:
                    hits = search_so_far(self._session, word, mode="keyword").moments
                except CaptureError:
                    continue
                if any(word in hit.text.lower() for hit in hits):
                    self.found[word] = time.time()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sentences", type=int, default=24)
    count = min(parser.parse_args().sentences, len(WORDS))
    with tempfile.TemporaryDirectory() as folder, VirtualDesktop() as desktop:
        desktop.show(SLIDES, 4.0)
        os.environ.update(desktop.env)
        data_dir = Path(folder) / "library"
        try:
            with connect(data_dir=data_dir) as connection:
                _measure(connection, desktop, Path(folder), count)
        finally:
            end_engine(data_dir)


def _measure(connection: Connection, desktop: VirtualDesktop, folder: Path, count: int) -> None:
    ears = Ears(connection)
    session = connection.create_capture_session(ws_connection_id=ears.connection_id)
    session.start(
        [
            {"name": "display:1", "store": True},
            {"name": "mic:default", "store": True},
            {"name": "system_audio:default", "store": False},
        ]
    )
    streams = {stream.name: stream for stream in session.refresh().rtstreams}
    listen(session)
    streams["system_audio:default"].start_transcript()
    index = streams["mic:default"].index_audio(name="alerts")
    for word in WORDS[:count:4]:
        index.create_alert(connection.create_event(f"somebody mentions a {word}", word))
    searcher = Searcher(session)
    desktop.say("This is only said so that everything is loaded.")
    time.sleep(4)
    said = []
    for number, word in enumerate(WORDS[:count]):
        text = FORMS[number % len(FORMS)].format(word)
        to = "mic" if number % 2 == 0 else "speakers"
        if to == "mic":
            searcher.want(word)
        said.append(_say(desktop, text, word, to, folder))
        time.sleep(PAUSE)
    time.sleep(5)
    searcher.close()
    session.stop()
    _correct(connection, session, said)
    _table(said, ears, searcher)


def _say(desktop: VirtualDesktop, text: str, word: str, to: str, folder: Path) -> Said:
    wav = folder / f"{word}.wav"
    subprocess.run(["flite", "-voice", "slt", "-t", text, "-o", wav], check=True)
    with wave.open(str(wav)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        length, silent = len(pcm), len(pcm) - 1 - int(np.flatnonzero(np.abs(pcm) > 600)[-1])
        rate = file.getframerate()
    desktop.play(wav, "mic" if to == "mic" else "speakers")
    # The player ends when its last samples have left; `_correct` knows better where it can.
    return Said(text, word, to, time.time() - silent / rate if length else time.time())


def _correct(connection: Connection, session: CaptureSession, said: list[Said]) -> None:
    """Replace the ends of what the microphone heard by those in its recording."""
    session.refresh()
    mic = next(stream for stream in session.rtstreams if stream.name == "mic:default")
    audio = connection.get_collection().get_audio(str(mic.exported_asset_id))
    peaks = np.abs(audio.waveform(50)).max(axis=(1, 2))
    loud = np.flatnonzero(peaks > 0.03)
    ends = loud[np.flatnonzero(np.diff(loud, append=loud[-1] + 1000) > 40)] / 50 + 0.02
    started = float(session.started_at or 0)
    spoken = [one for one in said if one.to == "mic"]
    for one in spoken:
        near = min(ends, key=lambda end: abs(started + end - one.ended))
        if abs(started + near - one.ended) < 1.0:
            one.ended = started + float(near)


def _table(said: list[Said], ears: Ears, searcher: Searcher) -> None:
    mic = ears.finals("mic:default")
    speakers = ears.finals("system_audio:default")
    record = Record("live", "Live words", ABOUT, peers=["faster-whisper"])
    row = "{:48} {:>5} {:>7} {:>7} {:>7} {:>7}\n"
    sys.stdout.write(row.format("seconds from … to …", "n", "median", "p90", "longest", "missed"))
    misheard: set[str] = set()
    for name, to, finals in (
        ("words to final text, kept", "mic", mic),
        ("words to final text, live only", "speakers", speakers),
    ):
        spoken = [one for one in said if one.to == to]
        answers = [_told(finals, one) for one in spoken]
        waits = [
            None if at is None else at - one.ended
            for one, (at, _) in zip(spoken, answers, strict=True)
        ]
        _row(row, name, waits, record)
        for one, (at, text) in zip(spoken, answers, strict=True):
            if at is not None and one.word not in text.lower():
                misheard.add(one.word)
                _note(record, f"Misheard, {to}: “{one.text}” as “{text}”")
    # What was misheard can be neither found by its word nor alerted of.
    kept = [one for one in said if one.to == "mic" and one.word not in misheard]
    found = [
        searcher.found[one.word] - one.ended if one.word in searcher.found else None for one in kept
    ]
    _row(row, "words to being found, kept", found, record)
    first = {word: _at(mic, word) for word in WORDS}
    told = [
        None if (at := _at(ears.alerts(), word)) is None or first[word] is None
        else at - float(first[word] or 0)
        for word in [one.word for one in kept if one.word in WORDS[:: 4]]
    ]  # fmt: skip
    _row(row, "final text to alert", told, record)
    for name, to, heard in (("kept", "mic", mic), ("live only", "speakers", speakers)):
        spoken = [one for one in said if one.to == to]
        text = " ".join(one.text for one in spoken)
        begun = said[0].ended  # what came before was said to load the models
        final = " ".join(final for at, final in heard if at > begun)
        error = jiwer.wer(_plain(text), _plain(final) or " ")
        sys.stdout.write(f"words that were wrong, {name}: {error:.1%}\n")
        record.words(f"words that were wrong, {name}", f"{error:.1%}")
    record.save()


ABOUT = (
    "Sentences said into the microphone (kept) and over the speakers (live only) of a virtual "
    "desktop while its screen is recorded: from the end of the words to what is told of them. No "
    "peer does the same, so these are figures alone."
)


def _row(form: str, name: str, waits: Iterable[float | None], record: Record) -> None:
    every = list(waits)
    known = sorted(wait for wait in every if wait is not None)
    if not known:
        sys.stdout.write(form.format(name, 0, "-", "-", "-", len(every)))
        return
    tenth = known[min(len(known) - 1, round(0.9 * (len(known) - 1)))]
    figures = (statistics.median(known), tenth, known[-1])
    record.row(f"{name}: median of {len(known)}", figures[0], "s")
    record.row(f"{name}: nine of ten within", figures[1], "s")
    if len(every) > len(known):
        record.words(f"{name}: missed", f"{len(every) - len(known)} of {len(every)}")
    told = [f"{figure:.2f}" for figure in figures]
    sys.stdout.write(form.format(name, len(known), *told, len(every) - len(known)))


def _told(finals: list[tuple[float, str]], one: Said) -> tuple[float | None, str]:
    """When a sentence was told, and how: by its word, or as most of its other words just then."""
    words = set(_plain(one.text).split())
    for at, text in finals:
        if one.word in text.lower():
            return at, text
    for at, text in finals:
        same = len(words & set(_plain(text).split()))
        if -1 < at - one.ended < 8 and same >= len(words) / 2:
            return at, text
    return None, ""


def _note(record: Record, text: str) -> None:
    record.note(text)
    sys.stdout.write(f"{text}\n")


def _at(told: list[tuple[float, str]], word: str) -> float | None:
    return next((at for at, text in told if word in text.lower()), None)


def _plain(text: str) -> str:
    return " ".join("".join(c for c in text.lower() if c.isalpha() or c == " ").split())


if __name__ == "__main__":
    main()

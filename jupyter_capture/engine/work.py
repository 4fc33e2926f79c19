"""What jobs do. Runs within a worker process; knows nothing of jobs but their words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from jupyter_capture.engine.cells import Cells
from jupyter_capture.engine.corrections import corrected, corrections_of
from jupyter_capture.engine.drawing import drawn
from jupyter_capture.engine.embed import Embedder
from jupyter_capture.engine.home import Home
from jupyter_capture.engine.hub import download
from jupyter_capture.engine.index import IndexRow, find_index, read_segments, write_index
from jupyter_capture.engine.ingest import Ingest
from jupyter_capture.engine.library import Library, TrackRow
from jupyter_capture.engine.models import (
    find_speech_model,
    find_text_model,
    speech_model_here,
)
from jupyter_capture.engine.previews import Previews
from jupyter_capture.engine.rebuilding import Rebuilding
from jupyter_capture.engine.saving import Saving
from jupyter_capture.engine.schema import tracks
from jupyter_capture.engine.screen import ScreenText
from jupyter_capture.engine.segment_cache import SegmentCache
from jupyter_capture.engine.store import Store
from jupyter_capture.engine.streams import Ready, Streams
from jupyter_capture.engine.transcribe import Sentence, Transcriber, Transcription
from jupyter_capture.engine.transcribe.ahead import follow
from jupyter_capture.engine.transcribe.echo import without_echo
from jupyter_capture.engine.transcribe.heard import hearing
from jupyter_capture.engine.transcribe.told import Told
from jupyter_capture.engine.transcribe.whisper import Known
from jupyter_capture.engine.wallclock import media_time
from jupyter_capture.errors import CaptureError, InvalidRequestError, NotOfferedError
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.wire.recorder import Manifest

SPEECH_RATE = 16000
MIC, SYSTEM = "mic", "system_audio"
BEHIND = 180.0
"""Seconds of a recording that wait to be heard where the machine does not keep up."""

Progress = Callable[[float, str], None]


class Work:
    def __init__(
        self,
        store: Store,
        home: Home,
        library: Library,
        streams: Streams,
        options: dict[str, Any],
        progress: Progress,
        told: Told | None = None,
    ) -> None:
        """``told``: what live transcripts hear meanwhile, for `ahead`."""
        self._told = told or Told()
        self._store = store
        self._home = home
        self._library = library
        self._streams = streams
        self._options = options
        self._progress = progress
        self._saving = Saving(
            streams,
            home,
            options.get("cache_mb", 0),
            lambda done: progress(done, "Saving"),
            self._rendered,
            Cells(store, home, self).chapters_of,
        )

    def run(self, kind: str, args: dict[str, Any]) -> dict[str, Any]:
        match kind:
            case "index":
                return self.index(args["asset_id"], args.get("language"), bool(args.get("force")))
            case "ahead":
                return self.ahead(args["session_id"])
            case "model":
                hub = self._options["model_hub"]
                found = download(args["name"], self._home.models, hub, self._progress)
                return {"name": found.name, "path": str(found.path)}
            case "screen":
                return self.screen(args["asset_id"], bool(args.get("force")))
            case "rebuild":
                return Rebuilding(self._store, self.embed, self._progress).run(args["every"])
            case "download":
                format, by = args.get("format", "mp4"), args.get("chapters", "auto")
                return self._saving.run(args["stream_id"], args["name"], format, by=by)
            case "waveform":
                return self.waveform(args["asset_id"], args["rate"])
            case "ingest":
                return Ingest(self._store, self._home, self._options["fps"], self._progress).run(
                    args
                )
            case other:
                raise NotOfferedError(f"There is no work called {other!r}.")

    @contextmanager
    def _rendered(self, ready: Ready) -> Iterator[Ready]:
        """What was rendered for players is taken; what is rendered now is not kept for them."""
        if ready.order is None or not ready.plan.is_made:
            yield ready
            return
        cache = SegmentCache(self._home.segments, 0)
        with drawn(ready.order, ready.plan, cache, self._options.get("renderers", 1)) as plan:
            yield replace(ready, plan=plan)

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        model = find_text_model(self._home.cache / "models")
        return Embedder(model, self._options["threads"]).embed(texts)

    def index(self, asset_id: str, language: str | None, force: bool) -> dict[str, Any]:
        """Transcribe, embed and index what is spoken in an asset. Safe to repeat."""
        sounds = self._library.speech_tracks(asset_id)
        if not sounds:
            raise InvalidRequestError(
                f"{asset_id} has no sound, so there are no spoken words to index. The muxed video "
                "and the microphone's asset have."
            )
        warnings: list[str] = []
        count = 0
        # First what the loudspeakers said, so that its echo is known in the microphone.
        for number, track in enumerate(sorted(sounds, key=_comes_later)):
            share = Share(self._progress, number, len(sounds))
            with self._store.read() as connection:
                known = find_index(connection, track.id)
            if known is None or force:
                try:
                    known, said = self._index_track(track, language, known, share)
                except (CaptureError, IntegrityError, OSError):
                    self._library.asset(asset_id)  # raises where it was deleted meanwhile
                    raise
                warnings += said
            count += known.end_id - known.first_id
        return {"asset_id": asset_id, "segments": count, "warnings": list(dict.fromkeys(warnings))}

    def ahead(self, session_id: str) -> dict[str, Any]:
        """Hear the kept channels of a session while it records, until it has stopped. What is
        heard lies beside the tracks; `index` goes on from there."""
        model = find_speech_model(
            self._options["speech_model"], self._home.cache / "models", self._home.models
        )
        speech = Transcriber(model, self._options["threads"])
        language = speech.heard_as(None)
        follow(
            self._home.session(session_id),
            lambda folder: hearing(folder, speech.model, language, None),
            lambda track, heard, end, manifest: speech.listen(
                _sound(track),
                end,
                None,
                heard,
                over=False,
                known=self._known(track, end - heard.until, manifest),
            ),
        )
        return {"session_id": session_id}

    def _known(self, track: StoredTrack, behind: float, manifest: Manifest) -> Known:
        """What a live transcript heard is taken over where the machine does not keep up. Else it
        is heard in whole: its utterances are short, and three times as many words of them wrong."""

        def clock(unix: float) -> float:
            return media_time(manifest.wall_clock, unix)

        channel = track.manifest.channel_id
        return lambda stretch: (
            self._told.words(channel, stretch, clock) if behind > BEHIND else None
        )

    def screen(self, asset_id: str, force: bool) -> dict[str, Any]:
        """Read, embed and index what is written on an asset's screen. Safe to repeat."""
        threads = self._options["threads"]

        def embedder() -> Embedder:
            return Embedder(find_text_model(self._home.cache / "models"), threads)

        text = ScreenText(self._store, self._library, embedder, threads, self._progress)
        return text.index(asset_id, force)

    @cached_property
    def _speech(self) -> Transcriber:
        """The model that is set; one that is not here is loaded first."""
        name, models = self._options["speech_model"], self._home.models
        model = speech_model_here(name, self._home.cache / "models", models)
        if model is None:
            model = download(name, models, self._options["model_hub"], self._progress)
        return Transcriber(model, self._options["threads"])

    def _index_track(
        self,
        track: TrackRow,
        language: str | None,
        known: IndexRow | None,
        progress: Progress,
    ) -> tuple[IndexRow, list[str]]:
        """``known``: its index, where it is to be made anew. Where another job made one while this
        one waited for the track, that is taken."""
        speech = self._speech
        spoken = speech.heard_as(language)
        folder = self._home.root / track.folder / track.id
        before = known.id if known else None

        def wait() -> None:
            progress(0.0, "Waiting for another job that transcribes this")

        with hearing(folder, speech.model, spoken, before, wait) as heard:
            with self._store.read() as connection:
                known = find_index(connection, track.id)
            if known is not None and known.id != before and _serves(known, speech.model, spoken):
                return known, []
            stored = self._library.open(track)
            found = speech.transcribe_blocks(
                _sound(stored),
                max(stored.end / stored.timescale, 0.001),
                language,
                lambda done, stage: progress(done * 0.9, stage.capitalize()),
                hearing=heard,
            )
            progress(0.9, "Indexing")
            embedder = Embedder(
                find_text_model(self._home.cache / "models"), self._options["threads"]
            )
            made = self._write_words(track, found, speech.model, embedder)
            heard.drop()
        progress(1.0, "Indexed")
        return made, list(found.warnings)

    def _write_words(
        self, track: TrackRow, found: Transcription, model: str, embedder: Embedder
    ) -> IndexRow:
        """What was corrected by hand stays as it was corrected. Echoes are left out: those of the
        system audio in the microphone, whichever of both is indexed first."""
        with self._store.read() as connection:
            made = corrections_of(connection, track.id)
        while True:
            said = self._own(track, found.sentences)
            sentences = corrected(said, made)
            vectors = embedder.embed([sentence.text for sentence in sentences])
            with self._store.write() as connection:
                known, made = made, corrections_of(connection, track.id)
                if made == known:  # else somebody corrected words meanwhile
                    kind, channel = "spoken_word", track.channel_id
                    row = write_index(
                        connection, track.id, kind, channel, sentences, vectors, model,
                        found.language,
                    )  # fmt: skip
                    break
        for echoing in self._sounds_of(track, MIC) if _is(track, SYSTEM) else ():
            self._drop_echo(echoing, embedder)
        return row

    def _own(self, track: TrackRow, said: Sequence[Sentence]) -> list[Sentence]:
        """What a microphone heard without what the system audio said, as far as it is indexed."""
        if not _is(track, MIC):
            return list(said)
        with self._store.read() as connection:
            found = [find_index(connection, each.id) for each in self._sounds_of(track, SYSTEM)]
            words = [
                (word, start, end)
                for index in found
                for row in (read_segments(connection, index) if index else ())
                for word, start, end in row.words
            ]
        return without_echo(said, words)

    def _drop_echo(self, track: TrackRow, embedder: Embedder) -> None:
        """From a microphone that was indexed before the system audio was."""
        with self._store.read() as connection:
            index = find_index(connection, track.id)
            rows = read_segments(connection, index) if index else []
        said = [
            Sentence(row.start, row.end, row.text, tuple((w, s, e) for w, s, e in row.words))
            for row in rows
        ]
        own = self._own(track, said)
        if index is None or own == said:
            return
        vectors = embedder.embed([sentence.text for sentence in own])
        with self._store.write() as connection:
            if find_index(connection, track.id) == index:  # else it was just made anew
                write_index(
                    connection, track.id, index.kind, track.channel_id, own, vectors,
                    index.model, index.language,
                )  # fmt: skip

    def _sounds_of(self, track: TrackRow, kind: str) -> list[TrackRow]:
        """The tracks of a kind of channel that were recorded together with this one."""
        with self._store.read() as connection:
            its = select(tracks.c.session_id).where(tracks.c.id == track.id).scalar_subquery()
            found = connection.execute(
                select(tracks.c.id).where(
                    tracks.c.session_id == its, tracks.c.channel_id.startswith(f"{kind}:")
                )
            )
            ids = list(found.scalars())
        return [self._library.track(track_id) for track_id in ids]

    def waveform(self, asset_id: str, rate: int) -> dict[str, Any]:
        """Made, it lies in the cache."""
        self._progress(0.0, "Reading the sound")
        Previews(self._library, self._home).waveform(self._library.asset(asset_id), rate)
        return {"asset_id": asset_id, "rate": rate}


def _is(track: TrackRow, kind: str) -> bool:
    return (track.channel_id or "").startswith(f"{kind}:")


def _comes_later(track: TrackRow) -> bool:
    return not _is(track, SYSTEM)


def _serves(index: IndexRow, model: str, language: str | None) -> bool:
    """Whether an index is what a job would make that was asked for this language."""
    return index.model == model and language in (None, index.language)


def _sound(track: StoredTrack) -> Callable[[float, float], npt.NDArray[np.float32]]:
    return lambda start, end: track.pcm(start, end, SPEECH_RATE).reshape(-1)


class Share:
    """The progress of one of several equal parts, as progress of the whole."""

    def __init__(self, progress: Progress, number: int, total: int) -> None:
        self._progress = progress
        self._number = number
        self._total = total

    def __call__(self, done: float, stage: str) -> None:
        self._progress((self._number + done) / self._total, stage)

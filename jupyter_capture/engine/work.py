"""What jobs do. Runs within a worker process; knows nothing of jobs but their words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from jupyter_capture.engine.cells import Cells
from jupyter_capture.engine.corrections import corrected, corrections_of
from jupyter_capture.engine.drawing import drawn
from jupyter_capture.engine.embed import Embedder
from jupyter_capture.engine.home import Home
from jupyter_capture.engine.index import find_index, write_index
from jupyter_capture.engine.ingest import Ingest
from jupyter_capture.engine.library import Library, TrackRow
from jupyter_capture.engine.models import find_speech_model, find_text_model
from jupyter_capture.engine.previews import Previews
from jupyter_capture.engine.saving import Saving
from jupyter_capture.engine.screen import ScreenText
from jupyter_capture.engine.segment_cache import SegmentCache
from jupyter_capture.engine.store import Store
from jupyter_capture.engine.streams import Ready, Streams
from jupyter_capture.engine.transcribe import Transcriber, Transcription
from jupyter_capture.errors import InvalidRequestError, NotOfferedError

SPEECH_RATE = 16000

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
    ) -> None:
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
            case "screen":
                return self.screen(args["asset_id"], bool(args.get("force")))
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
        models = self._home.cache / "models"
        speech = find_speech_model(self._options["speech_model"], models)
        transcriber = Transcriber(speech, self._options["threads"])
        embedder = Embedder(find_text_model(models), self._options["threads"])
        warnings: list[str] = []
        count = 0
        for number, track in enumerate(sounds):
            share = Share(self._progress, number, len(sounds))
            with self._store.read() as connection:
                known = find_index(connection, track.id)
            if known is not None and not force:
                count += known.end_id - known.first_id
                continue
            found = self._index_track(track, language, transcriber, embedder, share)
            count += found[0]
            warnings += found[1]
        return {"asset_id": asset_id, "segments": count, "warnings": warnings}

    def screen(self, asset_id: str, force: bool) -> dict[str, Any]:
        """Read, embed and index what is written on an asset's screen. Safe to repeat."""
        threads = self._options["threads"]

        def embedder() -> Embedder:
            return Embedder(find_text_model(self._home.cache / "models"), threads)

        text = ScreenText(self._store, self._library, embedder, threads, self._progress)
        return text.index(asset_id, force)

    def _index_track(
        self,
        track: TrackRow,
        language: str | None,
        transcriber: Transcriber,
        embedder: Embedder,
        progress: Progress,
    ) -> tuple[int, list[str]]:
        stored = self._library.open(track)
        seconds = max(stored.end / stored.timescale, 0.001)
        found = transcriber.transcribe_blocks(
            lambda start, end: stored.pcm(start, end, SPEECH_RATE).reshape(-1),
            seconds,
            language,
            lambda done, stage: progress(done * 0.9, stage.capitalize()),
        )
        progress(0.9, "Indexing")
        count = self._write_words(track, found, transcriber.model, embedder)
        progress(1.0, "Indexed")
        return count, list(found.warnings)

    def _write_words(
        self, track: TrackRow, found: Transcription, model: str, embedder: Embedder
    ) -> int:
        """What was corrected by hand stays as it was corrected."""
        with self._store.read() as connection:
            made = corrections_of(connection, track.id)
        while True:
            sentences = corrected(found.sentences, made)
            vectors = embedder.embed([sentence.text for sentence in sentences])
            with self._store.write() as connection:
                known, made = made, corrections_of(connection, track.id)
                if made == known:  # else somebody corrected words meanwhile
                    kind, channel = "spoken_word", track.channel_id
                    write_index(
                        connection, track.id, kind, channel, sentences, vectors, model,
                        found.language,
                    )  # fmt: skip
                    return len(sentences)

    def waveform(self, asset_id: str, rate: int) -> dict[str, Any]:
        """Made, it lies in the cache."""
        self._progress(0.0, "Reading the sound")
        Previews(self._library, self._home).waveform(self._library.asset(asset_id), rate)
        return {"asset_id": asset_id, "rate": rate}


class Share:
    """The progress of one of several equal parts, as progress of the whole."""

    def __init__(self, progress: Progress, number: int, total: int) -> None:
        self._progress = progress
        self._number = number
        self._total = total

    def __call__(self, done: float, stage: str) -> None:
        self._progress((self._number + done) / self._total, stage)

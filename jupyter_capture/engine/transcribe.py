"""Speech to timed sentences, with faster-whisper.

The sound is read block by block and cut at pauses into pieces of at most half a minute, the
length that Whisper hears at once. So memory stays flat however long the recording is, the times
of words never cross a cut, and what has no voice in it is never given to the model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from jupyter_capture.engine.models import SpeechModel
from jupyter_capture.errors import EngineError, InvalidRequestError, JobError

RATE = 16_000
Pcm = npt.NDArray[np.float32]
Word = tuple[str, float, float]

_BLOCK = 120.0  # seconds looked at for voices at a time
_PIECE = 28.0  # the longest piece (seconds); Whisper's window is 30
_GAP = 3.0  # a longer silence ends a piece
_PAD = 0.3  # silence kept around a voice, for its soft beginnings and ends

# Whisper invents words where nobody speaks. It also says how it felt about them, and these
# gates listen: the model heard no speech and is unsure of its words; it is very unsure; it
# repeats itself (text that compresses too well).
_NO_SPEECH = 0.6
_UNSURE = -0.8
_VERY_UNSURE = -1.0
_REPEATING = 2.4
_NO_REPEAT = 4  # words in a row that a second try may not say twice

_SHORTEST = 3.0  # sentences (seconds): shorter ones join a neighbour, where one is near
_LONGEST = 20.0
_PAUSE = 1.0  # a pause that ends a sentence without punctuation
_NEAR = 2.0  # how far a neighbour may be to be joined
_ENDINGS = (".", "!", "?", "…", "。", "！", "？")
_CONTINUES = (",", ".", ":", "'", "’", "-", "%")  # without a space before: of the same word
_QUOTES = "\"'”’)]"
_TITLES = frozenset({"mr.", "mrs.", "ms.", "dr.", "st.", "prof.", "vs.", "e.g.", "i.e."})


@dataclass(frozen=True)
class Sentence:
    """What was said from ``start`` to ``end``. Seconds; ``words`` are (word, start, end)."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()


@dataclass(frozen=True)
class Transcription:
    """Sentences in order of time. Iterating gives the sentences."""

    sentences: list[Sentence]
    language: str | None
    warnings: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Sentence]:
        return iter(self.sentences)

    def __len__(self) -> int:
        return len(self.sentences)


def _no_progress(_fraction: float, _stage: str) -> None: ...


def _never() -> bool:
    return False


class Transcriber:
    """Whisper on this machine's processor. The model is loaded at the first use."""

    def __init__(self, model: SpeechModel, threads: int) -> None:
        self._model = model
        self._threads = threads

    @property
    def model(self) -> str:
        """The model's name, as an index remembers it."""
        return self._model.name

    def transcribe(
        self,
        pcm: Pcm,
        language: str | None = None,
        progress: Callable[[float, str], None] = _no_progress,
        cancelled: Callable[[], bool] = _never,
    ) -> Transcription:
        """Transcribe ``pcm``: float32, one channel, 16 kHz, from -1 to 1.

        See :meth:`transcribe_blocks`, which does not need the whole recording in memory.
        """

        def read(start: float, end: float) -> Pcm:
            return pcm[round(start * RATE) : round(end * RATE)]

        return self.transcribe_blocks(read, len(pcm) / RATE, language, progress, cancelled)

    def transcribe_blocks(
        self,
        read: Callable[[float, float], Pcm],
        duration: float,
        language: str | None = None,
        progress: Callable[[float, str], None] = _no_progress,
        cancelled: Callable[[], bool] = _never,
    ) -> Transcription:
        """Transcribe ``duration`` seconds, of which ``read(start, end)`` gives the sound.

        ``language`` is a code such as ``en``; None lets a multilingual model find out.
        ``progress`` is given the fraction done (0 to 1) and a word for the stage. Silence,
        noise and music without a voice give no sentence.

        Raises:
            InvalidRequestError: the model does not know such a language.
            EngineError: the model cannot be loaded.
            JobError: ``cancelled()`` answered True.
        """
        progress(0.0, "loading the speech model")
        asked = re.split("[-_]", language or "")[0].lower() or None
        warnings = self._warnings(asked)
        spoken = "en" if self._english_only else asked
        words: list[Word] = []
        for start, piece in _pieces(read, duration, progress):
            if cancelled():
                raise JobError(
                    "Transcribing was cancelled; nothing was indexed. Index again to redo it."
                )
            found, spoken = self._words(piece, spoken)
            words += [(word, start + begin, start + end) for word, begin, end in found]
            progress(min(1.0, (start + len(piece) / RATE) / duration), "transcribing")
        progress(1.0, "transcribing")
        return Transcription(sentences(words), spoken, warnings)

    def _warnings(self, language: str | None) -> list[str]:
        if language in (None, "en"):
            return []
        if not self._english_only:
            known = self._whisper.supported_languages
            if language not in known:
                raise InvalidRequestError(
                    f"The speech model {self.model!r} knows no language {language!r}. Leave the "
                    f"language out to let it find out, or give one of: {', '.join(known)}."
                )
            return []
        return [
            f"The speech model {self.model!r} knows English only, and {language!r} was asked "
            "for: what is transcribed will be wrong. Set JUPYTER_CAPTURE_SPEECH_MODEL to a "
            "multilingual model, such as 'small', and index again with force=True."
        ]

    def _words(self, piece: Pcm, language: str | None) -> tuple[list[Word], str | None]:
        segments, found = self._decode(piece, language, beam_size=1)
        if not all(map(_credible, segments)):
            # A wider beam that may not repeat itself. Not a higher temperature, which is usual
            # here: it gives other words each time, and invents some that pass the gates.
            segments, found = self._decode(
                piece, language, beam_size=5, no_repeat_ngram_size=_NO_REPEAT
            )
        limit = len(piece) / RATE
        words = _whole(
            (word.word, min(float(word.start), limit), min(float(word.end), limit))
            for segment in segments
            if _credible(segment)
            for word in segment.words or ()
        )
        # The language that was found holds for the rest of the recording.
        return words, language or (found if words else None)

    def _decode(
        self, piece: Pcm, language: str | None, **options: int
    ) -> tuple[list[Any], str | None]:
        segments, info = self._whisper.transcribe(
            piece,
            language=language,
            temperature=0.0,
            compression_ratio_threshold=_REPEATING,
            log_prob_threshold=_VERY_UNSURE,
            no_speech_threshold=_NO_SPEECH,
            # Words of the last window as a prompt make tiny models go wrong for good.
            condition_on_previous_text=False,
            word_timestamps=True,
            **options,
        )
        return list(segments), info.language

    @property
    def _english_only(self) -> bool:
        return not self._whisper.model.is_multilingual

    @cached_property
    def _whisper(self) -> Any:
        from faster_whisper import WhisperModel

        try:
            return WhisperModel(
                str(self._model.path),
                device="cpu",
                compute_type="int8",
                cpu_threads=self._threads,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineError(
                f"The speech model in {self._model.path} cannot be loaded ({error}). Give the "
                "folder of a Whisper model in CTranslate2's format, or 'tiny.en'."
            ) from error


def _whole(pieces: Iterable[Word]) -> list[Word]:
    """Words in one piece: Whisper gives `` $40`` and ``,000.`` as two."""
    words: list[Word] = []
    for text, start, end in pieces:
        if words and text.startswith(_CONTINUES):
            before, begun, _ = words[-1]
            words[-1] = (before + text, begun, end)
        else:
            words.append((text, start, end))
    return words


def _credible(segment: Any) -> bool:
    unsure = segment.avg_logprob < _UNSURE
    return not (
        (segment.no_speech_prob > _NO_SPEECH and unsure)
        or segment.avg_logprob < _VERY_UNSURE
        or segment.compression_ratio > _REPEATING
    )


def _pieces(
    read: Callable[[float, float], Pcm], duration: float, progress: Callable[[float, str], None]
) -> Iterator[tuple[float, Pcm]]:
    """Stretches with voices in them: (start in seconds, sound), in order, without overlap."""
    start = 0.0
    while duration - start > 1 / RATE:
        end = min(start + _BLOCK, duration)
        block = np.ascontiguousarray(read(start, end), dtype=np.float32)
        if not len(block):
            return
        voices = _voices(block)
        last = end >= duration
        if not last and voices and voices[-1][1] >= len(block) - RATE:
            # The last voice may go on in the next block: leave it whole for that one. A voice
            # is at most a piece long, so what is left over is always much shorter than a block.
            resume = voices.pop()[0]
        else:
            resume = len(block)
        for first, stop in _grouped(voices):
            yield start + first / RATE, block[first:stop]
        start = end if resume == len(block) else start + resume / RATE
        progress(min(1.0, start / duration), "transcribing")


def _voices(block: Pcm) -> list[tuple[int, int]]:
    """Where somebody speaks: sample ranges of at most ``_PIECE`` seconds."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    found = get_speech_timestamps(
        block,
        VadOptions(
            min_speech_duration_ms=150,
            min_silence_duration_ms=500,
            max_speech_duration_s=_PIECE,
            speech_pad_ms=int(_PAD * 1000),
        ),
    )
    return [(int(voice["start"]), int(voice["end"])) for voice in found]


def _grouped(voices: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    groups: list[tuple[int, int]] = []
    for first, stop in voices:
        near = groups and first - groups[-1][1] <= _GAP * RATE
        if near and stop - groups[-1][0] <= _PIECE * RATE:
            groups[-1] = (groups[-1][0], stop)
        else:
            groups.append((first, stop))
    return groups


def sentences(words: Sequence[Word]) -> list[Sentence]:
    """Group words by punctuation and pauses into sentences of 3 to 20 s, none of them empty.

    One that stands alone between long pauses may be shorter than 3 s.
    """
    spoken = [word for word in words if word[0].strip()]
    parts = [part for run in _runs(spoken) for part in _shortened(run)]
    joined: list[list[Word]] = []
    for part in parts:
        # A short one waits for the next; else a talk of short sentences would be one long one.
        if joined and _length(joined[-1]) < _SHORTEST and _may_join(joined[-1], part):
            joined[-1] = joined[-1] + part
        else:
            joined.append(part)
    return [_sentence(part) for part in _without_short_ends(joined)]


def _runs(words: Sequence[Word]) -> Iterator[list[Word]]:
    run: list[Word] = []
    for word in words:
        if run and (_closes(run[-1][0]) or word[1] - run[-1][2] > _PAUSE):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _closes(word: str) -> bool:
    bare = word.strip().rstrip(_QUOTES)
    return bare.endswith(_ENDINGS) and bare.lower() not in _TITLES


def _shortened(run: list[Word]) -> list[list[Word]]:
    """Split what is longer than 20 s at its longest pause, a comma counting as a long one."""
    if _length(run) <= _LONGEST or len(run) < 2:
        return [run]
    # Near the middle where all pauses are alike, so that no splinters come off the ends.
    middle = (run[0][1] + run[-1][2]) / 2

    def weight(place: int) -> float:
        pause = run[place][1] - run[place - 1][2]
        comma = 0.3 if run[place - 1][0].rstrip().endswith((",", ";", ":", "，", "、")) else 0.0
        return pause + comma - abs(run[place][1] - middle) / _length(run)

    cut = max(range(1, len(run)), key=weight)
    return _shortened(run[:cut]) + _shortened(run[cut:])


def _without_short_ends(parts: list[list[Word]]) -> list[list[Word]]:
    """What is still short had nothing near behind it; it joins what is near before it."""
    found: list[list[Word]] = []
    for part in parts:
        if found and _length(part) < _SHORTEST and _may_join(found[-1], part):
            found[-1] = found[-1] + part
        else:
            found.append(part)
    return found


def _may_join(left: list[Word], right: list[Word]) -> bool:
    return right[0][1] - left[-1][2] <= _NEAR and right[-1][2] - left[0][1] <= _LONGEST


def _length(run: Sequence[Word]) -> float:
    return run[-1][2] - run[0][1]


def _sentence(run: Sequence[Word]) -> Sentence:
    text = " ".join("".join(word for word, _, _ in run).split())
    return Sentence(
        start=_rounded(run[0][1]),
        end=_rounded(max(run[-1][2], run[0][1])),
        text=text,
        words=tuple((word.strip(), _rounded(start), _rounded(end)) for word, start, end in run),
    )


def _rounded(seconds: float) -> float:
    """Milliseconds are enough."""
    return round(seconds, 3)

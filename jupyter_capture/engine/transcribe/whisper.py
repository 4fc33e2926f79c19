"""Speech to timed sentences, with faster-whisper.

The sound is read block by block and cut at pauses into pieces of at most half a minute, the
length that Whisper hears at once, and a few of them are heard together. So memory stays flat
however long the recording is, the times of words never cross a cut, and what has no voice in it is
never given to the model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from jupyter_capture.engine.models import SpeechModel
from jupyter_capture.engine.transcribe.sentences import Sentence, Word, sentences
from jupyter_capture.engine.transcribe.voices import RATE, Pcm, Read, Stretch, stretches
from jupyter_capture.errors import EngineError, InvalidRequestError, JobError

# Whisper invents words where nobody speaks. It also says how it felt about them, and these
# gates listen: the model heard no speech and is unsure of its words; it is very unsure; it
# repeats itself (text that compresses too well).
_NO_SPEECH = 0.6
_UNSURE = -0.8
_VERY_UNSURE = -1.0
_REPEATING = 2.4
_TOGETHER = 2  # pieces that are heard at once: more take memory, and little less work
_WINDOW = 30  # seconds, of which each has its own
_FRAMES = 100  # of a second, in which faster-whisper tells it
_NO_REPEAT = 4  # words in a row that a second try may not say twice

_CONTINUES = (",", ".", ":", "'", "’", "-", "%")  # without a space before: of the same word

# An English model writes English words for any language, and is unsure of them.
_DOUBTFUL = -0.7
_DOUBTS = 0.5  # the share of what was spoken that is doubtful where it is no English
_ENOUGH = 8.0  # seconds of speech before anybody can tell


@dataclass(frozen=True)
class Piece:
    """What was heard until ``until`` (seconds): ``words`` in seconds of the recording. Of the
    ``voiced`` seconds in it ``doubtful`` ones were hard to understand."""

    until: float
    words: tuple[Word, ...] = ()
    language: str | None = None
    voiced: float = 0.0
    doubtful: float = 0.0


class Hearing(Protocol):
    """Pieces that were heard before, in order, to which new ones are added."""

    @property
    def pieces(self) -> list[Piece]: ...
    def add(self, piece: Piece) -> None: ...


Known = Callable[[Stretch], tuple[Word, ...] | None]


class InMemory:
    """Nothing was heard before, and nothing is kept."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []

    def add(self, piece: Piece) -> None:
        self.pieces.append(piece)


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
    """Whisper on this machine's GPU, or processor. The model is loaded at the first use."""

    def __init__(self, model: SpeechModel, threads: int) -> None:
        self._model = model
        self._threads = threads

    @property
    def model(self) -> str:
        """The model's name, as an index remembers it."""
        return self._model.name

    def heard_as(self, language: str | None) -> str | None:
        """The language in which a recording is heard for which this one was asked; None where it
        has to be found out. An English model hears all as English."""
        return "en" if self._english_only else _code(language)

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

    def words(self, pcm: Pcm) -> list[Word]:
        """As `transcribe`, without sentences: (word, start, end) in seconds of ``pcm``."""
        heard = InMemory()
        for _ in self.listen(
            lambda start, end: pcm[round(start * RATE) : round(end * RATE)],
            len(pcm) / RATE,
            None,
            heard,
        ):
            pass
        return [word for piece in heard.pieces for word in piece.words]

    def transcribe_blocks(
        self,
        read: Read,
        duration: float,
        language: str | None = None,
        progress: Callable[[float, str], None] = _no_progress,
        cancelled: Callable[[], bool] = _never,
        hearing: Hearing | None = None,
    ) -> Transcription:
        """Transcribe ``duration`` seconds, of which ``read(start, end)`` gives the sound.

        ``language`` is a code such as ``en``; None lets a multilingual model find out.
        ``progress`` is given the fraction done (0 to 1) and a word for the stage. Silence,
        noise and music without a voice give no sentence. ``hearing``: where to go on, and where
        to keep what is heard, piece by piece.

        Raises:
            InvalidRequestError: the model does not know such a language.
            EngineError: the model cannot be loaded.
            JobError: ``cancelled()`` answered True.
        """
        progress(0.0, "loading the speech model")
        heard = InMemory() if hearing is None else hearing
        asked = _code(language)
        warnings = self._warnings(asked)
        for piece in self.listen(read, duration, asked, heard):
            if cancelled():
                raise JobError(
                    "Transcribing was cancelled; nothing was indexed. Index again to redo it."
                )
            progress(min(1.0, piece.until / duration), "transcribing")
        progress(1.0, "transcribing")
        warnings += self._doubts(heard.pieces) if not warnings else []
        words = [word for piece in heard.pieces for word in piece.words]
        return Transcription(sentences(words), self._spoken(asked, heard.pieces), warnings)

    def listen(
        self,
        read: Read,
        end: float,
        language: str | None,
        heard: Hearing,
        over: bool = True,
        known: Known = lambda stretch: None,
    ) -> Iterator[Piece]:
        """Go on from where ``heard`` ends, up to ``end`` (seconds): each new piece, once it is
        added. ``over``: no more comes after ``end``. ``known``: the words of a stretch, where
        somebody heard them already."""
        start = heard.pieces[-1].until if heard.pieces else 0.0
        spoken = self._spoken(_code(language), heard.pieces)
        for group in _groups(stretches(read, start, end, over)):
            told = [known(stretch) if len(stretch.pcm) else () for stretch in group]
            unknown = [each for each, words in zip(group, told, strict=True) if words is None]
            new = self._pieces(unknown, spoken)
            for stretch, words in zip(group, told, strict=True):
                if words is None:
                    piece = next(new)
                elif len(stretch.pcm):
                    piece = Piece(stretch.until, words, spoken, stretch.until - stretch.start)
                else:
                    piece = Piece(stretch.until)
                spoken = spoken or piece.language
                heard.add(piece)
                yield piece

    def _spoken(self, asked: str | None, pieces: list[Piece]) -> str | None:
        """The language that was found holds for the rest of the recording."""
        if self._english_only:
            return "en"
        return asked or next((piece.language for piece in pieces if piece.language), None)

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
            f"for: what is transcribed will be wrong. {_MULTILINGUAL}"
        ]

    def _doubts(self, pieces: list[Piece]) -> list[str]:
        voiced = sum(piece.voiced for piece in pieces)
        doubtful = sum(piece.doubtful for piece in pieces)
        if not self._english_only or voiced < _ENOUGH or doubtful < _DOUBTS * voiced:
            return []
        return [
            f"Much of what is spoken ({doubtful / voiced:.0%}) was hard to understand. The speech "
            f"model {self.model!r} knows English only: if this is another language, what is "
            f"transcribed is wrong. {_MULTILINGUAL}"
        ]

    def _pieces(self, unheard: list[Stretch], language: str | None) -> Iterator[Piece]:
        while unheard:
            # Nobody knows the language before something was understood.
            together = unheard if language else unheard[:1]
            unheard = unheard[len(together) :]
            found, spoken = self._decode(together, language, beam_size=1)
            for stretch, segments in zip(together, found, strict=True):
                piece = self._piece(stretch, segments, spoken)
                language = language or (spoken if piece.words else None)
                yield replace(piece, language=language)

    def _piece(self, stretch: Stretch, segments: list[Any], language: str) -> Piece:
        if not all(map(_credible, segments)):
            # A wider beam that may not repeat itself. Not a higher temperature, which is usual
            # here: it gives other words each time, and invents some that pass the gates.
            wider = {"beam_size": 5, "no_repeat_ngram_size": _NO_REPEAT}
            [segments], _ = self._decode([stretch], language, **wider)
        limit = len(stretch.pcm) / RATE
        words = _whole(
            (
                word.word,
                *(min(float(at) - _window(segment), limit) for at in (word.start, word.end)),
            )
            for segment in segments
            if _credible(segment)
            for word in segment.words or ()
        )
        sure = sum(each.end - each.start for each in segments if each.avg_logprob >= _DOUBTFUL)
        begun = stretch.start
        timed = tuple((word, begun + start, begun + end) for word, start, end in words)
        return Piece(stretch.until, timed, language, limit, max(0.0, limit - float(sure)))

    def _decode(
        self, together: list[Stretch], language: str | None, **options: int
    ) -> tuple[list[list[Any]], str]:
        """What is said in each of the stretches, and in which language."""
        from faster_whisper import BatchedInferencePipeline

        # Each in a window of its own: a clip with its place in them.
        pcm = np.zeros((len(together), _WINDOW * RATE), np.float32)
        clips = []
        for number, stretch in enumerate(together):
            pcm[number, : len(stretch.pcm)] = stretch.pcm
            start = float(number * _WINDOW)
            clips.append({"start": start, "end": start + len(stretch.pcm) / RATE})
        segments, info = BatchedInferencePipeline(self._whisper).transcribe(
            pcm.reshape(-1),
            language=language,
            temperature=0.0,
            word_timestamps=True,
            vad_filter=False,
            clip_timestamps=clips,
            batch_size=len(together),
            **options,
        )
        found: list[list[Any]] = [[] for _ in together]
        for segment in segments:
            if not _silent(segment):
                found[round(_window(segment) / _WINDOW)].append(segment)
        return found, info.language

    @property
    def _english_only(self) -> bool:
        return not self._whisper.model.is_multilingual

    @cached_property
    def _whisper(self) -> Any:
        import ctranslate2

        try:
            if ctranslate2.get_cuda_device_count():
                return self._load("cuda", "int8_float16")
        except (RuntimeError, ValueError, OSError):
            pass  # a GPU without its libraries, or too old: the processor does it
        try:
            return self._load("cpu", "int8")
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineError(
                f"The speech model in {self._model.path} cannot be loaded ({error}). Give the "
                "folder of a Whisper model in CTranslate2's format, or 'tiny.en'."
            ) from error

    def _load(self, device: str, compute_type: str) -> Any:
        from faster_whisper import WhisperModel

        return WhisperModel(
            str(self._model.path),
            device=device,
            compute_type=compute_type,
            cpu_threads=self._threads,
            local_files_only=True,
        )


_MULTILINGUAL = (
    "Set JUPYTER_CAPTURE_SPEECH_MODEL to a multilingual model, such as 'small' "
    "(`jupyter-capture models list` names them), and index again with force=True."
)


def _code(language: str | None) -> str | None:
    """``de`` of ``de-AT``."""
    return re.split("[-_]", language or "")[0].lower() or None


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


def _groups(pieces: Iterable[Stretch]) -> Iterator[list[Stretch]]:
    group: list[Stretch] = []
    for piece in pieces:
        group.append(piece)
        if not len(piece.pcm) or len(group) == _TOGETHER:
            yield group
            group = []
    if group:
        yield group


def _window(segment: Any) -> float:
    """Where the window begins in which it was heard: seconds of all that were heard at once."""
    return float(segment.seek) / _FRAMES


def _silent(segment: Any) -> bool:
    return bool(segment.no_speech_prob > _NO_SPEECH and segment.avg_logprob < _VERY_UNSURE)


def _credible(segment: Any) -> bool:
    unsure = segment.avg_logprob < _UNSURE
    return not (
        (segment.no_speech_prob > _NO_SPEECH and unsure)
        or segment.avg_logprob < _VERY_UNSURE
        or segment.compression_ratio > _REPEATING
    )

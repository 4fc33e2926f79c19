"""What videos and audios have in common: words, search, a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from jupyter_capture.client._fields import number, objects, text, whole
from jupyter_capture.client._playable import Playable
from jupyter_capture.client._previews import Point, peaks_of, points_of
from jupyter_capture.client._urls import is_fresh, media_url
from jupyter_capture.client.search import SearchResult, run_search
from jupyter_capture.client.transcript import Transcript
from jupyter_capture.errors import InvalidRequestError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from jupyter_capture.client.connection import Connection

Segmenter = Literal["word", "sentence", "time"]
_SEGMENTERS = ("word", "sentence", "time")


class Recorded(Playable):
    """An asset with a length (seconds) that may hold speech."""

    _kind: ClassVar[str]

    def __init__(self, _connection: Connection, id: str, collection_id: str, **fields: Any) -> None:
        self._connection = _connection
        self.id = id
        self.collection_id = collection_id
        self._update(fields)

    def _update(self, fields: dict[str, Any]) -> None:
        self.name = text(fields, "name") or ""
        self.description = text(fields, "description") or ""
        self.length = number(fields, "length")
        self.size = whole(fields, "size") or 0
        self.session_id = text(fields, "session_id")
        self.channel_id = text(fields, "channel_id")
        self.created_at: int | str | None = fields.get("created_at")
        self.stream_url = media_url(fields.get("stream_url"))
        self.player_url = media_url(fields.get("player_url"))
        self.transcript: list[dict[str, Any]] | None = None
        self.transcript_text: str | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(id={self.id}, name={self.name!r}, length={self.length:g})"

    @property
    def _path(self) -> str:
        return f"{self._kind}/{self.id}"

    def refresh(self) -> None:
        """Read name, length and addresses again."""
        query = {"collection_id": self.collection_id}
        self._update(self._connection.http.get(self._path, query) or {})

    def update(self, name: str | None = None) -> None:
        """Rename."""
        if name is not None:
            answer = self._connection.http.patch(self._path, {"name": name}) or {}
            self.name = text(answer, "name") or name

    def delete(self) -> list[str]:
        """Delete it for good. Recordings of other channels and their words stay.

        The ids of the assets that still hold the same media; where there are any, deleting them
        too, or the session, frees it.
        """
        return shared_with(self._connection.http.delete(self._path))

    def generate_stream(self, timeline: list[tuple[float, float]] | None = None) -> str:
        """The address of an HLS stream of all of it, or of ``timeline``: (start, end) seconds.

        Only the stream of all of it is kept in ``stream_url`` and ``player_url``.
        """
        if timeline is None and is_fresh(self.stream_url) and self.stream_url:
            return self.stream_url
        request = {"timeline": timeline, "length": self.length}
        answer = self._connection.http.post(f"{self._path}/stream", request)
        if timeline is None:
            return self._take_stream(answer)
        clip = Playable()
        return clip._take_stream(answer)

    def index_spoken_words(
        self,
        language_code: str | None = None,
        segmentation_type: str = "sentence",
        force: bool = False,
        callback_url: str | None = None,
        *,
        show_progress: bool = True,
    ) -> None:
        """Transcribe the speech and make it searchable; ends when that is done.

        What is indexed already returns at once; ``force`` does it again. With a ``callback_url``
        it only begins here, and the address is told of the end.
        """
        request = {
            "index_type": "spoken_word",
            "language_code": language_code,
            "segmentation_type": segmentation_type,
            "force": force,
            "callback_url": callback_url,
        }
        self._connection.http.post(
            f"{self._path}/index",
            request,
            title="Indexing spoken words",
            show_progress=show_progress,
        )

    def search(
        self,
        query: str,
        search_type: str | None = None,
        index_type: str | None = None,
        result_threshold: int | None = None,
        score_threshold: float | None = None,
        *,
        mode: str | None = None,
        top_k: int | None = None,
    ) -> SearchResult:
        """Shots in which ``query`` was said, or seen on the screen, best first.

        ``mode`` is "hybrid" (the engine's default), "semantic" or "keyword"; ``top_k`` limits
        the shots. ``search_type``, ``index_type`` and ``result_threshold`` are VideoDB's older
        names; ``index_type`` "spoken_word" or "scene" looks at one of both alone. Raises
        `NotIndexedError` before `index_spoken_words` or `index_screen_text`.
        """
        return run_search(
            self._connection,
            self._path,
            query,
            newer={"mode": mode, "top_k": top_k},
            older={
                "search_type": search_type,
                "index_type": index_type,
                "result_threshold": result_threshold,
            },
            score_threshold=score_threshold,
        )

    def get_transcript(
        self,
        start: float | None = None,
        end: float | None = None,
        segmenter: Segmenter = "word",
        length: int = 1,
        force: bool | None = None,
    ) -> Transcript:
        """What was said: a list of dicts with ``start`` and ``end`` (seconds) and ``text``.

        ``segmenter`` cuts it into words, sentences, or stretches of ``length`` seconds.
        """
        self._read_transcript(start, end, segmenter, length, force)
        return Transcript(self.transcript or [])

    def get_transcript_text(self, start: float | None = None, end: float | None = None) -> str:
        """What was said, as one text."""
        self._read_transcript(start, end, "sentence", 1, None)
        return self.transcript_text or ""

    def generate_transcript(
        self, force: bool | None = None, language_code: str | None = None
    ) -> dict[str, Any]:
        """Transcribe without indexing; ends when that is done."""
        request = {"force": bool(force), "language_code": language_code}
        answer = self._connection.http.post(
            f"{self._path}/transcription", request, title="Transcribing", show_progress=True
        )
        if (answer or {}).get("word_timestamps"):
            return {"success": True, "message": "Transcript generated successfully"}
        return answer if isinstance(answer, dict) else {}

    def correct(
        self,
        start: float,
        end: float,
        text: str,
        *,
        was: str | None = None,
        channel: str | None = None,
    ) -> Transcript:
        """Put ``text`` in the place of the words from ``start`` to ``end`` (seconds).

        The new words, which are read, shown as captions, searched and saved from then on, also
        where the speech is indexed again. Words that stay keep their times. With ``was``, the
        words as you saw them, nothing is changed where others stand there; ``channel`` says whose
        are meant where two people speak at once. Writing back the old words undoes it.

        Raises `InvalidRequestError` where nothing is said there, or for an empty text,
        `ConflictError`, `NotIndexedError`.
        """
        request = {"start": start, "end": end, "text": text, "was": was, "channel": channel}
        answer = self._connection.http.patch(f"{self._path}/transcript", request) or {}
        self.transcript = self.transcript_text = None
        return Transcript(objects(answer, "words"))

    def waveform(self, rate: int = 50) -> npt.NDArray[np.float32]:
        """The outline of the sound: an array (buckets, channels, 2) of numbers from -1 to 1.

        Of each bucket the lowest and the highest sample; ``rate`` is 50, 10 or 2 buckets a
        second. Raises `InvalidRequestError` where there is no sound.
        """
        answer = self._connection.http.get(
            f"{self._path}/waveform", {"rate": rate}, title="Reading the sound", show_progress=True
        )
        return peaks_of(answer)

    def points(self, most: int = 2000) -> list[Point]:
        """What is indexed as points in order of time: each with ``start`` and ``end`` (seconds),
        ``text``, ``channel``, ``source`` and its ``vector``, an array of length 1 (384,).

        At most so many (10,000), spread evenly. Raises `NotIndexedError`.
        """
        answer = self._connection.http.get(f"{self._path}/points", {"most": most})
        return points_of(answer)

    def _read_transcript(
        self,
        start: float | None,
        end: float | None,
        segmenter: str,
        length: int,
        force: bool | None,
    ) -> None:
        query = transcript_query(start, end, segmenter, length, force)
        answer = self._connection.http.get(
            f"{self._path}/transcription", query, title="Transcribing", show_progress=True
        )
        found = answer if isinstance(answer, dict) else {}
        self.transcript = segments_of(found, segmenter)
        said = " ".join(str(item.get("text", "")).strip() for item in self.transcript)
        whole_text = None if start or end else text(found, "text")
        self.transcript_text = said if whole_text is None else whole_text

    def _file_name(self) -> str:
        return f"{self.id}.mp4"


def shared_with(answer: Any) -> list[str]:
    """The assets that a deleted one shared its media with. VideoDB's service says nothing."""
    found = answer.get("shared_with") if isinstance(answer, dict) else None
    return [str(each) for each in found or []]


def segments_of(answer: dict[str, Any], segmenter: str) -> list[dict[str, Any]]:
    """VideoDB sends every kind of segment as ``word_timestamps``; our engine sends the words
    there, and what was asked for as ``transcript``."""
    names = ("word_timestamps", "transcript")
    for name in names if segmenter == "word" else reversed(names):
        if isinstance(answer.get(name), list):
            return objects(answer, name)
    return []


def transcript_query(
    start: float | None, end: float | None, segmenter: str, length: int, force: bool | None
) -> dict[str, Any]:
    """The query of ``GET …/transcription``; raises `InvalidRequestError` on nonsense."""
    if segmenter not in _SEGMENTERS:
        raise InvalidRequestError(
            f"segmenter is {segmenter!r}; it must be one of {', '.join(_SEGMENTERS)}."
        )
    for name, value in (("start", start), ("end", end)):
        if value is not None and not value >= 0:
            raise InvalidRequestError(f"{name} is {value}; it must be 0 s or later.")
    if start is not None and end is not None and start > end:
        raise InvalidRequestError(f"start ({start} s) lies after end ({end} s).")
    return {
        "start": start,
        "end": end,
        "segmenter": segmenter,
        "length": length,
        "force": "true" if force else "false",
    }

"""Collections, assets, transcripts and search."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from jupyter_capture.wire._base import Wire

AssetType = Literal["video", "audio", "image"]
SaveFormat = Literal["mp4", "m4a", "wav", "srt", "vtt", "html"]
"""A film, its sound alone (two ways), its subtitles (two ways), or a page that holds it all."""
SaveChapters = Literal["auto", "cells"]
"""By shots, clips and pauses of speech; or by the cells that ran while it was recorded."""
SearchMode = Literal["hybrid", "semantic", "keyword"]


class Collection(Wire):
    id: str
    name: str
    description: str = ""
    is_public: bool = False


class CollectionCreate(Wire):
    name: str = Field(min_length=1, max_length=500)
    description: str = ""
    is_public: bool = False


class CollectionPage(Wire):
    collections: list[Collection]
    default_collection: str = "default"


class Asset(Wire):
    """A video, an audio or an image. ``length`` in seconds, ``size`` in bytes."""

    id: str
    collection_id: str
    type: AssetType
    name: str
    description: str = ""
    length: float = 0.0
    size: int = 0
    width: int | None = None
    height: int | None = None
    session_id: str | None = None
    channel_id: str | None = None
    stream_url: str | None = None
    player_url: str | None = None
    thumbnail_url: str | None = None
    url: str | None = None
    created_at: int = 0


class VideoPage(Wire):
    videos: list[Asset]


class AudioPage(Wire):
    audios: list[Asset]


class ImagePage(Wire):
    images: list[Asset]


class UploadRequest(Wire):
    """``url``: an upload_url to which a file was sent, or any http(s) address of a media file.

    ``media_type`` only where it must be that one; it is recognised otherwise. ``filename``: what
    errors call it.
    """

    url: str = Field(min_length=1, max_length=8000)
    name: str | None = Field(None, max_length=500)
    filename: str | None = Field(None, max_length=500)
    description: str | None = Field(None, max_length=20_000)
    media_type: AssetType | None = None
    callback_url: str | None = None


class AssetUpdate(Wire):
    name: str = Field(min_length=1, max_length=500)


class IndexRequest(Wire):
    index_type: Literal["spoken_word", "scene"] = "spoken_word"
    engine: str = "default"
    force: bool = False
    language_code: str | None = None
    segmentation_type: str = "sentence"
    callback_url: str | None = None


class TranscriptRequest(Wire):
    engine: str = "default"
    force: bool = False
    language_code: str | None = None
    callback_url: str | None = None


class PictureRequest(Wire):
    """The picture at ``time`` (the SDK's word; ``timestamp`` is the service's), seconds."""

    time: float | None = Field(None, ge=0, allow_inf_nan=False)
    timestamp: float | None = Field(None, ge=0, allow_inf_nan=False)
    width: int = Field(640, ge=16, le=4096)


class TranscriptItem(Wire):
    """A word, a sentence or a stretch of time. Seconds from the asset's start.

    ``speaker``: "me" where a microphone heard it, "others" where the system audio did.
    ``corrected``: words in it were put right by hand.
    """

    text: str
    start: float
    end: float
    channel: str | None = None
    speaker: Literal["me", "others"] | None = None
    corrected: bool = False


class Transcript(Wire):
    transcript: list[TranscriptItem]
    word_timestamps: list[TranscriptItem] = Field(default_factory=list)
    text: str
    language: str | None = None


class CorrectionRequest(Wire):
    """``text`` in the place of the words from ``start`` to ``end`` (seconds).

    ``channel``: whose, where several people speak at once. ``was``: the words as the caller saw
    them; where others stand there by now, nothing is changed.
    """

    start: float = Field(ge=0, allow_inf_nan=False)
    end: float = Field(ge=0, allow_inf_nan=False)
    text: str = Field(max_length=10_000)
    was: str | None = Field(None, max_length=10_000)
    channel: str | None = Field(None, max_length=200)


class Correction(Wire):
    """What stands there now, and what ``was`` there. Writing that back undoes it."""

    start: float
    end: float
    text: str
    was: str
    channel: str
    words: list[TranscriptItem]


class SearchRequest(Wire):
    """Search v2 and VideoDB's older search, in one: each reads the fields it knows."""

    query: str
    mode: str | None = None
    search_type: str | None = None
    index_type: str | None = None
    scene_index_id: str | None = None
    top_k: int | None = Field(None, ge=1, le=1000)
    result_threshold: int | None = Field(None, ge=1, le=1000)
    score_threshold: float | None = None


class SemanticRequest(Wire):
    """``semantic_search``: meaning alone. ``filter`` is not offered."""

    query: str
    top_k: int = Field(10, ge=1, le=1000)
    score_threshold: float | None = None
    index_names: list[str] | str | None = None
    index_ids: list[str] | str | None = None
    filter: Any = None


class QueryRequest(Wire):
    """``query``: records in order of time, not ranked."""

    index_name: str | None = None
    index_id: str | None = None
    limit: int = Field(100, ge=1, le=1000)
    filter: Any = None
    sort: Any = None


class TitleRequest(Wire):
    query: str = Field(min_length=1, max_length=2000)


class IndexScene(Wire):
    """A record that a caller brings. Seconds from the video's start."""

    start: float = Field(ge=0, allow_inf_nan=False)
    end: float = Field(ge=0, allow_inf_nan=False)
    text: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class IndexSource(Wire):
    scenes: list[IndexScene] | None = None


class IndexCreate(Wire):
    source: IndexSource
    name: str | None = Field(None, max_length=200)
    use_for: list[str] | None = None


class Index(Wire):
    index_id: str
    video_id: str
    collection_id: str
    name: str
    status: str = "ready"
    use_for: list[str] = Field(default_factory=lambda: ["semantic", "query"])
    record_count: int
    model: str


class IndexPage(Wire):
    indexes: list[Index]


class IndexRecord(Wire):
    video_id: str
    scene_id: str
    start: float
    end: float
    data: dict[str, Any]


class RecordPage(Wire):
    records: list[IndexRecord]
    next_cursor: int | None = None


class Sprite(Wire):
    """Small pictures of a video on one JPEG at ``url``, in rows of ``columns``.

    Each is ``width`` x ``height`` pixels; number ``i`` of ``count`` stands for the seconds from
    ``i * interval`` on. ``map_url`` is the same as WebVTT, as many players read it.
    """

    url: str
    map_url: str
    columns: int
    rows: int
    width: int
    height: int
    interval: float
    count: int


class Waveform(Wire):
    """The outline of a sound. ``rate``: buckets a second (50, 10 or 2), ``count`` of them.

    ``peaks`` is base64 of signed bytes: for each bucket, for each channel, the lowest and the
    highest sample, full scale 127.
    """

    rate: int
    channels: int
    count: int
    peaks: str


class Point(Wire):
    """A moment with a vector: what was said, shown or run from ``start`` to ``end`` (seconds)."""

    start: float
    end: float
    text: str
    channel: str
    source: str


class Points(Wire):
    """Moments in order of time. ``count``: how many there are; all, or so many spread evenly.

    ``vectors`` is base64 of little-endian half floats, ``dimensions`` a moment, of length 1.
    """

    points: list[Point]
    count: int
    dimensions: int
    vectors: str


class Doc(Wire):
    """One hit. Seconds from the video's start; score 0 to 1."""

    start: float
    end: float
    text: str
    score: float
    metadata: dict[str, Any] = Field(default_factory=dict)
    scene_index_id: str | None = None
    scene_index_name: str | None = None
    stream_url: str | None = None
    player_url: str | None = None


class VideoHits(Wire):
    video_id: str
    collection_id: str
    length: float
    title: str
    docs: list[Doc]


class SearchAnswer(Wire):
    response_type: Literal["shots"] = "shots"
    results: list[VideoHits]
    warnings: list[dict[str, Any]] = Field(default_factory=list)


class StreamRequest(Wire):
    """``timeline`` is a list of (start, end) in seconds; None is the whole video."""

    timeline: list[tuple[float, float]] | None = None
    length: float | None = None


class StreamAnswer(Wire):
    stream_url: str
    player_url: str
    warnings: list[str] = Field(default_factory=list)


class CompileItem(Wire):
    video_id: str
    collection_id: str | None = None
    shots: list[tuple[float, float]]


class DownloadRequest(Wire):
    stream_link: str
    name: str = "video"
    format: SaveFormat = "mp4"
    chapters: SaveChapters = "auto"


class EditorDownloadRequest(Wire):
    stream_url: str
    name: str = "timeline"
    format: SaveFormat = "mp4"
    chapters: SaveChapters = "auto"


class DownloadAnswer(Wire):
    """``download_url`` serves the file while its ticket lasts. ``size`` in bytes."""

    download_url: str
    name: str
    size: int
    status: str = "done"


class UsageAnswer(Wire):
    """What lies on this machine."""

    bytes: int
    seconds: float
    videos: int
    audios: int
    sessions: int


class EngineStatus(Wire):
    version: str
    pid: int
    data_dir: str
    media_url: str
    recordings: list[str]
    jobs: int
    serves: bool = False
    """Whether the whole API is open to keys."""
    disk_free: int | None = None
    """Bytes that are free where recordings are stored."""
    search_ready: bool = True
    """False while a large library is being read for searches: the first one waits for it."""

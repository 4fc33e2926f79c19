"""Assets of known content, put into a library without recording them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jupyter_capture.engine.index import DIMENSIONS, write_index
from jupyter_capture.engine.schema import asset_tracks, assets, tracks
from jupyter_capture.engine.services import Services
from jupyter_capture.engine.transcribe import Sentence
from jupyter_capture.media.tracks import StoredTrack
from tests.media.track_maker import FRAME, make_audio, make_video

SECOND = 90000


def clip(
    services: Services,
    *,
    name: str = "Stock",
    pictures: Sequence[tuple[int, int, bool]] | None = None,
    sound: np.ndarray | None = None,
    seconds: float = 0.0,
    size: tuple[int, int] = (320, 240),
    said: Sequence[Sentence] | None = None,
) -> str:
    """The id of a new asset. ``pictures``: (time in ticks, number, key); ``sound``: (n, channels)
    at 48 kHz; ``said`` is what its sound is indexed with."""
    kind = "audio" if pictures is None else "video"
    asset_id = f"{'m' if kind == 'video' else 'a'}-{secrets.token_hex(8)}"
    folder = services.home.uploads / asset_id
    made = []
    if pictures is not None:
        made.append(make_video(folder / "v", [pictures], round(seconds * SECOND), [size]))
    if sound is not None:
        made.append(make_audio(folder / "a", [(0, sound)]))
        seconds = max(seconds, len(sound) / 48000)
    with services.store.write() as connection:
        connection.execute(
            assets.insert().values(
                id=asset_id, collection_id="default", type=kind, name=name,
                length=seconds, created_at=1,
            )
        )  # fmt: skip
        for ordinal, track in enumerate(made):
            _add(connection, services, asset_id, ordinal, track, said)
    return asset_id


def sentence(text: str, start: float, end: float) -> Sentence:
    """Its words last equally long."""
    words = text.split()
    step = (end - start) / len(words)
    timed = [(word, start + at * step, start + (at + 1) * step) for at, word in enumerate(words)]
    return Sentence(start, end, text, timed)


def numbered(seconds: int, every: int = 15, fps: int = 15) -> list[tuple[int, int, bool]]:
    """Picture ``n`` is the ``n``-th of so many a second, each ``every``-th a key frame."""
    tick = FRAME * 15 // fps
    return [(at * tick, at, at % every == 0) for at in range(seconds * fps)]


def tone(seconds: float, hertz: float = 440.0, channels: int = 1) -> np.ndarray:
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * 48000)) / 48000)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def _add(connection, services, asset_id, ordinal, track: StoredTrack, said) -> None:
    track_id = f"trk-{secrets.token_hex(8)}"
    manifest = track.manifest.model_copy(update={"id": track_id})
    if manifest.kind == "audio":
        manifest.duration = track.end
    folder = Path(track.folder).relative_to(services.home.root).as_posix()
    connection.execute(
        tracks.insert().values(
            id=track_id, channel_id=manifest.channel_id, kind=manifest.kind, folder=folder,
            manifest=manifest.model_dump(mode="json"), stems=[],
        )
    )  # fmt: skip
    connection.execute(
        asset_tracks.insert().values(asset_id=asset_id, track_id=track_id, ordinal=ordinal)
    )
    if said is not None and manifest.kind == "audio":
        vectors = np.zeros((len(said), DIMENSIONS), np.float32)
        write_index(
            connection, track_id, "spoken_word", manifest.channel_id, said, vectors, "tiny.en", "en"
        )

"""VideoDB's older timeline: videos one after the other, sound laid over them."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from fastapi import APIRouter, Depends

from jupyter_capture.engine.library import AssetRow
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.errors import InvalidRequestError, NotOfferedError
from jupyter_capture.wire import Ok
from jupyter_capture.wire.editor import (
    AudioAsset,
    Clip,
    Timeline,
    Track,
    TrackItem,
    VideoAsset,
)
from jupyter_capture.wire.library import StreamAnswer
from jupyter_capture.wire.timeline import OldAsset, OldTimeline

router = APIRouter(tags=["editor"])
Get = Annotated[Services, Depends(services_of)]
Stretch = tuple[float, float]


@router.post("/timeline")
def compile(request: OldTimeline, services: Get) -> Ok[StreamAnswer]:
    if request.request_type != "compile":
        raise InvalidRequestError('The only request_type of a timeline is "compile".')
    inline = [asset for asset in request.timeline if asset.overlay_start is None]
    overlays = [asset for asset in request.timeline if asset.overlay_start is not None]
    shots = [_shot(services, asset, "video") for asset in inline]
    if not overlays:
        cuts = [(row.id, start, end) for row, start, end in shots]
        return Ok(data=services.stream_answer(*services.streams.of_shots(cuts)))
    warnings: list[str] = []
    sounds = [_sound(services, asset, warnings) for asset in overlays]
    alone = [
        (item.start, item.start + item.clip.duration)
        for item, asset in zip(sounds, overlays, strict=True)
        if asset.disable_other_tracks
    ]
    size = _size(services, shots)
    tracks = [_pictures(shots, alone), *(Track(clips=[sound]) for sound in sounds)]
    stream_id, seconds, more = services.streams.of_timeline(
        Timeline(resolution=size, tracks=tracks)
    )
    return Ok(data=services.stream_answer(stream_id, seconds, [*warnings, *more]))


def _shot(services: Services, asset: OldAsset, kind: str) -> tuple[AssetRow, float, float]:
    row = services.library.asset(asset.asset_id, kind)
    end = row.length if asset.end is None else asset.end
    if not asset.start < end:
        raise InvalidRequestError(
            f"{row.id} from {asset.start:g} s to {end:g} s holds nothing. Its start must lie "
            "before its end."
        )
    return row, asset.start, end


def _sound(services: Services, asset: OldAsset, warnings: list[str]) -> TrackItem:
    if not asset.asset_id.startswith("a-"):
        raise NotOfferedError(
            "An image or a text over the older timeline is not offered by the local engine. "
            "videodb.editor.Timeline places them."
        )
    row, start, end = _shot(services, asset, "audio")
    if asset.fade_in_duration or asset.fade_out_duration:
        warnings.append(f"{row.id} is heard without fading: the older timeline does not fade here.")
    sound = AudioAsset(type="audio", id=row.id, start=start)
    return TrackItem(start=asset.overlay_start or 0.0, clip=Clip(asset=sound, duration=end - start))


def _pictures(shots: list[tuple[AssetRow, float, float]], alone: list[Stretch]) -> Track:
    """The videos, cut where a sound that is to be heard ``alone`` begins and ends."""
    clips, at = [], 0.0
    for row, start, end in shots:
        last = at + end - start
        inner = {edge for stretch in alone for edge in stretch if at < edge < last}
        edges = sorted({at, last, *inner})
        for begin, finish in pairwise(edges):
            muted = any(low <= begin and finish <= high for low, high in alone)
            asset = VideoAsset(
                type="video", id=row.id, start=start + begin - at, volume=0.0 if muted else 1.0
            )
            clip = Clip(asset=asset, duration=finish - begin, fit="contain")
            clips.append(TrackItem(start=begin, clip=clip))
        at = last
    return Track(clips=clips)


def _size(services: Services, shots: list[tuple[AssetRow, float, float]]) -> str:
    """The first video's."""
    if not shots:
        raise InvalidRequestError("A timeline needs at least one video. Add one with add_inline().")
    asset = services.asset(shots[0][0])
    return f"{asset.width or 1280}x{asset.height or 720}"

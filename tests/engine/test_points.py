"""What is indexed as points with their vectors: as many as are asked for, spread evenly."""

from __future__ import annotations

from typing import Any

from engine_harness import App
from stock import clip, sentence, tone

from jupyter_capture.client._previews import points_of


async def points(app: App, path: str) -> Any:
    async with app.local as client:
        return (await client.get(path)).json()


async def test_of_more_moments_than_are_asked_for_some_are_told_spread_evenly(app: App) -> None:
    many = [sentence(f"Number {n}", n, n + 1) for n in range(3000)]
    asset = clip(app.services, sound=tone(1), said=many)
    answer = (await points(app, f"/audio/{asset}/points?most=100"))["data"]
    found = points_of(answer)
    assert answer["count"] == 3000
    assert [point.text for point in found[:3]] == ["Number 0", "Number 30", "Number 60"]
    assert len(found) == 100
    assert {point.vector.shape for point in found} == {(384,)}
    assert (found[0].channel, found[0].source) == ("mic:default", "spoken_word")


async def test_silence_has_no_points_and_what_is_not_indexed_says_so(app: App) -> None:
    silent = clip(app.services, sound=tone(1), said=[])
    assert (await points(app, f"/audio/{silent}/points"))["data"]["points"] == []
    unindexed = clip(app.services, sound=tone(1))
    assert (await points(app, f"/audio/{unindexed}/points"))["error_code"] == "NOT_INDEXED"
    assert (await points(app, f"/audio/{silent}/points?most=0"))["error_code"] == "INVALID_REQUEST"

"""Waits until something plays; where it does not, says what its player was doing instead."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, TimeoutError

PATIENCE = 30_000
"""Milliseconds."""

_PLAYS = """([within, seconds]) =>
  (document.querySelector(`${within} video`)?.currentTime ?? 0) > seconds"""

_STATE = """(within) => [...document.querySelectorAll(`${within} .jc-player`)].map((player) => {
  const video = player.querySelector("video");
  const said = (name) => player.querySelector(name).textContent;
  const { currentTime, duration, ended, networkState, paused, readyState, seeking } = video;
  const loaded = [...Array(video.buffered.length).keys()]
    .map((at) => [video.buffered.start(at), video.buffered.end(at)]);
  return { state: player.dataset.state, notice: said(".jc-notice"), busy: said(".jc-busy"),
    currentTime, duration, ended, networkState, paused, readyState, seeking, loaded,
    error: video.error?.message ?? null, hidden: document.hidden };
})"""


def plays_past(page: Page, within: str, seconds: float, patience: int = PATIENCE) -> None:
    """Wait until the first video below the selector ``within`` is past ``seconds``."""
    try:
        page.wait_for_function(_PLAYS, arg=[within, seconds], timeout=patience)
    except TimeoutError:
        found: list[Any] = page.evaluate(_STATE, within)
        told = json.dumps(found, indent=1) if found else "there is no player"
        raise AssertionError(f"{within} did not play past {seconds} s: {told}") from None

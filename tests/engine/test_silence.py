"""A channel on which nothing is heard."""

from __future__ import annotations

from engine_harness import MIC, Bench, wait_for

from jupyter_capture.desktop import VirtualDesktop


def test_a_session_warns_of_a_silent_microphone_until_it_is_heard(
    common: Bench, desktop: VirtualDesktop
) -> None:
    session = common.begin(MIC)
    wait_for(lambda: session.refresh().warnings, what="a warning")
    (said,) = session.warnings
    assert said == "Nothing has been heard on mic:default for 10 s. Is it muted?"
    desktop.say("Now it is on.", wait=False)
    wait_for(lambda: not session.refresh().warnings, what="its end")
    session.stop()

"""The life of a session as a machine of states: what may come after what, tried in any order.

Against a real engine and real recorders, which are killed on the way.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import Any, ClassVar

from consistency import inconsistencies
from engine_harness import LIVE_MIC, MIC, SCREEN, Bench, alive, kill, reach, wait_for
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from hypothesis.strategies import booleans, floats, sampled_from

from jupyter_capture.client.session import CaptureSession
from jupyter_capture.errors import ConflictError, InvalidRequestError, NotFoundError

RECORDING = ("active", "paused")


class Life(RuleBasedStateMachine):
    """One session at a time; ``status`` is what it must be."""

    bench: ClassVar[Bench]
    rounds: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.session: CaptureSession | None = None
        self.status = "none"
        self.kept = False
        type(self).rounds += 1

    @property
    def it(self) -> CaptureSession:
        assert self.session is not None
        return self.session

    def must_be(self, status: str) -> None:
        self.status = status
        assert self.it.refresh().status == status, (self.it.status, self.it.error)

    @precondition(lambda self: self.status == "none")
    @rule()
    def create(self) -> None:
        self.session = self.bench.connection.create_capture_session()
        self.kept = False
        self.must_be("created")

    @precondition(lambda self: self.status == "created")
    @rule(channels=sampled_from([[MIC], [SCREEN, MIC], [LIVE_MIC]]))
    def start(self, channels: list[dict[str, Any]]) -> None:
        self.it.start(channels)
        self.kept = channels != [LIVE_MIC]
        self.must_be("active")

    @precondition(lambda self: self.status in RECORDING)
    @rule()
    def start_again(self) -> None:
        self.refused(lambda: self.it.start([MIC]))

    @precondition(lambda self: self.status == "active")
    @rule(seconds=floats(0.1, 0.6))
    def let_it_run(self, seconds: float) -> None:
        reach(self.it, (self.it.refresh().duration or 0) + seconds)

    @precondition(lambda self: self.status in RECORDING)
    @rule()
    def pause(self) -> None:
        self.it.pause()
        self.must_be("paused")

    @precondition(lambda self: self.status in RECORDING)
    @rule()
    def resume(self) -> None:
        self.it.resume()
        self.must_be("active")

    @precondition(lambda self: self.status in RECORDING)
    @rule(store=booleans())
    def set_store(self, store: bool) -> None:
        self.it.set_store("mic:default", store)
        self.kept = self.kept or store

    @precondition(lambda self: self.status in (*RECORDING, "exported"))
    @rule(seconds=floats(0.1, 2))
    def forget(self, seconds: float) -> None:
        with contextlib.suppress(InvalidRequestError, ConflictError):  # nothing was recorded yet
            self.it.forget(seconds)
        self.must_be(self.status)

    @precondition(lambda self: self.status in RECORDING)
    @rule()
    def delete_too_early(self) -> None:
        self.refused(self.it.delete)

    @precondition(lambda self: self.status in RECORDING)
    @rule()
    def kill_the_recorder(self) -> None:
        pid = self.bench.recorder_pid(self.it)
        kill(pid)
        wait_for(lambda: self.bench.recorder_pid(self.it) != pid, 60, "another recorder")
        wait_for(lambda: self.it.refresh().status == self.status, what=self.status)

    @precondition(lambda self: self.status != "none")
    @rule(number=sampled_from([signal.SIGKILL, signal.SIGTERM]))
    def restart_the_engine(self, number: signal.Signals) -> None:
        pid = self.bench.engine_pid
        os.kill(pid, number)
        wait_for(lambda: not alive(pid), what="the engine's end")
        self.must_be(self.status)

    @precondition(lambda self: self.status in (*RECORDING, "exported", "stopped"))
    @rule()
    def stop(self) -> None:
        if self.status in RECORDING and self.kept and self.status == "active":
            reach(self.it, (self.it.refresh().duration or 0) + 0.2)
        self.it.stop()
        self.status = self.it.refresh().status
        assert self.status in ("exported", "stopped"), (self.status, self.it.error)
        assert (self.it.exported_video_id is not None) == (self.status == "exported")
        if not self.kept:
            assert self.status == "stopped"

    @precondition(lambda self: self.status == "exported")
    @rule()
    def play(self) -> None:
        video = self.bench.connection.get_collection().get_video(self.it.exported_video_id)
        assert video.generate_stream()

    @precondition(lambda self: self.status in ("created", "exported", "stopped"))
    @rule()
    def delete(self) -> None:
        self.it.delete()
        try:
            self.it.refresh()
        except NotFoundError:
            self.session, self.status = None, "none"
        else:
            raise AssertionError("it is still there")

    def refused(self, call: Any) -> None:
        try:
            call()
        except ConflictError:
            self.must_be(self.status)
        else:
            raise AssertionError(f"this was not refused while it is {self.status}")

    def teardown(self) -> None:
        if self.session is not None:
            if self.status in RECORDING:
                self.it.stop()
            self.it.delete()
        assert inconsistencies(self.bench.data_dir) == []

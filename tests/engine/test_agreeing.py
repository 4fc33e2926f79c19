"""A recorder that was started again tells what it keeps, while somebody says otherwise."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from engine_harness import wait_for

from jupyter_capture.engine.home import Home
from jupyter_capture.engine.sessions import Sessions
from jupyter_capture.engine.sessions.live import Live
from jupyter_capture.engine.sessions.recorders import Link
from jupyter_capture.engine.sessions.records import Records
from jupyter_capture.settings import Settings
from jupyter_capture.wire.recorder import Command, Report

MIC = "mic:default"


class SlowRecords:
    """What is stored of one session; what a recorder tells takes a while to be written."""

    kept = True

    def row(self, session_id: str) -> Any:
        return SimpleNamespace(status="active", channels=[{"channel_id": MIC}])

    def advance(self, session_id: str, status: str, **_: Any) -> bool:
        return False

    def switch(
        self, session_id: str, name: str, *, store: bool, paused: bool | None = None
    ) -> None:
        if paused is not None:
            time.sleep(0.3)
        self.kept = store


class Heard(list[Command]):
    """The line to a recorder."""

    send = list.append


def test_what_is_said_while_a_recorder_tells_what_it_keeps_is_not_written_over(
    tmp_path: Path,
) -> None:
    records, heard = SlowRecords(), Heard()
    sessions = Sessions(cast(Records, records), Home.at(tmp_path), Settings(data_dir=tmp_path))
    live = sessions._live["cap-1"] = Live(link=cast(Link, heard), unsure=True)
    channel = {"channel_id": MIC, "store": True}
    told = Report(report="status", data={"status": "recording", "channels": [channel]})
    with ThreadPoolExecutor(1) as pool:
        said = pool.submit(sessions.set_store, "cap-1", MIC, store=False)
        wait_for(lambda: not records.kept)
        assert heard == []  # it would not be obeyed yet
        sessions._agree("cap-1", live, told)
        said.result(timeout=10)
    assert [(each.cmd, each.store) for each in heard] == [("set_store", False)]
    assert records.kept is False

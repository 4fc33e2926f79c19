"""Kill -9 anything, at a random moment of a recording's whole life, and look at what is left.

A life is: record, stop, export, index, render, play, save, delete. In each round one process is
killed: the engine, the recorder, the job's worker, the renderer, or the kernel that drives it all.
Whoever comes next brings the life to its end. Then rows and files must agree, nothing may have been
left behind on the disk or among the processes, and every job must have come to its end.

    python benchmarks/faults.py [--rounds 200] [--minutes 20] [--anew]

Goes on where the last run ended, until so many rounds are done in all.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin

import httpx
from _processes import Process, mark, marked, until
from _trust import Found, before, save

import jupyter_capture
from jupyter_capture import editor
from jupyter_capture.client.connection import Connection
from jupyter_capture.client.engine import read_locator
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.demo.script import SLIDES
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.errors import (
    CaptureError,
    EngineUnavailableError,
    JobError,
    NotFoundError,
)
from jupyter_capture.local import end_engine

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "engine"))
from consistency import inconsistencies

T = TypeVar("T")

CHANNELS = [{"name": "display:1", "store": True}, {"name": "mic:default", "store": True}]
# When whom: a stage of the life, and how long it takes at most, roughly.
VICTIMS = {
    "record": ("recorder", "engine", "kernel"),
    "stop": ("recorder", "engine", "kernel"),
    "index": ("worker", "engine", "kernel"),
    "render": ("renderer", "engine", "kernel"),
    "save": ("worker", "engine", "kernel"),
    "delete": ("engine", "kernel"),
}
LASTS = {"record": 2.0, "stop": 0.3, "index": 3.0, "render": 1.5, "save": 2.0, "delete": 0.1}
PATIENCE = 120.0
KEPT = 3
"""Recordings that the library holds at most; with more, the oldest is deleted first."""


# ---- the life, as a kernel drives it


def live(data_dir: Path, seed: int) -> None:
    """Says each stage on standard output before it begins."""
    rng = random.Random(seed)
    connection = jupyter_capture.connect(data_dir=data_dir)
    session = connection.create_capture_session()
    say(session.id)
    say("record")
    session.start(CHANNELS)
    time.sleep(rng.uniform(0.5, 1.5))
    say("stop")
    session.stop()
    work_on(connection, session, say)
    if rng.random() < 0.7:
        say("delete")
        session.delete()
    say("done")


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def work_on(connection: Connection, session: CaptureSession, stage: Callable[[str], None]) -> None:
    """Index it, play a timeline that must be rendered, save that."""
    video = connection.get_collection().get_video(session.exported_video_id)
    stage("index")
    video.index_spoken_words(show_progress=False)
    timeline = editor.Timeline(connection)
    track = editor.Track()
    length = min(video.length, 2.0)
    track.add_clip(0, editor.Clip(asset=editor.VideoAsset(id=video.id), duration=length))
    above = editor.Track()
    above.add_clip(0, editor.Clip(asset=editor.TextAsset(session.id), duration=length))
    timeline.add_track(track)
    timeline.add_track(above)
    stage("render")
    url = timeline.generate_stream()
    httpx.get(urljoin(url, "v/0.m4s"), timeout=60).raise_for_status()
    stage("save")
    with tempfile.TemporaryDirectory() as folder:
        timeline.save(Path(folder) / "clip.mp4", show_progress=False)


# ---- one round


class Kernel:
    """The process that drives a life, and what it said of it."""

    def __init__(self, data_dir: Path, seed: int) -> None:
        command = [sys.executable, __file__, "--life", str(data_dir), "--seed", str(seed)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.said: list[str] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.strip())

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def wait(self) -> None:
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise SystemExit(f"a life hung after {self.said}") from None
        self._thread.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


class Campaign:
    def __init__(self, data_dir: Path, token: str) -> None:
        self.data_dir, self.token = data_dir, token
        self.connection = jupyter_capture.connect(data_dir=data_dir)
        self.problems: list[str] = []
        self.kills: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()

    def round(self, number: int) -> bool:
        """Whether somebody was killed: one who is not there at that moment cannot be."""
        rng = random.Random(number)
        stage = rng.choice(list(VICTIMS))
        victim = rng.choice(VICTIMS[stage])
        kernel = Kernel(self.data_dir, number)
        killed = False
        if until(lambda: stage in kernel.said or kernel.ended, PATIENCE) and stage in kernel.said:
            time.sleep(rng.uniform(0, LASTS[stage]))
            killed = self.kill(victim, kernel, stage)
        if not until(lambda: kernel.ended, PATIENCE):
            self.problems.append(f"round {number}: hung after {stage}/{victim}: {kernel.said}")
            kernel.process.kill()
        kernel.wait()
        if killed:
            self.kills[f"{victim} in {stage}"] += 1
        found = self.settle(kernel.said)
        self.outcomes[found.pop(0)] += 1
        self.problems += [f"round {number}, {victim} in {stage}: {said}" for said in found]
        return killed

    def kill(self, victim: str, kernel: Kernel, stage: str) -> bool:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            pid = self.find(victim, kernel)
            if pid is not None:
                try:
                    os.kill(pid, signal.SIGKILL)
                    return True
                except ProcessLookupError:
                    continue
            if kernel.ended or kernel.said[-1] != stage:
                return False  # it is over
            time.sleep(0.01)
        return False

    def find(self, victim: str, kernel: Kernel) -> int | None:
        if victim == "kernel":
            return None if kernel.ended else kernel.process.pid
        if victim == "engine":
            locator = read_locator(self.data_dir)
            return None if locator is None else locator.pid
        found = [process for process in marked(self.token) if process.kind == victim]
        return found[0].pid if found else None

    # ---- what is left

    def settle(self, said: list[str]) -> list[str]:
        """What became of the session of a kernel that said this, and all that is wrong."""
        session_id = said[0] if said else None
        try:
            outcome = self.end_life(session_id, "stop" in said)
        except CaptureError as error:
            outcome, wrong = "problem", [f"{type(error).__name__}: {error.message}"]
        else:
            wrong = []
        wrong += self.unfinished()
        if not until(lambda: not self.orphans(), 15):
            wrong += [f"left running: {process.command}" for process in self.orphans()]
        # What an engine takes away a moment after a job ended is no fault.
        until(lambda: not inconsistencies(self.data_dir), 3)
        return [outcome, *wrong, *inconsistencies(self.data_dir)]

    def end_life(self, session_id: str | None, recorded: bool) -> str:
        """``recorded``: whether it recorded for a while, so that there must be a video."""
        patiently(self.connection.status)
        self.wait_for_jobs()
        if session_id is None:
            return "killed before it began"
        try:
            session = CaptureSession(self.connection, session_id, "default").refresh()
        except NotFoundError:
            return "deleted"
        if session.status == "created":
            session.delete()
            return "killed before it began"
        if session.status not in ("exported", "failed", "stopped"):
            patiently(session.stop)
        # Between the two an engine that goes on from there may still be at work.
        if not until(lambda: session.refresh().export_status != "exporting", 15):
            raise JobError(f"{session_id} is {session.status}, and never exported")
        if recorded and session.status != "exported":
            raise JobError(f"{session_id} recorded, and is {session.status}: {session.error}")
        if session.status == "exported":
            work_on(self.connection, session, lambda _: None)
            self.wait_for_jobs()
        outcome = session.status
        if session.status != "exported":
            why = session.error or "there was nothing to export"
            outcome = f"{session.status}: {why[:60]}"
        every = self.connection.list_capture_sessions()
        for old in every[KEPT:]:
            old.delete()
        return outcome

    def wait_for_jobs(self) -> None:
        until(lambda: not self.rows("select 1 from jobs where status in ('queued', 'running')"))

    def unfinished(self) -> list[str]:
        """Jobs that did not come to a good end though what they are about is there."""
        rows = self.rows("select id, kind, status, error from jobs where status != 'done'")
        known = {row[0] for row in self.rows("select id from assets where deleted_at is null")}
        args = dict(self.rows("select id, args from jobs"))
        return [
            f"job {job_id} ({kind}) is {status}: {error}"
            for job_id, kind, status, error in rows
            if kind != "index" or any(asset in args[job_id] for asset in known)
        ]

    def orphans(self) -> list[Process]:
        locator = read_locator(self.data_dir)
        engine = locator.pid if locator else -1
        return [
            process
            for process in marked(self.token)
            if process.pid != engine
            and not (process.kind == "renderer" and process.parent == engine)
        ]

    def rows(self, query: str) -> list[Any]:
        connection = sqlite3.connect(self.data_dir / "library.sqlite3", timeout=30)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()


def patiently(ask: Callable[[], T]) -> T:
    """On a machine that is busy with other things an engine may take long to start."""
    for _ in range(5):
        try:
            return ask()
        except EngineUnavailableError:
            time.sleep(0.5)
    return ask()


# ---- all of them


def report(more: dict[str, Any]) -> None:
    kills, problems = Counter(more["kills"]), more["problems"]
    by_victim: Counter[str] = Counter()
    for name, count in kills.items():
        by_victim[name.partition(" ")[0]] += count
    killed = ", ".join(f"{name} {count}" for name, count in by_victim.most_common())
    save(
        "faults",
        [
            Found(
                "Whatever dies, at whatever moment of a recording's life, rows and files agree "
                "afterwards, nothing is left behind, every job comes to its end",
                f"kill -9 while it records, stops, indexes, renders, saves, deletes ({killed})",
                f"{sum(kills.values())} kills",
                "nothing wrong" if not problems else f"{len(problems)} faults",
                not problems,
            )
        ],
        more,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--anew", action="store_true", help="forget what was found so far")
    parser.add_argument("--life", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.life:
        live(asked.life, asked.seed)
        return
    more = {} if asked.anew else before("faults")
    more = {"kills": {}, "outcomes": {}, "problems": [], "tried": 0, **more}
    until_then = time.monotonic() + asked.minutes * 60
    with VirtualDesktop("640x360") as desktop, tempfile.TemporaryDirectory() as folder:
        desktop.show(SLIDES, 1.0)
        os.environ.update(desktop.env)
        data_dir = Path(folder) / "library"
        campaign = Campaign(data_dir, mark())
        try:
            while sum(more["kills"].values()) < asked.rounds and time.monotonic() < until_then:
                more["tried"] += 1
                campaign.round(more["tried"])
                take(campaign, more)
                report(more)
        finally:
            campaign.connection.close()
            end_engine(data_dir)
            for process in marked(campaign.token):
                os.kill(process.pid, signal.SIGKILL)
    for name in ("kills", "outcomes"):
        for what, count in sorted(more[name].items()):
            print(f"{count:5} {what}")
    print("\n".join(more["problems"]) or "nothing wrong")
    if more["problems"]:
        raise SystemExit(1)


def take(campaign: Campaign, more: dict[str, Any]) -> None:
    """What a round found, told as it goes."""
    for name in ("kills", "outcomes"):
        count: Counter[str] = getattr(campaign, name)
        for what in count:
            more[name][what] = more[name].get(what, 0) + count[what]
        count.clear()
    for said in campaign.problems:
        print(said, flush=True)
    more["problems"] += campaign.problems
    campaign.problems = []


if __name__ == "__main__":
    main()

"""Webhooks of many sessions, to receivers that misbehave, from an engine that is killed.

Sessions go through their states, each told to one of four receivers. Those are well, slow, down,
answer 500 or 302, hang, break off in the middle, or answer 410 to some; they change all the time,
while the engine is killed again and again. At the end all are well. Then every event must have
arrived, none without having been stored, none with a hole before it, each signed.

The clock of the schedule runs 20,000 times as fast as the real one: its 76 hours take 14 s.

    python benchmarks/webhooks.py [--sessions 1000] [--kills 20] [--seed 1]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import queue
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
from dataclasses import dataclass
from pathlib import Path

from _moody import MOODS, TIMEOUT, Receiver, is_unwanted

from jupyter_capture.engine.deliveries import Deliveries
from jupyter_capture.engine.events import Events
from jupyter_capture.engine.home import Home
from jupyter_capture.engine.secrets import webhook_secret
from jupyter_capture.engine.sessions.records import Records
from jupyter_capture.engine.store import Store
from jupyter_capture.engine.webhooks import Webhooks
from jupyter_capture.wire.capture import SessionCreate

SPEED = 20_000.0
STATES = ("starting", "active", "stopping", "stopped", "exported")
AT_ONCE = 8  # sessions that are under way


# -- the engine: its store, sessions and sender, in a process of their own


def nursery(begin: Callable[[], None]) -> None:
    """For each line that comes in, a process that does this: all that it needs is loaded then."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        pid = os.fork()
        if not pid:
            begin()
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def engine(folder: Path, urls: list[str], wanted: int, began: float, speed: float) -> None:
    """Takes every session on to its end, says each change on a line, and sends until killed."""
    logging.disable(logging.WARNING)  # each try that fails would be a line
    home = Home.at(folder)
    store = Store(home.database)
    store.migrate()

    def clock() -> float:
        return began + (time.time() - began) * speed

    webhooks = Webhooks(store, webhook_secret(store), clock=clock, timeout=TIMEOUT)
    records = Records(store, home, Events(), webhooks, lambda *_: {})
    webhooks.start()
    threading.Thread(target=make, args=(records, urls, wanted), daemon=True).start()
    while True:
        time.sleep(0.02)
        webhooks.wake()  # it would sleep by the real clock


def make(records: Records, urls: list[str], wanted: int) -> None:
    while True:
        rows = records.rows()
        open_ones = [row for row in rows if row.status != STATES[-1]]
        while len(open_ones) < AT_ONCE and len(rows) < wanted:
            asked = SessionCreate(callback_url=urls[len(rows) % len(urls)])
            told(records, records.create("default", asked))
            rows = records.rows()
            open_ones = [row for row in rows if row.status != STATES[-1]]
        if not open_ones:
            return
        for row in open_ones:
            following = STATES.index(row.status) + 1 if row.status in STATES else 0
            records.advance(row.id, STATES[following], {"text": "héllo <b>"})
            told(records, row.id)


def told(records: Records, session_id: str) -> None:
    """What is said here is promised: it is stored, so it must arrive."""
    row = records.row(session_id)
    sys.stdout.write(f"{session_id} {row.sequence} {row.status}\n")
    sys.stdout.flush()


# -- the campaign


@dataclass
class Outcome:
    sessions: int
    events: int
    kills: int
    requests: int
    again: int
    """Deliveries that arrived more than once, as a kill between answer and record makes them."""
    gone: int
    given_up: int
    """Tried ten times in vain, and then sent by hand."""
    seconds: float
    wrong: list[str]


class Campaign:
    def __init__(
        self, folder: Path, sessions: int, kills: int, seed: int, speed: float = SPEED
    ) -> None:
        self.speed = speed
        self.folder, self.sessions, self.kills = folder, sessions, kills
        self.rng = random.Random(seed)
        self.began = time.time()
        home = Home.at(folder)
        self.store = Store(home.database)
        self.store.migrate()
        self.secret = webhook_secret(self.store)
        self.receivers = [Receiver(self.secret) for _ in range(4)]
        self.promised: set[tuple[str, int, str]] = set()
        self.given_up = 0
        self._born: queue.Queue[int] = queue.Queue()

    def run(self, seconds: float = 600.0) -> Outcome:
        deadline = time.monotonic() + seconds
        started = time.monotonic()
        moods = threading.Event()
        changing = threading.Thread(target=self._change, args=(moods,))
        changing.start()
        nurse = self._nurse()
        process = self._start(nurse)
        for count in range(self.kills):
            # Spread over the making of them all, however quick this machine is.
            due = (count + self.rng.uniform(0, 0.9)) / self.kills * self._expected
            self._until(lambda due=due: len(self.promised) >= due, deadline)
            time.sleep(self.rng.uniform(0, 0.3))
            self._kill(process)
            process = self._start(nurse)
        self._until(lambda: len(self._rows("status = 'exported'")) == self.sessions, deadline)
        moods.set()
        changing.join()
        for receiver in self.receivers:
            receiver.feel("well")
        self._until(lambda: not self._waiting(), deadline)
        self.given_up = len(Deliveries(self.store).retry())
        self._until(lambda: not self._waiting(), deadline)
        self._kill(process)
        nurse.communicate()
        wrong = self.wrong()
        for receiver in self.receivers:
            receiver.close()
        self.store.close()
        return self._outcome(time.monotonic() - started, wrong)

    @property
    def _expected(self) -> int:
        return self.sessions * (len(STATES) + 1)

    def _change(self, end: threading.Event) -> None:
        while not end.wait(self.rng.uniform(0.1, 0.4)):
            self.rng.choice(self.receivers).feel(self.rng.choice(MOODS))

    def _nurse(self) -> subprocess.Popen[str]:
        urls = [receiver.url for receiver in self.receivers]
        command = [sys.executable, __file__, "--engine", str(self.folder)]
        command += ["--sessions", str(self.sessions), "--began", str(self.began)]
        command += ["--speed", str(self.speed), *urls]
        heard, says = os.pipe()
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=says, text=True)
        os.close(says)
        threading.Thread(target=self._hear, args=(heard,), daemon=True).start()
        return process

    def _start(self, nurse: subprocess.Popen[str]) -> int:
        assert nurse.stdin is not None
        nurse.stdin.write("\n")
        nurse.stdin.flush()
        return self._born.get()

    def _hear(self, heard: int) -> None:
        with os.fdopen(heard) as lines:
            for line in lines:
                words = line.split()
                if len(words) == 1:
                    self._born.put(int(words[0]))
                else:
                    self.promised.add((words[0], int(words[1]), words[2]))

    @staticmethod
    def _kill(pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            while True:
                os.kill(pid, 0)
                time.sleep(0.005)

    def _rows(self, where: str, table: str = "sessions") -> list[sqlite3.Row]:
        connection = sqlite3.connect(self.folder / "library.sqlite3", timeout=30)
        connection.row_factory = sqlite3.Row
        try:
            return connection.execute(f"select * from {table} where {where}").fetchall()
        finally:
            connection.close()

    def _waiting(self) -> int:
        return len(self._rows("status = 'pending'", "deliveries"))

    @staticmethod
    def _until(done: Callable[[], object], deadline: float) -> None:
        while not done():
            if time.monotonic() > deadline:
                raise SystemExit("the campaign did not come to its end")
            time.sleep(0.05)

    def wrong(self) -> list[str]:
        """What was not as promised."""
        found = []
        deliveries = {row["id"]: row for row in self._rows("1", "deliveries")}
        bodies = {name: json.loads(row["body"]) for name, row in deliveries.items()}
        stored = {
            (body["capture_session_id"], body["sequence"], body["status"])
            for body in bodies.values()
        }
        found += [f"promised and not stored: {each}" for each in self.promised - stored]
        if len(stored) != len(deliveries):
            found.append("two deliveries tell the same")
        for row in self._rows("1"):
            of_it = sorted((number, status) for name, number, status in stored if name == row["id"])
            if of_it != list(enumerate(("created", *STATES), 1)) or row["sequence"] != len(of_it):
                found.append(f"{row['id']} has holes: {of_it}")
        for receiver in self.receivers:
            if receiver.seen.unsigned:
                found.append(f"{receiver.seen.unsigned} without a good signature")
            for name, bodies_of in receiver.seen.bodies.items():
                known = deliveries.get(name)
                if known is None or bodies_of != {known["body"].encode()}:
                    found.append(f"invented: {name}")
        for name, row in deliveries.items():
            body = bodies[name]
            if is_unwanted(body["capture_session_id"], body["sequence"]):
                if row["status"] != "gone" or not self._sum("gone")[name]:
                    found.append(f"answered 410, and {row['status']}: {name}")
            elif row["status"] != "delivered" or not self._sum("answered")[name]:
                found.append(f"{row['status']} after {row['attempts']} tries: {name}")
        return found

    def _sum(self, what: str) -> Counter[str]:
        if not hasattr(self, f"_all_{what}"):
            every = sum((getattr(each.seen, what) for each in self.receivers), Counter())
            setattr(self, f"_all_{what}", every)
        return getattr(self, f"_all_{what}")

    def _outcome(self, seconds: float, wrong: list[str]) -> Outcome:
        answered = self._sum("answered")
        return Outcome(
            sessions=self.sessions,
            events=len(answered) + len(self._sum("gone")),
            kills=self.kills,
            requests=sum(receiver.seen.requests for receiver in self.receivers),
            again=sum(1 for times in answered.values() if times > 1),
            gone=len(self._sum("gone")),
            given_up=self.given_up,
            seconds=seconds,
            wrong=wrong,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--began", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--speed", type=float, help=argparse.SUPPRESS)
    parser.add_argument("urls", nargs="*", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.engine:
        where = (asked.engine, asked.urls, asked.sessions, asked.began, asked.speed)
        nursery(lambda: engine(*where))
        return
    from _trust import Found, save

    with tempfile.TemporaryDirectory() as folder:
        done = Campaign(Path(folder), asked.sessions, asked.kills, asked.seed).run()
    result = (
        f"{done.events:,} events of {done.sessions:,} sessions arrived in {done.requests:,} "
        f"requests; {done.again} more than once, {done.gone} stopped by 410, {done.given_up} "
        f"given up after ten tries and sent by hand; wrong: {len(done.wrong)}"
    )
    print(f"{result} ({done.seconds:.0f} s, {done.kills} kills)")
    print("\n".join(done.wrong[:20]))
    how = (
        "receivers that are down, slow, hang, break off, answer 500, 302 and 410; the engine "
        "killed with -9; the schedule's clock 20,000 times as fast"
    )
    promise = "Every webhook arrives, signed, none invented, sequence without holes"
    row = Found(promise, how, f"{done.kills} kills", result, held=not done.wrong)
    save("webhooks", [row], {"seed": asked.seed, "seconds": round(done.seconds)})
    if done.wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()

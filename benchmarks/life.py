"""The life of a session in any order: started, paused, forgotten, killed, deleted, …

Hypothesis makes the orders; tests/engine/life_machine.py says what must be true after each step.

    python benchmarks/life.py [--lives 20] [--steps 15]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from _trust import Found, save
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from jupyter_capture.client.connection import connect
from jupyter_capture.desktop import VirtualDesktop

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "engine"))
from engine_harness import Bench
from life_machine import Life


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lives", type=int, default=20)
    parser.add_argument("--steps", type=int, default=15)
    asked = parser.parse_args()
    rules = settings(
        max_examples=asked.lives,
        stateful_step_count=asked.steps,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    fault = ""
    began = time.monotonic()
    with VirtualDesktop("640x360") as desktop, tempfile.TemporaryDirectory() as folder:
        os.environ.update(desktop.env)
        data_dir = Path(folder) / "library"
        bench = Life.bench = Bench(data_dir, connect(data_dir=data_dir))
        try:
            run_state_machine_as_test(Life, settings=rules)
        except AssertionError as error:
            fault = str(error)[:500] or "an assertion failed"
        bench.close()
    row = Found(
        "Whatever is done to a session, in whatever order, it is in the state that it must be in",
        f"Hypothesis, up to {asked.steps} steps each: start, pause, resume, keep, forget, stop, "
        "play, delete, kill -9 of recorder and engine",
        f"{Life.rounds} lives in {(time.monotonic() - began) / 60:.0f} min",
        "no fault" if not fault else "a fault",
        not fault,
    )
    save("life", [row], {"fault": fault})
    print(f"{row.count}: {fault or row.result}")
    if fault:
        raise SystemExit(1)


if __name__ == "__main__":
    main()

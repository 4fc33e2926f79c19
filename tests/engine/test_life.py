"""Whatever is done to a session, in whatever order, it is in the state that it must be in."""

from __future__ import annotations

from engine_harness import Bench
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from life_machine import Life

FEW = settings(
    max_examples=2,
    stateful_step_count=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # each step takes a second: what fails is shown as it came
    suppress_health_check=list(HealthCheck),
)


def test_a_session_lives_by_its_rules_whatever_comes_after_what(bench: Bench) -> None:
    class Here(Life):
        pass

    Here.bench = bench
    run_state_machine_as_test(Here, settings=FEW)
    assert Here.rounds >= 2

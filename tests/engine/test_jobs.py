"""Jobs: one for equal work, tried again, cancelled, resumed, each in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from engine_harness import MIC, App, Bench, alive, kill, wait_for

from jupyter_capture.client.engine import read_locator
from jupyter_capture.engine.jobs import Jobs
from jupyter_capture.errors import NotFoundError


def submit(app: App, name: str = "one") -> str:
    """Work that a worker ends at once, by saying that there is no such stream."""
    return app.services.jobs.submit("download", name, {"stream_id": "stm-none", "name": name})


def worker(app: App, job_id: str) -> int:
    return wait_for(lambda: app.services.jobs._running.get(job_id), what="the worker").pid


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Workers that begin when they are told to (SIGCONT), so that none ends before it is killed."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nkill -STOP $$\nexec {sys.executable} "$@"\n')
    python.chmod(0o700)
    monkeypatch.setattr("sys.executable", str(python))


def begin(pid: int) -> None:
    stat = Path(f"/proc/{pid}/stat")
    wait_for(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", what="its stop")
    os.kill(pid, signal.SIGCONT)


def ended(app: App, job_id: str) -> Any:
    def found() -> Any:
        row = app.services.jobs.get(job_id)
        return row if row.status in ("done", "failed", "cancelled") else None

    return wait_for(found, what="the job's end")


@pytest.mark.usefixtures("patient")
def test_equal_work_is_one_job_while_it_lasts(app: App) -> None:
    first = submit(app)
    assert submit(app) == first
    assert submit(app, "another") != first
    begin(worker(app, first))
    assert ended(app, first).status == "failed"
    assert submit(app) != first


def test_an_error_that_the_work_names_is_final_and_comes_in_its_words(app: App) -> None:
    row = ended(app, submit(app))
    assert row.attempts == 1
    assert row.error["error_code"] == "NOT_FOUND"
    assert "Generate it again" in row.error["message"]


@pytest.mark.usefixtures("patient")
def test_a_killed_worker_is_tried_again_and_then_its_job_fails(app: App) -> None:
    job_id = submit(app)
    first = worker(app, job_id)
    kill(first)
    second = wait_for(lambda: (found := worker(app, job_id)) != first and found)
    assert app.services.jobs.get(job_id).attempts == 2
    kill(second)
    row = ended(app, job_id)
    assert row.status == "failed"
    assert row.error["error_code"] == "JOB_FAILED"
    assert "died 2 times" in row.error["message"]
    assert "Try again" in row.error["message"]


@pytest.mark.usefixtures("patient")
def test_one_workers_death_is_nothing_to_the_others(app: App) -> None:
    doomed, other = submit(app, "doomed"), submit(app, "other")
    first = worker(app, doomed)
    kill(first)
    begin(worker(app, other))
    begin(wait_for(lambda: (found := worker(app, doomed)) != first and found))
    assert ended(app, other).error["error_code"] == "NOT_FOUND"
    assert ended(app, doomed).error["error_code"] == "NOT_FOUND"  # its second try came through


@pytest.mark.usefixtures("patient")
async def test_a_cancelled_job_ends_and_says_so(app: App) -> None:
    job_id = submit(app)
    pid = worker(app, job_id)
    async with app.local as client:
        assert (await client.delete(f"/async-response/{job_id}")).status_code == 200
        answer = (await client.get(f"/async-response/{job_id}")).json()
        assert (await client.delete(f"/async-response/{job_id}")).status_code == 200
    assert answer["status"] == "cancelled"
    assert answer["response"]["error_code"] == "CANCELLED"
    wait_for(lambda: not alive(pid))
    wait_for(lambda: job_id not in app.services.jobs._running)
    assert app.services.jobs.get(job_id).status == "cancelled"
    assert app.services.jobs.get(job_id).attempts == 1


@pytest.mark.usefixtures("patient")
def test_one_cancelled_while_it_waits_never_starts(app: App) -> None:
    jobs = [submit(app, str(number)) for number in range(4)]
    app.services.jobs.cancel(jobs[-1])
    for job_id in jobs[:-1]:
        begin(worker(app, job_id))
        ended(app, job_id)
    assert app.services.jobs.get(jobs[-1]).attempts == 0


def test_two_run_at_once_and_all_come_to_their_turn(app: App) -> None:
    jobs = [submit(app, str(number)) for number in range(4)]
    assert len(app.services.jobs._running) <= 2
    assert {ended(app, job_id).status for job_id in jobs} == {"failed"}


@pytest.mark.usefixtures("patient")
def test_screens_are_read_one_at_a_time_after_all_other_work(app: App) -> None:
    jobs = app.services.jobs
    read = [jobs.submit("screen", f"screen:{n}", {"asset_id": f"m-{n}"}) for n in range(2)]
    other = submit(app)
    wait_for(lambda: {read[0], other} <= set(jobs._running), what="both beside one another")
    assert read[1] not in jobs._running
    for job_id in (other, *read):
        begin(worker(app, job_id))
    assert {ended(app, job_id).status for job_id in (other, *read)} == {"failed"}


@pytest.mark.usefixtures("patient")
def test_what_ran_when_the_engine_ended_runs_again(make_app: Callable[..., App]) -> None:
    first = make_app()
    job_id = submit(first)
    pid = worker(first, job_id)
    first.services.jobs.close()
    assert not alive(pid)
    assert first.services.jobs.get(job_id).status == "running"
    second = make_app()
    begin(worker(second, job_id))
    assert ended(second, job_id).error["error_code"] == "NOT_FOUND"


def test_an_unknown_job_says_so(app: App) -> None:
    with pytest.raises(NotFoundError, match="job-1"):
        app.services.jobs.get("job-1")


def test_a_worker_that_cannot_be_started_fails_its_job(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    job_id = submit(app)
    monkeypatch.undo()
    assert "No worker could be started" in ended(app, job_id).error["message"]
    assert isinstance(app.services.jobs, Jobs)


def test_an_index_survives_the_engine_that_began_it(bench: Bench) -> None:
    session = bench.record(MIC, seconds=0.5)
    path = f"video/{session.exported_video_id}/index"
    locator = read_locator(bench.data_dir)
    assert locator is not None
    transport = httpx.HTTPTransport(uds=locator.socket)
    with httpx.Client(transport=transport, base_url="http://jupyter-capture") as client:
        answer = client.post(path, json={}).json()
        again = client.post(path, json={}).json()
    assert answer["status"] == "processing"
    assert again["data"]["id"] == answer["data"]["id"]
    job = answer["data"]["id"]
    running = "select 1 from jobs where id = ? and status = 'running'"
    wait_for(lambda: bench.rows(running, job), what="the worker")
    workers = [pid for pid in children(bench.engine_pid) if alive(pid)]
    assert workers
    bench.kill_engine()
    wait_for(lambda: not any(alive(pid) for pid in workers), what="the end of the orphans")
    bench.connection.status()
    state = "select status, error, attempts from jobs where id = ?"
    wait_for(lambda: bench.rows(state, job)[0][0] in ("done", "failed"), 60, "the job")
    status, error, attempts = bench.rows(state, job)[0]
    assert (status, error and json.loads(error)) == ("done", None)
    assert attempts == 2
    assert bench.connection.http.post(path, {})["message"]  # at once, as it is indexed


def children(pid: int) -> list[int]:
    """Worker processes of an engine."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    parent = int(file.read().rpartition(")")[2].split()[1])
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    works = b"jupyter_capture.engine.worker" in file.read()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == pid and works:
                found.append(int(name))
    return found

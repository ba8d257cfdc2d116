"""Processes that are killed, or stopped (SIGSTOP) for longer than a job's claim is good for and then woken."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

import psutil

from benchmarks.chaos import ledger
from benchmarks.chaos.crowd import JOBS, Crowd
from benchmarks.chaos.fault import Fault
from benchmarks.chaos.sites import Site

_FIND_SECONDS = 60
_RANDOM_KILLS, _RANDOM_JOBS = 50, 500
_WHOLE_OF = 10
"""Of so many jobs one is of the whole county."""
_WORKER_LOST = frozenset({"worker_lost"})
_ANY_LOST = _WORKER_LOST | {"writer_crashed"}


@contextmanager
def _at(phase: str, site: Site, crowd: Crowd) -> Iterator[psutil.Process]:
    """A worker that is at ``phase`` of an attempt."""
    if phase == "work":
        crowd.submit(JOBS, whole=2)
        yield _worker_of(site, str(crowd.wait_until_running()))
        return
    with ledger.closed(phase) as gate:
        crowd.submit(JOBS)
        gate.wait()
        yield next(site.keeper.busy())


def _worker_of(site: Site, job: str) -> psutil.Process:
    deadline = time.monotonic() + _FIND_SECONDS
    while time.monotonic() < deadline:
        for process in site.keeper.busy():
            with suppress(psutil.NoSuchProcess):
                if process.name() == f"job {job[:8]}":
                    return process
        time.sleep(0.05)
    raise RuntimeError(f"No worker is at the job {job}.")


def _kill_worker(phase: str, site: Site, crowd: Crowd) -> None:
    with _at(phase, site, crowd) as worker:
        worker.kill()


def _stop_worker(phase: str, site: Site, crowd: Crowd) -> None:
    with _at(phase, site, crowd) as worker:
        worker.suspend()
    _wake([worker], site)


def _wake(stopped: list[psutil.Process], site: Site) -> None:
    """After their claims were lost, and the jobs were begun by others."""
    time.sleep(site.lost_after + 4)
    for process in stopped:
        with suppress(psutil.NoSuchProcess):
            process.resume()


def _poison(site: Site, crowd: Crowd) -> None:
    """A job whose worker dies at each attempt, as from memory that ran out; others wait behind it."""
    crowd.submit(JOBS, whole=1)
    job = crowd.wait_until_running()
    killed = set()
    while ledger.rows("SELECT completed_at FROM gis_export_gisexportjob WHERE job_id = %s", job)[0][0] is None:
        for process in site.keeper.busy():
            with suppress(psutil.NoSuchProcess):
                if process.name() == f"job {str(job)[:8]}" and process.pid not in killed:
                    process.kill()
                    killed.add(process.pid)
        time.sleep(0.05)


def _guard(site: Site) -> psutil.Process:
    """django-q2's sentinel: supervisor -> cluster -> guard -> workers, monitor, pusher."""
    (cluster,) = site.keeper.process("worker").children()
    (guard,) = cluster.children()
    return guard


def _helpers(site: Site) -> list[psutil.Process]:
    """Pusher and monitor, where all workers are at jobs: what the guard has started and that is at none."""
    busy = {process.pid for process in site.keeper.busy()}
    return [process for process in _guard(site).children() if process.pid not in busy]


def _chosen(site: Site, name: str) -> list[psutil.Process]:
    match name:
        case "guard":
            return [_guard(site)]
        case "pusher":
            return _helpers(site)
        case "supervisor":
            return [site.keeper.process("worker")]
        case "web worker":
            return site.keeper.below("web")[:1]
    return [site.keeper.process(name)]


def _kill(name: str, site: Site, crowd: Crowd) -> None:
    crowd.begin(whole=site.workers)
    with crowd.submitting(4):
        for process in _chosen(site, name):
            process.kill()


def _stop(name: str, site: Site, crowd: Crowd) -> None:
    crowd.begin(whole=site.workers)
    with crowd.submitting(4):
        stopped = _chosen(site, name)
        for process in stopped:
            process.suspend()
        _wake(stopped, site)


def _random_kills(site: Site, crowd: Crowd) -> None:
    """Any process of the platform, or a worker that is at a job, each time soon after workers are at jobs again."""
    dice = random.Random(15)
    with crowd.submitting(_RANDOM_JOBS, whole_of=_WHOLE_OF):
        for _ in range(_RANDOM_KILLS):
            _wait_until_busy(site)
            time.sleep(dice.uniform(0, 1))
            everybody = [process for name in ("web", "worker", "sweep") for process in _family(site, name)]
            at_work = list(site.keeper.busy())
            with suppress(psutil.NoSuchProcess):
                dice.choice(dice.choice([everybody, at_work or everybody])).kill()


def _wait_until_busy(site: Site) -> None:
    deadline = time.monotonic() + _FIND_SECONDS
    while not any(site.keeper.busy()) and time.monotonic() < deadline:
        time.sleep(0.05)


def _family(site: Site, name: str) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return [site.keeper.process(name), *site.keeper.below(name)]
    return []


def faults() -> Iterator[Fault]:
    for phase in ("claim", "work", "announce", "finish"):
        yield Fault(f"worker killed at {phase}", partial(_kill_worker, phase))
        yield Fault(f"worker stopped at {phase}", partial(_stop_worker, phase))
    strikes: dict[str, Callable[[str, Site, Crowd], None]] = {"killed": _kill, "stopped": _stop}
    for name in ("guard", "pusher", "supervisor", "sweep", "web", "web worker"):
        for what, strike in strikes.items():
            yield Fault(f"{name} {what}", partial(strike, name))
    yield Fault("poison job", _poison, may_fail=_WORKER_LOST)
    for kind in ("local", "s3"):
        yield Fault(f"50 random kills under 500 jobs, {kind}", _random_kills, kind, _ANY_LOST, tries=1)

"""Invocations queue for a bounded number of workers."""

import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from ministack.core import lambda_runtime

from local.lambdas import pool as pools
from local.lambdas.pool import NoWorkerError, WorkerPool
from local.lambdas.worker import PythonWorker
from tests.polling import wait_for


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The functions whose workers were ended, in order; no worker is there at first."""
    names: list[str] = []
    monkeypatch.setattr(lambda_runtime, "_workers", {})
    monkeypatch.setattr(
        lambda_runtime, "kill_workers", lambda workers: names.extend(each.func_name for each in workers)
    )
    return names


def lease(pool: WorkerPool, name: str) -> PythonWorker:
    return pool.lease(
        {"FunctionName": name, "FunctionArn": f"arn:aws:lambda:us-east-1:000000000000:function:{name}"}, b""
    )


def queued(pool: WorkerPool, threads: ThreadPoolExecutor, name: str) -> "Future[PythonWorker]":
    """A lease that waits; returns once it does."""
    waiting = len(pool._queue)
    future = threads.submit(lease, pool, name)
    wait_for(lambda: len(pool._queue) > waiting, "the lease to wait", 10, interval=0.005)
    return future


def test_a_worker_is_used_again(killed: list[str]) -> None:
    pool = WorkerPool(2)
    first = lease(pool, "a")
    pool.release(first)

    assert lease(pool, "a") is first
    assert killed == []


def test_a_function_waits_for_its_own_worker_while_that_comes_back(killed: list[str]) -> None:
    pool = WorkerPool(2)
    own, other = lease(pool, "a"), lease(pool, "b")
    pool.release(other)
    with ThreadPoolExecutor() as threads:
        future = queued(pool, threads, "a")
        pool.release(own)

        assert future.result(10) is own
    assert killed == []


def test_a_function_whose_worker_does_not_come_back_takes_an_idle_one(
    killed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "TURNOVER_SECONDS", 0.0)
    monkeypatch.setattr(pools, "ONLY_ONE_SECONDS", 0.0)
    pool = WorkerPool(2)
    lease(pool, "a").ready_at = time.monotonic()
    pool.release(lease(pool, "b"))

    assert lease(pool, "a").func_name == "a"
    assert killed == ["b"]


def test_a_burst_over_many_functions_leaves_each_its_worker(killed: list[str]) -> None:
    """As a state machine's executions go: each of the functions in turn, and the first again. A function that
    took every place would have to start all of them anew, and so would the next one.
    """
    pool = WorkerPool(6)
    with ThreadPoolExecutor(20) as threads:
        for name in ("a", "b", "c", "a"):
            waiting = [threads.submit(lease, pool, name) for _ in range(5)]
            done: list[PythonWorker] = []
            while len(done) < len(waiting):
                wait_for(lambda done=done: len(pool.busy()) > 0, "a worker", 10, interval=0.005)  # type: ignore[misc]
                for worker in pool.busy():
                    done.append(worker)
                    pool.release(worker)
            assert {future.result(10).func_name for future in waiting} == {name}
    assert killed == []
    assert sum(len(workers) for workers in lambda_runtime._workers.values()) == 6


def test_a_function_gets_more_than_its_share_when_its_own_do_not_come_back(
    killed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "TURNOVER_SECONDS", 0.0)
    pool = WorkerPool(6)
    for _ in range(6):
        lease(pool, "a").ready_at = time.monotonic()

    assert len(pool.busy()) == 6
    assert killed == []


@pytest.mark.parametrize(("unused", "ended"), [(0, "several"), (60, "lonely")])
def test_a_new_function_takes_from_where_it_harms_least(killed: list[str], unused: float, ended: str) -> None:
    """From a function that has several workers, but first what nobody needed for a while."""
    pool = WorkerPool(3)
    lonely = lease(pool, "lonely")
    several = [lease(pool, "several"), lease(pool, "several")]
    for worker in (lonely, *several):
        pool.release(worker)
    lonely.last_used -= unused

    assert lease(pool, "new").func_name == "new"
    assert killed == [ended]


def test_who_came_first_is_served_first(killed: list[str]) -> None:
    pool = WorkerPool(1)
    only = lease(pool, "a")
    with ThreadPoolExecutor() as threads:
        first = queued(pool, threads, "a")
        second = queued(pool, threads, "a")
        pool.release(only)

        assert first.result(10) is only
        assert not second.done()
        pool.release(only)
        assert second.result(10) is only


def test_without_a_worker_in_time_it_is_refused(killed: list[str]) -> None:
    pool = WorkerPool(1, wait_seconds=0.05)
    only = lease(pool, "a")

    with pytest.raises(NoWorkerError, match="all 1 workers are busy"):
        lease(pool, "b")

    pool.release(only)
    assert lease(pool, "b").func_name == "b"

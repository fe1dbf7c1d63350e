from __future__ import annotations

import os
import time
from functools import partial
from threading import Barrier, Thread, get_ident

import numpy as np
import pytest

from fnnet._parallel import processors, run
from fnnet._threads import arithmetic


@pytest.mark.parametrize("workers", [1, 2, 3, 9])
@pytest.mark.parametrize("n", [1, 2, 3, 20])
def test_every_task_runs_once(n: int, workers: int) -> None:
    done: list[int] = []
    run([partial(done.append, k) for k in range(n)], workers)
    assert sorted(done) == list(range(n))


def test_tasks_are_done_when_run_returns() -> None:
    done: list[int] = []

    def slow(k: int) -> None:
        time.sleep(0.02)
        done.append(k)

    run([partial(slow, k) for k in range(4)], 4)
    assert sorted(done) == [0, 1, 2, 3]


def test_as_many_run_at_once_as_there_are_workers() -> None:
    barrier = Barrier(3)
    run([partial(barrier.wait, 10)] * 3, 3)


def test_one_worker_is_this_thread_and_keeps_the_order() -> None:
    done: list[tuple[int, int]] = []

    def task(k: int) -> None:
        done.append((k, get_ident()))

    run([partial(task, k) for k in range(5)], 1)
    assert done == [(k, get_ident()) for k in range(5)]


@pytest.mark.parametrize("failing", [0, 1, 3])
def test_an_exception_comes_out_when_no_task_is_running_any_more(failing: int) -> None:
    running: list[int] = []

    def task(k: int) -> None:
        if k == failing:
            raise KeyError(k)
        running.append(k)
        time.sleep(0.05)
        running.remove(k)

    with pytest.raises(KeyError, match=str(failing)):
        run([partial(task, k) for k in range(4)], 4)
    assert running == []


def test_a_task_may_run_tasks_of_its_own() -> None:
    done: list[tuple[int, int]] = []

    def task(k: int) -> None:
        time.sleep(0.02)  # so that another thread begins one, too
        run([partial(done.append, (k, part)) for part in range(3)], 2)

    # With more of them than threads; and not in this thread, which would wait for good.
    tasks = [partial(task, k) for k in range(4)]
    caller = Thread(target=run, args=(tasks, 2), daemon=True)
    caller.start()
    caller.join(10)
    assert not caller.is_alive()
    assert sorted(done) == [(k, part) for k in range(4) for part in range(3)]


def test_every_thread_computes_in_silence() -> None:
    barrier, seen = Barrier(3), []

    def task() -> None:
        barrier.wait(10)
        seen.append((np.geterr()["over"], np.geterr()["invalid"]))

    with arithmetic():
        run([task] * 3, 3)
    assert seen == [("ignore", "ignore")] * 3


def test_there_is_a_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1 <= processors() <= (os.cpu_count() or 1)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert processors() == (os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_has_workers_of_its_own() -> None:
    run([lambda: None] * 2, 2)
    child = os.fork()
    if child == 0:
        try:
            barrier = Barrier(2)
            run([partial(barrier.wait, 5)] * 2, 2)
            os._exit(0)
        finally:
            os._exit(1)
    for _ in range(1000):
        finished, status = os.waitpid(child, os.WNOHANG)
        if finished:
            break
        time.sleep(0.01)
    else:
        os.kill(child, 9)
        os.waitpid(child, 0)
    assert finished
    assert os.waitstatus_to_exitcode(status) == 0

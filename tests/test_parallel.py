from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import Future
from functools import partial
from threading import Barrier, Thread, active_count, get_ident
from typing import Any

import numpy as np
import pytest

from fnnet import parallel
from fnnet.arithmetic import arithmetic
from fnnet.parallel import processors, run


@pytest.mark.parametrize("workers", [1, 2, 3, 9])
@pytest.mark.parametrize("n", [1, 2, 3, 20])
def test_every_task_runs_once(n: int, workers: int) -> None:
    done: list[int] = []
    run([partial(done.append, k) for k in range(n)], workers=workers)
    assert sorted(done) == list(range(n))


@pytest.mark.parametrize("workers", [1, 2])
def test_there_may_be_none(workers: int) -> None:
    done: list[int] = []
    run(workers=workers)
    run([], workers=workers)
    run([], [partial(done.append, k) for k in range(2)], [], workers=workers)
    assert sorted(done) == [0, 1]


def test_tasks_are_done_when_run_returns() -> None:
    done: list[int] = []

    def slow(k: int) -> None:
        time.sleep(0.02)
        done.append(k)

    run([partial(slow, k) for k in range(4)], workers=4)
    assert sorted(done) == [0, 1, 2, 3]


def test_as_many_run_at_once_as_there_are_workers() -> None:
    barrier = Barrier(3)
    run([partial(barrier.wait, 10)] * 3, workers=3)


def test_one_worker_is_this_thread_and_keeps_the_order() -> None:
    done: list[tuple[int, int]] = []

    def task(k: int) -> None:
        done.append((k, get_ident()))

    run([partial(task, k) for k in range(5)], workers=1)
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
        run([partial(task, k) for k in range(4)], workers=4)
    assert running == []


def test_a_task_may_run_tasks_of_its_own() -> None:
    done: list[tuple[int, int]] = []

    def task(k: int) -> None:
        time.sleep(0.02)  # so that another thread begins one, too
        run([partial(done.append, (k, part)) for part in range(3)], workers=2)

    # With more of them than threads; and not in this thread, which would wait for good.
    tasks = [partial(task, k) for k in range(4)]
    caller = Thread(target=run, args=(tasks,), kwargs={"workers": 2}, daemon=True)
    caller.start()
    caller.join(10)
    assert not caller.is_alive()
    assert sorted(done) == [(k, part) for k in range(4) for part in range(3)]


@pytest.mark.parametrize("workers", [1, 2, 3, 9])
def test_a_round_begins_when_the_one_before_it_is_over(workers: int) -> None:
    seen: list[tuple[int, int]] = []

    def task(number: int, k: int) -> None:
        time.sleep(0.002 * (k % 3))
        seen.append((number, k))

    run(*([partial(task, number, k) for k in range(5)] for number in range(4)), workers=workers)
    assert [number for number, _ in seen] == [number for number in range(4) for _ in range(5)]
    assert sorted(seen) == [(number, k) for number in range(4) for k in range(5)]


def test_threads_are_kept_for_other_numbers_of_them() -> None:
    before = active_count()
    for n in range(2, 12):
        barrier = Barrier(n)
        run([partial(barrier.wait, 10)] * n, workers=n)
    assert active_count() - before < 30  # 10, or some more; a pool for each number would have 55


def test_of_two_threads_each_has_its_own_tasks_in_all_rounds() -> None:
    threads: list[dict[int, int]] = []

    def task(of: dict[int, int], barrier: Barrier, k: int) -> None:
        barrier.wait(10)
        time.sleep(0.002 * k)  # the other thread is the first one in the next round
        of[k] = get_ident()

    rounds = []
    for _ in range(20):
        barrier = Barrier(2)
        threads.append({})
        rounds.append([partial(task, threads[-1], barrier, k) for k in range(2)])
    run(*rounds, workers=2)
    assert all(each == threads[0] for each in threads)
    assert threads[0][0] == get_ident() != threads[0][1]


def test_what_late_threads_leave_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    submitted = []

    class Busy:
        def submit(self, *call: Any) -> Future[None]:
            submitted.append(call)
            return Future()

    monkeypatch.setattr(parallel, "_pool", Busy)
    done: list[tuple[int, int]] = []
    tasks = [partial(lambda k: done.append((k, get_ident())), k) for k in range(3)]
    run(tasks, tasks, workers=3)
    assert done == [(k, get_ident()) for k in range(3)] * 2
    for function, *arguments in submitted:  # and they find nothing to do any more
        function(*arguments)
    assert len(done) == 6


@pytest.mark.parametrize("failing", [0, 1])
@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt, SystemExit])
def test_no_round_begins_after_one_that_failed(failing: int, error: type[BaseException]) -> None:
    barrier, seen = Barrier(2), list[int]()

    def fail(k: int) -> None:
        barrier.wait(10)
        time.sleep(0.01 * k)
        if k == failing:
            raise error

    with pytest.raises(error):
        run([partial(fail, k) for k in range(2)], [partial(seen.append, 1)] * 9, workers=2)
    assert seen == []
    run([lambda: None] * 2, [partial(seen.append, 2)] * 2, workers=2)  # its threads go on
    assert seen == [2, 2]


def test_no_task_begins_after_one_that_failed() -> None:
    barrier, begun = Barrier(2), list[int]()

    def task(k: int) -> None:
        begun.append(k)
        if k in (0, 49):  # the first one of either thread
            barrier.wait(10)
            time.sleep(0.5 if k else 0)
        if k == 0:
            raise KeyError

    with pytest.raises(KeyError):
        run([partial(task, k) for k in range(50)], workers=2)
    assert sorted(begun) == [0, 49]


def test_ctrl_c_while_it_waits_ends_it_after_the_tasks_that_run() -> None:
    code = """
import os, signal, threading, time
from functools import partial
from fnnet.parallel import run

running, barrier, main = [], threading.Barrier(2), threading.get_ident()

def task(k):
    barrier.wait(10)
    if threading.get_ident() == main:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        return
    running.append(k)
    time.sleep(0.5)
    running.remove(k)

try:
    run([partial(task, k) for k in range(2)], [partial(print, "no more")] * 9, workers=2)
except KeyboardInterrupt:
    print("interrupted,", running, "running")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("interrupted, [] running\n", "")


def test_every_thread_computes_in_silence() -> None:
    barrier, seen = Barrier(3), []

    def task() -> None:
        barrier.wait(10)
        seen.append((np.geterr()["over"], np.geterr()["invalid"]))

    with arithmetic():
        run([task] * 3, workers=3)
    assert seen == [("ignore", "ignore")] * 3


def test_there_is_a_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1 <= processors() <= (os.cpu_count() or 1)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert processors() == (os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_has_workers_of_its_own() -> None:
    run([lambda: None] * 2, workers=2)
    child = os.fork()
    if child == 0:
        try:
            barrier = Barrier(2)
            run([partial(barrier.wait, 5)] * 2, workers=2)
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

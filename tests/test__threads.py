from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from threading import Barrier, Event, Thread, get_ident, local
from types import FrameType
from typing import Any

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from fnnet._threads import (
    _PinOfThread,
    _pins,
    arithmetic,
    blas_libraries,
    processors,
    run,
    threads,
)
from tests._support import assert_refused


def blas_threads() -> set[int]:
    """Of NumPy's BLAS: SciPy brings one of its own, which may be loaded later."""
    return {library.get_num_threads() for library in blas_libraries()}


@contextmanager
def blas_at(n: int) -> Iterator[None]:
    """BLAS as a caller has set it: with n threads."""
    with threadpool_limits(n, user_api="blas"):
        if blas_threads() != {n}:
            pytest.skip("this NumPy's BLAS does not take its number of threads from threadpoolctl")
        yield


@pytest.mark.parametrize("n", [1, 2])
def test_blas_has_one_thread_inside_and_its_own_number_after(n: int) -> None:
    with blas_at(n):
        with arithmetic():
            assert blas_threads() == {1}
        assert blas_threads() == {n}


def test_the_last_to_leave_restores() -> None:
    with blas_at(2):
        with arithmetic():
            with arithmetic(), arithmetic():
                assert blas_threads() == {1}
            assert blas_threads() == {1}
        assert blas_threads() == {2}


def test_an_exception_restores_too_and_passes_through() -> None:
    with blas_at(2):
        with pytest.raises(KeyError, match="mine"), arithmetic():
            raise KeyError("mine")
        assert blas_threads() == {2}


def test_what_is_restored_is_what_was_there_this_time() -> None:
    for n in (2, 1, 2):
        with blas_at(n):
            with arithmetic():
                pass
            assert blas_threads() == {n}


@contextmanager
def another_thread_inside() -> Iterator[None]:
    entered, leave = Event(), Event()

    def stay() -> None:
        with arithmetic():
            entered.set()
            leave.wait(10)

    other = Thread(target=stay)
    other.start()
    assert entered.wait(10)
    try:
        yield
    finally:
        leave.set()
        other.join(10)


def test_two_threads_may_be_inside_at_once() -> None:
    with blas_at(2), ExitStack() as other:
        with arithmetic():
            other.enter_context(another_thread_inside())
        assert blas_threads() == {1}
        other.close()
        assert blas_threads() == {2}


def test_a_thread_that_has_set_its_number_does_not_keep_the_others_from_it() -> None:
    """As it is with threadpoolctl 3.8, which heeds one thread only while that one lives."""
    done, leave = Event(), Event()

    def set_and_stay() -> None:
        for library in ThreadpoolController().select(user_api="blas").lib_controllers:
            library.set_num_threads(2)
        done.set()
        leave.wait(10)

    with blas_at(2):
        pass
    other = Thread(target=set_and_stay)
    other.start()
    assert done.wait(10)
    before = blas_threads()
    with arithmetic():
        assert blas_threads() == {1}
    assert blas_threads() == before
    leave.set()
    other.join(10)


def test_other_threads_can_set_their_number_afterwards() -> None:
    seen: list[set[int]] = []

    def limited() -> None:
        for n in (1, 2):
            with threadpool_limits(n, user_api="blas"):
                seen.append(blas_threads())

    with blas_at(2):
        pass
    with arithmetic():
        pass
    other = Thread(target=limited)
    other.start()
    other.join(10)
    assert seen == [{1}, {2}]


class LibraryOfThreads(local):
    """A BLAS on OpenMP: each thread has a setting of its own."""

    threads = 2

    def get_num_threads(self) -> int:
        return self.threads

    def set_num_threads(self, threads: int) -> None:
        self.threads = threads


def test_where_each_thread_has_its_own_setting_each_is_set_and_restored() -> None:
    library = LibraryOfThreads()
    pin, seen = _PinOfThread(library), []

    def inside() -> None:
        seen.append(library.threads)
        pin.enter("other")
        seen.append(library.threads)
        pin.leave("other")
        seen.append(library.threads)

    pin.enter("this")
    other = Thread(target=inside)
    other.start()
    other.join(10)
    assert seen == [2, 1, 2]
    assert library.threads == 1
    pin.leave("this")
    assert library.threads == 2


def test_arithmetic_is_silent_and_leaves_numpys_settings_as_they_were() -> None:
    before = np.geterr()
    with arithmetic(), arithmetic():
        assert np.float32(3e38) * np.float32(10) == np.inf
        assert np.isnan(np.subtract(np.inf, np.inf))
    with np.errstate(all="raise"), arithmetic():
        assert np.exp(np.float32(-1e9)) == 0
    assert np.geterr() == before
    with pytest.raises(KeyError), arithmetic():
        raise KeyError
    assert np.geterr() == before
    with blas_at(2), arithmetic():
        assert blas_threads() == {1}


def test_ctrl_c_leaves_everything_as_it_was() -> None:
    # It comes where a function of Python's begins, or where one of C's has been called: at each of
    # these in turn, but not between the two halves of a `with` on a lock.
    before = np.geterr()

    def interrupted_at(number: int) -> tuple[str, str]:
        """The file and the call that were interrupted; nothing, where there are fewer calls."""
        calls: list[tuple[str, str]] = []

        def watch(frame: FrameType, event: str, function: Any) -> None:
            name = function.__name__ if event == "c_return" else frame.f_code.co_name
            on_lock = event == "c_return" and name in ("__enter__", "__exit__")
            if event in ("call", "c_return") and not on_lock:
                calls.append((Path(frame.f_code.co_filename).name, f"{event} {name}"))
                if len(calls) == number:
                    raise KeyboardInterrupt

        try:
            sys.setprofile(watch)
            with arithmetic():
                pass
        except KeyboardInterrupt:
            return calls[-1]
        finally:
            sys.setprofile(None)
        return "", ""

    seen = set()
    with blas_at(2):
        for number in count(1):
            file, call = interrupted_at(number)
            if not file:
                break
            seen.add(call)
            # Two moments are left: in NumPy's own errstate, and before an __exit__ begins.
            if file != "_ufunc_config.py" and call != "call __exit__":
                assert (blas_threads(), np.geterr()) == ({2}, before), (number, file, call)
            np.seterr(**before)
            for pin in _pins():
                pin.empty()
            with arithmetic():
                pass
    assert {"call enter", "c_return add", "call leave", "c_return discard"} <= seen


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_in_a_forked_child_the_other_threads_are_not_inside() -> None:
    with blas_at(2), another_thread_inside():
        child = os.fork()
        if child == 0:
            try:
                with arithmetic():
                    inside = blas_threads()
                os._exit(0 if (inside, blas_threads()) == ({1}, {2}) else 1)
            finally:
                os._exit(2)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


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


@pytest.mark.parametrize("in_caller", [True, False])
def test_after_an_exception_no_other_task_begins_and_those_that_run_end(in_caller: bool) -> None:
    both, caller = Barrier(2), get_ident()
    ended: list[str] = []

    def task() -> None:
        both.wait(10)
        if (get_ident() == caller) == in_caller:
            raise KeyError
        time.sleep(0.1)
        ended.append("ran")

    with pytest.raises(KeyError):
        run([task, task, *[partial(ended.append, "began")] * 5], 2)
    assert ended == ["ran"]


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


def test_workers_are_threads_and_by_default_one_a_processor() -> None:
    assert threads(3) == 3
    assert threads(None) == processors()
    assert_refused(lambda: threads(0), "workers is 0: expected an integer of at least 1")


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

"""Threads: one for BLAS, so that the bits do not depend on their number; several for fnnet's tasks.

OpenBLAS splits larger products among its threads, and the last bits change with the split. Tasks
write to different arrays, and run at the same time while NumPy computes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ContextDecorator
from functools import cache
from threading import Lock, local
from typing import Any

import numpy as np

from fnnet._checks import integer

__all__ = ["arithmetic", "processors", "run", "threads"]


class arithmetic(ContextDecorator):  # noqa: N801  # a `with`, as `np.errstate` is
    """One BLAS thread, and no warnings: an overflow is an infinity, which the caller handles.

    Any thread may enter, also while it or another one is inside.
    """

    def __enter__(self) -> None:
        self._silence = np.errstate(all="ignore")
        self._silence.__enter__()
        try:
            for pin in _pins():
                pin.enter(self)
        except BaseException:  # Ctrl-C
            self.__exit__()
            raise

    def __exit__(self, *error: Any) -> None:
        try:
            for pin in _pins():
                pin.leave(self)
        except BaseException:  # Ctrl-C
            for pin in _pins():
                pin.leave(self)
            raise
        finally:
            self._silence.__exit__(*error)


class _Pin:
    """A BLAS library held at one thread: the first to enter sets it, the last to leave restores it.

    Ctrl-C may interrupt both, so whoever tried to enter may leave, more than once.
    """

    def __init__(self, library: Any) -> None:
        self._library, self._before = library, 1
        self.empty()

    def empty(self) -> None:
        """Nobody is inside: at first, and in a forked child, which has no other threads."""
        self._lock = Lock()
        self._inside: set[object] = set()

    def enter(self, visitor: object) -> None:
        with self._lock:
            if not self._inside:
                number = self._library.get_num_threads()
                if number != 1:
                    self._before = number
                    self._set(1)
            self._inside.add(visitor)

    def leave(self, visitor: object) -> None:
        with self._lock:
            self._inside.discard(visitor)
            if not self._inside and self._before != 1:
                self._set(self._before)
                self._before = 1

    def _set(self, number: int) -> None:
        # From version 3.8 on, threadpoolctl lets only the first thread that sets a number set
        # others, and silently ignores the rest, unless that thread is forgotten before and after.
        forget = getattr(self._library, "clear_controlling_thread", lambda force: force)
        forget(force=True)
        self._library.set_num_threads(number)
        forget(force=True)


class _PinOfThread(_Pin, local):
    """The same for a library in which each thread has its own setting."""


@cache
def blas_libraries() -> list[Any]:
    """The BLAS libraries of this process, as threadpoolctl describes them."""
    from threadpoolctl import ThreadpoolController  # finding them takes milliseconds: do it once

    return list(ThreadpoolController().select(user_api="blas").lib_controllers)


@cache
def _pins() -> list[_Pin]:
    pins = []
    for library in blas_libraries():
        kind = _PinOfThread if getattr(library, "threading_layer", None) == "openmp" else _Pin
        pins.append(kind(library))
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=pins[-1].empty)
    return pins


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads(workers: int | None) -> int:
    """The number of threads for a caller's `workers`, by default one for each processor."""
    return processors() if workers is None else integer("workers", workers, at_least=1)


def run(tasks: Sequence[Callable[[], object]], workers: int) -> None:
    """Run all tasks on at most `workers` threads, this one included."""
    waiting = iter(tasks)  # each thread takes the next one

    def work() -> None:
        try:
            for task in waiting:
                task()
        finally:
            list(waiting)  # after an exception, no other task begins

    # arithmetic() anew, for the caller's is for the caller's thread.
    helpers = [_pool(workers - 1).submit(arithmetic()(work)) for _ in tasks[1:workers]]
    try:
        work()
    finally:
        # A helper that has not begun is not waited for: the pool's threads may wait for this one.
        begun = [helper for helper in helpers if not helper.cancel()]
        for helper in begun:
            helper.exception()
    for helper in begun:
        helper.result()


@cache
def _pool(number: int) -> Any:
    from concurrent.futures import ThreadPoolExecutor  # 5 ms, needed for large batches only

    return ThreadPoolExecutor(number, thread_name_prefix="fnnet")


if hasattr(os, "register_at_fork"):  # a forked child has the pool, but not its threads
    os.register_at_fork(after_in_child=_pool.cache_clear)

"""Tasks that may run at the same time, since each writes to buffers of its own.

NumPy lets other threads run during its larger products and sums, so threads are enough.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from functools import cache
from threading import Event, Lock
from typing import TYPE_CHECKING

from fnnet.arithmetic import arithmetic
from fnnet.checks import integer

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

__all__ = ["processors", "run", "threads"]

Task = Callable[[], object]


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads(workers: int | None) -> int:
    """How many threads a caller's `workers` are: by default one a processor."""
    return processors() if workers is None else integer("workers", workers, at_least=1)


@cache
def _pool() -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor  # 5 ms, for those alone with large batches

    # At the most: it makes a thread only where none of those that it has is idle.
    return ThreadPoolExecutor(256, thread_name_prefix="fnnet")


# A forked child has the pool, but not its threads.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)


class _Round:
    """Tasks for whoever is free; after one that fails, none begins any more."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.left = deque(enumerate(tasks))
        self.errors: dict[int, BaseException] = {}
        self._running = 0
        self._lock = Lock()
        self._over = Event()

    def work(self, take: Callable[[], tuple[int, Task]]) -> None:
        """Do one task after the other, while any are left, and wait for those of other threads."""
        while True:
            with self._lock:
                if not self.left:
                    break
                k, task = take()
                self._running += 1
            failed = {}
            try:
                with arithmetic():  # the caller's holds for the caller's thread
                    task()
            except BaseException as error:
                failed[k] = error
            with self._lock:
                self._running -= 1
                if failed:
                    self.errors |= failed
                    self.left.clear()
                if not self.left and not self._running:
                    self._over.set()
        self._over.wait()

    def abandon(self) -> None:
        """Keep no thread here any longer."""
        with self._lock:
            self.left.clear()
        self._over.set()


def _help(rounds: Sequence[_Round]) -> None:
    for each in rounds:
        # From the other end than the caller's thread: of two threads, each has its own tasks in
        # all rounds, and their numbers in its processor's cache.
        each.work(each.left.pop)
        if each.errors:
            return


def run(*rounds: Sequence[Task], workers: int) -> None:
    """Run all tasks, on `workers` threads at the most, this one included, a round after the other.

    Threads that are late are not waited for: this one does what they leave. So tasks may run tasks.
    """
    most = min(workers, max(map(len, rounds), default=0))
    if most <= 1:
        for tasks in rounds:
            for task in tasks:
                task()
        return
    from concurrent.futures import wait

    shared = [_Round(tasks) for tasks in rounds if tasks]
    helpers: list[Future[None]] = []
    try:
        helpers += (_pool().submit(_help, shared) for _ in range(most - 1))
        for each in shared:
            each.work(each.left.popleft)
            if each.errors:
                raise each.errors[min(each.errors)]
    except BaseException:
        for each in shared:
            each.abandon()
        wait([helper for helper in helpers if not helper.cancel()])
        raise

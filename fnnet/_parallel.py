"""Tasks that may run at the same time, since each writes to buffers of its own.

NumPy lets other threads run during its larger products and sums, so threads are enough.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from fnnet._checks import integer
from fnnet._threads import arithmetic

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

__all__ = ["processors", "run", "threads"]


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads(workers: int | None) -> int:
    """How many threads a caller's `workers` are: by default one a processor."""
    return processors() if workers is None else integer("workers", workers, at_least=1)


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor  # 5 ms, for those alone with large batches

    return ThreadPoolExecutor(threads, thread_name_prefix="fnnet")


# A forked child has the pool, but not its threads.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)


def run(tasks: Sequence[Callable[[], object]], workers: int) -> None:
    """Run all tasks, on `workers` threads at the most, this one included."""
    if workers == 1 or len(tasks) == 1:
        for task in tasks:
            task()
        return
    from concurrent.futures import wait

    futures = [_pool(workers - 1).submit(_compute, task) for task in tasks[1:]]
    try:
        tasks[0]()
        for future, task in zip(reversed(futures), reversed(tasks), strict=False):
            if future.cancel():  # not begun yet, and this thread is free
                task()
    finally:
        # But not for the cancelled: they stay with the pool, whose threads may wait for this one.
        wait([future for future in futures if not future.cancel()])
    for future in futures:
        if not future.cancelled():
            future.result()


def _compute(task: Callable[[], object]) -> None:
    with arithmetic():  # the caller's holds for the caller's thread
        task()

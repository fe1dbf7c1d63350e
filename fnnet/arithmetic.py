"""Arithmetic whose bytes do not depend on how many threads BLAS has, and that is silent.

OpenBLAS splits larger matrix products among its threads, and the last bits change with the split.
"""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from threadpoolctl import LibController

__all__ = ["arithmetic", "one_blas_thread"]


@cache
def _libraries() -> list[LibController]:
    # Looking for them takes milliseconds, so it is done once, and not before they are needed.
    from threadpoolctl import ThreadpoolController

    libraries: list[LibController] = ThreadpoolController().select(user_api="blas").lib_controllers
    return libraries


class _OneBlasThread:
    """A context manager that may be entered again, by the same thread or by another one.

    The setting belongs to the whole process: the first to enter changes it, the last to leave
    restores it.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._before: list[tuple[LibController, int]] = []

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = [(library, library.get_num_threads()) for library in _libraries()]
                for library, threads in self._before:
                    if threads != 1:
                        library.set_num_threads(1)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                for library, threads in self._before:
                    if threads != 1:
                        library.set_num_threads(threads)


one_blas_thread = _OneBlasThread()


class arithmetic:  # noqa: N801  # reads as `with arithmetic():`, as `errstate` does
    """One BLAS thread, and no warnings: what overflows is an infinity, and is dealt with as one."""

    def __enter__(self) -> None:
        self._silence = np.errstate(over="ignore", invalid="ignore")
        self._silence.__enter__()
        one_blas_thread.__enter__()

    def __exit__(self, *error: Any) -> None:
        one_blas_thread.__exit__()
        self._silence.__exit__(*error)

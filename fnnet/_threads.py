"""Arithmetic whose bytes do not depend on how many threads BLAS has, and that is silent.

OpenBLAS splits larger matrix products among its threads, and the last bits change with the split.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from threading import Lock, local
from typing import Any

import numpy as np

__all__ = ["arithmetic", "blas_libraries"]


class _Pin:
    """Some BLAS libraries, held at one thread: the first to enter sets it, the last restores it.

    Ctrl-C may end either half-way: who has tried to enter may leave, and leave again.
    """

    def __init__(self, libraries: list[Any]) -> None:
        self._libraries = [(each.get_num_threads, _setter(each)) for each in libraries]
        self._before: list[tuple[Callable[[int], None], int]] = []
        self.empty()

    def empty(self) -> None:
        """Nobody is inside: so it is at first, and in a forked child, without the other threads."""
        self._lock = Lock()
        self._inside: set[object] = set()

    def enter(self, visitor: object) -> None:
        with self._lock:
            if not self._inside:
                for get, set_threads in self._libraries:
                    threads = get()
                    if threads != 1:
                        self._before.append((set_threads, threads))
                        set_threads(1)
            self._inside.add(visitor)

    def leave(self, visitor: object) -> None:
        with self._lock:
            self._inside.discard(visitor)
            if not self._inside:
                for set_threads, threads in self._before:
                    set_threads(threads)
                self._before.clear()


class _PinOfThread(_Pin, local):
    """The same for libraries whose setting belongs to each thread, not to the process."""


def _setter(library: Any) -> Callable[[int], None]:
    """A function that sets the library's threads, whichever thread calls it."""
    set_threads: Callable[[int], None] = library.set_num_threads
    # threadpoolctl 3.8 heeds but one thread, the first that asked, and ignores others silently,
    # until it is told to let any set them. The pin counts for itself who is inside.
    release = getattr(library, "clear_controlling_thread", None)
    if release is None:
        return set_threads

    def released(threads: int) -> None:
        release(force=True)
        set_threads(threads)
        release(force=True)

    return released


@cache
def blas_libraries() -> list[Any]:
    """The BLAS libraries of this process, as threadpoolctl knows them."""
    # Looking for them takes milliseconds: once is enough, and not before it is needed.
    from threadpoolctl import ThreadpoolController

    return list(ThreadpoolController().select(user_api="blas").lib_controllers)


@cache
def _pins() -> list[_Pin]:
    libraries = blas_libraries()
    of_thread = [library for library in libraries if _belongs_to_thread(library)]
    of_process = [library for library in libraries if not _belongs_to_thread(library)]
    kinds = (_Pin, of_process), (_PinOfThread, of_thread)
    pins = [kind(libraries) for kind, libraries in kinds if libraries]
    if hasattr(os, "register_at_fork"):
        for pin in pins:
            os.register_at_fork(after_in_child=pin.empty)
    return pins


def _belongs_to_thread(library: Any) -> bool:
    return getattr(library, "threading_layer", None) == "openmp"


class arithmetic:  # noqa: N801  # reads as `with arithmetic():`, as `errstate` does
    """One BLAS thread, and no warnings: what overflows is an infinity, and is dealt with as one.

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
            self._leave()
        except BaseException:  # Ctrl-C
            self._leave()
            raise
        finally:
            self._silence.__exit__(*error)

    def _leave(self) -> None:
        for pin in _pins():
            pin.leave(self)

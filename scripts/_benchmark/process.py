"""Processes that a Ctrl-C does not reach: whoever starts one ends it, and alone tells of it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

__all__ = ["ignore_interrupts", "python"]


@contextmanager
def python(*arguments: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A Python that runs with these arguments, until the block ends at the latest.

    Parameters
    ----------
    options
        As for `subprocess.Popen`.
    """
    with ExitStack() as stack:
        with _interrupts_held():  # one in here would leave behind what has just started
            process = subprocess.Popen([sys.executable, *arguments], text=True, **options)
            stack.enter_context(process)
            stack.callback(process.kill)
        yield process


def ignore_interrupts() -> None:
    """For such a process itself, where it has inherited no mask: on Windows."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """A Ctrl-C in here comes at the end; to processes that start in here it never comes.

    They inherit a mask, for they could not ignore it in their first moments, when Python starts.
    """
    held: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    mask = None
    if hasattr(signal, "pthread_sigmask"):
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if held and callable(handler):
        handler(held[0], None)

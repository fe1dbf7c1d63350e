from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from fnnet.arithmetic import one_blas_thread


def threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@contextmanager
def before(n: int) -> Iterator[None]:
    """BLAS as a caller has set it: with n threads."""
    with threadpool_limits(n, user_api="blas"):
        if threads() != {n}:
            pytest.skip("this NumPy's BLAS does not take its number of threads from threadpoolctl")
        yield


@pytest.mark.parametrize("n", [1, 2])
def test_blas_has_one_thread_inside_and_its_own_number_after(n: int) -> None:
    with before(n):
        with one_blas_thread:
            assert threads() == {1}
        assert threads() == {n}


def test_the_last_to_leave_restores() -> None:
    with before(2):
        with one_blas_thread:
            with one_blas_thread, one_blas_thread:
                assert threads() == {1}
            assert threads() == {1}
        assert threads() == {2}


def test_an_exception_restores_too_and_passes_through() -> None:
    with before(2):
        with pytest.raises(KeyError, match="mine"), one_blas_thread:
            raise KeyError("mine")
        assert threads() == {2}


def test_what_is_restored_is_what_was_there_this_time() -> None:
    for n in (2, 1, 2):
        with before(n):
            with one_blas_thread:
                pass
            assert threads() == {n}


def test_two_threads_may_be_inside_at_once() -> None:
    entered, leave = Event(), Event()

    def stay() -> None:
        with one_blas_thread:
            entered.set()
            leave.wait(10)

    with before(2):
        with one_blas_thread:
            other = Thread(target=stay)
            other.start()
            assert entered.wait(10)
        assert threads() == {1}
        leave.set()
        other.join(10)
        assert threads() == {2}

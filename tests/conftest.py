"""What several test files share."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from fnnet._records import Array

# The tests too repeat; --hypothesis-profile=default draws other examples at each run.
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")

# A job in the background is started with Ctrl-C ignored, and would hand that on to the scripts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """The real MNIST, four IDX files and mnist.pkl.gz, where FNNET_DATA says that it is."""
    folder = os.environ.get("FNNET_DATA")
    if not folder:
        pytest.skip("FNNET_DATA names no folder with MNIST")
    return Path(folder)


@pytest.fixture(scope="session")
def idx_bytes() -> Callable[[Array], bytes]:
    """The IDX file of an array of bytes, not gzipped."""

    def pack(array: Array) -> bytes:
        header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        return header + array.astype(np.uint8).tobytes()

    return pack

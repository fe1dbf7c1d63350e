"""Where figures come from: the machine, and the versions of what runs on it."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fnnet._parallel import processors

_DISTRIBUTIONS = ("fnnet", "numpy", "torch", "jax", "scikit-learn")


def machine() -> dict[str, Any]:
    """The platform, the processor and how many cores of it there are for this process."""
    return {
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "usable": processors(),
    }


def versions() -> dict[str, str | None]:
    """Of Python and of the packages; None where one is not installed."""
    return {"python": platform.python_version(), **{name: _of(name) for name in _DISTRIBUTIONS}}


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())


def _of(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None

"""A package's public names, imported from their rooms when they are first used (PEP 562).

A program pays for what it needs. A room must not go by a public name of its package: importing the
one would hide the other.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["room_of", "served"]


def room_of(rooms: Mapping[str, str]) -> dict[str, str]:
    """The room of each public name, from the public names in each room.

    >>> room_of({"costs": "Cost quadratic", "streams": "shuffle"})
    {'Cost': 'costs', 'quadratic': 'costs', 'shuffle': 'streams'}
    """
    return {name: room for room, names in rooms.items() for name in names.split()}


def served(
    package: str, rooms: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """A package's `__getattr__`, `__dir__` and `__all__`, from its `__name__` and its rooms.

    Rooms are its modules (or packages), each with its public names, with spaces between them.
    """
    homes = room_of(rooms)
    attributes = vars(sys.modules[package])

    def look_up(name: str) -> Any:
        if name in rooms:
            return import_module(f"{package}.{name}")
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{homes[name]}"), name)
        attributes[name] = value  # the next look-up finds it at once
        return value

    def listed() -> list[str]:
        return sorted({*attributes, *homes})

    return look_up, listed, sorted(homes)

"""Items that come and go while the platform runs, and what is made of all items."""

from __future__ import annotations

from banshi.joining import Joined, Joining, inspect_declaration
from banshi.latest import Latest
from banshi.written import WrittenOnce

__all__ = [
    "Joined",
    "Joining",
    "Latest",
    "WrittenOnce",
    "inspect_declaration",
]

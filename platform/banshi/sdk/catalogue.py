"""Items that come and go while the platform runs, and what is made of all items."""

from __future__ import annotations

from banshi.builtin.catalogue.joining import Joining, RuntimeItems, inspect_declaration
from banshi.foundation.files.spooled import SpooledAnswer
from banshi.kernel.loading.cached import PerRevision

__all__ = [
    "Joining",
    "PerRevision",
    "RuntimeItems",
    "SpooledAnswer",
    "inspect_declaration",
]

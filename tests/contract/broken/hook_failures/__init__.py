"""Hooks that raise, or end the process; each is told, and the others are still called."""

from __future__ import annotations

import sys
from typing import Any

from banshi import hookimpl


@hookimpl
def banshi_handlers() -> Any:
    return 1 / 0


@hookimpl
def banshi_routes() -> Any:
    sys.exit(3)


@hookimpl
def banshi_checks() -> Any:
    yield from ()
    raise KeyError("fcm")

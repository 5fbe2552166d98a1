"""A browser, where there is one. CI has one: there, a missing browser is a failure."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.browser.firefox import PROGRAM, Firefox, open_firefox

#: Seconds that anything may take here: other tests may have all cores.
BROWSER_TIMEOUT_S = 60.0

OpenBrowser = Callable[..., AbstractAsyncContextManager[Firefox]]


@pytest.fixture
def open_browser(tmp_path: Path) -> OpenBrowser:
    """`open_browser(dom__push__serverURL="…")`: a browser of the test's own."""
    if PROGRAM is None:
        why = "there is no Firefox here; `apt-get install firefox-esr` brings it"
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(why)
        pytest.skip(why)
    return partial(open_firefox, tmp_path / "firefox")


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait for a condition, plain or awaitable. Raises TimeoutError."""
    async with asyncio.timeout(BROWSER_TIMEOUT_S):
        while True:
            holds = condition()
            if await holds if isinstance(holds, Awaitable) else holds:
                return
            await asyncio.sleep(0.1)

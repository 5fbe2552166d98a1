"""A browser, where there is one. CI has one: there, a missing browser is a failure."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.browser.firefox import PROGRAM, Firefox, connected, open_firefox, running_firefox

#: Seconds that anything may take here: other tests may have all cores.
BROWSER_TIMEOUT_S = 60.0

OpenBrowser = Callable[..., AbstractAsyncContextManager[Firefox]]


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a browser for all tests here: a start takes longer than most of them."""
    with running_firefox(tmp_path_factory.mktemp("browser") / "firefox") as address:
        yield address


@pytest.fixture
def open_browser(request: pytest.FixtureRequest, tmp_path: Path) -> OpenBrowser:
    """`open_browser()`: tabs of the test's own; `open_browser(dom__push__serverURL="…")`: a browser of its own."""

    if PROGRAM is None:
        why = "there is no Firefox here; `apt-get install firefox-esr` brings it"
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(why)
        pytest.skip(why)

    def opened(**preferences: Any) -> AbstractAsyncContextManager[Firefox]:
        if preferences:
            return open_firefox(tmp_path / "firefox", **preferences)
        return connected(request.getfixturevalue("browser"), shared=True)

    return opened


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait for a condition, plain or awaitable. Raises TimeoutError."""
    async with asyncio.timeout(BROWSER_TIMEOUT_S):
        while True:
            holds = condition()
            if await holds if isinstance(holds, Awaitable) else holds:
                return
            await asyncio.sleep(0.1)

"""A browser, where there is one. CI has one: there, a missing browser is a failure."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.browser.chromium import running_chromium
from tests.browser.firefox import PROGRAM, Firefox, connected, running_firefox
from tests.servers.ports import free_port

#: Seconds that anything may take here: other tests may have all cores.
BROWSER_TIMEOUT_S = 60.0

OpenBrowser = Callable[[], AbstractAsyncContextManager[Firefox]]

#: Where a test may let a push service listen, to which the shared Firefox turns.
PUSH_PORT = free_port()


class Shared:
    """A browser for all tests in a row that are here: a start takes longer than most of them, and one that nobody uses
    takes a core's hundredth."""

    def __init__(self, running: Callable[[Path], AbstractContextManager[str]]) -> None:
        self._running = running
        self._stack, self._address = ExitStack(), ""

    def begun(self) -> str:
        """Its address."""
        if not self._address:
            place = self._stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
            self._address = self._stack.enter_context(self._running(Path(place) / "browser"))
        return self._address

    def close(self) -> None:
        self._address = ""
        self._stack.close()


FIREFOX = Shared(partial(running_firefox, dom__push__serverURL=f"ws://127.0.0.1:{PUSH_PORT}/"))
CHROMIUM = Shared(running_chromium)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    if nextitem is None or Path(__file__).parent not in nextitem.path.parents:
        pytest_sessionfinish()


def pytest_sessionfinish() -> None:
    for one in (FIREFOX, CHROMIUM):
        one.close()


@pytest.fixture
def open_browser() -> OpenBrowser:
    """`open_browser()`: tabs of the test's own in Firefox."""

    if PROGRAM is None:
        why = "there is no Firefox here; `apt-get install firefox-esr` brings it"
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(why)
        pytest.skip(why)
    return lambda: connected(FIREFOX.begun(), shared=True)


def chromium_tabs() -> AbstractAsyncContextManager[Firefox]:
    """The same in Chromium."""
    return connected(CHROMIUM.begun(), shared=True, begins=False)


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait for a condition, plain or awaitable. Raises TimeoutError."""
    async with asyncio.timeout(BROWSER_TIMEOUT_S):
        while True:
            holds = condition()
            if await holds if isinstance(holds, Awaitable) else holds:
                return
            await asyncio.sleep(0.1)

"""A browser, where there is one. CI has one: there, a missing browser is a failure."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.browser.firefox import PROGRAM, Firefox, connected, open_firefox, running_firefox
from tests.servers.ports import free_port

#: Seconds that anything may take here: other tests may have all cores.
BROWSER_TIMEOUT_S = 60.0

OpenBrowser = Callable[..., AbstractAsyncContextManager[Firefox]]

#: A browser that is there until the last test in a row that is here: one that nobody uses takes a core's hundredth.
RUNNING = ExitStack()


@dataclass
class Shared:
    """A browser for all tests here: a start takes longer than most of them."""

    folder: Path
    #: Where a test may let a push service listen, to which this browser turns.
    push_port: int
    address: str = ""

    def begun(self) -> str:
        """Its address."""
        if not self.address:
            place = tempfile.mkdtemp(dir=self.folder)
            push = f"ws://127.0.0.1:{self.push_port}/"
            self.address = RUNNING.enter_context(running_firefox(Path(place) / "firefox", dom__push__serverURL=push))
            RUNNING.callback(self.ended)
        return self.address

    def ended(self) -> None:
        self.address = ""


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    if nextitem is None or Path(__file__).parent not in nextitem.path.parents:
        RUNNING.close()


def pytest_sessionfinish() -> None:
    RUNNING.close()


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    return Shared(tmp_path_factory.mktemp("browser"), free_port())


@pytest.fixture
def open_browser(browser: Shared, tmp_path: Path) -> OpenBrowser:
    """`open_browser()`: tabs of the test's own; `open_browser(intl__locale__requested="…")`: a browser of its own."""

    if PROGRAM is None:
        why = "there is no Firefox here; `apt-get install firefox-esr` brings it"
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(why)
        pytest.skip(why)

    def opened(**preferences: Any) -> AbstractAsyncContextManager[Firefox]:
        if preferences:
            return open_firefox(tmp_path / "firefox", **preferences)
        return connected(browser.begun(), shared=True)

    return opened


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait for a condition, plain or awaitable. Raises TimeoutError."""
    async with asyncio.timeout(BROWSER_TIMEOUT_S):
        while True:
            holds = condition()
            if await holds if isinstance(holds, Awaitable) else holds:
                return
            await asyncio.sleep(0.1)

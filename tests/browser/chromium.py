"""Chromium without a screen, by its driver: it is spoken to as Firefox is, over WebDriver BiDi."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from tests.browser.firefox import START_TIMEOUT_S, Firefox, Page, connected
from tests.servers.ports import free_port

#: Debian's names for both; other systems' for the browser.
PROGRAM, DRIVER = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
IS_THERE = PROGRAM is not None and DRIVER is not None

#: It speaks with loopback alone: whatever else it wants to reach, it looks for behind a proxy that is not there.
ARGUMENTS = (
    *("--headless=new", "--no-sandbox", "--no-first-run", "--disable-dev-shm-usage", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--proxy-server=http://127.0.0.1:9", "--disable-gpu"),
)


@contextmanager
def running_chromium(folder: Path, *more: str) -> Iterator[str]:
    """A browser with a new profile in `folder`; gives its address for `connected`. `more` are arguments. Raises
    TimeoutError."""
    assert PROGRAM is not None
    assert DRIVER is not None
    folder.mkdir()
    port = free_port()
    with (folder / "said.log").open("wb") as said:
        driver = subprocess.Popen(
            [DRIVER, f"--port={port}"], stdout=said, stderr=said, start_new_session=True, env=_environment(folder)
        )
    try:
        yield _begun(f"http://127.0.0.1:{port}", folder, more)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(driver.pid, signal.SIGKILL)
        driver.wait()


@asynccontextmanager
async def open_chromium(folder: Path, *more: str) -> AsyncIterator[Firefox]:
    """A browser of its own with a new profile in `folder`; `more` are arguments. Raises TimeoutError."""
    with ExitStack() as stack:
        address = await asyncio.to_thread(stack.enter_context, running_chromium(folder, *more))
        async with connected(address, shared=False, begins=False) as browser:
            yield browser


def _begun(driver: str, folder: Path, more: Sequence[str]) -> str:
    """The address at which the browser takes commands."""
    wanted: dict[str, Any] = {"binary": PROGRAM, "args": [*ARGUMENTS, *more, f"--user-data-dir={folder / 'profile'}"]}
    asked = {"capabilities": {"alwaysMatch": {"webSocketUrl": True, "goog:chromeOptions": wanted}}}
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            told = httpx.post(f"{driver}/session", json=asked, timeout=START_TIMEOUT_S).raise_for_status().json()
            return str(told["value"]["capabilities"]["webSocketUrl"])
        except httpx.ConnectError:
            if time.monotonic() > deadline:
                raise TimeoutError("the driver of Chromium did not begin") from None
            time.sleep(0.05)


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "HOME": str(folder)}


async def command(browser: Firefox, page: Page, name: str, **parameters: Any) -> Any:
    """A command of Chromium's own protocol for one tab: what WebDriver has no word for."""
    session = (await browser.command("goog:cdp.getSession", context=page._context))["session"]
    told = await browser.command("goog:cdp.sendCommand", method=name, params=parameters, session=session)
    return told["result"]

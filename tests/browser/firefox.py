"""Firefox without a screen, driven over WebDriver BiDi: only what the tests here need."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

#: Debian's name for it, and everybody else's.
PROGRAM = shutil.which("firefox-esr") or shutil.which("firefox")

#: Seconds for a start, and for one command: generous, since other tests may have all cores.
START_TIMEOUT_S, COMMAND_TIMEOUT_S = 60.0, 60.0

#: A browser that greets nobody and speaks with loopback alone: whatever else it wants to reach, it looks for behind a
#: proxy that is not there. Its own list for testing would switch push off, so it is not used.
PREFERENCES: Mapping[str, Any] = {
    "remote.prefs.recommended": False,
    "network.proxy.type": 1,
    **{f"network.proxy.{scheme}": "127.0.0.1" for scheme in ("http", "ssl")},
    **{f"network.proxy.{scheme}_port": 9 for scheme in ("http", "ssl")},
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.manage-offline-status": False,
    "app.update.auto": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "termsofuse.bypassNotification": True,
    # Every site may show notifications, and a push service may be on this machine.
    "permissions.default.desktop-notification": 1,
    "dom.push.testing.allowInsecureServerURL": True,
    # By the browser itself: there is no desktop that could show them.
    "alerts.useSystemBackend": False,
}


class ScriptFailed(Exception):
    """What a page's script threw."""


class Page:
    """One tab."""

    def __init__(self, firefox: Firefox, context: str) -> None:
        self._firefox = firefox
        self._context = context

    async def go(self, url: str) -> None:
        await self._firefox.command("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def run(self, function: str, *arguments: Any) -> Any:
        """Call a function of JavaScript with JSON values, and give what it answers. Raises ScriptFailed."""
        answer = await self._firefox.command(
            "script.callFunction",
            target={"context": self._context},
            functionDeclaration=f"async (given) => JSON.stringify((await ({function})(...JSON.parse(given))) ?? null)",
            arguments=[{"type": "string", "value": json.dumps(arguments)}],
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise ScriptFailed(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])


class Firefox:
    """The connection to a running browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of WebDriver BiDi, and its result."""
        number = next(self._numbers)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        answer = await asyncio.wait_for(future, COMMAND_TIMEOUT_S)
        assert answer["type"] == "success", f"{method}: {answer.get('error')}: {answer.get('message')}"
        result: dict[str, Any] = answer["result"]
        return result

    async def page(self, url: str) -> Page:
        """A new tab that has loaded the address."""
        page = Page(self, (await self.command("browsingContext.create", type="tab"))["context"])
        await page.go(url)
        return page

    async def listen(self) -> None:
        """Hand the browser's answers to those who wait for them, until it is gone."""
        async for message in self._socket:
            answer = json.loads(message.data)
            if future := self._waiting.pop(answer.get("id"), None):
                future.set_result(answer)
        for future in self._waiting.values():
            future.set_exception(ConnectionError("the browser is gone"))


@asynccontextmanager
async def open_firefox(folder: Path, **preferences: Any) -> AsyncIterator[Firefox]:
    """A browser of its own with a new profile in `folder`; `dom__push__serverURL="…"` sets dom.push.serverURL."""
    assert PROGRAM is not None
    own = PREFERENCES | {name.replace("__", "."): value for name, value in preferences.items()}
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in own.items())
    await asyncio.to_thread(_new_profile, folder, "".join(lines))
    options = ("--headless", "--no-remote", "--profile", str(folder), "--remote-debugging-port", "0")
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *options,
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        # A group of its own, so that its many processes end together. HOME: what a browser keeps outside its profile.
        start_new_session=True,
        env={**os.environ, "HOME": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"},
    )
    try:
        address = await asyncio.wait_for(_address(process), START_TIMEOUT_S)
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{address}/session", max_msg_size=0) as socket,
        ):
            firefox = Firefox(socket)
            tasks = [asyncio.create_task(firefox.listen()), asyncio.create_task(_drain(process))]
            try:
                await firefox.command("session.new", capabilities={})
                yield firefox
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _new_profile(folder: Path, preferences: str) -> None:
    folder.mkdir()
    (folder / "user.js").write_text(preferences, encoding="utf-8")


async def _address(process: asyncio.subprocess.Process) -> str:
    """The websocket's address, which the browser says when it is ready."""
    assert process.stderr is not None
    said = b""
    async for line in process.stderr:
        said += line
        if b"WebDriver BiDi listening on " in line:
            return line.decode().split()[-1]
    raise AssertionError(f"the browser ended with {await process.wait()}: {said.decode(errors='replace')}")


async def _drain(process: asyncio.subprocess.Process) -> None:
    """Read what the browser still says: a full pipe would stop it."""
    assert process.stderr is not None
    while await process.stderr.read(65_536):
        pass

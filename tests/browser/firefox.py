"""Firefox without a screen, driven over WebDriver BiDi: only what the tests here need."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
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
        #: Cookies and whatever else a site stores: of the tabs of this connection alone, where this names it.
        self.storage = ""

    async def command(self, name: str, /, **parameters: Any) -> dict[str, Any]:
        """One command of WebDriver BiDi, and its result."""
        number = next(self._numbers)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": name, "params": parameters})
        answer = await asyncio.wait_for(future, COMMAND_TIMEOUT_S)
        assert answer["type"] == "success", f"{name}: {answer.get('error')}: {answer.get('message')}"
        result: dict[str, Any] = answer["result"]
        return result

    async def page(self, url: str) -> Page:
        """A new tab that has loaded the address."""
        apart = {"userContext": self.storage} if self.storage else {}
        page = Page(self, (await self.command("browsingContext.create", type="tab", **apart))["context"])
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


@contextmanager
def running_firefox(folder: Path, **preferences: Any) -> Iterator[str]:
    """A browser with a new profile in `folder`; gives its address for `connected`. `dom__push__serverURL="…"` sets
    dom.push.serverURL."""
    assert PROGRAM is not None
    folder.mkdir()
    own = PREFERENCES | {name.replace("__", "."): value for name, value in preferences.items()}
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in own.items())
    (folder / "user.js").write_text("".join(lines), encoding="utf-8")
    options = ("--headless", "--no-remote", "--profile", str(folder), "--remote-debugging-port", "0")
    with (folder / "said.log").open("wb") as said:
        process = subprocess.Popen(
            [PROGRAM, *options, "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=said,
            # A group of its own, so that its many processes end together. HOME: what a browser keeps outside its
            # profile.
            start_new_session=True,
            env={**os.environ, "HOME": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"},
        )
    try:
        yield f"{_address(process, folder / 'said.log')}/session"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@asynccontextmanager
async def connected(address: str, *, shared: bool, begins: bool = True) -> AsyncIterator[Firefox]:
    """The connection to a browser, in a session that it `begins` where the browser has none.

    Of one that is shared it is tabs with a storage of their own, which go at the end.
    """
    async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=0) as socket:
        firefox = Firefox(socket)
        listening = asyncio.create_task(firefox.listen())
        try:
            if begins:
                await firefox.command("session.new", capabilities={})
            if shared:
                firefox.storage = (await firefox.command("browser.createUserContext"))["userContext"]
            yield firefox
            if shared:
                await firefox.command("browser.removeUserContext", userContext=firefox.storage)
        finally:
            if begins and shared and not listening.done():
                await firefox.command("session.end")
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


@asynccontextmanager
async def open_firefox(folder: Path, **preferences: Any) -> AsyncIterator[Firefox]:
    """A browser of its own with a new profile in `folder`."""
    with ExitStack() as stack:
        address = await asyncio.to_thread(stack.enter_context, running_firefox(folder, **preferences))
        async with connected(address, shared=False) as firefox:
            yield firefox


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """The websocket's address, which the browser says when it is ready."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not (found := re.search(rb"WebDriver BiDi listening on (\S+)\n", log.read_bytes())):
        said = log.read_text(encoding="utf-8", errors="replace")
        assert process.poll() is None, f"the browser ended with {process.returncode}: {said}"
        assert time.monotonic() < deadline, f"the browser did not begin: {said}"
        time.sleep(0.05)
    return found[1].decode()

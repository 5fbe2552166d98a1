"""Commands of an operator's in a folder of their own: run to their end, or for as long as a test wants them."""

from __future__ import annotations

import asyncio
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import aiohttp

from banshi.builtin.identity.development import development_token
from banshi.kernel.loading.configuration import read_configuration
from banshi.testing import Person
from mobile_push.sandbox import FcmSandbox
from tests.places import ROOT, TRAFFIC
from tests.processes import commands

BANSHI = Path(sys.executable).with_name("banshi")

#: Longest time in seconds that a command may take here; a busy machine is no failure.
PATIENCE = 60.0

#: What a server says once it is there.
SERVES = r"Banshi serves on (\S+)"

CITY = f"""
[plugins.traffic]
api = 1
path = "{TRAFFIC}"
[plugins.mobile_push]
api = 1
package = "mobile_push"
"""

#: Lines of a platform that holds up nobody for what they do in a row.
PATIENT = "rates.burst = 100_000\nrates.day = 100_000\n"


def configured(folder: Path, platform: str = "", plugins: str = CITY) -> Path:
    """The folder, with a plugins.toml of these lines: the traffic police and phones, unless others are named."""
    folder.mkdir(exist_ok=True)
    (folder / "plugins.toml").write_text(f"[platform]\n{platform}\n{plugins}", encoding="utf-8")
    return folder


def with_phones(folder: Path, sandbox: FcmSandbox) -> str:
    """The same plugins, with pushes to the sandbox."""
    key = sandbox.service_account_file(folder / "key.json")
    where = f'base_url = "{sandbox.base_url}"\ntopics_url = "{sandbox.base_url}"\n'
    return f'{CITY}[plugins.mobile_push.settings.fcm]\nservice_account_file = "{key}"\n{where}'


def whole_city(folder: Path, platform: str = "") -> Path:
    """The folder, with the plugins.toml of this repository, its data here and these lines more."""
    text = (ROOT / "plugins.toml").read_text(encoding="utf-8").replace('path = "', f'path = "{ROOT}/')
    (folder / "plugins.toml").write_text(text.replace('data = "data"', f'data = "data"\n{platform}'), encoding="utf-8")
    return folder


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command, run to its end."""
    return commands.run(folder, *arguments)


async def ran(folder: Path, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    """The same beside a loop; it has to end with that status."""
    done = await asyncio.to_thread(command, folder, *arguments)
    assert done.returncode == status, done.stdout + done.stderr
    return done


@dataclass
class Running:
    """A command that stays up."""

    process: subprocess.Popen[str] | commands.Process
    seen: str = ""

    def line(self, pattern: str = SERVES) -> str:
        """The first group of the first line that fits, once it is printed."""
        deadline = time.monotonic() + PATIENCE
        assert self.process.stdout is not None
        while not (found := re.search(pattern, self.seen)):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            text = os.read(self.process.stdout.fileno(), 65_536).decode() if ready else ""
            assert text, f"it printed {self.seen!r} and then {'ended' if ready else 'nothing more'}"
            self.seen += text
        return str(found[1])

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def started(folder: Path, *arguments: str | Path, stderr: IO[Any] | None = None) -> Running:
    return Running(commands.begin(folder, *arguments, stderr=stderr))


def started_from_disk(folder: Path, *arguments: str | Path, **more: Any) -> Running:
    """The console script, as a shell starts it."""
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True, **more}
    return Running(subprocess.Popen([BANSHI, *arguments], cwd=folder, **pipes))


async def begun(folder: Path) -> tuple[commands.Process, str]:
    """A server and its address; all that it says goes to the end of `everything.log`."""
    log = folder / "everything.log"
    before = log.stat().st_size if log.exists() else 0
    with log.open("ab") as out:
        process = commands.begin(folder, "serve", "--port", "0", stdout=out, stderr=out)
    while not (found := re.search(SERVES.encode(), log.read_bytes()[before:])):
        assert process.returncode is None, log.read_text()
        await asyncio.sleep(0.01)
    return process, found[1].decode()


@asynccontextmanager
async def serving(folder: Path, *, is_ended: bool = True) -> AsyncIterator[str]:
    """The address of a server in that folder, which is ended as it should be, or killed."""
    process, url = await begun(folder)
    try:
        yield url
        if is_ended:
            process.terminate()
            assert await process.ended(PATIENCE) == 0
    finally:
        process.close()


def somebody(folder: Path, session: aiohttp.ClientSession, url: str, subject: str = "wang", **claims: Any) -> Person:
    """A citizen at the door of the server in that folder."""
    settings = read_configuration(folder / "plugins.toml").settings
    return Person(session, url, development_token(settings, subject, **{"name": "王小明", **claims}))

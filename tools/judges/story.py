"""Let the client in TypeScript hand something in, follow it and read of it, while its server is killed again and again.

Run it with the group `test` installed: `python tools/judges/story.py`, or with the code of another item of the kind
application. The story is `clients/typescript/tests/story.ts`, which has no line about an item. It says when its server
is to die; this kills `banshi serve` and starts it again on the same port and data.
"""

from __future__ import annotations

import asyncio
import base64
import os
import sys
from pathlib import Path

import aiohttp

from banshi.testing import TINY_PNG
from benchmarks.shared.cities import project
from benchmarks.shared.processes import banshi_done, workspace
from benchmarks.shared.servers import Server
from tools import npm, typescript

#: Seconds in which the story is told.
PATIENCE = 240.0


def main() -> None:
    try:
        place = typescript.built()
    except npm.Missing as error:
        print(f"the story is left out: {error}")
        return
    item = sys.argv[1] if len(sys.argv) > 1 else "zone-pass"
    with workspace() as folder:
        sys.exit(asyncio.run(asyncio.wait_for(told(item, place, folder), PATIENCE)))


async def told(item: str, place: Path, folder: Path) -> int:
    """The story's status."""
    config = project(folder)
    roles = [f"--role={role}" for role in ("traffic:reviewer", "traffic:approver")]
    tokens = {
        "CITIZEN": banshi_done(config, "token", "wang", "--name", "王小明").strip(),
        "STAFF": banshi_done(config, "token", "li", *roles).strip(),
    }
    server = Server(config, folder / "log")
    async with aiohttp.ClientSession() as session, server.up(session):
        own = {"BANSHI_URL": server.url, "ITEM": item, "PICTURE": base64.b64encode(TINY_PNG).decode(), **tokens}
        command, pipe = ("node", str(place / "tests" / "story.js")), asyncio.subprocess.PIPE
        story = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, env={**os.environ, **own})
        await played(story, server, session)
        return await story.wait()


async def played(story: asyncio.subprocess.Process, server: Server, session: aiohttp.ClientSession) -> None:
    """Do to the server what the story asks for, until it ends."""
    assert story.stdin is not None  # noqa: S101 - it was asked for
    assert story.stdout is not None  # noqa: S101
    async for line in story.stdout:
        what = line.decode().strip()
        if what == "kill":
            server.kill()
        elif what == "start":
            server.start()
            await server.ready(session)
        else:
            print(what)
            continue
        story.stdin.write(line)


if __name__ == "__main__":
    main()

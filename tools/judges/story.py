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

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import aiohttp  # noqa: E402
import npm  # noqa: E402
import typescript  # noqa: E402

from banshi.testing import TINY_PNG  # noqa: E402
from benchmarks.shared.cities import project  # noqa: E402
from benchmarks.shared.processes import banshi_done, workspace  # noqa: E402
from benchmarks.shared.servers import Server  # noqa: E402

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
    server.start()
    try:
        async with aiohttp.ClientSession() as session:
            await server.ready(session)
            own = {"BANSHI_URL": server.url, "ITEM": item, "PICTURE": base64.b64encode(TINY_PNG).decode(), **tokens}
            story = await asyncio.create_subprocess_exec(
                "node",
                str(place / "tests" / "story.js"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, **own},
            )
            await played(story, server, session)
            return await story.wait()
    finally:
        server.end()


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

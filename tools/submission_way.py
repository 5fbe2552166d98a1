"""The files of ours whose code runs from a submission's request to its 201, in the order in which they come.

Run it from the repository root: `python tools/submission_way.py` prints the list, with the functions of each file
where `--functions` is given; `--write` brings it into docs/architecture.md. A test holds the page against it.

A door with the traffic department takes a zone pass with two files, twice: what is made at the first and kept is not on
the way of the second, and the second is looked at. An Idempotency-Key would add two files. What
counts is every file of ours with a function that runs

* in the task that answers the request, in tasks and threads that it waits for (they share its context), or
* in the store's writer, whose transaction it waits for,

until the person has the answer. Callbacks of the loop, which hand over bytes as they come, are in no task. What only
runs at the same time (the engine, push, the client) does not count.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any

from aiohttp import web_protocol

from banshi.ops.cli.server.serve import loop_factory
from banshi.testing import Person, open_door
from tests.town.zone_pass import answers_with

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"
TRAFFIC = ROOT / "plugins" / "departments" / "traffic"

#: Between these two lines of the page stands the list.
BEGIN = "<!-- tools/submission_way.py: begin -->\n"
END = "<!-- tools/submission_way.py: end -->\n"

#: Where our code lies, and what a line of the list leaves out of it.
OURS = {
    f"{ROOT}/platform/banshi/": "",
    **{f"{ROOT}/{one}/": f"{one}/" for one in ("libraries", "mobile_push", "plugins")},
}

#: Where a request begins, and the qualified name of the task that writes for all.
ARRIVAL = web_protocol.RequestHandler._handle_request.__code__
WRITER = "Store.run"

#: True in the context of the request that is looked at, and in what it begins.
ON_THE_WAY: contextvars.ContextVar[bool] = contextvars.ContextVar("on_the_way", default=False)


class Looking:
    """Notes files while it is entered; `files` has them in the order of their first call."""

    def __init__(self) -> None:
        self.files: dict[str, set[str]] = {}
        #: Calls of our functions.
        self.calls = 0

    def __enter__(self) -> Looking:
        threading.setprofile(self._called)
        sys.setprofile(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def _called(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call":
            return
        if frame.f_code is ARRIVAL:
            ON_THE_WAY.set(True)
        name = frame.f_code.co_filename
        for folder, shown in OURS.items():
            if name.startswith(folder) and _on_the_way():
                self.files.setdefault(shown + name.removeprefix(folder), set()).add(frame.f_code.co_qualname)
                self.calls += 1


def _on_the_way() -> bool:
    """Whether it is the request's, or the writer's; a callback of the loop, such as a connection's, is no task's."""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # a thread
        return ON_THE_WAY.get()
    return task is not None and (ON_THE_WAY.get() or getattr(task.get_coro(), "__qualname__", "") == WRITER)


async def hand_in(person: Person) -> Looking:
    """Hand in a zone pass, and look at the way."""
    files = [(await person.upload()).created()["id"] for _ in range(2)]
    with Looking() as looking:
        reply = await person.post("/v1/items/zone-pass/cases", {"answers": answers_with(files)})
    reply.created()
    return looking


async def way(folder: Path) -> Looking:
    """What is on the way of the second of two submissions; `folder` takes the door's files."""
    async with open_door(folder, {"traffic": TRAFFIC}) as door:
        await hand_in(door.citizen("wang"))
        await door.settled()
        return await hand_in(door.citizen("wang"))


def listed(files: Iterable[str]) -> str:
    """The list as it stands in the page."""
    return f"{BEGIN}```\n{chr(10).join(files)}\n```\n{END}"


def page(files: Iterable[str]) -> str:
    """The page with this list in it."""
    head, rest = PAGE.read_text("utf-8").split(BEGIN)
    return head + listed(files) + rest.split(END)[1]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="banshi-way-") as name, asyncio.Runner(loop_factory=loop_factory()) as run:
        found = run.run(way(Path(name)))
    for file, functions in found.files.items():
        print(file, *sorted(functions) if "--functions" in sys.argv else ())
    print(f"{len(found.files)} files, {found.calls} calls")
    if "--write" in sys.argv:
        PAGE.write_text(page(found.files), encoding="utf-8")


if __name__ == "__main__":
    main()

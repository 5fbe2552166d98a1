"""The program of a child: it closes itself in, loads one plugin, and answers what its handlers are asked.

It is started before it is known for which plugin, so that one is ready when another was killed.
"""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from banshi.builtin.isolation.declaring import Declaration, Lone, Looked
from banshi.builtin.isolation.fence.limits import LINE, close_files, close_in, end_with
from banshi.builtin.isolation.protocol.frames import MAX_ANSWER_BYTES, MAX_CALL_BYTES, Splitter, packed
from banshi.builtin.isolation.protocol.spoken import Speaker, speak_through
from banshi.builtin.isolation.protocol.values import answered, received, told_problem
from banshi.default_plugins import default_kinds
from banshi.foundation.errors import Problem
from banshi.foundation.findings import Finding
from banshi.foundation.logs import place_of
from banshi.kernel.contract.kinds import Kind
from banshi.kernel.loading.configuration import Configuration, Entry
from banshi.kernel.loading.importing import import_advice, import_plugin
from banshi.kernel.loading.importing import place_of as place_in
from banshi.kernel.loading.settings import Settings
from banshi.kernel.runtime.containment import awaited
from banshi.kernel.runtime.mistakes import MAX_TEXT_CHARS, Mistake, mistake_in, shown_of


def kinds() -> dict[str, Kind]:
    """The kernel's own kinds by name."""
    return {kind.name: kind for module in default_kinds().values() for kind in module.banshi_kinds()}


class Child(asyncio.Protocol):
    """Answers calls for as long as the platform holds the other end."""

    def __init__(self, looked: Looked, *, development: bool = False) -> None:
        self._looked = looked
        self._development = development
        self._splitter = Splitter(MAX_CALL_BYTES)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._transport: Any = None
        self.gone = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self.gone.set()

    def say(self, document: Mapping[str, Any]) -> None:
        self._transport.write(packed(document, MAX_ANSWER_BYTES))

    def data_received(self, data: bytes) -> None:
        for document in self._splitter.fed(data):
            number = document["id"]
            if document["is"] == "cancel":
                if task := self._tasks.get(number):
                    task.cancel()
                continue
            task = asyncio.create_task(self._answer(number, document))
            self._tasks[number] = task
            task.add_done_callback(partial(self._over, number))

    def _over(self, number: int, task: asyncio.Task[None]) -> None:
        del self._tasks[number]
        if task.cancelled():
            # Before it had begun: both came while another handler had the loop.
            self.say({"id": number, "is": "cancelled"})

    async def _answer(self, number: int, document: Mapping[str, Any]) -> None:
        try:
            self.say({"id": number, **await self._outcome(document)})
        except Exception as error:  # an answer that is no JSON, or too long
            why = f"({type(error).__name__}): plain values can be"
            self.say({"id": number, **self._failure(Mistake(f"returned what can't be sent from its process {why}"))})

    async def _outcome(self, document: Mapping[str, Any]) -> dict[str, Any]:
        try:
            handler = self._looked.handlers[document["item"]]
            arguments = received(document["arguments"], self._looked.items)
            value = await awaited(getattr(handler, document["method"]), *arguments)
            return {"is": "answer", "value": answered(value)}
        except Problem as problem:
            return {"is": "problem", "problem": told_problem(problem)}
        except asyncio.CancelledError:
            return {"is": "cancelled"}
        except BaseException as error:  # sys.exit is no reason to end for the others
            return self._failure(error)

    def _failure(self, error: BaseException) -> dict[str, Any]:
        """What is told of it: types, files and lines; in development the traceback too, which may quote somebody."""
        failed = {"is": "failed", "error": type(error).__name__[:100], "where": place_of(error)[:200]}
        if (mistake := mistake_in(error)) is not None:
            failed["mistake"] = str(mistake)[:MAX_TEXT_CHARS]
        if not self._development:
            return failed
        # A mistake is found in our own code, whose frames tell an author nothing.
        return failed | {"traceback": shown_of(error.with_traceback(None) if isinstance(error, Mistake) else error)}


def main(descriptor: int, parent: int) -> None:
    """Wait for what to load, load it, and answer until the platform is gone."""
    end_with(parent)
    close_files(descriptor)
    known = kinds()
    gc.freeze()
    line = socket.socket(fileno=LINE)
    line.sendall(packed({"is": "warm"}))
    hello = _hello(line)
    speaker = speak_through(line.sendall, hello["log_level"])
    looked, declaration = _loaded(hello, known)
    line.sendall(packed({"is": "ready", "declaration": declaration}, MAX_ANSWER_BYTES))
    asyncio.run(_serve(line, partial(Child, looked, development=hello["development"]), speaker))
    os._exit(0)


def _hello(line: socket.socket) -> dict[str, Any]:
    splitter = Splitter(MAX_CALL_BYTES)
    while data := line.recv(65_536):
        for document in splitter.fed(data):
            return document
    os._exit(0)


def _loaded(hello: Mapping[str, Any], known: Mapping[str, Kind]) -> tuple[Looked, Declaration]:
    """The plugin, imported behind the fence, and what is said of it."""
    name, folder = hello["name"], Path(hello["folder"])
    readable = [folder, *(Path(one) for one in hello["readable"])]
    unguarded = close_in(hello["memory"], readable, network=hello["network"])
    sys.path[:] = hello["search"]
    path = Path(hello["path"]) if hello["path"] else None
    entry = Entry(api=hello["api"], path=path, package=hello["package"], settings=hello["settings"])
    configuration = Configuration(Path(hello["file"]), Settings(), {name: entry})
    try:
        module, _ = import_plugin(name, entry)
        looked = Lone(configuration).look(name, module, folder, known)
    except BaseException as error:  # a plugin's import may even call sys.exit
        advice = import_advice(error, place_in(error, folder))
        looked = Looked(findings=[Finding(name, "import-failed", advice)])
    return looked, looked.declaration(known, unguarded)


async def _serve(line: socket.socket, answering: Callable[[], Child], speaker: Speaker) -> None:
    loop, here = asyncio.get_running_loop(), threading.get_ident()
    line.setblocking(False)
    transport, child = await loop.create_connection(answering, sock=line)

    def send(frame: bytes) -> None:
        # One writer: two would cut each other's frames in two.
        if threading.get_ident() == here:
            transport.write(frame)
        else:
            loop.call_soon_threadsafe(transport.write, frame)

    speaker.send = send
    await child.gone.wait()

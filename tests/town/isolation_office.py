"""A department whose plugin does whatever it is told, for tests of plugins in processes of their own."""

from __future__ import annotations

import asyncio
from pathlib import Path

from banshi.builtin.isolation.supervisor import Supervisor
from banshi.testing import Door, Person, Reply
from tests.town.departments import department, item, write

ITEMS = department() + item(fields={"does": {"type": "string"}})

#: Does whatever the citizen says.
PLUGIN = '''
import asyncio
import ctypes
import gc
import os
import signal
import socket
import stat
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import structlog

from banshi import Application, Conflict, Decision, FieldProblem, hookimpl

KEPT = []


@dataclass(frozen=True, kw_only=True)
class ParksSettings:
    most: int = 3
    secret_file: str = ""
    granted_file: str = ""
    port: int = 0


def frames(*bodies):
    """Write past the kernel's own code, onto every socket that this process has."""
    for one in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(one).st_mode):
                for body in bodies:
                    os.write(one, body)
        except OSError:
            pass


def framed(text):
    return struct.pack("!I", len(text)) + text


def refused(what, *arguments):
    try:
        what(*arguments)
    except OSError as error:
        return type(error).__name__
    return "done"


def spin(seconds=float("inf")):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


class Bench(Application):
    def __init__(self, settings):
        self.settings = settings
        self.healed = os.path.join(os.path.dirname(settings.granted_file), "healed")

    async def validate(self, submission):
        does, _, what = submission.answers.get("does", "").partition(" ")
        answer = await getattr(self, f"do_{does}", self.nothing)(what)
        return [] if answer is None else [FieldProblem("/does", str(answer), "told")]

    async def review(self, submission):
        if submission.answers.get("does") == "late-exit" and not os.path.exists(self.healed):
            os._exit(1)
        return Decision(action="accept")

    async def nothing(self, what): ...

    async def do_raise(self, what):
        raise RuntimeError("of wang: secret words")

    async def do_problem(self, what):
        raise Conflict({"zh-CN": "没有长椅。", "en": "There is no bench."}, headers={"Set-Cookie": "a=b"}, park="east")

    async def do_leave(self, what):
        sys.exit(3)

    async def do_exit(self, what):
        os._exit(3)

    async def do_spin(self, what):
        spin(float(what or "inf"))

    async def do_block(self, what):
        time.sleep(600)

    async def do_slow(self, what):
        await asyncio.sleep(600)

    async def do_wait(self, what):
        await asyncio.sleep(float(what))

    async def do_thread(self, what):
        threading.Thread(target=spin, daemon=True).start()

    async def do_threads(self, what):
        threading.stack_size(65_536)
        for _ in range(int(what)):
            threading.Thread(target=time.sleep, args=(600,), daemon=True).start()

    async def do_chatter(self, what):
        for _ in range(int(what)):
            structlog.get_logger().info("chatter " + "x" * 400)

    async def do_rights(self, what):
        """What is left of root's, and the signal that comes when the server ends."""
        libc, sets, ending = ctypes.CDLL(None, use_errno=True), ctypes.create_string_buffer(24), ctypes.c_int()
        libc.capget(struct.pack("=Ii", 0x20080522, 0), sets)
        libc.prctl(2, ctypes.byref(ending), 0, 0, 0)
        return any(sets.raw), ending.value

    async def do_leak(self, what):
        KEPT.append(b"x" * (int(what) * 1_048_576))

    async def do_pid(self, what):
        return os.getpid()

    async def do_settings(self, what):
        return self.settings

    async def do_environment(self, what):
        return sorted(os.environ)

    async def do_parents(self, what):
        return refused(open, f"/proc/{os.getppid()}/environ", "rb")

    async def do_files(self, what):
        return [one for one in range(3, 2048) if refused(os.fstat, one) == "done"]

    async def do_read(self, what):
        return refused(open, getattr(self.settings, what), "rb")

    async def do_write(self, what):
        return refused(open, os.path.join(os.path.dirname(__file__), "new.txt"), "w")

    async def do_empty(self, what):
        file = getattr(self.settings, what)
        return refused(os.truncate, file, 0), refused(os.open, file, os.O_RDONLY | os.O_TRUNC)

    async def do_connect(self, what):
        return refused(socket.create_connection, ("127.0.0.1", self.settings.port), 5)

    async def do_unix(self, what):
        return refused(socket.socket, socket.AF_UNIX)

    async def do_fork(self, what):
        return refused(os.fork), refused(subprocess.run, ["/bin/true"])

    async def do_signal(self, what):
        return refused(os.kill, os.getppid(), signal.SIGKILL), refused(os.killpg, os.getpgid(os.getppid()), 0)

    async def do_work(self, what):
        return await asyncio.to_thread(sum, [1, 2, 3])

    async def do_close(self, what):
        for one in range(3, 64):
            refused(os.close, one)

    async def do_garbage(self, what):
        frames(b"\\x00\\x00\\x00\\x05what?")

    async def do_giant(self, what):
        frames(struct.pack("!I", 2**32 - 1))

    async def do_nobody(self, what):
        frames(framed(b'{"is": "answer", "id": 4711, "value": []}'))

    async def do_types(self, what):
        frames(framed(b'{"is": ["answer"], "id": {}, "value": null}'))

    async def do_half(self, what):
        frames(struct.pack("!I", 400) + b"{")
        time.sleep(600)

    async def do_flood(self, what):
        line = framed(b'{"is": "log", "level": "info", "event": "again", "fields": {}}')
        frames(*[line * 1000] * 20)
        time.sleep(600)

    async def do_long(self, what):
        return "x" * 1_000_000

    async def do_wrong(self, what):
        raise_wrong = Conflict("no", wrong=object())
        raise raise_wrong

    async def do_say(self, what):
        print(what)
        structlog.get_logger().warning("heard", what=what)


@hookimpl
def banshi_settings():
    return ParksSettings


@hookimpl
def banshi_handlers(settings):
    return {"bench": Bench(settings)}
'''

#: Seconds that a handler may take here.
HANDLER_TIMEOUT_S = 1.0


def written(folder: Path, code: str = PLUGIN, items: str = ITEMS) -> Path:
    return write(folder, items, code)


class Office:
    """The department of the plugin that does what it is told."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.asked = 0

    @property
    def keeper(self) -> Supervisor:
        platform = self.door.platform
        return next(
            platform[resource.key]
            for plugin, resource in platform.registry.resources
            if plugin == "parks" and "isolation" in resource.key.name
        )

    def person(self) -> Person:
        """Somebody else each time: a breaker counts people, and is not what is tested."""
        self.asked += 1
        return self.door.citizen(f"citizen-{self.asked}")

    async def does(self, what: str) -> Reply:
        return await self.person().post("/v1/items/bench/cases", {"answers": {"does": what}})

    async def told(self, what: str) -> str:
        """What the plugin answers."""
        problem = (await self.does(what)).problem(422, "invalid-fields")
        return str(problem["problems"][0]["detail"])

    async def recovered(self) -> None:
        """Wait until it answers again."""
        for _ in range(400):
            if (await self.does("nothing")).status == 201:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("not back")

    def ended(self, reason: str) -> float:
        """How many processes have ended for that reason."""
        return float(self.keeper.meters.restarts.labels("parks", reason)._value.get())

"""What a plugin in a process of its own can't do to others though it means to: to files that aren't its own, to a
server that ends, to the loop of one that goes on."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog
from prometheus_client import Counter

from banshi import Decision, FieldProblem, Opening
from banshi.builtin.isolation import process as processes
from banshi.builtin.isolation.process import ChildEnded, Process
from banshi.builtin.isolation.protocol.frames import HEAD, MAX_ANSWER_BYTES, MAX_LINE_BYTES, Splitter
from banshi.builtin.isolation.protocol.heard import Heard
from banshi.builtin.isolation.protocol.spoken import MAX_BYTES_PER_S, Speaker
from banshi.builtin.isolation.protocol.values import as_returned
from tests.banshi.builtin.isolation.fenced import TRYING, printed_by
from tests.waiting import until

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the fence is made of what Linux has")

BEGIN = """
victim, folder = sys.argv[1], sys.argv[2]
limits.close_in(2**30, [], network=False)
near, far = socket.socketpair()
"""


def behind_the_fence(tmp_path: Path, tries: str) -> dict[str, int | str]:
    """What becomes of `tries` in a process that is closed in; a file that it may not read is at hand."""
    victim = tmp_path / "victim"
    victim.write_text("x", encoding="utf-8")
    victim.chmod(0o600)
    os.utime(victim, (1_000, 1_000))
    code = TRYING + BEGIN + textwrap.dedent(tries) + "print(became)"
    became: dict[str, int | str] = printed_by(code, str(victim), str(tmp_path))
    stat = victim.stat()
    assert (stat.st_mode & 0o777, stat.st_mtime, stat.st_uid) == (0o600, 1_000, os.getuid())
    return became


# -- the fence -------------------------------------------------------------------------------------------------------


@LINUX
def test_it_changes_neither_mode_owner_time_nor_attributes_of_files_and_hears_no_news_of_them(tmp_path: Path) -> None:
    became = behind_the_fence(
        tmp_path,
        """
        own = os.getuid()
        tried("chmod", os.chmod, victim, 0o666)
        tried("fchmod", os.fchmod, near.fileno(), 0o600)
        tried("chown", os.chown, victim, own, -1)
        tried("lchown", os.lchown, victim, own, -1)
        tried("fchown", os.fchown, near.fileno(), own, -1)
        tried("utime", os.utime, victim, (0, 0))
        tried("utime of a file", os.utime, near.fileno(), (0, 0))
        tried("setxattr", os.setxattr, victim, "user.a", b"1")
        tried("removexattr", os.removexattr, victim, "user.a")
        tried("utimes", asked, "utimes", victim.encode(), None)
        tried("inotify", asked, "inotify_init")
        tried("inotify anew", asked, "inotify_init1", 0)
        tried("fanotify", asked, "fanotify_init", 0x200, 0)
        own = open(os.__file__)
        tried("flags", fcntl.ioctl, own, 0x40086602, bytes(8))
        tried("lease", fcntl.fcntl, own, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        tried("semget", asked, "semget", 77, 1, 0o1666)
        """,
    )
    assert set(became.values()) == {errno.EPERM}, became


@LINUX
def test_it_can_t_outlive_the_server_become_somebody_else_or_let_files_signal_others(tmp_path: Path) -> None:
    became = behind_the_fence(
        tmp_path,
        """
        tried("death", asked, "prctl", 1, 0, 0, 0, 0)
        tried("memory", asked, "prctl", 4, 1, 0, 0, 0)
        tried("user", os.setuid, os.getuid())
        tried("user otherwise", os.setresuid, -1, -1, -1)
        tried("group", os.setgid, os.getgid())
        tried("signal", fcntl.fcntl, near, 10, signal.SIGKILL)
        tried("owner", fcntl.fcntl, near, fcntl.F_SETOWN, os.getppid())
        tried("owner otherwise", fcntl.fcntl, near, 15, bytes(8))
        tried("owner of a socket", fcntl.ioctl, near, 0x8901, os.getppid().to_bytes(4, "little"))
        tried("its group", fcntl.ioctl, near, 0x8902, os.getppid().to_bytes(4, "little"))
        """,
    )
    assert set(became.values()) == {errno.EPERM}, became


@LINUX
def test_it_has_no_memory_to_be_read_and_what_asyncio_needs(tmp_path: Path) -> None:
    became = behind_the_fence(
        tmp_path,
        """
        def pairs():
            for kind in (socket.SOCK_STREAM, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK):
                for one in socket.socketpair(socket.AF_UNIX, kind):
                    one.close()

        assert library.prctl(3, 0, 0, 0, 0) == 0
        tried("pairs", pairs)
        tried("files", lambda: fcntl.fcntl(near, fcntl.F_SETFD, fcntl.fcntl(near, fcntl.F_GETFD)))
        tried("a loop", asyncio.run, asyncio.to_thread(sum, [1, 2]))
        tried("size of what waits", fcntl.ioctl, near, 0x541B, bytes(4))
        """,
    )
    assert set(became.values()) == {0}, became


@LINUX
def test_a_pair_of_its_sockets_reaches_no_socket_of_the_file_system(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "log.sock"))
        heard.setblocking(False)
        became = behind_the_fence(
            tmp_path,
            """
            def forged(kind):
                one, _ = socket.socketpair(socket.AF_UNIX, kind)
                one.connect(os.path.join(folder, "log.sock"))
                one.send(b"forged")

            tried("datagrams", forged, socket.SOCK_DGRAM)
            tried("packets", forged, socket.SOCK_SEQPACKET)
            tried("raw", forged, socket.SOCK_RAW)
            """,
        )
        with pytest.raises(BlockingIOError):
            heard.recv(100)
    assert set(became.values()) == {errno.EPERM}, became


# -- what it sends ---------------------------------------------------------------------------------------------------


def frame(document: Any) -> bytes:
    body = document if isinstance(document, bytes) else orjson.dumps(document)
    return HEAD.pack(len(body)) + body


def line(event: Any = "x", **fields: Any) -> bytes:
    return frame({"is": "log", "level": "info", "event": event, "fields": fields})


#: A value that is quick to send and slow to read.
SLOW = orjson.Fragment(b"[" + b",".join([b"[]"] * 170_000) + b"]")


@asynccontextmanager
async def stranger(*, ready: bool = True) -> AsyncIterator[tuple[Process, socket.socket]]:
    """The kernel's end of a child, and the other one, in a test's hands."""
    here, there = socket.socketpair()
    here.setblocking(False)
    child = Process()
    child._heard = Heard("parks", 2**30, Counter("cut", "cut", ["plugin"], registry=None))
    await asyncio.get_running_loop().create_connection(lambda: child, sock=here)
    if ready:
        there.sendall(frame({"is": "ready", "declaration": {}}))
        await until(lambda: child._ready.done())
    there.setblocking(False)
    try:
        yield child, there
    finally:
        child.end("closed")
        there.close()


async def sent(there: socket.socket, data: bytes) -> None:
    """All of it, or as much as the other end takes before it ends."""
    with suppress(OSError):
        await asyncio.get_running_loop().sock_sendall(there, data)


@pytest.mark.parametrize(
    "data",
    [
        line("x" * MAX_LINE_BYTES),
        line(SLOW),
        frame({"is": "log", "level": "info", "event": "", "fields": {}, "more": SLOW}),
        # Nothing of it has come but how long it is.
        HEAD.pack(MAX_LINE_BYTES + 1),
        line(["no", "text"]),
        line({"no": "text"}),
        line(7),
        line(a=[1]),
        line(a={"b": 1}),
        line(**{f"field-{number}": 1 for number in range(21)}),
        frame({"is": "log", "level": "info", "event": "x", "fields": [["a", 1]]}),
    ],
    ids=["long", "nested", "beside", "announced", "list", "object", "number", "in-list", "in-object", "many", "pairs"],
)
async def test_a_line_of_its_log_that_is_long_or_no_text_ends_it_unread(data: bytes) -> None:
    async with stranger() as (child, there):
        with structlog.testing.capture_logs() as said:
            await sent(there, data)
            assert await asyncio.wait_for(child.ended, 30) == "protocol"
        assert not said


@pytest.mark.parametrize(
    "data",
    [line("x" * MAX_LINE_BYTES), frame({"is": "failed", "id": 1, "error": SLOW, "where": "x"})],
    ids=["a long line", "a failure in no text"],
)
async def test_what_is_long_or_no_text_ends_it_while_it_is_asked_as_well(data: bytes) -> None:
    async with stranger() as (child, there):
        asked = asyncio.create_task(child.call("bench", "validate", [], 30))
        await until(lambda: not child.idle)
        await sent(there, data)
        with pytest.raises(ChildEnded, match="protocol"):
            await asked


async def test_whoever_is_not_asked_sends_no_more_than_a_megabyte_in_a_second() -> None:
    async with stranger() as (child, there):
        with structlog.testing.capture_logs() as said:
            await sent(there, line(**{f"field-{number}": "x" * 700 for number in range(20)}) * 300)
            assert await asyncio.wait_for(child.ended, 30) == "protocol"
        assert len(said) < 200


async def test_what_is_dear_to_read_ends_it_though_it_keeps_to_every_size() -> None:
    async with stranger() as (child, there):
        asked = [asyncio.create_task(child.call("bench", "validate", [], 30)) for _ in range(200)]
        await until(lambda: len(child._calls) == len(asked))
        slow = orjson.dumps(SLOW)[: MAX_ANSWER_BYTES - 100].rpartition(b",")[0] + b"]"
        for number in range(1, 60):
            await sent(there, frame(b'{"is":"answer","id":%d,"value":%b}' % (number, slow)))
        assert await asyncio.wait_for(child.ended, 30) == "protocol"
        await asyncio.gather(*asked, return_exceptions=True)


async def test_long_answers_at_an_honest_rate_are_taken() -> None:
    async with stranger() as (child, there):
        for number in range(1, 6):
            asked = asyncio.create_task(child.call("bench", "validate", [], 30))
            await until(lambda: not child.idle)
            await sent(there, frame({"is": "answer", "id": number, "value": "x" * 500_000}))
            assert len(await asked) == 500_000


async def test_an_argument_that_can_t_be_told_fails_its_own_call_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE_S", 0.0)
    deep: Any = []
    for _ in range(300):
        deep = [deep]
    async with stranger() as (child, there):
        other = asyncio.create_task(child.call("bench", "validate", [{"plain": 1}], 30))
        await until(lambda: not child.idle)
        for wrong in (deep, object()):
            with pytest.raises(TypeError):
                await child.call("bench", "validate", [{"plain": wrong}], 0.01)
        await asyncio.sleep(0.1)
        await sent(there, frame({"is": "answer", "id": 1, "value": "here"}))
        assert await other == "here"


@pytest.mark.usefixtures("from_disk")
async def test_a_process_that_can_t_be_begun_leaves_no_socket_to_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(*_: Any, **__: Any) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    def kept(child: Process, transport: Any) -> None:
        transports.append(transport)
        made(child, transport)

    transports: list[Any] = []
    made = Process.connection_made
    monkeypatch.setattr(asyncio, "create_subprocess_exec", none)
    monkeypatch.setattr(Process, "connection_made", kept)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        for _ in range(3):
            with pytest.raises(BlockingIOError):
                await Process.begun()
        assert [one.is_closing() for one in transports] == [True] * 3
        for _ in range(3):
            # The numbers of the sockets that are gone are these ones'.
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            assert await reader.read() == b""
            writer.close()


@pytest.mark.parametrize(
    ("returned", "value"),
    [
        (Sequence[FieldProblem], [[]] * 170_000),
        (Sequence[Opening] | None, [{}] * 170_000),
        (Decision, {"action": "accept", "reason": {str(number): {} for number in range(45_000)}}),
    ],
)
def test_an_answer_with_many_mistakes_costs_what_one_with_few_costs(returned: Any, value: Any) -> None:
    begun = time.thread_time()
    with pytest.raises(ValueError, match="wrong type"):
        as_returned(returned, value)
    assert time.thread_time() - begun < 0.15


# -- what the child's own code says ----------------------------------------------------------------------------------


def spoken(*lines: dict[str, Any], event: str = "x") -> list[dict[str, Any]]:
    """What the kernel reads of what a child's speaker sends; each line is a frame that it takes."""
    frames: list[bytes] = []
    speaker = Speaker(frames.append)
    for fields in lines:
        speaker.say("info", event, fields)
    assert all(len(one) <= HEAD.size + MAX_LINE_BYTES for one in frames)
    assert sum(map(len, frames)) <= MAX_BYTES_PER_S
    return [document for one in frames for document in Splitter(MAX_LINE_BYTES).fed(one)]


def test_a_line_with_long_texts_is_cut_to_what_is_taken() -> None:
    # As long as a text gets when it is told: six bytes for each character.
    texts = {f"{number:02}" + "\x01" * 60: "\x01" * 900 for number in range(25)}
    (told,) = spoken(texts, event="\x01" * 900)
    assert len(told["fields"]) == 20
    assert {len(name) for name in told["fields"]} == {50}
    (told,) = spoken({"what": "长" * 900}, event="椅" * 900)
    assert (len(told["event"]), len(told["fields"]["what"])) == (500, 500)


def test_lines_beyond_the_bytes_of_a_second_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 1_000.0)
    told = spoken(*[{str(number): "x" * 500 for number in range(20)}] * 60)
    assert 10 < len(told) < 40


async def test_all_that_a_speaker_sends_is_taken() -> None:
    frames: list[bytes] = []
    speaker = Speaker(frames.append)
    for _ in range(100):
        speaker.say(
            "info", "x" * 900, {str(number): [object(), "\x01" * 200, None, 2**70, 0.5] for number in range(20)}
        )
    async with stranger() as (child, there):
        with structlog.testing.capture_logs() as said:
            await sent(there, b"".join(frames))
            await until(lambda: len(said) == len(frames))
        assert not child.ended.done()

"""A worker that ends or stands still is replaced, one that can't begin ends the command, and none outlives it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from banshi import app
from banshi.builtin.monitoring.fleet import Together
from banshi.builtin.monitoring.worker_process import Worker, present_worker
from banshi.foundation.retry import Retry
from banshi.ops.cli.server import workers
from banshi.ops.cli.server.workers import Supervisor, reserved
from banshi.testing import Door
from tests.waiting import until

#: Longest time in seconds that anything here takes; a busy machine is no failure.
PATIENCE = 20.0

#: A worker that does as it is told, and notes each of its lives.
WORKER = """
import json, os, signal, sys, time
worker, folder = json.loads(os.environ["BANSHI_WORKER"]), sys.argv[1]
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with open(os.path.join(folder, "lives"), "a") as file:
    file.write(f"{worker['number']} {os.getpid()}\\n")
if sys.argv[2] == "never" or os.path.exists(os.path.join(folder, "broken")):
    sys.exit(3)
while os.path.exists(os.path.join(folder, "slow")):
    time.sleep(0.02)
os.write(worker["pipe"], b".")
silent = sys.argv[2] == "silent" and worker["number"] == 2
while True:
    time.sleep(0.05)
    if not silent:
        os.write(worker["pipe"], b".")
"""


@asynccontextmanager
async def supervising(
    folder: Path, how: str, count: int = 2, program: Path | None = None
) -> AsyncIterator[asyncio.Task[int]]:
    supervisor = Supervisor([str(program or sys.executable), "-c", WORKER, str(folder), how], count, folder)
    running = asyncio.create_task(supervisor.run())
    try:
        yield running
    finally:
        if not running.done():
            supervisor._stop.set()
            await asyncio.wait_for(running, PATIENCE)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().remove_signal_handler(number)


def lives(folder: Path) -> list[tuple[int, int]]:
    """(number, process id) of every life that a worker has had."""
    file = folder / "lives"
    lines = file.read_text().splitlines() if file.exists() else []
    return [(int(number), int(process)) for number, process in map(str.split, lines)]


def lives_on(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_worker_that_is_killed_is_replaced_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "RETRY", Retry(0.01, 30.0))
    async with supervising(tmp_path, "good", 3) as running:
        await until(lambda: len(lives(tmp_path)) == 3)
        first, second, third = (process for _, process in sorted(lives(tmp_path)))
        os.kill(second, signal.SIGKILL)
        await until(lambda: len(lives(tmp_path)) == 4)
        assert lives(tmp_path)[3][0] == 2
        assert lives_on(first)
        assert lives_on(third)
        assert not running.done()
    assert not any(lives_on(process) for _, process in lives(tmp_path))


async def test_a_worker_that_stands_still_is_killed_and_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "RETRY", Retry(0.01, 30.0))
    monkeypatch.setattr(workers, "SILENCE_S", 0.5)
    monkeypatch.setattr(workers, "LAST_LOOK_S", 0.1)
    async with supervising(tmp_path, "silent"):
        await until(lambda: [number for number, _ in lives(tmp_path)].count(2) == 2)
        silent = next(process for number, process in lives(tmp_path) if number == 2)
        assert not lives_on(silent)
        assert [number for number, _ in lives(tmp_path)].count(1) == 1


async def test_where_the_first_worker_cannot_begin_no_other_is_tried_and_its_status_is_the_commands(
    tmp_path: Path,
) -> None:
    async with supervising(tmp_path, "never", 4) as running:
        assert await asyncio.wait_for(running, PATIENCE) == 3
    assert [number for number, _ in lives(tmp_path)] == [1]


async def test_a_worker_that_does_not_end_when_it_is_asked_to_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "END_TIMEOUT_S", 0.3)
    async with supervising(tmp_path, "stubborn"):
        await until(lambda: len(lives(tmp_path)) == 2)
    assert not any(lives_on(process) for _, process in lives(tmp_path))


async def test_a_signal_to_the_command_ends_it_and_every_worker(tmp_path: Path) -> None:
    async with supervising(tmp_path, "good") as running:
        await until(lambda: len(lives(tmp_path)) == 2)
        os.kill(os.getpid(), signal.SIGTERM)
        assert await asyncio.wait_for(running, PATIENCE) == 0
    assert not any(lives_on(process) for _, process in lives(tmp_path))


async def test_a_worker_whose_supervisor_is_gone_stops_by_itself(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    abandoned = asyncio.Event()
    living = asyncio.create_task(Worker(1, 1, str(tmp_path), writing).live(abandoned.set))
    await asyncio.sleep(0.05)
    assert os.read(reading, 10) == b"."
    os.close(reading)
    await asyncio.wait_for(abandoned.wait(), PATIENCE)
    await living
    os.close(writing)


def test_what_a_worker_starts_itself_is_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    worker = Worker(2, 3, "/tmp/x", writing)
    monkeypatch.setenv("BANSHI_WORKER", worker.environment()["BANSHI_WORKER"])
    assert present_worker() == worker
    assert present_worker() is None
    assert not os.get_inheritable(worker.pipe)
    for descriptor in (reading, writing):
        os.close(descriptor)


def test_a_port_that_another_has_is_refused_though_it_would_be_shared() -> None:
    with reserved("127.0.0.1", 0) as port:
        # As long as no worker listens yet, and once one does.
        with pytest.raises(OSError, match="in use"), reserved("127.0.0.1", port):
            pass
        with socket.socket() as worker:
            worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            worker.bind(("127.0.0.1", port))
            worker.listen()
            with pytest.raises(OSError, match="in use"), reserved("127.0.0.1", port):
                pass
    with reserved("127.0.0.1", port):
        pass


def test_a_host_with_two_addresses_has_the_same_port_at_both() -> None:
    with reserved("localhost", 0) as port, pytest.raises(OSError, match="in use"), reserved("127.0.0.1", port):
        pass


async def test_a_program_that_is_away_for_a_moment_is_started_once_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while a deployment replaces it: nothing that goes wrong with a start ends the supervision of a worker."""
    monkeypatch.setattr(workers, "RETRY", Retry(0.01, 30.0))
    program = tmp_path / "python"
    program.symlink_to(sys.executable)
    async with supervising(tmp_path, "good", program=program) as running:
        await until(lambda: len(lives(tmp_path)) == 2)
        program.unlink()
        os.kill(lives(tmp_path)[1][1], signal.SIGKILL)
        await asyncio.sleep(0.2)
        program.symlink_to(sys.executable)
        await until(lambda: len(lives(tmp_path)) == 3)
        assert not running.done()


async def test_a_program_that_is_not_there_ends_the_command(tmp_path: Path) -> None:
    async with supervising(tmp_path, "good", program=tmp_path / "nowhere") as running:
        assert await asyncio.wait_for(running, PATIENCE) == 1


async def test_workers_live_on_when_their_supervisor_stood_still_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "SILENCE_S", 0.5)
    async with supervising(tmp_path, "good") as running:
        await until(lambda: len(lives(tmp_path)) == 2)
        await asyncio.sleep(0.1)
        time.sleep(1.5)  # noqa: ASYNC251 - the loop of the supervisor stands still
        await asyncio.sleep(0.3)
        assert all(lives_on(process) for _, process in lives(tmp_path))
        assert len(lives(tmp_path)) == 2
        assert not running.done()


def test_each_workers_samples_bear_its_number_and_who_does_not_answer_is_told() -> None:
    text = '# HELP a_total All.\n# TYPE a_total counter\na_total{x="1"} %d\n'
    found = {
        family.name: family for family in Together({1: (text % 5).encode(), 2: (text % 7).encode(), 3: None}).collect()
    }
    assert [(one.labels["worker"], one.labels["x"], one.value) for one in found["a"].samples] == [
        ("1", "1", 5),
        ("2", "1", 7),
    ]
    up = {one.labels["worker"]: one.value for one in found["banshi_worker_up"].samples}
    assert up == {"1": 1.0, "2": 1.0, "3": 0.0}


# SIGHUP


def living(folder: Path) -> list[int]:
    """The numbers of the workers that live."""
    return sorted(number for number, process in lives(folder) if lives_on(process))


async def test_new_workers_take_the_places_one_after_the_other_and_there_is_never_one_less(tmp_path: Path) -> None:
    async with supervising(tmp_path, "good", 3) as running:
        await until(lambda: len(lives(tmp_path)) == 3)
        first = dict(lives(tmp_path))
        os.kill(os.getpid(), signal.SIGHUP)
        fewest = 3
        while len(lives(tmp_path)) < 6 or len(living(tmp_path)) > 3:
            fewest = min(fewest, len(living(tmp_path)))
            await asyncio.sleep(0.01)
        assert fewest == 3
        assert [number for number, _ in lives(tmp_path)[3:]] == [1, 2, 3]
        assert not any(lives_on(process) for process in first.values())
        assert living(tmp_path) == [1, 2, 3]
        assert not running.done()
        # The new ones are looked after as the old ones were.
        os.kill(lives(tmp_path)[4][1], signal.SIGKILL)
        await until(lambda: len(lives(tmp_path)) == 7 and living(tmp_path) == [1, 2, 3])
    assert living(tmp_path) == []


async def test_where_a_new_worker_cannot_begin_the_old_ones_stay(tmp_path: Path) -> None:
    async with supervising(tmp_path, "good", 2) as running:
        await until(lambda: len(lives(tmp_path)) == 2)
        (tmp_path / "broken").touch()
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: len(lives(tmp_path)) == 3 and living(tmp_path) == [1, 2])
        await asyncio.sleep(0.3)
        assert len(lives(tmp_path)) == 3
        assert all(lives_on(process) for _, process in lives(tmp_path)[:2])
        (tmp_path / "broken").unlink()
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: len(lives(tmp_path)) == 5 and living(tmp_path) == [1, 2])
        assert not running.done()


async def test_a_signal_that_comes_while_new_workers_begin_has_them_begin_once_more_and_never_two_at_a_time(
    tmp_path: Path,
) -> None:
    async with supervising(tmp_path, "good", 2):
        await until(lambda: len(lives(tmp_path)) == 2)
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: len(lives(tmp_path)) == 3)
        for _ in range(5):
            os.kill(os.getpid(), signal.SIGHUP)
        most = 0
        while len(lives(tmp_path)) < 6 or len(living(tmp_path)) > 2:
            most = max(most, len(living(tmp_path)))
            await asyncio.sleep(0.01)
        assert most == 3
        await asyncio.sleep(0.3)
        assert [number for number, _ in lives(tmp_path)[2:]] == [1, 2, 1, 2]


async def test_to_end_while_a_new_worker_begins_ends_that_one_too(tmp_path: Path) -> None:
    async with supervising(tmp_path, "good", 2) as running:
        await until(lambda: len(lives(tmp_path)) == 2)
        (tmp_path / "slow").touch()
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: len(living(tmp_path)) == 3)
        os.kill(os.getpid(), signal.SIGTERM)
        assert await asyncio.wait_for(running, PATIENCE) == 0
    assert living(tmp_path) == []


async def test_a_new_worker_that_never_serves_is_killed_and_the_old_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "START_TIMEOUT_S", 0.5)
    async with supervising(tmp_path, "good", 2):
        await until(lambda: len(lives(tmp_path)) == 2)
        (tmp_path / "slow").touch()
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: len(lives(tmp_path)) == 3 and living(tmp_path) == [1, 2])
        assert all(lives_on(process) for _, process in lives(tmp_path)[:2])


async def test_a_worker_that_is_killed_while_its_successor_begins_is_followed_by_that_one_alone(tmp_path: Path) -> None:
    async with supervising(tmp_path, "good", 1):
        await until(lambda: len(lives(tmp_path)) == 1)
        (tmp_path / "slow").touch()
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: len(lives(tmp_path)) == 2)
        os.kill(lives(tmp_path)[0][1], signal.SIGKILL)
        await asyncio.sleep(1.0)
        (tmp_path / "slow").unlink()
        await until(lambda: living(tmp_path) == [1])
        await asyncio.sleep(0.5)
        assert len(lives(tmp_path)) == 2


# Ending without breaking anything off


async def test_connections_that_the_system_has_taken_for_a_server_that_ends_are_served(bare_door: Door) -> None:
    """With a shared port nobody else would: the system has dealt them to this one."""
    runner = web.AppRunner(app.application(bare_door.platform))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, reuse_port=True).start()
    port = runner.addresses[0][1]
    waiting = []
    for _ in range(20):  # the loop doesn't come to accept any of them
        one = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        waiting.append(one)
    try:
        await app._unlisten(runner)
        answers = [await asyncio.to_thread(one.recv, 64) for one in waiting]
        assert {answer[:15] for answer in answers} == {b"HTTP/1.1 200 OK"}
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    finally:
        for one in waiting:
            one.close()
        await runner.cleanup()

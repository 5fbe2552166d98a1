"""What a plugin in a process of its own is promised to do and not to do, with real processes: it answers as it would in
the platform's, its failures are its own requests' alone, and it reaches nothing that it wasn't granted."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import structlog
from prometheus_client import CollectorRegistry, Counter

from banshi.builtin.isolation import supervisor as keeping
from banshi.builtin.isolation.process import ChildEnded
from banshi.builtin.isolation.protocol.heard import Heard
from banshi.foundation.field_problems import LONGEST_FIELD_DETAIL
from banshi.foundation.retry import Retry
from banshi.kernel.tables.outbox import OutboxRow
from banshi.testing import open_door
from tests.banshi.builtin.isolation.fenced import printed_by
from tests.town.isolation_office import HANDLER_TIMEOUT_S, PLUGIN, Office, written
from tests.waiting import lateness, until

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the fence is made of what Linux has")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """One for all tests: whatever one of them does to the process, the next one finds another."""
    folder = tmp_path_factory.mktemp("isolation")
    (folder / "data").mkdir()
    (folder / "data" / "secret").write_text("secret", encoding="utf-8")
    (folder / "granted").mkdir()
    (folder / "granted" / "list").write_text("a list", encoding="utf-8")
    os.environ["BANSHI_TEST_SECRET"] = "secret"
    patch = pytest.MonkeyPatch()
    patch.setattr(keeping, "RETRY", Retry(0.01, 0.05))
    patch.setattr(keeping, "LOOK_EVERY_S", 0.05)
    settings = {
        "parks": {"secret_file": str(folder / "data" / "secret"), "granted_file": str(folder / "granted" / "list")}
    }
    entry = {"grant": [f"read:{folder / 'granted'}"], "limits": {"memory": 402_653_184}}
    rules = {"handler_timeout": HANDLER_TIMEOUT_S, "breaker_failures": 10_000}
    async with open_door(
        folder, {"parks": written(folder)}, settings=settings, platform=rules, isolated={"parks": entry}
    ) as door:
        yield Office(door)
    patch.undo()


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def recovered(office: Office) -> None:
    """Whatever the test before has done to its process."""
    await office.recovered()


# -- what it does as ever --------------------------------------------------------------------------------------------


async def test_a_plugin_s_code_runs_in_another_process_and_is_never_imported_in_this_one(office: Office) -> None:
    assert int(await office.told("pid")) == office.keeper.child.pid != os.getpid()  # type: ignore[union-attr]
    # Tests of other plugins of that name may have left theirs.
    folder = str(office.door.platform.registry.configuration.entries["parks"].path)
    assert not [one for one in sys.modules.values() if str(getattr(one, "__file__", "")).startswith(folder)]


async def test_its_settings_are_typed_where_its_code_is(office: Office) -> None:
    assert (await office.told("settings")).startswith("ParksSettings(most=3")


async def test_a_problem_that_it_raises_is_the_citizen_s_as_ever_and_has_no_header_but_retry_after(
    office: Office,
) -> None:
    answer = await office.person().post(
        "/v1/items/bench/cases", {"answers": {"does": "problem"}}, headers={"Accept-Language": "en"}
    )
    problem = answer.problem(409, "conflict")
    assert (problem["detail"], problem["park"]) == ("There is no bench.", "east")
    assert "Set-Cookie" not in answer.headers


async def test_many_calls_are_under_way_at_once(office: Office) -> None:
    begun = time.monotonic()
    replies = await asyncio.gather(*(office.does("wait 0.4") for _ in range(40)))
    assert {reply.status for reply in replies} == {201}
    assert time.monotonic() - begun < 40 * 0.4 / 2


async def test_threads_work_and_what_is_printed_and_logged_reaches_the_platform_s_log(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await office.told("work") == "6"
    (await office.does("say something-rare")).created()
    said = capsys.readouterr().out
    assert said.count("said=something-rare") == 1
    assert "said=heard" in said


# -- what fails is its own request -----------------------------------------------------------------------------------


async def test_what_a_handler_says_at_too_great_a_length_or_without_json_is_told_as_far_as_it_can_be(
    office: Office,
) -> None:
    (told,) = (await office.does("long")).problem(422, "invalid-fields")["problems"]
    assert (told["pointer"], len(told["detail"])) == ("/answers/does", LONGEST_FIELD_DETAIL)
    refused = (await office.does("wrong")).problem(409, "conflict")
    assert (refused["detail"], refused.get("wrong")) == ("no", None)


@pytest.mark.parametrize("does", ["raise", "leave"])
async def test_a_handler_that_fails_fails_its_request_alone_and_its_process_goes_on(office: Office, does: str) -> None:
    pid = office.keeper.child.pid  # type: ignore[union-attr]
    reply = await office.does(does)
    assert reply.problem(502, "department-failed")["department"] == "parks"
    assert b"secret words" not in reply.body
    assert int(await office.told("pid")) == pid


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        *(("exit", "exit"), ("close", "exit")),
        *((does, "protocol") for does in ("garbage", "giant", "nobody", "types", "flood")),
    ],
)
async def test_a_process_that_ends_or_says_what_none_of_ours_says_is_killed_and_begins_anew(
    office: Office, does: str, reason: str
) -> None:
    before, others = office.ended(reason), [asyncio.create_task(office.does("wait 0.5")) for _ in range(3)]
    await asyncio.sleep(0.1)
    # Its answer may stand before the garbage: what counts is that the kernel lets no such process go on.
    assert (await office.does(does)).status in {201, 502, 504}
    assert {reply.status for reply in await asyncio.gather(*others)} <= {502, 504}
    await until(lambda: office.ended(reason) > before)
    await office.recovered()


@pytest.mark.parametrize("does", ["spin", "block", "half"])
async def test_a_handler_that_stands_still_is_killed_at_its_deadline_and_the_loop_goes_on_meanwhile(
    office: Office, does: str
) -> None:
    before = office.ended("hang")
    async with lateness() as late:
        answer = await office.does(does)
    assert answer.problem(504, "department-timed-out")["department"] == "parks"
    assert sorted(late)[len(late) * 9 // 10] < HANDLER_TIMEOUT_S / 4
    await until(lambda: office.ended("hang") > before)
    await office.recovered()


async def test_a_handler_that_only_waits_too_long_is_broken_off_and_its_process_lives_on(office: Office) -> None:
    pid = int(await office.told("pid"))
    (await office.does("slow")).problem(504, "department-timed-out")
    await asyncio.sleep(2 * keeping.LOOK_EVERY_S + 0.3)
    assert int(await office.told("pid")) == pid


async def test_whoever_leaves_before_the_answer_takes_no_process_with_them(office: Office) -> None:
    pid = int(await office.told("pid"))
    leaving = asyncio.create_task(office.does("wait 0.6"))
    await asyncio.sleep(0.2)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    assert int(await office.told("pid")) == pid


@LINUX
async def test_a_process_that_grows_is_replaced_with_nobody_s_noticing(office: Office) -> None:
    before, pid = office.ended("grown"), int(await office.told("pid"))
    replies = []
    for _ in range(22):
        replies.append(await office.does("leak 10"))
        if office.ended("grown") > before:
            break
    await until(lambda: office.ended("grown") > before)
    assert {reply.status for reply in replies} == {201}
    await until(lambda: office.keeper.child is not None and office.keeper.child.pid != pid)
    (await office.does("nothing")).created()


@LINUX
async def test_a_process_that_grows_at_once_is_killed(office: Office) -> None:
    before = office.ended("memory")
    for _ in range(5):
        if (status := (await office.does("leak 370")).status) != 504:
            break
        await office.recovered()  # a machine that can't fill so much within the handler's time: once more
    assert status in {201, 502}
    await until(lambda: office.ended("memory") > before)
    await office.recovered()


@LINUX
async def test_a_process_with_too_many_threads_is_killed_and_its_author_is_told_so(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    before = office.ended("threads")
    (await office.does("threads 20")).created()
    pid = int(await office.told("pid"))
    # Whoever is within the bound stays, whatever other looks were made meanwhile.
    assert office.keeper.child.pid == pid  # type: ignore[union-attr]
    assert (await office.does("threads 300")).status in {201, 502}
    await until(lambda: office.ended("threads") > before)
    assert "reason=threads" in capsys.readouterr().out
    await office.recovered()
    assert "limits.threads" in str(ChildEnded("threads").mistake())


async def test_a_process_that_floods_the_log_is_cut_by_one_line_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = {"limits": {"log": 8_192}}
    async with open_door(tmp_path, {"parks": written(tmp_path)}, isolated={"parks": entry}) as door:
        office = Office(door)
        pid = int(await office.told("pid"))
        cut = office.keeper.meters.cut.labels("parks")
        (await office.does("chatter 90")).created()
        await until(lambda: cut._value.get() >= 50)
        # Another process of the same plugin has no budget of its own.
        (await office.does("exit")).problem(502, "department-failed")
        await until(lambda: office.ended("exit") == 1)
        await office.recovered()
        before = cut._value.get()
        (await office.does("chatter 5")).created()
        await until(lambda: cut._value.get() == before + 5)
        assert int(await office.told("pid")) != pid
    said = capsys.readouterr().out
    assert said.count("its lines are cut for the rest of the minute") in {1, 2}, "one for each minute that this took"
    assert len([line for line in said.splitlines() if "chatter" in line]) <= 2 * 8_192 / 400


async def test_what_was_handed_in_waits_while_its_process_ends_each_time_and_is_taken_up_when_it_lives(
    office: Office,
) -> None:
    person = office.person()
    case = (await person.post("/v1/items/bench/cases", {"answers": {"does": "late-exit"}})).created()
    before = office.ended("exit")
    await until(lambda: office.ended("exit") > before)
    assert (await person.get(case["links"]["self"])).ok()["state"] == "submitted"
    granted = Path(office.keeper.hello["settings"]["granted_file"])
    granted.with_name("healed").write_text("yes", encoding="utf-8")
    for _ in range(600):
        await OutboxRow.all().update(not_before=0)
        if (await person.get(case["links"]["self"])).ok()["state"] == "accepted":
            return
        await asyncio.sleep(0.05)
    raise AssertionError("never taken up")


# -- what it doesn't reach -------------------------------------------------------------------------------------------


@LINUX
@pytest.mark.usefixtures("from_disk")
async def test_it_has_no_variable_no_file_and_no_descriptor_of_the_platform_s(office: Office) -> None:
    while not isinstance(office.keeper.child._process, asyncio.subprocess.Process):  # type: ignore[union-attr]
        # Its place is taken by one that was ready, and that one's by one that is begun now.
        office.keeper.child.end("exit")  # type: ignore[union-attr]
        await office.recovered()
    assert "BANSHI_TEST_SECRET" in os.environ
    variables = await office.told("environment")
    assert not {"BANSHI_TEST_SECRET", "PATH", "HOME"} & set(variables.replace("'", " ").split())
    assert await office.told("parents") == "PermissionError"
    assert await office.told("read secret_file") == "PermissionError"
    assert await office.told("read granted_file") == "done"
    assert await office.told("write") == "PermissionError"
    # Its socket, and what its loop has made for itself.
    assert len((await office.told("files")).split(",")) <= 5


@LINUX
async def test_it_starts_nothing_signals_nobody_and_opens_no_socket(office: Office) -> None:
    assert await office.told("fork") == "('PermissionError', 'PermissionError')"
    assert await office.told("signal") == "('PermissionError', 'PermissionError')"
    assert await office.told("connect") == "PermissionError"
    assert await office.told("unix") == "PermissionError"


@LINUX
async def test_nothing_of_root_s_is_left_to_it_and_it_still_ends_with_the_server(office: Office) -> None:
    assert await office.told("rights") == f"(False, {int(signal.SIGKILL)})"


#: What only root may, asked for with arguments that are invalid: whoever has the right is told so, and nothing happens.
ROOTS = """
import ctypes, errno, sys
from banshi.builtin.isolation.fence import limits, seccomp
column = 0 if seccomp.machine_here() == seccomp.X86_64 else 1
numbers = {"reboot": (169, 142), "clock_settime": (227, 112), "sethostname": (170, 161), "swapoff": (168, 225)}
numbers = {name: both[column] for name, both in numbers.items()} | {"newer": seccomp.NEWEST + 1}
sys.argv[1] == "filter" and seccomp.close_in(network=True)
sys.argv[1] == "rights" and limits.give_up_rights()
libc, told = ctypes.CDLL(None, use_errno=True), {}
for name in ("reboot", "clock_settime", "sethostname", "swapoff", "newer"):
    ctypes.set_errno(0)
    # No magic number; a time that lies nowhere; a name of -1 bytes; a path that lies nowhere.
    answer = libc.syscall(numbers[name], *[ctypes.c_long(-1)] * 5)
    told[name] = "done" if answer >= 0 else errno.errorcode[ctypes.get_errno()]
print(told)
"""


@LINUX
@pytest.mark.parametrize("fence", ["filter", "rights"])
async def test_each_of_two_fences_alone_refuses_what_only_root_may(fence: str) -> None:
    if os.getuid() != 0:
        pytest.skip("only root is asked this")
    told = {one: await asyncio.to_thread(printed_by, ROOTS, one) for one in ("none", fence)}
    open_to_root = {"reboot": "EINVAL", "clock_settime": "EFAULT", "sethostname": "EINVAL", "swapoff": "EFAULT"}
    assert told["none"] == {**open_to_root, "newer": "ENOSYS"}
    # The system reads the time before it asks who sets it.
    clock = "EPERM" if fence == "filter" else "EFAULT"
    assert told[fence] == {**dict.fromkeys(open_to_root, "EPERM"), "clock_settime": clock, "newer": "ENOSYS"}


async def test_a_plugin_s_lines_are_counted_by_the_minute_and_what_was_cut_is_told_with_the_next() -> None:
    now, cut = 0.0, Counter("cut", "cut", ["plugin"], registry=CollectorRegistry())
    heard = Heard("parks", 4_096, cut, lambda: now)
    line = {"event": "x" * 400, "fields": {}, "level": "info"}
    with structlog.testing.capture_logs() as logged:
        for _ in range(100):
            heard.take(line)
        now = 60.0
        heard.take({**line, "event": "next", "dropped": 7})
        heard.take({**line, "event": "after"})
    *full, warning, following, after = logged
    assert {one["event"] for one in full} == {"plugin says"}
    assert 4_096 / 700 < len(full) < 4_096 / 400
    assert "lines are cut" in warning["event"]
    assert (following["said"], following["fields"]) == ("next", {"lines_dropped": 100 - len(full) + 7})
    assert (after["said"], after["fields"]) == ("after", {})
    assert cut.labels("parks")._value.get() == 100 - len(full)


async def test_a_child_that_declares_something_else_than_at_the_start_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "RETRY", Retry(30.0, 30.0))
    place = written(tmp_path)
    async with open_door(tmp_path, {"parks": place}, isolated={"parks": {}}) as door:
        office = Office(door)
        (await office.does("nothing")).created()
        (place / "__init__.py").write_text(PLUGIN.replace('{"bench": Bench(settings)}', "{}"), encoding="utf-8")
        office.keeper.child.end("exit")  # type: ignore[union-attr]
        await until(lambda: office.ended("changed"))
        (await office.does("nothing")).problem(503, "department-unavailable")


@LINUX
async def test_it_opens_sockets_where_its_entry_grants_that_and_is_killed_where_it_keeps_a_core_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(keeping, "CPU_WINDOW_S", 0.5)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    entry = {"grant": ["network"], "limits": {"cpu": 0.05}}
    async with (
        server,
        open_door(
            tmp_path, {"parks": written(tmp_path)}, settings={"parks": {"port": port}}, isolated={"parks": entry}
        ) as door,
    ):
        office = Office(door)
        assert await office.told("connect") == "done"
        assert await office.told("unix") == "PermissionError"
        (await office.does("thread")).created()
        await until(lambda: office.ended("cpu"))
        await office.recovered()


@LINUX
async def test_whoever_has_no_rights_can_be_closed_in_as_well() -> None:
    if os.getuid() != 0:
        pytest.skip("whoever runs this has none, so every other test here says it")
    code = (
        "import os, socket, sys\nfrom pathlib import Path\n"
        "from banshi.builtin.isolation.fence import landlock, seccomp\n"
        "from banshi.builtin.isolation.fence.limits import address_space, close_in\n"
        "landlock.python_folders(), seccomp.machine_here(), address_space()\n"
        "os.setgid(65534); os.setuid(65534)\nmissing = close_in(2**30, [], network=False)\nrefused = 0\n"
        "for what in (socket.socket, os.fork, lambda: open(sys.argv[1])):\n"
        "    try:\n        what()\n    except PermissionError:\n        refused += 1\nprint((missing, refused))"
    )
    assert await asyncio.to_thread(printed_by, code, "/etc/passwd") == ([], 3)


@LINUX
async def test_a_child_ends_with_the_server_however_that_ends() -> None:
    code = (
        "import os, socket, subprocess\nfrom banshi.builtin.isolation.process import command\n"
        "here, there = socket.socketpair()\n"
        "child = subprocess.Popen(command(there.fileno()), pass_fds=[there.fileno()])\n"
        "here.recv(100)\nprint(child.pid, flush=True)\nos.kill(os.getpid(), 9)"
    )
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code], capture_output=True, check=False)
    stat = Path(f"/proc/{int(done.stdout)}/stat")
    # Whoever inherits it may take a while to notice.
    await until(lambda: not stat.exists() or stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z")

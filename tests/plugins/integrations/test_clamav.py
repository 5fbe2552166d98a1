"""Uploads behind a real clamd."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from banshi.foundation.findings import ConfigurationError
from banshi.testing import TINY_PNG, Door, Person, open_door
from tests.places import ROOT, TRAFFIC
from tests.servers import clamd_servers
from tests.servers.clamd_servers import EICAR
from tests.town.zone_pass import answers_with
from tests.waiting import until

PLUGINS: dict[str, Path | str] = {"traffic": TRAFFIC, "clamav": ROOT / "plugins" / "integrations" / "clamav"}


@asynccontextmanager
async def opened(folder: Path, address: str, **settings: Any) -> AsyncIterator[Door]:
    async with open_door(folder, PLUGINS, settings={"clamav": {"address": address, **settings}}) as door:
        yield door


async def states(person: Person, case: str) -> dict[str, str]:
    return {one["id"]: one["state"] for one in (await person.get(f"/v1/cases/{case}")).ok()["attachments"]}


async def test_a_harmless_file_is_held_and_then_opens_and_a_harmful_one_never_does(tmp_path: Path) -> None:
    async with clamd_servers.running(tmp_path) as address, opened(tmp_path, address) as door:
        wang = door.citizen("wang")
        good, bad = (await wang.upload()).created(), (await wang.upload(TINY_PNG + EICAR)).created()
        assert (good["state"], bad["state"]) == ("held", "held")
        path = f"/v1/attachments/{good['id']}"

        async def ends(one: str) -> bool:
            reply = await wang.get(f"/v1/attachments/{one}")
            if reply.status == 409:
                assert reply.problem(409, "file-held")
                assert int(reply.headers["Retry-After"]) > 0
            return reply.status != 409

        await until(lambda: ends(good["id"]))
        await until(lambda: ends(bad["id"]))
        assert (await wang.get(path)).body == TINY_PNG
        refused = await wang.get(f"/v1/attachments/{bad['id']}", headers={"Accept-Language": "zh-CN"})
        assert "有害" in refused.problem(410, "file-refused")["detail"]
        folder = door.platform.settings.attachments_folder
        assert [one.name for one in folder.rglob("*") if one.is_file()] == [good["id"]]
        document = {"answers": answers_with([good["id"], bad["id"]])}
        reply = await wang.post("/v1/items/zone-pass/cases", document, headers={"Accept-Language": "en"})
        (error,) = reply.problem(422, "invalid-fields")["problems"]
        assert error["pointer"] == "/answers/registration"
        assert "harmful" in error["detail"]
        text = (await door.anyone.get("/metrics")).body.decode()
        assert 'banshi_files_examined_total{verdict="harmful"} 1.0' in text
        assert 'banshi_files_examined_total{verdict="harmless"} 1.0' in text


async def test_a_form_may_be_sent_while_its_files_wait_for_a_daemon_and_they_open_to_staff_after_it_came(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, str(tmp_path / "clamd.ctl")) as door:
        wang, staff = door.citizen("wang"), door.staff("li", "traffic:reviewer", "traffic:approver")
        files = [(await wang.upload(content)).created()["id"] for content in (TINY_PNG, TINY_PNG + EICAR)]
        case = (await wang.post("/v1/items/zone-pass/cases", {"answers": answers_with(files)})).created()["id"]
        assert set((await states(staff, case)).values()) == {"held"}
        for reader in (wang, staff):
            (await reader.get(f"/v1/attachments/{files[0]}")).problem(409, "file-held")
        assert "banshi_files_held 2.0" in (await door.anyone.get("/metrics")).body.decode()
        async with clamd_servers.running(tmp_path):

            async def known() -> bool:
                return await states(staff, case) == {files[0]: "stored", files[1]: "refused"}

            await until(known)
            assert (await staff.get(f"/v1/attachments/{files[0]}")).body == TINY_PNG
            (await staff.get(f"/v1/attachments/{files[1]}")).problem(410, "file-refused")


async def test_files_that_wait_when_a_server_ends_are_examined_by_the_next(tmp_path: Path) -> None:
    async with opened(tmp_path, str(tmp_path / "clamd.ctl")) as door:
        file = (await door.citizen("wang").upload()).created()["id"]
    async with clamd_servers.running(tmp_path) as address, opened(tmp_path, address) as door:
        wang = door.citizen("wang")

        async def read() -> bool:
            return (await wang.get(f"/v1/attachments/{file}")).status == 200

        await until(read)
        assert (await wang.get(f"/v1/attachments/{file}")).body == TINY_PNG


async def test_a_file_larger_than_the_daemon_takes_waits_and_a_later_one_does_not(tmp_path: Path) -> None:
    daemon = clamd_servers.running(tmp_path)
    async with daemon as address, opened(tmp_path, address) as door:
        wang = door.citizen("wang")
        large = (await wang.upload(TINY_PNG + bytes(2_000_000))).created()["id"]
        small = (await wang.upload()).created()["id"]

        async def read() -> bool:
            return (await wang.get(f"/v1/attachments/{small}")).status == 200

        await until(read)
        (await wang.get(f"/v1/attachments/{large}")).problem(409, "file-held")
        with pytest.raises(RuntimeError, match="raise its StreamMaxLength"):
            await clamd(address).scan(door.platform.settings.attachments_folder / "quarantine" / large)


def clamd(address: str, timeout: float = 20.0) -> Any:
    daemon = importlib.import_module("banshi_plugins.clamav.daemon")
    return daemon.Clamd(daemon.ClamavSettings(address=address, timeout=timeout))


async def test_the_daemon_itself_names_what_it_finds(tmp_path: Path) -> None:
    file = tmp_path / "file"
    async with clamd_servers.running(tmp_path) as address, opened(tmp_path, address):
        for content, found in ((EICAR, "Test.Eicar"), (b"", ""), (bytes(200_000), "")):
            file.write_bytes(content)
            assert (await clamd(address).scan(file)).startswith(found)
            assert bool(await clamd(address).scan(file)) == bool(found)
        assert (await clamd(address).version()).startswith("ClamAV")


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (b"", "ended the connection"),
        (b"stream: Can't allocate memory ERROR\0", "Can't allocate memory"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n\0", "HTTP/1.1 400"),
        (b"x" * 10_000 + b"\0", "more than 4096 bytes"),
        (None, "not in time"),
    ],
)
async def test_whatever_answers_in_its_place_lets_no_file_through(
    tmp_path: Path, answers: bytes | None, told: str
) -> None:
    silent = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"x" + bytes(4))
        if answers is not None:
            writer.write(answers)
            writer.close()
        # From Python 3.13 on a connection that nobody keeps is ended.
        silent.append(writer)

    file, address = tmp_path / "file", str(tmp_path / "other.ctl")
    file.write_bytes(b"x")
    async with await asyncio.start_unix_server(answer, address), opened(tmp_path, address):
        with pytest.raises(RuntimeError, match=told):
            await clamd(address, timeout=1.0).scan(file)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"address": "clamd.ctl"}, "address 'clamd.ctl' has to be the path"),
        ({"address": ":3310"}, "address"),
        ({"address": "host:99999"}, "address"),
        ({"address": "host:３３"}, "address"),
        ({"timeout": 0}, "timeout 0"),
        ({"timeout": 1e9}, "at most 600"),
        ({"adress": "/x"}, "adress"),
    ],
)
async def test_a_setting_that_can_t_be_is_told_before_the_start(
    tmp_path: Path, setting: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        async with open_door(tmp_path, PLUGINS, settings={"clamav": setting}):
            raise AssertionError("it began")
    assert "clamav" in str(refusal.value)
    assert told in str(refusal.value)

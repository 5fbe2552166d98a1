"""What no phone showed its person is told as an event, once; nothing else is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from tortoise.transactions import in_transaction

from banshi.kernel.runtime.process_role import EVERYTHING, ProcessRole
from banshi.kernel.tables.outbox import OutboxRow
from banshi.testing import Door, open_door
from mobile_push.delivery.claims import rows
from mobile_push.delivery.service import deliver
from mobile_push.inbox.undelivered import UNDELIVERED, tell_lost
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.models import Delivery, InboxMessage, Silence
from tests.mobile_push.conftest import TRAFFIC, hurry, new_message
from tests.mobile_push.delivery.fan_out import phones
from tests.waiting import until

HOOKS = Path(__file__).with_name("undelivered_listener")


@asynccontextmanager
async def listened(
    folder: Path, sandbox: FcmSandbox, database: str, monkeypatch: pytest.MonkeyPatch, duty: ProcessRole = EVERYTHING
) -> AsyncIterator[Door]:
    hurry(monkeypatch)
    fcm = {"service_account_file": str(sandbox.service_account_file(folder / "key.json")), "base_url": sandbox.base_url}
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC, "mobile_push": "mobile_push", "listener": HOOKS}
    own, platform = {"mobile_push": {"fcm": fcm}}, {"database": database}
    async with open_door(folder, plugins, settings=own, platform=platform, duty=duty) as door:
        yield door


async def test_of_everybody_those_are_told_of_whom_no_phone_of_theirs_could_show_it_and_once(
    tmp_path: Path, sandbox: FcmSandbox, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listened(tmp_path, sandbox, database, monkeypatch) as door:
        await phones(door, 1, "dead", person="dead")
        await phones(door, 1, "half", person="half")
        await phones(door, 1, "alive", person="half")
        await phones(door, 1, "fine", person="fine")
        await phones(door, 1, "silent", person="silent")
        await phones(door, 1, "connected", person="connected", provider="stream")
        sandbox.behaviour.unregistered = {"dead-000000", "half-000000"}
        case = str(uuid4())
        await Silence.create(id=1, person="silent", about=f"case:{case}")
        people = ("nobody", "dead", "half", "fine", "silent", "connected", "nobody")
        live = [new_message(one, case_id=case) for one in people]
        others = [
            new_message("nobody", case_id=case, mode="test"),
            new_message("nobody", case_id=case, kind="notice"),
            new_message("nobody"),
        ]
        for _ in range(2):
            await deliver(door.platform, [*live, *others])
        await until(lambda: _none_due())
        told = [live[number].id for number in (0, 1, 6)]
        await until(lambda: _told(told))
        # What somebody has read in the app meanwhile, and what is settled once more, is told no more.
        await InboxMessage.filter(id=live[1].id).update(read_at=datetime.now(UTC))
        await tell_lost(door.platform.store.connection, door.platform, [row.id for row in await Delivery.all()])
        assert await _told(told)


async def test_whoever_is_killed_in_the_middle_has_settled_nothing_or_tells_of_it(
    tmp_path: Path, sandbox: FcmSandbox, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = list[int]()

    async def killed(*_: object) -> None:
        tried.append(1)
        raise RuntimeError("killed")

    async with listened(tmp_path, sandbox, database, monkeypatch) as door:
        # A service that calls all dead is believed by nobody.
        for person in ("dead", "fine", "well"):
            await phones(door, 1, person, person=person)
        sandbox.behaviour.unregistered = {"dead-000000"}
        with monkeypatch.context() as patch:
            patch.setattr(rows, "tell_lost", killed)
            one, *others = (new_message(who, case_id=str(uuid4())) for who in ("dead", "fine", "well"))
            await deliver(door.platform, [one, *others])
            await until(lambda: tried)
            assert (await Delivery.get(message_id=one.id)).state == "due"
        await until(lambda: _told([one.id]))


async def test_of_two_who_settle_a_message_s_last_phones_at_once_one_tells(
    tmp_path: Path, sandbox: FcmSandbox, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody_sends = ProcessRole(lanes=frozenset())
    async with listened(tmp_path, sandbox, database, monkeypatch, nobody_sends) as door:
        for name in ("one", "two"):
            await phones(door, 1, name, person="dead")
        await deliver(door.platform, [one := new_message("dead", case_id=str(uuid4()))])

        async def settle(row: Delivery) -> None:
            async with in_transaction() as connection:
                await Delivery.filter(id=row.id).using_db(connection).update(state="dead")
                await asyncio.sleep(0.05)
                await tell_lost(connection, door.platform, [row.id])

        await asyncio.gather(*map(settle, await Delivery.all()))
        assert await _told([one.id])


async def _none_due() -> bool:
    return not await Delivery.filter(state="due").exists()


async def _told(wanted: list[str]) -> bool:
    rows = await OutboxRow.filter(topic=UNDELIVERED)
    assert all(row.payload["data"].keys() == {"case", "message"} for row in rows)
    return sorted(row.payload["subject"] for row in rows) == sorted(wanted)

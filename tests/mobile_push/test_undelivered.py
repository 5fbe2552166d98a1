"""What no phone showed its person is told as an event, once; nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from banshi import Message
from banshi.kernel.tables.outbox import OutboxRow
from banshi.testing import open_door
from mobile_push.delivery.service import deliver
from mobile_push.inbox.undelivered import UNDELIVERED, tell_lost
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.models import Delivery, InboxMessage, Silence
from tests.mobile_push.conftest import TRAFFIC, hurry
from tests.mobile_push.test_fan_out import phones
from tests.waiting import until

HOOKS = Path(__file__).with_name("undelivered_listener")


async def test_of_everybody_those_are_told_of_whom_no_phone_of_theirs_could_show_it_and_once(
    tmp_path: Path, sandbox: FcmSandbox, database: str, message: Callable[..., Message], monkeypatch: object
) -> None:
    hurry(monkeypatch)  # type: ignore[arg-type]
    key = sandbox.service_account_file(tmp_path / "key.json")
    fcm = {"service_account_file": str(key), "base_url": sandbox.base_url}
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC, "mobile_push": "mobile_push", "listener": HOOKS}
    settings = {"mobile_push": {"fcm": fcm}}
    async with open_door(tmp_path, plugins, settings=settings, platform={"database": database}) as door:
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
        live = [message(one, case_id=case) for one in people]
        others = [
            message("nobody", case_id=case, mode="test"),
            message("nobody", case_id=case, kind="notice"),
            message("nobody"),
        ]
        for _ in range(2):
            await deliver(door.platform, [*live, *others])
        await until(lambda: _none_due())
        told = [live[number].id for number in (0, 1, 6)]
        await until(lambda: _told(told))
        # What somebody has read in the app meanwhile, and what is settled once more, is told no more.
        await InboxMessage.filter(id=live[1].id).update(read_at=datetime.now(UTC))
        await tell_lost(door.platform, [row.id for row in await Delivery.all()])
        assert await _told(told)


async def _none_due() -> bool:
    return not await Delivery.filter(state="due").exists()


async def _told(wanted: list[str]) -> bool:
    rows = await OutboxRow.filter(topic=UNDELIVERED)
    assert all(row.payload["data"].keys() == {"case", "message"} for row in rows)
    return sorted(row.payload["subject"] for row in rows) == sorted(wanted)

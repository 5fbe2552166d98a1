"""A platform with mobile_push and a great many phones, for what measures it from within. All data is made up."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from banshi.app import loaded, open_platform
from banshi.foundation import logs
from banshi.foundation.database import bulk
from banshi.kernel.loading.configuration import read_configuration
from benchmarks.shared.cities import PUSH, city, fcm
from mobile_push.broadcasts import publication
from mobile_push.delivery.service import PUSH as SERVICE
from mobile_push.tables.models import Broadcast, Chunk, Delivery, Device, FanOut, InboxMessage
from tests.waiting import until

LINK = "/v1/cases/019abcde-0000-7000-8000-000000000000"
TTL = 86_400

#: Where the phones of the first wave are at home, and those of the second.
WARM, COUNTED = "110101", "120101"

TEXTS = {"zh-CN": "禁区通行证：已批准", "en": "Restricted-zone vehicle pass: approved"}

#: Rows of one statement, and seconds until all of a broadcast is dealt with.
BATCH, DONE_S = 10_000, 600.0


def token_of(number: int) -> str:
    """A registration token of the length that FCM's have."""
    return f"{number:022d}:APA91b{'x' * 134}"


def message_id(number: int) -> str:
    return f"019abcde-0000-7000-8000-{number:012x}"


def device_id(number: int) -> UUID:
    return UUID(int=(0x01990000_0000_7000_8000 << 48) + number)


@asynccontextmanager
async def opened(file: Path) -> AsyncIterator[Any]:
    """The platform of a plugins.toml, within this process, which logs as one that serves."""
    logs.configure("info")
    async with open_platform(loaded(read_configuration(file))) as platform:
        yield platform


def platform_of(plan: Mapping[str, Any]) -> AbstractAsyncContextManager[Any]:
    """A platform whose FCM is the provider of the plan; its database is new, or the plan's own."""
    folder = Path(plan["folder"])
    push = {"fcm": fcm(folder, plan["url"], per_minute=plan.get("per_minute"))}
    own = folder / f"own-{time.time_ns()}"
    return opened(city(own, PUSH, settings={"mobile_push": push}, database=plan.get("database")))


#: What a phone's address looks like, by provider.
ADDRESSES: Mapping[str, Callable[[int], str]] = {"apns": "{:064x}".format, "jpush": "1104a89792{:010d}".format}


async def phones(platform: Any, count: int, warm: int = 0, *, first: int = 0, provider: str = "fcm") -> None:
    """So many people with a phone each, numbered from `first`, those before `warm` in another city than the rest."""
    now, end = datetime.now(UTC), first + count
    same = {"provider": provider, "platform": "android", "language": "zh-CN", "created_at": now, "seen_at": now}
    address = ADDRESSES.get(provider, token_of)
    for start in range(first, end, BATCH):
        rows = [
            Device(
                id=device_id(number),
                person=f"person-{number}",
                token=address(number),
                token_hash=f"{number:064x}",
                division=WARM if number < warm else COUNTED,
                **same,
            )
            for number in range(start, min(start + BATCH, end))
        ]
        await bulk.insert(platform.store.connection, Device, rows)


async def messages(platform: Any, first: int, end: int) -> None:
    """A message in the inbox of each of these people, and a delivery of it that is not yet due."""
    later, expires = int(time.time() * 1000) + 86_400_000, int((time.time() + TTL) * 1000)
    same = {"seq": 1, "kind": "case", "title": TEXTS, "body": TEXTS, "link": LINK, "created_at": datetime.now(UTC)}
    due = {"provider": "fcm", "not_before": later, "expires": expires}
    for start in range(first, end, BATCH):
        inbox, deliveries = [], []
        for number in range(start, min(start + BATCH, end)):
            message, device = UUID(message_id(number)), device_id(number)
            inbox.append(InboxMessage(id=message, person=f"person-{number}", **same))
            deliveries.append(Delivery(id=number + 1, message_id=message, device_id=device, **due))
        for model, rows in ((InboxMessage, inbox), (Delivery, deliveries)):
            await bulk.insert(platform.store.connection, model, rows)


async def drafted(platform: Any, kind: str, audience: Mapping[str, Any], *, store: bool = True, **more: Any) -> Any:
    """A broadcast that is about to be published; where `store` is not, it still has to be stored."""
    now = platform.now()
    texts = {"department": "traffic", "title": TEXTS, "body": TEXTS, "link": "/v1/notices/019abcde", **more}
    times = {"created_at": now, "expires_at": now + timedelta(seconds=TTL)}
    row = Broadcast(kind=kind, state="draft", audience=audience, author="benchmark", **texts, **times)
    if store:
        await row.save()
    return row


async def published(
    platform: Any, kind: str = "notice", *, providers: Collection[str] | None = None, **audience: Any
) -> Any:
    """A broadcast that has just been published, through the platform's providers or those that are named."""
    push, draft = platform[SERVICE], await drafted(platform, kind, audience)
    one = await publication.publish(platform, draft, push.couriered if providers is None else providers)
    await push.announce()
    return one


async def planned(one: Any) -> None:
    """Wait until every phone of the broadcast lies in a chunk."""
    await until(lambda: _none_due(FanOut, one), DONE_S)


async def dealt_with(one: Any) -> dict[str, int]:
    """Wait until every phone of the broadcast is dealt with; what became of them."""
    await planned(one)
    await until(lambda: _none_due(Chunk, one), DONE_S)
    total: Counter[str] = Counter()
    for outcomes in await Chunk.filter(broadcast_id=one.id).values_list("outcomes", flat=True):
        total.update(outcomes)
    return dict(total)


async def _none_due(model: Any, one: Any) -> bool:
    return not await model.filter(broadcast_id=one.id, state="due").exists()

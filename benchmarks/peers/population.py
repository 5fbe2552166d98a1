"""A platform with mobile_push and a great many phones, for what measures it from within. All data is made up."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

LINK = "/v1/cases/019abcde-0000-7000-8000-000000000000"
TTL = 86_400

#: Where the phones of the first wave are at home, and those of the second.
WARM, COUNTED = "110101", "120101"

TEXTS = {"zh-CN": "禁区通行证：已批准", "en": "Restricted-zone vehicle pass: approved"}

#: Rows of one statement.
BATCH = 10_000


def token_of(number: int) -> str:
    """A registration token of the length that FCM's have."""
    return f"{number:022d}:APA91b{'x' * 134}"


def message_id(number: int) -> str:
    return f"019abcde-0000-7000-8000-{number:012x}"


def device_id(number: int) -> UUID:
    return UUID(int=(0x01990000_0000_7000_8000 << 48) + number)


def platform_of(plan: Mapping[str, Any]) -> Any:
    """The registry of a platform whose FCM is the provider of the plan; its database is new, or the plan's own."""
    from banshi.app import loaded
    from banshi.kernel.loading.configuration import read_configuration

    folder = Path(plan["folder"])
    file = folder / f"plugins-{time.time_ns()}.toml"
    database = f'database = "{plan["database"]}"\n' if plan.get("database") else ""
    per_minute = f"per_minute = {plan['per_minute']}\n" if plan.get("per_minute") else ""
    file.write_text(
        f'[platform]\ndata = "data-{time.time_ns()}"\n{database}'
        '[plugins.mobile_push]\npackage = "mobile_push"\napi = 1\n'
        "[plugins.mobile_push.settings.fcm]\n"
        f'service_account_file = "{folder / "account.json"}"\n'
        f'base_url = "{plan["url"]}/v1/projects"\n'
        f'ca_file = "{folder / "ca.pem"}"\n{per_minute}'
    )
    return loaded(read_configuration(file))


async def phones(platform: Any, count: int, warm: int = 0, *, first: int = 0) -> None:
    """So many people with a phone each, numbered from `first`, those before `warm` in another city than the rest."""
    store = platform.store
    columns = "id, person, provider, token, token_hash, platform, language, created_at, seen_at, division"
    marks = ", ".join(store.placeholders(10))
    sql = f"INSERT INTO push_device ({columns}) VALUES ({marks})"
    now: Any = datetime.now(UTC)
    if store.dialect == "sqlite":
        now = now.isoformat(sep=" ")
    end = first + count
    for start in range(first, end, BATCH):
        rows = [
            [
                key(store, device_id(number)),
                f"person-{number}",
                "fcm",
                token_of(number),
                f"{number:064x}",
                "android",
                "zh-CN",
                now,
                now,
                WARM if number < warm else COUNTED,
            ]
            for number in range(start, min(start + BATCH, end))
        ]
        await store.connection.execute_many(sql, rows)


async def messages(platform: Any, first: int, end: int) -> None:
    """A message in the inbox of each of these people, and a delivery of it that is not yet due."""
    store = platform.store
    now: Any = datetime.now(UTC)
    if store.dialect == "sqlite":
        now = now.isoformat(sep=" ")
    texts = orjson.dumps(TEXTS).decode()
    marks = ", ".join(store.placeholders(9))
    columns = "id, person, seq, kind, title, body, link, created_at, case_id"
    inbox = f"INSERT INTO push_inbox_message ({columns}) VALUES ({marks})"
    marks = ", ".join(store.placeholders(9))
    due = (
        "INSERT INTO push_delivery (id, message_id, device_id, provider, not_before, expires, state, code, "
        f"provider_message, lease_until, attempts, lane) VALUES ({marks}, 0, 0, 0)"
    )
    later, expires = int(time.time() * 1000) + 86_400_000, int((time.time() + TTL) * 1000)
    for start in range(first, end, BATCH):
        numbers = range(start, min(start + BATCH, end))
        await store.connection.execute_many(
            inbox,
            [
                [key(store, UUID(message_id(n))), f"person-{n}", 1, "case", texts, texts, LINK, now, None]
                for n in numbers
            ],
        )
        await store.connection.execute_many(
            due,
            [
                [
                    *(n + 1, key(store, UUID(message_id(n))), key(store, device_id(n)), "fcm"),
                    *(later, expires, "due", "", ""),
                ]
                for n in numbers
            ],
        )


async def published(
    platform: Any, kind: str = "notice", *, providers: Collection[str] | None = None, **audience: Any
) -> Any:
    """A broadcast that has just been published, through the platform's providers or those that are named."""
    from mobile_push.broadcasts import publication
    from mobile_push.delivery.service import PUSH
    from mobile_push.tables.models import Broadcast

    now, push = platform.now(), platform[PUSH]
    draft = await Broadcast.create(
        kind=kind,
        department="traffic",
        state="draft",
        title=TEXTS,
        body=TEXTS,
        link="/v1/notices/019abcde",
        audience=audience,
        author="benchmark",
        created_at=now,
        expires_at=now + timedelta(seconds=TTL),
    )
    one = await publication.publish(platform, draft, push.couriered if providers is None else providers)
    await push.announce()
    return one


async def planned(one: Any, seconds: float = 600) -> None:
    """Wait until every phone of the broadcast lies in a chunk."""
    from mobile_push.tables.models import FanOut

    async with asyncio.timeout(seconds):
        while await FanOut.filter(broadcast_id=one.id, state="due").exists():  # noqa: ASYNC110 - nobody else tells
            await asyncio.sleep(0.05)


async def dealt_with(one: Any, seconds: float = 600) -> dict[str, int]:
    """Wait until every phone of the broadcast is dealt with; what became of them."""
    from mobile_push.tables.models import Chunk

    await planned(one, seconds)
    async with asyncio.timeout(seconds):
        while await Chunk.filter(broadcast_id=one.id, state="due").exists():  # noqa: ASYNC110 - nobody else tells
            await asyncio.sleep(0.02)
    total: Counter[str] = Counter()
    for outcomes in await Chunk.filter(broadcast_id=one.id).values_list("outcomes", flat=True):
        total.update(outcomes)
    return dict(total)


def key(store: Any, identity: UUID) -> Any:
    return str(identity) if store.dialect == "sqlite" else identity

"""The audit of a running platform: each entry is marked as it is written, and the process that leads seals them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import structlog

from banshi.builtin.audit.chain import newest_seal, seal_all
from banshi.builtin.audit.key import AuditKey, audit_key
from banshi.builtin.audit.marks import stamp
from banshi.builtin.leading.leader_election import led
from banshi.foundation.background import working
from banshi.foundation.keys import Key
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import CaseEvent

log = structlog.get_logger("banshi.audit")

#: Seconds between two rounds. Each makes a seal where anything has happened: a shorter pause is mostly more seals.
ROUND_S = 60.0

AUDIT: Key[AuditKey] = Key("audit")


@asynccontextmanager
async def open_audit(platform: Platform) -> AsyncIterator[AuditKey]:
    """The audit's key. What is written from here on is marked, and sealed within a minute."""
    key = await asyncio.to_thread(audit_key, platform.settings.keys_folder)
    newest = await newest_seal()
    if newest is not None and newest.kid != key.kid:
        advice = "copy audit.key of the keys folder from the machine that made the last seal, and start again"
        log.error("the audit was sealed with another key than this machine has", kid=newest.kid, advice=advice)
    platform.store.before_insert(CaseEvent, partial(stamp, key))

    async def seal() -> None:
        await seal_all(platform.store, key, platform.now())

    failed = "the audit could not be sealed; it is tried again"
    async with working("banshi-audit", partial(led, platform, ROUND_S, seal, failed)):
        yield key

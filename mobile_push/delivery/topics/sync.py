"""Tells a provider who follows its topics: the one process that carries the changes out, a thousand in a call.

The newest wish for a phone and a topic is one row, and one process at a time carries them out, one call after the
other for each: so two changes never overtake each other. A change is ticked off when the provider has done it and no
message to topics is under way, which would else miss a phone between the two.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from prometheus_client import Gauge
from tortoise.transactions import in_transaction

from banshi import Platform
from banshi.sdk.database import as_read, quoted
from banshi.sdk.operations import woken
from mobile_push.audience.topic_names import SETTLING_S, under_way
from mobile_push.delivery.claims.delivery_job import pause_before
from mobile_push.delivery.leases import free
from mobile_push.delivery.metrics import Teller, log
from mobile_push.delivery.topics.changes import PHONES, wished, write_down
from mobile_push.providers.provider import Outcome, Receipt, TopicProvider
from mobile_push.settings import PushSettings
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import Device, TopicChange, TopicRound

#: Changes in one call, and in a second: Google's limits. Calls that are under way together.
MAX_CHANGES_A_CALL, MAX_CHANGES_A_SECOND, MAX_CALLS = 1000, 3000, 4

#: Phones that were there before whose changes are written down in one step.
MAX_PHONES_A_STEP = 1000

#: Seconds between two looks where no change is due, by which the lease is kept, and between two tries of a change that
#: the provider refuses. The phone is sent to by its token meanwhile.
LOOK_S, REFUSED_PAUSE_S = 5.0, 86_400.0

#: A row of `push_topic_change`.
Change = Mapping[str, Any]


class TopicSync:
    """Keeps the topics of one provider."""

    def __init__(self, platform: Platform, provider: TopicProvider, settings: PushSettings) -> None:
        self._platform = platform
        self._store = platform.store
        self._provider = provider
        self._settings = settings
        self._teller = Teller(provider.name)
        self._waiting = Gauge("banshi_push_topic_changes", "Changes to be carried out", registry=platform.metrics)
        self._holder = secrets.token_hex(16)
        self._leased = -settings.lease
        self._wake = asyncio.Event()
        own, clock = f"provider = {quoted(provider.name)}", platform.store.clock
        change = f"push_topic_change WHERE {own} AND not_before <= {clock} AND {platform.store.not_held}"
        active = f"SELECT 1 FROM push_topic_round WHERE {own} AND active"  # noqa: S608 - ours
        waits = f"EXISTS ({active} AND NOT complete) OR EXISTS (SELECT 1 FROM {change})"  # noqa: S608
        platform.store.pulse.when("topics", f"({active}) mine WHERE {waits}", self._wake.set)
        #: `time.monotonic()` until which the provider asked for silence.
        self._rests_until = 0.0

    async def run(self) -> None:
        """Carry changes out until cancelled."""
        try:
            while True:
                try:
                    busy = await self.step()
                except Exception as error:  # the database is away; what is due stays due, so keep asking
                    log.error("topics can't be kept", provider=self._provider.name, error=type(error).__name__)
                    busy = False
                if not busy:
                    await woken(self._wake, min(LOOK_S, self._settings.lease / 4))
                    self._wake.clear()
        finally:
            await asyncio.shield(self._release())

    async def step(self) -> bool:
        """Carry out what is due, or write down what has to be; whether there was anything."""
        if time.monotonic() < self._rests_until:
            return False
        asked = time.monotonic()
        round_ = await self._lead(asked)
        if round_ is None:
            return False
        changes = await self._due()
        if changes:
            # Google's topics may hang on the app's installation and not on its token: leaving with the old token comes
            # before following with the new one, or it could undo it.
            for follow in (False, True):
                await self._call_all(follow, [change for change in changes if bool(change["follow"]) is follow])
            # The rate holds on average over this step.
            await asyncio.sleep(max(0.0, asked + len(changes) / MAX_CHANGES_A_SECOND - time.monotonic()))
        if not round_["complete"] and len(changes) < MAX_CHANGES_A_SECOND:
            await self._write_down_next(round_)
            return True
        return bool(changes)

    async def _lead(self, now: float) -> Mapping[str, Any] | None:
        """The round, where this is the process that carries its changes out."""
        store, mark = self._store, Marks(self._store)
        if now - self._leased < self._settings.lease / 4:
            rows = await mark.rows(
                "SELECT round, through, complete FROM push_topic_round "  # noqa: S608 - marks, not values
                f"WHERE provider = {mark(self._provider.name)} AND active AND holder = {mark(self._holder)}"
            )
            return rows[0] if rows else None
        # Waiting for what was under way when topics were turned on is written as a lease too.
        lasts = max(self._settings.lease, SETTLING_S)
        own, lease = mark(self._holder), mark(int(self._settings.lease * 1000))
        rows = await mark.rows(
            f"UPDATE push_topic_round SET holder = {own}, lease_until = {store.clock} + {lease} "  # noqa: S608
            f"WHERE provider = {mark(self._provider.name)} AND active AND (holder = {own} "
            f"OR {free(store.clock, lasts)}) RETURNING round, through, complete"
        )
        if not rows:
            return None
        self._leased = now
        self._waiting.set(await TopicChange.filter(provider=self._provider.name).count())
        return rows[0]

    async def _release(self) -> None:
        await TopicRound.filter(provider=self._provider.name, holder=self._holder).update(lease_until=0)

    # -- carrying out --------------------------------------------------------------------------------------------

    async def _due(self) -> Sequence[Change]:
        store, mark = self._store, Marks(self._store)
        provider = mark(self._provider.name)
        rows = await mark.rows(
            "SELECT id, token_hash, token, topic, follow, version, attempts FROM push_topic_change "  # noqa: S608
            f"WHERE provider = {provider} AND not_before <= {store.clock} AND {store.not_held} "
            f"AND NOT {under_way(provider)} ORDER BY not_before, id LIMIT {mark(MAX_CHANGES_A_SECOND)}"
        )
        return [{**row, "token": as_read(TopicChange, "token", row["token"])} for row in rows]

    async def _call_all(self, follow: bool, changes: Sequence[Change]) -> None:
        groups: dict[str, list[Change]] = defaultdict(list)
        # In the order in which they are written down, so that no two transactions wait for each other's rows.
        for change in sorted(changes, key=lambda change: str(change["token_hash"])):
            groups[change["topic"]].append(change)
        calls = iter(
            (topic, group[start : start + MAX_CHANGES_A_CALL])
            for topic, group in groups.items()
            for start in range(0, len(group), MAX_CHANGES_A_CALL)
        )

        async def call_on() -> None:
            for topic, some in calls:
                # A call that outlived our lease could be overtaken by a later change.
                if time.monotonic() - self._leased > self._settings.lease - self._provider.longest_send:
                    return
                if time.monotonic() < self._rests_until:
                    return
                await self._settle(some, follow, await self._call(topic, follow, some))

        async with asyncio.TaskGroup() as tasks:
            for _ in range(min(MAX_CALLS, len(groups) + len(changes) // MAX_CHANGES_A_CALL)):
                tasks.create_task(call_on())

    async def _call(self, topic: str, follow: bool, changes: Sequence[Change]) -> Sequence[Receipt]:
        call = self._provider.subscribe if follow else self._provider.unsubscribe
        try:
            receipts = await call(topic, [change["token"] for change in changes])
        except Exception as error:  # a provider that breaks its word: these changes wait, and all others go on
            self._teller.tell("a push provider failed to change topics", type(error).__name__)
            receipts = [Receipt(Outcome.RETRY, "provider-failed")] * len(changes)
        for receipt in receipts:
            if receipt.outcome is Outcome.MISCONFIGURED:
                self._teller.tell(
                    "the push project may not change topics; phones are sent to by token until it is mended",
                    receipt.code,
                )
            if receipt.retry_after:
                self._rests_until = max(self._rests_until, time.monotonic() + receipt.retry_after)
        return receipts

    async def _settle(self, changes: Sequence[Change], follow: bool, receipts: Sequence[Receipt]) -> None:
        done, refused, later = [], [], []
        for change, receipt in zip(changes, receipts, strict=True):
            if receipt.outcome is Outcome.ACCEPTED or (receipt.outcome is Outcome.REJECTED and not follow):
                done.append(change)
            elif receipt.outcome is Outcome.REJECTED or receipt.outcome is Outcome.DEAD_TOKEN:
                refused.append((change, receipt, REFUSED_PAUSE_S))
            else:
                later.append((change, receipt, pause_before(change["attempts"], receipt)))
        store, mark = self._store, Marks(self._store)
        identity, version = mark("id"), mark("version")
        # A later wish than the one that was carried out stays.
        ours = f"WHERE id = {identity} AND version = {version}"
        sql = f"DELETE FROM push_topic_change {ours} AND NOT {under_way(mark('provider'))}"  # noqa: S608
        if done:
            rows = [[one["id"], one["version"], self._provider.name] for one in done]
            await store.connection.execute_many(sql, rows)
        if refused:
            # Where the phone is gone, nothing is left to be done.
            sql = (
                f"DELETE FROM push_topic_change {ours} AND NOT EXISTS "  # noqa: S608
                "(SELECT 1 FROM push_device d WHERE d.token_hash = push_topic_change.token_hash)"
            )
            values = [[change["id"], change["version"]] for change, _, _ in refused]
            await store.connection.execute_many(sql, values)
        # In the same order again.
        if postponed := sorted([*refused, *later], key=lambda one: str(one[0]["token_hash"])):
            wait, code, identity, version = store.placeholders(4)
            sql = (
                f"UPDATE push_topic_change SET attempts = attempts + 1, not_before = {store.clock} + {wait}, "  # noqa: S608
                f"code = {code} WHERE id = {identity} AND version = {version}"
            )
            rows = [
                [int(pause * 1000), receipt.code[:64], change["id"], change["version"]]
                for change, receipt, pause in postponed
            ]
            await store.connection.execute_many(sql, rows)

    # -- those who were there before -----------------------------------------------------------------------------

    async def _write_down_next(self, round_: Mapping[str, Any]) -> None:
        """Write down what the next phones are to follow that were there before topics were turned on."""
        name = self._provider.name
        last = UUID(round_["through"]) if round_["through"] else UUID(int=0)
        phones = Device.filter(provider=name, id__gt=last).order_by("id").limit(MAX_PHONES_A_STEP)
        found: Any = await phones.values_list("id", flat=True)
        ended = len(found) < MAX_PHONES_A_STEP
        through = str(found[-1]) if found else round_["through"]
        rows: Sequence[Mapping[str, Any]] = ()
        if found:
            mark = Marks(self._store)
            of = f"d.provider = {mark(name)} AND d.id > {mark(last)} AND d.id <= {mark(found[-1])}"
            rows = await mark.rows(f"{PHONES} WHERE {of}")
        changes = [(place, whose, True) for place, whose in wished(rows, {name: round_["round"]}).items()]
        own = TopicRound.filter(provider=name, active=True, holder=self._holder, round=round_["round"])
        async with in_transaction() as connection:
            taken = await own.using_db(connection).update(through=through, complete=ended)
            if taken:
                # Whoever changed something since the rows were read has written it down, and knows better.
                await write_down(self._platform, connection, changes, unless_known=True)
        if taken and ended:
            log.info("alerts go by topic from now on: everybody who was there is written down", provider=name)
        if not round_["through"]:
            await self._forget_earlier_rounds(round_["round"])

    async def _forget_earlier_rounds(self, round_: str) -> None:
        """Nothing is sent to the topics of an earlier round any more, so nobody has to be told who follows them."""
        mark = Marks(self._store)
        provider = mark(self._provider.name)
        await mark.change(
            f"DELETE FROM push_topic_change WHERE provider = {provider} "  # noqa: S608
            f"AND topic NOT LIKE {mark(f'{round_}.%')} AND NOT {under_way(provider)}"
        )

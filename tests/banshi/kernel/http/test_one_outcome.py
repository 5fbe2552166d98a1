"""An Idempotency-Key has one outcome, whichever process is asked, whoever hangs up and whatever is killed."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from tortoise.exceptions import DBConnectionError

from banshi.foundation.database.store import Store
from banshi.foundation.database.writes import Write
from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.idempotency import IdempotencyKey
from banshi.kinds.appointment.models import Booking, Slot
from banshi.testing import Reply
from tests.town.parts import visits
from tests.town.town import Town, open_town
from tests.tries import tries

#: Orders of what can happen to one key, and how many of them happen at once.
ORDERS, AT_ONCE = tries(30, 2_000), 6

#: Seconds that an order has, on a machine that has much else to do.
PATIENCE_S = 60


@pytest.fixture
async def offices(tmp_path: Path, database: str) -> AsyncIterator[tuple[Town, Town]]:
    """Two processes' worth of one office, on one database."""
    (tmp_path / "second").mkdir()
    async with (
        open_town(tmp_path, visits(minutes=5), database=database) as one,
        open_town(tmp_path / "second", visits(minutes=5), database=database) as two,
    ):
        yield one, two


async def to_come(office: Town) -> list[str]:
    """Slots of another day: they can be cancelled."""
    return [one["id"] for one in await office.slots()][40:]


def books(*writes: Write) -> bool:
    return any(isinstance(row, Booking) for write in writes for row in write.rows)


class Held:
    """A writer that stands still with the first booking, as behind a disk, until it is let go."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()
        real = store._transaction

        async def stands(writes: list[Write], wait_ms: int) -> Any:
            if books(*writes):
                self.begun.set()
                await self.go.wait()
            return await real(writes, wait_ms)

        monkeypatch.setattr(store, "_transaction", stands)


async def hang_up(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    # The server hears of it in turns of the same loop.
    await asyncio.sleep(0.2)


async def cancel(office: Town, name: str, case: str) -> None:
    reply = await insisting(lambda: office.door.citizen(name).delete(f"/v1/items/visit/appointments/{case}"))
    # It takes no key: whoever was not answered may be told that it is done.
    assert reply.status == 200 or reply.document["state"] == "cancelled", reply


@pytest.mark.parametrize("began", [False, True], ids=["waits", "began"])
async def test_who_was_told_that_a_slot_is_full_has_no_place_in_it_whatever_their_first_try_becomes(
    offices: tuple[Town, Town], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, *, began: bool
) -> None:
    """The first try hangs up while the writer stands; the last place goes, the second is refused elsewhere, and the
    place is free again when the first could be carried out."""
    here, there = offices
    await to_come(there)
    slot, another, *_ = await to_come(here)
    store = here.door.platform.store
    held = Held(store, monkeypatch)
    request.addfinalizer(held.go.set)
    if not began:
        before = asyncio.create_task(here.book(here.door.citizen("before"), another, key="before"))
        await held.begun.wait()
    first = asyncio.create_task(here.book(here.door.citizen("four"), slot, key="k"))
    while not (held.begun.is_set() if began else books(*(one.write for one in store._waiting))):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await hang_up(first)
    taken = (await there.book(there.door.citizen("six"), slot, key="six")).created()
    (await there.book(there.door.citizen("four"), slot, key="k")).problem(409, "slot-full")
    await cancel(there, "six", taken["id"])
    held.go.set()
    if not began:
        (await before).created()
    for office in (here, there):
        again = await office.book(office.door.citizen("four"), slot, key="k")
        again.problem(409, "slot-full")
        assert again.headers["Idempotency-Replayed"] == "true"
    assert not await Case.filter(person="four").exists()
    (await here.book(here.door.citizen("four"), slot, key="another")).created()


async def test_a_refusal_that_can_not_be_kept_is_not_given(
    offices: tuple[Town, Town], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = offices
    slot, *_ = await to_come(here)
    (await here.book(here.door.citizen("six"), slot, key="six")).created()

    async def away(*_: Any) -> Any:
        raise DBConnectionError("the server has gone")

    with monkeypatch.context() as outage:
        outage.setattr(here.door.platform.store, "_transaction", away)
        (await here.book(here.door.citizen("four"), slot, key="k")).problem(503, "unavailable")
    (await here.book(here.door.citizen("four"), slot, key="k")).problem(409, "slot-full")


async def test_what_was_refused_may_come_mended_under_its_key_and_of_several_one_is_made(
    offices: tuple[Town, Town],
) -> None:
    here, there = offices
    full, *free = await to_come(here)
    (await here.book(here.door.citizen("six"), full, key="six")).created()
    (await here.book(here.door.citizen("four"), full, key="k")).problem(409, "slot-full")
    made = (await there.book(there.door.citizen("four"), free[0], key="k")).created()
    (await here.book(here.door.citizen("four"), free[1], key="k")).problem(422, "idempotency-key-reused")
    (await there.book(there.door.citizen("four"), full, key="k")).problem(409, "slot-full")
    assert (await here.book(here.door.citizen("four"), free[0], key="k")).created()["id"] == made["id"]
    assert await Case.filter(person="four").count() == 1


async def test_what_decides_nothing_of_a_request_is_not_kept(offices: tuple[Town, Town]) -> None:
    """No token, and what can't be read: the same key goes on afterwards."""
    here, there = offices
    slot, *_ = await to_come(here)
    path, wish = "/v1/items/visit/appointments", {"slot": slot, "answers": {"name": "王"}}
    (await here.door.bearing("nothing").post(path, wish, key="k")).problem(401, "unauthenticated")
    (await here.door.citizen("four").post(f"{path}?no=1", wish, key="k")).problem(400, "invalid-parameter")
    assert not await IdempotencyKey.all().exists()
    (await there.door.citizen("four").post(path, wish, key="k")).created()


async def insisting(call: Callable[[], Any]) -> Reply:
    """Again and again until it is answered otherwise than by `come again`."""
    while True:
        reply: Reply = await call()
        if reply.status not in {429, 502, 503, 504} and reply.document.get("code") != "still-running":
            return reply
        await asyncio.sleep(0.02)


def told(reply: Reply) -> tuple[Any, ...]:
    """What an answer says became of it; nothing where it decides nothing."""
    document = reply.document
    if reply.status >= 429 or document.get("code") == "still-running":
        return ()
    return reply.status, document.get("id"), document.get("code")


class Dying:
    """A process that is killed now and then while it writes: before anything has come of it, or after all has."""

    def __init__(self, store: Store, chance: random.Random, monkeypatch: pytest.MonkeyPatch) -> None:
        self._real, self._chance, self.killed = store._transaction, chance, 0
        monkeypatch.setattr(store, "_transaction", self._dies)

    async def _dies(self, *given: Any) -> Any:
        drawn = self._chance.random()
        if drawn < 0.05:
            self.killed += 1
            raise DBConnectionError("killed before")
        if drawn < 0.15:
            await asyncio.sleep(self._chance.random() * 0.05)
        done = await self._real(*given)
        if drawn > 0.95:
            self.killed += 1
            raise DBConnectionError("killed after")
        return done


class Order:
    """What happens to one key of one person, at random; and to the last place of the slot that they want."""

    def __init__(self, offices: tuple[Town, Town], chance: random.Random, number: int, slot: str) -> None:
        self.offices, self.chance, self.slot = offices, chance, slot
        self.person, self.rival = f"person-{number}", f"rival-{number}"
        self.told: list[tuple[Any, ...]] = []
        self.events: list[str] = []

    async def book(self, name: str) -> Reply:
        office = self.chance.choice(self.offices)
        return await office.book(office.door.citizen(name), self.slot, key="k")

    async def attempt(self) -> None:
        await asyncio.sleep(self.chance.random() * 0.15)
        task = asyncio.create_task(self.book(self.person))
        if self.chance.random() < 0.6:
            await asyncio.sleep(self.chance.random() ** 2 * 0.2)
            if not task.done():
                self.events.append("hang-up")
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
                return
        self.told.append(told(await task))

    async def rivalry(self) -> None:
        await asyncio.sleep(self.chance.random() * 0.05)
        reply = await insisting(lambda: self.book(self.rival))
        if reply.status == 201 and self.chance.random() < 0.6:
            await asyncio.sleep(self.chance.random() * 0.3)
            await cancel(self.chance.choice(self.offices), self.rival, reply.document["id"])

    async def play(self, *more: Any) -> str:
        """Raises AssertionError where the key has had two answers, or another than what is there."""
        attempts = [self.attempt() for _ in range(self.chance.randint(1, 4))]
        rivalry = [self.rivalry()] if self.chance.random() < 0.8 else []
        await asyncio.gather(*attempts, *rivalry, *more)
        for _ in range(2):
            self.told.append(told(await insisting(lambda: self.book(self.person))))
        outcomes = {one for one in self.told if one}
        assert len(outcomes) == 1, (self.person, self.told, self.events)
        ((status, identity, code),) = outcomes
        cases = [str(one) for one in await Case.filter(person=self.person).values_list("id", flat=True)]
        assert cases == ([identity] if status == 201 else []), (self.person, self.told, cases)
        await self.leave()
        return str(code or status)

    async def leave(self) -> None:
        for case in await Case.filter(person__in=[self.person, self.rival], state="booked"):
            await cancel(self.offices[0], case.person, str(case.id))
        slot = await Slot.get(id=self.slot)
        assert slot.taken == 0, self.told


@asynccontextmanager
async def somebody_locks(database: str, chance: random.Random, slots: list[str]) -> AsyncIterator[None]:
    """A stranger's transaction on PostgreSQL that keeps a slot's row for a while, now and then."""
    if database.startswith("sqlite"):
        yield
        return
    import asyncpg

    server, _, query = database.partition("?")
    schema = dict(one.split("=") for one in query.split("&"))["schema"]
    settings = {"search_path": schema}

    async def locking() -> None:
        connection = await asyncpg.connect(server.replace("asyncpg:", "postgres:", 1), server_settings=settings)
        try:
            while True:
                async with connection.transaction():
                    locked = "SELECT 1 FROM appointment_slot WHERE id = ANY($1) FOR UPDATE"
                    await connection.execute(locked, chance.sample(slots, 2))
                    await asyncio.sleep(chance.random() * 0.5)
                await asyncio.sleep(chance.random() * 2)
        finally:
            await connection.close()

    task = asyncio.create_task(locking())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.timeout(7_200)
async def test_in_every_order_of_hang_up_kill_retry_elsewhere_refusal_and_success_a_key_has_one_outcome(
    offices: tuple[Town, Town], database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = int(os.environ.get("BANSHI_TEST_SEED", "7"))
    chance = random.Random(seed)
    dying = [Dying(one.door.platform.store, chance, monkeypatch) for one in offices]
    free = (await to_come(offices[0]))[: 2 * AT_ONCE]
    outcomes: Counter[str] = Counter()
    numbers = iter(range(ORDERS))

    async def orders() -> None:
        for number in numbers:
            slot = free.pop(0)
            async with asyncio.timeout(PATIENCE_S):
                outcomes[await Order(offices, chance, number, slot).play()] += 1
            free.append(slot)

    async with somebody_locks(database, chance, list(free)):
        await asyncio.gather(*(orders() for _ in range(AT_ONCE)))
    print(f"seed {seed}: {dict(outcomes)}, killed {[one.killed for one in dying]}")
    assert sum(outcomes.values()) == ORDERS
    assert {"201", "slot-full"} <= set(outcomes)

"""The one way to write keeps its word on both databases: all of a write or nothing, many in one transaction, the guilty
one fails alone, and whoever waits is answered, whatever happens to the disk, the server or the process."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tortoise import fields
from tortoise.context import TortoiseContext
from tortoise.exceptions import DBConnectionError, IntegrityError
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.schema_generator.state import State
from tortoise.models import Model
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from banshi.builtin.checks.code.tables import Detector
from banshi.builtin.passes.models import Counter
from banshi.foundation import column_comments
from banshi.foundation.database import bulk
from banshi.foundation.database.failover.fates import NotBegun
from banshi.foundation.database.opening import KERNEL, open_store, orm_config
from banshi.foundation.database.store import DRAIN_TIMEOUT_S, MAX_GROUPED_WRITES, Store
from banshi.foundation.database.writes import Stale, Update, Write
from banshi.foundation.errors import Unavailable
from banshi.kernel.outbox import outbox
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kernel.tables.idempotency import IdempotencyKey
from banshi.kernel.tables.outbox import OutboxRow
from banshi.kernel.tables.passes import Pass
from banshi.testing import Door, Person, open_door
from tests.banshi.foundation.database.beginner import begin
from tests.banshi.foundation.database.failover.doors_on_postgres import BOTH, Answers
from tests.harness.memory import prepared
from tests.places import TRAFFIC
from tests.processes.commands import FORKED
from tests.waiting import until


@pytest.fixture
def transactions(store: Store) -> list[frozenset[type[Model]]]:
    """What the listeners were told, transaction by transaction."""
    told: list[frozenset[type[Model]]] = []
    store.on_commit(told.append)
    return told


def row(name: str) -> OutboxRow:
    return OutboxRow(consumer="test", topic="test", payload={"name": name}, dedup=name)


async def present() -> set[str]:
    return {str(name) for name in await OutboxRow.all().values_list("dedup", flat=True)}


async def test_who_changes_any_number_of_rows_changes_those_of_writes_before_it_too(
    store: Store, transactions: list[frozenset[type[Model]]]
) -> None:
    """A phone takes a pass over, and in the same transaction the case's passes are revoked, whichever they are."""
    every = Update(OutboxRow, {"consumer": "test", "state": "due"}, {"state": "done"}, rows=None)
    writes = [Write(rows=[row("before")]), Write(updates=[every], rows=[row("with it")]), Write(rows=[row("after")])]
    await asyncio.gather(*(store.commit(write) for write in writes))
    assert len(transactions) == 1, "all of it in one transaction"
    states = dict(await OutboxRow.all().values_list("dedup", "state"))
    assert states == {"before": "done", "with it": "due", "after": "due"}


async def counter(name: str, value: int = 0) -> None:
    await Counter.create(name=name, value=value)


async def value_of(name: str) -> int:
    return int((await Counter.get(name=name)).value)


def add(name: str, before: int, **more: Any) -> Update:
    """Set a counter that has to stand at `before` to the next number."""
    return Update(Counter, {"name": name, "value": before}, {"value": before + 1}, **more)


def case(number: str) -> Case:
    now = "2026-11-24T00:00:00+00:00"
    texts = {
        "item": "zone-pass",
        "kind": "application",
        "department": "traffic",
        "state": "submitted",
        "person": "wang",
    }
    return Case(number=number, item_version=1, answers={"字": ["王"]}, created_at=now, updated_at=now, **texts)


def event(of: Case, version: int = 1) -> CaseEvent:
    now = "2026-11-24T00:00:00+00:00"
    texts = {"action": "submit", "state_before": "", "state": "submitted", "actor": "citizen"}
    return CaseEvent(case_id=of.id, version=version, at=now, **texts)


# Group commit


async def test_two_hundred_writes_at_once_share_a_few_transactions(
    store: Store, transactions: list[frozenset[type[Model]]]
) -> None:
    await asyncio.gather(*(store.commit(Write(rows=[row(f"row-{number}")])) for number in range(200)))
    assert len(await present()) == 200
    assert len(transactions) <= 5


async def test_a_single_write_waits_for_nobody(
    store: Store, transactions: list[frozenset[type[Model]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "GATHER_S", 3600.0)
    await store.commit(Write(rows=[row("one")]))
    assert await present() == {"one"}
    assert len(transactions) == 1


async def test_where_many_write_those_who_come_a_moment_later_are_in_the_same_transaction(
    store: Store, transactions: list[frozenset[type[Model]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "GATHER_S", 0.2)
    await asyncio.gather(*(store.commit(Write(rows=[row(f"first-{number}")])) for number in range(bulk.MANY)))
    before = len(transactions)
    second = asyncio.ensure_future(store.commit(Write(rows=[row("second")])))
    await asyncio.sleep(0.02)
    await asyncio.gather(second, *(store.commit(Write(rows=[row(f"later-{number}")])) for number in range(3)))
    assert len(transactions) == before + 1


async def test_rows_that_refer_to_each_other_are_written_whichever_comes_first(store: Store) -> None:
    one, two = case("1"), case("2")
    await asyncio.gather(
        store.commit(Write(rows=[event(one), one])), store.commit(Write(rows=[two, row("x"), event(two)]))
    )
    assert await CaseEvent.all().count() == 2


async def test_one_taken_key_among_many_fails_alone(store: Store) -> None:
    await store.commit(Write(rows=[row("taken")]))
    names = [f"row-{number}" for number in range(30)] + ["taken"] + [f"later-{number}" for number in range(30)]
    results = await asyncio.gather(*(store.commit(Write(rows=[row(name)])) for name in names), return_exceptions=True)
    failed = [name for name, result in zip(names, results, strict=True) if result is not None]
    assert failed == ["taken"]
    assert isinstance(results[30], IntegrityError)
    assert await present() == set(names)


async def test_a_row_that_refers_to_nothing_fails_alone_and_all_of_its_write_with_it(store: Store) -> None:
    good, lost = case("good"), case("never written")
    results = await asyncio.gather(
        store.commit(Write(rows=[good, event(good)])),
        store.commit(Write(rows=[row("beside the lost"), event(lost)])),
        store.commit(Write(rows=[row("other")])),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None), IntegrityError, type(None)]
    assert await present() == {"other"}
    assert await CaseEvent.all().count() == 1


async def test_of_many_who_change_the_same_row_one_wins_and_the_others_are_told_that_it_is_stale(store: Store) -> None:
    await counter("version", 1)
    writes = [Write(updates=[add("version", 1)], rows=[row(f"by-{number}")]) for number in range(20)]
    results = await asyncio.gather(*(store.commit(write) for write in writes), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NoneType"] + ["Stale"] * 19
    assert await value_of("version") == 2
    assert await present() == {f"by-{results.index(None)}"}


async def test_a_second_update_that_is_stale_takes_the_first_and_the_rows_back_and_nobody_elses(store: Store) -> None:
    for name in ("guard", "second", "other"):
        await counter(name, 1)
    results = await asyncio.gather(
        store.commit(Write(updates=[add("other", 1)], rows=[row("other")])),
        store.commit(Write(updates=[add("guard", 1), add("second", 99)], rows=[row("half")])),
        store.commit(Write(rows=[row("another")])),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None), Stale, type(None)]
    assert [await value_of(name) for name in ("guard", "second", "other")] == [1, 1, 2]
    assert await present() == {"other", "another"}


async def test_an_update_of_any_number_of_rows_is_never_stale(store: Store) -> None:
    await counter("guard", 1)
    revokes_none = Update(Counter, {"name__in": ["a", "b"]}, {"value": 0}, rows=None)
    await store.commit(Write(updates=[add("guard", 1), revokes_none]))
    assert await value_of("guard") == 2


async def test_the_first_of_two_writes_of_one_group_makes_the_second_stale(store: Store) -> None:
    """Both are in one transaction: the second sees what the first did."""
    await counter("version", 1)
    first, second, third = await asyncio.gather(
        store.commit(Write(updates=[add("version", 1)])),
        store.commit(Write(updates=[add("version", 1)])),
        store.commit(Write(updates=[add("version", 2)])),
        return_exceptions=True,
    )
    assert (first, type(second), third) == (None, Stale, None)
    assert await value_of("version") == 3


async def test_the_listeners_are_told_which_tables_have_changed_and_not_of_what_failed(
    store: Store, transactions: list[frozenset[type[Model]]]
) -> None:
    await counter("version", 1)
    one = case("1")
    await store.commit(Write(updates=[add("version", 1)], rows=[one, event(one)]))
    with pytest.raises(Stale):
        await store.commit(Write(updates=[add("version", 1)], rows=[row("x")]))
    assert transactions[0] == {Counter, Case, CaseEvent}
    assert all(OutboxRow not in models for models in transactions)


async def test_a_listener_that_fails_holds_up_neither_the_writes_nor_the_other_listeners(
    store: Store, transactions: list[frozenset[type[Model]]]
) -> None:
    def broken(_: frozenset[type[Model]]) -> None:
        raise RuntimeError("a listener")

    store.on_commit(broken)
    after: list[Any] = []
    store.on_commit(after.append)
    for name in ("one", "two"):
        async with asyncio.timeout(30):
            await store.commit(Write(rows=[row(name)]))
    assert len(transactions) == len(after) == 2


# Who leaves, and who closes


async def test_whoever_leaves_leaves_all_or_nothing_and_takes_nobody_down(store: Store) -> None:
    cases = [case(f"{number:03}") for number in range(60)]
    tasks = [asyncio.create_task(store.commit(Write(rows=[one, event(one), row(one.number)]))) for one in cases]
    for position, task in enumerate(tasks):
        if position % 3 == 0:
            # Some before they have begun, some while the transaction is under way.
            await asyncio.sleep(0)
            task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    stayed = {one.number for position, (one, result) in enumerate(zip(cases, results, strict=True)) if result is None}
    assert len(stayed) >= 40
    written = {str(number) for number in await Case.all().values_list("number", flat=True)}
    assert stayed <= written
    assert await present() == written
    assert await CaseEvent.all().count() == len(written)
    await store.commit(Write(rows=[row("afterwards")]))


async def test_closing_the_store_answers_everybody_who_waits_and_what_was_confirmed_is_there(database: str) -> None:
    async with open_store(database, {}) as store:
        tasks = [asyncio.create_task(store.commit(Write(rows=[row(f"row-{number}")]))) for number in range(700)]
        await asyncio.sleep(0.002)
    async with asyncio.timeout(30):
        results = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(result) for result in results} <= {type(None), Unavailable}
    with pytest.raises(Unavailable, match="starting anew") as refused:
        await store.commit(Write(rows=[row("too late")]))
    assert refused.value.headers["Retry-After"]
    confirmed = {f"row-{number}" for number, result in enumerate(results) if result is None}
    async with open_store(database, {}):
        assert await present() == confirmed


async def test_closing_does_not_wait_for_ever_for_a_database_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banshi.foundation.database.store.DRAIN_TIMEOUT_S", 0.2)
    assert DRAIN_TIMEOUT_S > 0.2
    async with open_store(f"sqlite://{tmp_path / 'banshi.sqlite3'}", {}) as store:

        async def hangs(*_: Any) -> Any:
            await asyncio.sleep(3600)

        monkeypatch.setattr(store, "_transaction", hangs)
        tasks = [asyncio.create_task(store.commit(Write(rows=[row(f"row-{number}")]))) for number in range(300)]
        await asyncio.sleep(0.01)
        started = time.monotonic()
    assert time.monotonic() - started < 2
    async with asyncio.timeout(2):
        results = await asyncio.gather(*tasks, return_exceptions=True)
    # Of those under way nobody knows what became of them; the others were never begun.
    most = MAX_GROUPED_WRITES
    assert [type(result) for result in results] == [Unavailable] * most + [NotBegun] * (300 - most)


# Numbers


async def test_a_number_is_given_out_once_even_the_very_first(store: Store) -> None:
    numbers = await asyncio.gather(*(store.take_number("pass") for _ in range(50)))
    assert sorted(numbers) == list(range(1, 51))
    assert await store.take_number("another") == 1


async def test_a_number_whose_use_failed_is_not_given_out_again(store: Store) -> None:
    await store.commit(Write(rows=[row("taken")]))
    first = await store.take_number("pass")
    with pytest.raises(IntegrityError):
        await store.commit(Write(rows=[row("taken")]))
    assert await store.take_number("pass") == first + 1


# The disk and the database fail


async def execute(store: Store, statement: str) -> None:
    await store.connection.execute_query(statement)


async def counts() -> tuple[int, ...]:
    return tuple([await model.all().count() for model in (Case, CaseEvent, OutboxRow, IdempotencyKey)])


@asynccontextmanager
async def full_disk(store: Store) -> AsyncIterator[None]:
    """The database file can't grow by a page."""
    ((pages,),) = (tuple(one) for one in (await store.connection.execute_query("PRAGMA page_count"))[1])
    await execute(store, f"PRAGMA max_page_count = {pages}")
    try:
        yield
    finally:
        await execute(store, "PRAGMA max_page_count = 1073741823")


@pytest.mark.sqlite
async def test_a_full_disk_is_507_with_nothing_half_written_and_reads_go_on(bare_door: Door, answers: Answers) -> None:
    store, wang = bare_door.platform.store, bare_door.citizen("wang")
    body = {"answers": await answers(wang, purpose="满" * 200)}
    first = (await wang.post("/v1/items/zone-pass/cases", body)).created()
    await bare_door.settled()
    more = [{"answers": await answers(wang, purpose="满" * 200)} for _ in range(30)]
    async with full_disk(store):
        accepted = 0
        for number, one in enumerate(more):
            before = await counts()
            reply = await wang.post("/v1/items/zone-pass/cases", one, key=f"key-{number}")
            if reply.status == 507:
                break
            accepted += 1
            reply.created()
        reply.problem(507, "storage-full")
        assert await Case.all().count() == 1 + accepted
        assert (await counts())[3] == before[3]
        several = await asyncio.gather(
            *(
                wang.post("/v1/items/zone-pass/cases", one, key=f"several-{number}")
                for number, one in enumerate(more[-5:])
            )
        )
        assert {reply.status for reply in several} <= {201, 507}
        assert (await wang.get(first["links"]["self"])).ok()["id"] == first["id"]
        assert len((await wang.get("/v1/cases")).ok()["items"]) >= 1
        assert (await bare_door.anyone.get("/readyz")).status == 200
    repeated = (await wang.post("/v1/items/zone-pass/cases", more[number], key=f"key-{number}")).created()
    assert (await wang.get(repeated["links"]["self"])).ok()["state"] in {"submitted", "accepted"}
    events = await CaseEvent.filter(version=1).count()
    assert events == await Case.all().count()


@pytest.fixture
async def impatient(tmp_path: Path) -> AsyncIterator[Door]:
    """A platform that waits for another process's lock for three tenths of a second only."""
    url = f"sqlite://{tmp_path / 'banshi.sqlite3'}?busy_timeout=300"
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"database": url}) as door:
        yield door


@pytest.mark.sqlite
async def test_a_database_that_another_process_holds_is_503_with_retry_after_for_all_at_once(
    impatient: Door, answers: Answers, tmp_path: Path
) -> None:
    wang = impatient.citizen("wang")
    bodies = [{"answers": await answers(wang)} for _ in range(40)]
    other = sqlite3.connect(tmp_path / "banshi.sqlite3", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        replies = await asyncio.gather(
            *(wang.post("/v1/items/zone-pass/cases", body, key=f"k-{n}") for n, body in enumerate(bodies))
        )
        # Each alone would have waited as long again: twelve seconds in all.
        assert time.monotonic() - started < 6
        for reply in replies:
            reply.problem(503, "unavailable")
            assert int(reply.headers["Retry-After"]) > 0
        assert (await wang.get("/v1/cases")).ok()["items"] == []
        other.execute("ROLLBACK")
    finally:
        other.close()
    assert await counts() == (0, 0, 0, 0)
    for number, body in enumerate(bodies[:3]):
        (await wang.post("/v1/items/zone-pass/cases", body, key=f"k-{number}")).created()


@pytest.mark.sqlite
async def test_a_database_that_can_only_be_read_is_503_with_retry_after_and_reads_go_on(
    bare_door: Door, answers: Answers
) -> None:
    store, wang = bare_door.platform.store, bare_door.citizen("wang")
    body = {"answers": await answers(wang)}
    waiting = (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)})).created()
    await bare_door.settled()
    await execute(store, "PRAGMA query_only = ON")
    link = waiting["links"]["self"]
    approver = bare_door.staff("li", "traffic:approver")
    for reply in (
        await wang.post("/v1/items/zone-pass/cases", body),
        await approver.post(f"{link}/actions/approve"),
        await approver.put("/v1/traffic/zones/2/closure", {"reason": "x"}),
    ):
        reply.problem(503, "unavailable")
        assert reply.headers["Retry-After"]
    assert (await wang.get(link)).ok()["state"] == "accepted"
    await execute(store, "PRAGMA query_only = OFF")
    (await approver.post(f"{link}/actions/approve")).ok()


# Migrations


async def test_every_apps_models_are_what_its_migrations_make() -> None:
    """The kernel's, and those of every plugin in plugins.toml."""
    tables = prepared.all_tables()
    config = orm_config("sqlite://:memory:", tables)
    assert set(config["apps"]) == {KERNEL, *tables}
    assert {"traffic", "mobile_push"} <= set(config["apps"])
    async with TortoiseContext() as context:
        await context.init(config=config)
        assert context.apps is not None
        slow, quick = MigrationAutodetector(context.apps, config["apps"]), Detector(context.apps, config["apps"])
        assert await slow.changes() == await quick.changes() == []
        # `banshi check` leaves out the classes after each step, and it changes nothing.
        step_by_step, at_once = [await one._project_state() for one in (slow, quick)]
        assert described(at_once) == described(step_by_step)


def described(state: State) -> dict[tuple[str, str], Any]:
    """All that migrations say of models, and which classes were made."""
    return {
        key: (one.table, one.options, {name: field.describe(serializable=True) for name, field in one.fields.items()})
        for key, one in state.models.items()
        if state.apps.get_model(*key)
    }


class NamedAbove(Model):
    """Two of one name stand in this file."""


def named_twice() -> type[Model]:
    class NamedAbove(Model):
        #: Stands inside a function.
        inner = fields.IntField()

    return NamedAbove


class SaysMuch(Model):
    """A text that goes on at the margin.

    #: A line of a text at the margin.
    """

    #: In two lines,
    #: of {model}.
    place = fields.IntField()
    # For nobody.
    other = fields.IntField()


#: Of no column.
place = 1


def test_the_comments_of_columns_are_those_that_tortoise_finds() -> None:
    """Of every table of this repository, and of classes that are hard to read."""
    apps = orm_config("sqlite://:memory:", prepared.all_tables())["apps"]
    modules = {module for app in apps.values() for module in app["models"]}
    tables = [
        one
        for module in modules
        for one in vars(sys.modules[module]).values()
        if isinstance(one, type) and issubclass(one, Model)
    ]
    assert len(tables) > 50
    for table in (*tables, NamedAbove, named_twice(), SaysMuch):
        assert column_comments.comments_of(table) == prepared.read_comments(table), table
    assert column_comments.comments_of(SaysMuch)["place"] == "In two lines,\nof SaysMuch."


@pytest.mark.plain(why="an encrypted database begins with a note of its key")
async def test_all_migrations_apply_forward_from_empty_and_a_second_start_changes_nothing(empty_database: str) -> None:
    tables = prepared.all_tables()
    async with open_store(empty_database, tables) as store:
        applied = await recorded(store)
        assert {app for app, _, _ in applied} == {KERNEL, *tables}
        assert context_models(store)
        for model in context_models(store):
            assert await model.all().count() == 0
    async with open_store(empty_database, tables) as store:
        assert await recorded(store) == applied


async def recorded(store: Store) -> list[tuple[str, str, str]]:
    rows = await store.connection.execute_query_dict("SELECT app, name, applied_at FROM tortoise_migrations")
    return sorted((row["app"], row["name"], str(row["applied_at"])) for row in rows)


def context_models(store: Store) -> list[type[Model]]:
    assert store.context.apps is not None
    return [model for models in store.context.apps.values() for model in models.values()]


async def test_a_plugin_that_comes_later_gets_its_tables_and_one_that_goes_keeps_them(empty_database: str) -> None:
    tables = prepared.all_tables()
    async with open_store(empty_database, {"mobile_push": tables["mobile_push"]}):
        pass
    async with open_store(empty_database, tables) as store:
        assert {app for app, _, _ in await recorded(store)} == {KERNEL, *tables}
    async with open_store(empty_database, {}) as store:
        assert {app for app, _, _ in await recorded(store)} == {KERNEL, *tables}
        assert await store.connection.execute_query_dict("SELECT COUNT(*) AS n FROM traffic_zone_closure") == [{"n": 0}]


async def test_processes_that_start_together_on_an_empty_folder_all_work(empty_database: str, tmp_path: Path) -> None:
    """Tables, signing keys and the development key are made by whichever comes first."""
    go, lines, processes = FORKED.Event(), [], []
    for _ in range(2):
        ours, theirs = FORKED.Pipe()
        with theirs:
            given = tmp_path, BOTH, empty_database, go, theirs
            processes.append(FORKED.Process(target=begin, args=given, daemon=True))
            processes[-1].start()
        lines.append(ours)
    async with asyncio.timeout(60):
        assert [await asyncio.to_thread(line.recv) for line in lines] == ["ready", "ready"]
        go.set()
        found = [await asyncio.to_thread(line.recv) for line in lines]
    for process in processes:
        await asyncio.to_thread(process.join)
        assert process.exitcode == 0
    assert {one["status"] for one in found} == {200}
    # Whoever comes after them accepts what each of them signs.
    async with open_door(tmp_path, BOTH, platform={"database": empty_database}) as door:
        published = (await door.anyone.get("/v1/passes/keys")).ok()["keys"]
        assert {one["kid"] for one in found} <= {key["kid"] for key in published}
        for one in found:
            (await door.bearing(one["token"]).get("/v1/cases")).ok()


# The whole way, on both databases


async def test_an_application_goes_from_the_phone_to_the_scan_on_either_database(
    database: str, tmp_path: Path, answers: Answers
) -> None:
    async with open_door(tmp_path, BOTH, platform={"database": database}) as door:
        wang, approver = door.citizen("wang", name="王小明"), door.staff("li", "traffic:approver", "traffic:reviewer")
        phone = {"provider": "stream", "token": "phone-of-wang", "platform": "android"}
        assert (await wang.post("/v1/devices", phone, key="phone")).created() == (
            await wang.post("/v1/devices", phone, key="phone")
        ).created()
        today = door.platform.today().isoformat()
        document = {"answers": await answers(wang, valid_from=today, valid_until=today)}
        case_ = (await wang.post("/v1/items/zone-pass/cases", document, key="one")).created()
        assert (await wang.post("/v1/items/zone-pass/cases", document, key="one")).created()["id"] == case_["id"]
        other = {"answers": {**document["answers"], "plate": "川B12345"}}
        (await wang.post("/v1/items/zone-pass/cases", other, key="one")).problem(422, "idempotency-key-reused")
        await door.settled()
        link = case_["links"]["self"]
        assert [one["id"] for one in (await approver.get("/v1/worklist")).ok()["items"]] == [case_["id"]]
        (await approver.post(f"{link}/actions/return", {"reason": "请补正"})).ok()
        (await wang.post(f"{link}/actions/supplement", {"answers": document["answers"]})).ok()
        await door.settled()
        replies = await asyncio.gather(*(approver.post(f"{link}/actions/approve") for _ in range(5)))
        assert sorted(reply.status for reply in replies) == [200, 409, 409, 409, 409]
        await door.settled()
        await scanned(door, wang, link)
        inbox = (await wang.get("/v1/inbox", headers={"Accept-Language": "en"})).ok()["items"]
        assert [one["seq"] for one in inbox] == [1, 2, 3, 4, 5]
        assert [one["title"].split(": ")[0] for one in inbox] == [
            *("Accepted", "Please correct your application", "Accepted", "Approved", "The approval was taken back")
        ]
        assert await outbox.counts(door.platform.store) == {}


async def scanned(door: Door, person: Person, link: str) -> None:
    text = (await person.get(f"{link}/pass.txt")).body.decode()
    officer = door.officer("chen", "traffic")
    assert (await officer.post("/v1/passes/verify", {"text": text, "place": "A"})).ok()["verdict"] == "valid"
    (await door.staff("li", "traffic:approver").put("/v1/traffic/zones/2/closure", {"reason": "施工"})).ok()

    async def revoked() -> bool:
        verified = await officer.post("/v1/passes/verify", {"text": text})
        return bool(verified.ok()["verdict"] == "revoked")

    await until(revoked)
    await door.settled()
    assert (await person.get(f"{link}/scans")).ok()["items"][-1]["verdict"] == "valid"
    assert (await Pass.get()).revoked_reason == {"zh-CN": "施工", "en": "施工"}


async def test_who_hangs_up_takes_no_connection_with_them_on_either_database(
    database: str, tmp_path: Path, answers: Answers
) -> None:
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"database": database}) as door:
        wang = door.citizen("wang")
        body = {"answers": await answers(wang)}
        for number in range(40):
            task = asyncio.create_task(wang.post("/v1/items/zone-pass/cases", body, key=f"key-{number}"))
            await asyncio.sleep(number / 10_000)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(30):
            (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)})).created()
            await door.settled()
        assert await Case.all().count() == await CaseEvent.filter(version=1).count()


# PostgreSQL goes away and comes back


async def test_a_server_that_ends_every_connection_is_503_at_most_and_back_at_once(
    postgres: str, tmp_path: Path, answers: Answers
) -> None:
    import asyncpg

    name = postgres.rpartition("application_name=")[2]
    administrator = await asyncpg.connect(postgres.partition("?")[0].replace("asyncpg:", "postgres:", 1))
    end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1"
    try:
        platform = {"database": postgres, "outbox_lease": 0.5}
        async with open_door(tmp_path, BOTH, platform=platform) as door:
            wang = door.citizen("wang")
            confirmed = []
            for number, body in enumerate([{"answers": await answers(wang)} for _ in range(12)]):
                asking = asyncio.create_task(insisting(wang, body, f"key-{number}"))
                if number % 3 == 1:
                    await asyncio.sleep(number / 2000)
                    await administrator.execute(end_all, name)
                confirmed.append(await asking)
            await door.settled()
            assert {str(one) for one in await Case.all().values_list("id", flat=True)} == set(confirmed)
            assert len((await wang.get("/v1/inbox?limit=100")).ok()["items"]) == 12
    finally:
        await administrator.close()


async def test_a_task_whose_connection_broke_in_a_transaction_has_a_good_one_the_next_time(postgres: str) -> None:
    """The store's own writer is such a task: with a dead connection for good, nothing would ever be written again."""
    end_own = "SELECT pg_terminate_backend(pg_backend_pid())"
    async with open_store(f"{postgres}&maxsize=1", {}) as store:
        for number in range(3):
            with pytest.raises(DBConnectionError):
                async with in_transaction() as connection:
                    await connection.execute_query(end_own)
            assert await OutboxRow.all().count() == number
            await store.commit(Write(rows=[row(f"row-{number}")]))
        assert len(await present()) == 3


async def test_what_was_written_is_written_though_its_connection_breaks_while_it_is_given_back(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncpg

    async def breaks(*_: Any, **__: Any) -> None:
        raise asyncpg.ConnectionDoesNotExistError("the server has gone")

    async with open_store(f"{postgres}&maxsize=1", {}) as store:
        with monkeypatch.context() as broken:
            broken.setattr(asyncpg.Connection, "reset", breaks)
            await store.commit(Write(rows=[row("one")]))
        await store.commit(Write(rows=[row("two")]))
        assert await present() == {"one", "two"}


async def insisting(person: Person, body: dict[str, Any], key: str) -> str:
    """Submit as an app does: again with the same key when it is told to."""
    async with asyncio.timeout(30):
        while (reply := await person.post("/v1/items/zone-pass/cases", body, key=key)).status == 503:
            assert reply.headers["Retry-After"]
            await asyncio.sleep(0.05)
    return str(reply.created()["id"])


async def test_the_store_counts_its_connections_right_when_transactions_are_cancelled(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(f"{postgres}&maxsize=2", {}) as store:

        async def short() -> None:
            async with in_transaction() as connection:
                await connection.execute_query("SELECT 1")

        for number in range(60):
            task = asyncio.create_task(short())
            await asyncio.sleep(number / 30_000)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(30):
            await asyncio.gather(*(short() for _ in range(10)))
            await store.commit(Write(rows=[row("one")]))
            assert await QuerySet(OutboxRow).count() == 1

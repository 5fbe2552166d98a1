"""Whoever of the staff reads a case leaves a trace: once a quarter of an hour, in the chain, before the answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tortoise.exceptions import OperationalError

from banshi.builtin.audit import readings
from banshi.builtin.audit.keeping import AUDIT
from banshi.builtin.audit.key import AuditKey
from banshi.builtin.audit.leaving import forget_old_readings
from banshi.builtin.audit.models import AuditRemoval, CaseReading
from banshi.builtin.audit.readings import QUARTER_S, READINGS, Readings, id_in_quarter
from banshi.builtin.identity.access import ACCESS
from banshi.builtin.personal_data.forgetting import forget_test_cases
from banshi.builtin.personal_data.housekeeping import tidy
from banshi.foundation.errors import StorageFull, Unavailable
from banshi.kernel.http.callers import TOKENS
from banshi.kernel.tables.cases import Case
from banshi.kinds.appointment.models import Booking
from banshi.kinds.posting.models import Conversation
from banshi.testing import Door, Person, open_door
from tests.banshi.builtin.audit.chain_reading import found_after, sealed, verified
from tests.banshi.builtin.paging import rows_of
from tests.banshi.kernel.http.test_everybody import booked, talked
from tests.conftest import good_answers
from tests.harness.borrowed import END_ALL, connected
from tests.places import ROOT, TRAFFIC
from tests.readers.tables import with_mode

MORNING = datetime(2026, 11, 30, 0, 59, 59, tzinfo=UTC)


@pytest.fixture
def office(office: Door) -> Door:
    """At a moment that stands still."""
    office.platform.now = lambda: MORNING
    return office


async def handed_in(door: Door, subject: str = "wang") -> dict[str, Any]:
    """A case as its citizen sees it."""
    citizen = door.citizen(subject)
    made = (await citizen.post("/v1/items/zone-pass/cases", {"answers": await good_answers(citizen)})).created()
    await door.settled()
    case: dict[str, Any] = (await citizen.get(made["links"]["self"])).ok()
    return case


@pytest.fixture
async def case(office: Door) -> dict[str, Any]:
    return await handed_in(office)


def reviewer(door: Door, subject: str = "li", role: str = "traffic:reviewer") -> Person:
    return door.staff(subject, role)


# -- what is recorded ------------------------------------------------------------------------------------------------


async def test_each_way_to_a_case_leaves_one_trace_a_quarter_and_the_citizen_sees_it(
    office: Door, case: dict[str, Any]
) -> None:
    """Document and files, by two people, in two quarters; by department and role, and without a name."""
    ways = [case["links"]["self"], case["attachments"][0]["links"]["self"]]
    for way in ways * 2:
        assert (await reviewer(office).get(way)).status == 200
    assert await CaseReading.all().count() == 1
    assert (await reviewer(office, "chen", "traffic/zone-office:approver").get(ways[0])).status == 200
    office.platform.now = lambda: MORNING + timedelta(seconds=1)
    for way in reversed(ways):
        assert (await reviewer(office).get(way)).status == 200
    rows = sorted(await CaseReading.all(), key=lambda row: (row.at, row.reader))
    assert [(row.reader, row.role, row.unit) for row in rows] == [
        ("chen", "approver", "zone-office"),
        ("li", "reviewer", ""),
        ("li", "reviewer", ""),
    ]
    shown = (await office.citizen("wang").get(case["links"]["readings"])).ok()["items"]
    assert [one["at"] for one in shown] == ["2026-11-30T09:00:00.000+08:00", *["2026-11-30T08:59:59.000+08:00"] * 2]
    assert {one["by"]["role"] for one in shown} == {"reviewer", "approver"}
    assert {one["by"]["role_title"] for one in shown} == {"审核人员", "审批人员"}
    assert shown[0]["by"]["department"]["code"] == "traffic"
    assert shown[0]["by"]["unit"] is None
    assert {one["by"]["unit"] and one["by"]["unit"]["code"] for one in shown} == {None, "zone-office"}
    assert not re.search(r"\b(li|chen)\b", (await office.citizen("wang").get(case["links"]["readings"])).body.decode())


async def test_a_look_at_the_head_alone_or_at_what_has_not_changed_is_a_reading_too(
    office: Door, case: dict[str, Any]
) -> None:
    etag = (await reviewer(office).get(case["links"]["self"])).headers["ETag"]
    for method in ("GET", "HEAD"):
        await CaseReading.all().delete()
        office.platform[READINGS]._written.clear()
        await reviewer(office).call(method, case["links"]["self"], headers={"If-None-Match": etag})
        assert await CaseReading.all().count() == 1, method


async def test_a_citizen_s_own_look_a_refused_one_and_a_row_without_a_name_leave_none(
    office: Door, case: dict[str, Any]
) -> None:
    (await office.citizen("wang").get(case["links"]["self"])).ok()
    (await office.citizen("zhang").get(case["links"]["self"])).problem(404, "not-found")
    (await reviewer(office, role="traffic:chef").get(case["links"]["self"])).problem(403, "unknown-roles")
    (await reviewer(office, role="traffic:officer").get(case["links"]["self"])).problem(404, "not-found")
    assert [one["id"] for one in (await reviewer(office).get("/v1/worklist")).ok()["items"]] == [case["id"]]
    assert await CaseReading.all().count() == 0


async def test_a_row_that_shows_what_its_citizen_was_told_is_a_reading(office: Door) -> None:
    """What staff once wrote to somebody stands in the worklist: such rows count, and the others don't."""
    told, other = await handed_in(office), await handed_in(office, "zhang")
    await Case.filter(id=told["id"]).update(reason={"zh-CN": "王小明的照片看不清", "en": "The photo is blurred"})
    rows = (await reviewer(office).get("/v1/worklist")).ok()["items"]
    assert {row["id"] for row in rows} == {told["id"], other["id"]}
    assert await CaseReading.all().values_list("case_id", flat=True) == [UUID(told["id"])]


async def test_whoever_may_not_read_a_case_does_not_see_who_has(office: Door, case: dict[str, Any]) -> None:
    (await reviewer(office).get(case["links"]["self"])).ok()
    path = case["links"]["readings"]
    assert (await reviewer(office).get(case["links"]["self"])).ok()["links"]["readings"] == path
    (await office.citizen("zhang").get(path)).problem(404, "not-found")
    (await reviewer(office, role="household:reviewer").get(path)).problem(404, "not-found")
    told = (await reviewer(office, "chen").get(path)).ok()["items"]
    assert [one["by"]["role"] for one in told] == ["reviewer"] * 2, "whoever asks has read it too"
    (await office.anyone.get(path)).problem(401, "unauthenticated")
    for wrong in ("?cursor=x", "?limit=0", "?nonsense=1"):
        (await office.citizen("wang").get(path + wrong)).problem(400, "invalid-parameter")


async def test_the_list_goes_on_page_by_page(office: Door, case: dict[str, Any]) -> None:
    for quarter in range(7):
        office.platform.now = lambda quarter=quarter: MORNING + timedelta(seconds=QUARTER_S * quarter)
        (await reviewer(office).get(case["links"]["self"])).ok()
    seen = [one["at"] for one in await rows_of(office.citizen("wang"), case["links"]["readings"], limit="3")]
    assert len(seen) == 7
    assert seen == sorted(seen, reverse=True)


async def test_who_comes_to_the_counter_and_a_reported_conversation_are_readings_too(
    database: str, tmp_path: Path
) -> None:
    """Every row of the list that names somebody; both the conversation and its messages."""
    plugins: dict[str, Path | str] = {
        "traffic": TRAFFIC,
        "public_order": ROOT / "plugins" / "departments" / "public_order",
    }
    async with open_door(tmp_path, plugins, platform={"database": database}) as door:
        wang = door.citizen("wang", "王小明")
        appointment = (await booked(door, wang))["appointments"]
        row = await Booking.get(case_id=appointment)
        day = row.begins.astimezone(door.platform.settings.timezone).date()
        listed = (
            await door.staff("cao", "traffic:clerk").get(f"/v1/items/driving-test/counter-appointments?day={day}")
        ).ok()
        assert [one["id"] for one in listed["items"]] == [appointment]
        assert await readers_of(appointment) == ["cao"]
        shown = f"/v1/items/driving-test/appointments/{appointment}"
        (await door.staff("li", "traffic:reviewer").get(shown)).ok()
        (await door.staff("sun", "traffic:approver").get(shown)).problem(404, "not-found")
        assert await readers_of(appointment) == ["cao", "li"]
        conversation = (await talked(door, wang))["conversations"]
        path, posting = f"/v1/conversations/{conversation}", (await Conversation.get(id=conversation)).case_id
        (await wang.post(f"{path}/reports", {"reason": "想看看"})).created()
        for number, one in enumerate((path, f"{path}/messages", "/v1/reported-conversations")):
            answer = await door.staff(f"staff-{number}", "public-order:reviewer").get(one)
            assert answer.status == 200, answer.body
        # Whoever published it took a step, which is in the case's own audit.
        assert await readers_of(posting) == ["staff-0", "staff-1", "staff-2"]


async def readers_of(case_id: Any) -> list[str]:
    return sorted(await CaseReading.filter(case_id=case_id).values_list("reader", flat=True))  # type: ignore[arg-type]


# -- at once ---------------------------------------------------------------------------------------------------------


async def test_32_looks_at_once_are_one_row_and_all_wait_for_it(office: Door, case: dict[str, Any]) -> None:
    answers = await asyncio.gather(*(reviewer(office).get(case["links"]["self"]) for _ in range(32)))
    assert [answer.status for answer in answers] == [200] * 32
    assert await CaseReading.all().count() == 1
    people = [reviewer(office, f"staff-{number}") for number in range(16)]
    answers = await asyncio.gather(*(one.get(case["links"]["self"]) for one in people * 2))
    assert [answer.status for answer in answers] == [200] * 32
    assert await CaseReading.all().count() == 17


async def test_of_several_processes_that_record_the_same_at_once_one_does(office: Door) -> None:
    """Each process remembers for itself; the row's key is one."""
    case = await Case.get(id=(await handed_in(office))["id"])
    platform = office.platform
    processes = [Readings(platform, platform[AUDIT]) for _ in range(8)]
    reader = await platform_reader(office)
    await asyncio.gather(*(one.record(reader, [case]) for one in processes * 4))
    assert await CaseReading.all().count() == 1
    assert (await verified(office))[0] == []


async def platform_reader(door: Door) -> Any:
    return await door.platform[TOKENS].principal(f"Bearer {reviewer(door).token}")


async def test_whoever_hangs_up_takes_back_nothing_that_others_wait_for(office: Door) -> None:
    case = await Case.get(id=(await handed_in(office))["id"])
    reader, record = await platform_reader(office), office.platform[ACCESS].record
    first, second = (asyncio.create_task(record(reader, [case])) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert await CaseReading.all().count() == 1


# -- when it can't be written ------------------------------------------------------------------------------------------


async def test_what_cannot_be_recorded_is_not_shown(
    office: Door, case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with Retry-After and nothing of the case in it; the citizen reads on, and later it works again."""
    ways = [case["links"]["self"], case["attachments"][0]["links"]["self"]]
    no_write = OperationalError("attempt to write a readonly database")
    for failure in (StorageFull(), Unavailable("away"), no_write, OSError(5, "EIO")):

        async def full(_: Any, failure: Exception = failure) -> None:
            raise failure

        with monkeypatch.context() as broken:
            broken.setattr(office.platform.store, "commit", full)
            for way in ways:
                answer = await reviewer(office).get(way)
                assert answer.problem(503, "unavailable"), failure
                assert answer.headers["Retry-After"] == "5"
                assert case["number"] not in answer.body.decode()
                assert (await office.citizen("wang").get(way)).status == 200
    assert (await reviewer(office).get(ways[0])).status == 200
    assert await CaseReading.all().count() == 1


@asynccontextmanager
async def read_only(door: Door) -> AsyncIterator[None]:
    """The database takes no writes: SQLite may only be queried, and PostgreSQL is as after a failover."""
    store = door.platform.store
    if store.dialect == "sqlite":
        await store.connection.execute_query("PRAGMA query_only = 1")
        yield
        await store.connection.execute_query("PRAGMA query_only = 0")
        return
    url = door.platform.settings.database_url
    server, _, query = url.partition("?")
    name, ours = server.rpartition("/")[2], parse_qs(query)["application_name"][0]
    async with connected(server) as connection:
        await connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        await connection.execute(END_ALL, ours)
        try:
            yield
        finally:
            await connection.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
            await connection.execute(END_ALL, ours)


async def test_a_database_that_takes_no_writes_shows_staff_nothing(office: Door, case: dict[str, Any]) -> None:
    """The real thing, and back again: nobody reads unrecorded, and citizens read on."""
    way, told = case["links"]["self"], set()
    async with read_only(office):
        for _ in range(20):
            answer = await reviewer(office).get(way)
            answer.problem(503, "unavailable")
            assert answer.headers["Retry-After"]
            assert case["number"] not in answer.body.decode()
            told.add((await office.citizen("wang").get(way)).status)
    # On PostgreSQL nobody connects to a server that takes no writes.
    assert told == {200} or office.platform.store.dialect != "sqlite"
    answer = await reviewer(office).get(way)
    for _ in range(100):
        if answer.status == 200:
            break
        await asyncio.sleep(0.1)
        answer = await reviewer(office).get(way)
    assert answer.status == 200
    assert await CaseReading.all().count() == 1


# -- the chain ---------------------------------------------------------------------------------------------------------

#: What somebody may do to a reading in the tables, each with what is then said of it.
CHANGES = {
    "UPDATE banshi_case_reading SET reader = 'somebody-else'": "it is not what was written",
    "UPDATE banshi_case_reading SET role = 'approver'": "it is not what was written",
    "UPDATE banshi_case_reading SET unit = 'zone-office'": "it is not what was written",
    "UPDATE banshi_case_reading SET department = 'fire'": "it is not what was written",
    "UPDATE banshi_case_reading SET at = '2020-01-01 00:00:00+00:00'": "it is not what was written",
    "UPDATE banshi_case_reading SET case_id = '0192f0c1-0000-7000-8000-000000000000'": "it is not what was written",
    "DELETE FROM banshi_case_reading": "it was deleted",
    "UPDATE banshi_case_reading SET seal = NULL": "its row names another seal, or none",
    "UPDATE banshi_case_reading SET seal = 7": "it names this seal, which is not there",
}


async def test_a_reading_that_was_changed_or_removed_is_found(office: Door, case: dict[str, Any]) -> None:
    (await reviewer(office).get(case["links"]["self"])).ok()
    assert (await verified(office))[0] == []
    await sealed(office)
    found, tally = await verified(office)
    assert (found, tally.unsealed) == ([], 0)
    (entry,) = await CaseReading.all()
    for change, told in (await found_after(office, "banshi_case_reading", CHANGES)).items():
        assert any(CHANGES[change] in one and str(entry.id) in one for one in told), (change, told)


async def test_a_reading_that_was_made_up_is_found(office: Door, case: dict[str, Any]) -> None:
    (await reviewer(office).get(case["links"]["self"])).ok()
    await sealed(office)
    await CaseReading.create(
        id=UUID("0192f0c1-0000-7000-8000-000000000000"),
        case_id=UUID(case["id"]),
        at=MORNING,
        reader="chen",
        department="traffic",
        role="reviewer",
        mark=bytes(32),
    )
    for _ in range(2):
        found, _tally = await verified(office)
        assert any("0192f0c1-0000-7000-8000-000000000000" in one for one in found)
        await sealed(office)


async def test_readings_leave_after_their_time_and_the_chain_says_so(office: Door, case: dict[str, Any]) -> None:
    """As look-ups do; one note for all of them, and whatever else is missing is still found."""
    (await reviewer(office).get(case["links"]["self"])).ok()
    await sealed(office)
    days = office.platform.settings.look_up_days
    office.platform.now = lambda: MORNING + timedelta(days=days - 1)
    (await reviewer(office).get(case["links"]["self"])).ok()
    await sealed(office)
    await forget_old_readings(office.platform)
    assert await CaseReading.all().count() == 2
    for later in (1, 2):
        office.platform.now = lambda later=later: MORNING + timedelta(days=days, hours=later)
        await tidy(office.platform)
        assert await CaseReading.all().count() == 1
        found, tally = await verified(office)
        assert (found, tally.left["age"]) == ([], 1)
    assert await AuditRemoval.all().count() == 1
    await CaseReading.all().delete()
    assert any("it was deleted" in one for one in (await verified(office))[0])
    # A note that somebody else has written lets nothing go.
    newest = UUID(int=2)
    await AuditRemoval.create(id=newest, at=MORNING, cause="age", proof=bytes(32))
    assert any("it was deleted" in one for one in (await verified(office))[0])


async def test_a_test_case_leaves_with_its_readings(office: Door) -> None:
    made_up = with_mode(office, "zone-pass", "test")
    citizen = office.citizen("wang")
    path = f"/v1/items/{made_up}/cases"
    case = (await citizen.post(path, {"answers": await good_answers(citizen)})).created()
    await office.settled()
    (await reviewer(office).get(case["links"]["self"])).ok()
    await sealed(office)
    office.platform.now = lambda: MORNING + timedelta(days=30)
    await forget_test_cases(office.platform)
    assert await Case.filter(id=case["id"]).count() == 0
    assert await CaseReading.all().count() == 0
    assert (await verified(office))[0] == []


async def test_who_asks_for_all_that_is_held_of_them_gets_who_read_it_without_names(
    office: Door, case: dict[str, Any]
) -> None:
    (await reviewer(office, "li-4711").get(case["links"]["self"])).ok()
    data = (await office.citizen("wang").get("/v1/me/data")).ok()
    (row,) = data["held"]["banshi"]["banshi_case_reading"]
    assert (row["case_id"], row["role"]) == (case["id"], "reviewer")
    assert "li-4711" not in str(data)


# -- quarters ----------------------------------------------------------------------------------------------------------

KEY = AuditKey(bytes(32))
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@given(MOMENTS, st.integers(0, 2 * QUARTER_S))
def test_two_looks_are_one_reading_where_their_quarters_of_an_hour_are_one(at: datetime, later: int) -> None:
    other = at + timedelta(seconds=later)
    same = (at.date(), at.hour, at.minute // 15) == (other.date(), other.hour, other.minute // 15)
    one, two = (id_in_quarter(KEY, moment, "li", "case") for moment in (at, other))
    assert (one == two) == same
    assert one.version == two.version == 7
    if not same:
        assert one < two


@given(MOMENTS, st.sampled_from([5.5, 5.75, 8, -3.5, 12.75]))
def test_the_quarters_are_those_of_the_city_s_clock(at: datetime, hours: float) -> None:
    there = at + timedelta(hours=hours)
    begins = there.replace(minute=there.minute // 15 * 15, second=0, microsecond=0) - timedelta(hours=hours)
    assert id_in_quarter(KEY, at, "li", "case").int >> 80 == int(begins.timestamp() * 1000)


def test_another_reader_case_or_key_is_another_reading() -> None:
    ids = [
        id_in_quarter(key, MORNING, *parts)
        for key in (KEY, AuditKey(bytes(31) + b"x"))
        for parts in (("li", "case"), ("li", "other"), ("chen", "case"), ("lic", "ase"))
    ]
    assert len(set(ids)) == 8


async def test_no_more_is_remembered_than_has_room(office: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was forgotten is written again, and found to be there."""
    monkeypatch.setattr(readings, "MAX_REMEMBERED", 3)
    cases = [await handed_in(office, f"wang-{number}") for number in range(6)]
    for case in cases * 2:
        (await reviewer(office).get(case["links"]["self"])).ok()
        assert len(office.platform[READINGS]._written) <= 4
    assert await CaseReading.all().count() == 6

"""Asking registers: who may, what is shown, what is written down, and how often."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tortoise.exceptions import OperationalError

from banshi.foundation.database.store import Store
from banshi.foundation.database.writes import Write
from banshi.foundation.errors import Unavailable
from banshi.kinds.query import look_ups
from banshi.kinds.query.models import Allowance, LookUp, LookUpPerson, Record
from banshi.kinds.query.pseudonyms import Pseudonyms
from banshi.kinds.query.registers.opened import REGISTERS
from banshi.testing import Door, Person, Reply, open_door
from tests.readers.pages import pages
from tests.readers.refusals import faults
from tests.town.registers import DEPARTMENTS, import_samples, made_up_person, sample_rows

VEHICLES = sample_rows("traffic", "vehicles")
WANG, ZHANG = VEHICLES[0], VEHICLES[1]
VEHICLE = "/v1/items/vehicle-record/query"
PURPOSE = "卖车之前查询"


def question(vehicle: dict[str, str], **changes: Any) -> dict[str, Any]:
    return {**{name: vehicle[name] for name in ("plate", "plate_class", "vin_tail")}, **changes}


async def ask(person: Person, vehicle: dict[str, str], purpose: str = PURPOSE, **changes: Any) -> Reply:
    return await person.post(VEHICLE, {"question": question(vehicle, **changes), "purpose": purpose})


def citizen(door: Door, vehicle: dict[str, str], subject: str = "wang") -> Person:
    return door.citizen(subject, resident_id=vehicle["owner_id"])


# -- what is shown ---------------------------------------------------------------------------------------------------


async def test_an_owner_sees_the_record_of_their_vehicle_with_its_columns_in_their_language(
    hall: Door, database: str
) -> None:
    wang = citizen(hall, WANG)
    zh = (await ask(wang, WANG)).ok()
    assert zh["register"] == {"code": "vehicles", "title": "机动车登记"}
    assert (zh["found"], zh["more"], zh["sample"], zh["as_of"]) == (1, False, True, "2026-11-24T09:30:00.000+08:00")
    assert zh["records"] == [
        {
            "plate": WANG["plate"],
            "plate_class": "small",
            "status": "normal",
            "inspection_until": WANG["inspection_until"],
            "mortgaged": True,
        }
    ]
    assert [column["name"] for column in zh["columns"]] == list(zh["records"][0])
    reply = await wang.post(
        VEHICLE, {"question": question(WANG), "purpose": PURPOSE}, headers={"Accept-Language": "en"}
    )
    status = next(column for column in reply.ok()["columns"] if column["name"] == "status")
    assert (status["title"], status["values"]["normal"]) == ("Status", "In order")
    assert reply.headers["Cache-Control"] == "no-store"


async def test_no_column_is_shown_that_is_not_declared_as_shown(hall: Door) -> None:
    body = (await ask(citizen(hall, WANG), WANG)).body.decode()
    assert WANG["owner_id"] not in body
    assert WANG["vin_tail"] not in body


async def test_a_record_of_somebody_else_cannot_be_told_from_one_that_does_not_exist(hall: Door, database: str) -> None:
    wang = citizen(hall, WANG)
    others = await ask(wang, ZHANG)
    nobodys = await ask(wang, ZHANG, vin_tail="ZZZZZZ")
    assert others.ok()["found"] == 0
    assert (others.status, others.body) == (nobodys.status, nobodys.body)
    assert await LookUpPerson.all().count() == 0
    # And they count alike: three more in vain of either sort, and the hour is closed.
    for _ in range(3):
        (await ask(wang, ZHANG)).ok()
    (await ask(wang, WANG)).problem(429, "too-many-requests")


async def test_a_key_may_have_several_records_in_the_order_of_the_file(hall: Door, database: str) -> None:
    rows = [row for row in sample_rows("traffic", "traffic-violations") if row["plate"] == VEHICLES[2]["plate"]]
    assert len(rows) > 1
    body = {"question": question(VEHICLES[2]), "purpose": PURPOSE}
    shown = (await citizen(hall, VEHICLES[2]).post("/v1/items/traffic-violations/query", body)).ok()
    assert [record["at"] for record in shown["records"]] == [row["at"] for row in rows]


async def test_a_filter_narrows_an_answer_down(hall: Door, database: str) -> None:
    path, wang = "/v1/items/household-offices/query", hall.citizen("wang")
    every = (await wang.post(path, {"question": {"division": "510703"}})).ok()
    some = (await wang.post(path, {"question": {"division": "510703", "business": "id-card"}})).ok()
    assert (every["found"], some["found"]) == (6, 2)
    assert {record["business"] for record in some["records"]} == {"id-card"}


async def test_everybody_finds_their_own_cases_by_number_and_nobody_else_s(
    hall: Door, database: str, answers: Any
) -> None:
    wang, zhang, registrar = hall.citizen("wang"), hall.citizen("zhang"), hall.staff("li", "petitions:registrar")
    case = (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)})).created()
    body = {"question": {"number": case["number"]}, "purpose": "查看进度"}
    path = "/v1/items/case-progress/query"
    record = (await wang.post(path, body)).ok()["records"][0]
    assert (record["number"], record["item"], record["department"]) == (case["number"], "禁区通行证", "交警支队")
    assert (await zhang.post(path, body)).ok()["found"] == 0
    (await registrar.post(path, body)).problem(403, "forbidden")


# -- who may ask -----------------------------------------------------------------------------------------------------


async def test_whoever_has_no_verified_number_is_told_what_to_do(hall: Door) -> None:
    problem = (await ask(hall.citizen("wang"), WANG)).problem(403, "not-verified")
    assert "实名认证" in problem["detail"]
    (await hall.citizen("wang").get("/v1/me/look-ups")).problem(403, "not-verified")


async def test_what_concerns_nobody_may_be_asked_without_a_verified_number_and_leaves_no_record(hall: Door) -> None:
    shown = (await hall.citizen("wang").post("/v1/items/violation-codes/query", {"question": {"code": "1039"}})).ok()
    assert shown["records"][0]["fine"] == 100
    assert await LookUp.all().count() == 0


async def test_an_item_that_asks_for_a_number_takes_the_asker_s_own_alone(hall: Door) -> None:
    path = "/v1/items/id-card-progress/query"
    wang = citizen(hall, WANG)
    body = {"question": {"resident_id": ZHANG["owner_id"]}, "purpose": "查看进度"}
    problem = await wang.post(path, body)
    assert faults(problem) == [("/question/resident_id", "not-own")]
    body["question"]["resident_id"] = made_up_person(777)
    assert (await wang.post(path, body)).document == problem.document
    body["question"]["resident_id"] = WANG["owner_id"]
    assert (await wang.post(path, body)).ok()["found"] == 1


async def test_a_registrar_of_the_department_asks_about_anybody_and_no_other_staff_does(hall: Door) -> None:
    assert (await ask(hall.staff("li", "traffic:registrar"), WANG)).ok()["found"] == 1
    assert (await ask(hall.staff("li", "traffic/vehicle-office:registrar"), WANG)).ok()["found"] == 1
    for role in ("household:registrar", "traffic:reviewer", "traffic/licence-office:registrar", "traffic:officer"):
        (await ask(hall.staff("li", role), WANG)).problem(403, "forbidden")


async def test_a_vehicle_without_a_citizen_as_owner_is_found_at_the_counter_alone(hall: Door) -> None:
    assert VEHICLES[35]["owner_id"] == ""
    assert (await ask(hall.staff("li", "traffic:registrar"), VEHICLES[35])).ok()["found"] == 1
    assert (await ask(citizen(hall, WANG), VEHICLES[35])).ok()["found"] == 0


#: What is changed of a body that is right, and what is told of it.
BODIES: list[tuple[dict[str, Any], str, str]] = [
    ({"purpose": None}, "/purpose", "required"),
    ({"purpose": "查车"}, "/purpose", "minLength"),
    ({"purpose": "示" * 201}, "/purpose", "maxLength"),
    ({"purpose": "    "}, "/purpose", "pattern"),
    ({"purpose": "查车\u001b[2J记录"}, "/purpose", "pattern"),
    ({"purpose": 7}, "/purpose", "type"),
    ({"reason": "x"}, "/reason", "additionalProperties"),
    ({"question": None}, "/question", "required"),
    ({"question": []}, "/question", "type"),
    ({"question": {}}, "/question/plate", "required"),
    ({"question": {**question(WANG), "owner_id": "x"}}, "/question/owner_id", "additionalProperties"),
    ({"question": question(WANG, plate="x")}, "/question/plate", "format"),
]


async def test_each_rule_of_the_body_is_told_and_counts_as_no_look_up(hall: Door) -> None:
    wang = citizen(hall, WANG)
    for changes, pointer, code in BODIES:
        body = {"question": question(WANG), "purpose": PURPOSE, **changes}
        reply = await wang.post(VEHICLE, {name: value for name, value in body.items() if value is not None})
        assert (pointer, code) in faults(reply), changes
    assert await Allowance.all().count() == 0


async def test_a_purpose_is_not_taken_where_nobody_is_looked_up(hall: Door) -> None:
    body = {"question": {"code": "1039"}, "purpose": PURPOSE}
    reply = await hall.citizen("wang").post("/v1/items/violation-codes/query", body)
    assert faults(reply) == [("/purpose", "additionalProperties")]


async def test_only_queries_are_asked(hall: Door) -> None:
    for code in ("zone-pass", "no-such-item"):
        body = {"question": {}}
        (await hall.citizen("wang").post(f"/v1/items/{code}/query", body)).problem(404, "not-found")


# -- what is written down --------------------------------------------------------------------------------------------


async def test_a_person_sees_who_looked_them_up_when_for_what_and_nobody_s_name(hall: Door, database: str) -> None:
    wang = citizen(hall, WANG)
    (await ask(hall.staff("li", "traffic:registrar"), WANG, "当事人到窗口咨询")).ok()
    (await ask(wang, WANG)).ok()
    (await ask(wang, ZHANG)).ok()
    shown = (await wang.get("/v1/me/look-ups")).ok()["items"]
    assert [(one["by"]["who"], one["purpose"]) for one in shown] == [
        ("oneself", PURPOSE),
        ("staff", "当事人到窗口咨询"),
    ]
    by = shown[1]["by"]
    assert by == {"who": "staff", "department": {"code": "traffic", "title": "交警支队"}, "role": "registrar"}
    assert '"li"' not in str(shown)
    assert (await citizen(hall, ZHANG, "zhang").get("/v1/me/look-ups")).ok()["items"] == []
    (await hall.staff("li", "traffic:registrar").get("/v1/me/look-ups")).problem(403, "forbidden")


async def test_the_list_of_look_ups_is_read_page_by_page(hall: Door, database: str) -> None:
    registrar, wang = hall.staff("li", "traffic:registrar"), citizen(hall, WANG)
    for number in range(5):
        (await ask(registrar, WANG, f"窗口查询{number}")).ok()
    purposes = [one["purpose"] for one in await pages(wang, "/v1/me/look-ups?limit=2")]
    assert purposes == [f"窗口查询{number}" for number in (4, 3, 2, 1, 0)]
    (await wang.get("/v1/me/look-ups?cursor=eA")).problem(400, "invalid-parameter")


async def test_neither_question_nor_answer_nor_number_is_anywhere_in_the_database_in_clear(
    hall: Door, database: str
) -> None:
    (await ask(hall.staff("li", "traffic:registrar"), WANG)).ok()
    rows = [*await LookUp.all().values(), *await LookUpPerson.all().values()]
    records = str(await Record.all().values())
    assert WANG["plate"] not in str(rows)
    for secret in (WANG["owner_id"], WANG["vin_tail"]):
        assert secret not in records
        assert secret not in str(rows)


async def test_what_cannot_be_recorded_is_not_answered(hall: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = Store.commit
    calls: list[Write] = []

    async def second_fails(self: Store, write: Write) -> None:
        calls.append(write)
        if len(calls) == 2:
            raise Unavailable
        await commit(self, write)

    monkeypatch.setattr(Store, "commit", second_fails)
    reply = await ask(citizen(hall, WANG), WANG)
    reply.problem(503, "unavailable")
    assert WANG["inspection_until"] not in reply.body.decode()


async def test_what_is_older_than_it_is_kept_is_forgotten(hall: Door, database: str) -> None:
    (await ask(citizen(hall, WANG), WANG)).ok()
    await look_ups.tidy(hall.platform)
    assert await LookUp.all().count() == 1
    later = hall.platform.now() + timedelta(days=366)
    hall.platform.now = lambda: later
    await look_ups.tidy(hall.platform)
    assert [await model.all().count() for model in (LookUp, LookUpPerson, Allowance)] == [0, 0, 0]
    # Nobody asks them less for it: the register itself stays.
    assert (await ask(hall.staff("li", "traffic:registrar"), WANG)).ok()["found"] == 1


async def test_the_key_is_readable_by_its_owner_alone_and_another_key_finds_nothing_silently(hall: Door) -> None:
    file = hall.platform.settings.keys_folder / "look-ups.key"
    assert file.stat().st_mode & 0o077 == 0
    registers = hall.platform[REGISTERS]
    source: Any = registers.by_code["vehicles"].source
    source._pseudonyms = Pseudonyms(b"x" * 32)
    problem = (await ask(citizen(hall, WANG), WANG)).problem(502, "department-failed")
    assert problem["register"] == "vehicles"


# -- how often -------------------------------------------------------------------------------------------------------


async def test_an_hour_s_look_ups_come_to_an_end_and_begin_anew(hall: Door, database: str) -> None:
    wang, begun = citizen(hall, WANG), hall.platform.now()
    hall.platform.now = lambda: begun
    for _ in range(10):
        (await ask(wang, WANG)).ok()
    refused = await ask(wang, WANG)
    refused.problem(429, "too-many-requests")
    assert 3590 <= int(refused.headers["Retry-After"]) <= 3601
    assert await LookUp.all().count() == 10
    # Another item and another person are counted by themselves.
    body = {"question": question(WANG), "purpose": PURPOSE}
    (await wang.post("/v1/items/traffic-violations/query", body)).ok()
    (await ask(citizen(hall, ZHANG, "zhang"), ZHANG)).ok()
    hall.platform.now = lambda: begun + timedelta(hours=1)
    (await ask(wang, WANG)).ok()


async def test_after_five_look_ups_in_vain_the_rest_of_the_hour_is_closed(hall: Door) -> None:
    wang = citizen(hall, WANG)
    for number in range(5):
        assert (await ask(wang, WANG, vin_tail=f"ZZZZZ{number}")).ok()["found"] == 0
    problem = (await ask(wang, WANG)).problem(429, "too-many-requests")
    assert "没有结果" in problem["detail"]


async def test_of_fifty_at_once_no_more_are_let_through_than_may_be_in_vain(hall: Door) -> None:
    wang = citizen(hall, WANG)
    replies = await asyncio.gather(*(ask(wang, WANG, vin_tail=f"ZZZZ{number:02}") for number in range(50)))
    statuses = [reply.status for reply in replies]
    assert sorted(set(statuses)) == [200, 429]
    assert statuses.count(200) == 5
    (await ask(wang, WANG)).problem(429, "too-many-requests")
    assert await LookUp.all().count() == 5


async def test_the_throttle_is_the_same_for_two_processes(tmp_path: Path, postgres: str) -> None:
    plugins: dict[str, Path | str] = {"traffic": DEPARTMENTS / "traffic"}
    shared = {"database": postgres, "keys": tmp_path / "keys"}
    async with (
        open_door(tmp_path / "one", plugins, platform=shared) as one,
        open_door(tmp_path / "two", plugins, platform=shared) as two,
    ):
        await import_samples(one, "traffic")
        doors = [citizen(one, WANG), citizen(two, WANG)]
        replies = await asyncio.gather(
            *(ask(doors[number % 2], WANG, vin_tail=f"ZZZZ{number:02}") for number in range(30))
        )
        assert [reply.status for reply in replies].count(200) == 5


async def test_a_register_that_fails_costs_the_asker_nothing_of_the_hour(
    hall: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = hall.platform[REGISTERS].by_code["vehicles"].source
    with monkeypatch.context() as broken:

        async def fail(_: Any) -> Any:
            raise OperationalError("down")

        broken.setattr(source, "find", fail)
        for _ in range(4):
            (await ask(citizen(hall, WANG), WANG)).problem(502, "department-failed")
    row = await Allowance.get()
    assert (row.used, row.spent, row.waiting) == (0, 0, 0)
    (await ask(citizen(hall, WANG), WANG)).ok()


async def test_a_register_without_data_is_not_taken_for_one_that_found_nothing(tmp_path: Path, database: str) -> None:
    plugins: dict[str, Path | str] = {"traffic": DEPARTMENTS / "traffic"}
    async with open_door(tmp_path, plugins, platform={"database": database}) as door:
        reply = await ask(citizen(door, WANG), WANG)
        problem = reply.problem(503, "department-unavailable")
        assert problem["department"] == "traffic"
        assert "还没有数据" in problem["detail"]
        assert int(reply.headers["Retry-After"]) > 0

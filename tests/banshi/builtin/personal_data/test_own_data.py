"""What is held about a person is theirs to read whole, and goes when they want it to, as far as it may."""

from __future__ import annotations

import asyncio
import io
import json
import os
import zipfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from click.testing import CliRunner

from banshi import Principal, Write
from banshi.builtin.personal_data import persons
from banshi.builtin.personal_data.exporting import export
from banshi.builtin.personal_data.holdings import DataSubject
from banshi.builtin.personal_data.housekeeping import tidy
from banshi.builtin.personal_data.persons import forget_person, holdings_of
from banshi.builtin.personal_data.routes import BUSY
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kinds.appointment.models import Slot
from banshi.kinds.query.models import LookUp, LookUpPerson
from banshi.kinds.query.pseudonyms import read_pseudonyms
from banshi.ops.cli import group
from banshi.sdk.cases import new_case
from banshi.testing import TINY_PNG, Door, Person, Reply, database_in, open_door
from tests.places import ROOT, TRAFFIC
from tests.readers.tables import names_of, tables_with
from tests.town.parts import postings, visits
from tests.town.town import open_town
from tests.tries import tries
from tests.waiting import until

PLUGINS: dict[str, Path | str] = {"traffic": TRAFFIC, "mobile_push": "mobile_push"}

#: How long ago cases end that no item's retention keeps any more: the platform's own round may take them at any time.
LONG_OVER = timedelta(days=4000)

#: A subject, a name, a phone, a plate, a purpose and a token of a phone that stand nowhere else.
WANG = "wang-4711"
WORDS = (WANG, "王小明", "13800000000", "川BD12345", "为社区超市配送蔬菜", "phone-4711", "11010519491231002X")

#: Columns as long as a subject that name nobody who could ask for their data, with the reason.
NOBODY = {
    "banshi_case.person_name": "goes with the case's row",
    "banshi_case_event.actor_id": "the case's audit: the citizen's own is emptied with the case, staff's stays",
    "banshi_scan.officer": "staff",
    "push_inbox_message.link": "a path",
    "push_delivery.provider_message": "the provider's id of a message",
    "push_broadcast.link": "a path",
    "push_broadcast.author": "staff",
    "push_broadcast.approver": "staff",
    "push_broadcast_event.actor": "staff",
    "push_fan_out.through": "a walk's place for as long as it takes",
    "query_batch.file": "a file's name",
    "traffic_zone_closure.closed_by": "staff",
    "clients_client.contact": "an integrator's, for operators",
    "services_version.decided_by": "staff",
    "services_owed_check.case_id": "a case that its service has yet to look at; goes by the hour once none waits",
}


@asynccontextmanager
async def opened(folder: Path, database: str, **platform: Any) -> AsyncIterator[Door]:
    async with open_door(folder, PLUGINS, platform={"database": database, **platform}) as door:
        yield door


async def settled_in(door: Door, answers: Any) -> dict[str, Any]:
    """Somebody with a phone, preferences, an upload, a look-up, an open case and one that they have withdrawn."""
    wang = door.citizen(WANG, "王小明", WORDS[-1])
    phone = {"provider": "stream", "token": "phone-4711", "platform": "android"}
    (await wang.post("/v1/devices", phone, key="phone")).created()
    wished = {"topics": [], "departments": ["traffic"], "quiet_hours": None, "notices": True}
    (await wang.put("/v1/preferences", wished)).ok()
    cases = {}
    for name in ("open", "withdrawn"):
        given = {"answers": await answers(wang)}
        cases[name] = (await wang.post("/v1/items/zone-pass/cases", given, key=name)).created()
    await door.settled()
    (await wang.post(f"{cases['withdrawn']['links']['self']}/actions/withdraw", {}, key="withdraw")).ok()
    await door.settled()
    upload = (await wang.upload(name="4711.png", key="upload")).created()
    look_up = LookUp(item="x", department="traffic", register="r", asker=WANG, staff=False, at=door.platform.now())
    look_up.purpose, look_up.found = "为社区超市配送蔬菜", 1
    about = read_pseudonyms(door.platform.settings.keys_folder).person(WORDS[-1])
    await door.platform.store.commit(Write(rows=[look_up, LookUpPerson(look_up_id=look_up.id, about=about)]))
    return {**cases, "upload": upload, "wang": wang}


async def data_of(person: Person) -> Any:
    return (await person.get("/v1/me/data")).ok()


def rows_in(document: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {table: rows for tables in document["held"].values() for table, rows in tables.items()}


# -- reading -----------------------------------------------------------------------------------------------------------


async def test_everything_that_names_a_person_is_in_what_they_get(tmp_path: Path, database: str, answers: Any) -> None:
    async with opened(tmp_path, database) as door:
        there = await settled_in(door, answers)
        await settled_other(door, answers)
        document = await data_of(there["wang"])
        tables = rows_in(document)
        assert document["subject"] == WANG
        # Promises are not: they are the inbox's messages on their way, and gone within days.
        named = await tables_with(door, WANG, "phone-4711") - {"banshi_outbox"}
        assert named <= {table for table, rows in tables.items() if rows}
        assert {row["id"] for row in tables["banshi_case"]} == {there["open"]["id"], there["withdrawn"]["id"]}
        assert {row["action"] for row in tables["banshi_case_event"]} >= {"submit", "withdraw"}
        assert len(tables["banshi_attachment"]) == 5
        assert len(tables["query_look_up"]) == len(tables["query_look_up_person"]) == 1
        text = json.dumps(document, ensure_ascii=False)
        assert "zhao-0815" not in text
        assert "川BD99999" not in text
        bundle = await there["wang"].get("/v1/me/data.zip")
        assert bundle.status == 200
        assert bundle.headers["Content-Type"] == "application/octet-stream"
        with zipfile.ZipFile(io.BytesIO(bundle.body)) as opened_:
            assert rows_in(json.loads(opened_.read("data.json"))).keys() == tables.keys()
            assert sorted(opened_.namelist()) == sorted(
                ["data.json", *(f"attachments/{row['id']}" for row in tables["banshi_attachment"])]
            )
            (one, *_) = tables["banshi_attachment"]
            assert len(opened_.read(f"attachments/{one['id']}")) == one["size"]


async def settled_other(door: Door, answers: Any) -> None:
    zhao = door.citizen("zhao-0815", "赵")
    driver = {"name": "赵六", "phone": "13900000001"}
    given = await answers(zhao, plate="川BD99999", driver=driver, purpose="搬家")
    (await zhao.post("/v1/items/zone-pass/cases", {"answers": given})).created()
    await door.settled()


async def test_every_column_that_can_name_a_person_is_in_an_export_or_says_why_not(tmp_path: Path) -> None:
    """A new table is found by its columns: as long as a subject, or a case's id."""
    integrations = ROOT / "plugins" / "integrations"
    plugins = {**PLUGINS, **{n: integrations / n for n in ("clients", "open311", "webhooks", "remote_services")}}
    async with open_door(tmp_path, plugins) as door:
        covered = {held.model._meta.db_table for _, holding in holdings_of(door.platform) for held in holding.tables}
        open_ends = []
        for app in (door.platform.store.context.apps or {}).values():
            for model in app.values():
                table = model._meta.db_table
                for name, column in model._meta.fields_map.items():
                    long = getattr(column, "max_length", None) == 255
                    if (long or name == "case_id") and table not in covered and f"{table}.{name}" not in NOBODY:
                        open_ends.append(f"{table}.{name}")
        assert not open_ends, "offer them under HOLDINGS, or say in NOBODY why nobody asks for them"
        assert len(await names_of(door)) > 40


async def test_nobody_reads_or_forgets_another_person(bare_door: Door) -> None:
    staff = bare_door.staff("li", "traffic:approver")
    for method, path in (("GET", "/v1/me/data"), ("GET", "/v1/me/data.zip"), ("DELETE", "/v1/me")):
        (await bare_door.anyone.call(method, path)).problem(401, "unauthenticated")
        (await staff.call(method, path)).problem(403, "forbidden")
        wang = bare_door.citizen(WANG)
        (await wang.call(method, f"{path}?person=li")).problem(400, "invalid-parameter")
        assert (await wang.call(method, f"{path}/li")).status == 404


@pytest.mark.long
async def test_a_person_with_thousands_of_cases_gets_all_of_them_and_is_forgotten_by_and_by(
    bare_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes seconds, since the cases are several times what one statement takes."""
    platform = bare_door.platform
    cases = tries(2_000, 10_000)
    await many(bare_door, cases, age=timedelta())
    written = await export(platform, DataSubject(WANG))
    with written.file as file:
        file.seek(0)
        assert len(rows_in(json.loads(file.read()))["banshi_case"]) == cases
    monkeypatch.setattr(persons, "CASES_AT_ONCE", 20)
    await Case.all().update(updated_at=platform.now() - LONG_OVER)
    await CaseEvent.all().update(at=platform.now() - LONG_OVER)
    (kept,) = await forget_person(platform, DataSubject(WANG))
    # The server's own round may be at some of them.
    assert (kept.reason, len(kept.names)) == ("leaving", persons.MAX_CASES_NAMED)
    assert 0 < kept.count < cases
    assert await Case.filter(content="kept").count() == 0
    assert await Case.filter(content="gone").exists()


async def many(door: Door, count: int, state: str = "withdrawn", age: timedelta = LONG_OVER) -> None:
    platform, rows = door.platform, []
    at = platform.now() - age
    for _ in range(count):
        case, event = new_case(platform, platform.registry.items["zone-pass"], Principal(subject=WANG), {})
        case.state = event.state = state
        case.updated_at = event.at = at
        case.number = uuid4().hex[:24]
        rows += [case, event]
    for begin in range(0, len(rows), 2000):
        await platform.store.commit(Write(rows=rows[begin : begin + 2000]))


async def test_an_export_while_things_change_is_whole_json(tmp_path: Path, database: str, answers: Any) -> None:
    async with opened(tmp_path, database) as door:
        wang = (await settled_in(door, answers))["wang"]

        async def changes() -> None:
            for _ in range(10):
                file = (await wang.upload()).created()["id"]
                await Attachment.filter(id=file).delete()

        replies = await asyncio.gather(*(data_of_or_busy(wang) for _ in range(6)), changes(), zipped(wang))
        assert any(isinstance(one, dict) for one in replies)


async def data_of_or_busy(person: Person) -> Any:
    reply = await person.get("/v1/me/data")
    return reply.problem(409, "conflict") if reply.status == 409 else reply.ok()


async def zipped(person: Person) -> None:
    reply = await person.get("/v1/me/data.zip")
    if reply.status == 200:
        zipfile.ZipFile(io.BytesIO(reply.body)).testzip()
    else:
        reply.problem(409, "conflict")


# -- forgetting --------------------------------------------------------------------------------------------------------


async def test_what_is_not_over_or_has_to_be_kept_is_named_and_the_rest_is_gone(
    tmp_path: Path, database: str, answers: Any
) -> None:
    async with opened(tmp_path, database) as door:
        there = await settled_in(door, answers)
        kept = (await there["wang"].delete("/v1/me")).ok()["kept"]
        by_reason = {one["reason"]: one for one in kept}
        assert set(by_reason) == {"open", "retention"}
        assert by_reason["open"]["names"] == [there["open"]["number"]]
        assert by_reason["open"]["until"] is None
        assert by_reason["retention"]["names"] == [there["withdrawn"]["number"]]
        assert datetime.fromisoformat(by_reason["retention"]["until"]) > datetime.now(UTC) + timedelta(days=1820)
        holders = await tables_with(door, *WORDS, there["upload"]["id"])
        assert holders <= {"banshi_case", "banshi_case_event", "banshi_attachment"}
        # Once it is over it leaves by itself, at the moment that was named.
        (await there["wang"].post(f"{there['open']['links']['self']}/actions/withdraw", {})).ok()
        await door.settled()
        end = datetime.fromisoformat(by_reason["retention"]["until"]) + timedelta(hours=1)
        door.platform.now = lambda: end
        await tidy(door.platform)
        await tidy(door.platform)
        assert await tables_with(door, *WORDS) <= {"push_inbox_counter"}
        (await there["wang"].delete("/v1/me")).ok()
        assert await tables_with(door, *WORDS) == set()


async def test_what_its_person_may_have_forgotten_earlier_goes_at_once_and_nobody_s_else(
    tmp_path: Path, database: str, answers: Any
) -> None:
    """In every table and every file that the platform has, also where SQLite keeps pages that are free."""
    # As the default's own address has it.
    address = f"{database}&secure_delete=ON" if database.startswith("sqlite") else database
    async with opened(tmp_path, address, retention={"least": {"default": 30}}) as door:
        there = await settled_in(door, answers)
        await settled_other(door, answers)
        (await there["wang"].post(f"{there['open']['links']['self']}/actions/withdraw", {})).ok()
        await door.settled()
        now = door.platform.now()
        door.platform.now = lambda: now + timedelta(days=31)
        token = door.citizen(WANG, "王小明", WORDS[-1])
        # The server's own round, which the new day brings, may have one of the cases in hand: then it is told so.
        while kept := (await token.delete("/v1/me")).ok()["kept"]:
            assert [one["reason"] for one in kept] == ["leaving"]
        assert await tables_with(door, *WORDS) == set()
        assert await Case.filter(person="zhao-0815", content="kept").count() == 1
        assert len(list(door.platform.settings.attachments_folder.iterdir())) == 2
        # A person who comes back is somebody new.
        assert (await token.get("/v1/cases")).ok()["items"] == []
        assert (await token.get("/v1/inbox")).ok()["items"] == []
        assert {table for table, rows in rows_in(await data_of(token)).items() if rows} == set()
    assert files_with(tmp_path, WANG, "phone-4711") == []


def files_with(folder: Path, *words: str) -> list[str]:
    contents = {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    return [name for name, content in contents.items() if any(word.encode() in content for word in words)]


async def test_a_place_that_is_held_and_what_was_written_to_others_go_too(tmp_path: Path) -> None:
    async with open_town(tmp_path, visits("capacity = 1")) as office:
        wang, slot = office.door.citizen(WANG), await office.first()
        (await wang.post("/v1/items/visit/holds", {"slot": slot["id"]})).created()
        assert (await Slot.get(id=slot["id"])).taken == 1
        (await wang.delete("/v1/me")).ok()
        assert (await Slot.get(id=slot["id"])).taken == 0
        assert await tables_with(office.door, WANG) == set()


async def test_a_reported_conversation_is_kept_until_staff_have_looked(tmp_path: Path) -> None:
    async with open_town(tmp_path, postings()) as offices:
        door, li, wang = offices.door, offices.door.citizen("li"), offices.door.citizen(WANG)
        first, second = [await offices.published(li, thing=thing) for thing in ("双肩包", "雨伞")]
        for identity in (first, second):
            await wang.post(f"/v1/postings/{identity}/conversations", {"text": f"您好 {WANG}"})
        (row, *_) = (await li.get("/v1/conversations")).ok()["items"]
        (await li.post(f"/v1/conversations/{row['id']}/reports", {"reason": "不礼貌"})).created()
        (kept,) = (await wang.delete("/v1/me")).ok()["kept"]
        assert (kept["what"], kept["reason"], kept["count"]) == ("conversation", "reported", 1)
        assert await tables_with(door, WANG) <= {"posting_conversation", "posting_message", "banshi_outbox"}


async def test_whoever_was_told_to_stop_can_not_begin_again_by_being_forgotten(tmp_path: Path) -> None:
    async with open_town(tmp_path, postings()) as offices:
        door, li, wang = offices.door, offices.door.citizen("li"), offices.door.citizen(WANG)
        path = f"/v1/postings/{await offices.published(li, thing='双肩包')}/conversations"
        link = (await wang.post(path, {"text": f"您好 {WANG}"})).created()["links"]["self"]
        assert (await li.call("PUT", f"{link}/block")).status == 204
        (kept,) = (await wang.delete("/v1/me")).ok()["kept"]
        assert (kept["what"], kept["reason"], kept["count"]) == ("conversation", "ended", 1)
        (await wang.post(path, {"text": "又是我"})).problem(409, "already-talking")
        assert await tables_with(door, WANG) <= {"posting_conversation", "banshi_outbox"}


async def test_neither_side_reads_in_their_data_that_the_other_reported_or_blocked_them(tmp_path: Path) -> None:
    async with open_town(tmp_path, postings()) as offices:
        li, wang = offices.door.citizen("li"), offices.door.citizen(WANG)
        path = f"/v1/postings/{await offices.published(li, thing='双肩包')}/conversations"
        link = (await wang.post(path, {"text": "您好"})).created()["links"]["self"]
        (await li.post(f"{link}/reports", {"reason": "他跟踪我"})).created()
        theirs, own = [(await person.get("/v1/me/data")).body.decode() for person in (wang, li)]
        assert "他跟踪我" in own
        assert "他跟踪我" not in theirs
        (row,) = _rows(theirs)
        assert not {"report", "reported_by", "reported_at", "poster", "writer", "poster_blocks"} & set(row)
        (await wang.post(f"{link}/reports", {"reason": "他骂人"})).created()
        theirs, own = [(await person.get("/v1/me/data")).body.decode() for person in (wang, li)]
        assert ("他骂人" in theirs, "他跟踪我" in theirs) == (True, False)
        assert ("他骂人" in own, "他跟踪我" in own) == (False, True)


def _rows(document: str) -> list[dict[str, Any]]:
    return [row for owner in json.loads(document)["held"].values() for row in owner.get("posting_conversation", ())]


async def test_who_asks_too_often_waits_and_nobody_else_does(bare_door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("banshi.builtin.personal_data.routes.MAX_EXPORTS_PER_DAY", 2)
    monkeypatch.setattr("banshi.builtin.personal_data.routes.MAX_FORGETTINGS_PER_DAY", 1)
    wang, li = bare_door.citizen(WANG), bare_door.citizen("li")
    for _ in range(2):
        (await wang.get("/v1/me/data")).ok()
    (await wang.get("/v1/me/data.zip")).problem(429, "too-many-requests")
    (await wang.delete("/v1/me")).ok()
    (await wang.delete("/v1/me")).problem(429, "too-many-requests")
    (await li.get("/v1/me/data")).ok()
    (await li.delete("/v1/me")).ok()


async def test_who_asks_for_the_head_alone_may_read_it_all_afterwards(bare_door: Door) -> None:
    wang = bare_door.citizen(WANG)
    for path in ("/v1/me/data", "/v1/me/data.zip"):
        head = await wang.call("HEAD", path)
        assert (head.status, head.body) == (200, b"")
        assert (await wang.get(path)).status == 200
        assert int(head.headers["Content-Length"]) > 0


async def test_somebody_who_reads_slowly_has_one_file_and_is_cut_off(
    bare_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banshi.builtin.personal_data.routes.READING_TIMEOUT_S", 1.0)
    wang = bare_door.citizen(WANG)
    for _ in range(6):
        (await wang.upload(content=TINY_PNG + os.urandom(4_000_000))).created()
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), read_bufsize=1024)
    async with session:
        headers = {"Authorization": f"Bearer {wang.token}"}
        slow = await session.get(f"{bare_door.url}/v1/me/data.zip", headers=headers)
        assert slow.status == 200
        (await wang.get("/v1/me/data.zip")).problem(409, "conflict")
        await asyncio.sleep(2)
        with pytest.raises(aiohttp.ClientError):
            await slow.read()
        assert (await wang.get("/v1/me/data.zip")).status == 200


async def test_two_at_once_and_a_step_at_that_moment_leave_nothing_half(tmp_path: Path, database: str) -> None:
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"database": database}) as door:
        wang, zhou = door.citizen(WANG), door.staff("zhou", "traffic:approver")
        await many(door, 6, "approved")
        cases = await Case.filter(person=WANG)
        steps = [zhou.post(f"/v1/cases/{one.id}/actions/revoke", {"reason": "错了"}) for one in cases[:3]]
        replies: list[Reply] = await asyncio.gather(wang.delete("/v1/me"), wang.delete("/v1/me"), *steps)
        assert {reply.status for reply in replies} <= {200, 404, 409}, [reply.body for reply in replies]
        async with asyncio.timeout(30):
            # The server's own round may be at one of them.
            while await Case.filter(content="leaving").exists():
                await tidy(door.platform)
        for case in await Case.filter(id__in=[one.id for one in cases]):
            events = await CaseEvent.filter(case_id=case.id)
            if case.content == "gone":
                assert (case.person, case.state) == ("", "approved")
                assert [event.action for event in events].count("anonymise") == 1
            else:
                assert (case.content, case.state, case.person) == ("kept", "revoked", WANG)
        await until(lambda: not door.platform[BUSY])


# -- at the operator's desk --------------------------------------------------------------------------------------------


@pytest.mark.sqlite
def test_the_desk_exports_and_forgets_beside_a_server(tmp_path: Path) -> None:
    (tmp_path / "plugins.toml").write_text(
        f'[platform]\ndatabase = "{database_in(tmp_path / "data")}"\n[plugins.traffic]\napi = 1\npath = "{TRAFFIC}"\n'
    )
    (tmp_path / "data").mkdir()

    async def made() -> str:
        async with open_door(tmp_path, {"traffic": TRAFFIC}) as door:
            platform = door.platform
            case, event = new_case(platform, platform.registry.items["zone-pass"], Principal(subject=WANG), {})
            await platform.store.commit(Write(rows=[case, event]))
            return case.number

    number = asyncio.run(made())

    def said(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(group, ["--config", str(tmp_path / "plugins.toml"), "person", *arguments])
        assert result.exit_code == code, result.output
        return result.output

    bundle = tmp_path / "wang.zip"
    said("export", WANG, "-o", str(bundle))
    with zipfile.ZipFile(bundle) as opened_:
        (row,) = rows_in(json.loads(opened_.read("data.json")))["banshi_case"]
    assert row["number"] == number
    assert bundle.stat().st_mode & 0o077 == 0
    assert "is there already" in said("export", WANG, "-o", str(bundle), code=1)
    told = said("forget", WANG, "--yes")
    assert "kept: 1 case: It is not over yet" in told
    assert number in told
    assert said("forget", "never-here", "--yes").strip() == "Nothing about them is held any more."
    for wrong in ("", " ", "x" * 256, "a\x00b"):
        assert "give a person's subject" in said("forget", wrong, "--yes", code=1)
    assert "Aborted" in said("forget", WANG, code=1)

"""Registers elsewhere: a real HTTP server and real databases that are slow, down, wrong or read-only."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from banshi.app import inspected
from banshi.kernel.loading.configuration import read_configuration
from banshi.kernel.loading.outside_systems import RegisterSource
from banshi.kernel.loading.typed_tables import SettingsError, typed
from banshi.kinds.query.models import Allowance, LookUp, LookUpPerson
from banshi.kinds.query.registers.protocol import Question, RegisterBroken
from banshi.kinds.query.registers.sql import SqliteRegister, numbered, open_sql, parameters_of
from banshi.testing import Door, Person, Reply, open_door
from tests.town.registers import DEPARTMENTS, import_file, made_up_person, sample_rows, samples
from tests.waiting import until

ROWS = sample_rows("traffic", "vehicles")
WANG, ZHANG = ROWS[0], ROWS[1]
PATH = "/v1/items/vehicle-record/query"
TRAFFIC: dict[str, Path | str] = {"traffic": DEPARTMENTS / "traffic"}


def as_json(row: dict[str, str], **changes: Any) -> dict[str, Any]:
    return {**row, "mortgaged": row["mortgaged"] == "true", **changes}


async def ask(person: Person, row: dict[str, str]) -> Reply:
    question = {name: row[name] for name in ("plate", "plate_class", "vin_tail")}
    return await person.post(PATH, {"question": question, "purpose": "卖车之前查询"})


def wang(door: Door, subject: str = "wang") -> Person:
    return door.citizen(subject, resident_id=WANG["owner_id"])


# -- HTTP ------------------------------------------------------------------------------------------------------------


@dataclass
class Ministry:
    """A department's HTTP endpoint, which behaves as a test wants it."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    behave: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.headers.append(dict(request.headers))
        if self.behave is not None:
            return await self.behave(request)
        asked = self.asked[-1]["question"]
        found = [as_json(row) for row in ROWS if all(row[name] == value for name, value in asked.items())]
        return web.json_response({"records": found, "as_of": "2026-11-24T09:30:00+08:00"})

    def answers(self, body: Any, status: int = 200, **rest: Any) -> None:
        async def behave(_: web.Request) -> web.StreamResponse:
            text = body if isinstance(body, str) else json.dumps(body)
            return web.Response(text=text, status=status, content_type="application/json", **rest)

        self.behave = behave


@asynccontextmanager
async def served(ministry: Ministry) -> AsyncIterator[Ministry]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", ministry.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    ministry.url = f"http://127.0.0.1:{runner.addresses[0][1]}/registers/vehicles"
    try:
        yield ministry
    finally:
        await runner.cleanup()


@pytest.fixture
async def ministry() -> AsyncIterator[Ministry]:
    async with served(Ministry()) as one:
        yield one


def open_hall(folder: Path, vehicles: dict[str, Any], **platform: Any) -> AbstractAsyncContextManager[Door]:
    """The traffic police, whose register of vehicles is elsewhere."""
    return open_door(folder, TRAFFIC, platform={"registers": {"vehicles": vehicles}, **platform})


@pytest.fixture
async def hall(tmp_path: Path, ministry: Ministry) -> AsyncIterator[Door]:
    vehicles = {"url": ministry.url, "token": "secret-of-traffic", "timeout": 1.0}
    async with open_hall(tmp_path, vehicles, breaker_failures=3, breaker_pause=30.0) as door:
        yield door


async def test_an_endpoint_is_asked_with_post_its_token_and_the_owner_and_its_answer_is_shown(
    hall: Door, ministry: Ministry
) -> None:
    shown = (await ask(wang(hall), WANG)).ok()
    assert (shown["found"], shown["as_of"], shown["sample"]) == (1, "2026-11-24T09:30:00.000+08:00", False)
    assert ministry.asked == [
        {
            "register": "vehicles",
            "question": {name: WANG[name] for name in ("plate", "plate_class", "vin_tail")},
            "owner": WANG["owner_id"],
            "limit": 101,
        }
    ]
    assert ministry.headers[0]["Authorization"] == "Bearer secret-of-traffic"
    assert await LookUpPerson.all().count() == 1
    (await ask(hall.staff("li", "traffic:registrar"), WANG)).ok()
    assert ministry.asked[1]["owner"] is None


async def test_an_endpoint_that_shows_somebody_else_s_record_is_not_believed(hall: Door, ministry: Ministry) -> None:
    others, nobodys = await ask(wang(hall), ZHANG), await ask(wang(hall), {**ZHANG, "vin_tail": "ZZZZZZ"})
    assert others.ok()["found"] == 0
    assert {**others.document, "as_of": ""} == {**nobodys.document, "as_of": ""}


async def test_what_is_not_declared_is_left_out_whatever_an_endpoint_sends(hall: Door, ministry: Ministry) -> None:
    ministry.answers({"records": [as_json(WANG, home_address="示例路1号")], "secret": 1})
    body = (await ask(wang(hall), WANG)).body.decode()
    assert "示例路1号" not in body
    assert WANG["owner_id"] not in body


WRONG: dict[str, Any] = {
    "no JSON": "<html>garbage of the register</html>",
    "a list": [],
    "no records": {"found": []},
    "records that are none": {"records": ["garbage of the register"]},
    "a record without a column": {"records": [{"plate": WANG["plate"]}]},
    "a column of another type": {"records": [as_json(WANG, mortgaged="garbage of the register")]},
    "a value that is not declared": {"records": [as_json(WANG, status="garbage of the register")]},
    "a record without its owner's number": {"records": [as_json(WANG, owner_id="garbage of the register")]},
    "a control character": {"records": [as_json(WANG, plate="川B\u001b[2J")]},
    "a record of another key": {"records": [as_json(WANG, plate=ZHANG["plate"])]},
    "too many records": {"records": [as_json(WANG)] * 102},
    "too many bytes": {"records": [], "padding": "x" * 1_100_000},
    "a time without a zone": {"records": [], "as_of": "2026-11-24T09:30:00"},
    "no time": {"records": [], "as_of": 7},
    "deep nesting": "[" * 100_000,
}


async def test_garbage_is_the_register_s_failure_and_never_reaches_the_citizen(hall: Door, ministry: Ministry) -> None:
    for what, answer in WRONG.items():
        ministry.answers(answer)
        reply = await ask(wang(hall), WANG)
        problem = reply.problem(502, "department-failed")
        assert (problem["department"], problem["register"]) == ("traffic", "vehicles"), what
        assert "交警支队" in problem["detail"], what
        assert "garbage" not in reply.body.decode(), what
        assert int(reply.headers["Retry-After"]) > 0, what
    assert [row.found for row in await LookUp.all()] == [None] * len(WRONG)


async def test_a_column_of_another_type_is_named_in_the_log_and_not_to_the_citizen(
    hall: Door, ministry: Ministry
) -> None:
    changes: dict[str, dict[str, Any]] = {
        "its column mortgaged: give true or false; what came is str": {"mortgaged": "garbage"},
        "its column vin_tail: give text; what came is int": {"vin_tail": 7},
        "its column plate: this is required; what came is nothing": {"plate": None},
    }
    for told, wrong in changes.items():
        ministry.answers({"records": [as_json(WANG, **wrong)]})
        with capture_logs() as logs:
            problem = (await ask(wang(hall), WANG)).problem(502, "department-failed")
        (failed,) = [one for one in logs if one["event"] == "handler failed"]
        assert (failed["plugin"], failed["item"]) == ("traffic", "vehicle-record")
        assert failed["mistake"] == f"register vehicles raised RegisterBroken: {told}"
        assert told not in str(problem)


async def test_any_other_status_is_a_failure_and_no_redirect_is_followed(hall: Door, ministry: Ministry) -> None:
    for count, status in enumerate((301, 307, 401, 404, 500, 204), 1):
        ministry.answers("", status=status, headers={"Location": f"{ministry.url}/elsewhere"})
        (await ask(wang(hall), WANG)).problem(502, "department-failed")
        assert len(ministry.asked) == count, status


async def test_a_register_that_says_not_now_is_unavailable(hall: Door, ministry: Ministry) -> None:
    for status in (429, 502, 503, 504):
        ministry.answers("", status=status)
        reply = await ask(wang(hall), WANG)
        reply.problem(503, "department-unavailable")
        assert int(reply.headers["Retry-After"]) > 0, status


async def test_a_register_that_is_slow_is_not_waited_for(hall: Door, ministry: Ministry) -> None:
    async def hang(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        raise AssertionError

    ministry.behave = hang
    begun = time.monotonic()
    reply = await ask(wang(hall), WANG)
    assert time.monotonic() - begun < 10
    problem = reply.problem(504, "department-timed-out")
    assert "没有及时答复" in problem["detail"]
    assert int(reply.headers["Retry-After"]) > 0


async def test_whoever_hangs_up_has_had_a_look_up_in_vain(tmp_path: Path, ministry: Ministry) -> None:
    """Otherwise hanging up would let one person ask the register without end."""
    asked = asyncio.Event()

    async def hang(_: web.Request) -> web.StreamResponse:
        asked.set()
        await asyncio.sleep(60)
        raise AssertionError

    async def over() -> bool:
        return not (await Allowance.get()).waiting

    ministry.behave = hang
    async with open_hall(tmp_path, {"url": ministry.url, "timeout": 30.0}) as door:
        asking = asyncio.create_task(ask(wang(door), WANG))
        await asked.wait()
        asking.cancel()
        await until(over)
        row = await Allowance.get()
        assert (row.used, row.spent) == (1, 1)


async def test_a_register_that_drips_is_not_waited_for_either(hall: Door, ministry: Ministry) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.05)

    ministry.behave = drip
    (await ask(wang(hall), WANG)).problem(504, "department-timed-out")


async def test_a_register_that_is_down_opens_its_own_breaker_and_no_other_register_s(
    hall: Door, ministry: Ministry
) -> None:
    (violations,) = [one for one in samples("traffic") if one.name.startswith("traffic-violations")]
    await import_file(hall, violations)
    ministry.answers("", status=503)
    people = [hall.citizen(f"person{number}", resident_id=made_up_person(number + 1)) for number in range(5)]
    for person in people[:3]:
        (await ask(person, WANG)).problem(503, "department-unavailable")
    assert len(ministry.asked) == 3
    reply = await ask(people[3], WANG)
    reply.problem(503, "department-unavailable")
    assert len(ministry.asked) == 3
    assert 25 <= int(reply.headers["Retry-After"]) <= 31
    question = {name: WANG[name] for name in ("plate", "plate_class", "vin_tail")}
    body = {"question": question, "purpose": "卖车之前查询"}
    assert (await wang(hall).post("/v1/items/traffic-violations/query", body)).ok()["found"] == 1


async def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    async with served(Ministry()) as gone:
        url = gone.url
    async with open_hall(tmp_path, {"url": url}) as door:
        reply = await ask(wang(door), WANG)
        reply.problem(503, "department-unavailable")
        assert "127.0.0.1" not in reply.body.decode()


# -- SQL -------------------------------------------------------------------------------------------------------------

SELECT = """
SELECT plate, plate_class, vin_tail, owner_id, status, inspection_until, mortgaged
FROM vehicles -- ':nobody'
WHERE plate = :plate AND plate_class = :plate_class AND vin_tail = :vin_tail
  AND (CAST(:owner AS TEXT) IS NULL OR owner_id = :owner)
"""

TABLE = (
    "CREATE TABLE vehicles (plate TEXT, plate_class TEXT, vin_tail TEXT, owner_id TEXT, status TEXT, "
    "inspection_until {day}, mortgaged BOOLEAN)"
)


def question(row: dict[str, str], owner: str | None = None) -> Question:
    keys = {name: row[name] for name in ("plate", "plate_class", "vin_tail")}
    return Question(keys=keys, filters={}, owner=owner, asker="wang", language="en")


def sqlite_file(folder: Path) -> Path:
    file = folder / "theirs.sqlite3"
    with sqlite3.connect(file) as connection:
        connection.execute(TABLE.format(day="TEXT"))
        rows = [tuple(row.values()) for row in ROWS]
        connection.executemany("INSERT INTO vehicles VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    connection.close()
    return file


def test_parameters_are_read_as_postgresql_wants_them_and_not_out_of_texts_comments_and_casts() -> None:
    sql = "SELECT ':a', \":b\", x::text /* :c */ FROM t WHERE k = :plate -- :d\nAND (:owner::text = o OR p = :plate)"
    assert parameters_of(sql) == ("plate", "owner")
    assert numbered(sql).endswith("WHERE k = $1 -- :d\nAND ($2::text = o OR p = $1)")


SQLITE_SELECT = SELECT.replace("mortgaged\nFROM", "mortgaged = 'true' AS mortgaged\nFROM")


async def test_a_sqlite_register_gives_what_its_select_finds(tmp_path: Path) -> None:
    file = sqlite_file(tmp_path)
    register = SqliteRegister(RegisterSource(database=f"sqlite://{file.name}", sql=SQLITE_SELECT), tmp_path)
    found = await register.find(question(WANG, WANG["owner_id"]))
    assert [record["plate"] for record in found.records] == [WANG["plate"]]
    assert (await register.find(question(WANG, ZHANG["owner_id"]))).records == []


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM vehicles WHERE plate = :plate RETURNING *",
        "INSERT INTO vehicles (plate) VALUES (:plate) RETURNING *",
        "UPDATE vehicles SET status = 'x' WHERE plate = :plate RETURNING *",
        "DROP TABLE vehicles",
        "CREATE TABLE mine (x)",
        "ATTACH DATABASE 'file:new.sqlite3?mode=rwc' AS other",
        "PRAGMA query_only = OFF",
        "PRAGMA journal_mode = DELETE",
        "VACUUM INTO 'copy.sqlite3'",
        "SELECT load_extension('x')",
        "SELECT 1; DELETE FROM vehicles",
    ],
)
async def test_nothing_can_be_written_through_a_sqlite_register(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    monkeypatch.chdir(tmp_path)
    file = sqlite_file(tmp_path)
    before = file.read_bytes()
    register = SqliteRegister(RegisterSource(database=f"sqlite://{file}", sql=sql), tmp_path)
    with pytest.raises(RegisterBroken):
        await register.find(question(WANG))
    assert file.read_bytes() == before
    assert os.listdir(tmp_path) == [file.name]  # noqa: PTH208


async def test_a_sqlite_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    register = {"database": "sqlite://gone.sqlite3", "sql": SQLITE_SELECT}
    async with open_hall(tmp_path, register) as door:
        (await ask(wang(door), WANG)).problem(503, "department-unavailable")
    assert not (tmp_path / "gone.sqlite3").exists()


async def test_a_select_without_end_is_stopped(tmp_path: Path) -> None:
    sqlite_file(tmp_path)
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*), :plate FROM n"
    register = {"database": "sqlite://theirs.sqlite3", "sql": endless, "timeout": 0.3}
    keys = " OR ".join(f":{name} IS NULL" for name in ("plate_class", "vin_tail"))
    register["sql"] = f"{endless} WHERE {keys} OR 1"
    async with open_hall(tmp_path, register) as door:
        begun = time.monotonic()
        (await ask(wang(door), WANG)).problem(504, "department-timed-out")
        assert time.monotonic() - begun < 10
    # A thread that ran on would keep this loop from ending: the default executor joins its threads.
    await asyncio.wait_for(asyncio.get_running_loop().shutdown_default_executor(), 10)


@pytest.fixture
async def theirs(empty_postgres: str) -> AsyncIterator[tuple[str, str]]:
    """A department's PostgreSQL: its address for the platform, and the schema."""
    address, _, rest = empty_postgres.partition("?")
    schema = rest.partition("schema=")[2].partition("&")[0]
    connection = await asyncpg.connect(address.replace("asyncpg:", "postgres:"))
    await connection.execute(f"SET search_path TO {schema}")
    await connection.execute(TABLE.format(day="DATE"))
    await connection.execute("CREATE SEQUENCE counter")
    for row in ROWS:
        values = {**row, "owner_id": row["owner_id"] or None}
        await connection.execute(
            "INSERT INTO vehicles VALUES ($1, $2, $3, $4, $5, $6::text::date, $7::text::boolean)", *values.values()
        )
    yield address, schema
    await connection.close()


async def test_a_postgresql_register_gives_what_its_select_finds_over_http(
    tmp_path: Path, theirs: tuple[str, str]
) -> None:
    address, schema = theirs
    register = {"database": address, "sql": SELECT.replace("FROM vehicles", f"FROM {schema}.vehicles")}
    async with open_hall(tmp_path, register) as door:
        shown = (await ask(wang(door), WANG)).ok()
        assert shown["records"][0]["inspection_until"] == WANG["inspection_until"]
        assert shown["records"][0]["mortgaged"] is True
        assert (await ask(wang(door), ZHANG)).ok()["found"] == 0
        assert (await ask(door.staff("li", "traffic:registrar"), ZHANG)).ok()["found"] == 1


#: What might write, in their schema.
WRITING = (
    "DELETE FROM {schema}.vehicles WHERE plate = :plate RETURNING *",
    "WITH gone AS (DELETE FROM {schema}.vehicles RETURNING *) SELECT * FROM gone WHERE plate = :plate",
    "INSERT INTO {schema}.vehicles (plate) VALUES (:plate) RETURNING *",
    "SELECT nextval('{schema}.counter'), CAST(:plate AS TEXT)",
    "SELECT * FROM {schema}.vehicles WHERE plate = :plate FOR UPDATE",
    "SELECT set_config('transaction_read_only', 'off', false), CAST(:plate AS TEXT)",
    "SELECT 1; DELETE FROM {schema}.vehicles",
    "CREATE TABLE {schema}.mine (x INT)",
)


async def test_nothing_can_be_written_through_a_postgresql_register(tmp_path: Path, theirs: tuple[str, str]) -> None:
    address, schema = theirs
    for sql in WRITING:
        async with open_sql(RegisterSource(database=address, sql=sql.format(schema=schema)), tmp_path) as register:
            for _ in range(2):
                with pytest.raises(RegisterBroken):
                    await register.find(question(WANG))
    connection = await asyncpg.connect(address.replace("asyncpg:", "postgres:"))
    assert await connection.fetchval(f"SELECT count(*) FROM {schema}.vehicles") == len(ROWS)  # noqa: S608
    assert await connection.fetchval(f"SELECT is_called FROM {schema}.counter") is False  # noqa: S608
    assert await connection.fetchval("SELECT to_regclass($1)", f"{schema}.mine") is None
    await connection.close()


async def test_a_postgresql_register_that_is_slow_or_away_is_told(tmp_path: Path, theirs: tuple[str, str]) -> None:
    address, _ = theirs
    keys = ":plate::text, :plate_class::text, :vin_tail::text"
    slow = {"database": address, "sql": f"SELECT pg_sleep(60), {keys}", "timeout": 0.4}
    away = {"database": "postgres://nobody@127.0.0.1:9/none", "sql": f"SELECT {keys}"}
    for register, status in ((slow, 504), (away, 503)):
        async with open_hall(tmp_path / str(status), register) as door:
            reply = await ask(wang(door), WANG)
            assert reply.status == status, reply.body
            assert int(reply.headers["Retry-After"]) > 0


# -- what an operator writes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({}, "has to say where the data are"),
        ({"url": "https://a.example", "database": "sqlite://x"}, "has to say where the data are"),
        ({"url": "http://a.example"}, "url has to be an https:// address"),
        ({"database": "sqlite://x"}, "sql stands beside database"),
        ({"database": "sqlite://x", "sql": "SELECT 1", "token": "x"}, "token beside url"),
        ({"database": "mysql://x", "sql": "SELECT 1"}, "database has to begin with"),
        ({"url": "https://a.example", "timeout": 0}, "timeout has to be"),
        ({"url": "https://a.example", "tokn": "x"}, "is not a known key"),
    ],
)
def test_a_source_that_makes_no_sense_is_told(table: dict[str, Any], why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        typed(RegisterSource, table, where="platform.registers.vehicles")


@pytest.mark.parametrize(
    ("code", "table", "rule", "advice"),
    [
        ("vehicle", {"url": "https://a.example"}, "unknown-register", "did you mean 'vehicles'?"),
        ("cases", {"url": "https://a.example"}, "wrong-setting", "remove it; this register is the platform's own"),
        ("drivers", {"sql": "SELECT :licence_number, :file_no"}, "unknown-parameter", "did you mean 'file_number'?"),
        ("drivers", {"sql": "SELECT :licence_number"}, "unknown-parameter", "ask for :file_number, or every question"),
        ("drivers", {"sql": "DELETE FROM d WHERE a=:licence_number AND b=:file_number"}, "wrong-setting", "one SELECT"),
    ],
)
def test_a_source_of_a_register_that_is_asked_otherwise_is_told(
    tmp_path: Path, code: str, table: dict[str, str], rule: str, advice: str
) -> None:
    lines = [f'{key} = "{value}"' for key, value in table.items()]
    lines += ['database = "sqlite://theirs.sqlite3"'] if "sql" in table else []
    file = tmp_path / "plugins.toml"
    traffic = f'[plugins.traffic]\npath = "{DEPARTMENTS / "traffic"}"\napi = 1\n'
    file.write_text(f"[platform.registers.{code}]\n" + "\n".join(lines) + "\n" + traffic)
    found = [one for one in inspected(read_configuration(file))[1] if one.plugin == "platform"]
    assert rule in {one.rule for one in found}
    assert any(f"{file}: platform.registers.{code}" in one.advice and advice in one.advice for one in found), found


def test_a_department_asks_its_own_registers_alone(tmp_path: Path) -> None:
    """What the traffic police know of somebody is theirs to show."""
    other = tmp_path / "parks"
    other.mkdir()
    items = (DEPARTMENTS / "traffic" / "items" / "queries.toml").read_text(encoding="utf-8")
    item = next(one for one in items.split("[[items]]") if 'code = "vehicle-record"' in one)
    head = '[department]\ncode = "parks"\ntitle = { zh-CN = "公园处", en = "Parks" }\n\n[[items]]'
    item = item.replace("vehicle-record", "parks-vehicles", 1).replace('unit = "vehicle-office"\n', "")
    (other / "items.toml").write_text(head + item, encoding="utf-8")
    form = other / "forms" / "vehicle-record.json"
    form.parent.mkdir()
    form.write_text((DEPARTMENTS / "traffic" / "forms" / "vehicle-record.json").read_text(encoding="utf-8"))
    file = tmp_path / "plugins.toml"
    folders = {"traffic": DEPARTMENTS / "traffic", "parks": other}
    file.write_text("".join(f'[plugins.{name}]\npath = "{one}"\napi = 1\n' for name, one in folders.items()))
    found = [one for one in inspected(read_configuration(file))[1] if not one.warning]
    assert [(one.plugin, one.rule) for one in found] == [("parks", "unknown-register")]
    assert "there are: cases" in found[0].advice

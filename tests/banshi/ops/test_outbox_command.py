"""`banshi outbox` as an operator meets it, on both databases: what waits is seen and never what is in it; a row is
tried again or given up by one operator, and never taken from a worker; and while it is held nothing is claimed."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from banshi.app import configure
from banshi.builtin.monitoring import outbox_rows
from banshi.foundation.database.opening import open_store
from banshi.foundation.database.store import Store
from banshi.foundation.database.writes import Write
from banshi.kernel.outbox import outbox
from banshi.kernel.outbox.outbox import ALERT_LANE, NOTICE_LANE
from banshi.kernel.tables.outbox import OutboxRow
from banshi.ops.cli import group
from banshi.ops.holding import hold, resume
from tests.harness.borrowed import elsewhere

SECRET = "王小明 13800000000"

CITY = """
[platform]
database = "{database}"
data = "data"
"""

Work = Callable[[Store], Awaitable[Any]]


@pytest.fixture
def city(tmp_path: Path, database: str) -> City:
    (tmp_path / "plugins.toml").write_text(CITY.format(database=database), encoding="utf-8")
    return City(tmp_path, database)


class City:
    """A folder with a configuration and a database, and the commands in it."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder, self.database = folder, database

    def outbox(self, *arguments: str, told: str | None = None) -> Result:
        return CliRunner().invoke(
            group, ["--config", str(self.folder / "plugins.toml"), "outbox", *arguments], input=told, obj={}
        )

    def refuses(self, status: int, why: str, *arguments: str, told: str | None = None) -> None:
        said = self.outbox(*arguments, told=told)
        assert (said.exit_code, why in said.output) == (status, True), said.output

    def do(self, work: Work) -> Any:
        async def opened() -> Any:
            async with open_store(self.database, configure(self.folder / "plugins.toml").tables) as store:
                return await work(store)

        return elsewhere(opened())

    def promise(self, *names: str, **columns: Any) -> list[str]:
        """Rows in the order of their names; their ids."""
        values = {"consumer": "channel:test", "topic": "message", "payload": {"body": SECRET}, **columns}
        rows = [OutboxRow(dedup=name, **values) for name in names]

        async def write(store: Store) -> None:
            for row in rows:
                await store.commit(Write(rows=[row]))

        self.do(write)
        return [str(row.id) for row in rows]

    def state(self, identity: str) -> tuple[str, int]:
        async def read(_: Store) -> tuple[str, int]:
            row = await OutboxRow.get(id=identity)
            return row.state, row.tries

        found: tuple[str, int] = self.do(read)
        return found


def test_the_list_shows_what_waits_the_oldest_first_and_nothing_of_what_is_in_it(city: City) -> None:
    (parked,) = city.promise("a", state="parked", tries=12, last_error="TimeoutError", consumer="intake")
    (waits,) = city.promise("b", lane=NOTICE_LANE)
    city.promise("c", state="done")
    (taken,) = city.promise("d", lane=ALERT_LANE, lease_until=2**50)
    said = city.outbox("list")
    assert said.exit_code == 0, said.output
    assert [line.split()[0] for line in said.stdout.splitlines()] == [parked, waits, taken]
    assert SECRET not in said.output
    assert "12 attempts  TimeoutError" in said.stdout
    documents = [json.loads(line) for line in city.outbox("list", "--json").stdout.splitlines()]
    assert [one["state"] for one in documents] == ["parked", "waiting", "working"]
    assert documents[0] | {"age": 0} == {
        "id": parked,
        "consumer": "intake",
        "lane": "case",
        "state": "parked",
        "attempts": 12,
        "error": "TimeoutError",
        "age": 0,
        "wait": None,
        "held": False,
    }
    for filters, expected in (
        (["--state", "parked"], [parked]),
        (["--consumer", "channel:test"], [waits, taken]),
        (["--lane", "notice"], [waits]),
        (["--consumer", "nobody"], []),
        (["--limit", "1"], [parked]),
    ):
        lines = city.outbox("list", "--json", *filters).stdout.splitlines()
        assert [json.loads(line)["id"] for line in lines] == expected, filters


def test_what_is_parked_is_tried_again_as_if_for_the_first_time(city: City) -> None:
    one, two, three = city.promise("a", "b", "c", state="parked", tries=12, attempts=12)
    (other,) = city.promise("d", state="parked", consumer="intake")
    assert city.outbox("retry", one).exit_code == 0
    assert city.state(one) == ("due", 0)
    assert [city.state(identity)[0] for identity in (two, three, other)] == ["parked"] * 3
    assert "2 are tried again" in city.outbox("retry", "--consumer", "channel:test").stdout
    assert city.state(other)[0] == "parked"
    assert "1 is tried again" in city.outbox("retry", "--all").stdout
    for empty in (["--all"], ["--consumer", "intake"]):
        said = city.outbox("retry", *empty)
        assert (said.exit_code, "Nothing is parked" in said.stdout) == (0, True)

    async def fail(store: Store) -> bool:
        (row,) = await outbox.claim(store, "intake", limit=1, lease=30)
        return await outbox.put_back(store, row, "TimeoutError", attempts=12)

    assert city.do(fail) is False, "it has its attempts anew"


def test_an_earlier_worker_settles_nothing_of_a_row_that_is_tried_again(city: City) -> None:
    (one,) = city.promise("a")

    async def work(store: Store) -> None:
        (early,) = await outbox.claim(store, "channel:test", limit=1, lease=0)
        (late,) = await outbox.claim(store, "channel:test", limit=1, lease=0)
        assert await outbox.put_back(store, late, "TimeoutError", attempts=2)
        assert await outbox_rows.retry(store, uuid.UUID(one))
        (again,) = await outbox.claim(store, "channel:test", limit=1, lease=30)
        await outbox.settle(store, [early, late])
        assert (await OutboxRow.get()).state == "due"
        await outbox.settle(store, [again])
        assert (await OutboxRow.get()).state == "done"

    city.do(work)


def test_a_row_is_given_up_by_its_id_once_it_is_said_what_is_lost(city: City) -> None:
    (one,) = city.promise("a", state="parked", last_error="ValueError", tries=12)
    city.refuses(1, "never gets this message", "drop", one, told="n\n")
    assert city.state(one)[0] == "parked"
    done = city.outbox("drop", one, "--yes")
    assert done.exit_code == 0, done.output
    assert "never gets this message" in done.stdout
    assert city.state(one)[0] == "dropped"

    async def word(store: Store) -> tuple[str, Any]:
        row = await OutboxRow.get()
        return row.last_error, await outbox.counts(store)

    said, counted = city.do(word)
    assert said.startswith("dropped by ")
    assert said.endswith("ValueError")
    assert counted == {}
    city.refuses(1, "it is dropped, and not parked or waiting", "drop", one, "--yes")


def test_what_a_worker_has_in_hand_is_neither_dropped_nor_retried(city: City) -> None:
    (one,) = city.promise("a")
    city.do(lambda store: outbox.claim(store, "channel:test", limit=1, lease=3600))
    for verb in (["drop", "--yes"], ["retry"]):
        city.refuses(1, "a worker has it in hand; look again in 3", *verb, one)
    assert city.state(one) == ("due", 1)


@pytest.mark.parametrize("verb", [["retry"], ["drop", "--yes"]])
def test_an_id_that_is_none_and_one_that_is_nobodys_are_refused(city: City, verb: list[str]) -> None:
    city.promise("a", state="parked")
    unknown = city.outbox(*verb, str(uuid.uuid4()))
    assert unknown.exit_code == 1
    assert "there is no such row; `banshi outbox list` shows the ids" in unknown.output
    city.refuses(2, "not a valid UUID", *verb, "7; DROP TABLE banshi_outbox")


def test_retry_says_one_way_of_what(city: City) -> None:
    (one,) = city.promise("a", state="parked")
    for wrong in ([], [one, "--all"], ["--all", "--consumer", "intake"]):
        city.refuses(2, "say which", "retry", *wrong)
    assert city.state(one)[0] == "parked"


def test_of_two_operators_at_once_one_wins(city: City) -> None:
    (one,) = city.promise("a", state="parked")

    async def both(store: Store) -> list[bool]:
        return list(
            await asyncio.gather(
                outbox_rows.drop(store, uuid.UUID(one), "x"),
                outbox_rows.retry(store, uuid.UUID(one)),
                outbox_rows.retry(store, uuid.UUID(one)),
            )
        )

    won = city.do(both)
    # A drop that comes after a retry finds the row waiting, and may give it up all the same.
    assert won.count(True) == 1 or (won[0] and won.count(True) == 2)
    assert city.do(lambda store: asyncio.gather(hold(store, "x"), hold(store, "y"))).count(True) == 1
    assert city.do(lambda store: asyncio.gather(resume(store), resume(store))).count(True) == 1


def test_nothing_is_claimed_while_it_is_held_and_everything_once_it_is_released(city: City) -> None:
    (one,) = city.promise("a")
    claim: Work = lambda store: outbox.claim(store, "channel:test", limit=9, lease=30)  # noqa: E731
    assert city.outbox("hold", "--reason", "looking").exit_code == 0
    assert "held already" in city.outbox("hold").stdout
    assert city.do(claim) == []
    # Whoever asked when to look again would look again and again.
    assert city.do(lambda store: outbox.seconds_to_next(store, "channel:test")) is None
    said = city.outbox("list")
    assert "Nothing goes out since" in said.stderr
    assert "looking" in said.stderr
    assert "1 channel:test" in said.stderr
    assert city.outbox("release", told="n\n").exit_code == 1
    assert city.do(claim) == []
    released = city.outbox("release", "--yes")
    assert released.exit_code == 0, released.output
    assert [row.id for row in city.do(claim)] == [one]
    city.refuses(1, "isn't held", "release", "--yes")


def test_a_release_gives_up_what_an_operator_names_and_nothing_else(city: City) -> None:
    old, other = city.promise("a"), city.promise("b", consumer="intake")
    moment = city.do(lambda store: _now(store))
    late = city.promise("c")
    city.outbox("hold")
    for wrong, why in (
        (["--drop-before", "2026-11-26T03:00"], "belong together"),
        (["--of", "channel:test"], "belong together"),
        (["--drop-before", "yesterday", "--of", "channel:test"], "write a time such as"),
        (["--drop-before", "2026-11-26T03:00", "--of", "channel:tset"], "there is: channel:test, intake"),
    ):
        said = city.outbox("release", "--yes", *wrong)
        assert said.exit_code != 0
        assert why in said.output
    at = datetime.fromtimestamp(moment / 1000, UTC).isoformat()
    said = city.outbox("release", "--yes", "--drop-before", at, "--of", "channel:test")
    assert said.exit_code == 0, said.output
    assert "channel:test: 1 given up" in said.stdout
    assert [city.state(row)[0] for (row,) in (old, other, late)] == ["dropped", "due", "due"]


async def _now(store: Store) -> int:
    await asyncio.sleep(0.05)
    now = int((await store.connection.execute_query_dict(f"SELECT {store.clock} AS now"))[0]["now"])
    await asyncio.sleep(0.05)
    return now


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    city = City(tmp_path, "")
    (tmp_path / "plugins.toml").write_text(CITY.format(database=f"sqlite://{tmp_path / 'x.sqlite3'}"), encoding="utf-8")
    said = city.outbox("list")
    assert said.exit_code != 0
    assert "there is no database at" in str(said.exception)
    assert not (tmp_path / "x.sqlite3").exists()


def test_tables_of_another_version_are_refused_with_what_to_do(tmp_path: Path, empty_database: str) -> None:
    city = City(tmp_path, empty_database)
    (tmp_path / "plugins.toml").write_text(CITY.format(database=empty_database), encoding="utf-8")
    if empty_database.startswith("sqlite"):
        (tmp_path / "banshi.sqlite3").touch()
    said = city.outbox("retry", "--all")
    assert said.exit_code != 0
    assert "schema-too-old: run `banshi migrate`" in str(said.exception)

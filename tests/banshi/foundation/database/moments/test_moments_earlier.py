"""What was written in another zone by the version before is found after the upgrade, and none of it is lost."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from banshi.foundation.database.opening import open_store
from banshi.foundation.database.sqlite import spelled
from tests.banshi.foundation.database.moments.moments import CITY
from tests.harness.memory.prepared import all_tables
from tests.readers.refusals import refused

#: Texts as earlier versions, plugins and SQLite itself have written them, and the moment that each is.
EARLIER = {
    "2026-10-05 08:00:00+08:00": datetime(2026, 10, 5, tzinfo=UTC),
    "2026-10-05 08:00:00.000001+08:00": datetime(2026, 10, 5, microsecond=1, tzinfo=UTC),
    "2026-10-04 21:30:00-02:30": datetime(2026, 10, 5, tzinfo=UTC),
    "2026-10-05T05:45:00+05:45": datetime(2026, 10, 5, tzinfo=UTC),
    "2026-10-05 00:00:00": datetime(2026, 10, 5, tzinfo=UTC),
    "2026-10-05T00:00:00Z": datetime(2026, 10, 5, tzinfo=UTC),
    "2026-10-05 00:00:00.000000+00:00": datetime(2026, 10, 5, tzinfo=UTC),
    "2026-10-05 00:00:00.500+00:00": datetime(2026, 10, 5, microsecond=500_000, tzinfo=UTC),
    "2026-10-05 00:00:00+00:00": datetime(2026, 10, 5, tzinfo=UTC),
    "2026-10-05 00:00:00.000001+00:00": datetime(2026, 10, 5, microsecond=1, tzinfo=UTC),
}

#: What is no moment, or none that there is in UTC: it stays as it is.
OTHERWISE = ["", "soon", "0001-01-01 00:00:00+08:00", 1_790_000_000]

BEFORE_THAT = "DELETE FROM tortoise_migrations WHERE name = '0015_moments_in_utc'"


async def a_file_of_the_version_before(url: str) -> None:
    """With moments in the tables of a plugin, and in one of which no program that runs knows anything."""
    async with open_store(url, all_tables()) as store:
        run = store.connection.execute_query
        for number, text in enumerate([*EARLIER, *OTHERWISE]):
            await run("INSERT INTO traffic_zone_closure VALUES (?, '', ?, '', ?)", [f"{number}", text, None])
        await run('CREATE TABLE "a ""table""" ("at ""it""" TIMESTAMP UNIQUE, said TEXT)')
        await run('INSERT INTO "a ""table""" VALUES (?, ?)', ["2026-10-05 08:00:00+08:00", "2026-10-05 08:00:00+08:00"])
        await run(BEFORE_THAT)


async def test_what_was_written_in_another_zone_before_is_found_after_the_upgrade(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path / 'before.sqlite3'}"
    await a_file_of_the_version_before(url)
    await refused(open_store(url, all_tables(), migrate=False), "0015_moments_in_utc")
    async with open_store(url, all_tables()) as store:
        rows = await store.connection.execute_query_dict("SELECT zone, closed_at FROM traffic_zone_closure")
        texts = {int(row["zone"]): row["closed_at"] for row in rows}
        assert [texts[number] for number in range(len(EARLIER))] == [spelled(moment) for moment in EARLIER.values()]
        assert [texts[number] for number in range(len(EARLIER), len(texts))] == OTHERWISE
        strange = await store.connection.execute_query_dict('SELECT * FROM "a ""table"""')
        assert strange == [{'at "it"': "2026-10-05 00:00:00+00:00", "said": "2026-10-05 08:00:00+08:00"}]
        await store.connection.execute_query(
            "DELETE FROM traffic_zone_closure WHERE CAST(zone AS INTEGER) >= ?", [len(EARLIER)]
        )
        model = store._models["traffic_zone_closure"]
        same = [moment for moment in EARLIER.values() if not moment.microsecond]
        assert await model.filter(closed_at=datetime(2026, 10, 5, 8, tzinfo=CITY)).count() == len(same) == 7
        assert await model.filter(closed_at__gt=datetime(2026, 10, 5, 8, tzinfo=CITY)).count() == 3


async def test_of_two_rows_of_one_moment_that_a_key_lets_in_once_none_is_lost_and_the_log_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite://{tmp_path / 'before.sqlite3'}"
    async with open_store(url, {}) as store:
        await store.connection.execute_query("CREATE TABLE visit (at TIMESTAMP UNIQUE)")
        for text in ("2026-10-05 08:00:00+08:00", "2026-10-05 00:00:00+00:00", "2026-10-05 09:00:00+08:00"):
            await store.connection.execute_query("INSERT INTO visit VALUES (?)", [text])
        await store.connection.execute_query(BEFORE_THAT)
    async with open_store(url, {}) as store:
        rows = await store.connection.execute_query_dict("SELECT at FROM visit ORDER BY rowid")
        assert [row["at"] for row in rows] == [
            "2026-10-05 08:00:00+08:00",
            "2026-10-05 00:00:00+00:00",
            "2026-10-05 01:00:00+00:00",
        ]
    assert "moments stay in another zone" in (said := capsys.readouterr().out), said
    assert "visit" in said

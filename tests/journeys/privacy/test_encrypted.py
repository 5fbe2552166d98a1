"""A real server with a ring of keys: nothing of a person is in the database, and a change of keys loses nothing."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from banshi.foundation.database.opening import open_store
from banshi.foundation.database.store import Store
from banshi.foundation.database.writes import Write
from banshi.foundation.encryption import look_ups
from banshi.foundation.encryption.ring import Keys, Ring, new_key, read_keys, write_keys
from banshi.kernel.loading.configuration import read_configuration
from banshi.kernel.loading.settings import PRAGMAS
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case
from banshi.ops.backup.resealing import columns_in, held
from banshi.testing import Person
from tests.conftest import good_answers
from tests.harness.encrypted import ring_in
from tests.harness.memory.prepared import all_tables
from tests.journeys.privacy import killed
from tests.journeys.privacy.test_person_leaves_no_trace import CHINESE, LATIN, WANG, hits, lived
from tests.journeys.privacy.test_tip_leaves_no_trace import Place, everything
from tests.journeys.running import PATIENT, configured, ran, serving, somebody
from tests.processes import commands
from tests.waiting import until

pytestmark = [pytest.mark.long, pytest.mark.sqlite]

#: Seconds between what one person hands in and the next: a server that does nothing else proves no more.
BREATH = 0.05

#: Rows that are sealed anew.
ROWS = 3_000


def city(folder: Path, database: str, ring: Path | None) -> str:
    """A plugins.toml with that database; its URL."""
    if database.startswith("sqlite"):
        database = f"{database.partition('?')[0]}?{PRAGMAS}"
    keys = f'personal_keys = "{ring}"\n' if ring else ""
    configured(folder, f'{PATIENT}database = "{database}"\n{keys}')
    return database


async def said(folder: Path, *arguments: str) -> str:
    return (await ran(folder, *arguments)).stdout


@pytest.mark.timeout(240)
async def test_a_whole_case_with_push_and_own_data_leaves_nothing_of_the_person_in_the_database(
    tmp_path: Path, database: str
) -> None:
    ring = ring_in(tmp_path)
    database = city(tmp_path, database, ring)
    async with serving(tmp_path) as url, aiohttp.ClientSession() as session:
        wang = somebody(tmp_path, session, url, **WANG)
        link = await lived(wang)
        case = (await wang.get(link)).ok()
        assert (case["answers"]["plate"], case["answers"]["driver"]["phone"]) == (CHINESE[1], LATIN[3])
        own = (await wang.get("/v1/me/data")).body.decode()
        assert all(word in own for word in (LATIN[0], LATIN[2], LATIN[3], LATIN[4], *CHINESE))
    settings = read_configuration(tmp_path / "plugins.toml").settings
    place = Place(tmp_path, url, tmp_path / "everything.log", settings)
    # Rows as they are stored. The log is another test's.
    data = await everything(place, database, ring)
    assert len([name for name in data if name.startswith(("banshi_", "push_"))]) > 20
    assert hits({name: content for name, content in data.items() if name != "everything.log"}) == set()


@pytest.mark.timeout(240)
async def test_a_rotation_under_load_loses_nothing_and_leaves_nothing_under_the_old_key(
    tmp_path: Path, database: str
) -> None:
    ring = ring_in(tmp_path)
    database = city(tmp_path, database, ring)
    (old,) = read_keys(ring).keys
    acknowledged: list[str] = []
    over = asyncio.Event()
    async with serving(tmp_path) as url, aiohttp.ClientSession() as session:

        async def hand_in(person: Person) -> None:
            answers = await good_answers(person, plate="川BD47110", driver={"name": CHINESE[0], "phone": LATIN[3]})
            while not over.is_set():
                reply = await person.post("/v1/items/zone-pass/cases", {"answers": answers})
                acknowledged.append(reply.created()["links"]["self"])
                answers |= {name: (await person.upload()).created()["id"] for name in ("licence", "registration")}
                await asyncio.sleep(BREATH)

        people = [somebody(tmp_path, session, url, f"load-{number}") for number in range(4)]
        load = [asyncio.create_task(hand_in(person)) for person in people]
        await until(lambda: len(acknowledged) >= 20, seconds=60)
        await said(tmp_path, "keys", "personal", "rotate", "--lead", "0")
        await said(tmp_path, "encrypt")
        # Whatever the server wrote before it looked at the ring again; from here on it writes with the new key.
        await asyncio.sleep(6)
        await said(tmp_path, "encrypt")
        over.set()
        await asyncio.gather(*load)
        # A minute later: nobody writes with the old one any more.
        keys = read_keys(ring)
        earlier = [replace(one, seals_from=one.seals_from - timedelta(minutes=2)) for one in keys.keys]
        write_keys(ring, replace(keys, keys=tuple(earlier)))
        removed = await said(tmp_path, "keys", "personal", "remove", old.id)
        assert removed.startswith(f"{old.id} is out")
        mine = {person: (await person.get("/v1/cases?limit=1")).ok() for person in people}
        assert all(one["items"] for one in mine.values())
    async with serving(tmp_path) as url, aiohttp.ClientSession() as session:
        async with open_store(database, all_tables(), personal=ring):
            there = {f"/v1/cases/{case.id}" for case in await Case.all() if case.answers["plate"] == "川BD47110"}
        assert there == set(acknowledged)
        assert len(acknowledged) >= 20
    await said(tmp_path, "audit", "verify")


async def fill(store: Store, now: datetime) -> None:
    for begin in range(0, ROWS, 500):
        rows = [
            Attachment(person=f"p{n}", name=f"file {n}", media_type="x", size=1, sha256="0", created_at=now)
            for n in range(begin, begin + 500)
        ]
        await store.commit(Write(rows=rows))


@pytest.mark.timeout(240)
async def test_sealing_anew_that_is_killed_in_the_middle_goes_on_where_it_was(tmp_path: Path, database: str) -> None:
    ring = ring_in(tmp_path)
    database = city(tmp_path, database, ring)
    now = datetime.now(UTC)
    async with open_store(database, all_tables(), personal=ring) as store:
        await fill(store, now)
        keys = read_keys(ring)
        write_keys(ring, Keys((*keys.keys, new_key(now)), keys.look_ups))
        new = Ring(ring).sealing()[0]
        names = [one for one in columns_in([Attachment]) if one.field.model_field_name == "name"]

        async def under(key: str) -> int:
            return sum(one.rows for one in await held(store.connection, names) if one.key == key)

        process = commands.begin(tmp_path, "encrypt", before=killed.is_killed_on_its_way)
        assert await process.ended() == -signal.SIGKILL
        done = await under(new)
        assert 0 < done < ROWS
        text = await said(tmp_path, "encrypt")
        assert f"banshi_attachment.name: {ROWS - done} sealed" in text
        assert await under(new) == ROWS
        store.context.ring = Ring(ring)  # type: ignore[attr-defined]
        store.context.ring.live = 1  # type: ignore[attr-defined]
        assert {row.name for row in await Attachment.all()} == {f"file {n}" for n in range(ROWS)}


@pytest.mark.timeout(240)
@pytest.mark.plain(why="begins with a plain database")
async def test_look_ups_that_are_killed_in_the_middle_are_as_they_were(tmp_path: Path, database: str) -> None:
    database = city(tmp_path, database, None)
    async with open_store(database, all_tables()) as store:
        await fill(store, datetime.now(UTC))
    ring = ring_in(tmp_path)
    city(tmp_path, database, ring)
    # By itself, with every row written and nothing of it committed.
    process = commands.begin(tmp_path, "encrypt", "--look-ups", "--yes", before=killed.is_killed_at_the_end)
    assert await process.ended() == -signal.SIGKILL
    async with open_store(database, {}) as store:
        plain = {row["person"][:1] for row in await store.connection.execute_query_dict(PEOPLE)}
        assert await look_ups.noted(store.connection) is None
        assert plain == {"p"}, "all or none"
    await said(tmp_path, "encrypt", "--look-ups", "--yes")
    async with open_store(database, all_tables(), personal=ring) as store:
        stored = await store.connection.execute_query_dict(PEOPLE)
        assert all(row["person"].startswith("sealed1:i1:") for row in stored)
        assert await Attachment.filter(person="p77").count() == 1


PEOPLE = "SELECT person FROM banshi_attachment"


@pytest.mark.timeout(240)
async def test_a_backup_has_no_ring_and_what_is_restored_without_it_does_not_begin(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        (folder / "data" / "keys").mkdir(parents=True, mode=0o700)
    ring = ring_in(old / "data" / "keys")
    for folder in (old, new):
        city(folder, f"sqlite://{folder / 'data' / 'banshi.sqlite3'}", folder / "data" / "keys" / ring.name)
    async with serving(old) as url, aiohttp.ClientSession() as session:
        link = await lived(somebody(old, session, url, **WANG))
        assert "keep a copy of it elsewhere" in (await ran(old, "backup", str(tmp_path / "backup"))).stderr
    assert not [file for file in (tmp_path / "backup").rglob("*") if file.name == ring.name]
    with closing(sqlite3.connect(tmp_path / "backup" / "database")) as copy:
        assert not any("4711" in str(row) for row in copy.execute("SELECT * FROM banshi_case"))
    assert "bring it back to" in (await ran(new, "restore", str(tmp_path / "backup"))).stderr
    assert "personal-keys-missing" in (await ran(new, "serve", "--port", "0", status=2)).stderr
    (new / "data" / "keys" / ring.name).write_bytes(ring.read_bytes())
    (new / "data" / "keys" / ring.name).chmod(0o600)
    async with serving(new) as url, aiohttp.ClientSession() as session:
        assert (await somebody(new, session, url, **WANG).get(link)).ok()["answers"]["plate"] == CHINESE[1]

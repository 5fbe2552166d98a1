"""Whoever changes, removes, makes up or moves an entry of the audit in the tables is found, and the entry is named."""

# ruff: noqa: S608 - the tables' own names

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
from contextlib import closing
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tortoise.exceptions import IntegrityError, OperationalError
from tortoise.transactions import in_transaction

from banshi import Write
from banshi.builtin.audit import chain, keeping, leaving
from banshi.builtin.audit.chain import newest_seal, pin_of, seal_all, seal_some
from banshi.builtin.audit.keeping import AUDIT
from banshi.builtin.audit.key import AuditKey, audit_key, read_key
from banshi.builtin.audit.models import AuditRemoval, AuditSeal
from banshi.builtin.audit.verifying import SETTLING_TIME
from banshi.builtin.personal_data import forgetting
from banshi.foundation.database.writes import Stale, Update
from banshi.kernel.loading.settings import AUDIT_KEY_FILE
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.ops.cli import group
from banshi.testing import Door, open_door
from tests.banshi.builtin.audit.chain_reading import kept, sealed, sql, verified
from tests.banshi.builtin.audit.sealing_process import step, write_and_seal, written
from tests.conftest import sqlite_url
from tests.places import TRAFFIC
from tests.processes.commands import FORKED
from tests.readers.tables import with_mode
from tests.waiting import until

#: What the tests change, and put back.
TABLES = ("banshi_case_event", "banshi_audit_seal", "banshi_audit_removal")


# -- what is right -----------------------------------------------------------------------------------------------------


async def test_what_the_platform_writes_is_as_it_was_written_on_its_whole_way(office: Door, answers: Any) -> None:
    wang, li = office.citizen("wang"), office.staff("li", "traffic:reviewer", "traffic:approver")
    case = (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)})).created()
    await office.settled()
    (await li.post(f"/v1/cases/{case['id']}/actions/return", {"reason": "请补照片"})).ok()
    found, tally = await verified(office)
    assert (found, tally.unsealed, tally.seals) == ([], tally.entries, 0)
    assert tally.entries >= 3
    assert await sealed(office) == tally.entries
    found, tally = await verified(office)
    assert (found, tally.unsealed, tally.found) == ([], 0, 0)


#: What a plugin may put where JSON belongs. The ORM takes a text for what it says.
JSON_TEXTS = ("123", "true", "null", "[1]", '"word"', '"123"', '{"b": 1e3, "a": [2.0]}', b"[1.0]")


async def test_a_text_that_is_json_is_no_finding_nor_what_is_blanked_to_one(office: Door) -> None:
    for text in JSON_TEXTS:
        (case,) = await written(office, steps=1)
        entry = CaseEvent(case_id=case.id, version=2, at=office.platform.now(), action="x", actor="staff")
        entry.state_before, entry.state = "submitted", "submitted"
        entry.details, entry.reason = text, text
        guard = Update(Case, {"id": case.id, "version": 1}, {"version": 2})
        await office.platform.store.commit(Write(updates=[guard], rows=[entry]))
        assert (await verified(office))[0] == [], text
        read = await CaseEvent.get(id=entry.id)
        await office.platform.store.commit(Write(updates=[leaving.blanking(office.platform, read, {"reason": text})]))
        assert (await verified(office))[0] == [], text


async def test_many_seals_are_read_page_by_page(office: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "MAX_SEAL_ENTRIES", 3)
    monkeypatch.setattr("banshi.builtin.audit.verifying.SEALS_AT_ONCE", 2)
    monkeypatch.setattr("banshi.builtin.audit.stored_rows.PAGE_ROWS", 2)
    await written(office, 10)
    await sealed(office)
    await written(office, 2)
    found, tally = await verified(office)
    assert (found, tally.entries, tally.seals, tally.unsealed) == ([], 24, 7, 4)
    assert (await verified(office, since=5))[1].entries == 12


# -- what is wrong -----------------------------------------------------------------------------------------------------

ONE, OTHER = "(SELECT id FROM picked WHERE place = 1)", "(SELECT id FROM picked WHERE place = 2)"

EVENT, SEAL = "banshi_case_event", "banshi_audit_seal"

#: What somebody does to the tables → the words of a finding, which has to name the entry or the seal.
TAMPERED = {
    f"UPDATE {EVENT} SET action = 'approve' WHERE id = {ONE}": "entry {one}, case {number}: it is not what was written",
    f"UPDATE {EVENT} SET at = '2020-01-01T00:00:00+00:00' WHERE id = {ONE}": "entry {one}, case {number}: it is not",
    f"UPDATE {EVENT} SET actor_id = 'zhao' WHERE id = {ONE}": "entry {one}, case {number}: it is not what was written",
    f"UPDATE {EVENT} SET reason = NULL WHERE id = {ONE}": "entry {one}, case {number}: it is not what was written",
    f"UPDATE {EVENT} SET details = '{{}}' WHERE id = {ONE}": "entry {one}, case {number}: it is not what was written",
    f"UPDATE {EVENT} SET mark = NULL WHERE id = {ONE}": "entry {one}, case {number}: its mark is not the one",
    f"UPDATE {EVENT} SET seal = NULL WHERE id = {ONE}": "entry {one}, case {number}: its row names another seal",
    f"UPDATE {EVENT} SET seal = 1 WHERE id = {ONE}": "seal 1, entry {one}, case {number}: it says that this",
    f"UPDATE {EVENT} SET seal = 99 WHERE id = {ONE}": "seal 99, entry {one}, case {number}: it names this seal, which",
    f"UPDATE {EVENT} SET salt = NULL, redacted = mark, reason = NULL WHERE id = {ONE}": "was blanked or replaced",
    f"DELETE FROM {EVENT} WHERE id = {ONE}": "seal 2, entry {one}, case {number}: it was deleted",
    f"DELETE FROM {EVENT} WHERE id = {ONE} ": "case {number}: it has 1 of the 2 entries",
    f"INSERT INTO banshi_audit_removal (id, at, cause, proof) SELECT id, at, 'tip', mark FROM {EVENT} "
    f"WHERE id = {ONE}; DELETE FROM {EVENT} WHERE id = {ONE}": "the note that it left is not the platform's",
    f"UPDATE {EVENT} SET version = version + 10 WHERE case_id = (SELECT case_id FROM {EVENT} WHERE id = {ONE}); UPDATE "
    f"{EVENT} SET version = 13 - version WHERE case_id = (SELECT case_id FROM {EVENT} WHERE id = {ONE})": "it is not",
    f"UPDATE {EVENT} SET version = 3, id = '01990000-0000-7000-8000-000000000001' WHERE id = {ONE}": "made up or moved",
    f"UPDATE {EVENT} SET mark = (SELECT mark FROM {EVENT} WHERE id = {OTHER}) WHERE id = {ONE}": "its mark is not",
    f"DELETE FROM {SEAL} WHERE number = 2": "seal 3: 1 before it are not there",
    f"DELETE FROM {SEAL} WHERE number = 2 ": "seal 2, entry {one}, case {number}: it names this seal, which is not",
    f"DELETE FROM {SEAL} WHERE number = 3": "seal 3, entry ",
    f"UPDATE {SEAL} SET at = '2020-01-01T00:00:00+00:00' WHERE number = 2": "seal 2: it is not what was sealed",
    f"UPDATE {SEAL} SET count = 1 WHERE number = 2": "seal 2: it is not what was sealed",
    f"UPDATE {SEAL} SET entries = (SELECT entries FROM {SEAL} WHERE number = 1) WHERE number = 2": "seal 2: it is not",
    f"UPDATE {SEAL} SET signature = (SELECT signature FROM {SEAL} WHERE number = 1) WHERE number = 2": "has not signed",
    f"UPDATE {SEAL} SET kid = '0123456789abcdef' WHERE number = 2": "key 0123456789abcdef signed it",
    f"UPDATE {SEAL} SET previous = hash WHERE number = 2": "seal 2: it does not follow the seal before it",
}


async def test_whatever_is_done_to_the_tables_is_found_and_named(office: Door) -> None:
    for _ in range(3):
        cases = await written(office)
        await sealed(office)
        if not await AuditSeal.filter(number=2).exists():
            middle = cases
    middle = await Case.filter(id__in=[row.case_id for row in await CaseEvent.filter(seal=2)])
    one, other = [str(row.id) for row in await CaseEvent.filter(seal=2).order_by("-version")]
    numbers = {"one": one, "number": middle[0].number}
    type_of_id = "char(36)" if office.platform.store.dialect == "sqlite" else "uuid"
    await sql(office, f"CREATE TABLE picked (place int, id {type_of_id})")
    await sql(office, "INSERT INTO picked VALUES (1, {}), (2, {})", one, other)
    missed = {}
    async with kept(office, *TABLES) as put_back:
        for statements, words in TAMPERED.items():
            for statement in statements.split("; "):
                await office.platform.store.connection.execute_query(statement)
            found, tally = await verified(office)
            assert tally.findings == len(found)
            if not any(words.format(**numbers) in told for told in found):
                missed[statements] = found
            await put_back()
    await sql(office, "DROP TABLE picked")
    assert not missed


async def test_an_entry_that_somebody_else_wrote_is_found_before_and_after_it_is_sealed(office: Door) -> None:
    """For a day after the first seal older versions may still write, which know no mark."""
    (case,) = await written(office)
    await sealed(office)
    store, platform = office.platform.store, office.platform
    columns = "case_id, action, state_before, state, actor, actor_id"
    forged = f"INSERT INTO {EVENT} (id, version, at, {columns}) SELECT {{}}, 3, at, {columns} FROM {EVENT} "
    await sql(office, forged + "WHERE version = 2", "01990000-0000-7000-8000-000000000002")
    await Case.filter(id=case.id).update(version=3)
    assert (await verified(office))[0] == []
    now = platform.now()
    platform.now = lambda: now + SETTLING_TIME + timedelta(hours=1)
    told = f"entry 01990000-0000-7000-8000-000000000002, case {case.number}: it came without the platform's mark"
    (found,) = (await verified(office))[0]
    assert found.startswith(told)
    await seal_some(store, platform[AUDIT], platform.now())
    (found,) = (await verified(office))[0]
    assert found.startswith(f"seal 2, {told}")


async def test_a_mark_of_another_length_shifts_no_other_entry(office: Door) -> None:
    await written(office, 3, steps=1)
    first = await CaseEvent.all().order_by("id").first()
    assert first is not None
    await sql(office, f"UPDATE {EVENT} SET mark = {{}} WHERE id = {{}}", b"x", str(first.id))
    await sealed(office)
    found, _ = await verified(office)
    assert len({told.partition(": ")[0] for told in found}) == 1


async def test_entries_from_before_the_chain_are_sealed_as_they_are_and_watched_from_then_on(office: Door) -> None:
    await written(office, 3)
    await sql(office, f"UPDATE {EVENT} SET mark = NULL, salt = NULL")
    await sealed(office)
    found, tally = await verified(office)
    assert (found, tally.found) == ([], 6)
    await sql(office, f"UPDATE {EVENT} SET actor_id = 'zhao' WHERE version = 2")
    assert len((await verified(office))[0]) == 3


# -- a chain that was written anew -------------------------------------------------------------------------------------


async def test_a_chain_whose_end_was_cut_off_or_that_was_restored_is_found_by_a_seal_that_was_kept(
    office: Door,
) -> None:
    first = await written(office)
    await sealed(office)
    early = await newest_seal()
    later = await written(office)
    await sealed(office)
    newest, numbered = await newest_seal(), early and (early.number, early.hash)
    assert newest is not None
    # What was there at the first seal is all that there is, as in a backup from then.
    for statement in (f"DELETE FROM {EVENT} WHERE seal = 2", f"DELETE FROM {SEAL} WHERE number = 2"):
        await sql(office, statement)
    await Case.filter(id=later[0].id).delete()
    assert (await verified(office))[0] == []
    assert (await verified(office, against=numbered))[0] == []
    (told,) = (await verified(office, against=(newest.number, newest.hash)))[0]
    assert told == ("seal 2: it is not there, the chain ends with 1: its end was cut off, or an older backup restored")
    # The platform goes on from there: the second seal is another one.
    await step(office, first[0], 3)
    await sealed(office)
    (told,) = (await verified(office, against=(newest.number, newest.hash)))[0]
    assert told.startswith("seal 2: it is not the one that was kept")


async def test_a_chain_that_was_signed_anew_with_another_key_is_found(office: Door) -> None:
    await written(office)
    thief = AuditKey(b"another secret of thirty-two byt")
    for row in await CaseEvent.all():
        row.mark = None
        await row.save()
    await seal_all(office.platform.store, thief, office.platform.now())
    found, _ = await verified(office)
    assert len([told for told in found if told.startswith("seal 1: key ")]) == 1
    assert len([told for told in found if "was not written by the platform" in told]) == 2


# -- what may leave ----------------------------------------------------------------------------------------------------


async def test_what_an_entry_says_of_a_person_can_be_blanked_and_stays_so(office: Door) -> None:
    await written(office)
    await sealed(office)
    entry = await CaseEvent.get(version=2)
    gone = {"actor_id": "", "reason": None, "details": {"share": 1e3}}
    stale = leaving.blanking(office.platform, entry, gone)
    await office.platform.store.commit(Write(updates=[stale]))
    found, tally = await verified(office)
    assert (found, tally.blanked) == ([], 1)
    entry = await CaseEvent.get(version=2)
    assert (entry.actor_id, entry.reason, entry.salt) == ("", None, None)
    with pytest.raises(Stale):
        await office.platform.store.commit(Write(updates=[stale]))
    # Again, further; and then nobody else may write there.
    await office.platform.store.commit(Write(updates=[leaving.blanking(office.platform, entry, {"details": None})]))
    assert (await verified(office))[0] == []
    await sql(office, f"UPDATE {EVENT} SET actor_id = 'zhao' WHERE version = 2")
    (told,) = (await verified(office))[0]
    assert told.endswith("blanked or replaced, and not by the platform")


async def test_what_is_blanked_before_it_is_sealed_or_was_never_marked_breaks_nothing(office: Door) -> None:
    await written(office, 2)
    await sql(office, f"UPDATE {EVENT} SET mark = NULL, salt = NULL WHERE version = 1")
    for entry in await CaseEvent.all():
        await office.platform.store.commit(Write(updates=[leaving.blanking(office.platform, entry, {"actor_id": ""})]))
    assert (await verified(office))[0] == []
    await sealed(office)
    found, tally = await verified(office)
    assert (found, tally.blanked, tally.found) == ([], 2, 2)


async def test_test_cases_leave_and_only_how_many_stays(office: Door) -> None:
    (case,) = await written(office, item=with_mode(office, "zone-pass", "test"))
    await written(office)
    await sealed(office)
    await step(office, case, 3)
    assert await forgetting.forget(office.platform, await Case.get(id=case.id))
    found, tally = await verified(office)
    assert (found, tally.left) == ([], {"test": 2})
    assert await AuditRemoval.all().count() == 2
    await sql(office, "DELETE FROM banshi_audit_removal")
    found, _ = await verified(office)
    assert [f"case {case.id}, which is gone: it was deleted" in told for told in found] == [True, True]


OLD = "2020-01-01T00:00:00+00:00"

#: What somebody does to the row of a case → the words of a finding about it, None where upkeep alone refuses.
OF_A_CASE = {
    f"mode = 'test', created_at = '{OLD}'": "it is not what was written",
    f"mode = 'test', created_at = '{OLD}', state = 'leaving', version = version + 1": "it is not what was written",
    "mode = 'team'": "it is not what was written",
    "state = 'approved'": "its state is approved, and its newest entry says returned",
    "state = 'leaving'": "it has 2 of the 1 entries",
    "state = 'leaving', version = version + 1": "it is leaving, and is neither a test case nor a tip",
    "version = version + 1": "it has 2 of the 3 entries",
    "content = 'leaving'": "it has 2 of the 1 entries",
}


async def test_a_case_whose_row_was_changed_is_not_deleted_by_upkeep_and_is_found(office: Door) -> None:
    for is_sealed in (True, False):
        for change, words in OF_A_CASE.items():
            (case,) = await written(office)
            if is_sealed:
                await sealed(office)
            (before,) = await Case.filter(id=case.id).values("mode", "created_at", "state", "version", "content")
            await sql(office, f"UPDATE banshi_case SET {change} WHERE id = {{}}", str(case.id))
            assert await forgetting.forget_test_cases(office.platform) == 0, change
            told = (await verified(office))[0]
            assert [case.number in one and words in one for one in told] == [True], (change, told)
            await Case.filter(id=case.id).update(**before)
            assert (await verified(office))[0] == []


async def test_a_test_case_is_not_deleted_before_its_time_or_without_its_entries(office: Door) -> None:
    (case,) = await written(office, item=with_mode(office, "zone-pass", "test"))
    await sealed(office)
    await sql(office, f"UPDATE banshi_case SET created_at = '{OLD}'")
    assert await forgetting.forget_test_cases(office.platform) == 0
    now = office.platform.now()
    office.platform.now = lambda: now + timedelta(days=400)
    await sql(office, f"UPDATE {EVENT} SET at = '{OLD}' WHERE version = 1")
    assert await forgetting.forget_test_cases(office.platform) == 0
    (told,) = (await verified(office))[0]
    assert f"case {case.number}: it is not what was written" in told


async def test_an_unsealed_entry_that_was_deleted_is_missed_where_its_case_is_said_to_leave(office: Door) -> None:
    (case,) = await written(office, steps=1)
    await sql(office, f"DELETE FROM {EVENT}")
    for mode in ("live", "test"):
        await sql(office, "UPDATE banshi_case SET state = 'leaving', version = 2, mode = {}", mode)
        assert await forgetting.forget_test_cases(office.platform) == 0
        assert (await verified(office))[0] == [
            f"case {case.number}: it has 0 of the 1 entries that its steps have made"
        ]


# -- at once -----------------------------------------------------------------------------------------------------------


async def test_what_is_written_sealed_and_read_at_once_is_sealed_once_and_no_finding(
    office: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two lead for a moment, and the clock is set back a year and forth."""
    monkeypatch.setattr(chain, "MAX_SEAL_ENTRIES", 7)
    platform, now, done = office.platform, office.platform.now, asyncio.Event()

    failed: list[int] = []

    async def sealing(days: int) -> None:
        while not done.is_set():
            try:
                await seal_some(platform.store, platform[AUDIT], now() + timedelta(days=days))
            except (IntegrityError, OperationalError):
                failed.append(days)
            await asyncio.sleep(0)

    async def reading() -> None:
        while not done.is_set():
            assert (await verified(office))[0] == []

    tasks = [asyncio.create_task(work) for work in (sealing(0), sealing(-365), reading())]
    try:
        await asyncio.gather(*(written(office, 12) for _ in range(4)))
    finally:
        done.set()
        await asyncio.gather(*tasks)
    await sealed(office)
    found, tally = await verified(office)
    assert (found, tally.entries, tally.unsealed) == ([], 96, 0)
    seals = await AuditSeal.all()
    assert sum(seal.count for seal in seals) == 96


async def test_an_entry_that_becomes_visible_late_is_in_the_next_seal(postgres: str, tmp_path: Path) -> None:
    """Its id is older than others that are sealed already."""
    import asyncpg

    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"database": postgres}) as door:
        (case,) = await written(door, steps=1)
        server, _, rest = postgres.partition("?")
        schema = rest.partition("schema=")[2].partition("&")[0]
        late = await asyncpg.connect(server.replace("asyncpg:", "postgres:", 1))
        try:
            async with late.transaction():
                columns = "case_id, at, action, state_before, state, actor, actor_id, reason, details"
                await late.execute(f"SET LOCAL search_path = {schema}")
                await late.execute(
                    f"INSERT INTO {EVENT} (id, version, {columns}) "
                    f"SELECT '01900000-0000-7000-8000-000000000001', 2, {columns} FROM {EVENT}"
                )
                await sealed(door)
                assert (await verified(door))[1].seals == 1
        finally:
            await late.close()
        await Case.filter(id=case.id).update(version=2)
        assert await sealed(door) == 1
        assert (await verified(door))[0] == []


@pytest.mark.parametrize(
    "where",
    ["seal IS NULL ORDER BY seal, id LIMIT 500", "(seal, id) > (7, '{}') AND seal <= 9 ORDER BY seal, id LIMIT 2000"],
)
async def test_what_waits_and_what_a_seal_has_is_found_by_the_index(office: Door, where: str) -> None:
    where = where.format("01990000-0000-7000-8000-000000000001")
    async with in_transaction() as connection:
        explain = "EXPLAIN QUERY PLAN"
        if office.platform.store.dialect == "postgres":
            explain = "EXPLAIN"
            # Tables as small as a test's are read as a whole otherwise.
            await connection.execute_query("SET LOCAL enable_seqscan = off")
            await connection.execute_query("SET LOCAL enable_sort = off")
        plan = await connection.execute_query_dict(f"{explain} SELECT id, mark FROM {EVENT} WHERE {where}")
    told = str([tuple(dict(row).values()) for row in plan])
    assert "banshi_case_event_seal" in told
    assert "TEMP B-TREE" not in told
    assert "Sort" not in told


def started(folder: Path, database: str, name: str) -> BaseProcess:
    process = FORKED.Process(target=write_and_seal, args=(folder, TRAFFIC, database, name), daemon=True)
    process.start()
    return process


async def test_no_entry_is_missed_or_sealed_twice_where_the_process_that_seals_is_killed(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def led(name: str) -> int:
        """How many cases a process has written while it led; -1 where it has not begun."""
        told = (tmp_path / name).read_text() if (tmp_path / name).is_file() else ""
        return int(told[:-1]) if told.endswith(".") else -1

    processes = {name: started(tmp_path, postgres, name) for name in ("one", "two")}
    try:
        await until(lambda: max(led("one"), led("two")) >= 10 and min(led("one"), led("two")) >= 0, 120)
        dead, alive = ("one", "two") if led("one") >= 10 else ("two", "one")
        before = led(alive)
        processes[dead].kill()
        await until(lambda: led(alive) >= before + 10, 120)
    finally:
        for process in processes.values():
            process.kill()
            process.join()
    monkeypatch.setattr(keeping, "ROUND_S", 3600.0)
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"database": postgres}) as door:
        await sealed(door)
        found, tally = await verified(door)
        assert (found, tally.unsealed, tally.entries) == ([], 0, await CaseEvent.all().count())
        assert tally.entries == sum(seal.count for seal in await AuditSeal.all())
        assert tally.seals >= 4


# -- the command and the key -------------------------------------------------------------------------------------------


def said(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(group, ["--config", str(folder / "plugins.toml"), "audit", *arguments])


async def asked(folder: Path, *arguments: str) -> Result:
    return await asyncio.to_thread(said, folder, *arguments)


@pytest.mark.sqlite
async def test_a_broken_page_is_told_in_a_sentence_and_ends_with_1(tmp_path: Path) -> None:
    file = tmp_path / "data" / "banshi.sqlite3"
    (tmp_path / "plugins.toml").write_text(f'[platform]\ndata = "{tmp_path / "data"}"\n[plugins]\n', encoding="utf-8")
    async with open_door(tmp_path, {"traffic": TRAFFIC}) as door:
        await written(door)
        await sealed(door)
    assert (await asked(tmp_path, "verify")).exit_code == 0
    whole = file.read_bytes()
    with closing(sqlite3.connect(file)) as connection:
        both = "name IN ('banshi_case_event', 'banshi_audit_seal')"
        rows = connection.execute(f"SELECT rootpage FROM sqlite_master WHERE {both}")
        pages = [page for (page,) in rows]
    assert len(pages) == 2
    for page in pages:
        begin = (page - 1) * 4_096
        file.write_bytes(whole[:begin] + random.Random(page).randbytes(4_096) + whole[begin + 4_096 :])
        told = await asked(tmp_path, "verify")
        assert told.exit_code == 1
        assert isinstance(told.exception, SystemExit)
        assert "can't be read to its end" in told.output
        assert "banshi doctor" in told.output


async def test_the_command_says_what_is_wrong_and_ends_with_1(tmp_path: Path) -> None:
    data, database = tmp_path / "data", sqlite_url(tmp_path)
    text = f'[platform]\ndata = "{data}"\ndatabase = "{database}"\n[plugins]\n'
    (tmp_path / "plugins.toml").write_text(text, encoding="utf-8")
    missing = await asked(tmp_path, "verify")
    assert missing.exit_code == 1
    assert "restore the keys folder" in missing.output
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"database": database}) as door:
        empty = await asked(tmp_path, "seal")
        assert (empty.exit_code, "Nothing is sealed yet" in empty.output) == (1, True)
        assert (await asked(tmp_path, "verify")).exit_code == 0
        (case,) = await written(door)
        await sealed(door)
        newest = await newest_seal()
        assert newest is not None
        assert (await asked(tmp_path, "seal")).output == pin_of(newest) + "\n"
        whole = json.loads((await asked(tmp_path, "seal", "--json")).output)
        assert door.platform[AUDIT].public == whole["ed25519"]
        good = await asked(tmp_path, "verify", "--against", pin_of(newest))
        assert (good.exit_code, f"Nothing is wrong, up to seal {pin_of(newest)}" in good.output) == (0, True)
        await sql(door, f"UPDATE {EVENT} SET action = 'approve' WHERE version = 2")
        bad = await asked(tmp_path, "verify")
        assert bad.exit_code == 1
        assert f"case {case.number}: it is not what was written" in bad.output
        assert "1 findings" in bad.output
        lines = [json.loads(line) for line in (await asked(tmp_path, "verify", "--json")).output.splitlines()]
        assert (lines[0]["case"], lines[1]["findings"]) == (case.number, 1)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--against", "7"), "64 hexadecimal digits"),
        (("--against", f"x.{'0' * 64}"), "64 hexadecimal digits"),
        (("--against", f"7.{'g' * 64}"), "64 hexadecimal digits"),
        (("--since", "0"), "--since"),
        (("--since", "x"), "--since"),
        (("--since", "8", "--against", f"7.{'0' * 64}"), "7 or less"),
    ],
)
def test_what_is_asked_wrongly_is_refused_with_what_to_give(
    tmp_path: Path, arguments: tuple[str, ...], why: str
) -> None:
    (tmp_path / "plugins.toml").write_text("[plugins]\n", encoding="utf-8")
    refused = said(tmp_path, "verify", *arguments)
    assert (refused.exit_code, why in refused.output) == (2, True)


@pytest.mark.parametrize("content", [b"", b"short", b"zz" * 32, b"\xff" * 64, b"00" * 33])
def test_a_file_that_is_no_key_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / AUDIT_KEY_FILE).write_bytes(content)
    with pytest.raises(OSError, match="no key of the audit") as refused:
        audit_key(tmp_path)
    assert refused.value.filename == str(tmp_path / AUDIT_KEY_FILE)


def test_the_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    made = audit_key(tmp_path)
    assert (tmp_path / AUDIT_KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert made.kid == audit_key(tmp_path).kid == read_key(tmp_path).kid


async def test_a_machine_with_another_key_says_so_at_its_start(tmp_path: Path, caplog: Any) -> None:
    import structlog

    database = sqlite_url(tmp_path)
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"database": database}) as door:
        await written(door)
        await sealed(door)
    with structlog.testing.capture_logs() as logs:
        elsewhere = {"database": database, "keys": tmp_path / "other"}
        async with open_door(tmp_path, {"traffic": TRAFFIC}, platform=elsewhere) as door:
            assert any("copy audit.key" in line.get("advice", "") for line in logs)
            assert (await verified(door))[0]

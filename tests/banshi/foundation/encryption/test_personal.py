"""What is personal is sealed in the tables and plain elsewhere; what can't be opened says where, and what to do."""

# ruff: noqa: S608 - the tables' own names

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from click.testing import CliRunner, Result
from tortoise.fields.data import CharField, JSONField, TextField
from tortoise.transactions import in_transaction

from banshi.builtin.leading.leader_election import LEADER
from banshi.default_plugins import MODELS
from banshi.foundation.database.opening import open_store
from banshi.foundation.database.writes import Write
from banshi.foundation.encryption import look_ups
from banshi.foundation.encryption import ring as rings
from banshi.foundation.encryption.fields import Personal, personal_fields
from banshi.foundation.encryption.ring import Ring, new_key, new_ring, read_keys, with_new_look_up, write_keys
from banshi.foundation.encryption.sealing import Altered, UnknownKey, opened, sealed
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kernel.tables.idempotency import IdempotencyKey
from banshi.ops.backup.resealing import columns_in, held, reseal
from banshi.ops.cli import group
from banshi.ops.cli.data import personal_keys
from banshi.sdk.database import as_read, as_stored
from banshi.testing import TINY_PNG, Door, open_door
from mobile_push.tables.models import Device, FanOut
from tests.conftest import good_answers, sqlite_url
from tests.harness.encrypted import ring_in
from tests.harness.memory.prepared import all_tables
from tests.places import ROOT, TRAFFIC
from tests.readers.refusals import refused
from tests.readers.tables import tables_that_show
from tests.waiting import until

pytestmark = pytest.mark.sqlite

PLUGINS: dict[str, Any] = {"traffic": TRAFFIC, "mobile_push": "mobile_push"}


@pytest.fixture
def on_sqlite(tmp_path: Path) -> str:
    """For what is sealed and opened before a database has it, and doesn't depend on which one it is."""
    return sqlite_url(tmp_path)


@asynccontextmanager
async def office(folder: Path, database: str, ring: Path | None) -> AsyncIterator[Door]:
    given = {"database": database, **({"personal_keys": ring} if ring else {})}
    async with open_door(folder, PLUGINS, platform=given) as opened_:
        yield opened_


async def handed_in(door: Door, subject: str = "wang-4711") -> dict[str, Any]:
    wang = door.citizen(subject, "王迹迹")
    answers = await good_answers(wang, plate="川BD47110", driver={"name": "王迹迹", "phone": "13812345678"})
    made: dict[str, Any] = (
        await wang.post("/v1/items/zone-pass/cases", {"answers": answers}, key=uuid4().hex)
    ).created()
    await door.settled()
    return made


async def raw(door: Door, table: str, column: str) -> list[str]:
    rows = await door.platform.store.connection.execute_query_dict(f'SELECT "{column}" AS it FROM "{table}"')
    return [str(row["it"]) for row in rows]


def configured(folder: Path, database: str, ring: Path | None) -> Path:
    file = folder / "plugins.toml"
    text = f'[platform]\ndatabase = "{database}"\n' + (f'personal_keys = "{ring}"\n' if ring else "")
    text += f'[plugins.traffic]\napi = 1\npath = "{ROOT / "plugins/departments/traffic"}"\n'
    file.write_text(text + '[plugins.mobile_push]\napi = 1\npackage = "mobile_push"\n', encoding="utf-8")
    return file


def banshi(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(group, ["--config", str(folder / "plugins.toml"), *arguments], obj={})


async def in_thread(folder: Path, *arguments: str) -> str:
    """The command beside a running loop: its exit code, and what it printed."""
    done = await asyncio.to_thread(banshi, folder, *arguments)
    return f"{done.exit_code}\n{done.output}{done.exception if done.exit_code == 1 and done.exception else ''}"


# -- what is stored ----------------------------------------------------------------------------------------------


async def test_a_case_is_in_no_table_as_it_reads_and_reads_as_it_was(tmp_path: Path, database: str) -> None:
    async with office(tmp_path, database, ring_in(tmp_path)) as door:
        made = await handed_in(door)
        wang = door.citizen("wang-4711", "王迹迹")
        phone = {"provider": "stream", "token": "phone-0815", "platform": "android"}
        (await wang.post("/v1/devices", phone)).created()
        assert await tables_that_show(door, "wang-4711", "王迹迹", "川BD47110", "13812345678", "phone-0815") == set()
        case = (await wang.get(made["links"]["self"])).ok()
        assert case["answers"]["driver"] == {"name": "王迹迹", "phone": "13812345678"}
        assert [one["id"] for one in (await wang.get("/v1/cases")).ok()["items"]] == [made["id"]]
        assert (await door.citizen("wang-4712").get("/v1/cases")).ok()["items"] == []
        # The answer that is kept for whoever asks again.
        (stored,) = await IdempotencyKey.all()
        assert made["number"] in stored.body
        mine = (await wang.get("/v1/me/data")).ok()
        (row,) = mine["held"]["banshi"]["banshi_case"]
        assert (row["person"], row["answers"]["plate"]) == ("wang-4711", "川BD47110")


async def test_one_person_is_one_sealed_text_in_all_tables_and_an_answer_is_never_sealed_alike_twice(
    tmp_path: Path, on_sqlite: str
) -> None:
    async with office(tmp_path, on_sqlite, ring_in(tmp_path)) as door:
        await handed_in(door)
        await handed_in(door)
        people = {*await raw(door, "banshi_case", "person"), *await raw(door, "banshi_attachment", "person")}
        people |= {*await raw(door, "push_inbox_message", "person"), *await raw(door, "push_inbox_counter", "person")}
        assert len({one for one in people if one.startswith("sealed1:i1:")}) == 1
        names = await raw(door, "banshi_attachment", "name")
        assert len(set(names)) == len(names) == 4
        assert all(one.startswith("sealed1:") for one in names)


@pytest.mark.plain(why="about a city without a ring")
async def test_without_a_ring_every_column_is_plain(tmp_path: Path, database: str) -> None:
    async with office(tmp_path, database, None) as door:
        await handed_in(door)
        assert {"banshi_case", "banshi_attachment", "push_inbox_counter"} <= await tables_that_show(door, "wang-4711")
        assert await tables_that_show(door, "sealed1:") == set()


def test_every_model_with_a_personal_column_takes_what_people_hand_in_for_plain() -> None:
    modules = [*MODELS, *(one.models for one in all_tables().values())]
    models = [value for name in modules for value in vars(__import__(name, fromlist=["x"])).values()]
    personal = [one for one in models if isinstance(one, type) and hasattr(one, "_meta") and personal_fields(one)]
    assert len(personal) > 20
    assert all(issubclass(one, Personal) for one in personal)
    for one in personal:
        for field in personal_fields(one).values():
            assert isinstance(field, CharField | TextField | JSONField), field.place


# -- what can't be opened ----------------------------------------------------------------------------------------


async def _overwrite(door: Door, table: str, column: str, value: str) -> None:
    one = door.platform.store.placeholders(1)[0]
    await door.platform.store.connection.execute_query(f'UPDATE "{table}" SET "{column}" = {one}', [value])


async def test_an_altered_or_moved_text_is_an_error_with_its_table_column_and_row(
    tmp_path: Path, database: str
) -> None:
    async with office(tmp_path, database, ring_in(tmp_path)) as door:
        made = await handed_in(door)
        answers = (await raw(door, "banshi_case", "answers"))[0]
        (name, *_) = await raw(door, "banshi_case", "person_name")
        altered = name[:-2] + ("AA" if name[-2:] != "AA" else "BB")
        file = (await raw(door, "banshi_attachment", "name"))[0]
        person = (await raw(door, "banshi_case", "person"))[0]
        for wrong in (altered, file, name[:30], "sealed1:", "sealed1:zzz:AAAA", person[:-2] + "xx"):
            await _overwrite(door, "banshi_case", "person_name", wrong)
            with pytest.raises(Altered, match=rf"banshi_case\.person_name, row {made['id']}: .*backup"):
                await Case.get(id=made["id"])
        await _overwrite(door, "banshi_case", "person_name", name)
        assert (await Case.get(id=made["id"])).person_name == "王迹迹"
        inner = json.loads(answers) if answers.startswith('"') else answers
        await _overwrite(
            door, "banshi_case", "answers", json.dumps(inner[:-2] + ("AA" if inner[-2:] != "AA" else "BB"))
        )
        with pytest.raises(Altered, match=r"banshi_case\.answers, row "):
            await Case.get(id=made["id"])
        reply = await door.citizen("wang-4711").get(made["links"]["self"])
        assert reply.status == 500
        assert b"sealed" not in reply.body


async def test_a_key_that_the_ring_does_not_have_is_named_with_the_row(tmp_path: Path, on_sqlite: str) -> None:
    file = ring_in(tmp_path)
    async with office(tmp_path, on_sqlite, file) as door:
        made = await handed_in(door)
    keys = read_keys(file)
    write_keys(file, rings.Keys((new_key(datetime.now(UTC)),), keys.look_ups))
    async with open_store(on_sqlite, all_tables(), personal=file):
        told = rf"row {made['id']}: it is sealed with key {keys.keys[0].id}, which .* doesn't have; bring back the ring"
        with pytest.raises(UnknownKey, match=told):
            await Case.get(id=made["id"])


@pytest.mark.plain(why="opens it without a ring")
async def test_an_encrypted_database_is_opened_by_no_process_without_its_ring(tmp_path: Path, on_sqlite: str) -> None:
    file = ring_in(tmp_path)
    async with office(tmp_path, on_sqlite, file) as door:
        await handed_in(door)
    other = tmp_path / "other"
    other.mkdir()
    second = ring_in(other)
    write_keys(second, rings.Keys(read_keys(second).keys, {2: read_keys(second).look_ups[1]}))
    for wrong, told in ((None, "say in platform.personal_keys"), (second, "another database's")):
        await refused(open_store(on_sqlite, all_tables(), personal=wrong), told)


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lambda file: file.unlink(), "personal-keys-missing"),
        (lambda file: file.chmod(0o640), "personal-keys-open"),
        (lambda file: file.chmod(0o604), "personal-keys-open"),
        (lambda file: file.write_bytes(b""), "personal-keys-malformed"),
        (lambda file: file.write_bytes(b"\xff\xfe"), "personal-keys-unreadable"),
        (lambda file: file.write_text("[]"), "personal-keys-malformed"),
        (lambda file: file.write_text('{"form": 2}'), "personal-keys-malformed"),
        (lambda file: _edit(file, keys=[]), "personal-keys-malformed"),
        (lambda file: _edit(file, look_ups=[]), "personal-keys-malformed"),
        (lambda file: _edit(file, look_ups=[{"number": 1, "key": "AAAA"}]), "personal-keys-malformed"),
        (lambda file: _edit(file, keys=[{"id": "x"}]), "personal-keys-malformed"),
        (lambda file: _twice(file), "personal-keys-malformed"),
        (lambda file: (file.unlink(), file.mkdir(mode=0o700)), "personal-keys-unreadable"),
    ],
)
async def test_a_ring_that_is_none_is_told_with_what_to_do(tmp_path: Path, spoil: Any, rule: str) -> None:
    file = ring_in(tmp_path)
    spoil(file)
    error = await refused(open_store(f"sqlite://{tmp_path / 'x.sqlite3'}", {}, personal=file))
    (finding,) = error.findings
    assert (finding.plugin, finding.rule) == ("platform", rule)
    assert str(file) in finding.advice


def _edit(file: Path, **values: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


def _twice(file: Path) -> None:
    _edit(file, keys=json.loads(file.read_text())["keys"] * 2)


async def test_a_sealed_text_that_somebody_hands_in_as_their_own_is_not_opened(tmp_path: Path, on_sqlite: str) -> None:
    """Else a stolen copy of the database could be read by whoever may write a letter."""
    async with office(tmp_path, on_sqlite, ring_in(tmp_path)) as door:
        await handed_in(door)
        stolen = (await raw(door, "banshi_attachment", "name"))[0]
        li = door.citizen("li-1")
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("file", TINY_PNG, filename=stolen)
        made = (await li.call("POST", "/v1/attachments", data=form)).created()
        assert made["name"] == stolen
        assert (await Attachment.get(id=made["id"])).name == stolen
        row = Attachment(person="li-1", name=stolen, media_type="x", size=1, sha256="0", created_at=datetime.now(UTC))
        assert row.name == stolen
        for begins in ("sealed1:", "sealed0:", "sealed0:sealed1:a"):
            assert as_read(Attachment, "name", as_stored(Attachment, "name", begins)) == begins
            assert Attachment(name=begins).name == begins
            assert as_read(Case, "answers", as_stored(Case, "answers", json.dumps(begins))) == begins


async def test_texts_that_look_sealed_survive_without_a_ring_too(tmp_path: Path, database: str) -> None:
    async with open_store(database, {}):
        now = datetime.now(UTC)
        for number, name in enumerate(("sealed1:12345678:AAAA", "sealed0:x", "plain", "")):
            row = IdempotencyKey(id=str(number), fingerprint="", status=1, headers={}, body=name, created_at=now)
            await row.save(force_create=True)
            assert (await IdempotencyKey.get(id=str(number))).body == name


# -- turning it on, and rotation -----------------------------------------------------------------------------------


@pytest.mark.plain(why="begins with a plain database")
async def test_a_plain_database_waits_for_its_look_ups_and_the_rest_is_read_as_it_is_and_sealed_by_and_by(
    tmp_path: Path, database: str
) -> None:
    async with office(tmp_path, database, None) as door:
        made = await handed_in(door)
    file = ring_in(tmp_path)
    configured(tmp_path, database, file)
    await refused(
        open_store(database, all_tables(), personal=file), "stop every server and run `banshi encrypt --look-ups`"
    )
    assert "stop every server" in await in_thread(tmp_path, "encrypt")
    said = await in_thread(tmp_path, "encrypt", "--look-ups", "--yes")
    assert said.startswith("0\nlook-ups: "), said
    assert "banshi_case.answers: 1 sealed" in said
    async with office(tmp_path, database, file) as door:
        assert await tables_that_show(door, "wang-4711", "王迹迹", "川BD47110", "13812345678") == set()
        case = (await door.citizen("wang-4711").get(made["links"]["self"])).ok()
        assert case["answers"]["plate"] == "川BD47110"
    assert "0 values" in await in_thread(tmp_path, "encrypt")
    assert (await in_thread(tmp_path, "audit", "verify")).startswith("0\n")


async def test_the_audit_holds_over_sealed_columns_before_and_after_a_rotation_and_finds_what_was_altered(
    tmp_path: Path, database: str
) -> None:
    file = ring_in(tmp_path)
    configured(tmp_path, database, file)
    async with office(tmp_path, database, file) as door:
        await handed_in(door)
    assert (await in_thread(tmp_path, "audit", "verify")).startswith("0\n")
    assert (await in_thread(tmp_path, "keys", "personal", "rotate", "--lead", "0")).startswith("0\n")
    assert "banshi_case.answers: 1 sealed" in await in_thread(tmp_path, "encrypt")
    assert (await in_thread(tmp_path, "audit", "verify")).startswith("0\n")
    async with open_store(database, all_tables(), personal=file) as store:
        entry = (await CaseEvent.filter(actor_id="wang-4711"))[0]
        one, two = store.placeholders(2)
        forged = as_stored(CaseEvent, "actor_id", "li-1")
        sql = f"UPDATE banshi_case_event SET actor_id = {one} WHERE id = {two}"
        await store.connection.execute_query(sql, [forged, str(entry.id)])
    said = await in_thread(tmp_path, "audit", "verify")
    assert not said.startswith("0\n")
    assert str(entry.id) in said


async def test_a_rotation_seals_what_comes_with_the_new_key_and_the_old_one_leaves_when_nothing_needs_it(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = ring_in(tmp_path)
    configured(tmp_path, database, file)
    (first,) = read_keys(file).keys
    async with office(tmp_path, database, file) as door:
        made = await handed_in(door)
        await _another_process_rotates(file)
        (_, second) = read_keys(file).keys
        ring = door.platform.store.context.ring  # type: ignore[attr-defined]
        # This process hasn't looked yet, and meets a text of one that has.
        text = sealed(Ring(file), "a.b", "x")
        assert text.startswith(f"sealed1:{second.id}:")
        assert opened(ring, "a.b", "a.b", text) == "x"
        again = await handed_in(door, "li-1")
        stored = dict(zip(await raw(door, "banshi_case", "id"), await raw(door, "banshi_case", "answers"), strict=True))
        assert first.id in stored[made["id"]]
        assert second.id in stored[again["id"]]
    assert "may still be writing" in await in_thread(tmp_path, "keys", "personal", "remove", first.id)
    monkeypatch.setattr(personal_keys, "SETTLED_AFTER_S", -1.0)
    said = await in_thread(tmp_path, "keys", "personal", "remove", first.id)
    assert "rows are sealed with" in said
    assert "1 of banshi_case.answers" in said
    assert "in use" in await in_thread(tmp_path, "keys", "personal", "remove", second.id)
    assert "no key 00000000" in await in_thread(tmp_path, "keys", "personal", "remove", "00000000")
    assert "1 sealed with key" in await in_thread(tmp_path, "encrypt")
    said = await in_thread(tmp_path, "keys", "personal", "remove", first.id)
    assert said.startswith(f"0\n{first.id} is out"), said
    async with office(tmp_path, database, file) as door:
        for subject, one in (("wang-4711", made), ("li-1", again)):
            case = (await door.citizen(subject).get(one["links"]["self"])).ok()
            assert case["answers"]["plate"] == "川BD47110"


async def _another_process_rotates(file: Path) -> None:
    keys = read_keys(file)
    write_keys(file, rings.Keys((*keys.keys, new_key(datetime.now(UTC))), keys.look_ups))


def test_a_key_with_a_lead_is_known_before_it_seals(tmp_path: Path) -> None:
    file = ring_in(tmp_path)
    keys, now = read_keys(file), datetime.now(UTC)
    later = new_key(now, timedelta(hours=1))
    write_keys(file, rings.Keys((*keys.keys, later), keys.look_ups))
    ring = Ring(file)
    assert ring.sealing()[0] == keys.keys[0].id
    assert ring.opening(later.id) is not None


async def test_a_new_look_up_key_takes_all_of_them_along_with_the_servers_stopped(
    tmp_path: Path, database: str
) -> None:
    file = ring_in(tmp_path)
    configured(tmp_path, database, file)
    async with office(tmp_path, database, file) as door:
        made = await handed_in(door)
    write_keys(file, with_new_look_up(read_keys(file)))
    await refused(open_store(database, all_tables(), personal=file), "goes from look-up key 1 to the ring's newest, 2")
    assert (await in_thread(tmp_path, "encrypt", "--look-ups", "--yes")).startswith("0\nlook-ups: ")
    async with office(tmp_path, database, file) as door:
        wang = door.citizen("wang-4711")
        assert [one["id"] for one in (await wang.get("/v1/cases")).ok()["items"]] == [made["id"]]
        store = door.platform.store
        left = await held(store.connection, columns_in(look_ups.models_of(store.context.apps), looked_up=True))
        assert {one.key for one in left} == {"i2"}
    assert (await in_thread(tmp_path, "keys", "personal", "remove", "i1")).startswith("0\n")
    assert 1 not in read_keys(file).look_ups


async def test_look_ups_wait_for_the_last_server_to_stop(tmp_path: Path, postgres: str) -> None:
    file = ring_in(tmp_path)
    configured(tmp_path, postgres, file)
    async with office(tmp_path, postgres, file) as door:
        made = await handed_in(door)
        write_keys(file, with_new_look_up(read_keys(file)))
        await until(lambda: door.platform[LEADER].leads)
        said = await in_thread(tmp_path, "encrypt", "--look-ups", "--yes")
        assert said.startswith("1\n")
        assert "stop every server" in said
        assert [one["id"] for one in (await door.citizen("wang-4711").get("/v1/cases")).ok()["items"]] == [made["id"]]
    assert (await in_thread(tmp_path, "encrypt", "--look-ups", "--yes")).startswith("0\n")


async def test_a_walk_over_people_begins_anew_where_their_order_is_another(tmp_path: Path, database: str) -> None:
    file = ring_in(tmp_path)
    configured(tmp_path, database, file)
    phone = str(uuid4())
    async with open_store(database, all_tables(), personal=file) as store:
        named = {"lane": 1, "found": 3}
        walks = [("", "due", "wang-4711"), ("", "done", "wang-4711"), ("stream", "due", phone)]
        for provider, state, place in walks:
            row = FanOut(broadcast_id=uuid4(), provider=provider, state=state, through=place, **named)
            await store.commit(Write(rows=[row]))
    write_keys(file, with_new_look_up(read_keys(file)))
    assert (await in_thread(tmp_path, "encrypt", "--look-ups", "--yes")).startswith("0\n")
    async with open_store(database, all_tables(), personal=file):
        rows = await FanOut.all().order_by("id")
        assert [(one.through, one.found) for one in rows] == [("", 0), ("wang-4711", 3), (phone, 3)]


async def test_what_a_server_writes_while_its_row_is_sealed_anew_is_not_lost(tmp_path: Path, database: str) -> None:
    file = ring_in(tmp_path)
    async with open_store(database, all_tables(), personal=file) as store:
        now = datetime.now(UTC)
        for number in range(5):
            row = Attachment(person="p", name=f"old {number}", media_type="x", size=1, sha256="0", created_at=now)
            await store.commit(Write(rows=[row]))
        await _another_process_rotates(file)
        ring = Ring(file)
        ring.live = 1
        store.context.ring = ring  # type: ignore[attr-defined]
        columns = [one for one in columns_in([Attachment], looked_up=False) if one.field.model_field_name == "name"]
        connection = store.connection
        written = type(connection).execute_many

        async def slow(self: Any, sql: str, values: Any) -> None:
            # Between the look and the write.
            await Attachment.all().limit(1).update(name="new")
            await Attachment.filter(id=values[0][1]).update(name="newest")
            await written(self, sql, values)

        type(connection).execute_many = slow  # type: ignore[method-assign]
        try:
            done = [rows async for _, rows in reseal(connection, ring, columns)]
        finally:
            type(connection).execute_many = written  # type: ignore[method-assign]
        assert sum(done) == 5
        names = {row.name for row in await Attachment.all()}
        assert "newest" in names or "new" in names
        assert not any(one == "old 0" for one in names)


async def test_whoever_goes_through_all_rows_may_take_longer_than_a_request(tmp_path: Path, postgres: str) -> None:
    file = ring_in(tmp_path)
    table = configured(tmp_path, postgres, file)
    table.write_text(table.read_text().replace("\n", "\npool = { statement_seconds = 0.2 }\n", 1))
    async with office(tmp_path, postgres, file) as door:
        await handed_in(door)
        await _another_process_rotates(file)
        for command in (("encrypt",), ("keys", "personal", "list", "--count")):
            async with in_transaction() as others:
                # Five million rows take as long as this table is not to be had.
                await others.execute_query("LOCK TABLE banshi_case IN ACCESS EXCLUSIVE MODE")
                under_way = asyncio.create_task(in_thread(tmp_path, *command))
                await until(lambda: _somebody_waits(others))
                await asyncio.sleep(0.5)
            said = await under_way
            assert said.startswith("0\n"), said


async def _somebody_waits(connection: Any) -> bool:
    """Whether a statement is kept from the table of cases in the schema that is open."""
    sql = "SELECT 1 FROM pg_locks WHERE relation = 'banshi_case'::regclass AND NOT granted"
    return bool(await connection.execute_query_dict(sql))


async def test_a_device_token_is_found_by_its_hash_and_never_by_itself(tmp_path: Path, on_sqlite: str) -> None:
    async with office(tmp_path, on_sqlite, ring_in(tmp_path)) as door:
        wang = door.citizen("wang-4711")
        phone = {"provider": "stream", "token": "phone-0815", "platform": "android"}
        first = (await wang.post("/v1/devices", phone)).created()
        again = (await wang.post("/v1/devices", phone)).document
        assert again["id"] == first["id"]
        assert await Device.filter(token="phone-0815").count() == 0
        assert (await Device.get(id=first["id"])).token == "phone-0815"


# -- the commands --------------------------------------------------------------------------------------------------


def test_the_ring_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "secret" / "ring.json"
    configured(tmp_path, f"sqlite://{tmp_path / 'a.sqlite3'}", file)
    said = banshi(tmp_path, "keys", "personal", "make")
    assert said.exit_code == 0, said.output
    assert file.stat().st_mode & 0o777 == 0o600
    assert "there already" in banshi(tmp_path, "keys", "personal", "make").output
    assert banshi(tmp_path, "keys", "personal", "list").output.splitlines()[0].endswith("  seals")
    assert banshi(tmp_path, "keys", "personal", "rotate").exit_code == 0
    assert "seals from" in banshi(tmp_path, "keys", "personal").output
    assert len(list(file.parent.iterdir())) == 1


def test_a_key_that_is_made_while_another_is_removed_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = ring_in(tmp_path)
    configured(tmp_path, f"sqlite://{tmp_path / 'a.sqlite3'}", file)
    first = read_keys(file).keys[0].id
    assert banshi(tmp_path, "keys", "personal", "rotate", "--lead", "0").exit_code == 0
    monkeypatch.setattr(personal_keys, "SETTLED_AFTER_S", -1.0)

    async def looked(_: Any) -> list[Any]:
        # It goes through all rows, which takes a while.
        for more in ([], ["--look-ups"]):
            said = await asyncio.to_thread(banshi, tmp_path, "keys", "personal", "rotate", *more)
            assert said.exit_code == 0, said.output
        return []

    monkeypatch.setattr(personal_keys, "_held", looked)
    said = banshi(tmp_path, "keys", "personal", "remove", first)
    assert said.exit_code == 0, said.output
    left = read_keys(file)
    assert (len(left.keys), list(left.look_ups)) == (2, [1, 2])
    assert first not in {one.id for one in left.keys}


@pytest.mark.parametrize("command", [("keys", "personal"), ("keys", "personal", "rotate"), ("encrypt",)])
def test_without_the_setting_a_command_says_where_it_goes(tmp_path: Path, command: tuple[str, ...]) -> None:
    configured(tmp_path, f"sqlite://{tmp_path / 'a.sqlite3'}", None)
    said = banshi(tmp_path, *command)
    assert said.exit_code == 1
    assert "platform.personal_keys" in said.output


async def test_doctor_says_what_is_plain_and_what_nobody_can_open(tmp_path: Path, database: str) -> None:
    file = ring_in(tmp_path)
    configured(tmp_path, database, file)
    async with office(tmp_path, database, file) as door:
        await handed_in(door)
        assert "personal-rows" in (said := await in_thread(tmp_path, "doctor")), said
        await _overwrite(door, "banshi_attachment", "name", "plain.png")
        await _overwrite(door, "banshi_attachment", "person", "somebody")
        await _overwrite(door, "banshi_case", "person_name", "sealed1:00000000:" + "A" * 60)
    said = await in_thread(tmp_path, "doctor")
    in_a_line = " ".join(said.split())
    assert "run `banshi encrypt`: banshi_attachment.name" in in_a_line
    assert "run `banshi encrypt --look-ups`: banshi_attachment.person" in in_a_line
    assert "banshi_case.person_name" in said.replace("\n", "")
    configured(tmp_path, database, None)
    assert "encrypted" in await in_thread(tmp_path, "doctor")


def test_new_rings_differ_and_a_text_is_bound_to_its_place(tmp_path: Path) -> None:
    one, two = new_ring(datetime.now(UTC)), new_ring(datetime.now(UTC))
    assert one.keys[0].secret != two.keys[0].secret
    assert one.look_ups[1] != two.look_ups[1]
    ring = Ring(ring_in(tmp_path))
    text = sealed(ring, "banshi_case.person_name", "王")
    assert opened(ring, "banshi_case.person_name", "x", text) == "王"
    with pytest.raises(Altered):
        opened(ring, "banshi_attachment.name", "x", text)

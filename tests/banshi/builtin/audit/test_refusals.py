"""Who asks for what they may not is on record: by a digest, with the operation, and never so that it fills the disk."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tortoise.exceptions import OperationalError

from banshi.builtin.audit import refusals
from banshi.builtin.audit.key import audit_key
from banshi.builtin.audit.models import Refusal
from banshi.builtin.audit.refusals import OTHERS, REFUSALS, Refusals, subject_key
from banshi.builtin.personal_data.housekeeping import tidy
from banshi.foundation.errors import Forbidden
from banshi.ops.cli import group
from banshi.testing import Door, open_door
from tests.conftest import good_answers
from tests.places import ROOT, TRAFFIC
from tests.town.programs import program_at

NOON = datetime(2026, 11, 30, 4, 0, tzinfo=UTC)


@pytest.fixture
def office(office: Door) -> Door:
    """At a moment that stands still."""
    office.platform.now = lambda: NOON
    return office


async def written(door: Door) -> list[tuple[str, str, int]]:
    """Operation, code and how often, by operation."""
    await door.platform[REFUSALS].write()
    rows = await Refusal.all().order_by("operation", "code", "id")
    return [(row.operation, row.code, row.count) for row in rows]


async def test_every_kind_of_refusal_is_on_record_once_a_quarter_with_its_count(office: Door) -> None:
    """403 and what is hidden as 404, by staff and by citizens; each once a person, operation and quarter."""
    wang = office.citizen("wang")
    case = (await wang.post("/v1/items/zone-pass/cases", {"answers": await good_answers(wang)})).created()
    file = (await wang.get(case["links"]["self"])).ok()["attachments"][0]["links"]["self"]
    assert await written(office) == []
    for _ in range(3):
        (await office.staff("sun", "traffic:officer").get(case["links"]["self"])).problem(404, "not-found")
        (await office.citizen("zhang").get(file)).problem(404, "not-found")
    (await office.citizen("zhang").get("/v1/worklist")).problem(403, "forbidden")
    (await office.staff("li", "traffic:chef").get("/v1/worklist")).problem(403, "unknown-roles")
    (
        await office.staff("li", "traffic/accident-office:reviewer").post(f"{case['links']['self']}/actions/approve")
    ).problem(404, "not-found")
    assert await written(office) == [
        ("act", "not-found", 1),
        ("download", "not-found", 3),
        ("show_case", "not-found", 3),
        ("worklist", "forbidden", 1),
        ("worklist", "unknown-roles", 1),
    ]
    (await office.citizen("zhang").get(file)).problem(404, "not-found")
    assert ("download", "not-found", 4) in await written(office)
    office.platform.now = lambda: NOON + timedelta(minutes=15)
    (await office.citizen("zhang").get(file)).problem(404, "not-found")
    assert [one for one in await written(office) if one[0] == "download"] == [
        ("download", "not-found", 4),
        ("download", "not-found", 1),
    ]
    key = office.platform[refusals.AUDIT]
    whose = {row.operation: row.subject for row in await Refusal.filter(code="not-found")}
    assert whose["download"] == subject_key(key, "zhang")
    assert whose["act"] == subject_key(key, "li")
    assert whose["show_case"] == subject_key(key, "sun")


async def test_a_program_without_the_scope_is_on_record_and_what_is_no_refusal_is_not(
    database: str, tmp_path: Path
) -> None:
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC, "clients": ROOT / "plugins" / "integrations" / "clients"}
    async with open_door(tmp_path, plugins, platform={"database": database}) as door:
        program = await program_at(door)
        (await program.get("/v1/worklist")).problem(403, "forbidden")
        wang = door.citizen("wang")
        (await wang.get("/v1/cases/0192f0c1-0000-7000-8000-000000000000")).problem(404, "not-found")
        (await wang.get("/v1/me/look-ups")).problem(403, "not-verified")
        (await door.anyone.get("/v1/worklist")).problem(401, "unauthenticated")
        (await door.anyone.get("/v1/nothing")).problem(404, "not-found")
        assert await written(door) == [("worklist", "forbidden", 1)]


async def test_whoever_asks_for_everything_fills_no_disk(office: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many rows a quarter; all beyond are counted together, and none is lost from the count."""
    monkeypatch.setattr(refusals, "MAX_ROWS_PER_QUARTER", 10)
    noted = Refusals(office.platform, office.platform[refusals.AUDIT])
    for number in range(500):
        noted.note(f"person-{number}", "show_case", Forbidden())
        if number % 50 == 0:
            await noted.write()
    await noted.write()
    rows = await Refusal.all()
    assert len(rows) == 11
    assert sum(row.count for row in rows) == 500
    (others,) = [row for row in rows if row.subject == OTHERS[0]]
    assert (others.operation, others.count) == ("others", 490)


async def test_several_processes_count_in_one_row(office: Door) -> None:
    processes = [Refusals(office.platform, office.platform[refusals.AUDIT]) for _ in range(4)]
    for one in processes:
        for operation in ("act", "show_case", "download"):
            one.note("li", operation, Forbidden())
    await asyncio.gather(*(one.write() for one in processes))
    assert await written(office) == [(name, "forbidden", 4) for name in ("act", "download", "show_case")]


async def test_what_cannot_be_written_now_is_written_later_and_no_refusal_waits(
    office: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    (await office.citizen("zhang").get("/v1/worklist")).problem(403, "forbidden")

    async def away(*_: Any, **__: Any) -> None:
        raise OperationalError("attempt to write a readonly database")

    with monkeypatch.context() as broken:
        broken.setattr(refusals, "_add", away)
        await office.platform[REFUSALS].write()
        (await office.citizen("zhang").get("/v1/worklist")).problem(403, "forbidden")
        await office.platform[REFUSALS].write()
    assert await written(office) == [("worklist", "forbidden", 2)]


async def test_refusals_leave_after_their_time(office: Door) -> None:
    (await office.citizen("zhang").get("/v1/worklist")).problem(403, "forbidden")
    await written(office)
    days = office.platform.settings.look_up_days
    for later, left in ((timedelta(days=days - 1), 1), (timedelta(days=days, hours=1), 0)):
        office.platform.now = lambda later=later: NOON + later
        await tidy(office.platform)
        assert await Refusal.all().count() == left


@pytest.mark.sqlite
async def test_the_command_names_nobody_and_finds_whom_somebody_suspects(tmp_path: Path) -> None:
    (tmp_path / "plugins.toml").write_text(f'[plugins.traffic]\napi = 1\npath = "{TRAFFIC}"\n', encoding="utf-8")
    async with open_door(tmp_path, {"traffic": TRAFFIC}) as door:
        for subject in ("zhang-4711", "li-4711"):
            (await door.citizen(subject).get("/v1/worklist")).problem(403, "forbidden")
    # What is in memory when the server stops is written.
    config = ["--config", str(tmp_path / "plugins.toml"), "audit", "refusals"]
    told = await asyncio.to_thread(CliRunner().invoke, group, config)
    assert told.exit_code == 0, told.output
    assert told.output.count("worklist (forbidden)") == 2
    assert "4711" not in told.output
    told = await asyncio.to_thread(CliRunner().invoke, group, [*config, "--subject", "li-4711"])
    assert told.output.count("worklist") == 1
    assert subject_key(audit_key(tmp_path / "data" / "keys"), "li-4711") in told.output
    told = await asyncio.to_thread(CliRunner().invoke, group, [*config, "--subject", "nobody"])
    assert "Nobody was refused" in told.output
    for wrong in (["--days", "0"], ["--days", "x"], ["--days", "99999999"]):
        assert (await asyncio.to_thread(CliRunner().invoke, group, [*config, *wrong])).exit_code == 2

"""`banshi register import`: all of a file or nothing, whatever is in it."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import select
import signal
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from banshi.kinds.query import look_ups
from banshi.kinds.query.imports import loading
from banshi.kinds.query.imports.csv_file import MAX_LINE_BYTES
from banshi.kinds.query.imports.loading import WrongFile
from banshi.kinds.query.models import Batch, Record, RegisterPointer
from banshi.kinds.query.registers.opened import REGISTERS
from banshi.ops.cli import group
from banshi.testing import Door, open_door
from tests.processes import commands
from tests.town.registers import DEPARTMENTS, import_file, made_up_person

HEADER = "licence_number,file_number,class,status,valid_until,points,period_ends"
ONE, TWO, THREE = made_up_person(1), made_up_person(2), made_up_person(3)


def line(person: str = ONE, **changes: str) -> str:
    values = {
        "licence_number": person,
        "file_number": "510700000001",
        "class": "C1",
        "status": "normal",
        "valid_until": "2031-05-01",
        "points": "0",
        "period_ends": "2027-05-01",
        **changes,
    }
    return ",".join(values.values())


GOOD = "\n".join([HEADER, line(ONE), line(TWO)]) + "\n"


@pytest.fixture
async def hall(tmp_path: Path, own_database: str | None) -> AsyncIterator[Door]:
    """The traffic police with two drivers in their register, on each database where a test takes `database` as well."""
    plugins: dict[str, Path | str] = {"traffic": DEPARTMENTS / "traffic"}
    async with open_door(tmp_path, plugins, platform={"database": own_database} if own_database else {}) as door:
        await bring(door, tmp_path, GOOD)
        yield door


async def bring(door: Door, folder: Path, content: str | bytes, name: str = "drivers.csv") -> Batch:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return await import_file(door, file)


async def drivers(door: Door) -> list[str]:
    """Which of the three is in the register that is asked."""
    found = []
    for number, person in enumerate((ONE, TWO, THREE), 1):
        question = {"licence_number": person, "file_number": "510700000001"}
        body = {"question": question, "purpose": "查看记分"}
        reply = await door.staff("li", "traffic:registrar").post("/v1/items/driver-record/query", body)
        if reply.ok()["found"]:
            found.append(str(number))
    return found


async def refused(door: Door, folder: Path, content: str | bytes, name: str = "drivers.csv") -> list[str]:
    """What is told of a file, which leaves the register as it was and nothing behind."""
    with pytest.raises(WrongFile) as told:
        await bring(door, folder, content, name)
    assert await drivers(door) == ["1", "2"]
    assert await Record.all().count() == 2
    assert await Batch.all().count() == 1
    return told.value.problems.told


# -- what is right ---------------------------------------------------------------------------------------------------


async def test_a_file_takes_the_place_of_the_one_before(hall: Door, database: str, tmp_path: Path) -> None:
    assert await drivers(hall) == ["1", "2"]
    await bring(hall, tmp_path, "\n".join([HEADER, line(THREE)]))
    assert await drivers(hall) == ["3"]
    assert await Record.all().count() == await Batch.all().count() == 1


async def test_files_of_spreadsheet_programs_are_read_as_they_are(hall: Door, tmp_path: Path) -> None:
    body, wang = {"question": {"code": "1039"}}, hall.citizen("wang")
    for newline, encoding in product(("\n", "\r\n"), ("utf-8", "utf-8-sig", "gb18030")):
        meaning = f"违法,停{len(newline)}{encoding}"
        lines = ["code,meaning,meaning_en,points,fine", f'1039,"{meaning}",Parking,0,100', "", ""]
        await bring(hall, tmp_path, newline.join(lines).encode(encoding), "violation-codes.csv")
        shown = (await wang.post("/v1/items/violation-codes/query", body)).ok()
        assert [one["meaning"] for one in shown["records"]] == [meaning]


async def test_columns_may_stand_in_any_order_and_optional_ones_may_be_left_out(hall: Door, tmp_path: Path) -> None:
    text = "mortgaged,status,vin_tail,plate_class,plate\ntrue,normal,ABC123,small,川B12345\n"
    assert (await bring(hall, tmp_path, text, "vehicles.csv")).rows == 1


async def test_json_is_taken_an_object_a_line_or_as_a_list(hall: Door, tmp_path: Path) -> None:
    rows = [dict(zip(HEADER.split(","), line(person).split(","), strict=True)) for person in (TWO, THREE)]
    typed = [{**row, "points": int(row["points"])} for row in rows]
    for text in ("\n".join(map(json.dumps, typed)), "\ufeff" + json.dumps(typed, indent=2)):
        await bring(hall, tmp_path, text, "drivers.json")
        assert await drivers(hall) == ["2", "3"]
        await bring(hall, tmp_path, GOOD)
    wrong = [{**typed[0], "points": "0", "colour": "red"}, "driver"]
    assert await refused(hall, tmp_path, json.dumps(wrong), "drivers.json") == [
        f"line 1: there is no column 'colour': there are: {', '.join(HEADER.split(','))}",
        "line 1: points: give a whole number",
        "line 2: write one JSON object a line, or a list of objects, in UTF-8",
    ]
    assert (await refused(hall, tmp_path, "[1", "drivers.json"))[0].startswith("it is no JSON: ")


async def test_a_formula_is_told_and_never_taken_in(hall: Door, tmp_path: Path) -> None:
    text = "\n".join([HEADER, line(ONE, points="=SUM(A1:A9)"), line(TWO, status="=1")])
    assert await refused(hall, tmp_path, text) == [
        "line 2: points: this is a formula: hand in its value",
        "line 3: status: this is a formula: hand in its value",
    ]


async def test_the_name_of_a_sample_s_file_says_that_it_is_one(hall: Door, tmp_path: Path) -> None:
    assert (await bring(hall, tmp_path, GOOD, "drivers.sample.csv")).sample
    assert not (await bring(hall, tmp_path, GOOD, "drivers.csv")).sample


async def test_days_of_a_sample_are_counted_from_that_of_its_data_and_no_other_file_has_any(
    hall: Door, tmp_path: Path
) -> None:
    text = f"{HEADER}\n{line(valid_until='{today}', period_ends='{day-24}')}\n"
    await bring(hall, tmp_path, text, "drivers.sample.csv")
    body = {"question": {"licence_number": ONE, "file_number": "510700000001"}, "purpose": "查看记分"}
    shown = (await hall.staff("li", "traffic:registrar").post("/v1/items/driver-record/query", body)).ok()
    assert [shown["records"][0][name] for name in ("valid_until", "period_ends")] == ["2026-11-24", "2026-10-31"]
    with pytest.raises(WrongFile):
        await bring(hall, tmp_path, text)


async def test_every_record_is_there_however_many_go_into_one_transaction(
    hall: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "ROWS_PER_TRANSACTION", 3)
    for count in (1, 2, 3, 7, 8):
        lines = [line(THREE, file_number=f"{number:012}") for number in range(count)]
        assert (await bring(hall, tmp_path, "\n".join([HEADER, *lines]))).rows == count
        assert await Record.all().order_by("line").values_list("line", flat=True) == list(range(2, count + 2))


# -- what is wrong ---------------------------------------------------------------------------------------------------

HOSTILE: dict[str, tuple[str | bytes, str]] = {
    "an empty file": ("", "line 1: the file is empty: its first line names the columns licence_number,"),
    "blank lines alone": ("\n\n\n", "line 1: the file is empty"),
    "no header": (line() + "\n", "line 1: the column 'licence_number' is missing"),
    "a header alone": (HEADER + "\n", "line 1: there is no record in it"),
    "a column twice": (f"{HEADER},points\n{line()},3\n", "line 1: the column 'points' is there 2 times"),
    "a misspelt column": (GOOD.replace("points", "piont"), "there is no column 'piont': did you mean 'points'?"),
    "a missing column": (GOOD.replace(",points", ""), "line 1: the column 'points' is missing"),
    "too few cells": (GOOD + f"{THREE},x\n", "line 4: it has 2 cells in place of 7"),
    "too many cells": (GOOD + line(THREE) + ",x\n", "line 4: it has 8 cells in place of 7"),
    "two records of one key": (GOOD + line(ONE), "line 4: it has the same key as line 2"),
    "a quote that never ends": (GOOD + f'{THREE},"x', "line 4: the quotes are wrong"),
    "a quote in the middle": (GOOD + f'{THREE},"x"y,C1', "line 4: the quotes are wrong"),
    "a NUL": (GOOD + line(THREE, **{"class": "C\0"}), "line 4: class: take the control characters out"),
    "a control character": (GOOD + line(THREE, **{"class": "\x1b[2J"}), "line 4: class: take the control characters"),
    "a line of ten megabytes": (GOOD + "x" * 10_000_000, f"line 4: it has more than {MAX_LINE_BYTES:,} bytes"),
    "a cell of ten megabytes": (GOOD + '"' + ("x" * 999 + "\n") * 10_000, "line 4: the quotes are wrong"),
    "neither encoding": (GOOD.encode() + b"\xff\xff\xff\n", "it is neither UTF-8 (line 4) nor GB18030 (line 4)"),
    "UTF-16": (GOOD.encode("utf-16"), "it is UTF-16: save it as CSV in UTF-8"),
    "a workbook": (b"PK\x03\x04 and so on", "it is a workbook: save it as CSV in UTF-8"),
    "a number that is none": (GOOD + line(ONE[:-1] + "A"), "line 4: licence_number: give an ID number as it is on"),
    "a date that is none": (GOOD + line(THREE, valid_until="2026-02-30"), "line 4: valid_until: give a date such as"),
    "a whole number that is none": (GOOD + line(THREE, points="3.5"), "line 4: points: give a whole number"),
    "a value that is not declared": (GOOD + line(THREE, status="lost"), "status: write one of normal, expired,"),
    "nothing where something has to be": (GOOD + line(THREE, points=""), "line 4: points: this is required"),
}


async def test_a_file_that_is_wrong_is_told_and_changes_nothing(hall: Door, tmp_path: Path) -> None:
    told = {what: await refused(hall, tmp_path, content) for what, (content, _) in HOSTILE.items()}
    assert {what: found for what, found in told.items() if HOSTILE[what][1] not in "\n".join(found)} == {}


async def test_everything_that_is_wrong_is_told_at_once_and_no_cell_is_repeated(hall: Door, tmp_path: Path) -> None:
    text = "\n".join([GOOD.strip(), line("secret", points="secret"), line(THREE), line(THREE, status="secret")])
    told = await refused(hall, tmp_path, text)
    assert [one.partition(": ")[2].partition(":")[0] for one in told] == ["licence_number", "points", "status"]
    assert [one.partition(":")[0] for one in told] == ["line 4", "line 4", "line 6"]
    assert "secret" not in "".join(told)


async def test_fifty_problems_are_shown_and_all_are_counted(hall: Door, tmp_path: Path) -> None:
    with pytest.raises(WrongFile) as told:
        await bring(hall, tmp_path, "\n".join([HEADER, *[line("x")] * 1_000]))
    assert (len(told.value.problems.told), told.value.problems.count) == (50, 1_000)


async def test_lines_are_counted_as_an_editor_counts_them_behind_a_cell_of_several_lines(
    hall: Door, tmp_path: Path
) -> None:
    text = "\n".join([HEADER, line(THREE, **{"class": '"C1\nC2"'}), "", line("x")])
    assert (await refused(hall, tmp_path, text))[0].startswith("line 5: licence_number")


# -- all or nothing --------------------------------------------------------------------------------------------------


async def test_whoever_asks_while_a_file_is_read_is_answered_from_the_one_before(
    hall: Door, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "ROWS_PER_TRANSACTION", 1)
    swap, seen = loading._swap, []

    async def looked(*arguments: Any) -> None:
        seen.append((await drivers(hall), await Record.all().count()))
        await swap(*arguments)

    monkeypatch.setattr(loading, "_swap", looked)
    await bring(hall, tmp_path, "\n".join([HEADER, line(THREE)]))
    assert seen == [(["1", "2"], 3)]
    assert await drivers(hall) == ["3"]


async def test_two_imports_at_once_end_with_one_of_them_whole(hall: Door, database: str, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    await asyncio.gather(
        bring(hall, tmp_path, "\n".join([HEADER, line(THREE)])),
        bring(hall, tmp_path / "other", "\n".join([HEADER, line(ONE), line(THREE)])),
    )
    assert await drivers(hall) in (["3"], ["1", "3"])
    pointer = await RegisterPointer.get(code="drivers")
    assert (await Batch.get(id=pointer.batch)).rows == await Record.filter(batch=pointer.batch).count()


async def test_what_an_import_that_was_killed_has_left_is_cleared_away_a_day_later(
    hall: Door, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(loading, "_swap", killed)
        broken.setattr(loading, "forget_batch", killed)
        with pytest.raises(KeyboardInterrupt):
            await bring(hall, tmp_path, "\n".join([HEADER, line(THREE)]))
    assert (await drivers(hall), await Record.all().count()) == (["1", "2"], 3)
    await look_ups.tidy(hall.platform)
    assert await Record.all().count() == 3, "it might still be under way"
    later = hall.platform.now() + timedelta(days=2)
    hall.platform.now = lambda: later
    await look_ups.tidy(hall.platform)
    assert (await drivers(hall), await Record.all().count()) == (["1", "2"], 2)


async def test_whoever_breaks_an_import_off_while_the_one_before_is_cleared_away_has_the_new_one(
    hall: Door, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget = look_ups.forget_batch

    async def interrupted(_: int) -> None:
        monkeypatch.setattr(loading, "forget_batch", forget)
        raise asyncio.CancelledError

    monkeypatch.setattr(loading, "forget_batch", interrupted)
    with pytest.raises(asyncio.CancelledError):
        await bring(hall, tmp_path, "\n".join([HEADER, line(THREE)]))
    assert await drivers(hall) == ["3"]


async def test_two_people_have_two_pseudonyms_and_nobody_has_none(hall: Door) -> None:
    pseudonyms = hall.platform[REGISTERS].pseudonyms
    assert pseudonyms.person(ONE) != pseudonyms.person(TWO) != ""
    assert pseudonyms.person("") == ""


# -- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "plugins.toml"
    file.write_text(f'[plugins.traffic]\npath = "{DEPARTMENTS / "traffic"}"\napi = 1\n')
    return file


def banshi(config: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(group, ["--config", str(config), "register", *map(str, arguments)])


def test_samples_are_imported_and_listed_as_samples(config: Path) -> None:
    said = banshi(config, "import", "--samples")
    assert said.exit_code == 0, said.output
    assert "vehicles: 36 records of made-up sample data" in said.output
    listed = banshi(config, "list").output
    assert "made-up sample data" in next(one for one in listed.splitlines() if one.startswith("vehicles  36 records"))
    assert "cases  the platform's own cases" in listed


def test_a_file_is_told_line_by_line_and_the_status_is_1_but_the_others_are_imported(
    config: Path, tmp_path: Path
) -> None:
    (tmp_path / "drivers.csv").write_text(GOOD + line("x"))
    (tmp_path / "violation-codes.csv").write_text("code,meaning,meaning_en,points,fine\n1,a,b,1,1\n")
    said = banshi(config, "import", tmp_path / "drivers.csv", tmp_path / "violation-codes.csv", "--as-of", "2026-11-01")
    assert said.exit_code == 1
    assert f"{tmp_path / 'drivers.csv'}: line 4: licence_number: give" in said.output
    assert "1 to mend; the register drivers is as it was" in said.output
    assert "violation-codes: 1 records, as of 2026-11-01 00:00" in said.output
    listed = banshi(config, "list").output
    assert "drivers  empty; fill it with `banshi register import drivers.csv`" in listed


def test_a_file_of_no_register_is_told_with_what_was_meant(config: Path, tmp_path: Path) -> None:
    (tmp_path / "vehicle.csv").write_text(GOOD)
    said = banshi(config, "import", tmp_path / "vehicle.csv")
    assert said.exit_code == 1
    assert "there is no register 'vehicle': did you mean 'vehicles'?" in said.output
    (tmp_path / "cases.csv").write_text(GOOD)
    assert "there is no register 'cases'" in banshi(config, "import", tmp_path / "cases.csv").output
    assert banshi(config, "import").exit_code == 2


def test_a_register_that_is_asked_elsewhere_is_not_filled_here(config: Path, tmp_path: Path) -> None:
    config.write_text(
        config.read_text() + '[platform.registers.drivers]\nurl = "https://a.example/drivers?key=secret"\n'
    )
    (tmp_path / "drivers.csv").write_text(GOOD)
    assert "is asked elsewhere" in banshi(config, "import", tmp_path / "drivers.csv").output
    assert "drivers  HTTP, https://a.example/drivers\n" in banshi(config, "list").output


def test_a_bar_is_drawn_on_a_terminal_and_nowhere_else(config: Path, tmp_path: Path) -> None:
    (tmp_path / "drivers.csv").write_text(GOOD)
    command = "--config", config, "register", "import", tmp_path / "drivers.csv"
    controller, number = pty.openpty()
    with os.fdopen(number, "wb") as terminal:
        started = commands.begin(tmp_path, *command, stderr=terminal)
    drawn = b""
    while select.select([controller], [], [], 60)[0]:
        try:
            part = os.read(controller, 65_536)
        except OSError:
            break
        drawn += part
    assert started.wait(60) == 0
    os.close(controller)
    assert b"drivers.csv" in drawn
    assert started.stdout is not None
    assert started.stdout.read().startswith("drivers: 2 records, as of ")
    started.close()
    quiet = commands.run(tmp_path, *command)
    assert (quiet.returncode, quiet.stderr) == (0, "")


@pytest.mark.long
def test_an_import_that_is_killed_half_way_changes_nothing(config: Path, tmp_path: Path) -> None:
    (tmp_path / "drivers.csv").write_text(GOOD)
    assert banshi(config, "import", tmp_path / "drivers.csv").exit_code == 0
    before = banshi(config, "list").output
    with (tmp_path / "drivers.csv").open("w") as stream:
        stream.write(HEADER + "\n")
        for number in range(100_000):
            stream.write(line(THREE, file_number=f"{number:012}") + "\n")
    started = commands.begin(tmp_path, "--config", config, "register", "import", tmp_path / "drivers.csv")
    database = tmp_path / "data" / "banshi.sqlite3-wal"
    size = 0
    while size < 2_000_000:
        assert started.returncode is None, "it was over before it could be killed"
        time.sleep(0.002)
        with suppress(FileNotFoundError):
            size = database.stat().st_size
    started.kill()
    assert started.wait(60) == -signal.SIGKILL
    started.close()
    assert banshi(config, "list").output == before

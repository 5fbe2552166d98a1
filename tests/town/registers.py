"""Registers filled for a test: from the departments' samples, or from rows of its own."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from banshi.kinds.query.imports.loading import load
from banshi.kinds.query.models import Batch
from banshi.kinds.query.registers.opened import REGISTERS
from banshi.testing import Door, made_up_resident_id
from tests.places import DEPARTMENTS

#: The ID number of somebody in the samples, who are made up.
made_up_person = made_up_resident_id

#: When the data of all registers here are from.
AS_OF = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)


def samples(department: str) -> list[Path]:
    return sorted((DEPARTMENTS / department / "registers").glob("*.sample.csv"))


def sample_rows(department: str, code: str) -> list[dict[str, str]]:
    with (DEPARTMENTS / department / "registers" / f"{code}.sample.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


async def import_file(door: Door, file: Path, code: str = "") -> Batch:
    registers = door.platform[REGISTERS]
    register = registers.by_code[code or file.name.partition(".")[0]].declared
    return await load(door.platform.store, registers.pseudonyms, register, file, as_of=AS_OF)


async def import_samples(door: Door, *departments: str) -> None:
    for department in departments:
        for file in samples(department):
            await import_file(door, file)


async def import_rows(door: Door, folder: Path, code: str, rows: Iterable[Mapping[str, Any]]) -> Batch:
    listed = list(rows)
    file = folder / f"{code}.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)
    return await import_file(door, file)

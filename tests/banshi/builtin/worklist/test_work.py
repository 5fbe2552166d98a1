"""The worklist: the most urgent of all that waits, in one order, whatever places it is in."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from banshi.builtin.worklist.waiting import Place, most_urgent, places_of
from banshi.foundation.database.opening import open_store
from banshi.kernel.contract.principals import Role
from banshi.kernel.tables.cases import Case
from tests.harness.encrypted import ring_in
from tests.harness.memory.prepared import all_tables

ITEMS, STATES, UNITS = ("pass", "plate", "test"), ("submitted", "accepted", "closed"), ("east", "west")
NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)


def waiting(chance: random.Random, number: int) -> Case:
    item = chance.choice(ITEMS)
    return Case(
        number=f"N{number}",
        item=item,
        item_version=1,
        kind="application",
        department=chance.choice(["traffic", "fire"]),
        unit=chance.choice(UNITS),
        state=chance.choice(STATES),
        person=f"citizen-{number % 20}",
        answers={},
        # Few days, so that many are equally urgent; one item goes before all others.
        urgency=date(2026, 12, 1) + timedelta(days=chance.randrange(9) + 30 * (item != "pass")),
        created_at=NOW,
        updated_at=NOW,
    )


def wanted(cases: list[Case], places: list[Place], not_of: str) -> list[Any]:
    """What the list has to be, found by looking at every case."""
    found = [
        one
        for one in cases
        if one.person != not_of
        and any((one.department, one.state, one.item) == place[:3] and place[3] in ("", one.unit) for place in places)
    ]
    return [one.id for one in sorted(found, key=lambda one: (one.urgency, str(one.id)))]


@pytest.mark.parametrize("encrypted", [False, True])
async def test_page_by_page_the_most_urgent_of_every_place_come_in_one_order(
    database: str, tmp_path: Path, encrypted: bool
) -> None:
    chance, ring = random.Random(3), ring_in(tmp_path) if encrypted else None
    async with open_store(database, all_tables(), personal=ring) as store:
        cases = [waiting(chance, number) for number in range(300)]
        await Case.bulk_create(cases)
        every = [("traffic", state, item, "") for state, item in product(STATES[:2], ITEMS)]
        parts: list[Place] = [("fire", "submitted", "pass", "east"), ("fire", "submitted", "pass", "west")]
        for places in (every, parts, [*every, parts[0]], every[:1], []):
            expected = wanted(cases, places, "citizen-3")
            for limit in (1, 7, 40, 1000):
                read: list[Any] = []
                after = None
                while rows := await most_urgent(store, places, not_of="citizen-3", after=after, limit=limit):
                    # A page that isn't full is the last one.
                    assert len(rows) == min(limit, len(expected) - len(read))
                    read += [row.id for row in rows]
                    after = (rows[-1].urgency, rows[-1].id)
                assert read == expected


def test_whoever_has_a_place_whole_has_it_once_beside_its_parts() -> None:
    work = {("traffic", "reviewer"): [("east", ["accepted"], ["pass"])], ("", "reviewer"): [("", ["sent"], ["appeal"])]}
    whole, part = Role("reviewer", "traffic"), Role("reviewer", "traffic", "east")
    own, travelled = ("traffic", "accepted", "pass", ""), ("traffic", "sent", "appeal", "")
    assert places_of(work, [whole]) == [own, travelled] == places_of(work, [whole, part, whole])
    assert places_of(work, [part]) == [own, ("traffic", "sent", "appeal", "east")]
    assert places_of(work, [Role("reviewer", "traffic", "west")]) == [("traffic", "sent", "appeal", "west")]
    assert places_of(work, [Role("approver", "traffic"), Role("reviewer", "fire")]) == [("fire", "sent", "appeal", "")]

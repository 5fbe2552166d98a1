"""Labels of enquiries, and what a lead counts: by desk, officer and label, and as a table for spreadsheets."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import Door, Person
from desk.tables.models import DeskEvent, Enquiry
from tests.channels.chatting import Chatter
from tests.channels.desk.bureau import DESKS, EACH_DATABASE, ENQUIRIES, Clock, bureau, calls, given, officer, waiting

FIGURES = "/v1/desk/figures"
LABELS = {code: {"zh-CN": title, "en": code.title()} for code, title in {"visa": "签证", "fees": "收费"}.items()}
LABELLED: list[dict[str, Any]] = [{**DESKS[0], "labels": LABELS}, DESKS[1]]

#: By a name that a spreadsheet would take for a formula.
CUNNING = "=1+1"


async def handled(door: Door, clock: Clock, contact: str, who: str, labels: list[str], *, minutes: float) -> Chatter:
    """A conversation that an officer claims after so many minutes, answers a minute later, labels and closes."""
    chatter, own = await calls(door, contact), officer(door, who)
    place = f"{ENQUIRIES}/{(await waiting(own))[0]['id']}"
    clock.on(minutes=minutes)
    (await own.post(f"{place}/claim")).ok()
    (await own.put(f"{place}/labels", {"labels": labels})).ok()
    (await own.post(f"{place}/answers", {"text": "Good day."})).created()
    clock.on(minutes=1)
    # What they are told with it, they have.
    await chatter.send("thanks")
    (await own.post(f"{place}/close")).ok()
    return chatter


async def day(door: Door, clock: Clock) -> None:
    for number, minutes in enumerate((1, 1, 1, 4)):
        await handled(
            door, clock, f"li-{number}", "li", ["visa", "fees"] if minutes == 1 else ["visa"], minutes=minutes
        )
    rates = await handled(door, clock, "cunning", CUNNING, [], minutes=10)
    await rates.send("3")
    await (await calls(door, "leaves")).send("cancel")


@EACH_DATABASE
@given(desks=LABELLED)
async def test_figures_by_desk_officer_and_label_are_those_of_the_history(
    door: Door, clock: Clock, sun: Person
) -> None:
    await day(door, clock)

    async def lines(by: str) -> dict[str, dict[str, Any]]:
        found = (await sun.get(FIGURES, params={"by": by})).ok()["items"]
        assert {one["desk"] for one in found} == {"reception"}
        return {one["of"]: one for one in found}

    (whole,) = (await lines("desk")).values()
    assert {name: whole[name] for name in ("asked", "answered", "in_time", "handled", "left", "rated")} == {
        "asked": 6,
        "answered": 5,
        "in_time": 3,
        "handled": 5,
        "left": 1,
        "rated": 1,
    }
    assert round(whole["wait_median"] / 60, 1) == 1.0
    assert round(whole["wait_p90"] / 60, 1) == 10.0
    assert round(whole["first_answer_median"] / 60, 1) == 2.0
    assert whole["rating"] == 3.0
    people = await lines("officer")
    assert {who: (one["asked"], one["in_time"]) for who, one in people.items()} == {
        "": (1, 0),
        "li": (4, 3),
        CUNNING: (1, 0),
    }
    assert people[""]["wait_median"] is people[""]["first_answer_p90"] is None
    subjects = await lines("label")
    assert {of: (one["name"], one["asked"]) for of, one in subjects.items()} == {
        "": ("", 2),
        "visa": ("签证", 4),
        "fees": ("收费", 3),
    }
    assert await DeskEvent.filter(what="claimed").count() == whole["answered"]
    assert (await officer(door, "li").get(FIGURES)).ok()["items"] == []
    assert (await sun.get(FIGURES, params={"by": "citizen"})).problem(400, "invalid-parameter")


@given(desks=LABELLED)
async def test_the_table_is_read_by_spreadsheets_and_runs_nothing_there(door: Door, clock: Clock, sun: Person) -> None:
    await day(door, clock)
    shown = (await sun.get(FIGURES, params={"by": "officer"})).ok()["items"]
    table = await sun.get(f"{FIGURES}.csv", params={"by": "officer"})
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert table.headers["Cache-Control"] == "no-store"
    assert table.body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(table.body.decode("utf-8-sig"))))
    assert [row["of"] for row in rows] == ["", f"'{CUNNING}", "li"]
    assert [(row["asked"], row["in_time"]) for row in rows] == [
        (str(one["asked"]), str(one["in_time"])) for one in shown
    ]
    assert not any(cell[:1] in {"=", "+", "-", "@", "\t", "\r"} for row in rows for cell in row.values())
    assert list(rows[0]) == list(shown[0])


@EACH_DATABASE
@given(desks=LABELLED)
async def test_who_holds_it_says_what_it_is_about_and_the_list_is_narrowed_by_that(
    door: Door, li: Person, wang: Person
) -> None:
    (desk,) = (await li.get("/v1/desk/desks")).ok()["items"]
    assert desk["labels"] == [{"code": "visa", "title": "签证"}, {"code": "fees", "title": "收费"}]
    await calls(door, "first")
    place = f"{ENQUIRIES}/{(await waiting(li))[0]['id']}"
    (await li.put(f"{place}/labels", {"labels": ["visa"]})).problem(409, "not-holder")
    (await li.post(f"{place}/claim")).ok()
    (await wang.put(f"{place}/labels", {"labels": ["visa"]})).problem(409, "held-by-other")
    for wrong in (["parking"], ["visa", "parking"]):
        refused = (await li.put(f"{place}/labels", {"labels": wrong})).problem(422, "invalid-fields")
        assert refused["problems"][0]["pointer"] == f"/labels/{wrong.index('parking')}"
    for wrong in (["visa", "visa"], ["visa"] * 9, [",visa,"], "visa"):
        assert (await li.put(f"{place}/labels", {"labels": wrong})).status == 422
    assert (await li.put(f"{place}/labels", {"labels": ["visa", "fees"]})).ok()["labels"] == ["visa", "fees"]
    for label, many in (("visa", 1), ("fees", 1), ("vis", 0), ("isa", 0)):
        found = (await wang.get(ENQUIRIES, params={"state": "held", "label": label})).ok()["items"]
        assert len(found) == many
    assert (await li.put(f"{place}/labels", {"labels": []})).ok()["labels"] == []
    (await li.put(f"{place}/labels", {"labels": ["fees"]})).ok()
    (await li.post(f"{place}/transfer", {"desk": "fire"})).ok()
    assert (await Enquiry.get()).labels == "", "another desk has labels of its own"


@pytest.mark.parametrize("labels", [{"Visa": LABELS["visa"]}, {"visa": {"en": "Visas"}}, {"a,b": LABELS["visa"]}])
async def test_labels_that_are_none_stop_the_start_with_what_to_do(tmp_path: Path, labels: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="has to be a code of a-z, 0-9 and single hyphens, in both languages"):
        async with bureau(tmp_path, desks=[{**DESKS[0], "labels": labels}]):
            pass

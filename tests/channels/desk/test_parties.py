"""The desk knows no channel: whoever is at the other end is a party, which may be gone, or have come from before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from banshi import Principal, Write
from banshi.foundation.findings import ConfigurationError
from banshi.testing import Door, Person, open_door
from conversations.tables import former
from conversations.tables.models import ChannelConversation
from desk import DESK
from desk.rounds import go_round
from desk.settings import SETTINGS
from desk.tables.models import DeskDay, DeskEvent, DeskOfficer, DeskPhrase, Enquiry
from tests.channels import switchboard
from tests.channels.desk.bureau import (
    DEPARTMENTS,
    DESKS,
    EACH_DATABASE,
    ENQUIRIES,
    HOURS,
    WORKDAY,
    Clock,
    bureau,
    calls,
    officer,
    open_at,
    waiting,
)
from tests.harness.encrypted import ring_in


@asynccontextmanager
async def exchange(folder: Path, database: str, *more: str, **settings: Any) -> AsyncIterator[Door]:
    """A city with a desk and no chats; with its telephone exchange, where that is named."""
    plugins: dict[str, Path | str] = {name: DEPARTMENTS / name for name in ("petitions", "fire")}
    plugins |= {"desk": "desk", **{one.rpartition(".")[2]: one for one in more}}
    own, platform = {"desk": {"desks": DESKS[:1], **settings}}, {"database": database} if database else {}
    async with open_at(WORKDAY, folder, plugins, settings=own, platform=platform) as door:
        yield door


async def rings(door: Door, person: str = "") -> UUID:
    """A call that asks for a person; its id."""
    desks, call = door.platform[DESK], UUID(str(uuid7()))
    if person:
        switchboard.CALLERS[call] = Principal(person, name=person.title())
    _, rows = desks.ask("call", call, desks.desks[0], person)
    await door.platform.store.commit(Write(rows=rows))
    return call


async def test_a_call_is_claimed_answered_and_closed_by_the_desk_alone(tmp_path: Path, database: str) -> None:
    async with exchange(tmp_path, database, "tests.channels.switchboard") as door:
        call, li = await rings(door, "wang"), officer(door, "li")
        place = f"{ENQUIRIES}/{(await waiting(li))[0]['id']}"
        assert (await li.post(f"{place}/claim")).ok()["name"] == "Wang"
        (await li.post(f"{place}/answers", {"text": "Good day."})).created()
        assert (await li.post(f"{place}/cases", {"purpose": "to help"})).ok()["items"] == []
        (message,) = (await li.get(place)).ok()["messages"]
        assert (message["by"], message["content"]) == ("officer", {"text": "Enquiries: Good day."})
        assert (await li.post(f"{place}/close")).ok()["state"] == "closed"
        own = [(state, happened) for subject, state, happened in switchboard.HAPPENED if subject == call]
        assert own == [("waiting", "claimed"), ("held", "done")]
        spoken = await switchboard.Spoken.filter(call=call).order_by("id").values_list("officer", flat=True)
        assert list(spoken) == ["li", ""]
        held = (await door.citizen("wang").get("/v1/me/data")).ok()["held"]["desk"]
        assert [row["kind"] for row in held["desk_enquiry"]] == ["call"]
        assert len(held["desk_event"]) == 5 + 1


async def test_whose_party_is_gone_can_be_looked_at_and_closed_and_nothing_is_said_to_nobody(
    tmp_path: Path, database: str
) -> None:
    """A plugin was removed from the list while people waited; nothing of the desk stands still for it."""
    async with exchange(tmp_path, database, "tests.channels.switchboard") as door:
        for _ in range(3):
            await rings(door)
    async with exchange(tmp_path, database) as door:
        li = officer(door, "li")
        place, other, third = (f"{ENQUIRIES}/{one['id']}" for one in await waiting(li))
        assert (await li.post(f"{place}/claim")).ok()["messages"] == []
        assert (await li.post(f"{place}/answers", {"text": "Good day."})).problem(409, "party-gone")
        assert (await li.get(place)).ok()["answered_at"] is None
        assert (await li.post(f"{place}/close")).ok()["state"] == "closed"
        (await li.post(f"{other}/claim")).ok()
        await Enquiry.filter(id=other.rpartition("/")[2]).update(lease_until=door.platform.now())
        await go_round(door.platform)
        assert (await li.get(other)).ok()["state"] == "waiting"
        assert (await li.get(third)).ok()["state"] == "waiting"


async def test_whose_conversation_is_gone_can_be_closed(door: Door, li: Person) -> None:
    await calls(door, "first")
    place = f"{ENQUIRIES}/{(await waiting(li))[0]['id']}"
    await ChannelConversation.all().delete()
    assert (await li.post(f"{place}/claim")).ok()["messages"] == []
    assert (await li.post(f"{place}/answers", {"text": "Good day."})).problem(409, "party-gone")
    assert (await li.post(f"{place}/close")).ok()["state"] == "closed"


@EACH_DATABASE
@pytest.mark.plain(why="has a ring of its own")
async def test_a_database_of_the_version_before_goes_on_with_what_is_sealed_in_it(
    tmp_path: Path, database: str
) -> None:
    """Who waited is claimed and closed, who was held goes on, and nothing is left where it was."""
    ring = ring_in(tmp_path)
    async with bureau(tmp_path, database, platform={"personal_keys": ring}) as door:
        Clock(door, WORKDAY)
        chats = [await calls(door, contact) for contact in ("first", "second")]
        await chats[1].is_linked("wang", name="Wang")
        await before(door)
    async with bureau(tmp_path, database, platform={"personal_keys": ring}) as door:
        Clock(door, WORKDAY)
        li = officer(door, "li")
        (one,) = await waiting(li)
        assert (await li.post(f"{ENQUIRIES}/{one['id']}/claim")).ok()["messages"]
        assert (await li.post(f"{ENQUIRIES}/{one['id']}/close")).ok()["state"] == "closed"
        (held,) = (await li.get(f"{ENQUIRIES}?state=held")).ok()["items"]
        assert held["officer"] == {"id": "li", "name": "Li zq4711"}
        events = (await li.get(f"{ENQUIRIES}/{held['id']}")).ok()["events"]
        assert [(event["text"], event["officer"]["name"]) for event in events] == [("note zq4711", "Li zq4711")]
        assert (await DeskEvent.get(what="note")).cases == ["zq4711"]
        assert (await Enquiry.get(state="held")).person == "wang"
        assert (await DeskOfficer.get(day="2026-11-01")).officer_name == "Li zq4711"
        assert await DeskPhrase.all().count() == await DeskDay.all().count() == 1
        for model in (former.Enquiry, former.DeskEvent, former.DeskOfficer, former.DeskPhrase, former.DeskDay):
            assert await model.all().count() == 0


async def before(door: Door) -> None:
    """Bring a database to where the version before had left it, with the same people at the desk."""
    store, at = door.platform.store, door.platform.now()
    first, second = await Enquiry.all().order_by("id")
    await Enquiry.all().delete()
    rows: list[Any] = []
    for row, more in (
        (first, {"state": "waiting"}),
        (second, {"state": "held", "officer": "li", "officer_name": "Li zq4711", "asked_at": at}),
    ):
        values = {"desk": "reception", "asked_at": row.asked_at, "owed_since": at, **more}
        rows.append(former.Enquiry(id=row.id, conversation_id=row.subject, **values))
    note = {"officer": "li", "officer_name": "Li zq4711", "text": "note zq4711", "cases": ["zq4711"]}
    rows += [
        former.DeskEvent(enquiry_id=second.id, desk="reception", at=at, what="note", **note),
        former.DeskDay(desk="reception", day="2026-12-01", hours=[]),
        former.DeskOfficer(desk="reception", officer="li", officer_name="Li zq4711", day="2026-11-01"),
        former.DeskPhrase(desk="reception", code="hello", version=1, texts={}, at=at),
    ]
    await store.commit(Write(rows=rows))
    await store.connection.execute_script(
        "DELETE FROM tortoise_migrations WHERE app = 'conversations' AND name = '0010_desk'"
    )


async def test_desks_stand_in_one_table_of_settings(tmp_path: Path) -> None:
    plugins: dict[str, Path | str] = {name: DEPARTMENTS / name for name in ("petitions", "fire")}
    plugins |= {"conversations": "conversations", "desk": "desk"}
    settings = {"conversations": {"desks": DESKS}, "desk": {"desks": [{**DESKS[0], "hours": HOURS}]}}
    with pytest.raises(ConfigurationError) as wrong:
        async with open_door(tmp_path, plugins, settings=settings):
            pass
    assert [(one.plugin, one.rule) for one in wrong.value.findings] == [("desk", "desks-twice")]


#: What stands in the desk's own table, and the minutes of a lease and of silence, and the days, that count then.
OWN: dict[str, tuple[dict[str, Any], tuple[int, int, int]]] = {
    "nothing": ({}, (10, 40, 90)),
    "days": ({"keep_days": 60}, (10, 40, 60)),
    "minutes": ({"silence_minutes": 8}, (5, 8, 90)),
}


@pytest.mark.parametrize(("own", "expected"), OWN.values(), ids=OWN.keys())
async def test_desks_in_the_conversations_settings_stay_whatever_else_the_desk_s_own_table_says(
    own: dict[str, Any], expected: tuple[int, int, int], tmp_path: Path
) -> None:
    former = {"lease_minutes": 10, "silence_minutes": 40, "turn_days": 90}
    async with bureau(tmp_path, beside={"desk": ("desk", own)}, **former) as door:
        settings = door.platform[SETTINGS]
        assert [desk.code for desk in settings.desks] == ["reception", "fire"]
        assert (settings.lease_minutes, settings.silence_minutes, settings.keep_days) == expected

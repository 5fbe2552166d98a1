"""Every item by telephone: what an operator files is what its citizen would have, or waits, or is refused the same."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from banshi import Item
from banshi.kernel.tables.cases import Case
from banshi.testing import Person, Reply
from hotline.tables.models import HotlineFiling
from questions.answering import body_of
from tests.channels.conversations.engine.test_every_item import NAME, stored, truly, without_numbers
from tests.channels.desk.bureau import DESKS, officer
from tests.channels.hotline.exchange import AGREED, FILINGS, HOTLINE, Switch
from tests.clients.made_up_city import open_city
from tests.clients.people import City
from tests.plugins import filling

#: Why an item isn't filed for whoever only says who they are.
VERIFIED, UNNAMED = "not-verified", "token-not-taken"


def spoken(schema: Any, value: Any) -> Any:
    """What can be said on the telephone: without the files."""
    if isinstance(value, dict):
        own = schema.get("properties", {})
        return {name: spoken(own[name], one) for name, one in value.items() if not holds_files(own.get(name, {}))}
    return value


def holds_files(schema: Any) -> bool:
    return bool(schema.get("x-attachment") or schema.get("items", {}).get("x-attachment"))


class Line:
    """An operator, and a caller for each item."""

    def __init__(self, city: City) -> None:
        self.city, self.door, self.li, self.calls = city, city.door, officer(city.door, "li"), itertools.count()
        self.other: dict[str, str] = {}

    async def call(self) -> str:
        """The id of a new call, from a number that nobody has called from."""
        number = next(self.calls)
        await Switch(self.door).told("ringing", f"c{number}", number=f"+86199{number:08}")
        (one,) = (await self.li.get("/v1/desk/enquiries")).ok()["items"]
        (await self.li.post(f"/v1/desk/enquiries/{one['id']}/claim")).ok()
        return str(one["subject"])

    async def submission(self, item: Item, person: Person) -> tuple[Any, str]:
        """Both sides' body, all that can be said of it, and whose number is in it."""
        papers, owner = await self.city.papers(item)
        number = owner or filling.NUMBER
        schema = body_of((await person.get(f"/v1/items/{item.code}")).ok())
        files = (f"00000000-0000-4000-8000-{count:012}" for count in itertools.count())
        own = schema["properties"]
        whole: dict[str, Any] = filling.filled({**schema, "properties": {"answers": own["answers"]}}, files)
        whole["answers"] = {**without_numbers(own["answers"], whole["answers"]), **papers}
        whole = await truly(self.door, whole, schema, number)
        whole["answers"] = spoken(own["answers"], whole["answers"])
        for name, one in own.items():
            if "x-choices" in one:
                rows = (await person.get(one["x-choices"]["list"])).ok()["items"]
                # Of places that are there once each has another one.
                alike = [row for row in rows if row["draw_at"] == rows[0]["draw_at"]]
                whole[name], self.other[name] = rows[0]["id"], alike[-1]["id"]
            elif name != "answers" and name in schema["required"]:
                whole[name] = "查询本人的办理情况" if name == "purpose" else True
        return whole, number

    async def ends(self, item: Item, *, proved: bool) -> str:
        """How it ends for an operator: as for a citizen of whom as much is known."""
        known = {"name": NAME, **({"resident_id": filling.NUMBER} if proved else {})}
        person = self.door.citizen(f"w-{item.code}-{proved}", **known)
        self.other = {}
        whole, number = await self.submission(item, person)
        if proved:
            known["resident_id"] = number
            person = self.door.citizen(f"w-{item.code}-{proved}", **known)
        own = await person.post(f"/v1/items/{item.code}/begin", whole)
        body = {"call": await self.call(), "item": item.code, "name": NAME, **AGREED, "wait": True}
        body["submission"] = {**whole, **self.other}
        if proved:
            other = self.door.citizen(f"p-{item.code}", **known)
            digits = (await other.post("/v1/conversations/codes")).created()["digits"]
            (await self.li.post(f"/v1/hotline/calls/{body['call']}/person", {"digits": digits})).ok()
        by_phone = await self.li.post(FILINGS, body)
        return await self.same(item, own, by_phone)

    async def same(self, item: Item, own: Reply, by_phone: Reply) -> str:
        if own.status == 422:
            filed = by_phone.created()
            lacks = [(one["pointer"].removeprefix("/submission"), one["code"]) for one in filed["lacks"]]
            assert lacks == [(one["pointer"], one["code"]) for one in own.document["problems"]], item.code
            assert filed["slip"]
            assert await HotlineFiling.filter(id=filed["id"], answers__not_isnull=True).exists()
            return "waiting"
        if own.status >= 400:
            code = own.document["code"]
            assert (by_phone.status, by_phone.document["code"]) == (own.status, code), item.code
            return str(code)
        filed, begun = by_phone.created(), own.document
        if begun["case"] is None:
            assert filed["begun"]["records"]["records"] == begun["records"]["records"]
            return "answered"
        await self.door.settled()
        theirs, ours = [stored(await Case.get(id=one["case"]["id"])) for one in (begun, filed["begun"])]
        # One of two slots may be near enough to be reminded of.
        assert theirs | {"version": ""} == ours | {"version": ""}, item.code
        return "filed"


@pytest.mark.long
@pytest.mark.timeout(1_200)
async def test_every_item_is_filed_as_its_citizen_would_or_waits_or_is_refused_the_same(tmp_path: Path) -> None:
    """All of the city's, and one that nobody has heard of; the lists add up."""
    settings = {"desk": {"desks": DESKS}, "hotline": HOTLINE}
    async with open_city(tmp_path, settings, desk="desk", hotline="hotline") as door:
        line = Line(City(door, "zh-CN"))
        items = [one for one in door.platform.registry.items.values() if door.platform.registry.kinds[one.kind]]
        told = {item.code: await line.ends(item, proved=False) for item in items}
        again = [item for item in items if told[item.code] == VERIFIED]
        proved = {item.code: await line.ends(item, proved=True) for item in again}
    counts = Counter({**told, **proved}.values())
    print(f"told: {Counter(told.values())}; of the refused, once proved: {Counter(proved.values())}")
    assert counts.keys() <= {"filed", "answered", "waiting", UNNAMED}
    assert sum(counts.values()) == len(items) >= 134
    needs_file = {item.code for item in items if _needs_file(item)}
    assert needs_file <= {code for code, end in {**told, **proved}.items() if end in ("waiting", UNNAMED)}


def _needs_file(item: Item) -> bool:
    form: Any = item.form.schema if item.form else {}
    return any(holds_files(form["properties"][name]) for name in form.get("required", ()))

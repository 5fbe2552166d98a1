"""Every item by chat, from its own declaration: what comes of it is what HTTP makes from the same answers."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from banshi import LANGUAGES, Item
from banshi.builtin.drafts.models import Draft
from banshi.kernel.tables.cases import Case
from banshi.testing import Door
from questions.answering import body_of
from questions.plan import with_value
from questions.shown import MAX_RECORDS
from tests.channels import bare_page
from tests.channels.chatting import Chatter, leaves
from tests.channels.talker import Stopped
from tests.clients.made_up_city import open_city
from tests.clients.people import City
from tests.plugins import filling
from tests.plugins.test_departments import snapshot

#: Of whoever chats.
NAME = "李示例"


def without_numbers(form: Any, answers: Any) -> Any:
    """Without ID numbers that may be left out and that no sign-in knows: a chat doesn't ask for them."""
    left = {}
    for name, value in answers.items():
        one = form["properties"][name]
        if "properties" in one:
            left[name] = without_numbers(one, value)
        elif (
            one.get("format") != "cn-resident-id"
            or name in form.get("required", ())
            or {"x-prefill", "x-required"} & {*one}
        ):
            left[name] = value
    return left


async def truly(door: Door, whole: Any, schema: Any, number: str) -> Any:
    """The answers with what the sign-in knows, and with values that the lists of the API have."""
    for leaf in leaves(schema, whole):
        if known := {"name": NAME, "resident-id": number}.get(leaf.schema.get("x-prefill", "")):
            whole = with_value(whole, leaf.pointer, known)
        elif "x-choices" in leaf.schema and leaf.schema["x-choices"].get("search"):
            address = leaf.schema["x-choices"]["list"]
            rows = (await door.anyone.get(f"{address}?q={leaf.value}")).ok()["items"]
            rows = [row for row in rows if row["code"] == leaf.value] or (await door.anyone.get(address)).ok()["items"]
            whole = with_value(whole, leaf.pointer, rows[-1]["code"])
    return whole


async def talked(city: City, item: Item, language: str) -> str:
    """How an item ends in a conversation."""
    door = city.door
    papers, owner = await city.papers(item)
    number = owner or filling.NUMBER
    chatter = Chatter(door, language, contact=f"c-{item.code}")
    await chatter.is_linked(f"p-{number}", name=NAME, resident_id=number)
    guide = await city.app(number).citizen.get(f"/v1/items/{item.code}")
    reply = await chatter.begin(guide["title"])
    schema, link = body_of(guide), reply.text if await chatter.state() == "menu" else ""
    files = (f"00000000-0000-4000-8000-{count:012}" for count in itertools.count())
    whole: dict[str, Any] = filling.filled(
        {**schema, "properties": {"answers": schema["properties"]["answers"]}}, files
    )
    whole["answers"] = {**without_numbers(schema["properties"]["answers"], whole["answers"]), **papers}
    whole = await truly(door, whole, schema, number)
    for name in schema["properties"]:
        if name != "answers":
            whole[name] = "查询本人的办理情况" if name == "purpose" else True
    if link:
        # Neither files nor what an API lists: a bare page has no script.
        whole["answers"] = {name: one for name, one in whole["answers"].items() if name not in ("division", "evidence")}
        page = await bare_page.handed_in(door, bare_page.link_in(link), schema, whole)
        (case,) = await Case.filter(item=item.code)
        assert case.number in page
        assert (case.person, case.answers) == ("", whole["answers"])
        return "link"
    reply = await chatter.fill(reply, whole)
    if "聊天" in reply.text or "into a chat" in reply.text:
        assert await Draft.filter(item=item.code, person=f"p-{number}").exists()
        page = await bare_page.handed_in(door, bare_page.link_in(reply.text), schema, whole)
        (case,) = await Case.filter(person=f"p-{number}", item=item.code)
        assert case.number in page
        by_http = await handed_in(door, item, guide, whole, number)
        await door.settled()
        assert stored(await Case.get(id=case.id)) == stored(await Case.get(id=by_http.id))
        return "number"
    assert number not in reply.text, "an ID number is shown by its ends alone"
    if await chatter.state() != "confirming":
        raise Stopped("\n".join(chatter.said[-12:]))
    reply = await chatter.send("1")
    if await chatter.state() != "menu":
        raise Stopped("\n".join(chatter.said[-20:]))
    if item.kind == "query":
        told = "\n".join(chatter.said)
        assert [one for one in await looked_up(door, item, whole, number, language) if one not in told] == []
        return "answered"
    (case,) = await Case.filter(person=f"p-{number}", item=item.code)
    by_http = await handed_in(door, item, guide, whole, number)
    await door.settled()
    assert stored(await Case.get(id=case.id)) == stored(await Case.get(id=by_http.id))
    return "case"


async def handed_in(door: Door, item: Item, guide: Any, whole: Any, number: str) -> Case:
    """The case of the same answers where somebody hands them in over HTTP."""
    person = door.citizen("over-http", name=NAME, resident_id=number)
    for leaf in leaves(guide["form"] or {}, whole["answers"]):
        if leaf.schema.get("x-attachment"):
            file = (await person.upload(snapshot())).created()["id"]
            whole = with_value(whole, f"/answers{leaf.pointer}", file)
    for name, schema in guide["begin"]["schema"]["properties"].items():
        if "x-choices" in schema:
            whole[name] = (await person.get(schema["x-choices"]["list"])).ok()["items"][0]["id"]
    begun = (await person.post(f"/v1/items/{item.code}/begin", whole, key=item.code)).created()
    return await Case.get(id=begun["case"]["id"])


async def looked_up(door: Door, item: Item, whole: Any, number: str, language: str) -> list[str]:
    """What HTTP answers to the same look-up, as a person reads each value: its words, a day, yes or no."""
    person = door.citizen(f"p-{number}", name=NAME, resident_id=number)
    read = {"Accept-Language": language}
    records = (await person.post(f"/v1/items/{item.code}/begin", whole, headers=read)).ok()["records"]
    words = []
    for record, column in itertools.product(records["records"][:MAX_RECORDS], records["columns"]):
        if (value := record[column["name"]]) is not None:
            shown = ("✓" if value else "✗") if isinstance(value, bool) else column.get("values", {}).get(value, value)
            words.append(str(shown)[:10] if column["type"] == "moment" else str(shown))
    return words


#: Of a case, what is its own: its number, its person, by which channel it came, and moments.
OWN = {"id", "number", "person", "channel", "answers", "created_at", "updated_at", "urgency", "due_on", "clock_since"}


def stored(case: Case) -> dict[str, str]:
    """What is stored of a case, in which each file is called one."""
    # Who booked a place of tomorrow is reminded at once at some hours, which makes it a version more.
    own = OWN | {"version"} if case.kind == "appointment" else OWN
    names = case._meta.fields_db_projection.keys() - own
    answers = json.dumps(case.answers, sort_keys=True)
    nameless = re.sub('"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"', '"a file"', answers)
    return {name: str(getattr(case, name)) for name in names} | {"answers": nameless}


#: What a conversation can't end: a tip without a name, since the provider knows who sends it, and ID numbers of others.
LINKS = {"crime-tip": "link", "drug-tip": "link"} | dict.fromkeys(
    (
        *("birth-registration", "death-registration", "security-company-licence", "vehicle-mortgage"),
        *("vehicle-transfer", "criminal-record-inquiry-organisation"),
        "criminal-record-inquiry-organisation-foreigner",
        *("no-criminal-record-by-proxy", "no-criminal-record-foreigner"),
    ),
    "number",
)


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_item_is_talked_to_its_end_or_to_the_link_that_it_has_to_be(language: str, tmp_path: Path) -> None:
    """All of the city's, and one that nobody has heard of; what is stored is what HTTP stores of the same answers.

    It takes long, as there are a hundred.
    """
    async with open_city(tmp_path) as door:
        city = City(door, language)
        ends = {item.code: await talked(city, item, language) for item in door.platform.registry.items.values()}
        kinds = {item.code: item.kind for item in door.platform.registry.items.values()}
    ended = {code: "answered" if kind == "query" else "case" for code, kind in kinds.items()}
    assert ends == ended | LINKS
    assert len(ends) >= 99

"""A day at the workbench: two people take what waits, whatever its kind, and what pages say is what the API says."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from banshi import Principal, Role
from banshi.kernel.tables.cases import Case
from banshi.testing import Door
from questions.answering import body_of
from tests.channels.site.browsing import Browser, open_browser
from tests.channels.site.citizen.test_every_item import answered, handed_in, typed_in
from tests.clients.made_up_city import open_city
from tests.clients.people import City
from tests.plugins import filling
from web_site.session import STAFF

CASES = 40
#: What takes a number of another case, or is said to nobody who waits for it.
LEFT_OUT = {"merge", "write"}


def roles(door: Door) -> tuple[Role, ...]:
    names = ("reviewer", "approver", "clerk", "registrar")
    return tuple(Role(name, one) for one in door.platform.registry.departments for name in names)


async def waiting(browser: Browser) -> dict[str, str]:
    """What the list shows page by page: the state by the address of the case."""
    found = dict[str, str]()
    await browser.go(f"{STAFF}/worklist")
    while True:
        for row in browser.page.xpath("//tbody/tr"):
            found[row.xpath("string(.//a/@href)")] = row.xpath("string(.//td/span[contains(@class, 'tag')])")
        more = browser.page.xpath("//a[contains(@href, 'after=')]/@href")
        if not more:
            return found
        await browser.go(more[0])


async def takes(browser: Browser, door: Door, case: Any, action: Any) -> str | None:
    """Take an action through its page; the title of the message that was shown, None where it sends none."""
    await browser.go(f"{STAFF}/cases/{case['id']}/actions/{action['action']}")
    assert browser.status == 200, browser.text
    body = action["body"]
    needed = {**body, "properties": {name: one for name, one in body["properties"].items() if name in body["required"]}}
    whole = filling.filled(needed, iter(()))
    if "reason" in whole:
        whole["reason"] = f"因为{case['number']}"
    for rule in body["properties"].get("details", {}).get("allOf", ()):
        if rule["if"]["properties"]["department"]["const"] == whole["details"]["department"]:
            # Another department has other units.
            whole["details"]["unit"] = rule["then"]["properties"]["unit"]["enum"][0]
    for press in itertools.count():
        names = {*browser.names()}
        for pointer, _, value in typed_in(needed, whole):
            if pointer in names:
                browser.type(pointer, *(str(one) for one in (value if isinstance(value, list) else [value])))
        shown = browser.page.xpath("//*[@class='said']/p[1]")
        await browser.press("next")
        if "?done=" in browser.url:
            return shown[0].text_content() if shown else None
        assert press < 2, (case["item"], action["action"], browser.status, browser.mistakes(), browser.heading())
    return None


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_day_s_cases_of_all_kinds_are_decided_by_two_people_on_the_pages(tmp_path: Path) -> None:
    chance = random.Random(39)
    async with open_city(tmp_path, web_site="web_site") as door:
        city, items = (
            City(door, "zh-CN"),
            [one for one in door.platform.registry.items.with_cases() if one.kind != "query"],
        )
        by_kind = {kind: [one for one in items if one.kind == kind] for kind in sorted({one.kind for one in items})}
        two = [one for one in items if any(step.other_than == "recommend" for step in one.steps)]
        chosen = {one.code: one for some in by_kind.values() for one in chance.sample(some, min(6, len(some)))}
        chosen |= {one.code: one for one in two}
        rest = [one for one in items if one.code not in chosen]
        chosen |= {one.code: one for one in chance.sample(rest, CASES - len(chosen))}
        for item in chosen.values():
            guide, whole, number = await answered(city, item)
            assert body_of(guide)
            if guide["begin"]["unnamed"] != "always":
                await handed_in(door, item, guide, whole, number)
        await door.settled()
        begun = await Case.all().count()
        people = [Principal(name, name=name, roles=roles(door)) for name in ("li", "zhao")]
        done, kinds = set[tuple[str, str]](), Counter[str]()
        async with open_browser(door, people[0]) as li, open_browser(door, people[1]) as zhao:
            for browser, person in itertools.cycle(zip((li, zhao), people, strict=True)):
                api = door.staff(person.subject, *map(str, person.roles))
                listed = (await api.get("/v1/worklist?limit=100")).ok()["items"]
                assert await waiting(browser) == {f"{STAFF}/cases/{one['id']}": one["state_title"] for one in listed}
                acted = False
                for row in listed:
                    case = (await api.get(row["links"]["self"])).ok()
                    own = [one for one in case["permitted_actions"] if one["action"] not in LEFT_OUT]
                    left = [one for one in own if (case["id"], one["action"]) not in done]
                    await browser.go(f"{STAFF}/cases/{case['id']}")
                    buttons = browser.page.xpath("//*[@aria-labelledby='dc']//a")
                    assert [one.text_content() for one in buttons] == [
                        one["label"] for one in case["permitted_actions"]
                    ]
                    if not left:
                        continue
                    action = chance.choice([one for one in left if one["forward"]] or left)
                    title = await takes(browser, door, case, action)
                    done.add((case["id"], action["action"]))
                    kinds[case["kind"]] += 1
                    acted = True
                    after = (await api.get(row["links"]["self"])).ok()
                    assert browser.page.xpath("string(//main//*[contains(@class, 'tag')])") == after["state_title"]
                    assert after["state"] == action["leads_to"]
                    await door.settled()
                    inbox = (await door.citizen("over-http").get(f"/v1/inbox?case={case['id']}&limit=200")).ok()[
                        "items"
                    ]
                    assert title is None or title in [one["title"] for one in inbox]
                if not acted and person is people[1]:
                    break
        assert begun >= CASES - 2
        assert {*kinds} == {one.kind for one in chosen.values()}
        assert sum(kinds.values()) >= CASES

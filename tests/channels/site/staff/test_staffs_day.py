"""Two people decide cases of all kinds on the workbench's pages, which say what the API says: a day by its seed."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import pytest

from banshi import LANGUAGES, Principal, Role
from banshi.testing import Door
from banshi_client import Client, ProblemError
from tests.channels.site.browsing import Browser, open_browser
from tests.channels.site.citizen.test_every_item import typed_in
from tests.clients.generic_client import App, Begun
from tests.clients.generic_screen import Screen
from tests.clients.made_up_city import open_city
from tests.clients.people import City
from tests.plugins.filling import NUMBER
from tests.plugins.test_departments import snapshot
from web_site.session import STAFF

#: Steps of a case, and the share of actions back that are taken.
MOST_STEPS, BACK_SHARE = 6, 0.2
#: What a case's page shows, by its place in what the API says.
SAID = (
    *("case/item/title", "case/state_title", "case/reason", "case/attachments/name", "action/label"),
    *("timeline/action_title", "timeline/by_title", "timeline/reason", "answers", "details"),
)


async def type_in(browser: Browser, pointer: str, node: Any, values: Sequence[str]) -> None:
    """Answer one field of a page's form."""
    is_file = node.get("items", node).get("x-attachment")
    browser.type(pointer, *(snapshot() if is_file else one for one in values))


@dataclass
class Bench(App):
    """A citizen's app, and a bench at which two people act on pages; each page is held against the API."""

    browsers: Sequence[Browser] = ()
    chance: random.Random = field(default_factory=random.Random)
    type_in: Callable[[Any, str, Any, Sequence[str]], Awaitable[None]] = type_in
    wrong: list[str] = field(default_factory=list)
    at: dict[int, Browser] = field(default_factory=dict)

    def hold(self, browser: Browser, what: str, page: object, api: object) -> None:
        if page != api:
            self.wrong.append(f"{browser.url}: {what}: the page has {page!r}, the API {api!r}")

    async def go_on(self, begun: Begun) -> None:
        """What leads on, and some of what leads back, by whoever may."""
        roles = [Role(name, begun.guide["department"]) for name in await self._roles(begun.guide)]
        people = [self._owner(begun), *self.staff([*map(str, roles)])]
        for client, browser, subject in zip(people[1:], self.browsers, ("wang", "zhao"), strict=True):
            browser.sign_in(Principal(subject, roles=tuple(roles)))
            client.language, self.at[id(client)] = browser.language, browser
        seen = {begun.case["state"]}
        for _ in range(MOST_STEPS):
            await self.settle()
            offered = [(who, one) for who in people for one in (await self._read(begun, who))["permitted_actions"]]
            may = [(who, one) for who, one in offered if one["forward"] and one["leads_to"] not in seen]
            may += [each for each in offered if each[0] in people[1:] and self.chance.random() < BACK_SHARE]
            if not may:
                return
            who, action = self.chance.choice(may)
            seen.add(action["leads_to"])
            await self._act(begun, who, action)

    async def _read(self, begun: Begun, who: Client) -> Any:
        self.screen = Screen()
        if (browser := self.at.get(id(who))) is None:
            return await super()._read(begun, who)
        begun.guide = await who.get(begun.guide["links"]["self"])
        case = await super()._read(begun, who)
        await browser.go(f"{browser.door.url}{STAFF}/cases/{case['id']}")
        page, said = browser.page, squeezed(browser.page.xpath("string(//main)"))
        told = [one.text for one in self.screen.shown if one.place.removesuffix("/-").startswith(SAID)]
        self.hold(browser, "not shown", [one for one in told if squeezed(one) not in said], [])
        actions = [one.rpartition("/")[2] for one in page.xpath("//main//a[contains(@href, '/actions/')]/@href")]
        self.hold(browser, "actions", actions, [one["action"] for one in case["permitted_actions"]])
        labels = [one.text_content() for one in page.xpath("//*[@aria-labelledby='dc']//a")]
        self.hold(browser, "labels", labels, [one["label"] for one in case["permitted_actions"]])
        self.hold(browser, "steps", len(page.xpath("//ol[@class='time']/li")), len(case["timeline"]))
        readings = (await who.get(f"{case['links']['self']}/readings", limit="100"))["items"]
        self.hold(browser, "readings", len(page.xpath("//section[@aria-labelledby='rp']//li")), len(readings))
        return case

    async def _act(self, begun: Begun, who: Client, action: Any) -> None:
        """Take an action; staff by its page, which shows first what it sends, or what is wrong."""
        if (browser := self.at.get(id(who))) is None:
            await super()._act(begun, who, action)
            return
        await self._listed(who, browser)
        body = action["body"]
        given = {name: await self._filled(begun, body["properties"][name], {}) for name in body["required"]}
        # Whoever has no name knows their case by its code.
        place = action["link"].rpartition("/actions/")[0]
        address = f"{browser.door.url}{STAFF}{place.removeprefix('/v1')}"
        await browser.go(f"{address}/actions/{action['action']}")
        for pointer, node, value in typed_in(body, given):
            values = value if isinstance(value, list) else [value]
            await self.type_in(browser, pointer, node, [str(one) for one in values])
        if given:
            await browser.press("next")
        try:
            told = (await who.send("POST", f"{action['link']}/preview", given))["message"]
        except ProblemError as problem:
            self.hold(browser, "mistakes", len(browser.mistakes()), len(problem.document["problems"]))
            return
        message = [squeezed(one.text_content()) for one in browser.page.xpath("//main//*[@class='said']//p")]
        expected = [squeezed(told[name]) for name in ("title", "body")] if told else []
        self.hold(browser, f"message of {action['action']}", message, expected)
        await browser.press("next")
        self.hold(browser, f"after {action['action']}", browser.url, f"{address}?done={action['action']}")
        await self.settle()
        state = (await who.get(place))["state"]
        self.hold(browser, f"state after {action['action']}", state, action["leads_to"])
        if told and not begun.code:
            self.citizen.language = browser.language
            inbox = (await self.citizen.get("/v1/inbox", case=begun.case["id"]))["items"]
            got = [[squeezed(one["title"]), squeezed(one["body"])] for one in inbox]
            self.hold(browser, "sent", message in got, True)

    async def _listed(self, who: Client, browser: Browser) -> None:
        await browser.go(f"{browser.door.url}{STAFF}/worklist")
        rows = (await who.get("/v1/worklist", limit="20"))["items"]
        shown = [
            (one.xpath("string(.//a/@href)").rpartition("/")[2], one.xpath("string(.//*[starts-with(@class, 'tag')])"))
            for one in browser.page.xpath("//tbody/tr")
        ]
        self.hold(browser, "rows", shown, [(one["id"], one["state_title"]) for one in rows])
        counts = await who.get("/v1/worklist/counts")
        chips = [one.text_content().rpartition(" ")[2] for one in browser.page.xpath("//*[@class='chip']")]
        numbers = [counts["total"], counts["overdue"] + counts["due_today"]]
        self.hold(browser, "counts", chips, [str(one) for one in numbers + [one["count"] for one in counts["states"]]])


def squeezed(text: str) -> str:
    return "".join(text.split())


def codes_of(door: Door, chance: random.Random) -> list[str]:
    """Items whose cases staff decide, of each kind in turn."""
    kinds = defaultdict[str, list[str]](list)
    for item in sorted(door.platform.registry.items.values(), key=lambda one: one.code):
        kinds[item.kind].append(item.code)
    del kinds["query"]
    for codes in kinds.values():
        chance.shuffle(codes)
    return [code for code in chain.from_iterable(zip_longest(*kinds.values())) if code]


async def decided(door: Door, browsers: Sequence[Browser], seed: int, share: slice, **more: Any) -> list[str]:
    """What pages say otherwise than the API while cases are brought as far as they go."""
    chance = random.Random(seed)
    city, waiting = City(door, LANGUAGES[0]), list[Begun]()
    one = city.app(NUMBER)
    own = (one.citizen, one.nobody, one.staff, one.settle, one.picture, one.screen)
    bench = Bench(*own, browsers=browsers, chance=chance, **more)
    for code in codes_of(door, chance)[share]:
        begun = await bench.begin(f"/v1/items/{code}", {})
        await bench.go_on(begun)
        if not city.is_over(begun) and "begins" in (begun.case.get("details") or {}):
            waiting.append(begun)
    for begun in sorted(waiting, key=lambda each: str(each.case["details"]["begins"])):
        await city.until_its_time(bench, begun)
    return bench.wrong


@pytest.mark.long
async def test_two_people_decide_cases_of_all_kinds_on_pages_that_say_what_the_api_says(tmp_path: Path) -> None:
    async with (
        open_city(tmp_path, web_site="web_site") as door,
        open_browser(door, language=LANGUAGES[0]) as one,
        open_browser(door, language=LANGUAGES[1]) as other,
    ):
        assert await decided(door, (one, other), 7, slice(16)) == []

"""Let two people of staff's spend a generated day on the workbench in real browsers: pages say what the API says.

Run it with the group `test` installed: `python tools/judges/workbench.py`; `--seed 7` is another day, and `--turn 7` a
part of it in one browser, with each commit another. Cases of all kinds, handed in by citizens through the API, are read
and decided on the pages; people on a channel talk with the desk, where both officers' pages are live.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tools"), str(ROOT / "clients" / "python")]

from judges.site_items import TYPE, Real  # noqa: E402

from banshi import LANGUAGES, Principal, Role  # noqa: E402
from banshi.foundation.time.opening_hours import WEEK  # noqa: E402
from banshi.testing import Door, Person  # noqa: E402
from banshi_client import Client, ProblemError  # noqa: E402
from benchmarks.shared.quiet import quiet  # noqa: E402
from tests.browser.chromium import IS_THERE, open_chromium  # noqa: E402
from tests.browser.firefox import PROGRAM, Firefox  # noqa: E402
from tests.browser.firefox import open_firefox as opened_firefox  # noqa: E402
from tests.channels import test_desk_delivery as delivery  # noqa: E402
from tests.channels.desks import DESKS  # noqa: E402
from tests.channels.provider import opened_provider  # noqa: E402
from tests.channels.site.at_desk import HERE, LI, WU  # noqa: E402
from tests.channels.site.test_every_item import typed_in  # noqa: E402
from tests.clients.generic_client import App, Begun  # noqa: E402
from tests.clients.generic_screen import Screen  # noqa: E402
from tests.clients.made_up_city import open_city  # noqa: E402
from tests.clients.people import City  # noqa: E402
from tests.plugins.filling import NUMBER  # noqa: E402
from web_site.session import STAFF  # noqa: E402

#: Of the whole day; of a turn one part of so many.
CASES, TALKS, PARTS = 40, 20, 10
#: Steps of a case and of a talk, the share of actions back that are taken, and seconds in which a live page is as
#: the API.
MOST_STEPS, BACK_SHARE, LIVE_S = 6, 0.2, 15.0
#: What a case's page shows, by its place in what the API says.
SAID = (
    *("case/item/title", "case/state_title", "case/reason", "case/attachments/name", "action/label"),
    *("timeline/action_title", "timeline/by_title", "timeline/reason", "answers", "details"),
)

DESK = """() => ({
  lists: Object.fromEntries([...document.querySelectorAll("[data-rows]")]
    .map((list) => [list.dataset.rows, [...list.children].map((one) => one.dataset.id)])),
  talk: [...document.querySelectorAll("[data-talk] > li[id]")].map((one) =>
    [one.id.slice(1), one.querySelector("p").textContent, one.querySelector("[data-state]")?.dataset.state ?? ""]),
})"""
#: Fill in the form of a deed at the desk, and send it.
DO = """(deed, typed) => { const form = document.querySelector(`form[action$="/${deed}"]`);
  for (const [name, value] of Object.entries(typed)) form.elements[name].value = value;
  setTimeout(() => form.requestSubmit(form.querySelector("button:not([name])"))); }"""


@dataclass
class Bench(App):
    """A citizen's app, and a bench at which staff act on the pages; each page is held against the API."""

    reals: Sequence[Real] = ()
    chance: random.Random = field(default_factory=random.Random)
    wrong: list[str] = field(default_factory=list)
    at: dict[int, Real] = field(default_factory=dict)

    def hold(self, real: Real, what: str, page: object, api: object) -> None:
        if page != api:
            self.wrong.append(f"{real.url}: {what}: the page has {page!r}, the API {api!r}")

    async def go_on(self, begun: Begun) -> None:
        """What leads on, and some of what leads back, by whoever may."""
        roles = [Role(name, begun.guide["department"]) for name in await self._roles(begun.guide)]
        people = [self._owner(begun), *self.staff([*map(str, roles)])]
        for client, real, subject in zip(people[1:], self.reals, ("wang", "zhao"), strict=True):
            real.sign_in(Principal(subject, roles=tuple(roles)))
            client.language = real.language
            self.at[id(client)] = real
        seen = {begun.case["state"]}
        for _ in range(MOST_STEPS):
            await self.settle()
            offered = [(who, one) for who in people for one in (await self._read(begun, who))["permitted_actions"]]
            may = [
                (who, one)
                for who, one in offered
                if (one["forward"] and one["leads_to"] not in seen)
                or (who in people[1:] and self.chance.random() < 0.2)
            ]
            if not may:
                return
            who, action = self.chance.choice(may)
            seen.add(action["leads_to"])
            await self._act(begun, who, action)

    async def _read(self, begun: Begun, who: Client) -> Any:
        self.screen = Screen()
        real = self.at.get(id(who))
        if real is not None:
            begun.guide = await who.get(begun.guide["links"]["self"])
        case = await super()._read(begun, who)
        if real is None:
            return case
        await real.go(f"{real.door.url}{STAFF}/cases/{case['id']}")
        said = squeezed(real.page.xpath("string(//main)"))
        told = [one.text for one in self.screen.shown if one.place.removesuffix("/-").startswith(SAID)]
        self.hold(real, "not shown", [one for one in told if squeezed(one) not in said], [])
        actions = [one.rpartition("/")[2] for one in real.page.xpath("//main//a[contains(@href, '/actions/')]/@href")]
        self.hold(real, "actions", actions, [one["action"] for one in case["permitted_actions"]])
        self.hold(real, "steps", len(real.page.xpath("//ol[@class='time']/li")), len(case["timeline"]))
        readings = await who.get(f"{case['links']['self']}/readings", limit="100")
        shown = len(real.page.xpath("//section[@aria-labelledby='rp']//li"))
        self.hold(real, "readings", shown, len(readings["items"]))
        return case

    async def _act(self, begun: Begun, who: Client, action: Any) -> None:
        """Take an action; staff by its page, which shows first what it sends."""
        if (real := self.at.get(id(who))) is None:
            await super()._act(begun, who, action)
            return
        await self._listed(who, real)
        body = action["body"]
        given = {name: await self._filled(begun, body["properties"][name], {}) for name in body["required"]}
        told, mistakes = None, list[str]()
        try:
            told = await who.send("POST", f"{action['link']}/preview", given)
        except ProblemError as problem:
            mistakes = [one["detail"] for one in problem.document["problems"]]
        address = f"{real.door.url}{STAFF}/cases/{begun.case['id']}"
        await real.go(f"{address}/actions/{action['action']}")
        for pointer, _, value in typed_in(body, given):
            values = [str(one) for one in value] if isinstance(value, list) else [str(value)]
            await real.run(TYPE, pointer, values, real.photo)
        if given:
            await real.press("next")
        if told is None:
            shown = "\n".join(real.mistakes())
            self.hold(real, "mistakes", [one for one in mistakes if one not in shown], [])
            return
        message = [squeezed(one.text_content()) for one in real.page.xpath("//main//*[@class='said']//p")]
        expected = [squeezed(told["message"][name]) for name in ("title", "body")] if told["message"] else []
        self.hold(real, f"message of {action['action']}", message, expected)
        await real.press("next")
        self.hold(real, f"after {action['action']}", real.url, f"{address}?done={action['action']}")
        await self.settle()
        state = (await who.get(f"/v1/cases/{begun.case['id']}"))["state"]
        self.hold(real, f"state after {action['action']}", state, action["leads_to"])
        if message and not begun.code:
            self.citizen.language = real.language
            inbox = await self.citizen.get("/v1/inbox", case=begun.case["id"])
            got = [[squeezed(one["title"]), squeezed(one["body"])] for one in inbox["items"]]
            self.hold(real, "sent", message in got, True)

    async def _listed(self, who: Client, real: Real) -> None:
        await real.go(f"{real.door.url}{STAFF}/worklist")
        rows = (await who.get("/v1/worklist", limit="20"))["items"]
        shown = [
            (one.xpath("string(.//a/@href)").rpartition("/")[2], one.xpath("string(.//*[starts-with(@class, 'tag')])"))
            for one in real.page.xpath("//tbody/tr")
        ]
        self.hold(real, "rows", shown, [(one["id"], one["state_title"]) for one in rows])
        counts = await who.get("/v1/worklist/counts")
        chips = [one.text_content().rpartition(" ")[2] for one in real.page.xpath("//*[@class='chip']")]
        numbers = [
            counts["total"],
            counts["overdue"] + counts["due_today"],
            *(one["count"] for one in counts["states"]),
        ]
        self.hold(real, "counts", chips, [*map(str, numbers)])


def squeezed(text: str) -> str:
    return "".join(text.split())


@dataclass
class Desk:
    """Two officers' tabs at the desk, and who writes."""

    street: delivery.City
    chance: random.Random
    tabs: dict[str, tuple[Real, Person]]
    wrong: list[str] = field(default_factory=list)

    async def agree(self, talk: str, what: str, holder: str, holds: Callable[[Any], bool]) -> None:
        """Wait until that has become of a conversation, by its holder's API, and every page is as the API."""
        deadline, different = time.monotonic() + LIVE_S, list[str]()
        while time.monotonic() < deadline:
            different = []
            for name, (real, person) in self.tabs.items():
                row = (await person.get(f"/v1/desk/enquiries/{talk}")).ok()
                page, api = await real.run(DESK), await self._said(name, person, talk)
                if name == holder and not holds(row):
                    different.append(f"the API has {row}")
                if api["talk"] is None or talk not in real.url:
                    page["talk"] = api["talk"] = None
                if page != api:
                    different.append(f"{name}'s page has {page}, the API {api}")
            if not different:
                return
            await asyncio.sleep(0.05)
        self.wrong += [f"{talk}: after {what}: {one}" for one in different]

    async def _said(self, name: str, person: Person, talk: str) -> Any:
        lists: dict[str, list[str]] = {"danger": [], "mine": [], "waiting": [], "others": []}
        for state in ("waiting", "held"):
            for row in (await person.get(f"/v1/desk/enquiries?state={state}&limit=100")).ok()["items"]:
                whose = ("mine" if row["officer"]["id"] == name else "others") if row["officer"] else ""
                lists[whose or ("danger" if row["urgent"] else "waiting")].append(row["id"])
        own = (await person.get(f"/v1/desk/enquiries/{talk}")).ok()
        messages = own.get("messages") if talk in lists["mine"] else None
        said = messages and [[one["id"], one["content"]["text"], one["state"] or ""] for one in messages]
        return {"lists": lists, "talk": said}

    async def talks(self, number: int) -> None:
        """One talk, from its first word until it is closed."""
        contact, danger = f"o-{number}", number % 7 == 6
        for text in ("person", "1", "somebody follows me, help" if danger else f"question {number}?"):
            await self.street.sends(text, contact)
        rows = (await self.tabs["wu"][1].get("/v1/desk/enquiries?state=waiting&limit=100")).ok()["items"]
        talk = str(max(rows, key=lambda one: one["asked_at"])["id"])
        await self.agree(talk, "coming", "wu", lambda row: row["state"] == "waiting")
        name = await self._taken(talk, self.chance.choice(["li", "wu"]))
        for step in range(self.chance.randrange(1, MOST_STEPS)):
            text = f"第{step}句 <b>{number}</b>"
            match self.chance.choice(["answers", "answers", "hears", "notes", "transfer"]):
                case "answers":
                    await self._done(name, talk, "answers", has(text), text=text)
                case "hears":
                    await self.street.sends(text, contact)
                    await self.agree(talk, "a word", name, has(text))
                case "notes":
                    await self._done(name, talk, "notes", lambda row: row["state"] == "held", text=text)
                case _:
                    other = {"li": "wu", "wu": "li"}[name]
                    to = {"to": f"officer:{other}", "note": text}
                    await self._done(name, talk, "transfer", is_of(other), **to)
                    await self.tabs[other][0].go(f"{self.street.door.url}{HERE}/enquiries/{talk}")
                    name = other
        await self._done(name, talk, "close", lambda row: row["state"] == "closed")

    async def _taken(self, talk: str, name: str) -> str:
        await self.tabs[name][0].go(f"{self.street.door.url}{HERE}/enquiries/{talk}")
        await self._done(name, talk, "claim", is_of(name))
        return name

    async def _done(self, name: str, talk: str, deed: str, holds: Callable[[Any], bool], **typed: str) -> None:
        await self.tabs[name][0].run(DO, deed, typed)
        await self.agree(talk, f"{deed} by {name}", name, holds)


def has(text: str) -> Callable[[Any], bool]:
    """Whether these are the last words, to whoever may read them."""
    return lambda row: bool(row.get("messages")) and text in row["messages"][-1]["content"].get("text", "")


def is_of(name: str) -> Callable[[Any], bool]:
    return lambda row: row["state"] == "held" and row["officer"]["id"] == name


def cases_of(door: Door, chance: random.Random) -> list[str]:
    """Codes of items, of each kind in turn, whose cases staff decide."""
    kinds: dict[str, list[str]] = {}
    for item in sorted(door.platform.registry.items.values(), key=lambda one: one.code):
        kinds.setdefault(item.kind, []).append(item.code)
    del kinds["query"]
    for codes in kinds.values():
        chance.shuffle(codes)
    return [code for code in chain.from_iterable(zip_longest(*kinds.values())) if code][:CASES]


@asynccontextmanager
async def reals_of(browser: Firefox, door: Door) -> AsyncIterator[Sequence[Real]]:
    """Two people, each with a language and a browser's storage of their own."""
    reals = []
    for language in LANGUAGES:
        browser.storage = (await browser.command("browser.createUserContext"))["userContext"]
        reals.append(Real(door, door.session, language))
        await reals[-1].begin(browser)
    yield reals


async def decided(door: Door, reals: Sequence[Real], chance: random.Random, share: slice) -> list[str]:
    wrong = list[str]()
    begun_at, codes = time.monotonic(), cases_of(door, chance)[share]
    waiting = []
    city = City(door, reals[0].language)
    one = city.app(NUMBER)
    bench = Bench(
        one.citizen, one.nobody, one.staff, one.settle, one.picture, one.screen, reals=reals, chance=chance, wrong=wrong
    )
    for code in codes:
        try:
            begun = await bench.begin(f"/v1/items/{code}", {})
            await bench.go_on(begun)
        except Exception as error:
            wrong.append(f"{code}: {error!r} {getattr(error, 'document', '')}")
            continue
        if not city.is_over(begun) and "begins" in (begun.case.get("details") or {}):
            waiting.append(begun)
    for begun in sorted(waiting, key=lambda each: str(each.case["details"]["begins"])):
        await city.until_its_time(cast("App", bench), begun)
    print(f"{len(codes)} cases: {len(wrong)} faults: {time.monotonic() - begun_at:.1f} s", flush=True)
    return wrong


async def talked(
    door: Door, street: delivery.City, reals: Sequence[Real], chance: random.Random, share: slice
) -> list[str]:
    begun_at, numbers = time.monotonic(), range(TALKS)[share]
    tabs = {}
    for real, person in zip(reals, (LI, WU), strict=True):
        real.sign_in(person)
        tabs[person.subject] = (real, door.staff(person.subject, *map(str, person.roles)))
        await real.go(f"{door.url}{HERE}")
    desk = Desk(street, chance, tabs)
    for number in numbers:
        await desk.talks(number)
    print(f"{len(numbers)} talks: {len(desk.wrong)} faults: {time.monotonic() - begun_at:.1f} s", flush=True)
    return desk.wrong


async def judged(folder: Path, opening: Any, given: argparse.Namespace) -> list[str]:
    """The day, or a part of it, in one browser and a city of its own."""
    chance = random.Random(given.seed)  # noqa: S311 - a day that can be had again
    share = slice(None) if given.turn is None else slice(given.turn // 2 % PARTS, None, PARTS)
    hours = {day: ["0:00-23:59"] for day in (*WEEK, "workday", "holiday")}
    desks = {"desks": [{**DESKS[0], "hours": hours}, DESKS[1]]}
    async with opened_provider() as provider, opening(folder / "browser") as browser:
        settings: dict[str, Any] = {"conversations": desks, "outlet": {"url": provider.url}}
        async with (
            open_city(folder, settings, web_site="web_site", outlet=delivery.OUTLET) as door,
            reals_of(browser, door) as reals,
        ):
            street = delivery.City(door, cast("Any", None), provider, door.anyone)
            return [
                *await talked(door, street, reals, chance, share),
                *await decided(door, reals, chance, share),
            ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turn", type=int, help="which part of the day, in which browser")
    parser.add_argument("--seed", type=int, default=39, help="which day")
    given = parser.parse_args()
    quiet(logging.CRITICAL)
    wrong = list[str]()
    browsers = {"Firefox": opened_firefox if PROGRAM else None, "Chromium": open_chromium if IS_THERE else None}
    for name, opening in [*browsers.items()] if given.turn is None else [[*browsers.items()][given.turn % 2]]:
        if opening is None:
            print(f"the workbench is left out in {name}, which is not here")
            wrong += [f"there is no {name}"] * (os.environ.get("CI") == "true")
            continue
        print(f"{name}:", flush=True)
        with tempfile.TemporaryDirectory(prefix="banshi-workbench-") as folder:
            wrong += asyncio.run(judged(Path(folder), opening, given))
    print("\n".join(wrong))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()

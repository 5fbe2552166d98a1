"""Let staff spend a generated day on the workbench in real browsers: what the pages say is what the API says.

Run it with the group `test` installed: `python tools/judges/workbench.py`; `--seed 7` is another day, and `--turn 7` a
part of it in one browser, with each commit another. Two people decide cases of all kinds, talk with people on a channel
at the desk, where both of their pages are live, and an officer scans passes, also without a network.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

from tools.judges import frame  # isort: skip - before what it makes be found

from banshi import LANGUAGES
from banshi.foundation.time.opening_hours import WEEK
from banshi.testing import Door, Person
from benchmarks.shared.processes import workspace
from benchmarks.shared.quiet import quiet
from tests.banshi.builtin.passes.test_dynamic_passes import approved
from tests.banshi.builtin.passes.test_pass_ledger import issue, revoke, scan
from tests.browser import firefox, street
from tests.channels.desk.answers.city import OUTLET, City
from tests.channels.desk.bureau import DESKS
from tests.channels.provider import opened_provider
from tests.channels.site.staff.at_desk import HERE, LI, WU
from tests.channels.site.staff.test_staffs_day import decided
from tests.clients.made_up_city import open_city
from tests.conftest import good_answers
from tests.servers.fault_proxy import FaultProxy
from tools.judges.site_items import TYPE, Real

#: Of the whole day; of a turn one part of so many.
CASES, TALKS, PARTS = 40, 20, 10
SCANS = ["with"] * 19 + ["relayed"] + ["without"] * 7 + ["revoked"] * 3
#: Steps of a talk, seconds in which a live page is as the API, and for all talks, scans or cases of a day. A phone has
#: the time by the whole seconds of an answer's Date: what was revoked has to be older than a scan by so much.
MOST_STEPS, LIVE_S, PATIENCE_S, CLOCK_S = 6, 15.0, 1_200.0, 2.0
#: What the scanner's page calls a verdict, by the API's colour.
COLOURS = {"green": "good", "amber": "old", "red": "not"}

DESK = """() => ({
  lists: Object.fromEntries([...document.querySelectorAll("[data-rows]")]
    .map((list) => [list.dataset.rows, [...list.children].map((one) => one.dataset.id)])),
  talk: [...document.querySelectorAll("[data-talk] > li[id]")].map((one) =>
    [one.id.slice(1), one.querySelector("p").textContent, one.querySelector("[data-state]")?.dataset.state ?? ""]),
})"""
#: Fill in the form of a deed at the desk, and send it.
DO = """(deed, typed) => { const form = document.querySelector(`form[action$="/${deed}"]`);
  for (const [name, value] of Object.entries(typed)) form.elements[name].value = value;
  form.requestSubmit(form.querySelector("button:not([name])")); }"""


def typed(real: Real, pointer: str, _: Any, values: Sequence[str]) -> Awaitable[Any]:
    return real.run(TYPE, pointer, values, real.photo)


@dataclass
class Desk:
    """Two officers' tabs at the desk, and who writes."""

    street: City
    tabs: dict[str, tuple[Real, Person]]
    wrong: list[str] = field(default_factory=list)

    async def agree(self, talk: str, what: str, holder: str, holds: Callable[[Any], bool]) -> None:
        """Wait until that has become of a conversation, by its holder's API, and every page is as the API."""
        deadline, different = time.monotonic() + LIVE_S, [""]
        while different and time.monotonic() < deadline:
            different = []
            for name, (real, person) in self.tabs.items():
                row = (await person.get(f"/v1/desk/enquiries/{talk}")).ok()
                page, api = await real.run(DESK), await self._said(name, person, row)
                if name == holder and not holds(row):
                    different.append(f"the API has {row}")
                if api["talk"] is None or talk not in real.url:
                    page["talk"] = api["talk"] = None
                if page != api:
                    different.append(f"{name}'s page has {page}, the API {api}")
            await asyncio.sleep(0.05)
        self.wrong += [f"{talk}: after {what}: {one}" for one in different]

    async def _said(self, name: str, person: Person, own: Any) -> Any:
        lists: dict[str, list[str]] = {"danger": [], "mine": [], "waiting": [], "others": []}
        for state in ("waiting", "held"):
            for row in (await person.get(f"/v1/desk/enquiries?state={state}&limit=100")).ok()["items"]:
                whose = ("mine" if row["officer"]["id"] == name else "others") if row["officer"] else ""
                lists[whose or ("danger" if row["urgent"] else "waiting")].append(row["id"])
        messages = own.get("messages") if own["id"] in lists["mine"] else None
        said = messages and [[one["id"], one["content"]["text"], one["state"] or ""] for one in messages]
        return {"lists": lists, "talk": said}

    async def talks(self, number: int, chance: random.Random) -> None:
        """One talk, from its first word until it is closed."""
        contact, danger = f"o-{number}", number % 7 == 6
        for text in ("person", "1", "somebody follows me, help" if danger else f"question {number}?"):
            await self.street.sends(text, contact)
        rows = (await self.tabs["wu"][1].get("/v1/desk/enquiries?state=waiting&limit=100")).ok()["items"]
        talk, name = str(max(rows, key=lambda one: one["asked_at"])["id"]), chance.choice([*self.tabs])
        await self.agree(talk, "coming", "wu", lambda row: row["state"] == "waiting")
        await self.tabs[name][0].go(f"{self.street.door.url}{HERE}/enquiries/{talk}")
        await self._done(name, talk, "claim", partial(is_of, name))
        for step in range(chance.randrange(1, MOST_STEPS)):
            text = f"第{step}句 <b>{number}</b>"
            match chance.choice(["answers", "answers", "hears", "notes", "transfer"]):
                case "hears":
                    await self.street.sends(text, contact)
                    await self.agree(talk, "a word", name, partial(has, "messages", text))
                case "transfer":
                    before, name = name, {"li": "wu", "wu": "li"}[name]
                    given = {"to": f"officer:{name}", "note": text}
                    await self._done(before, talk, "transfer", partial(is_of, name), **given)
                    await self.tabs[name][0].go(f"{self.street.door.url}{HERE}/enquiries/{talk}")
                case deed:
                    part = "messages" if deed == "answers" else "events"
                    await self._done(name, talk, deed, partial(has, part, text), text=text)
        await self._done(name, talk, "close", lambda row: row["state"] == "closed")

    async def _done(self, name: str, talk: str, deed: str, holds: Callable[[Any], bool], **typed: str) -> None:
        await self.tabs[name][0].run(DO, deed, typed)
        await self.agree(talk, f"{deed} by {name}", name, holds)


def has(part: str, text: str, row: Any) -> bool:
    """Whether that was said or noted, for whoever may read it."""
    return any(text in str(one) for one in row.get(part, ()))


def is_of(name: str, row: Any) -> bool:
    return row["state"] == "held" and bool(row["officer"]["id"] == name)


async def talked(city: City, reals: Sequence[Real], seed: int, share: slice) -> list[str]:
    """What the desk's pages say otherwise than the API."""
    desk, chance = Desk(city, {}), random.Random(seed)  # noqa: S311 - a day that can be had again
    for real, person in zip(reals, (LI, WU), strict=True):
        real.sign_in(person)
        desk.tabs[person.subject] = real, city.door.staff(person.subject, *map(str, person.roles))
        await real.go(f"{city.door.url}{HERE}")
    for number in range(TALKS)[share]:
        await desk.talks(number, chance)
    return desk.wrong


async def scanned(door: Door, browser: firefox.Firefox, film: Path, is_filmed: bool, share: slice) -> list[str]:
    """What the scanner says otherwise than the API: off a film where the browser takes one, and as typed."""
    relay, wrong = await approved(door), list[str]()
    await relay.take()
    passes = [(how, await issue(door, good_answers, f"driver-{at}")) for at, how in enumerate(SCANS[share])]
    away = [(how, one) for how, one in passes if how in ("without", "revoked")]
    street.filmed(film.parent, passes[0][1].text)
    async with FaultProxy(to=int(door.url.rpartition(":")[2])) as network:
        phone = street.Phone(door, browser, network)
        browser.storage = (await browser.command("browser.createUserContext"))["userContext"]
        phone.page = await browser.page(f"{phone.url}/site/help")
        await phone.sign_in()
        await phone.open()
        if is_filmed:
            wrong += differs(await phone.verdict(), await scan(door, passes[0][1].text))
            await phone.page.run(street.NEXT)
        for how, one in passes:
            if how in ("with", "relayed"):
                text = one.text if how == "with" else relay.shows(door, -300)
                wrong += differs(await phone.type(text, "checked with"), await scan(door, text))
        phone.leave_network()
        await asyncio.gather(*(revoke(one) for how, one in away if how == "revoked"))
        await asyncio.sleep(CLOCK_S)
        for how, one in away:
            shown = await phone.type(one.text, "without a network")
            wrong += [f"{how}: {shown}"] * (shown["kind"] != "good")
        wrong += [f"of {len(away)} scans not all wait"] * (await phone.waiting() != len(away))
        network.heal()
        await phone.page.run("() => document.querySelector('[data-held] button')?.click()")
        while await phone.waiting():  # noqa: ASYNC110 - in the browser
            await asyncio.sleep(0.1)
        told = (await phone.told()).count("is otherwise")
        wrong += [f"{told} told to be otherwise"] * (told != SCANS[share].count("revoked"))
    for how, one in away:
        rows = [row["verdict"] for row in (await one.person.get(f"{one.link}/scans")).ok()["items"]]
        wrong += [f"{one.link}: {rows}"] * (rows != ["revoked" if how == "revoked" else "valid"])
    return wrong


def differs(shown: Any, said: Any) -> list[str]:
    page, api = (shown["kind"], shown["note"]), (COLOURS[said["colour"]], said["detail"])
    return [f"the scanner has {page}, the API {api}"] * (page != api)


async def judged(folder: Path, name: str, opening: Any, seed: int, turn: int | None) -> list[str]:
    """The day, or a part of it, in one browser and a city of its own."""
    share, film = slice(None) if turn is None else slice(turn // 2 % PARTS, None, PARTS), folder / "film.mjpeg"
    hours = {day: ["0:00-23:59"] for day in (*WEEK, "workday", "holiday")}
    desks: dict[str, Any] = {"conversations": {"desks": [{**DESKS[0], "hours": hours}, DESKS[1]]}}
    filmed = (*street.FILMED[:-1], f"{street.FILMED[-1]}{film}") if name == "Chromium" else ()
    async with (
        opened_provider() as provider,
        opening(folder / "browser", *filmed) as browser,
        open_city(folder, {**desks, "outlet": {"url": provider.url}}, web_site="web_site", outlet=OUTLET) as door,
    ):
        reals = [Real(door, door.session, language) for language in LANGUAGES]
        for real in reals:
            browser.storage = (await browser.command("browser.createUserContext"))["userContext"]
            await real.begin(browser)
        city, wrong = City(door, cast("Any", None), provider, door.anyone), list[str]()
        parts = {
            "talks": talked(city, reals, seed, share),
            "scans": scanned(door, browser, film, bool(filmed), share),
            "cases": decided(door, reals, seed, slice(share.start, CASES, share.step), type_in=typed),
        }
        for part, judge in parts.items():
            begun, found = time.monotonic(), await asyncio.wait_for(judge, PATIENCE_S)
            print(f"{name}, {part}: {len(found)} faults: {time.monotonic() - begun:.1f} s", *found, sep="\n")
            wrong += found
    return wrong


def main() -> None:
    parser = frame.options(__doc__)
    parser.add_argument("--seed", type=int, default=39, help="which day")
    given, wrong = parser.parse_args(), list[str]()
    quiet()
    for name, opening in frame.browsers(given.turn, "the workbench is left out"):
        with workspace() as folder:
            wrong += asyncio.run(judged(folder, name, opening, given.seed, given.turn))
    frame.end(wrong)


if __name__ == "__main__":
    main()

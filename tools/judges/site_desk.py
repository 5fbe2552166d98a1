"""Measure how long a citizen's message takes to an officer's screen: a real server, and the desk's page in Chromium.

Run it with the group `test` installed: `python tools/judges/site_desk.py`; `--short` takes a few seconds. Two hundred
people wait meanwhile. What counts is the frame in which the words are seen, from before the message is posted: of whom
the officer talks with, and of whoever has just come to the queue. Ends with 1 where one in a hundred takes longer than
300 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.judges import frame  # isort: skip - before what it makes be found

import aiohttp

from banshi.builtin.identity.development import development_token
from banshi.kernel.loading.configuration import read_configuration
from banshi.testing import Person
from benchmarks.shared.cities import DEPARTMENTS, city
from benchmarks.shared.processes import workspace
from benchmarks.shared.quiet import quiet
from benchmarks.shared.servers import Server
from tests.browser.chromium import open_chromium
from tests.browser.firefox import Page
from tests.channels.desk.bureau import DESKS
from tests.channels.provider import opened_provider
from tools.judges.frame import ROOT, pressed, require, there

#: Milliseconds that one in a hundred may take longer than.
AIM_MS = 300.0
#: Messages of each kind, people who wait meanwhile, and seconds between two messages: in whole, and in short form.
WHOLE, SHORT = (300, 200, 0.1), (40, 20, 0.05)
#: Seconds for which the last messages are waited for, between two looks, and after which it is over in any case.
LAST_S, LOOK_S, PATIENCE_S = 10.0, 0.2, 240.0
ALWAYS = ["0:00-23:59"]

#: Each text of the kind that is sent here, with the moment of the frame in which it stands there.
WATCH = """() => {
  window.seen = {};
  const look = (node) => { for (const [text] of (node.textContent ?? "").matchAll(/(talk|queue) no\\. \\d+;/g))
    if (!(text in seen)) {
      seen[text] = 0;
      requestAnimationFrame(() => { seen[text] = performance.timeOrigin + performance.now(); });
    } };
  new MutationObserver((all) => all.forEach((one) => { one.addedNodes.forEach(look); }))
    .observe(document.body, { childList: true, subtree: true });
}"""
SEEN = "() => Object.fromEntries(Object.entries(window.seen).filter(([, at]) => at))"


@dataclass
class Citizens:
    """Those who write, over HTTP as a provider's webhook does."""

    session: aiohttp.ClientSession
    url: str
    #: When each text was sent, in milliseconds of this machine.
    sent: dict[str, float] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    async def write(self, contact: str, text: str) -> None:
        self.sent[text] = time.time() * 1000
        async with self.session.post(f"{self.url}/v1/outlet/heard", json={"contact": contact, "text": text}) as answer:
            require(answer.status == 200, f"a message is answered by {answer.status}")

    async def come(self, text: str) -> str:
        """Somebody new comes to the desk with these words."""
        contact = f"o-{next(self.numbers)}"
        for one in ("人工", text):
            await self.write(contact, one)
        return contact


def config(folder: Path, provider: str) -> Path:
    plugins: dict[str, Path | str] = {"petitions": DEPARTMENTS / "petitions", "conversations": "conversations"}
    plugins |= {"desk": "desk", "web_site": "web_site", "outlet": ROOT / "tests" / "channels" / "outlet"}
    settings: dict[str, dict[str, Any]] = {
        "desk": {"desks": [DESKS[0]], "messages_a_minute": 1_000_000},
        "outlet": {"url": provider},
        "web_site": {"staff": {"李警官": ["petitions/reception:desk"]}},
    }
    return city(folder, plugins, settings=settings)


async def measured(page: Page, citizens: Citizens, held: str, plan: tuple[int, int, float]) -> dict[str, list[float]]:
    """Milliseconds from message to screen, by kind."""
    many, _, pause = plan
    await page.run(WATCH)
    for number in range(many):
        await citizens.write(held, f"talk no. {number};")
        await asyncio.sleep(pause)
        await citizens.come(f"queue no. {number};")
        await asyncio.sleep(pause)
    for _ in range(round(LAST_S / LOOK_S)):
        if len(seen := await page.run(SEEN)) == 2 * many:
            break
        await asyncio.sleep(LOOK_S)
    require(len(seen) == 2 * many, f"{2 * many - len(seen)} of {2 * many} messages are not seen")
    took: dict[str, list[float]] = {"talk": [], "queue": []}
    for text, at in seen.items():
        took[text.split()[0]].append(at - citizens.sent[text])
    return {kind: sorted(each) for kind, each in took.items()}


async def judged(folder: Path, plan: tuple[int, int, float]) -> bool:
    """Whether each kind is there in time."""
    async with opened_provider() as provider, aiohttp.ClientSession() as session:
        own = config(folder, provider.url)
        server = Server(own, folder / "log")
        async with server.up(session), open_chromium(folder / "browser") as browser:
            lead = development_token(read_configuration(own).settings, "wu", roles=["petitions:desk-lead"])
            await open_today(Person(session, server.url, lead))
            citizens = Citizens(session, server.url)
            for number in range(plan[1]):
                await citizens.come(f"waiting for {number}")
            held = await citizens.come("first words")
            page = await browser.page(f"{server.url}/site/staff/desk")
            await pressed(page, "button[name=person]", f"[data-rows=waiting]>li:nth-child({plan[1] + 1})")
            await page.go(await page.run("() => document.querySelector('[data-rows=waiting]>li:last-child a').href"))
            await pressed(page, "form[action$=claim] button", "[data-answer]")
            await there(page, "[data-offline][hidden]")
            took = await measured(page, citizens, held, plan)
    for kind, each in took.items():
        at = {share: each[max(0, round(len(each) * share) - 1)] for share in (0.5, 0.99)}
        print(f"{kind}: {len(each)} messages beside {plan[1]} who wait: p50 {at[0.5]:.0f} ms, p99 {at[0.99]:.0f} ms, "
              f"longest {each[-1]:.0f} ms; load {os.getloadavg()[0]:.1f}", flush=True)  # fmt: skip
    return all(each[max(0, round(len(each) * 0.99) - 1)] <= AIM_MS for each in took.values())


async def open_today(lead: Person) -> None:
    """Have the desk be open, whatever day and hour it is."""
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))
    (await lead.put(f"/v1/desk/desks/reception/days/{day}", {"hours": ALWAYS})).ok()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="few messages")
    plan = SHORT if parser.parse_args().short else WHOLE
    quiet()
    for _ in frame.browsers(1, "the desk is not measured"):
        with workspace() as folder:
            sys.exit(not asyncio.run(asyncio.wait_for(judged(folder, plan), PATIENCE_S)))


if __name__ == "__main__":
    main()

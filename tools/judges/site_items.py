"""Fill in and hand in every item on the site's pages in a real browser, with their script: what comes of it is HTTP's.

Run it with the group `test` installed: `python tools/judges/site_items.py`, or with the codes of some items;
`--turn 7` takes a tenth of them, with each commit another one. The city is the sample's, with a made-up department.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.judges import frame  # isort: skip - before what it makes be found

from banshi import LANGUAGES, Principal
from benchmarks.shared.processes import workspace
from benchmarks.shared.quiet import quiet
from tests.browser.firefox import Firefox, Page
from tests.browser.street import signed_in
from tests.channels.site.browsing import Browser
from tests.channels.site.citizen.test_every_item import MAX_ROUNDS, brought, rows, typed_in
from tests.clients.made_up_city import open_city
from tests.clients.people import City
from tests.plugins.test_departments import snapshot

#: So many parts the items have, of which a turn takes one.
PARTS = 10

#: Answer one field as somebody does; whether the page has it, and takes it now.
TYPE = """(name, values, file) => {
  const form = [...document.querySelectorAll("main form[method=post]")].at(-1);
  const all = [...form.elements].filter((one) => one.name === name && one.type !== "hidden" && !one.disabled);
  const place = (one) => one.type === "hidden" && one.name === name && one.dataset.place;
  if (!all.length) return [...form.elements].some(place);
  const [one] = all, change = (each) => each.dispatchEvent(new Event("change", { bubbles: true }));
  if (one.type === "file") {
    if ([...form.elements].some((each) => each.name === name && each.type === "hidden" && each.value)) return true;
    const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0)), chosen = new DataTransfer();
    values.forEach((_, at) => chosen.items.add(new File([bytes], `照片 ${at}.png`, { type: "image/png" })));
    one.files = chosen.files;
  } else if (["radio", "checkbox"].includes(one.type)) {
    const wanted = all.filter((each) => values.includes(each.value));
    if (wanted.length !== values.length) throw new Error(`${name} has no ${values}`);
    wanted.filter((each) => !each.checked).forEach((each) => each.click());
  } else values.forEach((value, at) => {
    // A moment is chosen in the city's time.
    all[at].value = one.type === "datetime-local" ? value.slice(0, 16) : value;
    change(all[at]);
  });
  return true;
}"""
PRESS = """(name, value) => {
  const form = [...document.querySelectorAll("main form[method=post]")].at(-1);
  const fits = (one) => one.type === "submit" && one.name === name && (!value || one.value === value);
  const button = [...form.elements].filter((one) => one.localName === "button" && fits(one)).at(-1);
  document.documentElement.dataset.old = "";
  setTimeout(() => button.click());
}"""
SHOWN = """() => document.readyState === "complete" && !("old" in document.documentElement.dataset) && {
  text: document.documentElement.outerHTML, url: location.href,
  status: performance.getEntriesByType("navigation")[0].responseStatus || 200,
}"""


@dataclass
class Real(Browser):
    """The same person with a real browser, whose script runs."""

    firefox: Firefox | None = None
    tab: Page | None = None
    photo: str = field(default_factory=lambda: base64.b64encode(snapshot()).decode())

    async def begin(self, browser: Firefox) -> None:
        self.firefox, self.tab = browser, await browser.page(f"{self.door.url}/site/help")
        await self.tab.go(f"{self.door.url}/site/display?language={self.language}")

    async def run(self, script: str, *given: Any) -> Any:
        assert self.tab is not None  # noqa: S101
        return await self.tab.run(script, *given)

    def sign_in(self, person: Principal, ago: float = 0, *, beside: bool = False) -> None:  # noqa: ARG002
        self.person = person

    async def go(self, address: str, **_: Any) -> Real:
        assert self.firefox is not None  # noqa: S101
        assert self.tab is not None  # noqa: S101
        await signed_in(self.firefox, self.tab, self.door, self.person)
        await self.tab.go(address)
        return await self._look()

    async def press(self, name: str = "", value: str = "", *, of: str | None = None, **_: str) -> Real:  # noqa: ARG002
        await self.run(PRESS, name, value)
        return await self._look()

    async def _look(self) -> Real:
        """Wait for the page, and take what it has become."""
        deadline = time.monotonic() + frame.PAGE_S
        while True:
            # Between two pages there is none.
            try:
                shown = await self.run(SHOWN)
            except AssertionError:
                shown = None
            if shown:
                self.text, self.url, self.status = shown["text"], shown["url"], shown["status"]
                return self
            if time.monotonic() > deadline:
                raise TimeoutError(f"there is no page after {self.url}")
            await asyncio.sleep(0.01)


async def fill(browser: Any, schema: Any, whole: Any) -> None:
    """Answer what the page asks, also what it asks only after an answer beside it, until it can be read once more."""
    for _ in range(MAX_ROUNDS):
        missing = [row for row in rows(schema, whole) if row not in browser.names()]
        if missing:
            await browser.press("more", missing[0].rpartition("/")[0])
            continue
        left = []
        for pointer, node, value in typed_in(schema, whole):
            values = value if isinstance(value, list) else [value]
            values = [str(one).lower() if node.get("type") == "boolean" else str(one) for one in values]
            if not await browser.run(TYPE, pointer, values, browser.photo):
                left.append(pointer)
        await browser.press("next")
        if browser.page.xpath("//input[@name='whole']"):
            return
        assert left, (browser.url, browser.mistakes())  # noqa: S101
    raise AssertionError((browser.url, browser.mistakes()))


async def judged(browser: Firefox, folder: Path, language: str, given: argparse.Namespace) -> list[str]:
    """What goes wrong with the items in one language."""
    wrong, begun = list[str](), time.monotonic()
    async with open_city(folder, web_site="web_site") as door:
        city, items = City(door, language), [*door.platform.registry.items.values()]
        if given.items:
            items = [one for one in items if one.code in given.items]
        elif given.turn is not None:
            items = items[given.turn % PARTS :: PARTS]
        real = Real(door, door.session, language)
        await real.begin(browser)
        for item in items:
            try:
                await brought(city, item, real, fill)
            except Exception as error:
                wrong.append(f"{item.code} ({language}), {real.url}: {real.heading()}: {error!r}")
    print(f"{language}: {len(items)} items filled in and handed in with the script, {len(wrong)} faults: "
          f"{time.monotonic() - begun:.1f} s", flush=True)  # fmt: skip
    return wrong


async def told(given: argparse.Namespace) -> list[str]:
    wrong = list[str]()
    for _, opening in frame.browsers((given.turn or 0) // PARTS, "the items are left out"):
        for language in LANGUAGES:
            with workspace() as folder:
                async with opening(folder / "browser") as browser:
                    wrong += await judged(browser, folder, language, given)
    return wrong


def main() -> None:
    parser = frame.options(__doc__)
    parser.add_argument("items", nargs="*", help="codes; all of them without")
    quiet()
    frame.end(asyncio.run(told(parser.parse_args())))


if __name__ == "__main__":
    main()

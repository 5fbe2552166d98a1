"""Let others judge the site's pages: axe-core and a keyboard in Chromium, the Nu checker of HTML and CSS, Lighthouse.

Run it with the group `test` installed: `python tools/judges/site.py`. Every page is judged with what a made-up city has
on it, in every language, light and dark, on a phone, on a narrow one and a tablet with large type, and on a desk;
`--turn 7` judges some of the looks alone, with each commit others; `--pictures FOLDER` leaves a picture of each there.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path

from tools.judges import frame  # isort: skip - before what it makes be found

from banshi import LANGUAGES, Principal, Role
from benchmarks.shared.processes import workspace
from benchmarks.shared.quiet import quiet
from tests.browser.chromium import command, open_chromium
from tests.browser.firefox import Firefox, Page, ScriptFailed
from tests.browser.street import signed_in
from tests.channels.site.staff.at_hotline import SETTINGS
from tests.town.api_world import World, open_world
from tests.town.registers import made_up_person
from tools import npm
from tools.judges.site_pages import Shown, pages
from tools.judges.site_programs import by_lighthouse, by_vnu
from web_site import visit

JUDGES = {"axe-core": "4.14.1", "lighthouse": "12.8.2", "vnu-jar": "26.9.27"}

#: Width in CSS pixels, and how large the type is.
SIZES = ((360, "normal"), (320, "large"), (800, "large"), (1280, "normal"))
THEMES = ("light", "dark")
Look = tuple[str, str, tuple[int, str]]
#: Who has every room of the workbench.
ROLES = ("reviewer", "approver", "officer", "publisher", "analyst", "desk", "desk-lead")
STAFF = Principal("li", name="李警官", roles=(*(Role(name, "traffic") for name in ROLES), Role("approver", "archive")))
#: Runs of Lighthouse.
RUNS = 5

AXE = """async () => (await axe.run(document, { preload: false, resultTypes: ["violations"] })).violations.map(
  (one) => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`)"""
WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 3).map((one) => one.outerHTML.slice(0, 160))"""
#: What the keyboard has to reach: of the radio buttons of one name one. What it reaches is noted, with its ring.
WATCH = """() => {
  const seen = new Set(), ringed = new Set(), all = "a[href],button,input:not([type=hidden]),select,textarea,summary";
  const wanted = [...document.querySelectorAll(all)].filter((one) => !one.disabled && one.tabIndex >= 0
    && one.checkVisibility({ visibilityProperty: true }));
  const group = (one) => one.type === "radio" ? `${one.name}` : one;
  addEventListener("focusin", ({ target }) => {
    seen.add(group(target));
    const styles = [target, target.nextElementSibling, target.parentElement].filter(Boolean).map(getComputedStyle);
    const isRing = (one) => one.outlineStyle !== "none" && parseFloat(one.outlineWidth) >= 2;
    if (styles.some(isRing)) ringed.add(group(target));
  });
  window.judged = () => wanted.filter((one) => !seen.has(group(one))).map((one) => `not reached: ${one.outerHTML}`)
    .concat(wanted.filter((one) => seen.has(group(one)) && !ringed.has(group(one)))
      .map((one) => `without a ring: ${one.outerHTML}`)).slice(0, 3).map((one) => one.slice(0, 200));
  document.activeElement?.blur();
  return wanted.length;
}"""
TAB = [{"type": "keyDown", "value": "\ue004"}, {"type": "keyUp", "value": "\ue004"}]

TYPE = """(typed) => { for (const [name, value] of Object.entries(typed)) {
  const all = [...document.querySelectorAll(`[name="${name}"]:not([type=hidden])`)];
  const one = all.find((each) => each.type !== "radio" || !value || each.value === value);
  if (one.type === "radio") one.click(); else one.value = value || one.options[1].value;
} }"""


@asynccontextmanager
async def seen(browser: Firefox, world: World) -> AsyncIterator[Page]:
    """A tab of somebody who has signed in, as a citizen and as staff."""
    page = await browser.page(f"{world.door.url}/site/help")
    for person in (Principal("wang", name="王小明", resident_id=made_up_person(1)), STAFF):
        await signed_in(browser, page, world.door, person)
    yield page
    await browser.command("browsingContext.close", context=page._context)


async def opened(page: Page, world: World, shown: Shown) -> None:
    await page.go(f"{world.door.url}/site{shown.path}")
    if shown.typed:
        await page.run(TYPE, shown.typed)
    for which, then in shown.presses:
        await frame.pressed(page, which, then)


async def by_keyboard(browser: Firefox, page: Page) -> list[str]:
    """What the Tab key doesn't reach, or shows nothing of."""
    count = await page.run(WATCH)
    keys = {"type": "key", "id": "keys", "actions": TAB * (count + 12)}
    await browser.command("input.performActions", context=page._context, actions=[keys])
    found: list[str] = await page.run("() => window.judged()")
    return found


async def taken(browser: Firefox, page: Page, file: Path) -> None:
    """A picture of the whole page."""
    shot = await browser.command("browsingContext.captureScreenshot", context=page._context, origin="document")
    await asyncio.to_thread(file.write_bytes, base64.b64decode(shot["data"]))


async def by_axe(world: World, modules: Path, looks: list[Look], html: Path, pictures: Path | None) -> list[str]:
    """What axe-core, the width and the keyboard find; the pages as they were sent are left in the folder `html`."""
    begun, wrong, count = time.monotonic(), list[str](), 0
    sent, answer = list[str](), visit.html
    visit.html = lambda text, *rest: answer(sent.append(text) or text, *rest)  # type: ignore[func-returns-value]
    source = (modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    async with open_chromium(html / "browser") as browser, seen(browser, world) as page:
        await browser.command("script.addPreloadScript", functionDeclaration=f"() => {{ {source} }}")
        judged = await pages(world)
        for language, (width, size) in dict.fromkeys((language, size) for language, _, size in looks):
            await page.go(f"{world.door.url}/site/display?language={language}&type={size}")
            viewport = {"width": width, "height": 800}
            await browser.command("browsingContext.setViewport", context=page._context, viewport=viewport)
            for shown in judged:
                where = f"{shown.name}, {language}, {width}"
                try:
                    await opened(page, world, shown)
                except (AssertionError, TimeoutError, ScriptFailed) as error:
                    wrong.append(f"{where}: not there: {error!r}")
                    continue
                found = [f"too wide: {one}" for one in await page.run(WIDE)]
                for theme in [theme for theme in THEMES if (language, theme, (width, size)) in looks]:
                    features = [{"name": "prefers-color-scheme", "value": theme}]
                    await command(browser, page, "Emulation.setEmulatedMedia", features=features)
                    found += [f"{theme}: {one}" for one in await page.run(AXE)]
                    count += 1
                    if pictures:
                        await taken(browser, page, pictures / f"{shown.name}-{language}-{width}-{theme}.png")
                found += await by_keyboard(browser, page)
                wrong += [f"{where}: {one}" for one in found]
                (html / f"{shown.name}-{language}.html").write_text(sent[-1], encoding="utf-8")
    print(f"axe-core and the keyboard: {count} looks of {len(judged)} pages, {len(wrong)} faults: "
          f"{time.monotonic() - begun:.1f} s", flush=True)  # fmt: skip
    return wrong


def looks_of(turn: int | None) -> list[Look]:
    """Language, theme and size of all looks; of a turn both themes of one."""
    some = [*product(LANGUAGES, SIZES)]
    some = some if turn is None else [some[turn % len(some)]]
    return [(language, theme, size) for (language, size), theme in product(some, THEMES)]


async def judged(modules: Path, given: argparse.Namespace) -> list[str]:
    with workspace() as folder:
        async with open_world(folder, more=SETTINGS) as world:
            html = folder / "pages"
            html.mkdir()
            wrong = await by_axe(world, modules, looks_of(given.turn), html, given.pictures)
            wrong += await asyncio.to_thread(lambda: [*by_vnu(modules, html)])
            runs = RUNS if given.turn is None else 1
            wrong += await asyncio.to_thread(lambda: [*by_lighthouse(world.door.url, modules, html, runs)])
    return wrong


def main() -> None:
    parser = frame.options(__doc__)
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="where a picture of each look is left")
    given = parser.parse_args()
    quiet()
    if modules := npm.found(JUDGES, "the site is not judged"):
        for _ in frame.browsers(1, "axe-core and Lighthouse are left out"):
            frame.end(asyncio.run(judged(modules, given)))


if __name__ == "__main__":
    main()

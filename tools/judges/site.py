"""Let others judge the site's pages: axe-core and a keyboard in Chromium, the Nu checker of HTML and CSS, Lighthouse.

Run it with the group `test` installed: `python tools/judges/site.py`. Every page is judged with what a made-up city has
on it, in every language, light and dark, on a phone, on a narrow one and a tablet with large type, and on a desk;
`--turn 7` judges some of the looks alone, with each commit others.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tools"), str(ROOT / "clients" / "python")]

import npm  # noqa: E402
from judges.site_pages import Shown, pages  # noqa: E402
from judges.site_programs import by_lighthouse, by_vnu  # noqa: E402

from banshi import LANGUAGES, Principal, Role  # noqa: E402
from benchmarks.shared.quiet import quiet  # noqa: E402
from tests.browser.chromium import IS_THERE, command, open_chromium  # noqa: E402
from tests.browser.firefox import Firefox, Page, ScriptFailed  # noqa: E402
from tests.channels.site.at_hotline import SETTINGS  # noqa: E402
from tests.channels.site.browsing import kept_of  # noqa: E402
from tests.town.api_world import World, open_world  # noqa: E402
from tests.town.registers import made_up_person  # noqa: E402
from web_site import visit  # noqa: E402
from web_site.session import COOKIE, STAFF_COOKIE  # noqa: E402

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
#: A page that something was pressed on is no longer the one that is waited for.
PRESS = """(which) => { document.documentElement.dataset.old = "";
  setTimeout(() => document.querySelector(which).click()); }"""
THERE = "(which) => document.readyState === 'complete' && !!document.querySelector(which)"


TYPE = """(typed) => { for (const [name, value] of Object.entries(typed)) {
  const all = [...document.querySelectorAll(`[name="${name}"]:not([type=hidden])`)];
  const one = all.find((each) => each.type !== "radio" || !value || each.value === value);
  if (one.type === "radio") one.click(); else one.value = value || one.options[1].value;
} }"""


@asynccontextmanager
async def seen(browser: Firefox, world: World) -> AsyncIterator[Page]:
    """A tab of somebody who has signed in, as a citizen and as staff."""
    page = await browser.page(f"{world.door.url}/site/help")
    citizen = Principal("wang", name="王小明", resident_id=made_up_person(1))
    where = {"type": "context", "context": page._context}
    for cookie, person in ((COOKIE, citizen), (STAFF_COOKIE, STAFF)):
        value = {"type": "string", "value": kept_of(world.door, person)}
        told = {"name": cookie.name, "value": value, "domain": "127.0.0.1", "path": cookie.path}
        await browser.command("storage.setCookie", cookie=told, partition=where)
    yield page
    await browser.command("browsingContext.close", context=page._context)


async def until_there(page: Page, which: str) -> None:
    async with asyncio.timeout(30):
        while True:
            # Between two pages there is none.
            with suppress(AssertionError):
                if await page.run(THERE, which):
                    return
            await asyncio.sleep(0.02)


async def opened(page: Page, world: World, shown: Shown) -> None:
    await page.go(f"{world.door.url}/site{shown.path}")
    if shown.typed:
        await page.run(TYPE, shown.typed)
    for which, then in shown.presses:
        await page.run(PRESS, which)
        await until_there(page, then)


async def by_keyboard(browser: Firefox, page: Page) -> list[str]:
    """What the Tab key doesn't reach, or shows nothing of."""
    count = await page.run(WATCH)
    keys = {"type": "key", "id": "keys", "actions": TAB * (count + 12)}
    await browser.command("input.performActions", context=page._context, actions=[keys])
    found: list[str] = await page.run("() => window.judged()")
    return found


async def by_axe(world: World, modules: Path, looks: list[Look], html: Path) -> list[str]:
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
    with tempfile.TemporaryDirectory(prefix="banshi-site-") as name:
        async with open_world(Path(name), more=SETTINGS) as world:
            html = Path(name) / "pages"
            html.mkdir()
            wrong = await by_axe(world, modules, looks_of(given.turn), html)
            wrong += await asyncio.to_thread(lambda: [*by_vnu(modules, html)])
            runs = RUNS if given.turn is None else 1
            wrong += await asyncio.to_thread(lambda: [*by_lighthouse(world.door.url, modules, html, runs)])
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turn", type=int, help="which of the looks")
    given = parser.parse_args()
    quiet(logging.CRITICAL)
    try:
        modules = npm.installed(JUDGES, "the site is not judged") / "node_modules"
    except npm.Missing as error:
        print(f"the site's judges are left out: {error}")
        return
    if not IS_THERE:
        print("axe-core and Lighthouse are left out: there is no Chromium with its driver here")
        sys.exit(os.environ.get("CI") == "true")
    wrong = asyncio.run(judged(modules, given))
    print("\n".join(wrong))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()

"""Makes pictures of the site's pages, at three widths, with Firefox: `python tools/pictures.py FOLDER --url URL`.

A person looks at all of them before a page is called done. Without `--only`, all pages that need no sign-in, and those
of a made-up person where the site has some.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

#: Name and address of each page; `{…}` is looked up on the site.
PAGES = {
    "home": "/site",
    "search": "/site/search?q=驾照丢了",
    "danger": "/site/search?q=老公动手打我",
    "department": "/site/departments/traffic",
    "guide": "/site/items/licence-replacement",
    "help": "/site/help",
    "tip": "/site/tip",
    "verify": "/site/verify",
    "chat-link": "/v1/tips/forms/crime-tip",
    "tip-form": "/site/items/crime-tip/form",
    "published": "/site/published",
    "sign-in": "/site/sign-in",
}
SIGNED_IN = {
    "form": "/site/items/zone-pass/form",
    "form-fields": "/site/items/precursor-transport-permit/form",
    "slots": "/site/items/driving-test/form",
    "cases": "/site/cases",
    "inbox": "/site/inbox",
    "passes": "/site/passes",
}
#: Widths in CSS pixels, as phones, tablets and desks have them.
WIDTHS = (360, 768, 1280)
SIGN_IN = "() => { const b = document.querySelector('button[name=person]'); if (b) b.click(); return !!b; }"


async def take(folder: Path, url: str, only: list[str], widths: list[int], *, dark: bool, display: str) -> None:
    from tests.browser.firefox import open_firefox

    preferences = {"layout__css__prefers-color-scheme__content-override": 0 if dark else 1}
    with tempfile.TemporaryDirectory() as place:
        async with open_firefox(Path(place) / "firefox", **preferences) as firefox:
            page = await firefox.page(url + display)
            context = page._context
            pages = dict(PAGES)
            for signed_in in (False, True):
                if signed_in:
                    await page.go(url + PAGES["sign-in"])
                    if not await page.run(SIGN_IN):
                        break
                    await asyncio.sleep(1)
                    pages = dict(SIGNED_IN)
                for name, address in pages.items():
                    if only and name not in only:
                        continue
                    for width in widths:
                        viewport = {"width": width, "height": 800}
                        await firefox.command("browsingContext.setViewport", context=context, viewport=viewport)
                        await page.go(url + address)
                        shot = await firefox.command(
                            "browsingContext.captureScreenshot", context=context, origin="document"
                        )
                        file = folder / f"{name}-{width}{'-dark' if dark else ''}.png"
                        await asyncio.to_thread(file.write_bytes, base64.b64decode(shot["data"]))
                        print(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--url", required=True, help="where the site is, such as http://127.0.0.1:8080")
    parser.add_argument("--only", action="append", default=[], help="the name of a page")
    parser.add_argument("--width", action="append", type=int, default=[])
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--language", default="zh-CN")
    parser.add_argument("--type", default="normal", help="large for people who don't see well")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    display = f"/site/display?language={given.language}&type={given.type}"
    asyncio.run(
        take(given.folder, given.url, given.only, given.width or list(WIDTHS), dark=given.dark, display=display)
    )


if __name__ == "__main__":
    main()

"""What the judges of pages have in common: which browsers there are, what is pressed in them, and how all of it ends.

Import it first: what the tests' cities are asked with is found from then on.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from tests.browser import chromium, firefox

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "clients" / "python"))

BROWSERS: dict[str, tuple[Any, Any]] = {
    "Firefox": (firefox.PROGRAM, firefox.open_firefox),
    "Chromium": (chromium.IS_THERE, chromium.open_chromium),
}

#: Seconds for one page.
PAGE_S = 30.0

#: A page that something was pressed on is no longer the one that is waited for.
PRESS = """(which) => { document.documentElement.dataset.old = "";
  setTimeout(() => document.querySelector(which).click()); }"""
THERE = "(which) => document.readyState === 'complete' && !!document.querySelector(which)"


def options(doc: str | None) -> argparse.ArgumentParser:
    """The command line, with `--turn`."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--turn", type=int, help="a part of it, with each number another")
    return parser


def browsers(turn: int | None, without: str) -> Iterator[tuple[str, Any]]:
    """Name and opener of each browser, or of the one whose turn it is; said is what is not done `without` it.

    In continuous integration each has to be there.
    """
    for name, (is_there, opening) in [*BROWSERS.items()] if turn is None else [[*BROWSERS.items()][turn % 2]]:
        if is_there:
            yield name, opening
            continue
        print(f"{without}: there is no {name} here")
        if os.environ.get("CI") == "true":
            sys.exit(1)


def require(held: object, what: str) -> None:
    if not held:
        raise SystemExit(f"it stops here: {what}")


async def there(page: firefox.Page, which: str) -> None:
    """Wait for what is on a page. Raises TimeoutError that says it."""
    deadline = time.monotonic() + PAGE_S
    while True:
        # Between two pages there is none.
        with suppress(AssertionError):
            if await page.run(THERE, which):
                return
        if time.monotonic() > deadline:
            raise TimeoutError(f"there is no {which}")
        await asyncio.sleep(0.02)


async def pressed(page: firefox.Page, which: str, then: str) -> None:
    await page.run(PRESS, which)
    await there(page, then)


def end(wrong: Sequence[str]) -> NoReturn:
    """Say what is wrong, and end with 1 where anything is."""
    print("\n".join(wrong))
    sys.exit(bool(wrong))

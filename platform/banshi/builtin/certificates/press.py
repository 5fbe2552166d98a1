"""Draws certificates beside the event loop: a few at once, so many in the queue, and each page once for all who ask."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import structlog

from banshi.builtin.certificates.fonts import Fonts, open_fonts
from banshi.builtin.certificates.page import Page, Source, page_of
from banshi.builtin.passes.wire import picture
from banshi.builtin.sentences import say
from banshi.foundation.errors import Unavailable
from banshi.foundation.keys import Key

log = structlog.get_logger("banshi.certificates")

LAYOUT_FILE = Path(__file__).with_name("page.typ")

#: For archives (ISO 19005-2) and for screen readers (ISO 14289-1). Both refuse a page with a character without shape.
STANDARDS = ["a-2a", "ua-1"]

#: Pages that are drawn or wait for it; one takes some 25 ms, so whoever comes later waits too long.
MAX_PAGES_WAITING = 200

#: Pages that are drawn at once: one core stays free for the loop where there is more than one.
PAGES_AT_ONCE = max(1, min(2, (os.cpu_count() or 1) - 1))


class Undrawable(Exception):
    """A page that the compiler refuses, or fonts that aren't those that the page was made for."""


class Press:
    """What turns pages into PDF."""

    def __init__(self, own_fonts: Path | None = None, name_fonts: Path | None = None) -> None:
        self._own_fonts, self._name_fonts = own_fonts, name_fonts
        self._fonts: Fonts | None = None
        self._with_names: Fonts | None = None
        self._threads = ThreadPoolExecutor(PAGES_AT_ONCE, thread_name_prefix="certificates")
        self._each = threading.local()
        #: What is being drawn, by its page's digest.
        self.running: dict[str, asyncio.Task[bytes]] = {}

    async def page(self, source: Source, language: str) -> Page:
        """The page of a credential, in the fonts that it needs."""
        page = page_of(source, language, await self.fonts())
        if page.lacking and self._name_fonts:
            self._with_names = self._with_names or await self._opened(self._name_fonts)
            page = page_of(source, language, self._with_names)
        return page

    async def fonts(self) -> Fonts:
        """The fonts, read when the first certificate is asked for."""
        self._fonts = self._fonts or await self._opened()
        return self._fonts

    async def _opened(self, names: Path | None = None) -> Fonts:
        try:
            return await asyncio.to_thread(open_fonts, self._own_fonts, names)
        except (ValueError, OSError):
            told = say("Certificates can't be drawn at present; the fault is recorded. Try again later.")
            raise Unavailable(told, headers={"Retry-After": "60"}) from None

    async def pdf(self, page: Page) -> bytes:
        """The page as PDF; the same page is the same bytes. Raises Unavailable where too many wait already."""
        running = self.running.get(page.digest)
        if running is None:
            if len(self.running) >= MAX_PAGES_WAITING:
                told = say("Too many certificates are asked for at once; try again in a moment.")
                raise Unavailable(told, headers={"Retry-After": "5"})
            running = self.running[page.digest] = asyncio.create_task(self._drawn(page))
        # Shielded: who hangs up does not take it from the others.
        return await asyncio.shield(running)

    async def _drawn(self, page: Page) -> bytes:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._draw, page)
        except Undrawable as error:
            # What the compiler says of it may quote the page, so it isn't logged.
            log.error(str(error))
            told = say("This certificate can't be drawn at present; the fault is recorded. Try again later.")
            raise Unavailable(told, headers={"Retry-After": "60"}) from None
        finally:
            del self.running[page.digest]

    def _draw(self, page: Page) -> bytes:
        import typst

        inputs = {"page": page.data.decode(), "qr": picture.svg(page.code).decode()}
        compiler = self._compiler(page.fonts)
        try:
            drawn = compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=STANDARDS, timestamp=page.at)
        except typst.TypstError:
            raise Undrawable("a certificate can't be drawn: the compiler refuses its page") from None
        if not isinstance(drawn, bytes):
            raise TypeError("a certificate is one file")
        return drawn

    def _compiler(self, fonts: Fonts) -> Any:
        """The thread's own compiler: one can't be used by two threads, and making one reads the fonts."""
        compilers: dict[tuple[Path, ...], Any] = self._each.__dict__.setdefault("compilers", {})
        if fonts.folders not in compilers:
            import typst

            loaded = typst.Fonts(
                include_system_fonts=False,
                include_embedded_fonts=False,
                font_paths=[str(folder) for folder in fonts.folders],
            )
            if {face.family for face in loaded.fonts()} != set(fonts.families):
                # Kept, this compiler would draw without the operator's fonts for as long as its thread lives.
                raise Undrawable("a certificate can't be drawn: its folders have other fonts than before")
            root = str(LAYOUT_FILE.parent)
            compilers[fonts.folders] = typst.Compiler(str(LAYOUT_FILE), root=root, font_paths=loaded)
        return compilers[fonts.folders]

    async def aclose(self) -> None:
        for task in list(self.running.values()):
            task.cancel()
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)


#: The press of this process; it reads nothing until a certificate is asked for.
PRESS: Key[Press] = Key("press")

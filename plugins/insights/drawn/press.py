"""Turns pictures into PNG and findings into PDF with Typst, in a thread of its own and with the certificates' font."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import orjson

from banshi import Key, Unavailable
from banshi.sdk.passes import open_fonts
from insights.sentences import say

LAYOUT = Path(__file__).with_name("page.typ")

#: For archives (ISO 19005-2) and for screen readers (ISO 14289-1); pixels of an inch, so that 500 points are 1,250.
AS: Mapping[str, Mapping[str, Any]] = {"pdf": {"pdf_standards": ["a-2a", "ua-1"]}, "png": {"ppi": 180}}

#: A control character as JSON has it, which no page shows; and a backslash, which stays.
CONTROL = re.compile(r"(\\\\)|\\(?:u00[01].|[bf])")

#: Drawings under way and waiting, of which each takes up to half a second.
MAX_WAITING = 20


class Press:
    """The compiler, its fonts and its thread; nothing is read before the first drawing."""

    def __init__(self, own_fonts: Path | None = None) -> None:
        self._own_fonts, self._waiting = own_fonts, 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="insights-press")

    async def drawn(self, form: Literal["pdf", "png"], data: Mapping[str, Any], at: int = 0) -> bytes:
        """What page.typ makes of the data; the same is the same bytes. Raises Unavailable where too many wait.

        Args:
            at: Unix seconds, the document's own date.
        """
        if self._waiting >= MAX_WAITING:
            told = say("Too many pictures are asked for at once; try again in a moment.")
            raise Unavailable(told, headers={"Retry-After": "5"})
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._compiled, form, data, at)
        finally:
            self._waiting -= 1

    def _compiled(self, form: Literal["pdf", "png"], data: Mapping[str, Any], at: int) -> bytes:
        fonts, compiler = self._tools
        text, _ = fonts.displayable(CONTROL.sub(r"\1", orjson.dumps({**data, "families": fonts.families}).decode()))
        return bytes(compiler.compile(format=form, sys_inputs={"page": text}, timestamp=at, **AS[form]))

    @cached_property
    def _tools(self) -> tuple[Any, Any]:
        import typst  # 40 ms, which only who draws needs

        fonts = open_fonts(self._own_fonts)
        only = {"include_system_fonts": False, "include_embedded_fonts": False}
        loaded = typst.Fonts(**only, font_paths=[str(one) for one in fonts.folders])
        return fonts, typst.Compiler(str(LAYOUT), root=str(LAYOUT.parent), font_paths=loaded)

    async def aclose(self) -> None:
        await asyncio.to_thread(self._thread.shutdown, wait=True, cancel_futures=True)


#: The press of this process.
PRESS: Key[Press] = Key("insights' press")

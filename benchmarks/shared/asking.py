"""People who ask one server after the other, each with a token of their own."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from banshi.builtin.identity.development import development_token
from banshi.kernel.loading.settings import Settings


class Answered(NamedTuple):
    """An answer, and the seconds until it was there."""

    status: int
    document: Any
    seconds: float


class People:
    """Everybody. A token is made when somebody first asks, or beforehand by `token`."""

    def __init__(self, session: aiohttp.ClientSession, urls: Sequence[str], data: Path) -> None:
        self.session, self.urls, self._settings = session, urls, Settings(data=data)
        self._turn, self._tokens = itertools.cycle(urls), dict[str, str]()

    def token(self, who: str) -> str:
        if who not in self._tokens:
            self._tokens[who] = development_token(self._settings, who, name="王小明")
        return self._tokens[who]

    async def call(
        self, who: str, method: str, path: str, body: Any = None, *, key: str = "", url: str = ""
    ) -> Answered:
        """Ask that server, or the next one."""
        headers = {"Authorization": f"Bearer {self.token(who)}", "Accept-Language": "en"}
        headers |= {"Idempotency-Key": key} if key else {}
        url, begun = url or next(self._turn), time.perf_counter()
        async with self.session.request(method, url + path, headers=headers, json=body) as answer:
            return Answered(answer.status, await answer.json(content_type=None), time.perf_counter() - begun)

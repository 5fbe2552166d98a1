"""The forms of all items: the kernel's own, and what the API serves of each in every language."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from typing import Any, NamedTuple

import aiohttp

from banshi.app import configure, open_platform, serving
from banshi.forms import Form
from benchmarks.shared.cities import project
from benchmarks.shared.processes import workspace

LANGUAGES = ("zh-CN", "en")


class Served(NamedTuple):
    """One item's form."""

    code: str
    form: Form
    #: By language.
    faces: dict[str, Any]


async def served_forms(items: Collection[str] = ()) -> AsyncIterator[Served]:
    """Of these items, or of all that the project's plugins offer."""
    with workspace() as folder:
        async with (
            open_platform(configure(project(folder))) as platform,
            serving(platform, "127.0.0.1", 0) as url,
            aiohttp.ClientSession() as session,
        ):
            for code in items or list(platform.registry.items):
                form, faces = platform.registry.items[code].form, {}
                for language in LANGUAGES:
                    headers = {"Accept-Language": language}
                    async with session.get(f"{url}/v1/items/{code}", headers=headers) as answer:
                        faces[language] = (await answer.json())["form"]
                if form is not None:
                    yield Served(code, form, faces)

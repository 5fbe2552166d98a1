"""Search over the items by everyday words, Chinese and English: ranked, with synonyms, pinyin and mended spelling."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from banshi.contract import Key
from banshi.search.index import Hit, Index
from banshi.search.synonyms import Synonyms, kernel_synonyms, read_synonyms

if TYPE_CHECKING:
    from banshi.registry import Registry
    from banshi.runtime import Platform

__all__ = ["SEARCH", "Hit", "Index", "Synonyms", "index_of", "kernel_synonyms", "open_search", "read_synonyms"]

#: The index of the catalogue, to be awaited: it is made beside the first requests.
SEARCH: Key[asyncio.Future[Index]] = Key("search")


def index_of(registry: Registry) -> Index:
    """The index of everything that a registry offers."""
    return Index.build(registry.items.values(), registry.departments, kernel_synonyms())


@asynccontextmanager
async def open_search(platform: Platform) -> AsyncIterator[asyncio.Future[Index]]:
    """The index, made in a thread: a city of ten thousand items need not wait for it to answer anything else."""
    making = asyncio.ensure_future(asyncio.to_thread(index_of, platform.registry))
    try:
        yield making
    finally:
        # The thread can't be stopped; it is let end, so that nothing of the platform is used once it is closed.
        await asyncio.wait([making])

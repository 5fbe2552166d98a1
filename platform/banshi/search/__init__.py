"""Search over the items by everyday words, Chinese and English: ranked, with synonyms, pinyin and mended spelling."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

from banshi.contract import Key
from banshi.search.index import Hit, Index
from banshi.search.kept import read, write
from banshi.search.synonyms import Synonyms, kernel_synonyms, read_synonyms

if TYPE_CHECKING:
    from banshi.registry import Registry
    from banshi.runtime import Platform

__all__ = ["SEARCH", "Hit", "Index", "Synonyms", "index_of", "kernel_synonyms", "open_search", "read_synonyms"]

log = structlog.get_logger("banshi.search")

#: The index of the catalogue, to be awaited: it is made beside the first requests.
SEARCH: Key[asyncio.Future[Index]] = Key("search")


def index_of(registry: Registry) -> Index:
    """The index of everything that a registry offers: a large city's from the file of an earlier start."""
    synonyms, key = kernel_synonyms(), registry.items_key
    file = registry.configuration.settings.items_folder / "search.index"
    kept = read(file, key, synonyms) if key else None
    index = kept or Index.build(registry.items.each(), registry.departments, synonyms)
    if key and kept is None:
        try:
            write(index, file, key)
        except OSError as error:
            log.warning("the search's index can't be kept for the next start", error=type(error).__name__)
    return index


@asynccontextmanager
async def open_search(platform: Platform) -> AsyncIterator[asyncio.Future[Index]]:
    """The index, made in a thread: a city of ten thousand items need not wait for it to answer anything else."""
    making = asyncio.ensure_future(asyncio.to_thread(index_of, platform.registry))
    try:
        yield making
    finally:
        # The thread can't be stopped; it is let end, so that nothing of the platform is used once it is closed.
        await asyncio.wait([making])

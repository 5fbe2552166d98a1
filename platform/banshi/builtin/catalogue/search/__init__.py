"""Search over the items by everyday words, Chinese and English: ranked, with synonyms, pinyin and mended spelling."""

from __future__ import annotations

import asyncio

import structlog

from banshi.builtin.catalogue.item_files import items_key
from banshi.builtin.catalogue.search.index import Index
from banshi.builtin.catalogue.search.kept import read, write
from banshi.builtin.catalogue.search.synonyms import kernel_synonyms
from banshi.foundation.keys import Key
from banshi.kernel.loading.registry import Registry

log = structlog.get_logger("banshi.search")


class Search:
    """The index of the catalogue, made in a thread once it is asked for: nobody need wait for ten thousand items."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._made: Index | None = None
        #: One waits already for the one that is being made, and will have all changes until then.
        self._waits = False
        self._making: asyncio.Future[Index] | None = None

    async def index(self) -> Index:
        """The newest that is ready; who asks before the first waits for it."""
        # Shielded: a caller that leaves does not end the making of the index.
        return self._made if self._made is not None else await asyncio.shield(self.begun())

    def begun(self) -> asyncio.Future[Index]:
        """What is being made, or was made last: the first from now on."""
        if self._making is None:
            self._making = asyncio.ensure_future(self._make())
        return self._making

    def renew(self) -> None:
        """The catalogue has changed: make another, which is used as soon as it is ready. The first has all anyway."""
        if self._making is not None and not self._waits:
            self._waits = True
            self._making = asyncio.ensure_future(self._make(self._making))

    async def settled(self) -> None:
        """Wait for what is being made."""
        if self._making is not None:
            await asyncio.wait([self._making])

    #: A thread can't be stopped, and uses what the platform has open.
    aclose = settled

    async def _make(self, before: asyncio.Future[Index] | None = None) -> Index:
        if before is not None:
            # One after the other, so that an older one is never the last to be ready.
            await asyncio.wait([before])
            self._waits = False
        # Listed here: while a thread did, items could come and go under it.
        self._registry.items.codes()
        index = await asyncio.to_thread(index_of, self._registry)
        self._made = index
        return index


#: What the catalogue is searched with.
SEARCH: Key[Search] = Key("search")


def index_of(registry: Registry) -> Index:
    """The index of everything that a registry offers: a large city's from the file of an earlier start."""
    synonyms = kernel_synonyms()
    # A file is for the next start, which begins with the plugins' items alone.
    key = None if registry.revision else items_key(registry)
    file = registry.configuration.settings.items_folder / "search.index"
    kept = read(file, key, synonyms) if key else None
    index = kept or Index.build(registry.items.each(), registry.departments, synonyms)
    if key and kept is None:
        try:
            write(index, file, key)
        except OSError as error:
            log.warning("the search's index can't be kept for the next start", error=type(error).__name__)
    return index

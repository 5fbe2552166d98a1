"""The OpenAPI document, whole and for each department."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from banshi.foundation.files.spooled import Spooled, SpooledAnswer
from banshi.foundation.keys import Key
from banshi.kernel.loading.cached import PerRevision
from banshi.kernel.loading.registry import Registry


class Descriptions:
    """The descriptions that somebody has asked for.

    Args:
        registry: Of which they are made, anew once it has changed.
        make: The JSON of all items or of one department's, in pieces; a large city's takes seconds.
        folder: Where their files may be.
    """

    def __init__(self, registry: Registry, make: Callable[[str | None], Iterable[bytes]], folder: Path) -> None:
        self._make = make
        self._folder = folder
        self._ones: PerRevision[dict[str | None, SpooledAnswer]] = PerRevision(registry, dict)

    async def get(self, department: str | None = None) -> Spooled:
        """The description, whole or of a department that there is. Raises OSError where there is no room for it."""
        ones = self._ones.get()
        one = ones.get(department)
        if one is None:
            one = ones[department] = SpooledAnswer(partial(self._make, department), self._folder)
        return await one.get()

    async def aclose(self) -> None:
        """Close the files; readers under way fail."""
        for one in self._ones.get().values():
            one.close()


#: Set at assembly.
DESCRIPTION: Key[Descriptions] = Key("openapi document")

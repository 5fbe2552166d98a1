"""What is made of the catalogue, and made anew once the catalogue has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from banshi.kernel.loading.registry import Registry

T = TypeVar("T")


class PerRevision(Generic[T]):
    """Gives the same value for as long as no item comes or goes.

    Whoever still uses the value before may go on with it: it is let go, not closed.
    """

    def __init__(self, registry: Registry, make: Callable[[], T]) -> None:
        self._registry = registry
        self._make = make
        self._revision = -1
        self._value: T | None = None

    def get(self) -> T:
        """The value of the catalogue as it is now."""
        value = self._value
        if value is None or self._revision != self._registry.revision:
            # Taken before, kept after: what changes meanwhile is seen the next time, and what raises is tried again.
            revision = self._registry.revision
            value = self._value = self._make()
            self._revision = revision
        return value

"""Names of the platform's resources, each with the type of what it stands for."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Key(Generic[T]):
    """A typed name for a resource: `platform[KEY]` has the type that the key was made with."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"Key({self.name!r})"

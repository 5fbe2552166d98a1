"""What brings signals from one process to the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Carrier(Protocol):
    """A connection that all processes of a deployment have; it may break at any moment."""

    #: Bytes that one text may have.
    longest: int

    async def listen(self, heard: Callable[[str], None], connected: Callable[[], None]) -> None:
        """Connect, say so, and hand over each text that any process sends, until the connection breaks."""

    async def send(self, text: str) -> None:
        """Send to all processes, this one too. Raises where there is no connection."""


class Alone:
    """No carrier: this process has its database to itself."""

    longest = 0

    async def listen(self, heard: Callable[[str], None], connected: Callable[[], None]) -> None:
        """There is nobody to listen to."""

    async def send(self, text: str) -> None:
        """There is nobody to tell."""

"""What brings signals from one process to the others."""

from __future__ import annotations

from collections.abc import Callable


class Carrier:
    """A connection that all processes of a deployment have; it may break at any moment.

    This one has nobody at the other end: the process has its database to itself.
    """

    #: Bytes that one text may have; 0 where there is nobody to tell.
    longest = 0

    async def listen(self, heard: Callable[[str], None], connected: Callable[[], None]) -> None:
        """Connect, say so, and hand over each text that any process sends, until the connection breaks."""

    async def send(self, text: str) -> None:
        """Send to all processes, this one too. Raises where there is no connection."""

"""What one method of one plugin did wrong with one item."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What one method of one plugin did wrong with one item."""

    plugin: str
    item: str
    method: str
    #: For the log and for operators: it names types and quotes nobody.
    what: str
    #: For whoever sent the request: it names no type that was raised.
    told: str
    #: Files and lines, innermost first.
    where: str = ""
    #: Where development allows it: the author's own frames, and the texts.
    traceback: str = ""

    def __str__(self) -> str:
        return f"{self.plugin}: {self.item}: {self.what}{self.where and f' ({self.where})'}"

    def members(self) -> dict[str, str]:
        """What the problem document says beside department and item."""
        said = {"plugin": self.plugin, "method": self.method}
        if not self.traceback:
            return {**said, "mistake": self.told}
        return {**said, "mistake": self.what, "where": self.where, "traceback": self.traceback}

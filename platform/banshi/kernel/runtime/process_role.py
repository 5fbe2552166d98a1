"""What one process does of a deployment's work: it answers requests, or works off what was promised, or both."""

from __future__ import annotations

from dataclasses import dataclass

#: The lanes of what is to be done, by urgency: cases and all that follows from them, alerts to many, notices to many.
CASE, ALERT, NOTICE = "case", "alert", "notice"
LANES = (CASE, ALERT, NOTICE)


@dataclass(frozen=True, slots=True)
class ProcessRole:
    """A process's part. Whatever one leaves out another one has to do: what is promised waits in the database."""

    #: Whether it answers requests.
    serves: bool = True
    #: The lanes that it works on.
    lanes: frozenset[str] = frozenset(LANES)

    @property
    def works(self) -> bool:
        """Whether it works on anything."""
        return bool(self.lanes)


#: What a process that is alone does.
EVERYTHING = ProcessRole()

"""The one protocol that all registers speak, whatever holds their data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

#: Records that an answer has at most.
MAX_RECORDS = 100


class RegisterDown(Exception):
    """The register can't be reached, or says that it can't answer now."""


class RegisterBroken(Exception):
    """The register answered with something that it can't have meant: a column is named, and never what came in it."""

    #: So the log has the text.
    names_nobody = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, as the form has checked it."""

    #: Column → value that a record has to have.
    keys: Mapping[str, Any]
    #: The same for what the asker narrowed it down by.
    filters: Mapping[str, Any]
    #: The number of the citizen whose records alone may be found; None at the counter, and where nobody owns records.
    owner: str | None
    #: The asker's subject, for registers that know people by it.
    asker: str
    language: str

    @property
    def fields(self) -> dict[str, Any]:
        return {**self.keys, **self.filters}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a register has found."""

    #: Column → value; columns that aren't declared are left out of the answer, whatever a register sends.
    records: Sequence[Mapping[str, Any]]
    #: Whom the records are about, as keyed hashes where the register keeps no numbers; None: the owner's column says.
    owners: Sequence[str] | None = None
    #: The time that the data are from; None: now.
    as_of: datetime | None = None
    #: The data are made up.
    sample: bool = False


class Source(Protocol):
    """Answers questions from a register."""

    async def find(self, question: Question) -> Found:
        """The records that match, `MAX_RECORDS` + 1 at most.

        Raises whatever goes wrong; a Problem is told to the citizen.
        """

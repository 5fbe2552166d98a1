"""What a department may decide about its appointments in Python; the default is complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from banshi.foundation.errors import FieldProblem
from banshi.kernel.contract.values import Item, Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A slot that a department's own calendar has."""

    #: The code of one of the item's places.
    place: str
    begins: datetime
    ends: datetime
    #: People whom this platform may put into it, all together.
    capacity: int


class Appointment:
    """The behaviour of an item of kind `appointment`; subclass it and override what differs.

    A method may raise any `banshi.Problem` that the citizen should read. Whatever else it raises, and a method that
    takes longer than `handler_timeout`, is the department's failure: that one request is told so.
    """

    #: A pydantic model to use as the form, instead of a JSON Schema in items.toml.
    form: ClassVar[type | None] = None

    async def validate(self, submission: Submission) -> Sequence[FieldProblem]:
        """Return what is wrong beyond the form's schema, with pointers into the answers (`/licence_number`).

        It runs while the citizen waits, before a place is taken.
        """
        del submission
        return ()

    async def openings(self, item: Item, first: date, last: date) -> Sequence[Opening] | None:
        """Return the slots of these days, the last one too, where another calendar than items.toml has them.

        It is asked again after `slots.CALENDAR_FRESH_S` seconds, when somebody looks at the slots. A slot that is no
        longer there is closed, and whoever is in it keeps it.
        """
        del item, first, last
        return None

"""What a department may decide about its appointments in Python; the default is complete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from banshi.contract import Submission
from banshi.errors import FieldProblem


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

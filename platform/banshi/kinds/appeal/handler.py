"""What a department may decide about its appeals in Python; the default is complete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from banshi.foundation.errors import FieldProblem
from banshi.kernel.contract.values import Submission


class Appeal:
    """The behaviour of an item of kind `appeal`; subclass it and override what differs.

    A person reads every appeal: there is nothing for code to decide.
    """

    #: A pydantic model to use as the form, instead of a JSON Schema in items.toml.
    form: ClassVar[type | None] = None

    async def validate(self, submission: Submission) -> Sequence[FieldProblem]:
        """Return what is wrong beyond the form's schema, with pointers into the answers (`/facts`).

        It runs while the citizen waits, before anything is stored.
        """
        del submission
        return ()

"""What a department may decide about its postings in Python; the default is complete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from banshi.foundation.errors import FieldProblem
from banshi.kernel.contract.values import Submission


class Posting:
    """The behaviour of an item of kind `posting`; subclass it and override what differs.

    A person looks at every posting before it is published: there is nothing for code to decide.
    """

    #: A pydantic model to use as the form, instead of a JSON Schema in items.toml.
    form: ClassVar[type | None] = None

    async def validate(self, submission: Submission) -> Sequence[FieldProblem]:
        """Return what is wrong beyond the form's schema, with pointers into the answers (`/description`).

        It runs while the citizen waits, before anything is stored.
        """
        del submission
        return ()

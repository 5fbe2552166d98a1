"""What a department may decide about its applications in Python; each default is complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from banshi.foundation.errors import FieldProblem
from banshi.kernel.contract.values import Decision, Submission


class Application:
    """The behaviour of an item of kind `application`; subclass it and override what differs.

    A method may raise any `banshi.Problem` that the citizen should read. Whatever else it raises, and a method that
    takes longer than `handler_timeout`, is the department's failure: that one request is told so.
    """

    #: A pydantic model to use as the form, instead of a JSON Schema in items.toml.
    form: ClassVar[type | None] = None

    async def validate(self, submission: Submission) -> Sequence[FieldProblem]:
        """Return what is wrong beyond the form's schema, with pointers into the answers (`/valid_until`).

        It runs while the citizen waits, before anything is stored.
        """
        del submission
        return ()

    async def review(self, submission: Submission) -> Decision:
        """Decide what happens to a stored submission: an action of the state table that the platform may take.

        It runs after the citizen has a receipt, and again later where it failed. The default accepts the case for
        staff to work on.
        """
        del submission
        return Decision(action="accept")

    async def claims(self, submission: Submission) -> Mapping[str, Any]:
        """Return the pass's claims that aren't simply answers, by name: a text, an integer or a list of texts."""
        del submission
        return {}

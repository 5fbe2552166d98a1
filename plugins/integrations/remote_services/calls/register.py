"""A register behind a service: asked as a plugin's is, at the service's one endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from banshi.sdk.registers import Found, Question

from .handlers import moment_of
from .line import Line, WrongAnswer

#: Records that are asked for: one more than an answer shows, to say that there are more.
MAX_RECORDS = 101


@dataclass(frozen=True, slots=True)
class RemoteRegister:
    """Answers questions from one register of a service."""

    line: Line
    code: str

    async def find(self, question: Question) -> Found:
        """The records that match. Raises what the citizen is told."""
        self.line.not_suspended()
        document = {"register": self.code, "question": question.fields, "owner": question.owner, "limit": MAX_RECORDS}
        return await self.line.ask("query", document, found_in, person=question.asker)


def found_in(answer: Mapping[str, Any]) -> Found:
    """`{"records": [{…}], "as_of": "…"}`. Raises WrongAnswer."""
    records: Any = answer.get("records")
    right = isinstance(records, list) and all(isinstance(one, dict) for one in records)
    if not right or len(records) > MAX_RECORDS:
        raise WrongAnswer(f"records is a list of objects, {MAX_RECORDS} at most")
    return Found(
        records=records,
        as_of=None if answer.get("as_of") is None else moment_of(answer["as_of"], "as_of"),
        sample=answer.get("sample") is True,
    )

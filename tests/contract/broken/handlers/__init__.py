"""Handlers and a channel that can't be called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from banshi import Application, Channel, Decision, Submission, hookimpl


class Sync(Application):
    def review(self, submission: Submission) -> Decision:  # type: ignore[override]
        return Decision(action="accept" if submission.answers else "refuse")


class Arguments(Application):
    async def claims(self) -> Mapping[str, Any]:  # type: ignore[override]
        return {}


class Misspelt(Application):
    async def reveiw(self, submission: Submission) -> Decision:
        return Decision(action="accept" if submission.answers else "refuse")


class Model(Application):
    form: ClassVar[Any] = "a form"


@hookimpl
def banshi_handlers() -> Mapping[str, Any]:
    handlers = {"sync": Sync(), "arguments": Arguments(), "misspelt": Misspelt(), "class": Application}
    return {**handlers, "model": Model(), "mispelt": Sync(), "zone-pass": Sync()}


def deliver(*_: Any) -> None:
    """Not a coroutine."""


@hookimpl
def banshi_channels() -> Sequence[Channel]:
    return [Channel(name="post", deliver=deliver), Channel(name="post", deliver=deliver)]  # type: ignore[arg-type]

"""What failed of that which was promised: as operators read it, and for whoever waits for it in a test."""

from __future__ import annotations

from dataclasses import dataclass

from banshi.foundation.errors import Failure, Problem
from banshi.foundation.keys import Key
from banshi.foundation.logs import place_of
from banshi.kernel.runtime.mistakes import shown_of
from banshi.kernel.runtime.running import Platform


@dataclass(frozen=True, slots=True)
class Failed:
    """One attempt at one row of the outbox that came to nothing."""

    row: str
    consumer: str
    attempt: int
    error: BaseException
    #: It is not tried again before an operator says so.
    parked: bool = False
    #: Seconds until it is tried again, where somebody is away and says until when.
    wait: float = 0.0

    def __str__(self) -> str:
        return str(failure_in(self.error) or f"{self.consumer}: {type(self.error).__name__}")


#: What failed in this process since somebody asked to be told: a test's door does, a server does not.
FAILURES: Key[list[Failed]] = Key("failures of what was promised")


def note(platform: Platform, failed: Failed) -> None:
    """Keep it for whoever asked."""
    noted = platform.get(FAILURES)
    if noted is not None:
        noted.append(failed)


def failure_in(error: BaseException) -> Failure | None:
    """What an author's code did wrong, where that is why."""
    return error.failure if isinstance(error, Problem) else None


def why_of(error: BaseException) -> str:
    """What the row says of it. Types and places alone: an exception's text may quote what a citizen wrote."""
    failure = failure_in(error)
    return f"{type(error).__name__}: {failure}" if failure else type(error).__name__


def said_of(error: BaseException, *, development: bool) -> dict[str, str]:
    """What the log says of it; in development with the traceback, which a handler's failure has had there already."""
    failure = failure_in(error)
    if failure is not None:
        whose = {"plugin": failure.plugin, "item": failure.item, "method": failure.method}
        return {**whose, "mistake": failure.what, "where": failure.where}
    shown = {"traceback": shown_of(error)} if development else {}
    return {"where": place_of(error), **shown}

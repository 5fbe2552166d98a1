"""What goes wrong, in the standard's shape: a list of codes and descriptions.

404 is for what doesn't exist, 403 for a key that is missing or wrong, 400 for whatever else is the caller's doing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from banshi import Problem, Texts, text_in

from ..sentences import say
from .formats import OPEN, Format

#: Statuses that stay what they are; of the others those below 500 are 400.
KEPT = {404, 429}


class BadRequest(Problem, status=400, code="bad-request"):
    """The request can't be fulfilled as it is."""

    def __init__(self, faults: Sequence[str]) -> None:
        #: Everything that is wrong, in the caller's language.
        self.faults = tuple(faults)
        super().__init__("; ".join(faults))


def bad(language: str, said: Texts) -> BadRequest:
    """One thing that is wrong, in the caller's language."""
    return BadRequest([text_in(said, language)])


class KeyRefused(Problem, status=403, code="key-refused"):
    """api_key is missing or not valid."""


class Unknown(Problem, status=404, code="not-found"):
    """There is no such thing."""


NO_SERVICE = say("service_code was not found; services lists them all.")


def status_of(problem: Problem) -> int:
    if problem.status >= 500 or problem.status in KEPT:
        return problem.status
    return 403 if problem.status in {401, 403} else 400


def error_response(written: Format, problem: Problem, language: str) -> web.Response:
    """A problem as the standard has it."""
    status = status_of(problem)
    detail = text_in(problem.texts, language) if problem.texts else problem.detail
    faults = problem.faults if isinstance(problem, BadRequest) else (detail,)
    document: list[dict[str, Any]] = [{"code": status, "description": fault} for fault in faults]
    headers = {name: value for name, value in problem.headers.items() if name != "WWW-Authenticate"}
    headers |= {**OPEN, "Content-Type": written.content_type}
    return web.Response(body=written.write("errors", document), status=status, headers=headers)

"""What can go wrong with a request, in the words that the caller reads.

A `Problem` is answered as RFC 9457 `application/problem+json`; its docstring is its default message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import orjson

from banshi.foundation.field_problems import FieldProblem as FieldProblem
from banshi.foundation.field_problems import few
from banshi.foundation.sentences import Sentences, say
from banshi.foundation.texts import bounded, spoken

#: Characters of a problem's `detail`.
MAX_DETAIL_CHARS = 4_000

#: Bytes of one extension member of a problem, as JSON.
MAX_MEMBER_BYTES = 65_536

#: What a problem says of itself; no extension member may say otherwise.
SAID = frozenset({"type", "title", "status", "code", "detail"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What one method of one plugin did wrong with one item."""

    plugin: str
    item: str
    method: str
    #: For the log and for operators: it names types and quotes nobody.
    what: str
    #: For whoever sent the request: it names no type that was raised.
    told: str
    #: Files and lines, innermost first.
    where: str = ""
    #: Where development allows it: the author's own frames, and the texts.
    traceback: str = ""

    def __str__(self) -> str:
        return f"{self.plugin}: {self.item}: {self.what}{self.where and f' ({self.where})'}"

    def members(self) -> dict[str, str]:
        """What the problem document says beside department and item."""
        said = {"plugin": self.plugin, "method": self.method}
        if not self.traceback:
            return {**said, "mistake": self.told}
        return {**said, "mistake": self.what, "where": self.where, "traceback": self.traceback}


class Problem(Exception):
    """Something went wrong on our side; the same request may succeed later."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal-error"
    says: ClassVar[Sentences] = say

    def __init_subclass__(cls, *, status: int = 0, code: str = "", says: Sentences | None = None) -> None:
        """`class TooLarge(Problem, status=413, code="too-large", says=say)`; what isn't given is the parent's."""
        super().__init_subclass__()
        for name, given in (("status", status), ("code", code), ("says", says)):
            if given:
                setattr(cls, name, given)

    def __init__(
        self, detail: str | Mapping[str, str] | None = None, *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        words = " ".join((type(self).__doc__ or "").partition("\n\n")[0].split())
        told = bounded(detail, MAX_DETAIL_CHARS) or self.says(words, **members)
        #: The detail by language, where it was given in several.
        self.texts: Mapping[str, str] = told if isinstance(told, Mapping) else {}
        self.detail = spoken(told, "en")
        self.headers = dict(headers or {})
        #: Extension members of the problem document (RFC 9457 section 3.2); what is said in two languages stands in the
        #: sentence alone.
        self.members = {name: one for name, one in members.items() if not (isinstance(one, dict) and "zh-CN" in one)}
        #: What a plugin's code did wrong, where that is why: for its author and for operators.
        self.failure: Failure | None = None
        super().__init__(self.detail)

    @property
    def in_languages(self) -> bool:
        """Whether it says something in the reader's language."""
        return bool(self.texts.keys() - {"en"})

    def document(self, language: str = "en") -> dict[str, Any]:
        """The problem as RFC 9457 members, ready for JSON, in `language` where it has words in that."""
        return {
            "type": f"urn:banshi:problem:{self.code}",
            "title": spoken(self.says(self.code.replace("-", " ").capitalize()), language),
            "status": self.status,
            "code": self.code,
            "detail": spoken(self.texts, language) or self.detail,
            **self.sendable(),
        }

    def sendable(self) -> dict[str, Any]:
        """The extension members that a reader can be sent: one that is no JSON, or too long, is left out."""
        return {name: value for name, value in self.members.items() if name not in SAID and _is_sendable(value)}


def _is_sendable(member: Any) -> bool:
    try:
        return len(orjson.dumps(member)) <= MAX_MEMBER_BYTES
    except TypeError:
        return False


class MalformedBody(Problem, status=400, code="malformed-body"):
    """The body could not be read; send one JSON object in UTF-8."""


class MalformedRequest(Problem, status=400, code="malformed-request"):
    """This is no HTTP/1.1 request that can be read: its first line, a header or its length is wrong."""


class InvalidParameter(Problem, status=400, code="invalid-parameter"):
    """A parameter of the path, query or headers has a value that it can't have."""


class Unauthenticated(Problem, status=401, code="unauthenticated"):
    """Please sign in; if you had signed in, that has ended."""


class TokenNotTaken(Problem, status=400, code="token-not-taken"):
    """This is for people who don't say who they are: send it without signing in. Nothing was looked at."""


class Forbidden(Problem, status=403, code="forbidden"):
    """Your account does not allow this."""


class InsufficientScope(Problem, status=403, code="insufficient-scope"):
    """Your client's token does not allow this."""

    def __init__(self, scope: str) -> None:
        challenge = f'Bearer realm="banshi", error="insufficient_scope", scope="{scope}"'
        told = say("Ask for a token with the scope {scope}; the operator can give your client that scope.", scope=scope)
        super().__init__(told, headers={"WWW-Authenticate": challenge}, scope=scope)


class NotVerified(Forbidden, code="not-verified"):
    """This takes a verified ID number; have yours verified where you sign in, and sign in anew."""


class NotNamed(Forbidden, code="not-named"):
    """This takes your name; have it verified where you sign in, and sign in anew."""


class UnknownRoles(Forbidden, code="unknown-roles"):
    """Nothing here asks for any role of your token; whoever operates the platform says which roles there are."""

    def __init__(self, subject: str, roles: Sequence[str]) -> None:
        #: Whose token it is; no part of the answer.
        self.subject = subject
        super().__init__(roles=list(roles))


class NotFound(Problem, status=404, code="not-found"):
    """There is nothing here that you may see."""


class Hidden(NotFound):
    """There is nothing here that you may see."""

    # Told as what doesn't exist is; only the platform's own record of refusals knows that there is something.


class MethodNotAllowed(Problem, status=405, code="method-not-allowed"):
    """This path knows other methods."""


class Conflict(Problem, status=409, code="conflict"):
    """What you asked for does not fit the present state."""


class ActionNotPermitted(Conflict, code="action-not-permitted"):
    """This is not possible in the present state of the case."""


class StillRunning(Conflict, code="still-running"):
    """The same request is still running; ask again in a second."""


class TooLarge(Problem, status=413, code="too-large"):
    """What was sent is larger than is taken here."""


class UnsupportedMediaType(Problem, status=415, code="unsupported-media-type"):
    """This route does not read that content type."""


class InvalidFields(Problem, status=422, code="invalid-fields"):
    """Some of what was filled in is wrong; it is said at each field what."""

    def __init__(self, problems: Iterable[FieldProblem], detail: str | Mapping[str, str] | None = None) -> None:
        self.problems = few(problems)
        super().__init__(detail)

    def document(self, language: str = "en") -> dict[str, Any]:
        return {**super().document(language), "problems": [one.document(language) for one in self.problems]}


class KeyReused(Problem, status=422, code="idempotency-key-reused"):
    """Something else was sent under the same key before; send what is new under a new one."""


class TooManyRequests(Problem, status=429, code="too-many-requests"):
    """Too many requests; wait a moment and try again."""


class DepartmentFailed(Problem, status=502, code="department-failed"):
    """The department's service failed on this request; the department has been told."""


class DepartmentUnavailable(Problem, status=503, code="department-unavailable"):
    """The department's service is not answering at present; try again later."""


class Unavailable(Problem, status=503, code="unavailable"):
    """This can't be done at present; try again later."""


class DepartmentTimedOut(Problem, status=504, code="department-timed-out"):
    """The department's service took too long on this request."""


class StorageFull(Problem, status=507, code="storage-full"):
    """There is no room to store this; nothing was written, reading still works."""

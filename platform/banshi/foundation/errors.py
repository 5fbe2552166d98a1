"""What can go wrong with a request, in the words that the caller reads.

A `Problem` is answered as RFC 9457 `application/problem+json`; its docstring is its default message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from banshi.foundation.failure import Failure

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


class Problem(Exception):
    """Something went wrong on our side; the same request may succeed later."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal-error"
    says: ClassVar[Sentences] = say

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


class MalformedBody(Problem):
    """The body could not be read; send one JSON object in UTF-8."""

    status = 400
    code = "malformed-body"


class MalformedRequest(Problem):
    """This is no HTTP/1.1 request that can be read: its first line, a header or its length is wrong."""

    status = 400
    code = "malformed-request"


class InvalidParameter(Problem):
    """A parameter of the path, query or headers has a value that it can't have."""

    status = 400
    code = "invalid-parameter"


class Unauthenticated(Problem):
    """Please sign in; if you had signed in, that has ended."""

    status = 401
    code = "unauthenticated"


class TokenNotTaken(Problem):
    """This is for people who don't say who they are: send it without signing in. Nothing was looked at."""

    status = 400
    code = "token-not-taken"


class Forbidden(Problem):
    """Your account does not allow this."""

    status = 403
    code = "forbidden"


class InsufficientScope(Problem):
    """Your client's token does not allow this."""

    status = 403
    code = "insufficient-scope"

    def __init__(self, scope: str) -> None:
        challenge = f'Bearer realm="banshi", error="insufficient_scope", scope="{scope}"'
        told = say("Ask for a token with the scope {scope}; the operator can give your client that scope.", scope=scope)
        super().__init__(told, headers={"WWW-Authenticate": challenge}, scope=scope)


class NotVerified(Forbidden):
    """This takes a verified ID number; have yours verified where you sign in, and sign in anew."""

    code = "not-verified"


class NotNamed(Forbidden):
    """This takes your name; have it verified where you sign in, and sign in anew."""

    code = "not-named"


class UnknownRoles(Forbidden):
    """Nothing here asks for any role of your token; whoever operates the platform says which roles there are."""

    code = "unknown-roles"

    def __init__(self, subject: str, roles: Sequence[str]) -> None:
        #: Whose token it is; no part of the answer.
        self.subject = subject
        super().__init__(roles=list(roles))


class NotFound(Problem):
    """There is nothing here that you may see."""

    status = 404
    code = "not-found"


class Hidden(NotFound):
    """There is nothing here that you may see."""

    # Told as what doesn't exist is; only the platform's own record of refusals knows that there is something.


class MethodNotAllowed(Problem):
    """This path knows other methods."""

    status = 405
    code = "method-not-allowed"


class Conflict(Problem):
    """What you asked for does not fit the present state."""

    status = 409
    code = "conflict"


class ActionNotPermitted(Conflict):
    """This is not possible in the present state of the case."""

    code = "action-not-permitted"


class StillRunning(Conflict):
    """The same request is still running; ask again in a second."""

    code = "still-running"


class TooLarge(Problem):
    """What was sent is larger than is taken here."""

    status = 413
    code = "too-large"


class UnsupportedMediaType(Problem):
    """This route does not read that content type."""

    status = 415
    code = "unsupported-media-type"


class InvalidFields(Problem):
    """Some of what was filled in is wrong; it is said at each field what."""

    status = 422
    code = "invalid-fields"

    def __init__(self, problems: Iterable[FieldProblem], detail: str | Mapping[str, str] | None = None) -> None:
        self.problems = few(problems)
        super().__init__(detail)

    def document(self, language: str = "en") -> dict[str, Any]:
        return {**super().document(language), "problems": [one.document(language) for one in self.problems]}


class KeyReused(Problem):
    """Something else was sent under the same key before; send what is new under a new one."""

    status = 422
    code = "idempotency-key-reused"


class TooManyRequests(Problem):
    """Too many requests; wait a moment and try again."""

    status = 429
    code = "too-many-requests"


class DepartmentFailed(Problem):
    """The department's service failed on this request; the department has been told."""

    status = 502
    code = "department-failed"


class DepartmentUnavailable(Problem):
    """The department's service is not answering at present; try again later."""

    status = 503
    code = "department-unavailable"


class Unavailable(Problem):
    """This can't be done at present; try again later."""

    status = 503
    code = "unavailable"


class DepartmentTimedOut(Problem):
    """The department's service took too long on this request."""

    status = 504
    code = "department-timed-out"


class StorageFull(Problem):
    """There is no room to store this; nothing was written, reading still works."""

    status = 507
    code = "storage-full"

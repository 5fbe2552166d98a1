"""What an author's own code did wrong, in words for that author.

Everywhere: plugin, item, method, what came back and what is expected. The texts of exceptions and their tracebacks may
quote what people sent: they are shown with `development = true` and in tests alone.
"""

from __future__ import annotations

import reprlib
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from banshi.foundation.errors import Failure, FieldProblem
from banshi.foundation.logs import place_of

#: Characters of a traceback, of a line of it, and of any other text of an author's code.
MAX_TRACEBACK_CHARS, MAX_LINE_CHARS, MAX_TEXT_CHARS = 8_000, 500, 500

#: The kernel's own code, which is not what an author looks for.
KERNEL = str(Path(__file__).parents[2])

#: Method → what it returns, and an example.
RETURNS: Mapping[str, tuple[str, str]] = {
    "validate": ("a list of FieldProblem", 'return [FieldProblem("/field", "What is wrong.")], or () for nothing'),
    "review": ("a Decision", 'return Decision(action="accept")'),
    "claims": ("a mapping of claims by name", 'return {"plate": "…"}, or {} for none'),
    "openings": ("a list of Opening, or None", "return [Opening(place=…, begins=…, ends=…, capacity=1)]"),
}

UNKNOWN = ("something else", "see what the kind's own handler returns")


class Mistake(ValueError):
    """A plugin's code did what it can't have meant; the text names nobody, so its author reads it everywhere."""

    #: What came back, and the traceback where it was raised in another process: for development.
    came: str = ""
    shown: str = ""

    def said_of(self, method: str) -> str:
        """The sentence about `method`, such as "review()"; an integrator's service has one of its own."""
        return f"{method} {self}"


class RaisedElsewhere(Exception):
    """A handler failed in another process, which tells what of it."""

    def __init__(self, error: str, where: str = "", shown: str = "") -> None:
        self.error, self.where, self.shown = error, where, shown
        super().__init__(error)


def failure_of(
    error: BaseException, *, plugin: str, item: str, method: str, handler: Any = None, development: bool = False
) -> Failure:
    """What `error` says to the author of `method`; `handler` is whose it is, where it runs in this process."""
    name = f"{method}()" if method.isidentifier() else method or "it"
    what, told = _sentences(name, error)
    where = error.where if isinstance(error, RaisedElsewhere) else place_of(error)
    if isinstance(error, Mistake):
        # It was found in our own code; theirs is where the method begins.
        where = _defined(handler, method)
    shown = _shown(error, what) if development else ""
    what, told = (_sendable(one[:MAX_TEXT_CHARS]) for one in (what, told))
    return Failure(plugin=plugin, item=item, method=method, what=what, told=told, where=where, traceback=shown)


def mistake_in(error: BaseException) -> Mistake | None:
    """The mistake that an error is: one that is raised as such, or what Python says of one of our values."""
    if isinstance(error, Mistake):
        return error
    if type(error) is TypeError and str(error).startswith("Decision.__init__()"):
        example = RETURNS["review"][1]
        return Mistake(f"gives Decision what it doesn't take: its arguments have names, as in {example}")
    return None


def _sentences(name: str, error: BaseException) -> tuple[str, str]:
    """What is said of an error to operators, and to whoever sent the request."""
    if (mistake := mistake_in(error)) is not None:
        said = mistake.said_of(name)
        return said, said
    if isinstance(error, TimeoutError) and error.__traceback__ is None:
        said = f"{name} took longer than it may: give whatever it waits for a shorter time of its own"
        return said, said
    kind = error.error if isinstance(error, RaisedElsewhere) else type(error).__name__[:100]
    advice = "the log says where, and development = true shows the traceback"
    if kind == "SystemExit":
        advice = "raise a problem of `banshi`, such as Conflict, in place of sys.exit()"
    said = f": {error}" if getattr(error, "names_nobody", False) else ""
    return f"{name} raised {kind}{said}", f"{name} raised an error; {advice}"


def _shown(error: BaseException, what: str) -> str:
    """What development shows beside the sentence; the sentence again where none of the author's lines raised it."""
    own = any(not one.filename.startswith(KERNEL) for one in traceback.extract_tb(error.__traceback__))
    if isinstance(error, Mistake) and error.shown:
        return error.shown
    if own or not isinstance(error, Mistake | TimeoutError):
        return shown_of(error)
    came = error.came if isinstance(error, Mistake) else ""
    return _sendable(f"{what}{came and f': it was {came}'}")


def _defined(handler: Any, method: str) -> str:
    """Where an author has written the method; "" where nobody has, or it can't be told."""
    code = getattr(getattr(handler, method, None), "__code__", None)
    if code is None or code.co_filename.startswith(KERNEL):
        return ""
    return f"{Path(code.co_filename).name}:{code.co_firstlineno}"


def shown_of(error: BaseException) -> str:
    """The traceback from the author's own first frame on, bounded, without the values of variables."""
    if isinstance(error, RaisedElsewhere):
        return error.shown
    told = traceback.TracebackException.from_exception(error, capture_locals=False)
    _forget_ours(told)
    *lines, last = [one if len(one) <= MAX_LINE_CHARS else f"{one[:MAX_LINE_CHARS]}…\n" for one in told.format()]
    text = "".join(lines)
    room = MAX_TRACEBACK_CHARS - len(last)
    # What was raised is said last, and says more than a frame in the middle.
    return _sendable(text if len(text) <= room else f"{text[: room - 5]}\n…\n") + _sendable(last)


def _sendable(text: str) -> str:
    """The text without what is no character alone, which JSON has no way to say."""
    return text.encode("utf-8", "backslashreplace").decode()


def _forget_ours(told: traceback.TracebackException) -> None:
    frames = list(told.stack)
    own = next((place for place, one in enumerate(frames) if not one.filename.startswith(KERNEL)), 0)
    del told.stack[:own]
    for before in filter(None, (told.__cause__, told.__context__)):
        _forget_ours(before)


# What came back


def wrong_answer(method: str, answer: Any, *, inside: str = "") -> Mistake:
    """What is said of an answer of the wrong type, or with something of the wrong type inside it."""
    expected, example = RETURNS.get(method, UNKNOWN)
    came = "None" if answer is None else type(answer).__name__[:100]
    mistake = Mistake(f"returned {came}{inside}, where {expected} is expected: {example}")
    mistake.came = reprlib.repr(answer)[:MAX_LINE_CHARS]
    return mistake


def problems_in(found: Any) -> list[FieldProblem]:
    """What `validate` has returned, as problems with texts. Raises Mistake for what are none."""
    try:
        each = iter(found)
    except TypeError:
        raise wrong_answer("validate", found) from None
    problems = list(each)
    for one in problems:
        if not all(hasattr(one, name) for name in ("pointer", "detail", "code")):
            raise wrong_answer("validate", found, inside=f" with {type(one).__name__[:100]} in it")
    return problems

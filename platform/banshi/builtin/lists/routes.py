"""The routes of the lists: the whole of each in one answer, but for the divisions, which come step by step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from banshi.builtin.lists.reading import NOT_NATIONALITIES, STATELESS, Entry, divided, entries, found, prefix
from banshi.builtin.sentences import say
from banshi.foundation.errors import InvalidParameter
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Parameter
from banshi.kernel.http.document_schemas import MAYBE_TEXT, Record, array
from banshi.kernel.http.responses import reply

ROUTES = Routes("catalogue")

CODE = {"type": "string", "description": "What a form's answer has."}
TITLE = {"type": "string", "description": "What a reader sees, in their language."}
CHOICE = Record(code=CODE, title=TITLE)
DIVISION = Record(
    code=CODE,
    title={**TITLE, "description": "What a reader sees; where it was searched, with the names of what is around it."},
    divided={"type": "boolean", "description": "Whether there are divisions in it; `within` has them."},
)
SEARCH = Parameter(
    "q",
    {"type": "string", "maxLength": 60},
    "Parts of a name, Chinese or English, or of a code, with blanks between them; fifty are found at most.",
)
WITHIN = Parameter("within", {"type": "string", "pattern": "^[1-9][0-9]{5}$"}, "A division's code: those right in it.")


def _answer(row: Record) -> dict[int, Answer]:
    return {200: Answer("The choices.", Record(items=array(row), next=MAYBE_TEXT))}


def _choices(call: Call, choices: Iterable[Entry]) -> Any:
    words = str(call.query.get("q", "")).strip()
    listed = found([*choices], words) if words else choices
    return reply(
        call, {"items": [{"code": one.code, "title": one.names[call.language]} for one in listed], "next": None}
    )


@ROUTES.get("/v1/lists/countries", Audience.ANYONE, _answer(CHOICE), parameters=(SEARCH,))
async def list_countries(call: Call) -> Any:
    """List countries and regions, by the three letters of ISO 3166-1."""
    return _choices(call, (one for code, one in entries("countries").items() if code != STATELESS))


@ROUTES.get("/v1/lists/nationalities", Audience.ANYONE, _answer(CHOICE), parameters=(SEARCH,))
async def list_nationalities(call: Call) -> Any:
    """List nationalities, by the three letters in a passport; XXA is none."""
    return _choices(call, (one for code, one in entries("countries").items() if code not in NOT_NATIONALITIES))


@ROUTES.get("/v1/lists/peoples", Audience.ANYONE, _answer(CHOICE), parameters=(SEARCH,))
async def list_peoples(call: Call) -> Any:
    """List the peoples of China, by the two digits of GB/T 3304."""
    return _choices(call, entries("peoples").values())


@ROUTES.get("/v1/lists/divisions", Audience.ANYONE, _answer(DIVISION), parameters=(SEARCH, WITHIN))
async def list_divisions(call: Call) -> Any:
    """List divisions, by the six digits of GB/T 2260.

    Without `q`: the provinces, or what is right in the division that `within` names. With it: whatever fits, at any
    depth, with full names.
    """
    known, within = entries("divisions"), call.query.get("within", "")
    if within and within not in known:
        raise InvalidParameter(
            say("There is no such division; choose one from the list."),
            parameter="within",
        )
    words = str(call.query.get("q", "")).strip()
    if words:
        begin, choices = prefix(within), [*known.values()]
        if begin:
            choices = [one for one in choices if one.code != within and one.code.startswith(begin)]
        listed = found(choices, words)
    else:
        listed = divided().get(within, [])
    rows = [
        {
            "code": one.code,
            "title": (one.full_names if words else one.names)[call.language],
            "divided": one.code in divided(),
        }
        for one in listed
    ]
    return reply(call, {"items": rows, "next": None})

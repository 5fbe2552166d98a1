"""Mistakes of callers, each with the sentence that it gets: it names what is wrong, and says what would be right.

That nothing of them is written down, and the same on bare connections: tests/banshi/kernel/http/test_bad_input.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from banshi.testing import Door, open_door
from tests.contract.words.test_words_for_people import TOLD_TO_PROGRAMS
from tests.places import DEPARTMENTS
from tests.readers.plain_words import wrong_with

APPLY, UPLOAD, ITEMS = "/v1/items/zone-pass/cases", "/v1/attachments", "/v1/items"
NOBODYS = "/v1/cases/00000000-0000-0000-0000-000000000000"
JSON = "application/json"
FORM = "multipart/form-data; boundary=b"


class Mistake(NamedTuple):
    what: str
    #: Verb and address.
    request: str
    status: int
    code: str
    #: The sentence; of a field, the one at its pointer: "/answers/plate: …".
    told: str
    body: bytes | None = None
    media_type: str = JSON
    headers: Mapping[str, str] = {}
    who: str = "citizen"


def part(head: str, content: bytes = b"x", end: bytes = b"--b--\r\n") -> bytes:
    """A multipart body with one part."""
    return f"--b\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n" + end


def answers(**given: Any) -> bytes:
    return json.dumps({"answers": given}).encode()


FILE = 'name="file"; filename="a.png"'


MISTAKES = [
    Mistake(
        "a body of another type",
        f"POST {APPLY}",
        415,
        "unsupported-media-type",
        "Send the body as application/json.",
        b"answers=1",
        media_type="application/x-www-form-urlencoded",
    ),
    Mistake(
        "a body without a type",
        f"POST {APPLY}",
        415,
        "unsupported-media-type",
        "Send the body as application/json.",
        b"{}",
        media_type="",
    ),
    Mistake(
        "a body in another charset",
        f"POST {APPLY}",
        415,
        "unsupported-media-type",
        "Send the body in UTF-8.",
        b"{}",
        media_type="application/json; charset=gbk",
    ),
    Mistake(
        "a type that is none",
        f"POST {APPLY}",
        415,
        "unsupported-media-type",
        "Send the body as application/json.",
        b"{}",
        media_type="json",
    ),
    Mistake(
        "a compressed body",
        f"POST {APPLY}",
        415,
        "unsupported-media-type",
        "Send the body without Content-Encoding.",
        b"{}",
        headers={"Content-Encoding": "gzip"},
    ),
    Mistake("no body", f"POST {APPLY}", 400, "malformed-body", "The body is empty: send one JSON object.", b""),
    Mistake(
        "JSON that is cut off",
        f"POST {APPLY}",
        400,
        "malformed-body",
        "The body is not JSON in UTF-8, at line 1, column 26: unexpected end of data.",
        b'{"answers": {"plate": "x"',
    ),
    Mistake(
        "a comma too many",
        f"POST {APPLY}",
        400,
        "malformed-body",
        "The body is not JSON in UTF-8, at line 1, column 15: trailing comma is not allowed.",
        b'{"answers": {},}',
    ),
    Mistake(
        "full-width quotes",
        f"POST {APPLY}",
        400,
        "malformed-body",
        'The body is not JSON in UTF-8, at line 1, column 2: write " in place of ＂ (U+FF02, fullwidth quotation mark).',  # noqa: E501
        "{＂answers＂: {}}".encode(),
    ),
    Mistake(
        "a full-width colon",
        f"POST {APPLY}",
        400,
        "malformed-body",
        ("The body is not JSON in UTF-8, at line 1, column 11: write : in place of ： (U+FF1A, fullwidth colon)."),
        '{"answers"： {}}'.encode(),
    ),
    Mistake(
        "single quotes",
        f"POST {APPLY}",
        400,
        "malformed-body",
        "The body is not JSON in UTF-8, at line 1, column 2: write \" in place of '.",
        b"{'answers': {}}",
    ),
    Mistake(
        "a comment",
        f"POST {APPLY}",
        400,
        "malformed-body",
        "The body is not JSON in UTF-8, at line 1, column 16: remove the comment, which JSON has none of.",
        b'{"answers": {} // all\n}',
    ),
    Mistake(
        "a number that is none",
        f"POST {APPLY}",
        400,
        "malformed-body",
        "The body is not JSON in UTF-8, at line 1, column 23: unexpected character, expected a JSON value.",
        b'{"answers": {"hours": NaN}}',
    ),
    Mistake(
        "a number without end",
        f"POST {APPLY}",
        400,
        "malformed-body",
        "The body is not JSON in UTF-8, at line 1, column 23: number is infinity when parsed as double.",
        b'{"answers": {"hours": 1e999}}',
    ),
    Mistake(
        "a key twice",
        f"POST {APPLY}",
        400,
        "malformed-body",
        "The body has the key 'answers' twice in one object: leave one of them out.",
        b'{"answers": {}, "answers": {}}',
    ),
    Mistake(
        "bytes in another encoding",
        f"POST {APPLY}",
        400,
        "malformed-body",
        "The body is not JSON in UTF-8: byte 23 begins no character.",
        '{"answers": {"plate": "川"}}'.encode("gbk"),
    ),
    Mistake(
        "a byte order mark",
        f"POST {APPLY}",
        400,
        "malformed-body",
        "The body is not JSON in UTF-8, at line 1, column 1: UTF-8 byte order mark (BOM) is not supported.",
        b"\xef\xbb\xbf{}",
    ),
    Mistake(
        "a NUL",
        f"POST {APPLY}",
        400,
        "malformed-body",
        "The body has a NUL character (\\u0000), which can't be stored: leave it out.",
        b'{"answers": {"plate": "a\\u0000"}}',
    ),
    Mistake(
        "half a surrogate",
        f"POST {APPLY}",
        400,
        "malformed-body",
        "The body is not JSON in UTF-8, at line 1, column 24: no low surrogate in string.",
        b'{"answers": {"plate": "\\ud800"}}',
    ),
    Mistake(
        "deep nesting",
        f"POST {APPLY}",
        400,
        "malformed-body",
        "The body nests deeper than 32 levels.",
        b'{"answers": ' + b"[" * 40 + b"]" * 40 + b"}",
    ),
    Mistake(
        "a list in place of an object",
        f"POST {APPLY}",
        400,
        "malformed-body",
        "The body has to be one JSON object.",
        b"[]",
    ),
    Mistake(
        "a body that is too large",
        f"POST {APPLY}",
        413,
        "too-large",
        "What was sent is larger than is taken here.",
        b'{"answers": "' + b"x" * 300_000 + b'"}',
    ),
    Mistake("no answers", f"POST {APPLY}", 422, "invalid-fields", "/answers: This is required.", b"{}"),
    Mistake(
        "answers of another type",
        f"POST {APPLY}",
        422,
        "invalid-fields",
        "/answers: Give a group of fields.",
        b'{"answers": []}',
    ),
    Mistake(
        "a member that is unknown",
        f"POST {APPLY}",
        422,
        "invalid-fields",
        "/anwser: There is no such field here; leave it out.",
        b'{"answers": {}, "anwser": 1}',
    ),
    Mistake(
        "a misspelt answer",
        f"POST {APPLY}",
        422,
        "invalid-fields",
        "/answers/plat: There is no such field here; leave it out.",
        answers(plat="川B12345"),
    ),
    Mistake(
        "an answer of another type",
        f"POST {APPLY}",
        422,
        "invalid-fields",
        "/answers/zones: Give a list.",
        answers(zones="a"),
    ),
    Mistake(
        "a choice that is not offered",
        f"POST {APPLY}",
        422,
        "invalid-fields",
        "/answers/vehicle_class: Choose one of: Light truck, Medium truck, Heavy truck, Special-purpose vehicle.",
        answers(vehicle_class="bike"),
    ),
    Mistake(
        "a plate that is none",
        f"POST {APPLY}",
        422,
        "invalid-fields",
        "/answers/plate: Give a whole number plate, such as 川B12345 or 川BD12345.",
        answers(plate="ABC"),
    ),
    Mistake(
        "a day that is none",
        f"POST {APPLY}",
        422,
        "invalid-fields",
        "/answers/valid_from: Give a date such as 2026-11-24.",
        answers(valid_from="2026-02-30"),
    ),
    Mistake(
        "a day in another order",
        f"POST {APPLY}",
        422,
        "invalid-fields",
        "/answers/valid_from: Give a date such as 2026-11-24.",
        answers(valid_from="01.12.2026"),
    ),
    Mistake(
        "a day in the year 0",
        f"POST {APPLY}",
        422,
        "invalid-fields",
        "/answers/valid_from: Give a date such as 2026-11-24.",
        answers(valid_from="0000-01-01"),
    ),
    Mistake(
        "a day that has passed",
        f"POST {APPLY}",
        422,
        "invalid-fields",
        "/answers/valid_from: Give a day no earlier than today ({today}).",
        answers(valid_from="2020-01-01"),
    ),
    Mistake(
        "a file that is not there",
        f"POST {APPLY}",
        422,
        "invalid-fields",
        "/answers/licence: Give the id that the platform has given.",
        answers(licence="x"),
    ),
    Mistake(
        "an empty key",
        f"POST {APPLY}",
        400,
        "invalid-parameter",
        "Idempotency-Key has 1 to 128 ASCII characters without spaces.",
        b"{}",
        headers={"Idempotency-Key": ""},
    ),
    Mistake(
        "a key that is too long",
        f"POST {APPLY}",
        400,
        "invalid-parameter",
        "Idempotency-Key has 1 to 128 ASCII characters without spaces.",
        b"{}",
        headers={"Idempotency-Key": "k" * 129},
    ),
    Mistake(
        "a key with a space",
        f"POST {APPLY}",
        400,
        "invalid-parameter",
        "Idempotency-Key has 1 to 128 ASCII characters without spaces.",
        b"{}",
        headers={"Idempotency-Key": "a b"},
    ),
    Mistake(
        "an item that is not there",
        "POST /v1/items/zone-pas/cases",
        404,
        "not-found",
        "There is no such item to begin; look for it in the list of items.",
        b"{}",
    ),
    Mistake(
        "an item that is not there, read",
        "GET /v1/items/zone-pas",
        404,
        "not-found",
        "There is no such item; look for it in the list of items.",
    ),
    Mistake("a case that is nobody's", f"GET {NOBODYS}", 404, "not-found", "There is no such case that you may see."),
    Mistake("an id that is none", "GET /v1/cases/17", 404, "not-found", "There is nothing here that you may see."),
    Mistake("an address that is none", "GET /v1/case", 404, "not-found", "There is nothing here that you may see."),
    Mistake(
        "another method",
        f"PATCH {APPLY}",
        405,
        "method-not-allowed",
        "This path knows other methods.",
        b"{}",
    ),
    Mistake(
        "a reading where one writes",
        f"GET {APPLY}",
        405,
        "method-not-allowed",
        "This path knows other methods.",
    ),
    Mistake(
        "a limit of nothing",
        "GET /v1/items?limit=0",
        400,
        "invalid-parameter",
        'limit has to fit the schema {"type":"integer","minimum":1,"maximum":100,"default":20}.',
    ),
    Mistake(
        "a limit that is too large",
        "GET /v1/items?limit=1000",
        400,
        "invalid-parameter",
        'limit has to fit the schema {"type":"integer","minimum":1,"maximum":100,"default":20}.',
    ),
    Mistake(
        "a limit in words",
        "GET /v1/items?limit=ten",
        400,
        "invalid-parameter",
        'limit has to fit the schema {"type":"integer","minimum":1,"maximum":100,"default":20}.',
    ),
    Mistake("a parameter twice", "GET /v1/items?limit=1&limit=2", 400, "invalid-parameter", "limit may be given once."),
    Mistake(
        "a misspelt parameter",
        "GET /v1/cases?limt=5",
        400,
        "invalid-parameter",
        "There is no such query parameter; there are: state, limit, cursor.",
    ),
    Mistake(
        "a search in another encoding", "GET /v1/items?q=%B4%A8", 400, "invalid-parameter", "q has to be in UTF-8."
    ),
    Mistake(
        "a search that is too long",
        f"GET /v1/items?q={'x' * 101}",
        400,
        "invalid-parameter",
        'q has to fit the schema {"type":"string","maxLength":100}.',
    ),
    Mistake(
        "a kind that is none",
        "GET /v1/items?kind=pass",
        400,
        "invalid-parameter",
        "The kinds are appeal, application, appointment, posting, query.",
    ),
    Mistake(
        "a cursor of my own",
        "GET /v1/cases?cursor=abc",
        400,
        "invalid-parameter",
        "The list has no such place; begin it anew.",
    ),
    Mistake(
        "a filter for a department that is none",
        "GET /v1/items?department=moon",
        400,
        "invalid-parameter",
        "There is no such department; look for it in the list of departments.",
    ),
    Mistake(
        "no token",
        f"POST {APPLY}",
        401,
        "unauthenticated",
        "Please sign in; if you had signed in, that has ended.",
        b"{}",
        who="anyone",
    ),
    Mistake(
        "a token that is none",
        f"POST {APPLY}",
        401,
        "unauthenticated",
        "Please sign in; if you had signed in, that has ended.",
        b"{}",
        headers={"Authorization": "Bearer abc"},
        who="anyone",
    ),
    Mistake(
        "a password in place of a token",
        f"POST {APPLY}",
        401,
        "unauthenticated",
        "Please sign in; if you had signed in, that has ended.",
        b"{}",
        headers={"Authorization": "Basic d2FuZzp4"},
        who="anyone",
    ),
    Mistake(
        "a token in the address",
        "GET /v1/cases?access_token=abc",
        401,
        "unauthenticated",
        "Please sign in; if you had signed in, that has ended.",
        who="anyone",
    ),
    Mistake(
        "a token of staff's",
        f"POST {APPLY}",
        403,
        "forbidden",
        "Your account does not allow this.",
        b"{}",
        who="staff",
    ),
    Mistake(
        "a token of a citizen's",
        "GET /v1/worklist",
        403,
        "forbidden",
        "Your account does not allow this.",
    ),
    Mistake(
        "an action without a body",
        f"POST {NOBODYS}/actions/approve",
        400,
        "malformed-body",
        "The body is empty: send one JSON object.",
        b"",
        who="staff",
    ),
    Mistake(
        "a decision about a case that is nobody's",
        f"POST {NOBODYS}/actions/approve",
        404,
        "not-found",
        "There is no such case that you may see.",
        b"{}",
        who="staff",
    ),
    Mistake(
        "an upload as JSON",
        f"POST {UPLOAD}",
        415,
        "unsupported-media-type",
        "Send multipart/form-data with one field 'file'.",
        b"{}",
    ),
    Mistake(
        "an upload without a boundary",
        f"POST {UPLOAD}",
        415,
        "unsupported-media-type",
        "Send multipart/form-data with one field 'file'.",
        b"x",
        media_type="multipart/form-data",
    ),
    Mistake(
        "an upload under another name",
        f"POST {UPLOAD}",
        400,
        "malformed-body",
        "The first field of the multipart body has to be 'file'.",
        part('name="photo"'),
        media_type=FORM,
    ),
    Mistake(
        "an upload of something else",
        f"POST {UPLOAD}",
        415,
        "unsupported-media-type",
        "Files of this type are not taken. Send a PDF, or a picture such as a JPEG or PNG.",
        part(FILE, b"MZ123456"),
        media_type=FORM,
    ),
    Mistake(
        "an upload of nothing",
        f"POST {UPLOAD}",
        415,
        "unsupported-media-type",
        "Files of this type are not taken. Send a PDF, or a picture such as a JPEG or PNG.",
        part(FILE, b""),
        media_type=FORM,
    ),
    Mistake(
        "two files at once",
        f"POST {UPLOAD}",
        400,
        "malformed-body",
        "The multipart body has one field, 'file', and no other.",
        part(FILE, end=b"") + part(FILE),
        media_type=FORM,
    ),
    Mistake(
        "an upload that is cut off",
        f"POST {UPLOAD}",
        400,
        "malformed-body",
        "The multipart body ends before its time.",
        part(FILE, end=b""),
        media_type=FORM,
    ),
    Mistake(
        "an upload in base64",
        f"POST {UPLOAD}",
        415,
        "unsupported-media-type",
        "Send the file as it is, without encoding.",
        part(FILE + "\r\nContent-Transfer-Encoding: base64"),
        media_type=FORM,
    ),
    Mistake(
        "a picture that is broken",
        f"POST {UPLOAD}",
        415,
        "unsupported-media-type",
        "Files of this type are not taken. Send a PDF, or a picture such as a JPEG or PNG.",
        part(FILE, b"\x89PNG\r\n\x1a\n"),
        media_type=FORM,
    ),
    Mistake(
        "a scan of something else",
        "POST /v1/passes/verify",
        422,
        "invalid-fields",
        "/txt: There is no such field here; leave it out.",
        b'{"txt": "BS1:"}',
        who="officer",
    ),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with open_door(tmp_path_factory.mktemp("callers"), {"traffic": DEPARTMENTS / "traffic"}) as one:
        yield one


def told_in(document: Mapping[str, Any], told: str) -> str:
    """The sentence of a problem, or that of the field at whose pointer the expected one is."""
    pointer, found, _ = told.partition(": ")
    if not found or not pointer.startswith("/"):
        return str(document["detail"])
    return next(f"{pointer}: {one['detail']}" for one in document["problems"] if one["pointer"] == pointer)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: one.what)
async def test_a_mistake_is_told_in_both_languages_with_what_would_be_right(mistake: Mistake, door: Door) -> None:
    people = {
        "citizen": door.citizen("wang"),
        "staff": door.staff("li", "traffic:approver"),
        "officer": door.officer("zhou", "traffic"),
        "anyone": door.anyone,
    }
    method, _, path = mistake.request.partition(" ")
    headers = {**mistake.headers, **({"Content-Type": mistake.media_type} if mistake.body is not None else {})}
    for language in ("en", "zh-CN"):
        asked = {**headers, "Accept-Language": language}
        reply = await people[mistake.who].call(method, path, data=mistake.body, headers=asked)
        document = reply.problem(mistake.status, mistake.code)
        assert not re.search(r"Traceback|\.py\b|banshi\.|plugins/|Error\b", json.dumps(document))
        if language == "en":
            told = mistake.told.replace("{today}", str(door.platform.today()))
            assert told_in(document, told) == told
        program = mistake.code in TOLD_TO_PROGRAMS
        texts = [document["detail"], *(one["detail"] for one in document.get("problems", ()))]
        assert not [(text, wrong) for text in texts if (wrong := wrong_with(text, language, program=program))]


def test_there_are_forty_mistakes_of_callers_and_none_twice() -> None:
    assert len({one.what for one in MISTAKES}) == len(MISTAKES) >= 40


#: A member, a header, a parameter, a method or a route is named by one of these, or a place in the body.
NAMES = re.compile(
    r"/\w+|body|JSON|Idempotency-Key|Authorization|methods|limit|place|\bq\b|kind|department|oken|[Ff]ile|account|sent"
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: one.what)
def test_each_sentence_names_what_is_wrong(mistake: Mistake) -> None:
    assert NAMES.search(mistake.told) or mistake.status == 404 or mistake.code not in TOLD_TO_PROGRAMS
    assert len(mistake.told.split()) >= 4

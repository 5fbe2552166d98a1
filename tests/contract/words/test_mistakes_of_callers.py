"""Mistakes of callers, each with the sentence that it gets: it names what is wrong, and says what would be right.

Further ones, and those on bare connections: tests/banshi/kernel/http/test_bad_input.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from banshi.testing import Door, Reply, open_door
from tests.banshi.kernel.http.test_bad_input import World
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


def of_bodies(path: str, status: int, code: str, rows: Mapping[str, tuple[bytes, str]], **same: Any) -> list[Mistake]:
    """What is wrong → the body that is sent, and what is told."""
    return [Mistake(what, f"POST {path}", status, code, told, body, **same) for what, (body, told) in rows.items()]


def of_types(path: str, rows: Mapping[str, tuple[str, str]]) -> list[Mistake]:
    """What is wrong → the type that the body is said to have, and what is told."""
    return [
        Mistake(what, f"POST {path}", 415, "unsupported-media-type", told, b"{}", media_type=media_type)
        for what, (media_type, told) in rows.items()
    ]


def of_addresses(status: int, code: str, rows: Mapping[str, tuple[str, str]], **same: Any) -> list[Mistake]:
    """What is wrong → the address that is read, and what is told."""
    return [Mistake(what, f"GET {path}", status, code, told, **same) for what, (path, told) in rows.items()]


def of_headers(status: int, code: str, told: str, rows: Mapping[str, Mapping[str, str]], **same: Any) -> list[Mistake]:
    """What is wrong → the headers of an application: all are told the same."""
    return [
        Mistake(what, f"POST {APPLY}", status, code, told, b"{}", headers=headers, **same)
        for what, headers in rows.items()
    ]


def part(head: str, content: bytes = b"x", end: bytes = b"--b--\r\n") -> bytes:
    """A multipart body with one part."""
    return f"--b\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n" + end


def answers(**given: Any) -> bytes:
    return json.dumps({"answers": given}).encode()


FILE = 'name="file"; filename="a.png"'
AS_JSON, AS_FORM = "Send the body as application/json.", "Send multipart/form-data with one field 'file'."
EMPTY = "The body is empty: send one JSON object."
NO_JSON = "The body is not JSON in UTF-8"
UNKNOWN = "There is no such field here; leave it out."
DAY = "/answers/valid_from: Give a date such as 2026-11-24."
OTHER_FILE = "Files of this type are not taken. Send a PDF, or a picture such as a JPEG or PNG."
LIMIT = 'limit has to fit the schema {"type":"integer","minimum":1,"maximum":100,"default":20}.'
SIGN_IN, ALLOWED = "Please sign in; if you had signed in, that has ended.", "Your account does not allow this."
NO_CASE, NOTHING = "There is no such case that you may see.", "There is nothing here that you may see."
METHODS = "This path knows other methods."

#: In bodies that are no JSON.
UNREADABLE = {
    "JSON that is cut off": (b'{"answers": {"plate": "x"', f"{NO_JSON}, at line 1, column 26: unexpected end of data."),
    "a comma too many": (b'{"answers": {},}', f"{NO_JSON}, at line 1, column 15: trailing comma is not allowed."),
    "full-width quotes": (
        "{＂answers＂: {}}".encode(),
        f'{NO_JSON}, at line 1, column 2: write " in place of ＂ (U+FF02, fullwidth quotation mark).',
    ),
    "a full-width colon": (
        '{"answers"： {}}'.encode(),
        f"{NO_JSON}, at line 1, column 11: write : in place of ： (U+FF1A, fullwidth colon).",
    ),
    "single quotes": (b"{'answers': {}}", f"{NO_JSON}, at line 1, column 2: write \" in place of '."),
    "a comment": (
        b'{"answers": {} // all\n}',
        f"{NO_JSON}, at line 1, column 16: remove the comment, which JSON has none of.",
    ),
    "a number that is none": (
        b'{"answers": {"hours": NaN}}',
        f"{NO_JSON}, at line 1, column 23: unexpected character, expected a JSON value.",
    ),
    "a number without end": (
        b'{"answers": {"hours": 1e999}}',
        f"{NO_JSON}, at line 1, column 23: number is infinity when parsed as double.",
    ),
    "bytes in another encoding": (
        '{"answers": {"plate": "川"}}'.encode("gbk"),
        f"{NO_JSON}: byte 23 begins no character.",
    ),
    "a byte order mark": (
        b"\xef\xbb\xbf{}",
        f"{NO_JSON}, at line 1, column 1: UTF-8 byte order mark (BOM) is not supported.",
    ),
    "half a surrogate": (
        b'{"answers": {"plate": "\\ud800"}}',
        f"{NO_JSON}, at line 1, column 24: no low surrogate in string.",
    ),
}

#: In JSON that is not what an application's body has to be.
UNFIT = {
    "no body": (b"", EMPTY),
    "a key twice": (
        b'{"answers": {}, "answers": {}}',
        "The body has the key 'answers' twice in one object: leave one of them out.",
    ),
    "a NUL": (
        b'{"answers": {"plate": "a\\u0000"}}',
        "The body has a NUL character (\\u0000), which can't be stored: leave it out.",
    ),
    "deep nesting": (b'{"answers": ' + b"[" * 40 + b"]" * 40 + b"}", "The body nests deeper than 32 levels."),
    "a list in place of an object": (b"[]", "The body has to be one JSON object."),
}

#: In fields.
FIELDS = {
    "no answers": (b"{}", "/answers: This is required."),
    "answers of another type": (b'{"answers": []}', "/answers: Give a group of fields."),
    "a member that is unknown": (b'{"answers": {}, "anwser": 1}', f"/anwser: {UNKNOWN}"),
    "a misspelt answer": (answers(plat="川B12345"), f"/answers/plat: {UNKNOWN}"),
    "an answer of another type": (answers(zones="a"), "/answers/zones: Give a list."),
    "a choice that is not offered": (
        answers(vehicle_class="bike"),
        "/answers/vehicle_class: Choose one of: Light truck, Medium truck, Heavy truck, Special-purpose vehicle.",
    ),
    "a plate that is none": (
        answers(plate="ABC"),
        "/answers/plate: Give a whole number plate, such as 川B12345 or 川BD12345.",
    ),
    "a day that is none": (answers(valid_from="2026-02-30"), DAY),
    "a day in another order": (answers(valid_from="01.12.2026"), DAY),
    "a day in the year 0": (answers(valid_from="0000-01-01"), DAY),
    "a day that has passed": (
        answers(valid_from="2020-01-01"),
        "/answers/valid_from: Give a day no earlier than today ({today}).",
    ),
    "a file that is not there": (answers(licence="x"), "/answers/licence: Give the id that the platform has given."),
}

#: In the query of an address.
PARAMETERS = {
    "a limit of nothing": ("/v1/items?limit=0", LIMIT),
    "a limit that is too large": ("/v1/items?limit=1000", LIMIT),
    "a limit in words": ("/v1/items?limit=ten", LIMIT),
    "a parameter twice": ("/v1/items?limit=1&limit=2", "limit may be given once."),
    "a misspelt parameter": (
        "/v1/cases?limt=5",
        "There is no such query parameter; there are: state, limit, cursor.",
    ),
    "a search in another encoding": ("/v1/items?q=%B4%A8", "q has to be in UTF-8."),
    "a search that is too long": (
        f"/v1/items?q={'x' * 101}",
        'q has to fit the schema {"type":"string","maxLength":100}.',
    ),
    "a kind that is none": (
        "/v1/items?kind=pass",
        "The kinds are appeal, application, appointment, posting, query.",
    ),
    "a cursor of my own": ("/v1/cases?cursor=abc", "The list has no such place; begin it anew."),
    "a filter for a department that is none": (
        "/v1/items?department=moon",
        "There is no such department; look for it in the list of departments.",
    ),
}

#: In multipart bodies, each with a file that is not taken, or with no whole one.
NO_PICTURES = {
    "an upload of something else": (part(FILE, b"MZ123456"), OTHER_FILE),
    "an upload of nothing": (part(FILE, b""), OTHER_FILE),
    "a picture that is broken": (part(FILE, b"\x89PNG\r\n\x1a\n"), OTHER_FILE),
    "an upload in base64": (
        part(FILE + "\r\nContent-Transfer-Encoding: base64"),
        "Send the file as it is, without encoding.",
    ),
}
NO_WHOLE_FILES = {
    "an upload under another name": (part('name="photo"'), "The first field of the multipart body has to be 'file'."),
    "two files at once": (part(FILE, end=b"") + part(FILE), "The multipart body has one field, 'file', and no other."),
    "an upload that is cut off": (part(FILE, end=b""), "The multipart body ends before its time."),
}

TYPE, DECIDE = "unsupported-media-type", f"POST {NOBODYS}/actions/approve"
MISTAKES = [
    *of_types(
        APPLY,
        {
            "a body of another type": ("application/x-www-form-urlencoded", AS_JSON),
            "a body without a type": ("", AS_JSON),
            "a body in another charset": ("application/json; charset=gbk", "Send the body in UTF-8."),
            "a type that is none": ("json", AS_JSON),
        },
    ),
    *of_types(
        UPLOAD,
        {
            "an upload as JSON": (JSON, AS_FORM),
            "an upload without a boundary": ("multipart/form-data", AS_FORM),
        },
    ),
    *of_headers(
        415,
        TYPE,
        "Send the body without Content-Encoding.",
        {
            "a compressed body": {"Content-Encoding": "gzip"},
        },
    ),
    *of_bodies(APPLY, 400, "malformed-body", UNREADABLE | UNFIT),
    *of_bodies(
        APPLY,
        413,
        "too-large",
        {
            "a body that is too large": (
                b'{"answers": "' + b"x" * 300_000 + b'"}',
                "What was sent is larger than is taken here.",
            ),
        },
    ),
    *of_bodies(APPLY, 422, "invalid-fields", FIELDS),
    *of_headers(
        400,
        "invalid-parameter",
        "Idempotency-Key has 1 to 128 ASCII characters without spaces.",
        {
            "an empty key": {"Idempotency-Key": ""},
            "a key that is too long": {"Idempotency-Key": "k" * 129},
            "a key with a space": {"Idempotency-Key": "a b"},
        },
    ),
    *of_addresses(400, "invalid-parameter", PARAMETERS),
    *of_addresses(
        404,
        "not-found",
        {
            "an item that is not there, read": (
                "/v1/items/zone-pas",
                "There is no such item; look for it in the list of items.",
            ),
            "a case that is nobody's": (NOBODYS, NO_CASE),
            "an id that is none": ("/v1/cases/17", NOTHING),
            "an address that is none": ("/v1/case", NOTHING),
        },
    ),
    Mistake(
        "an item that is not there",
        "POST /v1/items/zone-pas/cases",
        404,
        "not-found",
        "There is no such item to begin; look for it in the list of items.",
        b"{}",
    ),
    Mistake("another method", f"PATCH {APPLY}", 405, "method-not-allowed", METHODS, b"{}"),
    *of_addresses(405, "method-not-allowed", {"a reading where one writes": (APPLY, METHODS)}),
    *of_headers(
        401,
        "unauthenticated",
        SIGN_IN,
        {
            "no token": {},
            "a token that is none": {"Authorization": "Bearer abc"},
            "a password in place of a token": {"Authorization": "Basic d2FuZzp4"},
        },
        who="anyone",
    ),
    *of_addresses(
        401,
        "unauthenticated",
        {
            "a token in the address": ("/v1/cases?access_token=abc", SIGN_IN),
        },
        who="anyone",
    ),
    *of_headers(403, "forbidden", ALLOWED, {"a token of staff's": {}}, who="staff"),
    *of_addresses(403, "forbidden", {"a token of a citizen's": ("/v1/worklist", ALLOWED)}),
    Mistake("an action without a body", DECIDE, 400, "malformed-body", EMPTY, b"", who="staff"),
    Mistake("a decision about a case that is nobody's", DECIDE, 404, "not-found", NO_CASE, b"{}", who="staff"),
    *of_bodies(UPLOAD, 415, TYPE, NO_PICTURES, media_type=FORM),
    *of_bodies(UPLOAD, 400, "malformed-body", NO_WHOLE_FILES, media_type=FORM),
    *of_bodies(
        "/v1/passes/verify",
        422,
        "invalid-fields",
        {
            "a scan of something else": (b'{"txt": "BS1:"}', f"/txt: {UNKNOWN}"),
        },
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


async def made(door: Door, mistake: Mistake, language: str) -> Reply:
    people = {
        "citizen": door.citizen("wang"),
        "staff": door.staff("li", "traffic:approver"),
        "officer": door.officer("zhou", "traffic"),
        "anyone": door.anyone,
    }
    method, _, path = mistake.request.partition(" ")
    headers = {**mistake.headers, **({"Content-Type": mistake.media_type} if mistake.body is not None else {})}
    asked = {**headers, "Accept-Language": language}
    return await people[mistake.who].call(method, path, data=mistake.body, headers=asked)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: one.what)
async def test_a_mistake_is_told_in_both_languages_with_what_would_be_right(mistake: Mistake, door: Door) -> None:
    for language in ("en", "zh-CN"):
        document = (await made(door, mistake, language)).problem(mistake.status, mistake.code)
        assert not re.search(r"Traceback|\.py\b|banshi\.|plugins/|Error\b", json.dumps(document))
        if language == "en":
            told = mistake.told.replace("{today}", str(door.platform.today()))
            assert told_in(document, told) == told
        program = mistake.code in TOLD_TO_PROGRAMS
        texts = [document["detail"], *(one["detail"] for one in document.get("problems", ()))]
        assert not [(text, wrong) for text in texts if (wrong := wrong_with(text, language, program=program))]


@pytest.mark.asyncio(loop_scope="module")
async def test_nothing_of_a_mistake_is_written_down(door: Door) -> None:
    """Of who has no right to ask, there is a count."""
    async with World(door, door.citizen("wang")).unchanged():
        for mistake in (one for one in MISTAKES if one.status not in {401, 403}):
            (await made(door, mistake, "en")).problem(mistake.status, mistake.code)


def test_there_are_forty_mistakes_of_callers_and_none_twice() -> None:
    assert len({one.what for one in MISTAKES}) == len(MISTAKES) >= 40


#: A member, a header, a parameter, a method or a route is named by one of these, or a place in the body.
NAMES = re.compile(
    r"/\w+|body|JSON|Idempotency-Key|Authorization|methods|limit|place|\bq\b|kind|department|oken|[Ff]ile|account|sent"
)


def test_each_sentence_names_what_is_wrong() -> None:
    told = [one for one in MISTAKES if one.status != 404 and one.code in TOLD_TO_PROGRAMS]
    assert not [one for one in told if not NAMES.search(one.told)]
    assert not [one for one in MISTAKES if len(one.told.split()) < 4]

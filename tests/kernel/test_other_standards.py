"""What a plugin's route may do that speaks another standard: its own errors, a lenient query, a token elsewhere; and
what a plugin keeps with a case for its staff."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from banshi.builtin.checks.code.routes import route_faults
from banshi.forms import Form
from banshi.kernel.contract.routes import Answer, Audience, Route
from banshi.testing import Door, open_door

TRAFFIC = Path(__file__).resolve().parents[2] / "plugins" / "departments" / "traffic"

together = pytest.mark.asyncio(loop_scope="module")

SPEAKER = """
from aiohttp import web

from banshi import Answer, Audience, NotFound, Offer, Parameter, Route, hookimpl, reply
from banshi.sdk.cases import ENCLOSURES, Enclosure
from banshi.sdk.http import ErrorFormat, caller_of


def told(problem, language):
    text = f"<{language} {problem.status} {problem.code}>"
    return web.Response(text=text, status=problem.status, content_type="text/x")


def broken(problem, language):
    raise ValueError(language)


async def show(call):
    if call.query.get("how") == "missing":
        raise NotFound("Nothing.")
    if call.query.get("how") == "crash":
        raise RuntimeError("inside")
    who = await caller_of(call.platform, call.query.get("token", ""))
    return reply(call, {"query": dict(call.query), "who": who.subject if who else None})


async def read(platform, case):
    return {"number": case.number} if case.item == "zone-pass" else None


@hookimpl
def banshi_offers():
    return [Offer(ENCLOSURES, Enclosure(read))]


@hookimpl
def banshi_routes():
    parameters = [
        Parameter(name="how", schema={"type": "string", "pattern": "^[a-z,]+$"}, description="How."),
        Parameter(name="token", schema={"type": "string"}, description="Whose."),
        Parameter(name="count", schema={"type": "integer"}, description="How many."),
    ]
    answers = {200: Answer(description="It."), 401: Answer(description="Nobody's token.")}
    return [
        Route(
            method="GET", path=f"/v1/{name}/{{id}}", audience=Audience.ANYONE, handler=show, operation=name,
            summary="Show.", tag="x", parameters=parameters, answers=answers, lenient=True,
            errors=ErrorFormat(media_type="text/x", told=how),
        )
        for name, how in (("spoken", told), ("unspoken", broken))
    ]
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    folder = tmp_path_factory.mktemp("speaker")
    (folder / "speaker").mkdir()
    (folder / "speaker" / "__init__.py").write_text(SPEAKER, encoding="utf-8")
    async with open_door(folder, {"speaker": folder / "speaker", "traffic": TRAFFIC}) as opened:
        yield opened


@together
@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/spoken/1?how=missing", 404, "not-found"),
        ("/v1/spoken/1?how=crash", 500, "internal-error"),
        ("/v1/spoken/1?how=9", 400, "invalid-parameter"),
        ("/v1/spoken/1?count=many", 400, "invalid-parameter"),
        ("/v1/spoken/%00", 404, "not-found"),
        ("/v1/spoken/1?token=nonsense", 401, "unauthenticated"),
    ],
)
async def test_whatever_goes_wrong_is_told_as_the_route_s_standard_has_it(
    door: Door, path: str, status: int, code: str
) -> None:
    answer = await door.anyone.get(path, headers={"Accept-Language": "en"})
    assert (answer.status, answer.body.decode()) == (status, f"<en {status} {code}>")
    # A format that breaks itself hides nothing: it is a problem document then.
    (await door.anyone.get(path.replace("spoken", "unspoken"))).problem(status, code)


@together
async def test_a_lenient_query_joins_what_is_repeated_and_leaves_out_what_is_empty_or_unknown(door: Door) -> None:
    shown = (await door.anyone.get("/v1/spoken/1?how=a&how=b,c&count=&nonsense=1&token=&count=3")).ok()
    assert shown == {"query": {"how": "a,b,c", "count": 3}, "who": None}
    (await door.citizen("wang").get("/v1/items?kind=query&kind=query")).problem(400, "invalid-parameter")


@together
async def test_a_token_that_comes_elsewhere_is_held_to_the_same(door: Door) -> None:
    token = str(door.citizen("wang").token)
    assert (await door.anyone.get("/v1/spoken/1", params={"token": token})).ok()["who"] == "wang"
    assert (await door.anyone.get("/v1/spoken/1", params={"token": token[:-2]})).status == 401


@together
async def test_the_description_has_the_route_s_own_errors(door: Door) -> None:
    told = (await door.anyone.get("/openapi.json")).ok()["paths"]["/v1/spoken/{id}"]["get"]["responses"]
    assert told["404"]["content"] == told["400"]["content"] == {"text/x": {"schema": {"type": "string"}}}


@together
async def test_what_a_plugin_keeps_with_a_case_is_read_by_its_staff_alone(door: Door, answers: Any) -> None:
    wang = door.citizen("wang")
    case = (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)})).created()
    seen = (await door.staff("li", "traffic:reviewer").get(f"/v1/cases/{case['id']}")).ok()
    assert seen["enclosures"] == {"speaker": {"number": case["number"]}}
    assert "enclosures" not in case
    assert "enclosures" not in (await wang.get(f"/v1/cases/{case['id']}")).ok()


async def handler(call: Any) -> Any:
    raise NotImplementedError(call)


@pytest.mark.parametrize(
    ("changes", "right"),
    [
        ({"scope": "open311", "raw_body": {"text/x": {}}, "method": "POST"}, True),
        ({"scope": "open311"}, False),
        ({"scope": "Open 311", "raw_body": {"text/x": {}}, "method": "POST"}, False),
        ({"scope": "open311", "audience": Audience.STAFF, "raw_body": {"text/x": {}}, "method": "POST"}, False),
    ],
)
def test_a_route_for_anyone_names_a_scope_only_where_a_body_can_bring_the_token(
    changes: dict[str, Any], right: bool
) -> None:
    given: dict[str, Any] = {"method": "GET", "path": "/v1/x", "audience": Audience.ANYONE, "handler": handler}
    given |= {"operation": "x", "summary": "X.", "tag": "x", "answers": {200: Answer(description="X.")}}
    faults = [one for one in route_faults(Route(**{**given, **changes})) if "scope" in one]
    assert bool(faults) != right


@pytest.mark.parametrize(
    "field",
    [
        {"type": "string", "x-place": "town"},
        {"type": "string", "x-place": "latitude"},
        {"type": "number", "x-place": "address"},
        {"x-place": "longitude"},
        {"type": "string", "x-place": ["address"]},
    ],
)
def test_a_place_that_is_none_is_told_to_the_form_s_author(field: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="#/properties/where: x-place is"):
        Form.from_schema({"type": "object", "properties": {"where": field}})


def test_the_public_face_has_what_such_a_route_needs() -> None:
    http, cases = importlib.import_module("banshi.sdk.http"), importlib.import_module("banshi.sdk.cases")
    assert {"ErrorFormat", "caller_of"} <= set(dir(http))
    assert {"Enclosure", "ENCLOSURES", "prepare_case", "personal_in"} <= set(dir(cases))
    assert cases.personal_in("拨打 13800000000") == {"phone"}

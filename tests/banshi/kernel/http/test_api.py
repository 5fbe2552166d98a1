"""The uniform manners of the HTTP API: problems, validators, languages, pages, request ids and metrics."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from banshi.testing import Door, Person, open_door
from tests.conftest import good_answers
from tests.town.api_world import World, metrics_of

together = pytest.mark.asyncio(loop_scope="module")

# -- validators ------------------------------------------------------------------------------------------------------

#: What is different at each look, and what a cache must not answer for.
WITHOUT_TAG = {"healthz", "readyz", "metrics", "show_my_data", "show_my_bundle"}


@together
async def test_every_read_has_a_tag_that_is_answered_with_304(world: World) -> None:
    """Personal reads and files too; the 304 has no body and the same validators."""
    tagged = set()
    for route, reader, path in world.reads():
        first = await reader.get(path)
        assert first.status == 200, f"{path}: {first.body!r}"
        tag = first.headers.get("ETag")
        assert (tag is None) == (route.operation in WITHOUT_TAG), path
        if tag is None:
            continue
        assert re.fullmatch(r'"[!#-~]+"', tag), "a strong validator"
        for asked in (tag, f"W/{tag}", f'"x", {tag}', f'{tag},"y"', "*"):
            again = await reader.get(path, headers={"If-None-Match": asked})
            assert (again.status, again.body) == (304, b""), f"{path} {asked}"
            assert again.headers["ETag"] == tag
            assert again.headers.get("Cache-Control") == first.headers.get("Cache-Control")
        for asked in ('"other"', tag.strip('"'), "", '"'):
            assert (await reader.get(path, headers={"If-None-Match": asked})).status == 200, f"{path} {asked!r}"
        tagged.add(route.operation)
    assert {"show_case", "list_cases", "worklist", "download", "show_pass_png", "list_items", "openapi"} <= tagged


@together
async def test_a_tag_changes_with_what_is_read(world: World) -> None:
    """… and so a phone that asks with its old one gets the news."""
    case = (await world.wang.post("/v1/items/zone-pass/cases", {"answers": await good_answers(world.wang)})).created()
    await world.door.settled()
    path = f"/v1/cases/{case['id']}"
    before = (await world.wang.get(path)).headers["ETag"]
    (await world.wang.post(f"{path}/actions/withdraw")).ok()
    after = await world.wang.get(path, headers={"If-None-Match": before})
    assert after.status == 200
    assert after.headers["ETag"] != before


@together
async def test_readers_who_see_something_else_have_another_tag(world: World) -> None:
    """The staff's view of a case is not the citizen's, nor the English one the Chinese."""
    path = f"/v1/cases/{world.case}"
    tags = {
        (await person.get(path, headers={"Accept-Language": language})).headers["ETag"]
        for person in (world.wang, world.staff)
        for language in ("zh-CN", "en")
    }
    assert len(tags) == 4


# -- languages -------------------------------------------------------------------------------------------------------


#: What is for programs, and the same for all readers.
ALIKE_FOR_ALL = {*WITHOUT_TAG, "openapi", "export_item_list"}


@together
async def test_the_language_is_the_reader_s_choice_and_said(world: World) -> None:
    """Every JSON answer says its language and that it depends on it."""
    for route, reader, path in world.reads():
        for language in ("zh-CN", "en"):
            answer = await reader.get(path, headers={"Accept-Language": language})
            if answer.headers["Content-Type"] == "application/json" and route.operation not in ALIKE_FOR_ALL:
                assert answer.headers.get("Content-Language") == language, path
                assert "Accept-Language" in answer.headers.get("Vary", ""), path


@together
async def test_texts_are_in_the_language_that_was_asked_for(world: World) -> None:
    """Catalogue, case, problems of a form, verdict; a state or a code is the same in all of them."""
    for language, title, problem in (
        ("zh-CN", "禁区通行证", "应填完整号牌"),
        ("en", "Restricted-zone vehicle pass", "Give a whole number plate"),
    ):
        headers = {"Accept-Language": language}
        assert (await world.door.anyone.get("/v1/items/zone-pass", headers=headers)).ok()["title"] == title
        case = (await world.wang.get(f"/v1/cases/{world.case}", headers=headers)).ok()
        assert (case["item"]["title"], case["state"]) == (title, "approved")
        answers = await good_answers(world.wang, plate="?")
        wrong = await world.wang.post("/v1/items/zone-pass/cases", {"answers": answers}, headers=headers)
        assert wrong.problem(422, "invalid-fields")["problems"][0]["detail"].startswith(problem)
        scan = {"text": world.scanned, "place": "东门"}
        verdict = (await world.officer.post("/v1/passes/verify", scan, headers=headers)).ok()
        assert (verdict["item"]["title"], verdict["verdict"]) == (title, "not-yet-valid")


# -- pages -----------------------------------------------------------------------------------------------------------


async def walked(person: Person, path: str, limit: int) -> list[dict[str, Any]]:
    """All rows of a list, page by page, each page of the size that was asked for but the last."""
    rows: list[dict[str, Any]] = []
    glue = "&" if "?" in path else "?"
    query = f"{glue}limit={limit}"
    while True:
        page = (await person.get(path + query)).ok()
        rows += page["items"]
        if page["next"] is None:
            return rows
        assert len(page["items"]) == limit
        query = f"{glue}limit={limit}&cursor={page['next']}"


@together
@pytest.mark.parametrize("limit", [1, 7, 47, 100])
async def test_the_catalogue_is_walked_without_gaps_or_doubles(world: World, limit: int) -> None:
    async def codes(path: str) -> list[str]:
        return [row["code"] for row in await walked(world.door.anyone, path, limit)]

    assert await codes("/v1/items") == sorted(world.door.platform.registry.items)
    records = [f"record-{number:03}" for number in range(47)]
    assert await codes("/v1/items?department=archive") == records
    assert await codes("/v1/items?department=archive&q=a record") == records


@together
@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_cases_and_scans_are_walked_the_newest_first(world: World, limit: int) -> None:
    owner = world.door.citizen(f"owner-{limit}")
    made = []
    for number in range(7):
        body = {"answers": {"why": f"reason {number}"}}
        made.append((await owner.post("/v1/items/record-002/cases", body)).created()["id"])
    assert [row["id"] for row in await walked(owner, "/v1/cases", limit)] == made[::-1]
    for _ in range(4):
        (await world.officer.post("/v1/passes/verify", {"text": world.scanned, "place": "东门"})).ok()
    scans = await walked(world.wang, f"/v1/cases/{world.case}/scans", limit)
    assert len(scans) >= 5
    assert [scan["at"] for scan in scans] == sorted((scan["at"] for scan in scans), reverse=True)


@together
async def test_a_page_is_twenty_rows_if_nobody_says_otherwise(world: World) -> None:
    page = (await world.door.anyone.get("/v1/items")).ok()
    assert len(page["items"]) == 20
    assert page["next"]


# -- problems and request ids ----------------------------------------------------------------------------------------


@together
async def test_every_answer_bears_a_request_id(world: World) -> None:
    """The caller's own where there is one, whatever the status: 200, 201, 304, 4xx, a file, a picture, the metrics."""
    tag = (await world.wang.get(f"/v1/cases/{world.case}")).headers["ETag"]
    asked: list[tuple[Person, str, str, dict[str, Any]]] = [
        (world.wang, "GET", f"/v1/cases/{world.case}", {}),
        (world.wang, "GET", f"/v1/cases/{world.case}", {"headers": {"If-None-Match": tag}}),
        (world.wang, "GET", f"/v1/attachments/{world.file}", {}),
        (world.wang, "GET", f"/v1/cases/{world.case}/pass.png", {}),
        (world.wang, "POST", "/v1/items/record-003/cases", {"json": {"answers": {}}}),
        (world.wang, "POST", "/v1/items/record-003/cases", {"json": {}}),
        (world.wang, "HEAD", "/v1/cases", {}),
        (world.door.anyone, "GET", "/metrics", {}),
        (world.door.anyone, "GET", "/v1/cases", {}),
        (world.door.anyone, "GET", "/nowhere", {}),
        (world.door.anyone, "DELETE", "/v1/items", {}),
    ]
    ids = set()
    for person, method, path, rest in asked:
        ids.add((await person.call(method, path, **rest)).headers["X-Request-ID"])
        headers = {**rest.get("headers", {}), "X-Request-ID": "order-4711"}
        answer = await person.call(method, path, **{**rest, "headers": headers})
        assert answer.headers["X-Request-ID"] == "order-4711"
    assert len(ids) == len(asked), "each request has one of its own"


@together
async def test_a_server_that_is_asked_for_what_it_does_not_have_says_so_alike(world: World) -> None:
    """RFC 9457 members, in the same order, with a type that doesn't pretend to be an address."""
    answer = await world.door.anyone.get("/v1/nothing")
    assert answer.problem(404, "not-found") == {
        "type": "urn:banshi:problem:not-found",
        "title": "没有找到",
        "status": 404,
        "code": "not-found",
        "detail": "没有找到您可以查看的内容。",
    }


# -- metrics and readiness -------------------------------------------------------------------------------------------


@together
async def test_prometheus_reads_the_metrics(world: World) -> None:
    """Requests are counted by operation, method and status; the histogram adds up."""

    def count(metrics: dict[Any, float], **labels: str) -> float:
        return metrics.get(("banshi_http_requests_total", tuple(sorted(labels.items()))), 0.0)

    before = await metrics_of(world.door)
    for _ in range(3):
        await world.wang.get(f"/v1/cases/{world.case}")
    await world.door.anyone.get("/v1/cases")
    await world.door.anyone.get("/nowhere-4711?secret=1")
    after = await metrics_of(world.door)
    for labels, more in (
        ({"operation": "show_case", "method": "GET", "status": "200"}, 3),
        ({"operation": "list_cases", "method": "GET", "status": "401"}, 1),
    ):
        assert count(after, **labels) - count(before, **labels) == more
    assert ("banshi_outbox_rows_total", (("consumer", "intake"), ("outcome", "done"))) in after
    for name, labels in after:
        if name == "banshi_http_seconds_bucket" and ("le", "+Inf") in labels:
            rest = tuple(label for label in labels if label[0] != "le")
            assert after[name, labels] == after["banshi_http_seconds_count", rest]


@together
async def test_metrics_name_nobody_and_do_not_grow_with_what_strangers_ask_for(world: World) -> None:
    """Labels are operations and statuses: no address, no id, no plate, whatever is requested."""
    await world.wang.get(f"/v1/cases/{world.case}")

    async def ask(numbers: range) -> None:
        for number in numbers:
            await world.door.anyone.get(f"/stranger/{number}")
            await world.wang.get(f"/v1/items/stranger-{number}")

    # The first of each makes the lines of its operation.
    await ask(range(1))
    await metrics_of(world.door)
    before = await metrics_of(world.door)
    await ask(range(1, 50))
    assert len(await metrics_of(world.door)) == len(before)
    text = (await world.door.anyone.get("/metrics")).body.decode()
    for secret in ("stranger", "wang", world.case, world.file, "川B", "王小明"):
        assert secret not in text


async def test_a_server_without_its_database_is_not_ready_and_says_so(bare_door: Door, monkeypatch: Any) -> None:
    """503 with Retry-After for every request that needs it, never 500; what needs none is answered."""
    door = bare_door
    assert (await door.anyone.get("/readyz")).ok() == {"status": "ready"}
    await without_database(door, monkeypatch)
    wang = door.citizen("wang")
    for answer in (
        await door.anyone.get("/readyz"),
        await wang.get("/v1/cases"),
        await wang.get("/v1/cases/0193a4b2-c1d0-7e8f-9a0b-1c2d3e4f5a6b"),
        await door.staff("li", "traffic:reviewer").get("/v1/worklist"),
    ):
        answer.problem(503, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    (await door.anyone.get("/healthz")).ok()
    (await door.anyone.get("/v1/items/zone-pass")).ok()
    monkeypatch.undo()
    (await door.anyone.get("/readyz")).ok()
    (await wang.get("/v1/cases")).ok()


async def without_database(door: Door, monkeypatch: Any) -> None:
    """Every statement fails as one does whose server is gone."""
    from tortoise.exceptions import DBConnectionError

    async def gone(*_: Any, **__: Any) -> Any:
        raise DBConnectionError("connection refused")

    connection = door.platform.store.connection
    for name in ("execute_query", "execute_query_dict", "execute_insert", "execute_many", "together"):
        monkeypatch.setattr(connection, name, gone, raising=False)


async def test_a_server_that_stops_is_not_ready(bare_door: Door) -> None:
    """A load balancer sends nobody any more to a server that is about to go."""
    bare_door.platform.closing.set()
    answer = await bare_door.anyone.get("/readyz")
    answer.problem(503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    (await bare_door.anyone.get("/healthz")).ok()


async def test_a_route_that_breaks_is_a_problem_of_its_own(tmp_path: Path) -> None:
    """A plugin's route may raise, exit, give nothing, or break off in mid-stream: the server and the rest go on."""
    plugin = tmp_path / "odd"
    plugin.mkdir()
    (plugin / "__init__.py").write_text(ODD_ROUTES, encoding="utf-8")
    async with open_door(tmp_path, {"odd": plugin}) as door:
        for way in ("raises", "exits", "interrupts", "cancels", "gives_nothing", "gives_text"):
            answer = await door.anyone.get(f"/v1/odd/{way}")
            answer.problem(500, "internal-error")
            assert b"geheim" not in answer.body
            assert answer.headers["X-Request-ID"]
        # What a plugin says itself is told, without the member that is no JSON.
        told = (await door.anyone.get("/v1/odd/odd_problem")).problem(500, "internal-error")
        assert (told["detail"], told.get("thing")) == ("geheim", None)
        assert (await door.anyone.call("GET", "/v1/odd/redirects", allow_redirects=False)).status == 302
        with pytest.raises(aiohttp.ClientPayloadError):
            await door.anyone.get("/v1/odd/breaks_off")
        assert (await door.anyone.get("/healthz")).ok() == {"status": "ok"}


ODD_ROUTES = """
import asyncio
import sys

from aiohttp import web

from banshi import Answer, Audience, Problem, Route, hookimpl


async def raises(call):
    raise RuntimeError("geheim")


async def exits(call):
    sys.exit("geheim")


async def interrupts(call):
    raise KeyboardInterrupt


async def cancels(call):
    raise asyncio.CancelledError


async def gives_nothing(call):
    pass


async def gives_text(call):
    return "geheim"


async def odd_problem(call):
    raise Problem("geheim", thing={"no JSON"})


async def redirects(call):
    raise web.HTTPFound("/v1/items")


async def breaks_off(call):
    response = web.StreamResponse()
    await response.prepare(call.request)
    await response.write(b"half of ")
    await asyncio.sleep(0.05)
    raise RuntimeError("geheim")


WAYS = (raises, exits, interrupts, cancels, gives_nothing, gives_text, odd_problem, redirects, breaks_off)


@hookimpl
def banshi_routes():
    return [
        Route(
            method="GET",
            path=f"/v1/odd/{way.__name__}",
            audience=Audience.ANYONE,
            handler=way,
            operation=f"odd_{way.__name__}",
            summary="Break.",
            tag="odd",
            answers={200: Answer(description="Never."), 302: Answer(description="Elsewhere.")},
        )
        for way in WAYS
    ]
"""

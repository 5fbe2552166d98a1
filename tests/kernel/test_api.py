"""The uniform manners of the HTTP API: problems, validators, languages, pages, request ids, logs and metrics.

What the description of the API promises is held against the server by schemathesis in test_openapi.py; here it looks
at things that exist.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from banshi.auth import development_token
from banshi.configuration import read_configuration
from banshi.routes import Audience, Route
from banshi.settings import Settings
from banshi.testing import TINY_PNG, Door, Person, open_door
from tests.kernel import postings_office
from tests.registers import import_samples, made_up_person

ROOT = Path(__file__).resolve().parents[2]
TRAFFIC = ROOT / "plugins" / "departments" / "traffic"

together = pytest.mark.asyncio(loop_scope="module")

#: A department with more items than a page holds.
MANY = """
[department]
code = "archive"
title = { zh-CN = "档案局", en = "Archive" }
"""

RECORD = """
[[items]]
code = "record-{number:03}"
kind = "application"
title = {{ zh-CN = "档案{number}", en = "Record {number}" }}
summary = {{ zh-CN = "查阅档案。", en = "See a record." }}
audience = ["person"]
result = {{ kind = "answer", title = {{ zh-CN = "答复", en = "Answer" }} }}
form = {{ type = "object", additionalProperties = false, properties = {{ why = {{ type = "string" }} }} }}
"""

#: What its handlers raise quotes what the citizen wrote, as exceptions do.
LEAKY = """
from banshi import Application, hookimpl


class Leaky(Application):
    async def validate(self, submission):
        if "crash" in submission.answers.get("why", ""):
            raise ValueError(f"cannot read {submission.answers!r} of {submission.person} ({submission.name})")
        return ()

    async def review(self, submission):
        raise RuntimeError(f"the register refused {submission.answers!r} of {submission.name}")


@hookimpl
def banshi_handlers():
    return {"record-001": Leaky()}
"""


def write_archive(folder: Path) -> Path:
    archive = folder / "archive"
    archive.mkdir()
    items = "".join(RECORD.format(number=number) for number in range(47))
    (archive / "items.toml").write_text(MANY + items, encoding="utf-8")
    (archive / "__init__.py").write_text(LEAKY, encoding="utf-8")
    return archive


@dataclass(frozen=True)
class World:
    """A platform with all plugins: wang has an approved case, a file, a pass and a scan, and everybody a broadcast."""

    door: Door
    wang: Person
    staff: Person
    officer: Person
    case: str
    file: str
    scanned: str
    notice: str
    alert: str
    appointment: str
    #: A slot that is given out by a draw.
    drawn: str
    #: What somebody else has lost, with a photo, and what wang wrote about it.
    posting: str
    conversation: str

    @property
    def routes(self) -> list[Route]:
        return [route for _, route in self.door.platform.registry.routes]

    def reader_of(self, route: Route) -> Person:
        """Somebody for whom the route is meant."""
        people = {Audience.ANYONE: self.door.anyone, Audience.STAFF: self.staff, Audience.OFFICER: self.officer}
        return people.get(route.audience, self.wang)

    def parameters(self, route: Route) -> dict[str, str]:
        """What the route's path names, of something that exists."""
        things = {"attachments": self.file, "notices": self.notice, "alerts": self.alert}
        things |= {"appointments": self.appointment, "slots": self.drawn}
        things |= {"postings": self.posting, "conversations": self.conversation}
        of = things.get(route.path.split("/{id}")[0].rpartition("/")[2], self.case)
        code = "traffic" if "departments" in route.path else "zone-pass"
        if any(noun in route.path for noun in ("slots", "appointments")):
            code = "leader-reception" if "draw" in route.path else "driving-test"
        known = {"id": of, "code": code, "zone": "6", "number": "1"}
        return {name: known[name] for name in re.findall(r"{(\w+)}", route.path) if name in known}

    def address(self, route: Route) -> str:
        """The route's path about something that exists."""
        path = route.path
        for name, value in self.parameters(route).items():
            path = path.replace(f"{{{name}}}", value)
        return path

    def reads(self) -> Iterator[tuple[Route, Person, str]]:
        """Every GET that ends, with somebody who may call it."""
        for route in self.routes:
            if route.method == "GET" and "stream" not in route.path:
                yield route, self.reader_of(route), self.address(route)


async def answers_of(person: Person, **changes: Any) -> dict[str, Any]:
    files = [(await person.upload()).created()["id"] for _ in range(2)]
    return {
        "plate": "川BD12345",
        "vehicle_class": "light-truck",
        "zones": ["2"],
        "hours": "9-17",
        "valid_from": "2099-01-01",
        "valid_until": "2099-01-31",
        "purpose": "配送蔬菜",
        "driver": {"name": "王小明", "phone": "13800000000"},
        "licence": files[0],
        "registration": files[1],
        **changes,
    }


async def booked(door: Door, person: Person) -> tuple[str, str]:
    """A driving test that the person has booked, and a slot of another item that is drawn."""
    path = "/v1/items/{}/slots?limit=100"
    tests, receptions = [
        (await door.anyone.get(path.format(code))).ok()["items"] for code in ("driving-test", "leader-reception")
    ]
    free = next(slot["id"] for slot in reversed(tests) if slot["state"] == "free")
    answers = {"resident_id": "11010519491231002X", "licence_class": "C1", "subject": "road", "phone": "13800000000"}
    wish = {"slot": free, "answers": answers}
    appointment = (await person.post("/v1/items/driving-test/appointments", wish)).created()
    return appointment["id"], next(slot["id"] for slot in receptions if slot["state"] == "draw")


async def talked(door: Door, person: Person) -> tuple[str, str]:
    """A posting of somebody else's, and a conversation about it that the person has begun."""
    sun = door.citizen("sun")
    photo = (await sun.upload(postings_office.photo())).created()["id"]
    answers = {"sort": "lost", "thing": "雨伞", "category": "other", "day": "2026-09-01", "division": "510703"}
    answers |= {"place": "东门", "description": "蓝色长柄雨伞", "kept_at": "lost"}
    owner = {**answers, "photos": [photo], "contact": {"name": "孙示例", "phone": "13800000000"}}
    posting = (await sun.post("/v1/items/lost-and-found/postings", {"answers": owner})).created()["id"]
    moderator = door.staff("qian", "public-order:reviewer")
    (await moderator.post(f"/v1/cases/{posting}/actions/publish")).ok()
    begun = await person.post(f"/v1/postings/{posting}/conversations", {"text": "我捡到了"})
    return posting, begun.created()["id"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("api")
    entries = read_configuration(ROOT / "plugins.toml").entries
    plugins: dict[str, Path | str] = {name: one.path or str(one.package) for name, one in entries.items()}
    settings = {"mobile_push": {"alerts": {"sender": "alerts@city.example"}}}
    async with open_door(folder, {**plugins, "archive": write_archive(folder)}, settings=settings) as door:
        await import_samples(door, "household", "exit_entry", "traffic")
        wang = door.citizen("wang", "王小明", resident_id=made_up_person(1))
        officer = door.officer("p007", "traffic")
        roles = ("traffic:reviewer", "traffic:approver", "traffic:publisher", "platform:operator")
        staff = door.staff("li", *roles)
        case = (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers_of(wang)})).created()
        await door.settled()
        (await staff.post(f"/v1/cases/{case['id']}/actions/approve")).ok()
        text = (await wang.get(f"/v1/cases/{case['id']}/pass.txt")).body.decode()
        (await officer.post("/v1/passes/verify", {"text": text, "place": "东门"})).ok()
        common = {"department": "traffic", "audience": {"everyone": True}}
        notice = (await staff.post("/v1/notices", {**common, "title": {"zh-CN": "通知", "en": "Notice"}})).created()
        info = {"language": "zh-CN", "category": ["Met"], "event": "暴雨", "urgency": "Immediate"}
        said = {"status": "Actual", "msg_type": "Alert", "scope": "Public", **common}
        said["info"] = [{**info, "severity": "Severe", "certainty": "Observed"}]
        alert = (await staff.post("/v1/alerts", said)).created()
        files = case["attachments"][0]["id"]
        appointment, drawn = await booked(door, wang)
        posting, conversation = await talked(door, wang)
        shown = (files, text, notice["id"], alert["id"], appointment, drawn, posting, conversation)
        yield World(door, wang, staff, officer, case["id"], *shown)


# -- validators ------------------------------------------------------------------------------------------------------

#: What is different at each look, and what a cache must not answer for.
WITHOUT_TAG = {"healthz", "readyz", "metrics"}


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
async def test_what_was_read_with_a_token_is_kept_by_no_cache_on_the_way(world: World) -> None:
    for route, reader, path in world.reads():
        if route.audience is not Audience.ANYONE:
            assert "private" in (await reader.get(path)).headers["Cache-Control"], path


@together
async def test_a_tag_changes_with_what_is_read(world: World) -> None:
    """… and so a phone that asks with its old one gets the news."""
    case = (await world.wang.post("/v1/items/zone-pass/cases", {"answers": await answers_of(world.wang)})).created()
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


@together
async def test_the_language_is_the_reader_s_choice_and_said(world: World) -> None:
    """Every JSON answer says its language and that it depends on it."""
    for route, reader, path in world.reads():
        for language in ("zh-CN", "en"):
            answer = await reader.get(path, headers={"Accept-Language": language})
            translated = route.operation not in {*WITHOUT_TAG, "openapi"}
            if answer.headers["Content-Type"] == "application/json" and translated:
                assert answer.headers.get("Content-Language") == language, path
                assert "Accept-Language" in answer.headers.get("Vary", ""), path


@together
async def test_texts_are_in_the_language_that_was_asked_for(world: World) -> None:
    """Catalogue, case, problems of a form, verdict; a state or a code is the same in all of them."""
    for language, title, problem in (
        ("zh-CN", "禁区通行证", "请填写完整号牌"),
        ("en", "Restricted-zone vehicle pass", "Write the whole plate"),
    ):
        headers = {"Accept-Language": language}
        assert (await world.door.anyone.get("/v1/items/zone-pass", headers=headers)).ok()["title"] == title
        case = (await world.wang.get(f"/v1/cases/{world.case}", headers=headers)).ok()
        assert (case["item"]["title"], case["state"]) == (title, "approved")
        answers = await answers_of(world.wang, plate="?")
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
async def test_a_method_that_a_path_does_not_know_says_which_it_does(world: World) -> None:
    for path in {route.path for route in world.routes}:
        known = {route.method for route in world.routes if route.path == path}
        known |= {"HEAD"} if "GET" in known else set()
        real = re.sub(r"{\w+}", "x", path)
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - known:
            answer = await world.door.anyone.call(method, real)
            answer.problem(405, "method-not-allowed")
            assert set(re.split(r",\s*", answer.headers["Allow"])) == known, path


@together
async def test_a_server_that_is_asked_for_what_it_does_not_have_says_so_alike(world: World) -> None:
    """RFC 9457 members, in the same order, with a type that doesn't pretend to be an address."""
    answer = await world.door.anyone.get("/v1/nothing")
    assert answer.problem(404, "not-found") == {
        "type": "urn:banshi:problem:not-found",
        "title": "Not found",
        "status": 404,
        "code": "not-found",
        "detail": "There is nothing here that you may see.",
    }


# -- schemathesis on what exists -------------------------------------------------------------------------------------

#: Examples per operation; the long form is `BANSHI_SCHEMATHESIS_EXAMPLES=200`.
EXAMPLES = os.environ.get("BANSHI_SCHEMATHESIS_EXAMPLES", "5")

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance"
)


#: What each of them has to have read, so that the run means something.
REACHED = {
    "wang": ["list_cases", "show_case", "download", "show_pass_svg", "show_pass_png", "show_pass_txt", "list_scans"],
    "staff": ["show_case", "download", "worklist", "show_notice", "list_notices", "list_dead_letters"],
    "officer": ["list_pass_keys", "list_revocations"],
    "nobody": ["show_item", "show_department", "list_items", "list_departments", "metrics"],
}


def known(world: World) -> str:
    """A schemathesis.toml that fills in the ids of what exists."""
    lines = []
    for route in world.routes:
        if "{" in route.path and route.per_item is None:
            inside = ", ".join(f'"path.{name}" = "{value}"' for name, value in world.parameters(route).items())
            lines.append(f'[[operations]]\ninclude-operation-id = "{route.operation}"\nparameters = {{ {inside} }}\n')
    return "\n".join(lines)


@together
@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("who", ["wang", "staff", "officer", "nobody"])
async def test_schemathesis_finds_nothing_on_what_exists(world: World, who: str, tmp_path: Path) -> None:
    """As the owner of a case, its clerk, an officer and nobody: what is answered is what the description says."""
    schemathesis = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert schemathesis is not None
    person = {"wang": world.wang, "staff": world.staff, "officer": world.officer}.get(who, world.door.anyone)
    (tmp_path / "schemathesis.toml").write_text(known(world), encoding="utf-8")
    token = ("-H", f"Authorization: Bearer {person.token}") if person.token else ()
    before = await metrics_of(world.door)
    process = await asyncio.create_subprocess_exec(
        *(schemathesis, "--config-file", "schemathesis.toml", "run", f"{world.door.url}/openapi.json", *token),
        # The stream has no end to wait for, and one item's application is handed in like another's.
        *("--exclude-operation-id-regex", "^(stream_inbox|submit_(?!zone_pass$).*)$", "--checks", CHECKS),
        *("--max-examples", EXAMPLES),
        *("--mode", "positive", "--phases", "fuzzing", "--continue-on-failure", "--generation-deterministic"),
        *("--no-color", "--warnings", "off", "--request-timeout", "20"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), 280)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, output.decode()[-8000:]
    after = await metrics_of(world.door)
    for operation in REACHED[who]:
        sample = "banshi_http_requests_total", (("method", "GET"), ("operation", operation), ("status", "200"))
        assert after.get(sample, 0) > before.get(sample, 0), f"{operation} was never answered with 200"


# -- metrics and readiness -------------------------------------------------------------------------------------------


async def metrics_of(door: Door) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample by name and labels, read by Prometheus's own parser."""
    text = (await door.anyone.get("/metrics")).body.decode()
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families), "each family is declared once"
    for family in families:
        assert family.documentation, family.name
        assert family.type != "unknown", family.name
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value for one in families for sample in one.samples
    }


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
    before = await metrics_of(world.door)
    for number in range(50):
        await world.door.anyone.get(f"/stranger/{number}")
        await world.wang.get(f"/v1/items/stranger-{number}")
    after = await metrics_of(world.door)
    assert len(after) - len(before) < 40
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
    for name in ("execute_query", "execute_query_dict", "execute_insert", "execute_many"):
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
        for way in ("raises", "exits", "interrupts", "cancels", "gives_nothing", "gives_text", "odd_problem"):
            answer = await door.anyone.get(f"/v1/odd/{way}")
            answer.problem(500, "internal-error")
            assert b"geheim" not in answer.body
            assert answer.headers["X-Request-ID"]
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
            answers={200: Answer(description="Never.")},
        )
        for way in WAYS
    ]
"""


# -- logs ------------------------------------------------------------------------------------------------------------


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, Settings, subprocess.Popen[bytes]]]:
    """`banshi serve` in a process of its own, with its log on a pipe."""
    archive = write_archive(folder)
    (folder / "plugins.toml").write_text(
        f'[platform]\nlog_level = "debug"\n\n[plugins.traffic]\npath = "{TRAFFIC}"\napi = 1\n\n'
        f'[plugins.archive]\npath = "{archive}"\napi = 1\n',
        encoding="utf-8",
    )
    settings = Settings(data=folder / "data")
    settings.keys_folder.mkdir(parents=True)
    development_token(settings, "first")
    log = (folder / "log").open("wb")
    banshi = Path(sys.executable).with_name("banshi")
    command = [str(banshi), "--config", str(folder / "plugins.toml"), "serve", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, cwd=folder)
    assert process.stdout is not None
    try:
        line = process.stdout.readline().decode()
        address = re.search(r"http://\S+", line)
        assert address is not None, line
        yield address[0], settings, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        log.close()


async def a_whole_journey(url: str, settings: Settings) -> list[str]:
    """Everything that people do, right and wrong; gives the words that no log may hold."""
    private = [
        *("王小明-personal", "subject-wang-0815", "subject-li-0816", "subject-p-0817", "川BD98765", "13912345678"),
        *("Passfoto_privat.png", "Lieferung an meine Tante", "Ihr Fahrzeug ist zu alt", "Platz vor meinem Haus"),
        *("meine-geheime-suche", "mein-schluessel-4711", "stolen-token-0818", "mein-cookie"),
    ]
    tokens = {
        "wang": development_token(settings, private[1], name=private[0]),
        "li": development_token(settings, private[2], roles=["traffic:reviewer", "traffic:approver"]),
        "p": development_token(settings, private[3], roles=["traffic:officer"]),
    }
    async with aiohttp.ClientSession(headers={"Cookie": f"session={private[13]}"}) as session:
        wang, li, p = (Person(session, url, token) for token in tokens.values())
        files = [(await wang.upload(name=private[6])).created()["id"] for _ in range(2)]
        answers = {
            **(await answers_of(wang)),
            "plate": private[4],
            "driver": {"name": private[0], "phone": private[5]},
            "purpose": private[7],
            "licence": files[0],
            "registration": files[1],
        }
        path = "/v1/items/zone-pass/cases"
        case = (await wang.post(path, {"answers": answers}, key=private[11])).created()
        await wang.post(path, {"answers": answers}, key=private[11])
        await wang.post(path, {"answers": {**answers, "plate": private[7]}})
        await wang.call("POST", path, data=f'{{"answers": "{private[7]}'.encode(), headers={"Content-Type": "text/x"})
        one = f"/v1/cases/{case['id']}"
        while (await wang.get(one)).ok()["state"] != "accepted":  # noqa: ASYNC110 - another process knows
            await asyncio.sleep(0.01)
        (await li.post(f"{one}/actions/return", {"reason": private[8]})).ok()
        (await wang.post(f"{one}/actions/supplement", {"answers": {**answers, "hours": "22-6"}})).ok()
        while (await wang.get(one)).ok()["state"] != "accepted":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        (await li.post(f"{one}/actions/approve", {"reason": private[8]})).ok()
        text = (await wang.get(f"{one}/pass.txt")).body.decode()
        (await p.post("/v1/passes/verify", {"text": text, "place": private[9]})).ok()
        await p.post("/v1/passes/verify", {"text": private[4], "place": private[9]})
        (await wang.get(f"/v1/attachments/{files[0]}")).body  # noqa: B018
        await wang.get("/v1/items", params={"q": private[10]})
        await wang.get("/v1/cases", params={private[10]: "1"})
        await wang.get(f"/{private[10]}")
        await Person(session, url, private[12]).get("/v1/cases")
        await wang.get("/v1/cases", headers={"X-Request-ID": f"{private[10]} {private[0]}"})
        # A department whose exceptions quote the citizen, in the request and in the engine.
        for why in (private[7] + " crash", private[7]):
            await wang.post("/v1/items/record-001/cases", {"answers": {"why": why}})
        await not_http(url, tokens["wang"], private[10])
        await wang.upload(b"MZ", private[6])
        await wang.call("POST", "/v1/attachments", data=odd_upload(private[6]), headers=FORM)
        await asyncio.sleep(0.3)
    return [*private, *tokens.values(), *(token.split(".")[1] for token in tokens.values()), case["number"], text]


FORM = {"Content-Type": "multipart/form-data; boundary=XX"}


def odd_upload(name: str) -> bytes:
    """A part whose header makes aiohttp warn, with the name in its text."""
    head = f"--XX\r\nContent-Disposition: form-data; name=\"file\"; filename*=utf-9''%ff{name}\r\n\r\n"
    return head.encode() + TINY_PNG + b"\r\n--XX--\r\n"


async def not_http(url: str, token: str, word: str) -> None:
    """Requests that the HTTP parser refuses, and one whose sender hangs up."""
    port = int(url.rpartition(":")[2])
    requests = (
        f"GET /{word} HTTP/9\r\nAuthorization: Bearer {token}\r\n\r\n",
        f"GET /v1/cases HTTP/1.1\r\nHost: x\r\n{word}\0: {token}\r\n\r\n",
        f"GET /v1/cases HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}{'x' * 40_000}\r\n\r\n",
        (
            f"POST /v1/attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 9999\r\n"
            f"Content-Type: multipart/form-data; boundary=XX\r\n\r\n--XX\r\nX-{word}: {word}"
        ),
    )
    for request in requests:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request.encode())
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.close()
        del reader


async def test_no_log_line_says_anything_about_anybody(tmp_path: Path) -> None:
    """A whole journey on a real server at its most talkative: no plate, name, phone, subject, token, file name, reason,
    place or query is in its log; each line is JSON, and those of a request bear its id."""
    with served(tmp_path) as (url, settings, process):
        private = await a_whole_journey(url, settings)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 30) == 0
    text = (tmp_path / "log").read_text(encoding="utf-8")
    for secret in private:
        for form in {secret, json.dumps(secret)[1:-1]}:
            assert form not in text, next(line for line in text.splitlines() if form in line)
    # What `banshi check` warns of is said to whoever starts the server, before the log begins.
    lines = [json.loads(line) for line in text.splitlines() if ": guide-only: " not in line]
    assert len(lines) > 30
    requests = [line for line in lines if line["event"] == "request"]
    assert all(line["request"] and line["operation"] and line["status"] for line in requests)
    told = {line["event"] for line in lines}
    assert {"request", "handler failed", "outbox row will be tried again", "serving", "stopping"} <= told
    assert {line["error"] for line in lines if line["event"] == "handler failed"} == {"ValueError", "RuntimeError"}

"""Every route of the kernel and of every plugin in plugins.toml, called by everybody who has no business there.

OWASP API security 2023: API1 (broken object level authorisation) and API5 (broken function level authorisation).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
import pytest_asyncio

from banshi.builtin.audit.chain import seal_all
from banshi.builtin.audit.keeping import AUDIT
from banshi.kernel.contract.routes import Audience, Route
from banshi.kernel.loading.configuration import read_configuration
from banshi.kinds.appointment.scheduler import make_ahead
from banshi.testing import TINY_PNG, Door, Person, Reply, open_door
from tests.conftest import good_answers
from tests.places import ROOT
from tests.readers.tables import names_of
from tests.town.api_world import PHONE, methods_of
from tests.town.departments import department, item, write
from tests.town.programs import program_at

#: What somebody outside a route's audience is answered. Written out here, not taken from the code that is tested.
STAFF = ("colleague", "other-unit", "staff")
OUTSIDE: dict[Audience, dict[str, int]] = {
    Audience.ANYONE: {},
    Audience.PERSON: {"nobody": 401, "program": 403},
    Audience.CITIZEN: {"nobody": 401, **dict.fromkeys((*STAFF, "officer", "program"), 403)},
    Audience.STAFF: {"nobody": 401, **dict.fromkeys(("wang", "zhang", "officer", "program"), 403)},
    Audience.OFFICER: {"nobody": 401, **dict.fromkeys((*STAFF, "wang", "program"), 403)},
    Audience.INTEGRATOR: {"nobody": 401, **dict.fromkeys((*STAFF, "wang", "zhang", "officer"), 403)},
}

together = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class World:
    """A platform with all plugins, on which wang has a case with files, a pass and a scan."""

    door: Door
    people: dict[str, Person]
    #: The ids of what is wang's, by the noun that stands before `{id}` in a path.
    owned: dict[str, str]

    @property
    def routes(self) -> list[Route]:
        return [route for _, route in self.door.platform.registry.routes]

    async def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, but for bookkeeping: the engine's, counts, processes, refusals."""
        connection = self.door.platform.store.connection
        own = re.compile("outbox|^webhooks_sender$|^banshi_lease$|^banshi_refusal$|^insights_(count|source)$")
        names = [name for name in await names_of(self.door) if not own.search(name)]
        return {
            name: [
                tuple(row.values())
                for row in await connection.execute_query_dict(f'SELECT * FROM "{name}"')  # noqa: S608
                # That the night's figures were judged is noted whenever it is.
                if "insights/nights" not in row.values()
            ]
            for name in names
        }


def people_of(door: Door) -> dict[str, Person]:
    return {
        "nobody": door.anyone,
        "wang": door.citizen("wang", "王小明"),
        "zhang": door.citizen("zhang", "张三"),
        "colleague": door.staff("chen", "parks:reviewer", "parks:approver"),
        "other-unit": door.staff("zhou", "traffic/accident-office:reviewer", "traffic/accident-office:approver"),
        "staff": door.staff("li", "traffic:reviewer", "traffic:approver"),
        "officer": door.officer("p007", "traffic"),
    }


async def submitted(door: Door, person: Person) -> dict[str, Any]:
    case: dict[str, Any] = (
        await person.post("/v1/items/zone-pass/cases", {"answers": await good_answers(person)})
    ).created()
    await door.settled()
    return case


async def booked(door: Door, person: Person) -> dict[str, str]:
    """A driving test that the person has booked, with everybody's slots made."""
    await make_ahead(door.platform)
    slots = (await door.anyone.get("/v1/items/driving-test/slots?limit=100")).ok()["items"]
    free = next(slot["id"] for slot in reversed(slots) if slot["state"] == "free")
    answers = {
        "document": "id-card",
        "resident_id": "11010519491231002X",
        "licence_class": "C1",
        "subject": "road",
        "phone": "13800000000",
    }
    wish = {"slot": free, "answers": answers}
    return {"appointments": (await person.post("/v1/items/driving-test/appointments", wish)).created()["id"]}


async def talked(door: Door, person: Person) -> dict[str, str]:
    """A conversation about what somebody else has lost, which that person has begun."""
    answers = {"sort": "lost", "thing": "雨伞", "category": "other", "day": "2026-01-01", "division": "510703"}
    answers |= {"place": "东门", "description": "蓝色长柄雨伞", "kept_at": "lost"}
    owner = {**answers, "contact": {"name": "孙示例", "phone": "13800000000"}}
    posted = await door.citizen("sun").post("/v1/items/lost-and-found/postings", {"answers": owner})
    posting = posted.created()["id"]
    (await door.staff("qian", "public-order:reviewer").post(f"/v1/cases/{posting}/actions/publish")).ok()
    begun = await person.post(f"/v1/postings/{posting}/conversations", {"text": "我捡到了"})
    return {"conversations": begun.created()["id"]}


async def drafts(door: Door) -> dict[str, str]:
    """A notice and an alert of the traffic police that aren't public."""
    publisher = door.staff("sun", "traffic:publisher")
    texts = {"zh-CN": "草稿", "en": "Draft"}
    common = {"department": "traffic", "audience": {"everyone": True}, "draft": True}
    alert = {"status": "Actual", "msg_type": "Alert", "scope": "Public", **common}
    info = {"language": "zh-CN", "category": ["Met"], "event": "暴雨", "urgency": "Immediate"}
    alert["info"] = [{**info, "severity": "Severe", "certainty": "Observed"}]
    return {
        "notices": (await publisher.post("/v1/notices", {**common, "title": texts})).created()["id"],
        "alerts": (await publisher.post("/v1/alerts", alert)).created()["id"],
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("everybody")
    write(folder, department() + item())
    entries = read_configuration(ROOT / "plugins.toml").entries
    plugins: dict[str, Path | str] = {name: one.path or str(one.package) for name, one in entries.items()}
    settings = {"mobile_push": {"alerts": {"sender": "alerts@city.example"}}} if "mobile_push" in plugins else {}
    async with open_door(folder, {**plugins, "parks": folder / "parks"}, settings=settings) as door:
        people = {**people_of(door), "program": await program_at(door)}
        wang, staff = people["wang"], people["staff"]
        case = await submitted(door, wang)
        (await staff.post(f"/v1/cases/{case['id']}/actions/approve")).ok()
        text = (await wang.get(f"/v1/cases/{case['id']}/pass.txt")).body.decode()
        (await people["officer"].post("/v1/passes/verify", {"text": text, "place": "东门"})).ok()
        device = {"provider": "stream", "token": "phone-of-wang-0001", "platform": "android", "language": "en"}
        owned = {"cases": case["id"], "attachments": case["attachments"][0]["id"]}
        owned |= await booked(door, wang)
        owned |= await talked(door, wang)
        if "mobile_push" in plugins:
            await door.settled()
            owned |= {"inbox": (await wang.get("/v1/inbox")).ok()["items"][0]["id"], "muted": case["id"]}
            owned["devices"] = (await wang.post("/v1/devices", device)).created()["id"]
            owned |= await drafts(door)
        if "refutations" in plugins:
            texts = {"zh-CN": "桥塌了", "en": "A bridge fell"}
            claim = {"department": "traffic", "rating": "checking", "about": texts, "claim": "桥塌了"}
            written = await door.staff("sun", "traffic:publisher").post("/v1/refutations", claim)
            owned["refutations"] = written.created()["id"]
        await door.settled()
        # Nothing is left for a round that writes by itself.
        await seal_all(door.platform.store, door.platform[AUDIT], door.platform.now())
        yield World(door, people, owned)


def code_of(route: Route) -> str:
    """An item that has the route's verb."""
    if "/draw" in route.path:
        return "police-open-day"
    booked = ("slots", "holds", "appointments", "counter-appointments", "check-ins")
    return "driving-test" if any(f"/{noun}" in route.path for noun in booked) else "zone-pass"


def addressed(route: Route, owned: dict[str, str] | None = None) -> str:
    """The route's path with parameters that could be real, or with what is wang's where `owned` is given."""
    noun = route.path.split("/{id}")[0].rpartition("/")[2]
    known = {"code": code_of(route), "zone": "2", "action": "approve", "id": (owned or {}).get(noun, str(uuid.uuid4()))}
    return re.sub(r"{(\w+)}", lambda match: known.get(match[1], "x1"), route.path)


async def called(person: Person, method: str, path: str, **rest: Any) -> Reply:
    """The answer with its body, or without it where it is a stream that doesn't end."""
    headers = {"Authorization": f"Bearer {person.token}"} if person.token else {}
    headers |= rest.pop("headers", {})
    async with person._session.request(method, person._url + path, headers=headers, **rest) as answer:
        streams = answer.headers.get("Content-Type", "").startswith("text/event-stream")
        return Reply(answer.status, answer.headers.copy(), b"" if streams else await answer.read())


class Shown(NamedTuple):
    """What somebody gets from a route that is read, with what is wang's in its address; a stream has no HEAD here."""

    route: Route
    name: str
    get: Reply
    head: Reply | None


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shown(world: World) -> list[Shown]:
    found = []
    for route in world.routes:
        for name, person in world.people.items() if route.method == "GET" else ():
            path = addressed(route, world.owned)
            get = await called(person, "GET", path)
            head = None if "stream" in route.path else await called(person, "HEAD", path)
            found.append(Shown(route, name, get, head))
    return found


#: Requests whose body or address is wrong in every way, so that who comes first is seen: the doorman or the parser.
WRONG: tuple[dict[str, Any], ...] = (
    {},
    {"json": {"nonsense": 1}},
    {"data": b"\xff" * 20, "headers": {"Content-Type": "application/json"}},
    {"data": b"x" * 400_000, "headers": {"Content-Type": "text/plain", "Idempotency-Key": "k" * 300}},
    {"params": {"nonsense": "\0"}},
)


@together
async def test_every_route_says_who_may_call_it(world: World) -> None:
    """There is no default audience; a plugin's route states one as the kernel's do."""
    assert len(world.routes) > 20
    for route in world.routes:
        assert isinstance(route.audience, Audience), route.path


#: What a person reads, and somebody without a token where it is public.
PUBLIC_IN_PART = {"show_notice", "list_notices"}


def outsiders(world: World) -> Iterator[tuple[Route, str, int]]:
    for route in world.routes:
        for name, status in OUTSIDE[route.audience].items():
            if name != "nobody" or route.operation not in PUBLIC_IN_PART:
                yield route, name, status


@together
async def test_nobody_outside_an_audience_gets_past_the_doorman(world: World) -> None:
    """401 or 403 before anything else is looked at: never 404, 400, 422 or 500, and nothing changes."""
    before = await world.state()
    for route, name, status in outsiders(world):
        # Nobody reads the body of a GET, and where there is no id in the address both are one.
        wrong = [one for one in WRONG if route.method != "GET" or not {"json", "data"} & one.keys()]
        real, invented = addressed(route, world.owned), addressed(route)
        for path, request in [*((real, one) for one in wrong), *([(invented, {})] if invented != real else [])]:
            answer = await called(world.people[name], route.method, path, **request)
            assert answer.status == status, f"{name}: {route.method} {path}: {answer.body!r}"
            assert answer.document["code"] == ("unauthenticated" if status == 401 else "forbidden")
            assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    assert await world.state() == before


@together
async def test_a_path_that_cannot_be_does_not_say_so_to_outsiders(world: World) -> None:
    """An id that is no id is 401 or 403 too, as the right one would be."""
    for route, name, status in outsiders(world):
        if "{" in route.path:
            path = re.sub(r"{\w+}", "no%20such%00thing", route.path)
            assert (await called(world.people[name], route.method, path)).status == status, path


@together
async def test_those_who_are_meant_get_in(world: World) -> None:
    """… so that the refusals above mean something: the people of an audience get some other answer than 401 or 403."""
    insiders = {
        Audience.ANYONE: ["nobody", "wang", "staff", "officer"],
        Audience.PERSON: ["wang", "staff"],
        Audience.CITIZEN: ["wang", "zhang"],
        Audience.STAFF: ["staff"],
        Audience.OFFICER: ["officer"],
        Audience.INTEGRATOR: ["program"],
    }
    for route in world.routes:
        for name in insiders[route.audience]:
            answer = await called(world.people[name], route.method, addressed(route), params={"nonsense": "1"})
            # A page's form that no page of ours has sent is refused before it is read.
            is_form = not route.described and route.method == "POST"
            right = {200, 400, 404, 415, 422, 403 if is_form else 200}
            assert answer.status in right, f"{name}: {route.method} {route.path}: {answer.body!r}"


#: A good body for each route that takes one: what is refused is refused for who asks, not for what is sent.
GOOD_BODIES: dict[str, dict[str, Any]] = {
    "answer_chat_confirmation": {"answer": "yes"},
    **{key: {"reason": "想看看"} for key in ("act", "report_conversation")},
    **{key: {"text": "想问问"} for key in ("begin_conversation", "write_message", "answer_enquiry", "note_enquiry")},
    **{key: {"purpose": "想看看"} for key in ("list_enquiry_cases", "read_enquiry_file", "take_over_enquiry")},
    **{key: {"purpose": "想看看"} for key in ("read_enquiry", "list_earlier_enquiries", "show_caller")},
    "take_pass_to_phone": {"key": PHONE},
    "change_notice": {"version": 1, "collapse_key": "water"},
    "change_alert": {"version": 1, "note": "想改改"},
    "act_on_refutation": {"version": 1},
    "write_refutation": {
        "rating": "checking",
        "claim": "桥塌了",
        "version": 1,
        "about": {"zh-CN": "桥塌了", "en": "A bridge fell"},
    },
    "change_device": {"language": "en"},
    "change_message": {"read": True},
    "reschedule": {"slot": "0192f0c1-0000-7000-8000-000000000000"},
    "review_conversation": {"outcome": "close", "reason": "想看看"},
    "transfer_enquiry": {"officer": "li"},
    "block_contact": {"why": "想看看", "days": 1},
    "label_enquiry": {"labels": []},
    "prove_caller": {"digits": "0000000000"},
    "conclude_call": {"outcome": "answered"},
    "promise_call_back": {"until": "2026-12-01T08:00:00+08:00"},
    "note_try": {"result": "reached"},
    "change_road_event": {"version": 1},
    "draft_road_alert": {"version": 1},
}


@together
@pytest.mark.parametrize("name", ["zhang", "colleague", "other-unit", "officer"])
async def test_what_is_somebody_else_s_does_not_exist(world: World, name: str) -> None:
    """Another citizen, staff of another department or unit, an officer: 404 wherever wang's ids are asked for.

    The answer is the one that an invented id gets, to the letter, so that nobody learns what exists.
    """
    before = await world.state()
    seen = set()
    for route in world.routes:
        if "{id}" not in route.path or name in OUTSIDE[route.audience] or route.unnamed or not route.described:
            continue
        body = {"json": GOOD_BODIES.get(route.operation, {})} if route.body is not None else {}
        real = await called(world.people[name], route.method, addressed(route, world.owned), **body)
        invented = await called(world.people[name], route.method, addressed(route), **body)
        assert real.status == 404, f"{route.method} {route.path}: {real.status} {real.body!r}"
        assert real.document["code"] == "not-found"
        assert real.body == invented.body
        different = {"X-Request-ID", "Date"}
        assert {k: v for k, v in real.headers.items() if k not in different} == {
            k: v for k, v in invented.headers.items() if k not in different
        }
        seen.add(route.operation)
    assert {"show_case", "act", "download"} <= seen
    assert {"show_conversation", "list_conversation_messages"} <= seen
    assert await world.state() == before


@together
@pytest.mark.parametrize("name", ["nobody", "wang", "zhang", "staff", "program"])
async def test_a_page_shows_nothing_of_anybody_to_whoever_has_a_token_alone(world: World, name: str) -> None:
    """The answer is the one that an invented id gets, but for the address that it leads back to."""
    seen = set()
    for route in world.routes:
        if route.method == "GET" and "{id}" in route.path and not route.described:
            real, invented = addressed(route, world.owned), addressed(route)
            shown, other = (
                await called(world.people[name], "GET", real),
                await called(world.people[name], "GET", invented),
            )
            assert shown.status == other.status
            assert shown.body.replace(real.encode(), b"") == other.body.replace(invented.encode(), b""), route.path
            seen.add(route.operation)
    assert "show_own_case" in seen


@together
async def test_the_owner_sees_what_is_theirs(world: World) -> None:
    wang, case = world.people["wang"], world.owned["cases"]
    assert (await wang.get(f"/v1/cases/{case}")).ok()["state"] == "approved"
    # Other tests of this process may have handed in more as wang before.
    assert {row["id"] for row in (await wang.get("/v1/cases")).ok()["items"]} >= {case, world.owned["appointments"]}
    assert (await wang.get(f"/v1/attachments/{world.owned['attachments']}")).body == TINY_PNG
    for ending in ("svg", "png", "txt"):
        assert (await wang.get(f"/v1/cases/{case}/pass.{ending}")).status == 200
    assert [scan["verdict"] for scan in (await wang.get(f"/v1/cases/{case}/scans")).ok()["items"]] == ["not-yet-valid"]


@together
async def test_staff_of_the_unit_see_the_case_and_its_files_but_not_the_pass(world: World) -> None:
    """Staff decide; the pass and its scans are the citizen's."""
    case = world.owned["cases"]
    for staff in (world.people["staff"], world.door.staff("sun", "traffic/zone-office:reviewer")):
        (await staff.get(f"/v1/cases/{case}")).ok()
        assert (await staff.get(f"/v1/attachments/{world.owned['attachments']}")).body == TINY_PNG
        for path in ("pass.svg", "pass.png", "pass.txt", "scans"):
            (await staff.get(f"/v1/cases/{case}/{path}")).problem(403, "forbidden")


@together
async def test_a_file_that_no_case_uses_is_its_owner_s_alone(world: World) -> None:
    """Staff see files through cases; the same person as a member of staff doesn't see their private uploads."""
    file = (await world.people["zhang"].upload()).created()["id"]
    for name in ("wang", "colleague", "other-unit", "staff", "officer"):
        (await world.people[name].get(f"/v1/attachments/{file}")).problem(404, "not-found")
    (await world.door.staff("zhang", "traffic:reviewer").get(f"/v1/attachments/{file}")).problem(404, "not-found")
    assert (await world.people["zhang"].get(f"/v1/attachments/{file}")).body == TINY_PNG


@together
async def test_the_lists_show_their_reader_s_own_alone(world: World) -> None:
    """Another citizen has no cases; staff elsewhere have nothing to work on."""
    case = await submitted(world.door, world.people["wang"])
    assert (await world.people["zhang"].get("/v1/cases")).ok()["items"] == []
    for name in ("colleague", "other-unit"):
        assert (await world.people[name].get("/v1/worklist")).ok()["items"] == []
    assert case["id"] in [row["id"] for row in (await world.people["staff"].get("/v1/worklist")).ok()["items"]]


@together
async def test_nobody_decides_on_business_of_their_own(world: World) -> None:
    """li is staff by day and hands in an application as a citizen: it is for somebody else to decide."""
    citizen, staff = world.door.citizen("li"), world.people["staff"]
    case = await submitted(world.door, citizen)
    seen = (await staff.get(f"/v1/cases/{case['id']}")).ok()
    assert seen["permitted_actions"] == []
    assert case["id"] not in [row["id"] for row in (await staff.get("/v1/worklist")).ok()["items"]]
    for action in ("accept", "approve", "refuse", "return", "suspend", "withdraw", "supplement"):
        answer = await staff.post(f"/v1/cases/{case['id']}/actions/{action}", {"reason": "给自己"})
        assert answer.problem(409, "action-not-permitted")["permitted_actions"] == []
    other = world.door.staff("sun", "traffic:approver")
    assert (await other.post(f"/v1/cases/{case['id']}/actions/approve")).ok()["state"] == "approved"


@together
async def test_a_role_of_one_sort_is_not_a_role_of_another(world: World) -> None:
    """A reviewer can't approve, an approver can't review, and a made-up role sees nothing."""
    case = await submitted(world.door, world.people["wang"])
    offered = {
        "traffic:reviewer": ["return", "suspend"],
        "traffic/zone-office:reviewer": ["return", "suspend"],
        "traffic:approver": ["approve", "refuse"],
    }
    for made_up in (f"/v1/cases/{case['id']}", "/v1/worklist"):
        (await world.door.staff("sun", "traffic:sweeper").get(made_up)).problem(403, "unknown-roles")
    for role, actions in offered.items():
        staff = world.door.staff("sun", role)
        seen = (await staff.get(f"/v1/cases/{case['id']}")).ok()
        assert [one["action"] for one in seen["permitted_actions"]] == actions, role
        for action in {"approve", "refuse", "return", "suspend", "withdraw"} - set(actions):
            answer = await staff.post(f"/v1/cases/{case['id']}/actions/{action}", {"reason": "越权"})
            assert answer.problem(409, "action-not-permitted")["permitted_actions"] == actions


@together
async def test_head_tells_no_more_than_get(shown: list[Shown]) -> None:
    """Same status and headers as GET, no body; outsiders learn neither size nor tag of what is somebody else's."""
    for route, _, get, head in shown:
        if head is not None:
            assert head.status == get.status, route.path
            assert head.body == b""
            assert head.headers.get("ETag") == get.headers.get("ETag") or "revocations" in route.path
            if get.status >= 400:
                assert "ETag" not in head.headers


@together
async def test_other_methods_are_refused_for_everybody_alike(world: World) -> None:
    """OPTIONS and TRACE echo nothing, least of all a token; the Allow header says what there is."""
    paths = {route.path: [one for one in world.routes if one.path == route.path] for route in world.routes}
    for path, routes in paths.items():
        real = addressed(routes[0], world.owned)
        allowed = methods_of(routes)
        for method in {"OPTIONS", "TRACE", "GET", "POST", "PUT", "PATCH", "DELETE"} - allowed:
            for name in ("nobody", "wang"):
                answer = await called(world.people[name], method, real, headers={"X-Secret": "geheim-4711"})
                answer.problem(405, "method-not-allowed")
                assert set(re.split(r",\s*", answer.headers["Allow"])) == allowed, path
                assert b"geheim" not in answer.body
                assert (world.people[name].token or "-----").encode() not in answer.body
                assert "Access-Control-Allow-Origin" not in answer.headers


@together
async def test_a_method_in_a_header_is_not_a_method(world: World) -> None:
    """Nobody gets around the doorman with X-HTTP-Method-Override."""
    case = world.owned["cases"]
    headers = {"X-HTTP-Method-Override": "DELETE", "X-Original-URL": "/metrics", "X-Forwarded-User": "wang"}
    (await world.people["nobody"].get(f"/v1/cases/{case}", headers=headers)).problem(401, "unauthenticated")


@together
async def test_a_token_in_the_address_opens_nothing(world: World) -> None:
    """Addresses end up in logs; a token there is refused as an unknown parameter, or not looked at."""
    token = world.people["wang"].token
    assert token is not None
    (await world.people["nobody"].get("/v1/cases", params={"access_token": token})).problem(401, "unauthenticated")
    async with aiohttp.ClientSession(cookies={"access_token": token, "Authorization": f"Bearer {token}"}) as session:
        (await Person(session, world.door.url, None).get("/v1/cases")).problem(401, "unauthenticated")


def is_guarded(answer: Reply) -> bool:
    """Whether a browser guesses, frames and remembers nothing of it, and tells nobody where it was read."""
    policy = answer.headers["Content-Security-Policy"].split("; ")
    return (
        {"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= {*policy}
        and answer.headers["X-Content-Type-Options"] == "nosniff"
        # Of a page's forms a browser says the origin, to this host alone.
        and answer.headers["Referrer-Policy"] in {"no-referrer", "same-origin"}
        and "Set-Cookie" not in answer.headers
    )


@together
async def test_no_cache_keeps_what_somebody_read_and_no_browser_guesses_what_it_is(
    world: World, shown: list[Shown]
) -> None:
    """OWASP ASVS 5: 14.3.2, 3.4.3 to 3.4.6. What is public is asked for again with its ETag; refusals count too."""
    read = 0
    for route, name, answer, _ in shown:
        assert is_guarded(answer), f"{name}: {route.path}"
        is_public = route.audience is Audience.ANYONE or (name == "nobody" and route.operation in PUBLIC_IN_PART)
        if not is_public and answer.status == 200:
            read += 1
            assert answer.headers["Cache-Control"] == "no-store", f"{name}: {route.path}"
    assert read > 30
    nowhere = await called(world.people["nobody"], "GET", "/nowhere")
    assert (nowhere.status, is_guarded(nowhere)) == (404, True)

"""A platform with all plugins at which something of everything exists, for tests of the whole API."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from prometheus_client.parser import text_string_to_metric_families
from uuid_utils.compat import uuid7

from banshi import Write
from banshi.builtin.passes import holder
from banshi.kernel.contract.routes import Audience, Route
from banshi.kernel.loading.configuration import read_configuration
from banshi.sdk.outgoing import SEAL, new_secret
from banshi.testing import Door, Person, open_door
from conversations.tables.models import ChannelConversation, Confirmation, ContactLink
from http_channel.models import ChannelRow
from insights.findings.models import Finding
from tests.conftest import good_answers
from tests.places import ROOT
from tests.town.departments import PASS, both, claim, department, item, write
from tests.town.programs import program_at
from tests.town.registers import import_samples, made_up_person
from tests.town.town import picture

#: A department with more items than a page holds.
WHY = {"why": {"type": "string"}}
HOLDER = claim("holder", "姓名", "Name", source="holder", masked=True)

RECORDS = [item(f"record-{one:03}", f"档案{one}", f"Record {one}", fields=WHY) for one in range(1, 46)]

#: Its first record ends in a certificate.
EXTRACT = item(
    "record-000",
    "档案0",
    "Record 0",
    fields=WHY,
    result={"kind": "certificate", "title": both("摘录", "Extract")},
    credential={"longest_days": 30, "claims": [HOLDER]},
    certificate={"body": both("兹证明有档案。", "There is a record.")},
)

#: Its last record is seen with a pass that one phone shows.
TICKET = item(
    "record-046",
    "档案46",
    "Record 46",
    fields=WHY,
    result=PASS,
    credential={"longest_days": 30, "dynamic": True, "claims": [HOLDER]},
)

#: The public key of nobody's phone.
PHONE = holder.as_jwk(holder.point_of(ec.derive_private_key(46, ec.SECP256R1()).public_key()))

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
    items = [department("archive", "档案局", "Archive"), EXTRACT, *RECORDS, TICKET]
    return write(folder, "".join(items), LEAKY, "archive")


@dataclass(frozen=True)
class World:
    """A platform with all plugins: wang has an approved case, a file, a pass and a scan, a certificate, and
    everybody a broadcast."""

    door: Door
    wang: Person
    staff: Person
    officer: Person
    #: An integrator's.
    program: Person
    case: str
    #: A case of wang's that ended in a certificate.
    certified: str
    #: Another, whose pass a phone of wang's holds.
    ticketed: str
    file: str
    scanned: str
    notice: str
    alert: str
    #: What goes around, checked by two.
    refutation: str
    appointment: str
    #: A slot that is given out by a draw.
    drawn: str
    #: What somebody else has lost, with a photo, and what wang wrote about it.
    posting: str
    conversation: str
    #: Of the files of /docs, a part of their addresses.
    release: str
    #: What the program reported by Open311.
    reported: str
    #: A webhook of the program's, and the version of a service that it has registered.
    webhook: str
    service: str
    #: A message to wang.
    message: str
    #: A chat that wang is bound to, and what it asks of them.
    link: str
    confirmation: str
    #: What rose in the figures of the department.
    finding: str

    @property
    def routes(self) -> list[Route]:
        return [route for _, route in self.door.platform.registry.routes]

    def reader_of(self, route: Route) -> Person:
        """Somebody for whom the route is meant."""
        people = {Audience.ANYONE: self.door.anyone, Audience.STAFF: self.staff, Audience.OFFICER: self.officer}
        people |= {Audience.INTEGRATOR: self.program}
        return people.get(route.audience, self.wang)

    def parameters(self, route: Route) -> dict[str, str]:
        """What the route's path names, of something that exists."""
        things = {
            "attachments": self.file,
            "notices": self.notice,
            "alerts": self.alert,
            "refutations": self.refutation,
        }
        things |= {"appointments": self.appointment, "slots": self.drawn}
        things |= {"links": self.link, "confirmations": self.confirmation, "findings": self.finding}
        things |= {"postings": self.posting, "conversations": self.conversation}
        cases = {"certificate.pdf": self.certified, "phone": self.ticketed}
        things |= {"cases": cases.get(route.path.rpartition("/")[2], self.case)}
        things |= {"webhooks": self.webhook, "service-approvals": self.service, "inbox": self.message}
        of = things.get(route.path.split("/{id}")[0].rpartition("/")[2], self.case)
        code = "traffic" if "departments" in route.path else "zone-pass"
        code = SERVICE if "/v1/services" in route.path else code
        code = "urgent-danger" if "/v1/help" in route.path else code
        if any(noun in route.path for noun in ("slots", "appointments", "holds", "check-ins")):
            code = "police-open-day" if "draw" in route.path else "driving-test"
        known = {"id": of, "code": code, "zone": "6", "number": "1"}
        known |= {"version": self.release, "file": "page.js", "name": CHANNEL}
        known |= {"service_code": "suggest-police", "service_request_id": self.reported, "token": self.reported}
        return {name: known[name] for name in re.findall(r"{(\w+)}", route.path) if name in known}

    def address(self, route: Route) -> str:
        """The route's path about something that exists."""
        path = route.path
        for name, value in self.parameters(route).items():
            path = path.replace(f"{{{name}}}", value)
        return path

    def reads(self) -> Iterator[tuple[Route, Person, str]]:
        """Every GET of the API that ends, with somebody who may call it; pages have tests of their own."""
        for route in self.routes:
            elsewhere = route.operation in ELSEWHERE or not route.described
            if route.method == "GET" and "stream" not in route.path and not elsewhere:
                yield route, self.reader_of(route), self.address(route)


def methods_of(routes: Collection[Route]) -> set[str]:
    """The methods that a path knows by its routes; a stream has no head without a body."""
    heads = {"HEAD" for route in routes if route.method == "GET" and not route.streams}
    return {route.method for route in routes} | heads


async def booked(door: Door, person: Person) -> tuple[str, str]:
    """A driving test that the person has booked, and a slot of another item that is drawn."""
    path = "/v1/items/{}/slots?limit=100"
    tests, receptions = [
        (await door.anyone.get(path.format(code))).ok()["items"] for code in ("driving-test", "police-open-day")
    ]
    free = next(slot["id"] for slot in reversed(tests) if slot["state"] == "free")
    answers = {
        "document": "id-card",
        "resident_id": "11010519491231002X",
        "licence_class": "C1",
        "subject": "road",
        "phone": "13800000000",
    }
    wish = {"slot": free, "answers": answers}
    appointment = (await person.post("/v1/items/driving-test/appointments", wish)).created()
    return appointment["id"], next(slot["id"] for slot in receptions if slot["state"] == "draw")


async def talked(door: Door, person: Person) -> tuple[str, str]:
    """A posting of somebody else's, and a conversation about it that the person has begun."""
    sun = door.citizen("sun")
    photo = (await sun.upload(picture())).created()["id"]
    answers = {"sort": "lost", "thing": "雨伞", "category": "other", "day": "2026-01-01", "division": "510703"}
    answers |= {"place": "东门", "description": "蓝色长柄雨伞", "kept_at": "lost"}
    owner = {**answers, "photos": [photo], "contact": {"name": "孙示例", "phone": "13800000000"}}
    posting = (await sun.post("/v1/items/lost-and-found/postings", {"answers": owner})).created()["id"]
    moderator = door.staff("qian", "public-order:reviewer")
    (await moderator.post(f"/v1/cases/{posting}/actions/publish")).ok()
    begun = await person.post(f"/v1/postings/{posting}/conversations", {"text": "我捡到了"})
    return posting, begun.created()["id"]


async def bound(door: Door, person: str) -> tuple[str, str]:
    """A chat that the person is bound to, and what it asks of them."""
    now = door.platform.now()
    chat = ChannelConversation(account="terminal", contact=person, state="idle", memory={}, begun_at=now, heard_at=now)
    link = ContactLink(conversation_id=chat.id, person=person, known={}, way="digits", linked_at=now)
    what = {"title": "机动车违法查询", "item": "traffic-violations", "digest": "0" * 64}
    until = now + timedelta(hours=1)
    asked = Confirmation(conversation_id=chat.id, person=person, asked_at=now, ends_at=until, **what)
    await door.platform.store.commit(Write(rows=[chat, link, asked]))
    return str(link.id), str(asked.id)


async def reported(door: Door, program: Person) -> str:
    """What a program has reported by Open311 for somebody."""
    form = {"service_code": "suggest-police", "address_string": "东门", "description": "路灯不亮，请修一修"}
    form |= {"attribute[field]": "traffic", "attribute[subject]": "路灯", "api_key": str(program.token)}
    answer = await door.anyone.call("POST", "/open311/v2/requests.json", data=form)
    return str(answer.ok()[0]["service_request_id"])


#: The code of the service that the program registers, which is never called; and the name of its channel, neither.
SERVICE, CHANNEL = "archive-service", "archive-sms"

#: What a service reads of its cases takes an endpoint that answers (`tests/plugins/remote/test_services.py`), and
#: pages that are good once a chat and a provider (`tests/channels/conversations/identity/test_links.py`); a desk's a
#: citizen who waits there (`tests/channels/desk/test_queue.py`); pictures a finding, and open figures weeks that are
#: over (`tests/insights`).
ELSEWHERE = {"show_service_case", "read_service_file", "show_contact_link", "end_contact_sign_in"}
ELSEWHERE |= {
    "show_enquiry",
    "list_enquiry_messages",
    "list_desk_phrases",
    "list_desk_officers",
    "show_call",
    "check_wechat_address",
    "check_weibo_address",
    "check_receipts_address",
    "show_rest",
    "show_form",
    "show_tip_form",
    "show_who_opened_contact_link",
    "show_chart",
    "show_chart_as_png",
    "show_chart_as_pdf",
    "show_map",
    "open_figures",
    "open_figures_as_table",
    # An event on a road: tests/road.
    "show_road_event",
    "show_road_record",
}


async def registered(program: Person) -> tuple[str, str]:
    """A webhook whose receiver isn't there, and the version of a service whose endpoint isn't."""
    url = "https://127.0.0.1:1/"
    webhook = (await program.post("/v1/webhooks", {"url": url})).created()
    texts = {"zh-CN": "样本", "en": "Sample"}
    item = {"code": "service-sample", "kind": "application", "title": texts, "summary": texts, "audience": ["person"]}
    form = {"type": "object", "additionalProperties": False, "properties": {"why": {"type": "string", "title": "原因"}}}
    item |= {"result": {"kind": "answer", "title": texts}, "application": {}, "form": form}
    service = {"code": SERVICE, "department": "archive", "endpoint": url, "items": [item]}
    return webhook["id"], (await program.post("/v1/services", service)).created()["version"]["id"]


async def channel(door: Door) -> None:
    """A channel of the program's, whose endpoint isn't there."""
    now, title = door.platform.now(), {"zh-CN": "样本", "en": "Sample"}
    secret = door.platform[SEAL].sealed(new_secret())
    row = ChannelRow(name=CHANNEL, client="bc_tests", title=title, endpoint="https://127.0.0.1:1/", secret=secret)
    row.created_at = row.updated_at = now
    await door.platform.store.commit(Write(rows=[row]))


async def risen(door: Door) -> str:
    """What rose in a week in the figures of the traffic police."""
    week = door.platform.today() - timedelta(days=door.platform.today().weekday() + 14)
    weeks = [(week - timedelta(weeks=ago), count) for ago, count in ((3, 6), (2, None), (1, 5), (0, 18))]
    points = [{"at": day.isoformat(), "count": count, "expected": 6.0, "upper": 12.0} for day, count in weeks]
    places = [{"division": "510703", "count": 12, "loss": 90_000}, {"division": None, "count": 6, "loss": None}]
    facts = {"expected": 6.0, "upper": 12.0, "p": 0.001, "method": "ears-c2", "chance_per_year": 1.5, "before": 5.5}
    facts |= {"since": week.isoformat(), "percent": 227, "at_most": 12, "places": places, "points": points}
    series = {"category": "accidents", "division": "", "area": "", "grain": "week", "at": week, "facts": facts}
    found = {"department": "traffic", "level": "warn", "count": 18, "loss": 90_000, "state": "open"}
    row = Finding(id=uuid7(), **series, **found, found_at=door.platform.now())
    await door.platform.store.commit(Write(rows=[row]))
    return str(row.id)


@asynccontextmanager
async def open_world(
    folder: Path, platform: Mapping[str, Any] | None = None, more: Mapping[str, Mapping[str, Any]] | None = None
) -> AsyncIterator[World]:
    entries = read_configuration(ROOT / "plugins.toml").entries
    plugins: dict[str, Path | str] = {name: one.path or str(one.package) for name, one in entries.items()}
    push = {"alerts": {"sender": "alerts@city.example"}, "one_person": ["traffic"]}
    settings = {"mobile_push": push, **(more or {})}
    plugins["archive"] = write_archive(folder)
    here = {"outgoing": {"networks": ["127.0.0.0/8"]}, **(platform or {})}
    async with open_door(folder, plugins, settings=settings, platform=here) as door:
        await import_samples(door, "household", "exit_entry", "traffic", "petitions")
        wang = door.citizen("wang", "王小明", resident_id=made_up_person(1))
        officer = door.officer("p007", "traffic")
        roles = ("traffic:reviewer", "traffic:approver", "traffic:publisher", "platform:operator")
        roles = (*roles, "archive:approver", "archive:administrator")
        staff = door.staff("li", *roles)
        case = (await wang.post("/v1/items/zone-pass/cases", {"answers": await good_answers(wang)})).created()
        extract = (await wang.post("/v1/items/record-000/cases", {"answers": {}})).created()
        ticket = (await wang.post("/v1/items/record-046/cases", {"answers": {}})).created()
        await door.settled()
        for one in (case, extract, ticket):
            (await staff.post(f"/v1/cases/{one['id']}/actions/approve")).ok()
        (await wang.put(f"/v1/cases/{ticket['id']}/pass/phone", {"key": PHONE})).ok()
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
        release = (await door.anyone.get("/docs")).body.decode().partition("/docs/assets/")[2].partition("/")[0]
        program = await program_at(door)
        claim = {"department": "traffic", "rating": "checking", "about": {"zh-CN": "桥塌了", "en": "A bridge fell"}}
        refuted = (await door.staff("sun", *roles).post("/v1/refutations", {**claim, "claim": "桥塌了"})).created()[
            "id"
        ]
        for version, action in enumerate(("propose", "approve"), 1):
            (await staff.post(f"/v1/refutations/{refuted}/actions/{action}", {"version": version})).ok()
        shown = (files, text, notice["id"], alert["id"], refuted, appointment, drawn, posting, conversation, release)
        await door.settled()
        (await wang.put("/v1/items/zone-pass/draft", {"answers": {"purpose": "运输"}})).ok()
        message = (await wang.get("/v1/inbox")).ok()["items"][0]["id"]
        shown = (*shown, await reported(door, program), *await registered(program), message)
        shown = (*shown, *await bound(door, "wang"))
        await channel(door)
        finding = await risen(door)
        yield World(door, wang, staff, officer, program, case["id"], extract["id"], ticket["id"], *shown, finding)


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

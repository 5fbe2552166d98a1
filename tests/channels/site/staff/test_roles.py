"""Every page of staff's and every button, for every role: who may not, reads nothing and finds no button for it.

The pages are those that are declared, the roles those that anything here asks for, and the judge is the API: what it
shows a role, and permits, is what a page may.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from banshi import Principal, Role, Write
from banshi.builtin.identity.access import ACCESS
from banshi.builtin.passes.models import Scan
from banshi.kernel.tables.cases import Case
from banshi.testing import Door
from desk import Enquiry
from hotline.tables.models import HotlineCall, HotlineCallBack
from insights.findings.models import Finding, FindingStep
from mobile_push.tables.models import Broadcast
from tests.channels.desk.answers.city import City, city
from tests.channels.desk.bureau import DEPARTMENTS
from tests.channels.hotline.exchange import SECRET, Switch
from tests.channels.site.browsing import Browser, open_browser
from tests.conftest import good_answers
from tests.town.api_world import risen
from web_site.session import STAFF
from web_site.staff.desk.deeds import DEEDS
from web_site.staff.findings import ACTIONS as FOUND
from web_site.staff.hotline import calls as hotline
from web_site.staff.publishing import ACTIONS

#: The department of what there is, that of the desk, and another one.
PLACES = ("traffic", "petitions", "fire")
#: What stands in the case, in the draft, in the talk, at the call and in the finding, and nowhere else.
SECRETS = {"case": "川B77777", "notice": "尚未公开的通知", "enquiry": "我把钱转给了骗子", "call": "+8619900004711"}
SECRETS |= {"finding": "同一团伙，尚在侦办"}
#: What is done on the hotline's pages.
CALLED = [*hotline.DEEDS, *hotline.AT_DESK, "find", "tries", "read", "withdraw"]
#: Lists of the API in which one of these may stand.
LISTS = ("/v1/worklist", "/v1/notices", "/v1/alerts/records", "/v1/desk/enquiries?limit=100")
LISTS = (*LISTS, "/v1/insights/findings")
SHUT = {401, 403, 404}


@dataclass
class Bench:
    """What there is to be read and decided about."""

    door: Door
    case: str
    file: str
    notice: str
    enquiry: str
    call: str
    finding: str

    @property
    def things(self) -> dict[str, str]:
        return {
            "case": f"/v1/cases/{self.case}",
            "notice": f"/v1/notices/{self.notice}",
            "enquiry": f"/v1/desk/enquiries/{self.enquiry}",
            "call": f"/v1/hotline/calls/{self.call}",
            "finding": f"/v1/insights/findings/{self.finding}",
        }

    def addresses(self, method: str) -> Iterator[str]:
        """Each of staff's pages of that method, about what there is; one that this doesn't know fails the test."""
        routes = [route for _, route in self.door.platform.registry.routes if route.method == method]
        for route in routes:
            if route.path.startswith(f"{STAFF}/refutations"):  # which are not here
                continue
            if route.path.startswith(f"{STAFF}/") and not route.path.endswith(("/sign-out", "/{page}")):
                yield from self._filled(route.path)

    def _filled(self, path: str) -> Iterator[str]:
        found = re.search(r"{(\w+)}", path)
        if found is None:
            yield path
            return
        room = path.removeprefix(STAFF).split("/")[1]
        ids = {"cases": self.case, "publishing": self.notice, "desk": self.enquiry, "hotline": self.call}
        ids["findings"] = self.finding
        steps = self.door.platform.registry.items["zone-pass"].steps
        actions = {"cases": {step.action for step in steps}, "publishing": {*ACTIONS}, "findings": {*FOUND}}
        known: dict[str, Sequence[str]] = {
            "id": [ids.get(room, "")], "noun": ["notices"], "action": sorted(actions.get(room, ())),
            "deed": CALLED if room == "hotline" else [*DEEDS, "answers"], "code": ["suggest-police"],
            "desk": ["reception", "fire"], "rule": ["presence", "turns", "limits"],
            "name": [self.file, "certificate"], "file": [self.file],
        }  # fmt: skip
        for one in known[found[1]]:
            yield from self._filled(path.replace(found[0], one, 1))

    async def stands(self) -> list[Any]:
        """Where everything is: what a button may change."""
        rows: list[Any] = await Case.all().order_by("id").values_list("id", "version", "state")
        rows += await Broadcast.all().order_by("id").values_list("id", "version", "state")
        rows += await Finding.all().order_by("id").values_list("id", "version", "state")
        rows += await HotlineCall.all().order_by("id").values_list("id", "version", "outcome")
        rows += await HotlineCallBack.all().order_by("id").values_list("id", "state", "officer")
        rows += [await Scan.all().count()]
        return [*rows, *await Enquiry.all().order_by("id").values_list("id", "state", "officer")]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    more: dict[str, Any] = {"web_site": ("web_site", {}), "traffic": (DEPARTMENTS / "traffic", {})}
    more["mobile_push"] = ("mobile_push", {})
    more["hotline"] = ("hotline", {"secrets": [SECRET]})
    more["insights"] = ("insights", {})
    async with city(tmp_path, "", more=more) as one:
        yield await filled(one)


async def filled(one: City) -> Bench:
    door = one.door
    wang = door.citizen("wang", "王小明")
    answers = await good_answers(wang, plate=SECRETS["case"])
    case = (await wang.post("/v1/items/zone-pass/cases", {"answers": answers})).created()
    await door.settled()
    draft = {"department": "traffic", "audience": {"everyone": True}, "draft": True}
    draft["title"] = {"zh-CN": SECRETS["notice"], "en": SECRETS["notice"]}
    notice = (await door.staff("sun", "traffic:publisher").post("/v1/notices", draft)).created()
    await one.sends("person", "o-wang")
    await one.sends("1", "o-wang")
    await one.sends(SECRETS["enquiry"], "o-wang")
    (enquiry,) = (await one.li.get("/v1/desk/enquiries?limit=100")).ok()["items"]
    # And somebody has called, whom an operator has answered.
    await Switch(door).told("ringing", "c1")
    call = await HotlineCall.get()
    operator = door.staff("staff-petitions-desk", "petitions:desk")
    (await operator.post(f"/v1/desk/enquiries/{call.enquiry_id}/claim")).ok()
    finding = await risen(door)
    step = {"finding_id": finding, "version": 1, "action": "reopen", "state": "open", "actor": "sun"}
    await door.platform.store.commit(
        Write(rows=[FindingStep(**step, at=door.platform.now(), reason=SECRETS["finding"])])
    )
    return Bench(door, case["id"], case["attachments"][0]["id"], notice["id"], enquiry["id"], str(call.id), finding)


def people(door: Door) -> Iterator[tuple[str, Principal | None]]:
    yield "nobody", None
    yield "citizen", Principal("zheng", name="郑某")
    for place in PLACES:
        for name in sorted(door.platform[ACCESS].names()):
            yield f"{place}:{name}", Principal(f"staff-{place}-{name}", name="某警官", roles=(Role(name, place),))


@dataclass
class Allowed:
    """What the API lets somebody read and do."""

    secrets: set[str]
    actions: dict[str, set[str]]
    desks: dict[str, bool]
    may_publish: bool
    is_officer: bool
    is_at_desk: bool = False

    @classmethod
    async def of(cls, bench: Bench, name: str, person: Principal | None) -> Allowed:
        api = bench.door.anyone
        if person is not None:
            api = bench.door.staff(person.subject, name) if person.roles else bench.door.citizen(person.subject)
        told = {thing: await api.get(at) for thing, at in bench.things.items()}
        lists = "".join([(await api.get(at)).body.decode() for at in LISTS])
        secrets = {thing for thing, one in SECRETS.items() if one in told[thing].body.decode() + lists}
        actions = {thing: actions_in(told[thing]) for thing in ("case", "notice", "finding")}
        desks = await api.get("/v1/desk/desks")
        leads = name.endswith(":desk-lead")
        found = {one["code"]: leads for one in desks.ok()["items"]} if desks.status == 200 else {}
        names = {role.name for role in person.roles} if person else set()
        return cls(secrets, actions, found, "publisher" in names, "officer" in names, "desk" in names)

    def permits(self, address: str) -> bool:
        """Whether a button of theirs may lead there. Raises AssertionError for what this test doesn't know."""
        match address.partition("?")[0].partition("#")[0].removeprefix("/site").removeprefix("/staff").split("/")[1:]:
            case ["cases", _, "actions", action]:
                return action in self.actions["case"]
            case ["publishing", _, "new"]:
                return self.may_publish
            case ["publishing", _, _, "edit"]:
                return "notice" in self.secrets
            case ["publishing", _, _, "actions", action]:
                return action in self.actions["notice"]
            case ["findings", _, "actions", action]:
                return action in self.actions["finding"]
            case ["desk", "enquiries", _, _]:
                return "enquiry" in self.secrets
            case ["desk", "desks", desk, rule]:
                return desk in self.desks and (rule == "presence" or self.desks[desk])
            case ["hotline", *_]:
                return self.is_at_desk
            case ["scan", *_]:
                return self.is_officer
            case ["roads" | "refutations", *_]:
                # There are no such rooms here: tests/road/test_page.py, tests/channels/site/citizen/test_refutations.py
                return False
        raise AssertionError(f"{address}: say in this test who may press what leads there")


def actions_in(answer: Any) -> set[str]:
    """What may be done with it: names, or documents with one."""
    told = answer.document.get("permitted_actions", ()) if answer.status == 200 else ()
    return {one if isinstance(one, str) else one["action"] for one in told}


def buttons(browser: Browser) -> set[str]:
    """Where the buttons of a page lead, and the links to what a button does."""
    forms = browser.page.xpath("//main//form[@method='post']")
    found = {one.get("formaction") or form.get("action") or browser.url for form in forms
             for one in form.xpath(".//button[not(@type='button')]")}  # fmt: skip
    found |= {one for one in browser.page.xpath("//main//a/@href") if re.search("/(actions/|new|edit)", one)}
    return {str(one).removeprefix(browser.door.url) for one in found}


@pytest.mark.long
async def test_who_may_not_reads_nothing_and_finds_no_button_for_it(bench: Bench) -> None:
    pages = [one for one in bench.addresses("GET") if not one.endswith("/stream")]
    read, pressed = dict.fromkeys(SECRETS, 0), set[str]()
    assert len(pages) >= 12
    for name, person in people(bench.door):
        allowed = await Allowed.of(bench, name, person)
        async with open_browser(bench.door, person) as browser:
            for page in pages:
                await browser.go(page)
                if browser.headers.get("Content-Type", "").partition(";")[0] != "text/html":
                    assert "case" in allowed.secrets or "enquiry" in allowed.secrets, (name, page)
                    continue
                there = {thing for thing, secret in SECRETS.items() if secret in browser.text}
                assert there <= allowed.secrets, (name, page, browser.status)
                for thing in there:
                    read[thing] += 1
                if not browser.text.strip():  # rows of a list that is empty
                    continue
                if browser.status != 200 or "/sign-in" in browser.url:
                    assert not browser.page.xpath("//main//form[not(contains(@action, 'sign-in'))]"), (name, page)
                    continue
                own = buttons(browser)
                assert all(map(allowed.permits, own)), (name, page, [one for one in own if not allowed.permits(one)])
                pressed |= own
    assert all(read.values()), "nobody reads it, so nothing was tried"
    assert {one for one in pressed if "/actions/" in one}
    assert {one for one in pressed if "/desk/" in one}


@pytest.mark.long
async def test_who_may_not_does_nothing_by_sending_what_a_button_would(bench: Bench) -> None:
    targets = [*bench.addresses("POST")]
    assert len(targets) >= 30
    before, refused = await bench.stands(), 0
    for name, person in people(bench.door):
        allowed = await Allowed.of(bench, name, person)
        async with open_browser(bench.door, person) as browser:
            for target in targets:
                if allowed.permits(target):
                    continue
                sent = {"token": "t" * 32, "next": "1", "reason": "试一试", "version": "1", "flag": "1"}
                await browser._ask("POST", target, data=sent, headers={"Origin": bench.door.url})
                is_told = browser.status in {*SHUT, 409, 422} or "/sign-in" in browser.url
                assert is_told, (name, target, browser.status, browser.url)
                refused += 1
        assert await bench.stands() == before, name
    assert refused > 500


async def test_another_s_cookie_of_the_site_is_none_of_the_workbench_s(bench: Bench) -> None:
    """A citizen's session, as staff's cookie, opens nothing; nor does staff's as a citizen's."""
    async with open_browser(bench.door, Principal("wang", name="王小明")) as browser:
        for page in bench.addresses("GET"):
            await browser.go(page)
            assert "/sign-in" in browser.url, page


def test_the_judge_knows_one_from_the_other() -> None:
    """A guard of the guard."""
    allowed = Allowed({"case"}, {"case": {"approve"}, "notice": set()}, {"reception": False}, False, False)
    permitted = {f"{STAFF}/cases/x/actions/approve": True, f"{STAFF}/cases/x/actions/refuse": False,
                 f"{STAFF}/publishing/notices/new": False, f"{STAFF}/desk/desks/reception/presence": True,
                 f"{STAFF}/desk/desks/reception/turns": False, f"{STAFF}/desk/enquiries/x/claim": False}  # fmt: skip
    assert {one: allowed.permits(one) for one in permitted} == permitted
    with pytest.raises(AssertionError, match="say in this test"):
        allowed.permits(f"{STAFF}/elsewhere")

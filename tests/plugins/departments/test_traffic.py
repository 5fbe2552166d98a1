"""What the traffic police promise: plates as the standard has them, rules with pointers, passes that say no more than
an officer needs, renewal, and zones whose closing revokes their passes and no other."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from banshi import API_VERSION
from banshi.app import loaded
from banshi.builtin.passes.models import Counter
from banshi.builtin.passes.wire import base45, cose, picture
from banshi.kernel.loading.configuration import Configuration, Entry
from banshi.kernel.loading.settings import Settings
from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.passes import Pass
from banshi.testing import Door, Person, Reply, open_door
from tests.places import TRAFFIC
from tests.town.zone_pass import FIRST_DAY, LAST_DAY
from tests.waiting import until

Answers = Callable[..., Awaitable[dict[str, Any]]]

ENGLISH = {"Accept-Language": "en"}

#: GA 36-2018: the 31 provinces; letters without I and O; the letters of new-energy plates (D, A, B, C, E: purely
#: electric; F, G, H, J, K: not purely).
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "0123456789"
NEW_ENERGY = "DABCEFGHJK"


def chars(alphabet: str, count: int) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=count, max_size=count)


def joined(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map("".join)


HEAD = joined(chars(PROVINCES, 1), chars(LETTERS, 1))
PLATES = st.one_of(
    joined(HEAD, chars(LETTERS + DIGITS, 5)),
    joined(HEAD, chars(LETTERS + DIGITS, 4), st.sampled_from("挂学警")),
    joined(st.just("粤Z"), chars(LETTERS + DIGITS, 4), st.sampled_from("港澳")),
    joined(HEAD, chars(NEW_ENERGY, 1), chars(LETTERS + DIGITS, 1), chars(DIGITS, 4)),
    joined(HEAD, chars(DIGITS, 5), chars(NEW_ENERGY, 1)),
)
#: Never part of a plate: I and O, in whatever width and case, control characters, look-alikes.
STRANGE = "IOioＩｏ\t\n\0川京台АВ٣①"
#: What people type between its signs, and no plate has.
BETWEEN = " \u3000\u00a0\u200b·•-."


@pytest.fixture(scope="module")
def form() -> Any:
    """The plugin's form, as the platform has loaded it."""
    entries = {"traffic": Entry(api=API_VERSION, path=TRAFFIC)}
    registry = loaded(Configuration(Path("plugins.toml"), Settings(), entries))
    return registry.items["zone-pass"].form


def takes_plate(form: Any, plate: Any) -> bool:
    return not any(problem.pointer == "/plate" for problem in form.problems({"plate": plate}))


@pytest.mark.parametrize(
    "plate",
    [
        *("川B12345", "京A00001", "琼CZZZZZ", "粤B1A2B3", "川B8888A"),
        *("川BD12345", "川BF12345", "沪AA12345", "粤BDA1234", "川BK99999"),
        *("川B12345D", "川B12345F", "沪A00001K"),
        *("川B1234挂", "川B1234学", "川B1234警", "粤Z1234港", "粤Z12A4澳"),
    ],
)
def test_a_plate_of_the_national_standard_is_taken(form: Any, plate: str) -> None:
    assert takes_plate(form, plate)


@pytest.mark.parametrize(
    "plate",
    [
        *("川b12345", "川Bd12345", "川B1234d", "川B12345d", "川Ｂ12345", "川B１２３４５", "川ｂ1234５"),
        *(" 川B12345", "川B12345 ", "川B 12345", "川 B12345", "川B·12345", "川B-12345", "粤Z·1234港"),
        *("224578使", "使224·578", "沪A·1234领", "京·X1234应急"),
    ],
)
def test_a_plate_is_taken_as_people_type_it(form: Any, plate: str) -> None:
    assert takes_plate(form, plate)


@pytest.mark.parametrize(
    "plate",
    [
        *("", "川", "川B", "川B1234", "川B123", "川B1234567", "川B123456", "B12345", "川12345", "川1B2345"),
        *("川I12345", "川O12345", "川BI2345", "川B1234O", "川BDI1234", "川B12345I", "川B12345O", "川BI12345"),
        *("川i12345", "川b１２３４ｏ", "川B12345\n", "\n川B12345", "川B12345\0", "川B٣2345", "川В12345"),
        *("川BL12345", "川BDAB123", "川B1234AD", "川B12345L", "川BD1234D5", "川BDD12345"),
        *("川B12挂34", "川B挂1234", "川B12345挂", "川BD1234挂", "川B1234使"),
        *("川B1234港", "粤B1234澳", "京Z1234港"),
        *("台A12345", "港A12345", "使A12345", "军A12345", "AB12345", "川川12345"),
        *(None, 12345, ["川B12345"], {"川": 1}),
    ],
)
def test_anything_else_is_no_plate(form: Any, plate: Any) -> None:
    assert not takes_plate(form, plate)


@given(plate=PLATES)
def test_every_plate_that_the_standard_can_make_is_taken(form: Any, plate: str) -> None:
    assert takes_plate(form, plate)


@given(plate=PLATES, strange=st.sampled_from(STRANGE), place=st.integers(0, 8), instead=st.booleans())
def test_a_strange_character_anywhere_spoils_a_plate(
    form: Any, plate: str, strange: str, place: int, instead: bool
) -> None:
    # A province's character in its own place is not strange.
    at = max(min(place, len(plate) - instead), 1 if strange in PROVINCES else 0)
    assert not takes_plate(form, plate[:at] + strange + plate[at + instead :])


@given(plate=PLATES, sign=st.sampled_from(BETWEEN), place=st.integers(0, 8))
def test_a_space_or_dot_anywhere_leaves_a_plate_what_it_is(form: Any, plate: str, sign: str, place: int) -> None:
    assert form.spelled({"plate": plate[:place] + sign + plate[place:]}) == {"plate": plate}


async def test_a_wrong_plate_is_told_with_its_pointer_and_an_example(bare_door: Door, answers: Answers) -> None:
    wang = bare_door.citizen("wang")
    document = {"answers": await answers(wang, plate="川i12345")}
    for language, example in (("en", "such as 川B12345"), ("zh-CN", "如 川B12345")):
        reply = await wang.post("/v1/items/zone-pass/cases", document, headers={"Accept-Language": language})
        problems = reply.problem(422, "invalid-fields")["problems"]
        assert [one["pointer"] for one in problems] == ["/answers/plate"]
        assert example in problems[0]["detail"]


# The rules of validate


#: Late enough for the key that the test's platform has just made.
TODAY = date(2098, 3, 2)


def on(day: date) -> Callable[[], datetime]:
    """A clock that stands at nine in the morning of that day in the city."""
    return lambda: datetime.combine(day, time(1), UTC)


def days(first: date, last: date) -> dict[str, str]:
    return {"valid_from": first.isoformat(), "valid_until": last.isoformat()}


#: What is asked for → what is told of it.
RULES: list[tuple[Mapping[str, Any], list[tuple[str, str]]]] = [
    (days(TODAY, TODAY), []),
    (days(TODAY, TODAY + timedelta(days=89)), []),
    (days(TODAY, TODAY + timedelta(days=90)), [("/answers/valid_until", "too-long")]),
    (days(TODAY, TODAY) | {"zones": ["4", "5", "6"]}, [("/answers/zones/1", "closed")]),
    (
        days(TODAY, TODAY + timedelta(days=300)) | {"zones": ["5", "1", "3"]},
        [("/answers/valid_until", "too-long"), ("/answers/zones/0", "closed"), ("/answers/zones/2", "closed")],
    ),
]


async def test_every_rule_points_to_its_field_and_all_are_told_at_once(two_closed: Door, answers: Answers) -> None:
    wang = two_closed.citizen("wang")
    for (changes, found), language in product(RULES, ("zh-CN", "en")):
        body = {"answers": await answers(wang, **{"zones": ["1", "2"], **changes})}
        reply = await wang.post("/v1/items/zone-pass/cases", body, headers={"Accept-Language": language})
        if not found:
            assert reply.created()["state"] == "submitted"
            continue
        problems = reply.problem(422, "invalid-fields")["problems"]
        assert [(one["pointer"], one["code"]) for one in problems] == found
        assert {one["detail"].isascii() for one in problems} == {language == "en"}


@pytest.fixture
async def two_closed(bare_door: Door) -> Door:
    """The zones 3 and 5 are closed, and it is nine in the morning of TODAY."""
    bare_door.platform.now = on(TODAY)
    for zone in ("3", "5"):
        await close(bare_door, zone)
    return bare_door


async def test_the_longest_time_is_a_setting(tmp_path: Path, answers: Answers) -> None:
    async with open_door(tmp_path, {"traffic": TRAFFIC}, settings={"traffic": {"longest_days": 7}}) as door:
        door.platform.now = on(TODAY)
        wang = door.citizen("wang")
        week = await answers(wang, **days(TODAY, TODAY + timedelta(days=6)))
        eight = {**week, "valid_until": (TODAY + timedelta(days=7)).isoformat()}
        reply = await wang.post("/v1/items/zone-pass/cases", {"answers": eight}, headers=ENGLISH)
        assert "At most 7 days" in reply.problem(422, "invalid-fields")["problems"][0]["detail"]
        (await wang.post("/v1/items/zone-pass/cases", {"answers": week})).created()


# The automatic check


@pytest.mark.parametrize("hours", ["9-17", "0-24"])
async def test_a_heavy_truck_by_day_is_returned_at_once_with_a_reason_in_both_languages(
    door: Door, answers: Answers, hours: str
) -> None:
    wang = door.citizen("wang")
    case = await submit(door, wang, await answers(wang, vehicle_class="heavy-truck", hours=hours))
    link = case["links"]["self"]
    for language, words in (("zh-CN", "夜间"), ("en", "at night only")):
        shown = (await wang.get(link, headers={"Accept-Language": language})).ok()
        assert shown["state"] == "returned"
        assert words in shown["reason"]
        assert shown["timeline"][-1]["by"] == "system"
        told = (await wang.get("/v1/inbox", headers={"Accept-Language": language})).ok()["items"]
        assert [shown["reason"] in message["body"] for message in told] == [True]
    assert shown["deadline"]["running"] is False
    corrected = {"answers": {**shown["answers"], "hours": "22-6"}}
    (await wang.post(f"{link}/actions/supplement", corrected)).ok()
    await door.settled()
    assert (await wang.get(link)).ok()["state"] == "accepted"


async def test_whatever_else_fits_is_accepted_for_staff_to_review(bare_door: Door, answers: Answers) -> None:
    wang = bare_door.citizen("wang")
    for vehicle, hours in (("heavy-truck", "22-6"), ("medium-truck", "9-17"), ("special", "0-24")):
        case = await submit(bare_door, wang, await answers(wang, vehicle_class=vehicle, hours=hours))
        assert (await wang.get(case["links"]["self"])).ok()["state"] == "accepted"


# What a pass says


async def test_a_pass_carries_the_declared_claims_with_the_holder_masked_and_nothing_else(
    bare_door: Door, answers: Answers
) -> None:
    wang = bare_door.citizen("wang-subject", name="王小明")
    given_answers = await answers(wang, plate="川BD12345", zones=["2", "5"], hours="22-6")
    _, text = await approved_pass(bare_door, wang, given_answers)
    protected, unprotected, payload, signature = cbor2.loads(base45.decode(text.removeprefix("BS1:"))).value
    claims = cbor2.loads(payload)
    issued = await Pass.get()
    # Midnight in the city is 16:00 of the day before at Greenwich.
    ends = int(datetime(*LAST_DAY.timetuple()[:3], 16, tzinfo=UTC).timestamp())
    eve = FIRST_DAY - timedelta(days=1)
    assert cbor2.loads(protected).keys() == {1, 4, 16}
    assert (unprotected, len(signature)) == ({}, 64)
    assert claims == {
        1: "BANSHI",
        4: ends,
        5: int(datetime(*eve.timetuple()[:3], 16, tzinfo=UTC).timestamp()),
        6: int(issued.issued_at.timestamp()),
        -65537: ["zone-pass", issued.number, "川BD12345", ["2", "5"], "light-truck", "22-6", "王*明"],
    }


async def test_neither_the_pass_nor_the_verifiers_answer_holds_anything_else_that_is_personal(
    bare_door: Door, answers: Answers
) -> None:
    wang = bare_door.citizen("wang-subject", name="王小明")
    given_answers = await answers(wang)
    case, text = await approved_pass(bare_door, wang, given_answers)
    decoded = repr(cbor2.loads(base45.decode(text.removeprefix("BS1:"))))
    officer = bare_door.officer("chen", "traffic")
    answer = (await officer.post("/v1/passes/verify", {"text": text, "place": "高新区"})).ok()
    assert {claim["name"]: claim["value"] for claim in answer["claims"]} == {
        "plate": "川BD12345",
        "zones": ["2", "5"],
        "class": "light-truck",
        "hours": "9-17",
        "holder": "王*明",
    }
    personal = [
        given_answers["driver"]["name"],
        given_answers["driver"]["phone"],
        given_answers["purpose"],
        given_answers["licence"],
        given_answers["registration"],
        "wang-subject",
        case["id"],
        case["number"],
    ]
    for secret in personal:
        assert secret not in decoded + str(answer)
        assert secret.encode() not in base45.decode(text.removeprefix("BS1:"))


MASKED = {"王小明": "王*明", "李四": "李*", "欧阳娜娜": "欧*娜", "JOHN SMITH": "J*H", "𠮷" * 30: "𠮷*𠮷"}


async def test_a_masked_name_shows_its_first_and_last_character_at_most(bare_door: Door, answers: Answers) -> None:
    wang, officer = bare_door.citizen("wang"), bare_door.officer("chen", "traffic")
    for name, masked in MASKED.items():
        driver = {"name": name, "phone": "13800000000"}
        _, text = await approved_pass(bare_door, wang, await answers(wang, driver=driver))
        verdict = (await officer.post("/v1/passes/verify", {"text": text})).ok()
        assert verdict["claims"][-1] == {"name": "holder", "title": "驾驶人", "value": masked, "text": masked}


async def test_the_largest_pass_of_this_form_fits_the_budget_of_v10_m(
    bare_door: Door, answers: Answers, record_property: Any
) -> None:
    """Longest plate, all zones, longest class and hours, a name of 30 of the largest characters, begins later, and
    the number is beyond ten years of a province's passes."""
    await Counter.create(name="pass", value=2**32)
    wang = bare_door.citizen("wang")
    largest = await answers(
        wang,
        plate="粤ZD12345",
        zones=["1", "2", "3", "4", "5", "6"],
        vehicle_class="medium-truck",
        driver={"name": "𠮷" * 30, "phone": "13800000000"},
    )
    _, text = await approved_pass(bare_door, wang, largest)
    size = f"{len(cose.compact_bytes(text))} bytes, {len(text)} characters, V{picture.version(text)}"
    record_property("largest pass", size)
    print("largest pass:", size)
    assert int(picture.version(text).removesuffix("-M")) <= 10, size


# Renewal


async def pass_until(door: Door, person: Person, answers: Answers, last: date) -> dict[str, Any]:
    """A case with a pass that ends with `last`; the platform's clock then stands at its last day."""
    first = last - timedelta(days=20)
    door.platform.now = on(first)
    case, _ = await approved_pass(door, person, await answers(person, **days(first, last)))
    door.platform.now = on(last)
    return case


async def renew(door: Door, person: Person, answers: Answers, renewed: str) -> Reply:
    today = door.platform.today()
    body = {"answers": await answers(person, **days(today, today + timedelta(days=9))), "renews": renewed}
    return await person.post("/v1/items/zone-pass/cases", body, headers=ENGLISH)


async def test_a_renewal_takes_licence_and_registration_over_from_the_pass_that_it_renews(
    bare_door: Door, answers: Answers
) -> None:
    wang = bare_door.citizen("wang")
    case = await pass_until(bare_door, wang, answers, bare_door.platform.today() + timedelta(days=30))
    listed = (await wang.get(f"/v1/items/zone-pass/materials?case={case['id']}")).ok()["materials"]
    assert [one["document"]["code"] for one in listed] == ["driving-licence", "vehicle-registration"]
    offers = {one["field"]: one["offers"][0] for one in listed}
    assert offers["/registration"]["concerns"]["value"] == case["answers"]["plate"]
    today = bare_door.platform.today()
    body = {
        "answers": {
            **case["answers"],
            **days(today, today + timedelta(days=9)),
            **{field.removeprefix("/"): offer["files"][0]["id"] for field, offer in offers.items()},
        },
        "renews": case["id"],
        "reuse": [{"field": field, "consent": offer["consent"]["id"]} for field, offer in offers.items()],
    }
    made = (await wang.post("/v1/items/zone-pass/cases", body)).created()
    assert made["renews"] == case["id"]
    assert [one["reused_from"]["number"] for one in made["attachments"]] == [case["number"]] * 2


@pytest.mark.parametrize(("offset", "possible"), [(-15, False), (-14, True), (0, True), (7, True), (8, False)])
async def test_a_pass_is_renewed_from_fifteen_days_before_its_end_until_seven_days_after(
    bare_door: Door, answers: Answers, offset: int, possible: bool
) -> None:
    last = date(2098, 3, 31)
    wang = bare_door.citizen("wang")
    case = await pass_until(bare_door, wang, answers, last)
    # The pass ends as the day after `last` begins; both bounds are counted from that moment.
    bare_door.platform.now = on(last + timedelta(days=offset))
    reply = await renew(bare_door, wang, answers, case["id"])
    if possible:
        document = reply.created()
        assert document["renews"] == case["id"]
        assert (await Case.get(id=document["id"])).renews == (await Case.get(id=case["id"])).id
        return
    problem = reply.problem(422, "invalid-fields")["problems"][0]
    assert problem["pointer"] == "/renews"
    assert ("2098-03-17" if offset < 0 else "too long ago") in problem["detail"]


async def test_only_an_approved_case_of_ones_own_is_renewed(bare_door: Door, answers: Answers) -> None:
    wang, zhang = bare_door.citizen("wang"), bare_door.citizen("zhang")
    approved = await pass_until(bare_door, wang, answers, date(2098, 3, 31))
    pending = await submit(bare_door, wang, await answers(wang, **days(date(2098, 4, 1), date(2098, 4, 2))))
    unknown = "01a20e58-9e34-7296-bf43-074b46d09d80"
    for person, renewed in ((zhang, approved["id"]), (wang, pending["id"]), (wang, unknown)):
        reply = await renew(bare_door, person, answers, renewed)
        problem = reply.problem(422, "invalid-fields")["problems"][0]
        assert (problem["pointer"], problem["code"]) == ("/renews", "renewal")
    await act(bare_door, approved, "revoke", reason="收回")
    (await renew(bare_door, wang, answers, approved["id"])).problem(422, "invalid-fields")


# Closing and opening zones


async def test_anyone_reads_which_zones_are_open(bare_door: Door) -> None:
    await close(bare_door, "4", "二环改造")
    listed = (await bare_door.anyone.get("/v1/traffic/zones")).ok()["items"]
    assert [one["zone"] for one in listed] == ["1", "2", "3", "4", "5", "6"]
    assert [one for one in listed if not one["open"]] == [
        {"zone": "4", "title": "4 区", "open": False, "reason": "二环改造"}
    ]
    assert all(one["reason"] is None for one in listed if one["open"])


async def test_closing_a_zone_revokes_all_its_passes_and_no_other_and_tells_their_holders(
    door: Door, answers: Answers
) -> None:
    concerned: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for number in range(6):
        person = door.citizen(f"person-{number}")
        zones = [["2"], ["1", "2", "3"], ["6", "2"], ["1"], ["3", "4"], ["5"]][number]
        case, text = await approved_pass(door, person, await answers(person, zones=zones))
        (concerned if "2" in zones else others)[case["id"]] = (person, case, text)
    await close(door, "2", "二号区域施工关闭")
    await until(lambda: taken_back(len(concerned)))
    await door.settled()
    officer = door.officer("chen", "traffic")
    for person, case, text in concerned.values():
        assert (await person.get(case["links"]["self"])).ok()["reason"] == "二号区域施工关闭"
        verdict = (await officer.post("/v1/passes/verify", {"text": text})).ok()
        assert (verdict["verdict"], verdict["reason"]) == ("revoked", "二号区域施工关闭")
        assert verdict["ended"] == "taken-back"
        last = (await person.get("/v1/inbox")).ok()["items"][-1]
        assert ("批准已撤回" in last["title"], "二号区域施工关闭" in last["body"]) == (True, True)
    for person, case, text in others.values():
        assert (await person.get(case["links"]["self"])).ok()["state"] == "approved"
        assert (await officer.post("/v1/passes/verify", {"text": text})).ok()["verdict"] == "not-yet-valid"
        assert "已批准" in (await person.get("/v1/inbox")).ok()["items"][-1]["title"]


async def test_a_revocation_that_a_crash_interrupted_is_taken_up_at_the_next_start(
    tmp_path: Path, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The closure is in the books, and the server is gone before any pass was revoked."""
    async with open_door(tmp_path, {"traffic": TRAFFIC}) as door:
        zones = importlib.import_module(ZONES)
        cases = []
        for number in range(3):
            person = door.citizen(f"person-{number}")
            case, _ = await approved_pass(door, person, await answers(person, zones=["2", str(number + 3)]))
            cases.append(case)
        with monkeypatch.context() as crashing:

            async def dies(*_: Any) -> None:
                await asyncio.sleep(3600)

            crashing.setattr(zones, "decide", dies)
            await close(door, "2")
            await asyncio.sleep(0.05)
        assert await Case.filter(state="approved").count() == 3
    async with open_door(tmp_path, {"traffic": TRAFFIC}) as door:
        await until(lambda: taken_back(3))


async def test_a_database_that_fails_while_passes_are_revoked_only_delays_it(
    bare_door: Door, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    wang = bare_door.citizen("wang")
    await approved_pass(bare_door, wang, await answers(wang, zones=["2"]))
    zones = importlib.import_module(ZONES)
    monkeypatch.setattr(zones, "RETRY_EVERY_S", 0.02)
    real = zones.submissions
    failures: list[Any] = []

    def fails_twice(*arguments: Any) -> Any:
        if len(failures) < 2:
            failures.append(arguments)
            raise OSError("the disk is away")
        return real(*arguments)

    monkeypatch.setattr(zones, "submissions", fails_twice)
    await close(bare_door, "2")
    await until(lambda: taken_back(1))
    assert len(failures) == 2


async def test_what_was_applied_for_before_the_zone_closed_is_not_approved_after(
    bare_door: Door, answers: Answers
) -> None:
    wang = bare_door.citizen("wang")
    case = await submit(bare_door, wang, await answers(wang, zones=["1", "2"]))
    await close(bare_door, "2", "施工")
    approver = bare_door.staff("li", "traffic:approver")
    reply = await approver.post(f"{case['links']['self']}/actions/approve", headers=ENGLISH)
    assert "2" in reply.problem(409, "conflict")["detail"]
    assert (await wang.get(case["links"]["self"])).ok()["state"] == "accepted"
    assert await Pass.all().count() == 0
    await reopen(bare_door, "2")
    await act(bare_door, case, "approve")


async def test_an_approval_that_was_under_way_while_the_zone_closed_does_not_leave_a_valid_pass(
    bare_door: Door, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looked at the zones before they closed, and is written after the closing has walked all passes."""
    wang = bare_door.citizen("wang")
    case = await submit(bare_door, wang, await answers(wang, zones=["2"]))
    zones = importlib.import_module(ZONES)
    monkeypatch.setattr(zones, "RETRY_EVERY_S", 0.05)
    handler = bare_door.platform.registry.items["zone-pass"].handler
    real, looked, go_on = handler.claims, asyncio.Event(), asyncio.Event()

    async def slow(submission: Any) -> Any:
        claims = await real(submission)
        looked.set()
        await go_on.wait()
        return claims

    monkeypatch.setattr(handler, "claims", slow)
    approving = asyncio.create_task(act(bare_door, case, "approve"))
    await looked.wait()
    await close(bare_door, "2")
    await asyncio.sleep(0.2)
    go_on.set()
    assert (await approving)["state"] == "approved"
    await until(lambda: taken_back(1))


async def test_only_an_approver_of_the_vehicle_pass_office_opens_and_closes_zones(
    bare_door: Door, answers: Answers
) -> None:
    wang, path, body = bare_door.citizen("wang"), "/v1/traffic/zones/2/closure", {"reason": "x"}
    case, _ = await approved_pass(bare_door, wang, await answers(wang, zones=["2"]))
    (await bare_door.anyone.put(path, body)).problem(401, "unauthenticated")
    (await bare_door.anyone.delete(path)).problem(401, "unauthenticated")
    for person in (
        bare_door.staff("zhao", "traffic:reviewer"),
        bare_door.staff("zhao", "household:approver"),
        bare_door.staff("zhao", "traffic/licence-office:approver"),
        bare_door.staff("zhao", "household:approver", "traffic:reviewer"),
        *(wang, bare_door.officer("chen", "traffic")),
    ):
        (await person.put(path, body)).problem(403, "forbidden")
        (await person.delete(path)).problem(403, "forbidden")
    assert (await wang.get(case["links"]["self"])).ok()["state"] == "approved"
    approver = bare_door.staff("li", "traffic/zone-office:approver")
    assert (await approver.put("/v1/traffic/zones/2/closure", {"reason": "x"})).ok()["open"] is False
    assert (await approver.delete("/v1/traffic/zones/2/closure")).ok()["open"] is True


async def test_a_zone_that_the_form_does_not_offer_is_not_there(bare_door: Door) -> None:
    approver = bare_door.staff("li", "traffic:approver")
    for zone in ("0", "7", "22", "two"):
        path = f"/v1/traffic/zones/{zone}/closure"
        for reply in (await approver.put(path, {"reason": "x"}), await approver.delete(path)):
            assert "1, 2, 3, 4, 5, 6" in reply.problem(404, "not-found")["detail"]


async def test_a_closure_says_why_and_nothing_else(bare_door: Door) -> None:
    approver = bare_door.staff("li", "traffic:approver")
    for body in ({}, {"reason": ""}, {"reason": "x" * 501}, {"reason": "x", "until": "2099-01-01"}):
        (await approver.put("/v1/traffic/zones/2/closure", body)).problem(422, "invalid-fields")
    assert all(one["open"] for one in (await bare_door.anyone.get("/v1/traffic/zones")).ok()["items"])


async def test_a_zone_that_is_open_again_takes_applications_and_its_revoked_passes_stay_so(
    bare_door: Door, answers: Answers
) -> None:
    wang = bare_door.citizen("wang")
    case, _ = await approved_pass(bare_door, wang, await answers(wang, zones=["2"]))
    await close(bare_door, "2")
    await until(lambda: taken_back(1))
    body = {"answers": await answers(wang, zones=["2"])}
    (await wang.post("/v1/items/zone-pass/cases", body)).problem(422, "invalid-fields")
    await reopen(bare_door, "2")
    await reopen(bare_door, "2")
    assert all(one["open"] for one in (await bare_door.anyone.get("/v1/traffic/zones")).ok()["items"])
    (await wang.post("/v1/items/zone-pass/cases", body)).created()
    assert (await wang.get(case["links"]["self"])).ok()["state"] == "taken-back"


async def test_a_zone_that_is_opened_again_before_all_is_revoked_revokes_no_more(
    bare_door: Door, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    wang = bare_door.citizen("wang")
    for _ in range(2):
        await approved_pass(bare_door, wang, await answers(wang, zones=["2"]))
    zones = importlib.import_module(ZONES)
    real, revoked, go_on = zones.decide, asyncio.Event(), asyncio.Event()

    async def slow(*arguments: Any) -> Any:
        case = await real(*arguments)
        revoked.set()
        await go_on.wait()
        return case

    monkeypatch.setattr(zones, "decide", slow)
    await close(bare_door, "2")
    await revoked.wait()
    await reopen(bare_door, "2")
    go_on.set()
    await asyncio.sleep(0.1)
    assert await Case.filter(state="taken-back").count() == 1


async def test_closing_a_closed_zone_gives_it_the_new_reason(bare_door: Door) -> None:
    await close(bare_door, "2", "施工")
    await asyncio.gather(*(close(bare_door, "2", "洪水") for _ in range(5)))
    listed = (await bare_door.anyone.get("/v1/traffic/zones")).ok()["items"]
    assert listed[1] == {"zone": "2", "title": "2 区", "open": False, "reason": "洪水"}


# What the tests have in common


async def submit(door: Door, person: Person, document: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A case after its automatic check."""
    case = (await person.post("/v1/items/zone-pass/cases", {"answers": document, **more})).created()
    await door.settled()
    return dict(case)


async def act(door: Door, case: Mapping[str, Any], action: str, **body: Any) -> dict[str, Any]:
    approver = door.staff("li", "traffic:approver", "traffic:reviewer")
    return dict((await approver.post(f"{case['links']['self']}/actions/{action}", body)).ok())


async def approved_pass(door: Door, person: Person, document: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """An approved case and the text of its pass."""
    case = await submit(door, person, document)
    await act(door, case, "approve")
    return case, (await person.get(f"{case['links']['self']}/pass.txt")).body.decode()


async def close(door: Door, zone: str, reason: str = "施工") -> None:
    approver = door.staff("li", "traffic:approver")
    (await approver.put(f"/v1/traffic/zones/{zone}/closure", {"reason": reason})).ok()


async def reopen(door: Door, zone: str) -> None:
    (await door.staff("li", "traffic:approver").delete(f"/v1/traffic/zones/{zone}/closure")).ok()


async def taken_back(count: int) -> bool:
    return await Case.filter(state="taken-back").count() == count


#: The plugin's module, under the name that the platform has loaded it by.
ZONES = "banshi_plugins.traffic.zones"

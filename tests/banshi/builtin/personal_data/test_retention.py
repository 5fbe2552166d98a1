"""What is personal in a case leaves when its time is over, by outcome; what statistics count is as it was before."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi import Offer, Principal, Write
from banshi.builtin.checks import findings
from banshi.builtin.personal_data import anonymising, forgetting, retention
from banshi.builtin.personal_data.housekeeping import tidy
from banshi.foundation.findings import ConfigurationError
from banshi.foundation.time.periods import Period
from banshi.kernel.loading.settings import Retention
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kernel.tables.outbox import OutboxRow
from banshi.kernel.tables.passes import Pass
from banshi.kinds.appeal import statistics
from banshi.kinds.appeal.models import Reply as Answer
from banshi.kinds.appeal.tips.retention import forget
from banshi.kinds.appointment.models import Booking
from banshi.kinds.posting.models import PostingRecord
from banshi.sdk.cases import new_case
from banshi.sdk.personal_data import ANONYMISE_CASE
from banshi.testing import Door, open_door
from tests.banshi.builtin.audit.chain_reading import sealed, verified
from tests.places import TRAFFIC
from tests.readers.tables import tables_with
from tests.town.parts import APPEALS, UNNAMED, appeals, postings, visits
from tests.town.town import open_town, picture
from tests.waiting import until

#: What a test can find anywhere: a subject, a name, a phone, a plate, what somebody wrote.
WANG, WORDS = "wang-q4711", ("wang-q4711", "王小明", "13800000000", "川BD12345", "为社区超市配送蔬菜")


async def later(door: Door, **time: float) -> None:
    """So much later, after a round of upkeep."""
    now = door.platform.now()
    door.platform.now = lambda: now + timedelta(**time)
    await tidy(door.platform)


async def made(door: Door, state: str, *, days: float = 0, item: str = "zone-pass", person: str = WANG) -> Case:
    """A case that came into `state` so many days ago."""
    platform = door.platform
    case, event = new_case(platform, platform.registry.items[item], Principal(subject=person), {"plate": "川BD12345"})
    at = platform.now() - timedelta(days=days)
    case.update_from_dict({"state": state, "version": 2, "updated_at": at})
    step = CaseEvent(
        case_id=case.id, version=2, at=at, action="x", state_before="accepted", state=state, actor="citizen"
    )
    step.actor_id, step.reason, step.details = person, {"zh-CN": "王小明", "en": "Wang"}, {"fields": ["/plate"]}
    await platform.store.commit(Write(rows=[case, event, step]))
    return case


async def become(expected: list[str], *cases: Case) -> None:
    """Wait until that is their content: the server's own round at its start may be the one that is at it."""
    async with asyncio.timeout(30):
        while await content_of(*cases) != expected:  # noqa: ASYNC110 - a row is no event
            await asyncio.sleep(0.01)


async def content_of(*cases: Case) -> list[str]:
    found = {row.id: row.content for row in await Case.filter(id__in=[case.id for case in cases])}
    return [found[case.id] for case in cases]


# -- periods -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "months", "days"),
    [(1, 0, 1), (36525, 0, 36525), ("P5Y", 60, 0), ("P1Y6M", 18, 0), ("P2W", 0, 14), ("P1Y2M3W4D", 14, 25)],
)
def test_a_period_is_days_or_an_iso_duration(said: Any, months: int, days: int) -> None:
    assert Period.read(said) == Period(months, days)


@pytest.mark.parametrize(
    "said",
    [
        *(0, -1, 10**9, 1.5, True, None, [], {}),
        *("", "P", "5", "P0D", "P0Y", "-P1Y", "P-1Y", "P1,5Y", "PT24H", "P1DT1H", "p1y", "P1D1Y", "P1Y ", "P1Y\n"),
        *("P\N{FULLWIDTH DIGIT ONE}Y", "P101Y", "P9999Y", "P99999W", "P1.5Y", "never", "5 years", "P12345Y"),
    ],
)
def test_what_is_no_period_is_refused_in_words(said: Any) -> None:
    with pytest.raises(ValueError, match=r"^has to be "):
        Period.read(said)


def test_years_end_on_the_same_day_of_the_year_and_there_and_back_never_comes_too_early() -> None:
    assert Period.read("P5Y").before(date(2029, 3, 1)) == date(2024, 3, 1)
    assert Period.read("P1Y").after(date(2028, 2, 29)) == date(2029, 3, 1)
    assert Period.read("P1M").before(date(2026, 3, 31)) == date(2026, 2, 28)
    for period in map(Period.read, ("P1Y", "P1M", "P1M1D", "P100Y", 1, "P11M30D")):
        for number in range(0, 800, 7):
            day = date(2027, 1, 1) + timedelta(days=number)
            end = period.after(day)
            assert period.before(end) >= day, (period, day)
            assert period.before(end - timedelta(days=1)) <= day


# -- what goes and what stays ------------------------------------------------------------------------------------------


async def test_an_approved_case_loses_all_that_is_personal_once_its_time_and_its_pass_are_over(
    tmp_path: Path, database: str, answers: Any
) -> None:
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC, "mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins, platform={"database": database}) as door:
        platform, wang = door.platform, door.citizen(WANG, "王小明")
        zhou = door.staff("zhou-approver", "traffic:approver")
        case = (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)}, key="k")).created()
        await door.settled()
        link = case["links"]["self"]
        (await zhou.post(f"{link}/actions/approve", {}, key="approve")).ok()
        await door.settled()
        before = await Case.get(id=case["id"])
        # As of an approval from before forms limited their days.
        later_on = [datetime(2099, month, 1, tzinfo=UTC) for month in (1, 2)]
        await Pass.filter(case_id=before.id).update(not_before=later_on[0], expires_at=later_on[1])
        text = (await Pass.get(case_id=before.id)).text
        police = door.officer("police", "traffic")
        (await police.post("/v1/passes/verify", {"text": text, "place": "东门"})).ok()
        times = [event.at for event in await CaseEvent.filter(case_id=before.id).order_by("version")]
        await sealed(door)
        files = [str(row.id) for row in await Attachment.all()]
        assert len(files) == 2
        # Its five years are over, and the pass is still to come.
        await later(door, days=6 * 366)
        await become(["kept"], before)
        assert (await Pass.get(case_id=before.id)).text == text
        await later(door, days=75 * 366)
        assert await tables_with(door, *WORDS, *files, text) == {"push_inbox_counter"}
        assert not list(platform.settings.attachments_folder.iterdir())
        after = await Case.get(id=before.id)
        kept = ("number", "item", "item_version", "kind", "department", "unit", "state", "mode", "created_at")
        kept += ("updated_at", "clock_allowed", "clock_used", "due_on")
        assert {name: getattr(after, name) for name in kept} == {name: getattr(before, name) for name in kept}
        events = await CaseEvent.filter(case_id=before.id).order_by("version")
        assert [event.at for event in events[:-1]] == times
        assert (events[-1].action, events[-1].actor) == ("anonymise", "system")
        assert "zhou-approver" in {event.actor_id for event in events}, "who decided stays in the audit"
        # It is in nobody's hands any more, and a pass that turns up says that it is over.
        (await wang.get(link)).problem(404, "not-found")
        shown = (await zhou.get(link)).ok()
        assert (shown["answers"], shown["applicant"], shown["permitted_actions"]) == ({}, None, [])
        (await zhou.post(f"{link}/actions/revoke", {"reason": "x"})).problem(409, "action-not-permitted")
        verdict = (await police.post("/v1/passes/verify", {"text": text})).ok()["verdict"]
        assert verdict == "expired"
        assert await retention.anonymise_old_cases(platform) == 0
        # The audit's chain holds, of what was sealed before and of what came last.
        assert (await verified(door))[0] == []
        await sealed(door)
        found, tally = await verified(door)
        assert (found, tally.unsealed) == ([], 0)


async def test_figures_of_appeals_are_the_same_before_and_after(tmp_path: Path, database: str) -> None:
    async with open_town(tmp_path, appeals(UNNAMED), database=database) as offices:
        door, chen, li = offices.door, offices.reviewer(), offices.door.citizen("li-q4711")
        links = [await offices.asked(li, f"路灯坏了q4711 {number}") for number in range(7)]
        (await offices.act(chen, links[6], "assign", category="roads")).ok()
        number = (await chen.get(links[0])).ok()["number"]
        (await offices.act(chen, links[6], "merge", into=number)).ok()
        for link in links[:6]:
            (await offices.act(chen, link, "assign", category="roads")).ok()
            (await offices.act(chen, link, "write", text="什么时候？q4711")).ok()
            (await offices.act(chen, link, "answer", text="明天修好。q4711")).ok()
        for link in links[:5]:
            (await offices.act(li, link, "rate", rating=4, text="谢谢q4711")).ok()
        await door.settled()
        month = {"from": "2026-09", "to": "2026-09"}
        figures = (await door.anyone.get("/v1/statistics/appeals", params=month)).ok()
        assert figures["items"][0]["received"] == 6
        assert figures["items"][0]["mean_rating"] == 4
        assert await tables_with(door, "q4711") >= {"banshi_case", "appeal", "appeal_letter", "appeal_reply"}
        offices.later(days=5 * 366)
        await tidy(door.platform)

        async def only_the_counter_is_left() -> bool:
            return await tables_with(door, "q4711") == {"push_inbox_counter"}

        # The leader's own round may have taken some of them at that moment.
        await until(only_the_counter_is_left)
        door.platform[statistics.MONTHS].known.clear()
        assert (await door.anyone.get("/v1/statistics/appeals", params=month)).ok() == figures
        # Nothing is learnt from what is gone, and nothing is merged into it.
        link = await offices.asked(li)
        refused = await offices.act(chen, link, "merge", into=number)
        assert refused.problem(422, "invalid-fields")["problems"][0]["pointer"] == "/details/into"


async def test_an_answer_stays_for_those_who_were_merged_with_it_and_are_kept_longer(tmp_path: Path) -> None:
    periods = {"retention": {"outcomes": {"answered": 30, "merged": 300}}}
    async with open_town(tmp_path, appeals(), **periods) as offices:
        chen, li, zhao = offices.reviewer(), offices.door.citizen("li"), offices.door.citizen("zhao")
        one, other = await offices.asked(li), await offices.asked(zhao)
        for link in (one, other):
            (await offices.act(chen, link, "assign", category="roads")).ok()
        number = (await chen.get(one)).ok()["number"]
        (await offices.act(chen, other, "merge", into=number)).ok()
        (await offices.act(chen, one, "answer", text="明天修好。")).ok()
        for days, text in ((31, "明天修好。"), (300, "")):
            offices.later(days=days)
            await tidy(offices.door.platform)
            (await li.get(one)).problem(404, "not-found")
            if text:
                assert text in str((await zhao.get(other)).ok()["details"])
            assert [row.text for row in await Answer.all()] == [text]


async def test_a_tip_leaves_by_its_own_days_and_an_anonymised_appeal_does_not_leave_with_them(tmp_path: Path) -> None:
    periods = {"retention": {"default": 10}, "tip_days": 20}
    async with open_town(tmp_path, appeals(UNNAMED), **periods) as offices:
        door, chen = offices.door, offices.reviewer()
        named = await offices.asked(door.citizen("li"))
        await offices.answered(chen, named)
        tip = (await door.anyone.post("/v1/items/ask-parks/tips", {"answers": {"text": "线索"}})).created()
        (await door.anyone.post("/v1/tips/actions/withdraw", {"code": tip["code"]})).ok()
        await door.settled()
        for days, left in ((11, {"gone", "kept"}), (30, {"gone"})):
            offices.later(days=days)
            await tidy(door.platform)
            await forget(door.platform)
            assert {row.content for row in await Case.all()} == left
        assert await Answer.all().count() == 1


async def test_an_appointment_keeps_its_slot_and_nobody(tmp_path: Path, database: str) -> None:
    async with open_town(tmp_path, visits("capacity = 1"), database=database) as office:
        wang = office.door.citizen(WANG)
        slot = await office.first()
        case = (await office.book(wang, slot)).created()
        await office.door.settled()
        row = await Booking.get(case_id=case["id"])
        (await wang.delete(f"/v1/items/visit/appointments/{case['id']}")).ok()
        office.later(days=5 * 366)
        await tidy(office.door.platform)
        assert await tables_with(office.door, WANG, row.code) == set()
        left = await Booking.get(case_id=case["id"])
        assert (left.person, left.begins, left.ticket, left.state) == ("", row.begins, row.ticket, "over")
        assert (await Case.get(id=case["id"])).state == "cancelled"


async def test_a_posting_keeps_its_sort_and_its_division_and_no_word(tmp_path: Path, database: str) -> None:
    async with open_town(tmp_path, postings(), database=database) as offices:
        door, li, zhao = offices.door, offices.door.citizen("li-q4711"), offices.door.citizen("zhao-q4711")
        file = (await li.upload(picture())).created()["id"]
        identity = await offices.published(li, thing="双肩包q4711", photos=[file])
        said = await zhao.post(f"/v1/postings/{identity}/conversations", {"text": "是我的q4711"})
        assert said.status in {200, 201}, said.body
        (await offices.act(li, f"/v1/cases/{identity}", "resolve")).ok()
        await door.settled()
        offices.later(days=5 * 366)
        await tidy(door.platform)
        assert await tables_with(door, "q4711", file, "13800000000") <= {"push_inbox_counter", "push_inbox_message"}
        # What is left of it in an inbox is the other one's, about the posting of somebody.
        assert "li-q4711" not in str([dict(row) for row in await PostingRecord.all().values()])
        row = await PostingRecord.get(case_id=identity)
        assert (row.sort, row.division, row.category, row.title, row.photos) == ("lost", "510703", "bag", "", [])
        assert not list(door.platform.settings.data.rglob(f"{file}*"))


# -- how long ----------------------------------------------------------------------------------------------------------


async def test_an_item_says_more_than_its_kind_and_that_more_than_all(bare_door: Door) -> None:
    platform = bare_door.platform
    item = platform.registry.items["zone-pass"]
    rules = Retention(
        default=Period(days=1),
        outcomes={"refused": Period(days=2), "withdrawn": Period(days=3)},
        kinds={"application": {"refused": Period(days=4), "default": Period(days=5)}},
    )

    def days(said: Mapping[str, int], outcome: str, kind: str = "application") -> int:
        own = replace(item, retention={name: Period(days=days) for name, days in said.items()})
        return retention.period_of(rules, kind, own, outcome).days

    assert days({"refused": 6, "default": 7}, "refused") == 6
    assert days({"refused": 6, "default": 7}, "approved") == 7
    assert days({"approved": 8}, "refused") == 4
    assert days({}, "withdrawn") == 5
    assert days({}, "withdrawn", "appeal") == 3
    assert days({}, "answered", "appeal") == 1
    assert retention.period_of(rules, "application", None, "refused").days == 4


async def test_a_case_that_was_filed_is_kept_as_what_it_was_before(tmp_path: Path) -> None:
    periods = {"retention": {"outcomes": {"approved": 300, "refused": 30}}}
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform=periods) as door:
        filed = {}
        for state in ("approved", "refused"):
            case = filed[state] = await made(door, "closed", days=31)
            await CaseEvent.filter(case_id=case.id, version=2).update(state_before=state)
        await tidy(door.platform)
        await become(["kept", "gone"], *filed.values())
        await later(door, days=270)
        await become(["gone", "gone"], *filed.values())


async def test_open_cases_and_made_up_ones_are_left_alone_however_old_they_are(bare_door: Door) -> None:
    states = ("submitted", "accepted", "returned", "suspended", "leaving", "unknown")
    cases = [await made(bare_door, state, days=9999) for state in states]
    test = await made(bare_door, "withdrawn", days=9999)
    await Case.filter(id=test.id).update(mode="test", created_at=bare_door.platform.now())
    await tidy(bare_door.platform)
    assert set(await content_of(*cases, test)) == {"kept"}


async def test_many_cases_of_many_ages_go_each_at_its_time(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a step, in one moment too, with some between that can't go yet."""
    monkeypatch.setattr(retention, "CASES_AT_ONCE", 4)
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"database": database}) as door:
        now = door.platform.now()
        door.platform.now = lambda: now
        old = [await made(door, "withdrawn", days=1827 + 1) for _ in range(11)]
        young = [await made(door, "withdrawn", days=1820) for _ in range(3)]
        held = [await made(door, "approved", days=2000) for _ in range(6)]
        for number, case in enumerate(held):
            away = now + timedelta(days=1 if number % 2 else -1)
            values = {"item": "zone-pass", "department": "traffic", "kid": "x", "issued_at": now, "text": "x"}
            await Pass(number=number, case_id=case.id, expires_at=away, **values).save()
        assert await retention.anonymise_old_cases(door.platform) <= 14
        await become(["gone"] * 11, *old)
        assert set(await content_of(*young)) == {"kept"}
        await become(["gone", "kept"] * 3, *held)


async def test_cases_of_an_item_that_is_gone_leave_by_what_is_said_for_their_kind(bare_door: Door) -> None:
    case = await made(bare_door, "withdrawn", days=4000)
    other = await made(bare_door, "withdrawn", days=4000)
    await Case.filter(id=case.id).update(item="gone-with-its-plugin")
    await Case.filter(id=other.id).update(item="of-a-kind-that-is-gone", kind="survey")
    await tidy(bare_door.platform)
    await become(["gone", "kept"], case, other)


# -- what somebody else has done to the row of a case ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "days", "values"),
    [
        ("submitted", 9999, {"content": "leaving", "version": 3}),
        ("submitted", 9999, {"state": "withdrawn"}),
        ("submitted", 9999, {"state": "withdrawn", "content": "leaving", "version": 3}),
        ("withdrawn", 5, {"content": "leaving", "version": 3}),
        ("withdrawn", 5, {"updated_at": datetime(2000, 1, 1, tzinfo=UTC)}),
    ],
)
async def test_a_case_that_its_audit_does_not_let_go_loses_nothing_whatever_its_row_says(
    bare_door: Door, capsys: pytest.CaptureFixture[str], state: str, days: int, values: dict[str, Any]
) -> None:
    case = await made(bare_door, state, days=days)
    await sealed(bare_door)
    await Case.filter(id=case.id).update(**values)
    await tidy(bare_door.platform)
    said = "is not as its audit has it" in capsys.readouterr().out
    # Of one that only counts from another moment nothing is said: it isn't due.
    assert said == ("updated_at" not in values)
    kept = (await bare_door.citizen(WANG).delete("/v1/me")).ok()["kept"]
    assert kept[0]["names"] == [case.number]
    after = await Case.get(id=case.id)
    assert (after.person, after.answers) == (WANG, case.answers)
    assert [one.actor_id for one in await CaseEvent.filter(case_id=case.id)] == [WANG, WANG]


async def test_a_case_that_its_person_asked_for_is_taken_up_before_its_own_time(tmp_path: Path, database: str) -> None:
    """Of many at once the rest is marked, and left for the next round."""
    rules = {"retention": {"least": {"default": 30}}}
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"database": database, **rules}) as door:
        asked, early = await made(door, "withdrawn", days=31), await made(door, "withdrawn", days=29)
        for case in (asked, early):
            await Case.filter(id=case.id).update(content="leaving", version=3)
        await tidy(door.platform)
        await become(["gone", "leaving"], asked, early)


async def test_an_appeal_with_a_name_that_is_made_a_tip_in_the_database_does_not_leave_as_one(
    tmp_path: Path, database: str
) -> None:
    async with open_town(tmp_path, appeals(UNNAMED), database=database, tip_days=20) as offices:
        door, chen = offices.door, offices.reviewer()
        named = await offices.asked(door.citizen("li"))
        await offices.answered(chen, named)
        await door.settled()
        row = await Case.get(id=named.rpartition("/")[2])
        old = datetime(2000, 1, 1, tzinfo=UTC)
        for values in (
            {"person": ""},
            {"person": "", "updated_at": old},
            {"state": "leaving", "version": row.version + 1},
        ):
            await Case.filter(id=row.id).update(**values)
            assert await forget(door.platform) == 0
        offices.later(days=21)
        assert await forget(door.platform) == 0
        # And a tip that isn't over, or hasn't been for long.
        await door.anyone.post("/v1/items/ask-parks/tips", {"answers": {"text": "线索"}})
        tip = await Case.get(person="", state="submitted")
        await Case.filter(id=tip.id).update(state="closed", updated_at=old)
        assert await forget(door.platform) == 0
        assert await Case.all().count() == 2


# -- cut short, at once, in company ------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["forget_files", "forget_answers", "_empty"])
async def test_a_round_that_is_cut_short_is_taken_up_by_the_next(
    bare_door: Door, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    case, other = await made(bare_door, "approved", days=4000), await made(bare_door, "refused", days=4000)
    module = anonymising if where == "_empty" else forgetting
    whole = getattr(module, where)

    def stops(*given: Any) -> Any:
        if any(getattr(one, "id", None) == case.id for one in given):
            raise RuntimeError("the machine stops")
        return whole(*given)

    monkeypatch.setattr(module, where, stops)
    await tidy(bare_door.platform)
    await become(["leaving", "gone"], case, other)
    assert (await verified(bare_door))[0] == []
    zhou = bare_door.staff("zhou", "traffic:approver")
    refused = await zhou.post(f"/v1/cases/{case.id}/actions/revoke", {"reason": "x"})
    assert refused.problem(409, "action-not-permitted")["permitted_actions"] == []
    monkeypatch.undo()
    assert await retention.anonymise_old_cases(bare_door.platform) == 1
    assert await tables_with(bare_door, *WORDS) == set()
    assert [one.action for one in await CaseEvent.filter(case_id=case.id)].count("anonymise") == 1
    assert (await verified(bare_door))[0] == []


async def test_a_plugin_that_fails_keeps_its_case_and_no_other(bare_door: Door) -> None:
    cases = [await made(bare_door, "withdrawn", days=4000) for _ in range(3)]
    fails = {cases[1].id}

    async def failing(_: Any, case: Case) -> None:
        if case.id in fails:
            raise RuntimeError("not now")

    bare_door.platform.registry.offers.append(("other", Offer(ANONYMISE_CASE, failing)))
    await tidy(bare_door.platform)
    await become(["gone", "leaving", "gone"], *cases)
    fails.clear()
    await tidy(bare_door.platform)
    await become(["gone"] * 3, *cases)


async def test_what_a_worker_has_in_hand_is_waited_for(bare_door: Door) -> None:
    case = await made(bare_door, "withdrawn", days=4000)
    await OutboxRow(consumer="away", topic="t", payload={}, dedup=f"x:{case.id}:1", lease_until=2**52).save()
    await tidy(bare_door.platform)
    await become(["leaving"], case)
    await OutboxRow.all().update(lease_until=0)
    await tidy(bare_door.platform)
    await become(["gone"], case)
    assert not await OutboxRow.filter(dedup__contains=str(case.id)).exists()


async def test_of_a_step_and_the_leaving_at_one_moment_one_happens(tmp_path: Path, database: str) -> None:
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"database": database}) as door:
        zhou, seen = door.staff("zhou", "traffic:approver"), set()
        for _ in range(12):
            case = await made(door, "approved", days=4000)
            path = f"/v1/cases/{case.id}/actions/revoke"
            rounds = [retention.anonymise_old_cases(door.platform) for _ in range(2)]
            reply, *_ = await asyncio.gather(zhou.post(path, {"reason": "错了"}), *rounds)
            assert reply is not None
            if reply.status != 200:
                # Of two rounds at once one may leave what it has begun to the next.
                await retention.anonymise_old_cases(door.platform)
            now = await Case.get(id=case.id)
            if reply.status == 200:
                # It was moved just now, and is kept from now on.
                assert (now.state, now.content, now.person) == ("revoked", "kept", WANG)
            else:
                assert reply.status in {404, 409}, reply.body
                assert (now.state, now.content, now.person, now.answers) == ("approved", "gone", "", {})
            events = await CaseEvent.filter(case_id=case.id)
            assert [event.action for event in events].count("anonymise") == (now.content == "gone")
            seen.add(reply.status)
        assert seen


# -- what an author gets wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("answerd = 30", r"items\.ask-parks\.retention\.answerd: no case ends so; write one of answered, merged, "),
        ("refused = 30", r"retention\.refused: no case ends so"),
        ("answered = 0", r"retention\.answered has to be at least 1 day"),
        ("answered = -5", "at least 1 day"),
        ('answered = "5Y"', "ISO 8601 duration"),
        ('default = "P1000Y"', "100 years at most"),
    ],
)
async def test_a_wrong_retention_of_an_item_is_told_with_its_place(tmp_path: Path, said: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        async with open_town(tmp_path, appeals(f"{APPEALS}\n[items.retention]\n{said}")):
            pass


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (
            {"outcomes": {"aproved": 1}},
            r"retention\.outcomes\.aproved: no case ends so; write one of answered,",
        ),
        ({"outcomes": {"default": 1}}, r"outcomes\.default: no case ends so"),
        ({"least": {"aproved": 1}}, r"retention\.least\.aproved: no case ends so; write one of answered,"),
        ({"kinds": {"aplication": {}}}, r"retention\.kinds\.aplication: there is no such kind; write one of appeal,"),
        ({"kinds": {"appeal": {"approved": 1}}}, r"kinds\.appeal\.approved: no case ends so"),
        ({"kinds": {"query": {"default": 1}}}, r"kinds\.query\.default: no case ends so; leave it out"),
    ],
)
async def test_a_wrong_retention_of_the_platform_is_told_with_its_place(
    tmp_path: Path, table: dict[str, Any], why: str
) -> None:
    with pytest.raises(ConfigurationError, match=why):
        async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"retention": table}):
            pass


async def test_a_right_one_is_found_right_and_counts(tmp_path: Path) -> None:
    rules = f'{APPEALS}\n[items.retention]\nanswered = "P1M"\ndefault = 90'
    table = {"retention": {"default": "P10Y", "kinds": {"application": {"approved": "P3Y", "default": 400}}}}
    async with open_town(tmp_path, appeals(rules), **table) as offices:
        assert not findings(offices.door.platform.registry)
        link = await offices.asked(offices.door.citizen("li"))
        await offices.answered(offices.reviewer(), link)
        await offices.door.settled()
        offices.now = datetime(2026, 10, 2, tzinfo=UTC)
        await tidy(offices.door.platform)
        assert (await Case.all())[0].content == "gone"

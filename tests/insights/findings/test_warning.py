"""From a finding to a warning: drafted by its template, changed by a person, approved by another, and no sooner."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import Door, Person
from insights.figures.models import Count, CountSource
from insights.findings import deciding, urgent, weekly
from insights.findings.drafting import warning
from insights.findings.models import FindingStep
from insights.findings.reading import warned_in
from insights.published.publication import told_of
from mobile_push.broadcasts.schedule import publish_due
from mobile_push.tables.models import Broadcast, BroadcastEvent
from tests.insights.findings.city import (
    EAST,
    LIST,
    STREETS,
    WEST,
    act,
    analyst,
    any_rise,
    count,
    count_days,
    findings,
    last_week,
    later,
    open_city,
    risen,
)

ONE_PERSON = {"one_person": ["criminal"]}


@pytest.fixture
async def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    """A city in which one person publishes everything else alone."""
    monkeypatch.setattr(weekly, "judge", any_rise)
    async with open_city(tmp_path, push=ONE_PERSON) as opened:
        yield opened


async def show(person: Person, one: Any, language: str = "zh-CN") -> Any:
    return (await person.get(f"{LIST}/{one['id']}", headers={"Accept-Language": language})).ok()


async def test_a_draft_has_the_template_the_figure_the_area_and_the_departments_own_advice(door: Door) -> None:
    one, lin = await risen(door, loss=372_000), analyst(door)
    suggested = (await show(lin, one))["suggestion"]
    assert suggested["title"]["zh-CN"] == "防诈提醒：刷单返利警情增多"
    assert "近7天涪城区接报19起、损失37.2万元。" in suggested["body"]["zh-CN"]
    assert (await act(lin, one, "draft")).ok()["state"] == "drafted"
    (notice,) = (await lin.get("/v1/notices")).ok()["items"]
    assert (notice["state"], notice["title"], notice["audience"]) == (
        "draft",
        suggested["title"],
        {"divisions": [EAST]},
    )
    steps = (await door.anyone.get("/v1/help/urgent-fraud", headers={"Accept-Language": "zh-CN"})).ok()["steps"]
    assert all(step in notice["content"]["zh-CN"] for step in steps)
    told = (await show(lin, one))["warning"]
    assert (told["id"], told["state"], told["unfounded"], told["too_long"]) == (notice["id"], "draft", [], [])


async def test_what_is_too_long_or_has_a_number_of_nobodys_is_named(door: Door) -> None:
    one, lin = await risen(door, loss=372_000), analyst(door)
    long = await act(lin, one, "draft", title={"zh-CN": "防" * 19}, body={"zh-CN": "诈" * 61})
    assert [each["pointer"] for each in long.problem(422, "invalid-fields")["problems"]] == [
        "/title/zh-CN", "/body/zh-CN",
    ]  # fmt: skip
    made_up = {"body": {"zh-CN": "近7天接报34起，占全市八成，损失37.2万元。"}}
    refused = (await act(lin, one, "draft", **made_up, propose=True)).problem(422, "invalid-fields")
    assert "34" in refused["problems"][0]["detail"]
    (await act(lin, one, "draft", **made_up)).ok()
    told = (await show(lin, one))["warning"]
    assert told["unfounded"] == ["34", "八成"]
    notice = f"/v1/notices/{told['id']}"
    (await lin.call("PATCH", notice, json={"version": 1, "body": {"zh-CN": "近7天接报19起" + "。" * 60}})).ok()
    told = (await show(lin, one))["warning"]
    assert (told["unfounded"], told["too_long"]) == ([], ["/body/zh-CN"])


@pytest.mark.parametrize("kind", ["notice", "alert"])
async def test_one_person_alone_publishes_nothing_of_a_finding_whatever_the_settings_say(door: Door, kind: str) -> None:
    one, lin, wu = await risen(door, EAST if kind == "notice" else ""), analyst(door), analyst(door, "wu")
    own = {"department": "criminal", "audience": {"everyone": True}, "title": {"zh-CN": "通知", "en": "Notice"}}
    assert (await lin.post("/v1/notices", own)).created()["state"] == "published"
    (await act(lin, one, "draft", kind=kind, propose=True)).ok()
    told = (await show(lin, one))["warning"]
    address = f"/v1/{kind}s/{told['id']}"
    assert (told["kind"], told["state"]) == (kind, "proposed")
    (await lin.post(f"{address}/actions/approve")).problem(403, "forbidden")
    (await lin.post(f"{address}/actions/publish")).problem(409, "action-not-permitted")
    (await wu.post(f"{address}/actions/approve")).ok()
    told = (await show(lin, one))["warning"]
    assert (told["state"], told["author"], told["approver"]) == ("published", "lin", "wu")
    (await act(lin, {**one}, "reopen")).problem(409, "action-not-permitted")
    if kind == "alert":
        (alert,) = (await door.anyone.get("/v1/alerts")).ok()["items"]
        assert "全市接报19起" in str(alert)


@pytest.mark.parametrize("seed", range(6))
async def test_however_people_act_nothing_is_published_that_its_writers_approved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(weekly, "judge", any_rise)
    chance = random.Random(seed)
    push = chance.choice([ONE_PERSON, {"second_person": ["criminal"]}, {}])
    async with open_city(tmp_path, push=push) as door:
        await count(door, WEST, (6, 6, 6, 6, 30))
        one = await risen(door)
        people = [analyst(door, name) for name in ("lin", "wu", "zhou")]
        people.append(door.staff("qian", "criminal:publisher"))
        people += [door.staff("sun", "criminal:analyst"), door.staff("li", "cyber:analyst", "cyber:publisher")]
        for _ in range(60):
            person, each = chance.choice(people), chance.choice([one, *await findings(door)])
            action = chance.choice(["draft", "draft", "dismiss", "reopen"])
            until = door.platform.today().isoformat()
            await act(person, each, action, reason="试", until=until, **chance.choice([{}, {"propose": True}]))
            for row in await Broadcast.all():
                address = f"/v1/{row.kind}s/{row.id}"
                step = chance.choice(["publish", "approve"] * 3 + ["return", "cancel", "recall", "change"])
                by = chance.choice(people)
                if step == "change":
                    record = f"{address}/record" if row.kind == "alert" else address
                    changed = {"version": row.version, "collapse_key": f"k-{chance.randrange(9)}"}
                    await by.call("PATCH", record, json=changed)
                else:
                    await by.post(f"{address}/actions/{step}", {"reason": "试"})
        # Whatever was done before, it goes on in the same way.
        lin, wu = people[:2]
        left = next((each for each in await findings(door, state="open")), None)
        if left is not None:
            (await act(lin, left, "draft", propose=True)).ok()
            address = f"/v1/notices/{(await show(lin, left))['warning']['id']}/actions/approve"
            assert [(await person.post(address)).status for person in (lin, wu)] == [403, 200]
        went = [row for row in await Broadcast.all() if row.published_at is not None]
        for row in went:
            events = await BroadcastEvent.filter(broadcast_id=row.id).order_by("version")
            approved = next(event for event in reversed(events) if event.action == "approve")
            written = {event.actor for event in events if event.action in ("create", "change")}
            assert approved.actor not in written
            assert {approved.actor, *written} <= {"lin", "wu", "zhou", "qian"}
        assert went or left is None


async def test_of_two_officers_at_once_one_is_taken_and_one_draft_is_left(door: Door) -> None:
    one = await risen(door)
    people = [analyst(door, name) for name in ("lin", "wu", "zhou")]
    replies = await asyncio.gather(*(act(person, one, "draft", propose=True) for person in people))
    assert sorted(reply.status for reply in replies) == [200, 409, 409]
    states = sorted([row.state for row in await Broadcast.all()])
    assert states.count("proposed") == 1
    assert set(states) <= {"proposed", "cancelled"}
    assert await FindingStep.filter(finding_id=one["id"]).count() == 1


async def test_of_one_person_twice_at_once_the_draft_is_one_and_stays(door: Door) -> None:
    one, lin = await risen(door), analyst(door)
    replies = await asyncio.gather(*(act(lin, one, "draft") for _ in range(4)))
    assert sorted(reply.status for reply in replies) == [200, 409, 409, 409]
    assert [row.state for row in await Broadcast.all()] == ["draft"]


def then_killed(drafted: Any) -> Any:
    """What is killed once it has drafted."""

    async def killed(*given: Any) -> Any:
        await drafted(*given)
        raise RuntimeError("killed")

    return killed


async def test_killed_between_the_draft_and_the_finding_it_is_the_same_draft_again(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, lin = await risen(door), analyst(door)
    with monkeypatch.context() as patch:
        patch.setattr(deciding, "_draft", then_killed(deciding._draft))
        assert (await act(lin, one, "draft")).status == 500
    assert [each["state"] for each in await findings(door) if each["id"] == one["id"]] == ["open"]
    (await act(lin, one, "draft")).ok()
    assert await Broadcast.all().count() == 1


async def test_a_draft_that_is_taken_back_is_given_up_and_can_be_written_anew(door: Door) -> None:
    one, lin = await risen(door), analyst(door)
    (await act(lin, one, "draft", propose=True)).ok()
    (await act(lin, one, "reopen")).ok()
    assert [row.state for row in await Broadcast.all()] == ["cancelled"]
    again = (await act(lin, one, "draft", version=3)).ok()
    assert (again["state"], again["version"]) == ("drafted", 4)


@pytest.mark.parametrize(
    ("to", "reached"),
    [("area", {"east", "street"}), ("places", {"street"}), ("everyone", {"east", "street", "west"})],
)
async def test_a_warning_reaches_those_in_its_area_and_nobody_else(door: Door, to: str, reached: set[str]) -> None:
    await count(door, STREETS[0], (1, 1, 1, 1, 9))
    await count(door, STREETS[1], (1, 1, 1, 1, 2))
    one, lin = await risen(door, counts=(2, 2, 2, 2, 8)), analyst(door)
    for name, division in {"east": EAST, "street": STREETS[0], "west": WEST}.items():
        phone = {"provider": "stream", "platform": "web", "token": f"{name:x<20}", "area": {"division": division}}
        (await door.citizen(name).post("/v1/devices", phone)).created()
    (await act(lin, one, "draft", to=to, propose=True)).ok()
    told = (await show(lin, one))["warning"]
    (await analyst(door, "wu").post(f"/v1/notices/{told['id']}/actions/approve")).ok()
    await door.settled()
    inboxes = {name: (await door.citizen(name).get("/v1/inbox")).ok()["items"] for name in ("east", "street", "west")}
    assert {name for name, items in inboxes.items() if items} == reached


async def test_two_warnings_of_a_week_never_give_away_what_few_are_elsewhere(door: Door) -> None:
    await count(door, WEST, (1, 1, 1, 1, 3))
    await count(door, STREETS[0], (2, 2, 2, 2, 17))
    await count(door, STREETS[1], (1, 1, 1, 1, 5))
    district, lin = await risen(door, EAST, (1, 1, 1, 1, 5)), analyst(door)
    by_place = {one["division"]["code"]: one for one in await findings(door)}
    city, street = by_place[""], by_place[STREETS[0]]
    assert (city["count"], district["count"], street["count"]) == (30, 27, 17)
    (await act(lin, street, "draft")).ok()
    (await act(lin, district, "draft")).ok()
    assert "涪城" not in (await act(lin, city, "draft")).problem(409, "conflict")["detail"]
    (await act(lin, {**district, "version": 2}, "reopen")).ok()
    # Beside the street alone thirteen are elsewhere.
    (await act(lin, city, "draft")).ok()
    (await act(lin, district, "draft")).problem(409, "conflict")


async def test_every_figure_of_a_warnings_page_is_known_to_those_who_hide_others(door: Door) -> None:
    await count(door, WEST, (6, 6, 6, 6, 21))
    await risen(door)
    city, lin = next(one for one in await findings(door) if one["division"]["code"] == ""), analyst(door)
    (await act(lin, city, "draft", propose=True)).ok()
    assert await warned_in(door.platform, last_week(door)) == []
    address = f"/v1/notices/{(await show(lin, city))['warning']['id']}"
    (await analyst(door, "wu").post(f"{address}/actions/approve")).ok()
    told = (await door.anyone.get(address, headers={"Accept-Language": "zh-CN"})).ok()
    assert "涪城区: 19" in str(told)
    cells = {(place, "fraud-tasks") for place in ("", EAST, WEST)}
    assert told_of(await warned_in(door.platform, last_week(door))) == (cells, {})


# -- what is asked again before it goes out --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["notice", "alert"])
async def test_a_figure_that_was_corrected_meanwhile_is_not_approved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str, kind: str
) -> None:
    monkeypatch.setattr(weekly, "judge", any_rise)
    async with open_city(tmp_path, push=ONE_PERSON, database=database) as door:
        one, lin, wu = await risen(door), analyst(door), analyst(door, "wu")
        (await act(lin, one, "draft", kind=kind, propose=True)).ok()
        address = f"/v1/{kind}s/{(await show(lin, one))['warning']['id']}"
        await Count.filter(division=EAST, day=last_week(door)).update(count=25)
        refused = await wu.post(f"{address}/actions/approve", headers={"Accept-Language": "zh-CN"})
        assert "现为25起" in refused.problem(409, "conflict")["detail"]
        assert [row.state for row in await Broadcast.all()] == ["proposed"]
        await Count.filter(division=EAST, day=last_week(door)).update(count=19)
        (await wu.post(f"{address}/actions/approve")).ok()
        assert (await findings(door, state="sent"))[0]["id"] == one["id"]


async def test_an_urgent_day_that_was_corrected_meanwhile_is_not_approved(door: Door) -> None:
    await count_days(door, EAST, (1, 6), deaths=1)
    await urgent.look(door.platform)
    (one,), lin, wu = await findings(door), analyst(door), analyst(door, "wu")
    (await act(lin, one, "draft", propose=True)).ok()
    address = f"/v1/alerts/{(await show(lin, one))['warning']['id']}/actions/approve"
    await Count.filter(division=EAST).update(deaths=0)
    (await wu.post(address)).problem(409, "conflict")
    await Count.filter(division=EAST).update(deaths=1)
    (await wu.post(address)).ok()


async def test_two_warnings_that_give_a_third_figure_away_are_not_approved_though_both_were_drafted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    monkeypatch.setattr(weekly, "judge", any_rise)
    async with open_city(tmp_path, push=ONE_PERSON, database=database) as door:
        await count(door, STREETS[0], (2, 2, 2, 2, 17))
        await risen(door, EAST, (1, 1, 1, 1, 3))
        by_place, lin = {one["division"]["code"]: one for one in await findings(door)}, analyst(door)
        with monkeypatch.context() as patch:

            async def nothing(*_: Any) -> None: ...

            # Both are drafted in the same moment, and neither sees the other.
            patch.setattr(warning, "_given_away", nothing)
            for place in (EAST, STREETS[0]):
                (await act(lin, by_place[place], "draft", propose=True)).ok()
        address = f"/v1/notices/{(await show(lin, by_place[EAST]))['warning']['id']}/actions/approve"
        (await analyst(door, "wu").post(address)).problem(409, "conflict")
        (await act(lin, {**by_place[STREETS[0]]}, "reopen")).ok()
        (await analyst(door, "wu").post(address)).ok()


async def test_what_waits_for_its_time_is_given_up_where_its_figure_was_corrected(door: Door) -> None:
    one, lin = await risen(door), analyst(door)
    (await act(lin, one, "draft")).ok()
    address = f"/v1/notices/{(await show(lin, one))['warning']['id']}"
    soon = (door.platform.now() + timedelta(minutes=5)).isoformat()
    (await lin.call("PATCH", address, json={"version": 1, "send_at": soon})).ok()
    (await lin.post(f"{address}/actions/publish")).ok()
    (await analyst(door, "wu").post(f"{address}/actions/approve")).ok()
    assert (await show(lin, one))["state"] == "proposed"
    await Count.filter(division=EAST, day=last_week(door)).update(count=25)
    now = door.platform.now()
    door.platform.now = lambda: now + timedelta(minutes=10)
    await publish_due(door.platform)
    assert [row.state for row in await Broadcast.all()] == ["cancelled"]


async def test_a_draft_that_no_finding_has_never_goes_out(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the draft and the finding, the draft may be drafted again in other words."""
    one, lin, wu = await risen(door), analyst(door), analyst(door, "wu")
    with monkeypatch.context() as patch:
        patch.setattr(deciding, "_draft", then_killed(deciding._draft))
        assert (await act(lin, one, "draft", propose=True)).status == 500
    (left,) = await Broadcast.all()
    for person in (lin, wu):
        (await person.post(f"/v1/notices/{left.id}/actions/publish")).problem(409, "conflict")
    assert (await show(lin, one))["state"] == "open"
    (await act(lin, one, "draft", body={"zh-CN": "近7天接报19起。"}, propose=True)).ok()
    address = f"/v1/notices/{(await show(lin, one))['warning']['id']}"
    assert str(left.id) not in address
    (await wu.post(f"{address}/actions/approve")).ok()
    assert sorted([row.state for row in await Broadcast.all()]) == ["draft", "published"]


async def test_killed_between_the_finding_and_the_proposal_it_is_a_draft_and_says_so(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, lin, wu = await risen(door), analyst(door), analyst(door, "wu")

    async def killed(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(warning, "act", killed)
        assert (await act(lin, one, "draft", propose=True)).status == 500
    shown = await show(lin, one)
    assert (shown["state"], shown["warning"]["state"]) == ("drafted", "draft")
    address = f"/v1/notices/{shown['warning']['id']}/actions"
    (await lin.post(f"{address}/publish")).ok()
    (await wu.post(f"{address}/approve")).ok()


async def test_a_finding_says_what_became_of_its_warning(door: Door) -> None:
    one, lin, wu = await risen(door), analyst(door), analyst(door, "wu")

    async def states() -> set[str]:
        shown = await show(lin, one)
        (listed,) = [each for each in await findings(door, state=shown["state"]) if each["id"] == one["id"]]
        return {shown["state"], listed["state"]}

    (await act(lin, one, "draft")).ok()
    assert await states() == {"drafted"}
    address = f"/v1/notices/{(await show(lin, one))['warning']['id']}/actions"
    for person, action, state in ((lin, "publish", "proposed"), (wu, "approve", "sent"), (lin, "recall", "taken-back")):
        (await person.post(f"{address}/{action}", {"reason": "试"})).ok()
        assert await states() == {state}
        assert await findings(door, state="drafted") == []


async def test_whether_it_fell_is_said_of_the_weeks_behind_its_warning(door: Door) -> None:
    one, lin, wu = await risen(door), analyst(door), analyst(door, "wu")
    (await act(lin, one, "draft", propose=True)).ok()
    (await wu.post(f"/v1/notices/{(await show(lin, one))['warning']['id']}/actions/approve")).ok()
    # The week in which it was sent says nothing of it yet.
    for weeks, figure, fell in ((1, 6, None), (1, 6, True), (1, 30, False)):
        later(door, weeks)
        await count(door, EAST, (figure,))
        await CountSource.all().update(until=door.platform.today())
        assert (await show(lin, one))["after"]["fell"] is fell


async def test_of_a_week_everything_that_was_told_of_its_days_and_streets_is_known(door: Door) -> None:
    await count(door, STREETS[0], (2, 2, 2, 2, 17))
    await risen(door, EAST, (2, 2, 2, 2, 9))
    lin, wu = analyst(door), analyst(door, "wu")
    street = next(one for one in await findings(door) if one["division"]["code"] == STREETS[0])
    category = door.platform[weekly.CATEGORIES]["fraud-tasks"]
    about = {"level": "urgent", "area": WEST, "count": 6, "loss": None, "deaths": None, "facts": {"urgent": "count"}}
    day = weekly.made(door.platform, category, WEST, "day", last_week(door) + timedelta(days=6), **about)
    await weekly.keep(door.platform, [day])
    with pytest.MonkeyPatch.context() as patch:

        async def nothing(*_: Any) -> None: ...

        patch.setattr(warning, "_objection", nothing)
        for one in (street, {"id": str(day.id)}):
            (await act(lin, one, "draft", kind="notice", propose=True)).ok()
            (await wu.post(f"/v1/notices/{(await show(lin, one))['warning']['id']}/actions/approve")).ok()
    whole, parts = told_of(await warned_in(door.platform, last_week(door)))
    assert (whole, parts) == (set(), {(EAST, "fraud-tasks"): 17, (WEST, "fraud-tasks"): 6})

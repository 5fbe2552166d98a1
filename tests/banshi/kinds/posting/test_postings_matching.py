"""Lost against found: what may be the same is shown to both posters, and each is told of a pair once."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from banshi.kinds.posting.models import PostingMatch, PostingRecord
from banshi.kinds.posting.publishing import matching
from banshi.kinds.posting.publishing.likeness import Compared, Comparison
from banshi.kinds.posting.publishing.matching import MAX_MATCHES, MIN_LIKENESS
from banshi.testing import Person
from tests.readers.refusals import faults
from tests.town.parts import BAG, postings
from tests.town.town import Town, open_town

FOUND = {
    "sort": "found",
    "thing": "捡到双肩包",
    "about": "黑色的包，里面有雨伞和一本书，挂着一只小熊。",
    "day": "2026-08-31",
    "place": "公交站旁",
}


async def settled(offices: Town) -> None:
    """Everything public has been compared, and everybody told."""
    await offices.look()
    for _ in range(200):
        if not await PostingRecord.filter(state="public", matched_at=None, sort__in=["lost", "found"]).exists():
            break
        await asyncio.sleep(0.02)
    await offices.door.settled()


async def matches(offices: Town, person: Person, identity: str) -> list[str]:
    shown = (await offices.shown(person, identity))["details"]["matches"]
    return [one["id"] for one in shown]


async def test_both_posters_see_a_pair_and_hear_of_it_once(offices: Town, database: str) -> None:
    li, sun = offices.door.citizen("li"), offices.door.citizen("sun")
    lost = await offices.published(li)
    found = await offices.published(sun, **FOUND)
    await asyncio.gather(offices.look(), offices.look(), offices.look())
    await settled(offices)
    assert await matches(offices, li, lost) == [found]
    assert await matches(offices, sun, found) == [lost]
    mine = [one for one in await offices.inbox(li) if "yours" in one["title"]]
    theirs = [one for one in await offices.inbox(sun) if "owner" in one["title"]]
    assert [one["link"] for one in mine] == [f"/v1/cases/{lost}"]
    assert [one["link"] for one in theirs] == [f"/v1/cases/{found}"]
    assert "捡到双肩包" in mine[0]["title"]
    shown = (await offices.shown(li, lost))["details"]["matches"][0]
    assert 43 <= shown["likeness"] <= 100
    assert (await offices.door.anyone.get(shown["links"]["posting"])).ok()["id"] == found
    (await sun.get(shown["links"]["posting"])).ok()
    # Published again after a change, it is compared again, and nobody hears of the same pair twice.
    moderator, link = offices.moderator(), f"/v1/cases/{lost}"
    (await offices.act(moderator, link, "return", "请改")).ok()
    assert await matches(offices, sun, found) == []
    (await offices.act(li, link, "supplement", answers=BAG)).ok()
    (await offices.act(moderator, link, "publish")).ok()
    await settled(offices)
    assert await matches(offices, sun, found) == [lost]
    assert await PostingMatch.all().count() == 1
    assert sum("yours" in one for one in await offices.told(li)) == 1


async def test_a_pair_across_departments_is_one_too(offices: Town) -> None:
    li, sun = offices.door.citizen("li"), offices.door.citizen("sun")
    found = await offices.published(sun, department="works", **FOUND)
    lost = await offices.published(li)
    await settled(offices)
    assert await matches(offices, li, lost) == [found]


#: Why something that was found is not what was lost, and how it is another one.
OTHERS: dict[str, dict[str, Any]] = {
    "another category": {"category": "pet"},
    "another city": {"division": "110101"},
    "found before it was lost": {"day": "2026-08-20"},
    "both lost": {"sort": "lost"},
    "not alike": {
        "thing": "双肩包",
        "about": "红色，内有化妆品、充电宝与身份材料，边角有划痕",
        "colour": "red",
        "place": "体育馆",
    },
}


async def test_what_cannot_be_the_same_is_no_pair(offices: Town) -> None:
    li, sun = offices.door.citizen("li"), offices.door.citizen("sun")
    lost = await offices.published(li)
    others = {await offices.published(sun, **{**FOUND, **changes}): why for why, changes in OTHERS.items()}
    await settled(offices)
    assert [others[one] for one in await matches(offices, li, lost)] == []
    assert await PostingMatch.all().count() == 0


async def test_what_was_found_a_year_later_is_no_pair(offices: Town) -> None:
    li, sun = offices.door.citizen("li"), offices.door.citizen("sun")
    lost = await offices.published(li, day="2025-08-30")
    await offices.published(sun, **FOUND)
    await settled(offices)
    assert await matches(offices, li, lost) == []


@pytest.mark.parametrize("sort", ["lost", "found"])
async def test_a_day_at_the_end_of_the_calendar_keeps_nobody_waiting(offices: Town, database: str, sort: str) -> None:
    """Those that are stored, from before a day yet to come was refused, and the first day that there is."""
    li, sun = offices.door.citizen("li"), offices.door.citizen("sun")
    for day in (date.min, date.max):
        odd = await offices.published(li, sort=sort)
        await PostingRecord.filter(case_id=odd).update(day=day, matched_at=None)
    lost, found = await offices.published(li), await offices.published(sun, **FOUND)
    await settled(offices)
    assert await PostingRecord.filter(matched_at=None).count() == 0
    assert lost in await matches(offices, sun, found)


async def test_one_that_cannot_be_compared_keeps_no_other_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = matching.most_alike

    async def fails(platform: Any, row: PostingRecord) -> Any:
        if row.brand == "odd":
            raise ArithmeticError(row.text)
        return await real(platform, row)

    monkeypatch.setattr(matching, "most_alike", fails)
    async with open_town(tmp_path, postings()) as offices:
        li, sun = offices.door.citizen("li"), offices.door.citizen("sun")
        odd = await offices.published(li, brand="odd")
        lost, found = await offices.published(li), await offices.published(sun, **FOUND)
        await offices.look()
        assert found in await matches(offices, li, lost)
        assert [row.case_id for row in await PostingRecord.filter(matched_at=None)] == [UUID(odd)]
        logged = capsys.readouterr()
        assert "ArithmeticError" in logged.out + logged.err
        assert BAG["about"] not in logged.out + logged.err


async def test_a_day_that_is_yet_to_come_is_refused_at_first_and_when_it_is_corrected(offices: Town) -> None:
    li = offices.door.citizen("li")
    for day in ("2026-09-02", "9999-12-31"):
        assert set(faults(await offices.post(li, day=day, about="电话13800138000"))) == {
            ("/answers/day", "day"),
            ("/answers/about", "phone"),
        }
    link = (await offices.post(li, day="2026-09-01")).created()["links"]["self"]
    (await offices.post(li, day="0001-01-01")).created()
    (await offices.act(offices.moderator(), link, "return", "请改")).ok()
    late = {**BAG, "day": "2027-01-01"}
    assert faults(await offices.act(li, link, "supplement", answers=late)) == [("/answers/day", "day")]
    (await offices.act(li, link, "supplement", answers=BAG)).ok()


async def test_what_nobody_has_looked_at_is_over_or_is_one_s_own_is_no_pair(offices: Town) -> None:
    li, sun = offices.door.citizen("li"), offices.door.citizen("sun")
    lost = await offices.published(li)
    await offices.published(li, **FOUND)
    over = await offices.published(sun, **FOUND, category="phone")
    (await offices.act(sun, f"/v1/cases/{over}", "withdraw")).ok()
    (await offices.post(sun, **FOUND)).created()
    await settled(offices)
    assert await matches(offices, li, lost) == []
    assert await PostingMatch.all().count() == 0


async def test_a_pair_that_is_over_is_shown_no_more(offices: Town) -> None:
    li, sun = offices.door.citizen("li"), offices.door.citizen("sun")
    lost, found = await offices.published(li), await offices.published(sun, **FOUND)
    await settled(offices)
    (await offices.act(sun, f"/v1/cases/{found}", "resolve")).ok()
    assert await matches(offices, li, lost) == []


async def test_nobody_is_told_of_more_than_a_few_at_once(offices: Town) -> None:
    li, sun = offices.door.citizen("li"), offices.door.citizen("sun")
    for _ in range(MAX_MATCHES + 2):
        await offices.published(sun, **FOUND)
    await settled(offices)
    lost = await offices.published(li)
    await settled(offices)
    assert len(await matches(offices, li, lost)) == MAX_MATCHES
    assert sum("yours" in one for one in await offices.told(li)) == MAX_MATCHES


async def test_an_older_posting_is_told_of_a_few_too_and_of_a_better_one(offices: Town, database: str) -> None:
    li, sun = offices.door.citizen("li"), offices.door.citizen("sun")
    lost = await offices.published(li)
    for _ in range(MAX_MATCHES + 3):
        await offices.published(sun, **FOUND)
        await settled(offices)
    assert sum("yours" in one for one in await offices.told(li)) == MAX_MATCHES
    assert len(await matches(offices, li, lost)) == MAX_MATCHES
    # Whoever has found one more hears of the owner all the same, and the owner of one that is the very thing.
    assert sum("owner" in one for one in await offices.told(sun)) == MAX_MATCHES + 3
    same = await offices.published(sun, **{**BAG, "sort": "found"})
    await settled(offices)
    assert (await matches(offices, li, lost))[0] == same
    assert sum("yours" in one for one in await offices.told(li)) == MAX_MATCHES + 1
    # What is over makes room.
    (await offices.act(sun, f"/v1/cases/{same}", "withdraw")).ok()
    for identity in (await matches(offices, li, lost))[:4]:
        (await offices.act(sun, f"/v1/cases/{identity}", "withdraw")).ok()
    await offices.published(sun, **FOUND)
    await settled(offices)
    assert sum("yours" in one for one in await offices.told(li)) == MAX_MATCHES + 2


# -- how alike -------------------------------------------------------------------------------------------------------


def thing(*terms: str, colour: str = "", brand: str = "", day: date | None = None, division: str = "") -> Compared:
    return Compared(colour, brand, day, division, frozenset(terms))


def score(one: Compared, other: Compared) -> float:
    comparison = Comparison(one)
    comparison.add("other", other)
    return comparison.most_alike(0.0, 1)[0][1]


def test_the_same_is_wholly_alike_and_nothing_in_common_not_at_all() -> None:
    whole = thing("黑色", "双肩", colour="black", brand="x", day=date(2026, 9, 1), division="510703")
    assert score(whole, whole) == pytest.approx(1.0)
    other = thing("红色", "手机", colour="red", brand="y", day=date(2027, 9, 1), division="510704")
    assert score(whole, other) == 0.0
    assert score(thing(), thing()) == 0.0


def test_what_one_side_leaves_out_counts_neither_for_nor_against() -> None:
    assert score(thing("黑色", colour="black"), thing("黑色")) == pytest.approx(score(thing("黑色"), thing("黑色")))
    assert score(thing("黑色", colour="black"), thing("黑色", colour="red")) < 1


def test_what_is_much_less_alike_than_the_best_is_left_out() -> None:
    comparison = Comparison(thing("a1", "b1", "c1", "d1"))
    comparison.add("best", thing("a1", "b1", "c1", "d1"))
    comparison.add("good", thing("a1", "b1", "c1", "x1"))
    assert [key for key, _ in comparison.most_alike(0.2, 5)] == ["best", "good"]
    assert [key for key, _ in comparison.most_alike(0.2, 5, 0.9)] == ["best"]
    assert comparison.most_alike(0.2, 1) == comparison.most_alike(0.2, 5, 0.9)
    assert Comparison(thing("a1")).most_alike(0.2, 5, 0.9) == []


def test_a_rare_word_in_common_says_more_than_a_usual_one() -> None:
    comparison = Comparison(thing("黑色", "小熊"))
    comparison.add("bear", thing("小熊", "挂件"))
    comparison.add("black", thing("黑色", "挂件"))
    for number in range(500):
        comparison.add(number, thing("黑色", f"词{number}"))
    alike = dict(comparison.most_alike(0.0, 1000))
    assert alike["bear"] > alike["black"] * 1.5


def test_a_long_text_with_every_word_in_it_is_not_alike() -> None:
    own = thing(*(f"词{number}" for number in range(10)))
    everything = thing(*(f"词{number}" for number in range(400)))
    assert score(own, everything) < 0.2


def test_colour_maker_day_and_county_make_no_pair_without_a_word_in_common() -> None:
    same: dict[str, Any] = {"colour": "black", "division": "510703", "brand": "x", "day": date(2026, 9, 1)}
    assert score(thing("a1", "b1", **same), thing("c1", "d1", **same)) < MIN_LIKENESS
    assert score(thing("a1", "b1", **same), thing("a1", "d1", **same)) > MIN_LIKENESS

"""What comes by each channel: counted as it came, told when its month is over, and nothing that is few people's."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from banshi.kernel.http.months import MIN_SHOWN, month_of
from banshi.kernel.tables.cases import Case
from channel_figures.counting import CAME, counted, publishable
from hotline.tables.models import HotlineCall
from tests.channels.desk.bureau import WORKDAY
from tests.channels.hotline.exchange import exchange
from tests.town.parts import APPEALS, appeals
from tests.town.town import CITY, ENGLISH, Town, open_town
from tests.tries import tries

PATH = "/v1/statistics/channels"
CHANNELS = "abc"


@settings(max_examples=tries(30, 80))
@given(st.tuples(*[st.integers(0, 9)] * len(CHANNELS)))
def test_nobody_finds_a_hidden_count_by_subtraction_even_who_knows_how_they_are_hidden(counts: tuple[int, ...]) -> None:
    said = publishable(dict(zip(CHANNELS, counts, strict=True)))
    shown, total = said
    assert total in (None, sum(counts))
    assert all(one is None or one == 0 or one >= MIN_SHOWN for one in shown.values())
    like = [
        one
        for one in product(range(12), repeat=len(CHANNELS))
        if publishable(dict(zip(CHANNELS, one, strict=True))) == said
    ]
    for place, channel in enumerate(CHANNELS):
        possible = {one[place] for one in like}
        assert possible == {counts[place]} if shown[channel] is not None else len(possible) > 1, (counts, said)


async def months(offices: Town, **query: str) -> dict[str, dict[str, Any]]:
    offices.door.platform[CAME].known.clear()
    page = (await offices.door.anyone.get(PATH, params=query, headers=ENGLISH)).ok()
    return {one["month"]: {line["what"]["code"]: line for line in one["items"]} for one in page["months"]}


async def test_a_month_is_told_by_channel_once_it_is_over(tmp_path: Path, database: str) -> None:
    async with open_town(tmp_path, appeals(APPEALS, "parks"), "channel_figures", database=database) as offices:
        li, chen = offices.door.citizen("li"), offices.reviewer()
        links = [await offices.asked(li) for _ in range(19)]
        for channel, some in {"site": links[:6], "wechat": links[6:13], "http": links[13:14]}.items():
            await Case.filter(id__in=[one.rpartition("/")[2] for one in some]).update(channel=channel)
        for number, link in enumerate(links[:6]):
            offices.later(hours=23 if number == 5 else 0.1)
            await offices.answered(chen, link)
            await offices.rated(li, link, 4)
        offices.later(days=2)
        for link in links[6:11]:
            await offices.answered(chen, link)
        offices.now = datetime(2026, 10, 1, 23, 59, tzinfo=CITY)
        assert "2026-09" not in await months(offices)
        offices.now = datetime(2026, 10, 2, 0, 1, tzinfo=CITY)
        found = await months(offices, **{"from": "2026-08", "to": "2026-10"})
        assert (list(found), found["2026-08"]) == (["2026-08", "2026-09"], {})
        line = found["2026-09"]["appeal"]
        assert (line["what"]["title"], line["received"]) == ("Appeal", 19)
        by = {one["channel"]["code"]: one for one in line["channels"]}
        # One is hidden, and with it the next larger one.
        assert {code: one["received"] for code, one in by.items()} == {"": None, "http": None, "site": 6, "wechat": 7}
        names = ("answered_percent", "in_time_percent", "within_s", "rated", "mean_rating")
        assert [by["site"][one] for one in names] == [100, 100, 86_400, 6, 4.0]
        assert [by["wechat"][one] for one in names] == [71, 0, 86_400, 0, None]
        assert by[""] == by[""] | {"answered_percent": None, "in_time_percent": None, "rated": 0}
        assert by[""]["channel"]["title"] == "App and other programs"


async def test_calls_are_told_with_those_that_were_answered_within_fifteen_seconds(
    tmp_path: Path, database: str
) -> None:
    async with exchange(tmp_path, database, plugins={"channel_figures": "channel_figures"}) as door:
        for number, seconds in enumerate((0, 15, 16, None, 3)):
            answered = None if seconds is None else WORKDAY + timedelta(seconds=seconds)
            told = {"rang_at": WORKDAY, "answered_at": answered, "outcome": "nuisance" if number == 4 else ""}
            await HotlineCall.create(ref=str(number), desk="fire", at=WORKDAY, **told)
        found = await counted(door.platform, month_of(WORKDAY.date().isoformat()))
        assert found["calls"]["hotline"] == Counter(received=4, answered=3, in_time=2, within_s=15)

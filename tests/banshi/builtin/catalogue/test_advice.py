"""What the search says beside the items: who does what no item serves, and pages of help."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from banshi import LANGUAGES
from banshi.app import inspected, loaded
from banshi.builtin.catalogue.advice.declared import Declared, Elsewhere, declared_in, unknown_items
from banshi.builtin.catalogue.advice.matching import MAX_SHOWN, Advice, served_here
from banshi.builtin.catalogue.search import Index, index_of
from banshi.builtin.catalogue.search.index import MAX_UNLIKELY
from banshi.builtin.catalogue.search.synonyms import kernel_synonyms
from banshi.kernel.contract.values import Department, Item
from banshi.kernel.loading.configuration import Configuration, Entry, read_configuration
from banshi.kernel.loading.registry import Registry
from banshi.kernel.loading.settings import Settings
from banshi.testing import Door, open_door
from tests.banshi.builtin.catalogue.made_up import item
from tests.places import DEPARTMENTS, ROOT

together = pytest.mark.asyncio(loop_scope="module")

#: What a review of the content found that nobody offers: each has to say who does it, or be an item by now.
NOBODY_OFFERS = {
    "挪车": "move-a-car",
    "怎么挪车啊": "move-a-car",
    "有人堵住我的车位，想請他挪車": "move-a-car",
    "12123": "traffic-12123",
    "噪音扰民": "noise",
    "无人机报备": "drones",
    "公积金提取": "housing-fund",
    "工资被拖欠": "unpaid-wages",
    "房产证": "real-estate",
    "社保卡": "social-insurance",
    "领离婚证": "marriage-registration",
    "消防验收": "fire-design-review",
    "失信": "dishonest-debtors",
    "240小时过境": "transit-240-hours",
    "a car is blocking my garage": "move-a-car",
    "noisy neighbours": "noise",
    "register my drone": "drones",
}


def texts(title: str) -> dict[str, str]:
    return {"zh-CN": title, "en": title}


def advice_beside(*items: Item, **words: tuple[str, ...]) -> Advice:
    """Something elsewhere by each name, with its words, beside those items."""
    elsewhere = {
        code: Elsewhere(code=code, title=texts(code), words={"zh-CN": some}, who=texts("别处"))
        for code, some in words.items()
    }
    offices = {"office": Department(code="office", title=texts("窗口"))}
    return Advice(Declared(elsewhere), Index.build(items, offices, kernel_synonyms()))


@pytest.fixture(scope="module")
def city() -> Registry:
    return loaded(read_configuration(ROOT / "plugins.toml"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    plugins = {name: DEPARTMENTS / name for name in ("traffic", "household", "public_order", "petitions", "criminal")}
    async with open_door(tmp_path_factory.mktemp("advice"), plugins) as opened:
        yield opened


async def searched(door: Door, words: str, more: str = "", language: str = "zh-CN") -> dict[str, Any]:
    found = await door.anyone.get(f"/v1/items?q={quote(words)}{more}", headers={"Accept-Language": language})
    answer: dict[str, Any] = found.ok()
    return answer


def codes(rows: list[dict[str, Any]]) -> list[str]:
    return [row["code"] for row in rows]


@pytest.mark.parametrize(("words", "code"), NOBODY_OFFERS.items())
def test_what_nobody_offers_says_who_does_it_unless_an_item_does_by_now(words: str, code: str, city: Registry) -> None:
    index = index_of(city)
    found = Advice(declared_in(city), index).search(words)
    if code not in [one.code for one in found.elsewhere]:
        hits = index.search(words)
        served = city.items[hits[0].code]
        said = "".join([*served.title.values(), *(word for some in served.keywords.values() for word in some)])
        assert words in said, f"{words} finds {served.code}, which says nothing of it"


@together
async def test_a_search_for_what_is_done_elsewhere_finds_no_item_that_only_sounds_alike(door: Door) -> None:
    found = await searched(door, "挪车")
    assert found["items"] == []
    [moved] = found["elsewhere"]
    assert moved["title"] == "请他人挪车"
    assert "122" in moved["who"]
    assert (moved["phone"], moved["links"]) == ("122", {})
    assert (await searched(door, "挪车", language="en"))["elsewhere"][0]["title"] == "Getting a parked car moved"


@together
async def test_what_else_is_typed_is_still_looked_for(door: Door) -> None:
    found = await searched(door, "12123查违章")
    assert codes(found["elsewhere"]) == ["traffic-12123"]
    assert found["elsewhere"][0]["links"]["page"].startswith("https://")
    assert codes(found["items"])[0] == "traffic-violations"


@together
async def test_while_danger_is_heard_there_is_whom_to_call_and_its_page_and_nothing_else(door: Door) -> None:
    found = await searched(door, "家里老人走丢了")
    assert (found["items"], found["next"], found["elsewhere"]) == ([], None, [])
    assert (found["danger"]["kind"], found["danger"]["numbers"][0]) == ("missing", "110")
    assert "110" in found["danger"]["words"]
    assert (await searched(door, "他又打我", language="en"))["danger"]["silent"].startswith("If you can't speak")
    assert "danger" not in await searched(door, "护照")
    [page] = found["help"]
    assert (page["group"], page["phones"][0]["number"]) == ("urgent", "110")
    assert codes(page["items"]) == ["missing-person"]
    assert (await door.anyone.get(page["links"]["self"])).ok()["code"] == page["code"]


@together
async def test_where_nothing_likely_is_found_it_is_said_whom_one_may_ask(door: Door) -> None:
    found = await searched(door, "蓝牙耳机连不上")
    assert (found["likely"], codes(found["otherwise"])) == (False, ["government-12345"])
    assert len(found["items"]) <= MAX_UNLIKELY
    assert "otherwise" not in await searched(door, "身份证")


@together
async def test_only_the_first_page_of_a_search_has_advice(door: Door) -> None:
    assert not {"elsewhere", "help"} & (await searched(door, "")).keys()
    first = await searched(door, "12123查违章", "&limit=1")
    later = await searched(door, "12123查违章", f"&limit=1&cursor={first['next']}")
    assert first["elsewhere"]
    assert not {"elsewhere", "help"} & later.keys()
    assert codes(later["items"]) != codes(first["items"])


@together
async def test_pages_of_help_are_listed_the_urgent_ones_first_and_lead_to_items_that_there_are(door: Door) -> None:
    pages = (await door.anyone.get("/v1/help")).ok()["items"]
    groups = [page["group"] for page in pages]
    assert groups == sorted(groups, reverse=True)
    assert all(page["phones"] for page in pages if page["group"] == "urgent")
    led = {code for page in pages for code in codes(page["items"])}
    assert led <= door.platform.registry.items.keys()
    # The narcotics police and others aren't here: what leads to them is left out.
    assert "internet-crime-report" not in led
    (await door.anyone.get("/v1/help/no-such-page")).problem(404, "not-found")


def test_each_channel_of_the_city_has_a_page_and_each_danger_its_number(city: Registry) -> None:
    pages = declared_in(city).help
    channels = {"web", "app", "wechat", "qq", "weibo", "hotline", "counter"}
    assert {f"channel-{one}" for one in channels} == {code for code, page in pages.items() if page.group == "channel"}
    numbers = {phone.number for page in pages.values() if page.group == "urgent" for phone in page.phones}
    assert {"110", "119", "120", "122", "12110", "96110"} <= numbers
    assert list(unknown_items(city, declared_in(city))) == []


def test_every_word_of_help_finds_its_page_in_both_languages(city: Registry) -> None:
    declared = declared_in(city)
    advice = Advice(declared, index_of(city))
    for page in declared.help.values():
        for language in LANGUAGES if not page.dangers else ():
            for word in page.words[language]:
                assert page.code in [one.code for one in advice.search(word).help], word


def test_once_an_item_is_called_so_the_item_wins() -> None:
    before = advice_beside(item("cars", "车辆转移"), split=("分户", "立户"))
    assert [one.code for one in before.search("我要分户").elsewhere] == ["split"]
    assert before.search("我要分户").left == ""
    after = advice_beside(item("household-split", "分户登记"), split=("分户", "立户"))
    assert after.search("我要分户").elsewhere == []
    assert after.search("我要分户").left == "我要分户"
    assert [one.code for one in after.search("立户").elsewhere] == ["split"]


def test_no_more_is_shown_than_fits_beside_the_items() -> None:
    many = {f"n{number}": (f"词{number}",) for number in range(9)}
    found = advice_beside(item("cars", "车辆转移"), **many).search(" ".join(f"词{number}" for number in range(9)))
    assert [one.code for one in found.elsewhere] == ["n0", "n1", "n2"]
    assert len(found.elsewhere) == MAX_SHOWN


@pytest.mark.parametrize("words", ["", "😀", "怎么", "\x00", "挪" * 100, "' or 1=1 --", "12", "1212 3"])
def test_any_text_is_taken_and_what_names_nothing_is_left_as_it_is(words: str) -> None:
    found = advice_beside(item("cars", "车辆转移"), moved=("挪车", "12123")).search(words)
    assert (found.elsewhere, found.help, found.left) == ([], [], words)


def test_a_file_that_cannot_be_read_is_found_and_so_is_a_table_that_is_none(tmp_path: Path) -> None:
    for name, written in (("torn", "[[help"), ("rows", "help = 3")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "items.toml").write_text(f'[department]\ncode = "{name}"\ntitle = {{ zh-CN = "窗", en = "Desk" }}\n')
        (folder / "advice.toml").write_text(written)
    entries = {name: Entry(api=1, path=tmp_path / name) for name in ("torn", "rows")}
    _, found = inspected(Configuration(tmp_path / "plugins.toml", Settings(), entries))
    assert {("torn", "unreadable"), ("rows", "wrong-value")} <= {(one.plugin, one.rule) for one in found}


#: What was said to be done elsewhere although an item of the city did it.
SERVED = {
    "改年龄": "household-correction",
    "生日登记错了": "household-correction",
    "改成离异": "household-correction",
    "分户": "household-split",
    "车子转到外地": "vehicle-move-out",
    "registration book": "title-certificate-replacement",
    "大绿本": "title-certificate-replacement",
}


@pytest.mark.parametrize("words", SERVED)
def test_what_an_item_does_is_not_said_to_be_done_elsewhere(city: Registry, words: str) -> None:
    advised = Advice(declared_in(city), index_of(city)).search(words)
    assert not advised.elsewhere
    assert index_of(city).search(advised.left)[0].code == SERVED[words]


def test_whoever_says_elsewhere_of_what_an_item_does_is_told(city: Registry) -> None:
    index = index_of(city)
    for title, words, told in (
        ("分户、立户", (), True),
        ("月亮", ("大绿本", "绿本", "补大绿本"), True),
        ("月亮", ("大绿本", "绿本"), False),
        ("月亮", (), False),
    ):
        one = Elsewhere(code="one", title=texts(title), words={"zh-CN": words}, who=texts("别处"))
        found = list(served_here(Declared(elsewhere={"one": one}), index))
        assert [finding.rule for finding in found] == ["served-here"] * told

"""What a guide says is what an office prints: the law's times are fields of their own, and its words are written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from banshi.kernel.contract.values import Item
from tests.plugins.test_departments import FOLDERS, registry_of

ITEMS = [pytest.param(item, id=item.code) for item in registry_of(FOLDERS).items.values()]

#: A time to decide that the guide itself calls the law's.
BY_LAW = re.compile("(?:法律|条例|办法)规定[^。；]*?(?:日|天)内(?:作出决定|签发|发证)|自受理之日起[^。；]*?日内办结")

#: What somebody says to a neighbour, and no office writes.
SPOKEN = re.compile(
    "的话|这张|那张|想当|丢了|捡到|养狗|告诉(?!您|我们)|老外|咋|啥|得赶紧|弄|搞|挺|特别(?!程序|行政)|跑一趟|有证的|学车"
)

#: Times in laws that the items name, by what the law says: item → days, and which days.
LEGAL: Mapping[str, tuple[int, str]] = {
    # 中华人民共和国护照法 6; 居民身份证法 12; 居住证暂行条例 9; 出境入境管理法 30.
    "passport-first": (15, "calendar-day"),
    "id-card-first-issue": (60, "calendar-day"),
    "residence-permit": (15, "calendar-day"),
    "foreigner-residence-permit": (15, "calendar-day"),
    # 港澳台居民居住证申领发放办法; 公安机关办理犯罪记录查询工作规定.
    "hmt-residence-permit": (20, "working-day"),
    "criminal-record-inquiry-organisation-foreigner": (3, "working-day"),
    # 信访工作条例 34, 36.
    "petition-request": (60, "calendar-day"),
    "petition-review": (30, "calendar-day"),
    # 烟花爆竹安全管理条例 24; 易制毒化学品管理条例 15; permits count working days (行政许可法 82).
    "fireworks-transport-permit": (3, "working-day"),
    "precursor-first-class-purchase": (10, "working-day"),
}


def texts(item: Item) -> Iterator[str]:
    """What a guide and a form say in Chinese, but for the words that a search knows."""
    guide = (item.title, item.summary, item.result.title, item.fee.note, *item.conditions, *item.process)
    yield from (one["zh-CN"] for one in guide if one)
    yield from (one.title["zh-CN"] for one in item.materials)
    yield from of_form(item.form.schema if item.form else {})


def of_form(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for name, value in node.items():
            if name in {"title", "description", "x-shows", "x-pattern-hint"} and isinstance(value, Mapping):
                yield value.get("zh-CN", "")
            yield from of_form(value)
    elif isinstance(node, list):
        for one in node:
            yield from of_form(one)


@pytest.mark.parametrize("item", ITEMS)
def test_no_guide_and_no_form_speaks_as_one_neighbour_to_another(item: Item) -> None:
    assert not [text for text in texts(item) if SPOKEN.search(text)]


@pytest.mark.parametrize("item", ITEMS)
def test_a_time_that_a_guide_calls_the_laws_is_the_items_legal_time(item: Item) -> None:
    told = [one["zh-CN"] for one in item.process if BY_LAW.search(one["zh-CN"])]
    assert not told or item.legal_days is not None, told


@pytest.mark.parametrize("code", LEGAL)
def test_the_legal_time_is_what_the_law_says_and_no_more_is_promised(code: str) -> None:
    item = registry_of(FOLDERS).items[code]
    assert (item.legal_days, item.legal_days_unit) == LEGAL[code]
    assert item.promised_days is not None
    assert item.promised_days <= LEGAL[code][0]


def test_the_title_of_an_item_is_its_laws_word_and_the_everyday_one_is_a_keyword() -> None:
    for item in registry_of(FOLDERS).items.values():
        assert not re.search("网吧|大绿本|驾照|车主信息|狗", item.title["zh-CN"]), item.code
    change = registry_of(FOLDERS).items["internet-cafe-change"]
    assert any("网吧" in one for one in change.keywords["zh-CN"])

"""Search over items: words in two languages, pinyin, mended spelling, an order that pages can rest on, bounded work."""

from __future__ import annotations

import asyncio
import random
import threading
import time
import tomllib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from banshi import Department
from banshi.builtin.catalogue.search import SEARCH, Search, kept, pinyin
from banshi.builtin.catalogue.search.index import Hit, Index
from banshi.builtin.catalogue.search.synonyms import Synonyms, kernel_synonyms
from banshi.builtin.catalogue.search.words import normal, units_of
from banshi.testing import Door, open_door
from tests.banshi.builtin.catalogue.made_up import item
from tests.banshi.builtin.paging import pages_of, rows_of
from tests.harness.memory.remembered import index_of
from tests.places import DEPARTMENTS, ROOT
from tests.waiting import until
from tools import make_readings

together = pytest.mark.asyncio(loop_scope="module")


ITEMS = [
    item("licence-lost", "补领驾驶证", "Replacement of a driving licence", words=("驾照丢了",)),
    item("passport-new", "普通护照申领", "Ordinary passport", en_words=("go abroad",)),
    item("dog-tag", "养犬登记", "Dog registration", words=("狗证",), en_words=("puppy",)),
    item("same-name", "重名查询", "How many people share a name", words=("银行开户",)),
]

OFFICE = {"office": Department(code="office", title={"zh-CN": "综合窗口", "en": "General counter"})}


@pytest.fixture(scope="module")
def index() -> Index:
    return Index.build(ITEMS, OFFICE, kernel_synonyms())


def first(index: Index, words: str) -> str | None:
    hits = index.search(words)
    return hits[0].code if hits else None


# -- what is compared ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("驾照", "licence-lost"),
        ("驾驶执照遗失", "licence-lost"),
        ("駕照遺失", "licence-lost"),
        ("我的驾照不见了怎么办", "licence-lost"),
        ("lost my driver's license", "licence-lost"),
        ("LOST LICENCE", "licence-lost"),
        ("ＬＯＳＴ　ｌｉｃｅｎｃｅ", "licence-lost"),
        ("jszbl", "licence-lost"),
        ("jiazhao", "licence-lost"),
        ("jia zhao diu le", "licence-lost"),
        ("jiazhaodiul", "licence-lost"),
        ("补办 licence", "licence-lost"),
        ("passports", "passport-new"),
        ("pasport", "passport-new"),
        ("passpotr", "passport-new"),
        ("hz", "passport-new"),
        ("狗", "dog-tag"),
        ("犬", "dog-tag"),
        ("puppry", "dog-tag"),
        ("congmin", "same-name"),
        ("huzao", "passport-new"),
        ("chongming", "same-name"),
        ("yhkh", "same-name"),
    ],
)
def test_everyday_words_find_it(index: Index, typed: str, found: str) -> None:
    assert first(index, typed) == found


def test_of_what_is_found_alike_what_is_asked_for_often_goes_first_also_from_a_file(tmp_path: Path) -> None:
    items = [item("a-note", "护照加注", "Note"), replace(item("z-passport", "护照申领", "Apply"), often=5)]
    made = Index.build(items, OFFICE, Synonyms([], [], {}))
    kept.write(made, tmp_path / "index", "key")
    for index in (made, kept.read(tmp_path / "index", "key", made.synonyms)):
        assert index is not None
        assert first(index, "护照") == "z-passport"
        assert first(index, "护照加注") == "a-note"


def test_single_characters_of_other_words_are_a_guess_of_three_at_most() -> None:
    items = [item(f"n{number}", f"路{number}号停车", "Street") for number in range(9)]
    index = Index.build(items, OFFICE, Synonyms([], [], {}))
    found = index.find("去机场的路")
    assert (found.is_likely, len(found.hits)) == (False, 3)
    assert index.find("停车").is_likely
    assert len(index.find("停车").hits) == 9


def test_words_that_say_nothing_are_passed_over_in_pinyin(index: Index) -> None:
    for typed in ("jia zhao diu le", "wo de jiazhao diule", "wo yao ban huzhao"):
        assert index.find(typed).is_likely, typed


def test_short_words_and_first_letters_are_typed_as_they_are_meant() -> None:
    """A word that stands in no catalogue is no reason to read another: took is not book, nor last lost."""
    items = [item("counter", "预约", "Book a place"), item("lost", "遗失", "Lost things")]
    index = Index.build(items, OFFICE, Synonyms([], [], {}))
    for typed in ("took", "last", "boks", "glace"):
        assert index.search(typed) == [], typed
    assert first(index, "thinsg") == "lost"


def test_what_is_mended_counts_for_less_than_what_was_typed() -> None:
    items = [item("a", "甲", "Passport"), item("b", "乙", "Password")]
    index = Index.build(items, OFFICE, Synonyms([], [], {}))
    assert [hit.code for hit in index.search("passwort passport")] == ["a", "b"]


def test_two_characters_of_which_one_belongs_to_another_word_are_no_pair() -> None:
    """… 行车本丢了 is not about a 本丢."""
    items = [item("book", "户口本丢了", "Household book"), item("licence", "行驶证遗失", "Vehicle licence")]
    index = Index.build(items, OFFICE, Synonyms([["行驶证", "行车本"], ["丢了", "遗失"]], [], {}))
    assert first(index, "行车本丢了") == "licence"


def test_synonyms_are_data_and_go_both_ways_between_the_languages() -> None:
    synonyms = Synonyms([["狗", "wauwau"]], ["bitte"], {})
    index = Index.build(ITEMS, OFFICE, synonyms)
    assert first(index, "wauwau bitte") == "dog-tag"
    assert index.search("bitte") == []
    assert not Index.build(ITEMS, OFFICE, Synonyms([], [], {})).search("wauwau")


def test_words_around_what_is_meant_are_not_searched_for_unless_there_is_nothing_else() -> None:
    items = [*ITEMS, item("how", "怎么办理", "Questions")]
    index = Index.build(items, OFFICE, kernel_synonyms())
    assert first(index, "护照怎么办理") == "passport-new"
    assert first(index, "怎么办理") == "how"


def test_the_list_of_synonyms_has_no_word_twice_in_a_group_and_reads_what_is_read_otherwise() -> None:
    listed = tomllib.loads(
        (ROOT / "platform/banshi/builtin/catalogue/search/synonyms.toml").read_text(encoding="utf-8")
    )
    for group in listed["groups"]:
        compared = [tuple(units_of(word)) for word in group]
        assert len(group) == len(set(group)), group
        assert all(compared), group
    for word, read in listed["readings"].items():
        assert len(word) == len(read.split())
        assert set(read.split()) <= pinyin.syllables(), word


def test_the_readings_are_what_their_tool_writes() -> None:
    assert pinyin.FILE.read_text(encoding="utf-8").splitlines() == make_readings.lines()


# -- whatever is typed -----------------------------------------------------------------------------------------------

NOTHING = ["", " ", "\t\n\x07\x1b[31m", "😀😀", "!!! ??? ---", "'", "\u200b\u202e", "\ud7ff\U0010ffff", "…——", "_"]

HOSTILE = [
    "' OR 1=1; DROP TABLE items; --",
    "*" * 10_000,
    "驾" * 10_000,
    "驾照" * 5_000,
    "a" * 10_000,
    "ab " * 3_334,
    "xi" * 5_000,
    "jszbl" * 2_000,
    "qzxwvbn " * 1_250,
    "".join(chr(code) for code in range(1, 10_000)),
    "(a+)+$" * 1_000,
    "\n'jia" * 2_000,
    "ﷺ" * 10_000,
]


@pytest.mark.parametrize("text", NOTHING)
def test_what_says_nothing_finds_nothing(index: Index, text: str) -> None:
    assert index.search(text) == []


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:8].encode("unicode_escape").decode())
def test_whatever_is_typed_costs_little(index: Index, text: str) -> None:
    """A generous bound: they take a few milliseconds each, and a quadratic one would take minutes."""
    began = time.process_time()
    index.search(text)
    assert time.process_time() - began < 1.0


#: What nearly no text of chance has: several items are found by it, not all alike.
SAID = st.sampled_from(
    ["驾驶证", "护照", "养犬登记", "在这里办", "licence", "passport", "registration", "here", "people"]
)


@given(
    st.text(max_size=200)
    | st.text("abcdefghijklmnopqrstuvwxyz'-. 0驾照证护丢了我", max_size=40)
    | st.lists(SAID | st.text(max_size=5), max_size=8).map(" ".join)
)
def test_any_text_is_ranked_the_same_way_each_time(index: Index, text: str) -> None:
    found = index.search(text)
    assert found == index.search(text)
    assert found == sorted(found, key=lambda hit: (-hit.score, hit.code))
    assert all(hit.score > 0 for hit in found)
    assert {hit.code for hit in found} <= {item.code for item in ITEMS}
    assert normal(normal(text)) == normal(normal(normal(text)))


def test_only_so_many_postings_are_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rarest words decide who is found; the commoner ones still put those into order."""
    from banshi.builtin.catalogue.search import index as module

    many = [item(f"dog-{number:04}", "养犬登记", "Dog registration") for number in range(300)]
    many += [item("dog-rare", "养犬登记 特别", "Dog registration, special case")]
    monkeypatch.setattr(module, "MAX_POSTINGS", 10)
    index = Index.build(many, OFFICE, kernel_synonyms())
    hits = index.search("dog registration special")
    assert [hit.code for hit in hits] == ["dog-rare"]
    alone = Index.build(many[-1:], OFFICE, kernel_synonyms()).search("special")
    assert hits[0].score > alone[0].score


# -- over HTTP -------------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def city(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    plugins = {name: DEPARTMENTS / name for name in ("traffic", "household", "exit_entry")}
    async with open_door(tmp_path_factory.mktemp("search"), plugins) as opened:
        yield opened


@together
async def test_the_best_item_comes_first_in_the_readers_language(city: Door) -> None:
    path = f"/v1/items?q={quote('驾照丢了')}"
    found = (await city.anyone.get(path, headers={"Accept-Language": "en"})).ok()["items"]
    assert found[0]["title"] == "Replacement of a driving licence"
    assert found[0]["code"] == "licence-replacement"


@together
@pytest.mark.parametrize("limit", [1, 3, 7])
async def test_a_ranked_list_is_walked_without_gaps_or_doubles(city: Door, limit: int) -> None:
    path = f"/v1/items?q={quote('车 证 lost')}"
    whole = [row["code"] for row in await rows_of(city.anyone, path, limit="100")]
    assert len(whole) > 10
    *full, last = await pages_of(city.anyone, path, limit=str(limit))
    assert {len(page) for page in full} == {limit}
    assert [row["code"] for page in [*full, last] for row in page] == whole


@together
async def test_a_cursor_goes_on_behind_its_place_where_another_process_has_other_items(city: Door) -> None:
    """The place is a score and a code, and not a count: an item that has gone meanwhile shifts nothing."""
    path, made = f"/v1/items?q={quote('驾照')}", city.platform[SEARCH]
    page = (await city.anyone.get(path + "&limit=2")).ok()
    rest = [row["code"] for row in await rows_of(city.anyone, path, limit="100")][2:]

    whole = await made.index()

    class Shrunk:
        async def index(self) -> Any:
            return self

        def search(self, words: str) -> list[Hit]:
            return whole.search(words)[2:]

        def __getattr__(self, name: str) -> Any:
            return getattr(whole, name)

    shrunk: Any = Shrunk()
    city.platform.put(SEARCH, shrunk)
    try:
        later = (await city.anyone.get(f"{path}&limit=100&cursor={page['next']}")).ok()["items"]
    finally:
        city.platform.put(SEARCH, made)
    assert [row["code"] for row in later] == rest


@together
async def test_filters_combine_with_a_search(city: Door) -> None:
    path = f"/v1/items?q={quote('证 丢了')}&limit=100"
    everything = (await city.anyone.get(path)).ok()["items"]
    for name, value, told in (
        ("department", "household", "household"),
        ("kind", "application", "application"),
        ("fully_online", "true", True),
    ):
        expected = [row for row in everything if row[name] == told]
        assert 0 < len(expected) < len(everything)
        assert (await city.anyone.get(f"{path}&{name}={value}")).ok()["items"] == expected
    both = [row for row in everything if row["department"] == "traffic" and row["fully_online"]]
    assert (await city.anyone.get(f"{path}&department=traffic&fully_online=true")).ok()["items"] == both


@together
async def test_an_empty_search_lists_everything_and_one_that_means_nothing_nothing(city: Door) -> None:
    by_code = (await city.anyone.get("/v1/items")).ok()
    for blank in ("", "%20", "%09%20", "%E3%80%80"):
        assert (await city.anyone.get(f"/v1/items?q={blank}")).ok() == by_code
    for text in ("😀", "!!!", "'; DROP TABLE items; --", "\x1b[31m", "qqqq qqqq"):
        found = (await city.anyone.get(f"/v1/items?q={quote(text)}")).ok()
        nothing: dict[str, list[Any]] = {"items": [], "elsewhere": [], "help": [], "published": []}
        assert found == {**nothing, "next": None, "likely": False}, text


@together
@pytest.mark.parametrize("cursor", ["em9uZS1wYXNz", "MTIz", "LTEgeA", "OTk5OTk5OTk5OTk5OTkgYQ", "MSA"])
async def test_a_cursor_that_is_no_place_in_a_ranked_list_is_refused(city: Door, cursor: str) -> None:
    answer = await city.anyone.get(f"/v1/items?q=pass&cursor={cursor}")
    assert answer.problem(400, "invalid-parameter")["parameter"] == "cursor"


@together
async def test_many_changes_at_once_make_one_more_index(city: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever changes the catalogue again and again gets no index for each time; the last has every change."""
    made: list[int] = []

    may_end = threading.Event()

    def counted(registry: Any) -> Index:
        made.append(len(changes))
        # Else a busy machine may end several between two changes.
        assert may_end.wait(60)
        return index_of(registry)

    changes: list[int] = []
    monkeypatch.setattr("banshi.builtin.catalogue.search.index_of", counted)
    search = Search(city.platform.registry)
    search.renew()
    await asyncio.sleep(0)
    assert not made, "nobody has asked for it yet"
    search.begun()
    await until(lambda: made)
    for change in range(50):
        changes.append(change)
        search.renew()
        await asyncio.sleep(0)
    may_end.set()
    await search.settled()
    assert made == [0, 50]


async def test_of_several_who_ask_first_none_makes_an_index_of_their_own_nor_takes_it_from_the_others(
    city: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def counted(registry: Any) -> Index:
        made.append(1)
        return index_of(registry)

    monkeypatch.setattr("banshi.builtin.catalogue.search.index_of", counted)
    search = Search(city.platform.registry)
    leaving = asyncio.create_task(search.index())
    asking = [asyncio.create_task(search.index()) for _ in range(5)]
    await asyncio.sleep(0)
    leaving.cancel()
    assert len({id(one) for one in await asyncio.gather(*asking)}) == len(made) == 1
    assert leaving.cancelled()


def test_random_words_never_raise_and_find_items_that_are_there_the_best_first(index: Index) -> None:
    codes = {item.code for item in ITEMS}
    chance = random.Random(7)
    letters = "abcdefghijklmnopqrstuvwxyz'-. 0驾照证护丢了我"
    for _ in range(500):
        hits = index.search("".join(chance.choices(letters, k=chance.randint(1, 40))))
        assert {hit.code for hit in hits} <= codes
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)

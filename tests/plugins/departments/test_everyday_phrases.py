"""What people in the street type finds the item that they mean."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from banshi.app import loaded
from banshi.builtin.catalogue.search import Index, index_of
from banshi.kernel.loading.configuration import read_configuration
from banshi.kernel.loading.registry import Registry
from tests.places import ROOT

#: Of `readers`, which were written without a look at the keywords: what happened to be one already.
KEYWORDS_ALREADY = {
    "身份证做好没有",
    "居住证年审",
    "居住证续签",
    "打印出入境记录",
    "台胞证丢了",
    "成立保安公司",
    "考保安证",
    "举报吸毒",
    "learn to drive",
    "is my id card ready",
}
LISTED = tomllib.loads((ROOT / "tests" / "plugins" / "everyday_phrases.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def city() -> Registry:
    return loaded(read_configuration(ROOT / "plugins.toml"))


@pytest.fixture(scope="module")
def index(city: Registry) -> Index:
    return index_of(city)


def missed(index: Index, phrases: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """The phrases whose item is not among the first three, with what was."""
    first = {one["words"]: [hit.code for hit in index.search(one["words"])[:3]] for one in phrases}
    return [(one["words"], first[one["words"]]) for one in phrases if not set(one["items"]) & set(first[one["words"]])]


def test_of_a_hundred_everyday_phrases_95_find_the_right_item_among_the_first_three(index: Index) -> None:
    assert len({one["words"] for one in LISTED["phrases"]}) == 100
    wrong = missed(index, LISTED["phrases"])
    assert len(wrong) <= 5, wrong


def test_phrases_that_nobody_looked_at_while_the_search_was_built_do_nearly_as_well(index: Index) -> None:
    assert len({one["words"] for one in LISTED["unseen"]}) >= 100
    wrong = missed(index, LISTED["unseen"])
    assert len(wrong) <= len(LISTED["unseen"]) // 20, wrong


def test_phrases_by_which_the_search_was_mended_find_their_items(index: Index) -> None:
    wrong = missed(index, LISTED["mended"])
    assert len(wrong) <= len(LISTED["mended"]) // 20, wrong


def test_of_200_phrases_as_readers_type_them_95_in_a_hundred_find_the_right_item(index: Index) -> None:
    assert len({one["words"] for one in LISTED["readers"]}) == 200
    wrong = missed(index, LISTED["readers"])
    assert len(wrong) <= 10, wrong


def test_phrases_by_which_nothing_was_mended_find_their_items_nine_times_in_ten(index: Index) -> None:
    assert len({one["words"] for one in LISTED["held_out"]}) == 100
    wrong = missed(index, LISTED["held_out"])
    assert len(wrong) <= 10, wrong


def test_no_phrase_is_a_title_or_a_keyword_and_each_names_items_that_there_are(city: Registry) -> None:
    """A guard of the guard: whoever copies a phrase into an item's keywords has measured nothing."""
    said = {text.casefold() for item in city.items.values() for text in item.title.values()}
    said |= {word.casefold() for item in city.items.values() for words in item.keywords.values() for word in words}
    for one in (one for phrases in LISTED.values() for one in phrases):
        assert one["words"].casefold() not in said - KEYWORDS_ALREADY, one
        assert set(one["items"]) <= city.items.keys(), one


def test_an_items_own_title_finds_it_among_the_first_two_in_both_languages(city: Registry, index: Index) -> None:
    wrong = {
        item.code
        for item in city.items.values()
        for title in item.title.values()
        if item.code not in [hit.code for hit in index.search(title)[:2]]
    }
    assert not wrong

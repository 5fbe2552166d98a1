"""Danger in people's own words: heard first, with a number that helps, and not where it only sounds like it."""

from __future__ import annotations

import csv
import re
import time
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banshi.app import loaded
from banshi.builtin.catalogue.advice.declared import Declared, HelpPage, declared_in, unheard_dangers
from banshi.builtin.catalogue.danger.reading import FIRST_CHARS, HERE, MASK, Danger, danger_in, kinds
from banshi.builtin.catalogue.search.words import normal
from banshi.kernel.loading.configuration import read_configuration
from tests.places import ROOT

#: Made up for this: `numbers`, of which any is right, and `-` where nobody is in danger; written before the words were.
PHRASES = ROOT / "tests" / "plugins" / "danger_phrases.tsv"


def phrases() -> list[dict[str, str]]:
    with PHRASES.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def kind_of(text: str) -> str | None:
    found = danger_in(text)
    return found.kind if found else None


def test_of_what_people_in_danger_say_nearly_all_is_heard_with_a_number_that_is_right() -> None:
    said = [row for row in phrases() if row["numbers"] != "-"]
    missed = [
        row["phrase"]
        for row in said
        if (found := danger_in(row["phrase"])) is None or not set(found.numbers) & set(row["numbers"].split(";"))
    ]
    assert len(said) > 700
    assert len(missed) <= 0.03 * len(said), missed


def test_what_only_sounds_like_danger_is_none() -> None:
    said = [row["phrase"] for row in phrases() if row["numbers"] == "-"]
    alarms = [phrase for phrase in said if danger_in(phrase)]
    assert len(said) > 300
    assert len(alarms) <= 0.02 * len(said), alarms


@pytest.mark.parametrize(
    ("heard", "undone"),
    [
        ("有人持刀", "管制刀具许可证"),
        ("我家着火了", "去年我家着火了，理赔要什么证明"),
        ("有人打我", "打人判几年"),
        ("出车祸了", "车祸认定书"),
        ("有人酒驾", "酒驾罚多少钱"),
        ("我被骗了", "两年前被骗的案子"),
        ("孩子丢了", "孩子户口本丢了"),
        ("他又打我", "他打了110"),
        ("我被家暴了", "被家暴怎么举证"),
        ("我们小区着火了", "着火了去哪申请补助"),
        ("电梯困人了", "电梯困人赔偿"),
        ("someone has a gun", "gun licence"),
        ("help me", "help me renew my passport"),
    ],
)
def test_a_permit_a_year_a_court_or_a_longer_word_undoes_it(heard: str, undone: str) -> None:
    assert danger_in(heard)
    assert danger_in(undone) is None


def test_what_was_before_undoes_nothing_where_it_is_now_as_well() -> None:
    assert danger_in("去年他打过我") is None
    assert kind_of("去年老公打过我，刚才又打我") == "home"
    assert kind_of("老公现在打我，怎么举证") == "home"


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("zhaohuo le", "fire"),
        ("laogong da wo", "home"),
        ("老公打我jiuming", "home"),
        ("我想自殺", "suicide"),
        ("ＨＥＬＰ　ＭＥ", "call"),
        ("My husband is BEATING me!!", "home"),
        ("119", "fire"),
        ("救命🆘🆘", "call"),
    ],
)
def test_it_is_heard_however_it_is_typed(typed: str, kind: str) -> None:
    assert kind_of(typed) == kind


@pytest.mark.parametrize(
    "letters", ["打", "我打", "被人", "他", "😱", "नमस्ते ", "مرحبا ", "a", "da wo ", "杀杀我我", "\x00"]
)
def test_a_long_message_takes_no_longer_than_its_letters(letters: str) -> None:
    long = letters * (10_000 // len(letters))
    before = time.process_time()
    danger_in(long)
    # A tenth of it on an idle machine; squared it would be minutes.
    assert time.process_time() - before < 1
    assert kind_of(long + " 救命，我家着火了") or not long


def test_a_cry_at_the_end_of_a_long_message_is_heard() -> None:
    assert kind_of("你好，" * FIRST_CHARS + "我家着火了") == "fire"


@given(st.text(max_size=300))
def test_any_text_is_taken(text: str) -> None:
    assert danger_in(text) is None or isinstance(danger_in(text), Danger)


def test_each_kind_says_a_number_to_call_and_leads_to_a_page_that_has_it() -> None:
    declared = declared_in(loaded(read_configuration(ROOT / "plugins.toml")))
    assert list(unheard_dangers(declared)) == []
    for kind, danger in kinds().items():
        pages = [page for page in declared.help.values() if kind in page.dangers]
        phones = {phone.number.removeprefix("+86-10-") for page in pages for phone in page.phones}
        assert danger.numbers[0] in phones, kind
        for language, words in danger.words.items():
            assert danger.numbers[0] in words, (kind, language)
        assert not danger.silent or "12110" in danger.silent["zh-CN"]


def test_the_words_are_written_as_they_are_compared_and_each_class_is_used() -> None:
    words, rules = (tomllib.loads((HERE / name).read_text("utf-8")) for name in ("words.toml", "rules.toml"))
    assert [word for listed in words.values() for word in listed if normal(word) != word] == []
    told = " ".join([*(part for rule in rules["rules"] for part in (*rule["is"], rule.get("undone", "")))])
    used = set(re.findall("[a-z_0-9]+", told + rules["undone"]["classes"])) | {MASK, "now"}
    assert {name for name in words if name not in used} == set()


def test_a_kind_without_a_page_is_a_remark() -> None:
    texts = {"zh-CN": "火", "en": "Fire"}
    page = HelpPage(code="fire", group="urgent", title=texts, steps=(texts,), dangers=("fire",))
    assert list(unheard_dangers(Declared())) == []
    [found] = unheard_dangers(Declared(help={"fire": page}))
    assert (found.rule, found.warning) == ("no-page", True)
    assert "gas" in found.advice
    assert "fire" not in found.advice

"""Texts that a maker's service takes: cut behind a whole character, without what it refuses, and never empty."""

from __future__ import annotations

import regex
from hypothesis import given
from hypothesis import strategies as st

from mobile_push import TextRules
from tests.mobile_push.conftest import push

#: A family, a flag, a thumb with a skin, an accent of its own: each is one character to whoever reads it.
EMOJI = ["👨‍👩‍👧", "🇨🇳", "👍🏽", "e\u0301", "办", "a", " "]

texts = st.lists(st.sampled_from(EMOJI), max_size=30).map("".join)


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def utf8(text: str) -> int:
    return len(text.encode())


def characters(text: str) -> list[str]:
    return regex.findall(r"\X", text)


@given(
    title=texts,
    body=texts,
    most=st.integers(1, 40),
    count=st.sampled_from([len, utf16, lambda text: len(text.encode())]),
)
def test_what_is_too_long_is_cut_behind_a_whole_character(title: str, body: str, most: int, count: object) -> None:
    rules = TextRules(title=most, body=most, count=count)  # type: ignore[arg-type]
    fitted = rules.fitted(push(title=title, body=body))
    for before, after in ((title, fitted.title), (body, fitted.body)):
        assert count(after) <= most  # type: ignore[operator]
        if after != before and after and before.strip():
            whole = characters(after.removesuffix("…"))
            assert characters(before)[: len(whole)] == whole or after in ("新消息", "新…", "…")


def test_an_emoji_at_the_limit_is_left_out_whole() -> None:
    fitted = TextRules(title=6, count=utf16).fitted(push(title="停水👨‍👩‍👧通知"))
    assert fitted.title == "停水…"


def test_what_a_service_takes_from_nobody_is_taken_out_and_a_title_of_nothing_else_is_not_empty() -> None:
    rules = TextRules(title=20, forbidden=regex.compile("测试|[【】]"))
    assert rules.fitted(push(title="【演习】测试：停水", body="测试")).title == "演习：停水"
    assert rules.fitted(push(title="【测试】", body="测试"))[1:3] == ("新消息", "")


def test_a_number_of_31_bits_names_a_message_on_the_screen() -> None:
    one, same, other = push(), push(title="another"), push(message_id="018f3c1e-7b7a-7c3a-9e5e-000000000002")
    assert one.number == same.number != other.number
    assert 0 < one.number < 2**31

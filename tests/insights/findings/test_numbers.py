"""Numbers of a text that its finding doesn't have are named, however they are written."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from insights.findings.drafting.numbers import unfounded
from insights.findings.drafting.wording import yuan

KNOWN = [42, 35.4, 1_860_000, 50, 110]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("近一周接报42起、损失186万元，拨110。", []),
        ("接报四十二起，增长百分之五十，也就是五成。", []),
        ("1.86 million yuan, 1,860,000 yuan; the bound is 35.", []),
        ("接报43起，损失190万元。", ["43", "190万"]),
        ("接报四十三起、上升六成。", ["四十三起", "六成"]),
        ("大家一起千万不要转账，取得成功。", []),
        ("接报４３起", ["43"]),  # in full width
        ("0." + "3" * 400, ["0." + "3" * 400]),
    ],
)
def test_a_number_that_the_finding_does_not_have_is_named(text: str, named: list[str]) -> None:
    assert unfounded({"body": {"zh-CN": text}}, KNOWN) == named


@example(10**10, "zh-CN")
@given(st.integers(0, 10**10), st.sampled_from(["zh-CN", "en"]))
def test_a_loss_as_it_is_written_is_always_the_findings(loss: int, language: str) -> None:
    assert unfounded({"body": {language: yuan(loss, language)}}, [loss]) == []


@given(st.text(max_size=200))
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    named = unfounded({"body": {"en": text}}, KNOWN)
    assert len(named) <= sum(map(str.isnumeric, unicodedata.normalize("NFKC", text)))

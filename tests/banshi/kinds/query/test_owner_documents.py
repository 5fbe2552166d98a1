"""Whom a record is about, by another document than an ID card."""

from __future__ import annotations

import pytest

from banshi.kinds.query.registers.declared import Column
from banshi.kinds.query.registers.values import from_text

OWNER = Column(name="owner_id", title={"zh-CN": "所有人", "en": "Owner"}, format="cn-resident-id")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("11010519491231002x", "11010519491231002X"),
        ("E12345678", "E12345678"),
        ("e 1234 5678", "E12345678"),
        ("H1234567801", "H1234567801"),
        ("12345678", "12345678"),
    ],
)
def test_a_register_keeps_the_number_of_whatever_document_its_owner_has(written: str, kept: str) -> None:
    assert from_text(OWNER, written) == kept


@pytest.mark.parametrize(
    "written",
    [
        "1101051949123100",
        "11010519491231002",
        "110105194912310021",
        "110105491231002",
        "WANGSHILI",
        "E1234",
        "-",
        "王示例",
    ],
)
def test_an_id_number_that_was_typed_wrong_is_no_other_document(written: str) -> None:
    with pytest.raises(ValueError, match="ID number"):
        from_text(OWNER, written)

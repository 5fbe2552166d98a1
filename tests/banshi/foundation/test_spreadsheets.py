"""Rows of CSV: whatever people wrote stays text for a spreadsheet, and comes back as it was."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banshi.foundation.spreadsheets import csv_row

#: What begins a formula, by OWASP's page on CSV injection; the wide forms in Chinese settings.
BEGINNINGS = "=+-@\t\r＝＋－＠"


def read(row: bytes) -> list[str]:
    return next(csv.reader(io.StringIO(row.decode(), newline="")))


@pytest.mark.parametrize("space", ["", " ", "\n", "\u3000"])
@pytest.mark.parametrize("first", BEGINNINGS)
def test_a_text_that_would_be_a_formula_is_shown_as_text(first: str, space: str) -> None:
    said = f"{space}{first}HYPERLINK(1)"
    assert read(csv_row([said, "沙河路"])) == [f"'{said}", "沙河路"]


def test_a_figure_below_zero_stays_a_figure() -> None:
    assert read(csv_row([-3, -0.5, None, "7"])) == ["-3", "-0.5", "", "7"]


@given(st.lists(st.text(), min_size=2))
def test_every_other_text_comes_back_as_it_was(texts: list[str]) -> None:
    told = [one for one in texts if one.lstrip()[:1] not in BEGINNINGS or not one.lstrip()]
    told = ["a", *(one for one in told if not one.startswith(("\t", "\r")))]
    assert read(csv_row(told)) == told

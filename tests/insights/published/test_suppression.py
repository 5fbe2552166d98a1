"""Nobody finds out by the published sums that a hidden figure is below 5."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.published.suppression import hidden, with_sums
from tests.insights.published.attackers import most_of
from tests.tries import tries

FEWEST = 5


def sums_in(figures: Any, groups: Any) -> list[tuple[Any, list[Any]]]:
    """Every sum of a table, with what makes it."""
    divisions = {division for division, _ in figures if division}
    found = [(("", code), [(one, code) for one in divisions]) for code in {code for _, code in figures}]
    for division in {"", *divisions}:
        found += [((division, outer), [(division, code) for code, own in groups.items() if own == outer])
                  for outer in {*groups.values()} - {""}]  # fmt: skip
        top = {own or code for code, own in groups.items()}
        found.append(((division, ""), [(division, code) for code in top]))
    return found


def attacked(leaves: Any, groups: Any) -> tuple[dict[Any, int | None], dict[Any, float], dict[Any, float]]:
    figures = with_sums(leaves, groups)
    unshown = hidden(figures, groups, FEWEST)
    assert unshown is not None
    cells = {cell: None if cell in unshown else count for cell, count in figures.items()}
    sums = sums_in(figures, groups)
    return cells, most_of(cells, sums), most_of(cells, sums, least=1.0)


counts = st.one_of(st.integers(0, 6), st.sampled_from([0, 0, 1, 2, 3, 4, 5, 7, 12, 40]))


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[Any, int], dict[str, str]]:
    groups = {f"c{at}": draw(st.sampled_from(["", "g0", "g1"])) for at in range(draw(st.integers(1, 5)))}
    divisions = [f"d{at}" for at in range(draw(st.integers(1, 4)))]
    return {(one, code): draw(counts) for one in divisions for code in groups}, groups


@given(tables())
@settings(max_examples=tries(20, 60))
def test_no_sum_says_of_a_hidden_figure_that_it_is_below_five(table: Any) -> None:
    """Neither to whoever knows nothing, nor to whoever knows that zeros are shown."""
    cells, most, most_by_zeros = attacked(*table)
    assert all(figure is None or figure == 0 or figure >= FEWEST for figure in cells.values())
    assert all(one >= FEWEST - 1e-6 for one in (*most.values(), *most_by_zeros.values())), (table, most, most_by_zeros)


@pytest.mark.parametrize("seed", range(2))
def test_a_city_s_table_is_safe_and_shows_most_of_what_it_may(seed: int) -> None:
    lot = random.Random(seed)
    groups = {f"c{at}": f"g{at % 4}" for at in range(12)}
    leaves = {(f"d{at}", code): lot.choice([0, 0, 1, 3, 4, 6, 8, 12, 30]) for at in range(9) for code in groups}
    cells, most, most_by_zeros = attacked(leaves, groups)
    assert min(*most.values(), *most_by_zeros.values()) >= FEWEST - 1e-6
    few = sum(0 < count < FEWEST for count in leaves.values())
    assert len([one for one, figure in cells.items() if figure is None and leaves.get(one, 0) >= FEWEST]) < few
    assert all(cells["", code] is not None for code in {"", *groups.values()})


def test_what_was_told_elsewhere_makes_up_for_nothing() -> None:
    leaves, groups = {("a", "c"): 3, ("b", "c"): 19, ("d", "c"): 30}, {"c": ""}
    figures = with_sums(leaves, groups)
    told = {("b", "c"), ("b", "")}
    for more, beside in ((set[Any](), "b"), (told, "d")):
        unshown = hidden(figures, groups, FEWEST, more) or set()
        assert {cell for cell in unshown if cell[1] == "c"} == {("a", "c"), (beside, "c")}


def test_where_too_much_was_told_elsewhere_nothing_is_shown() -> None:
    """Of 22 in a city of which 19 are in one place, three are in the other, since a nought in the third is shown."""
    groups = {"c": ""}
    figures = with_sums({("a", "c"): 3, ("b", "c"): 19, ("d", "c"): 0}, groups)
    assert hidden(figures, groups, FEWEST)
    told = {("b", "c"), ("b", ""), ("", "c"), ("", "")}
    assert hidden(figures, groups, FEWEST, told) is None
    # A street of it with eighteen leaves one that may be elsewhere.
    figures = with_sums({("a", "c"): 3, ("b", "c"): 19, ("d", "c"): 0}, groups)
    assert hidden(figures, groups, FEWEST, {("", "c"), ("", "")}, {("b", "c"): 18}) is None
    assert hidden(figures, groups, FEWEST, {("", "c"), ("", "")}, {("b", "c"): 17}) is not None


@st.composite
def warned(draw: st.DrawFn) -> tuple[Any, Any, dict[Any, int], dict[Any, int]]:
    """A table, whole cells of it that warnings have told, and how many they have told of parts of others."""
    leaves, groups = draw(tables())
    many = sorted(cell for cell, count in with_sums(leaves, groups).items() if count >= FEWEST and cell[1] in groups)
    told = draw(st.sets(st.sampled_from(many), max_size=3)) if many else set()
    others = [cell for cell in many if cell not in told]
    parts = draw(st.dictionaries(st.sampled_from(others), st.integers(FEWEST, 60), max_size=3)) if others else {}
    figures = with_sums(leaves, groups)
    return leaves, groups, {cell: figures[cell] for cell in told}, parts


@given(warned())
@settings(max_examples=tries(40, 120))
def test_neither_does_anybody_who_has_read_the_warnings_of_that_week(table: Any) -> None:
    leaves, groups, told, parts = table
    figures = with_sums(leaves, groups)
    unshown = hidden(figures, groups, FEWEST, told, parts)
    if unshown is None:
        assert told or parts, "without warnings there is always a table"
        return
    cells = {cell: told.get(cell) if cell in unshown else count for cell, count in figures.items()}
    # What a warning tells of a part is true: there are as many at least.
    known = {cell: min(count, figures[cell]) for cell, count in parts.items()}
    most = most_of(cells, sums_in(figures, groups), least=1.0, known=known)
    assert all(one >= FEWEST - 1e-6 for one in most.values()), (table, most)


def test_without_anything_few_all_is_shown() -> None:
    assert not hidden(with_sums({("a", "c"): 5, ("b", "c"): 0}, {"c": ""}), {"c": ""}, FEWEST)

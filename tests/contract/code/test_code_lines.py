"""Each room stays within its budget of lines of code, and every file is in a room."""

from __future__ import annotations

from functools import cache

import pytest

from tools import code_lines

counted = cache(code_lines.files)


def test_every_room_stays_within_its_budget_and_every_file_is_in_a_room() -> None:
    assert [*code_lines.over(counted())] == []


def test_what_is_counted_is_this_project() -> None:
    found = code_lines.rooms(counted())
    assert all(found[room] > 0 for room in code_lines.ROOMS), found
    assert 50_000 < code_lines.production(found) < 100_000


@pytest.mark.parametrize(
    ("name", "lines", "told"),
    [
        ("plugins/weather/forecast.py", 3, "plugins/weather/forecast.py is in no room"),
        ("setup.py", 1, "setup.py is in no room"),
        ("platform/banshi/forms/more.py", 2_000, "platform/banshi/forms has"),
        ("mobile_push/more.py", code_lines.LONGEST_FILE + 1, "divide it by its nouns"),
        ("tests/more.py", 100_000, "tests have"),
        ("plugins/departments/traffic/tests/test_more.py", 100_000, "tests have"),
    ],
)
def test_a_file_too_many_is_named(name: str, lines: int, told: str) -> None:
    assert any(told in said for said in code_lines.over({**counted(), name: lines}))


TOLD = '''"""Two
lines."""

# A comment.
class A:
    """One."""

    text = """three

    lines"""

    def f(self): ...
'''


def test_words_about_code_are_no_lines_of_it() -> None:
    assert code_lines.code_lines(TOLD) == len(["class", "text", "", "lines", "def"])

"""What people say to a question: read right, or asked again; never taken for something else without a word."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from questions.answering import form_of, wrong_at
from questions.plan import Question, sort_of
from questions.read import Answered, read

NOW = datetime(2026, 11, 30, 13, tzinfo=timezone(timedelta(hours=8)))
LOSSES = [("lost", "丢失"), ("stolen", "被偷盗"), ("broken", "损坏")]
FIELDS: Mapping[str, Mapping[str, Any]] = {
    "yes": {"type": "boolean"},
    "choice": {"type": "string", "oneOf": [{"const": value, "title": words} for value, words in LOSSES]},
    "number": {"type": "number", "minimum": 0},
    "day": {"type": "string", "format": "date", "x-not-before": "today"},
    "past": {"type": "string", "format": "date", "x-not-after": "today"},
    "moment": {"type": "string", "format": "date-time", "x-not-before": "today"},
    "mobile": {"type": "string", "format": "cn-mobile"},
    "plate": {"type": "string", "format": "cn-plate"},
    "name": {"type": "string", "minLength": 1, "maxLength": 40},
}
TOLD = {True: "yes", False: "no"}


def phrases() -> Iterator[tuple[str, str, str]]:
    table = tomllib.loads(Path(__file__).with_name("spoken.toml").read_text("utf-8"))
    for field, meanings in table.items():
        for meant, said in meanings.items():
            yield from ((field, one, meant) for one in said)


def taken(field: str, said: str) -> str:
    """What the form takes of it, "ASK" for nothing."""
    node = {"title": field, **FIELDS[field]}
    form = form_of({"type": "object", "required": ["x"], "additionalProperties": False, "properties": {"x": node}})
    heard = read(Question("/x", sort_of(node), node), said, NOW)
    for value in heard.values if isinstance(heard, Answered) else ():
        if wrong_at(form, {"x": value}, "/x", "zh-CN", "", NOW) is None:
            kept = form.spelled({"x": value})["x"]
            return TOLD.get(kept, str(kept)) if isinstance(kept, bool) else str(kept)
    return "ASK"


@pytest.mark.parametrize("field", FIELDS)
def test_what_people_say_is_read_right_or_asked_again(field: str) -> None:
    own = [(said, meant, taken(field, said)) for one, said, meant in phrases() if one == field]
    wrong = [(said, meant, got) for said, meant, got in own if got.removesuffix(":00+08:00") != meant]
    assert wrong == []
    assert own


@pytest.mark.parametrize("field", FIELDS)
def test_nonsense_of_any_length_is_read_at_once_and_is_no_day(field: str) -> None:
    nonsense = ["", " ", "。。。", "😀👍", "啊" * 10_000, "1" * 10_000, "是" * 5_000 + "不", "\0\u202e"]
    read_as = {said[:20]: taken(field, said) for said in nonsense}
    if FIELDS[field].get("format"):
        assert set(read_as.values()) == {"ASK"}, read_as

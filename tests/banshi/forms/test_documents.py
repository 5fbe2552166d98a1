"""Documents by their schemas: what a record asks for, and what a row reads as."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from banshi import Platform
from banshi.forms import Form
from banshi.sdk.documents import ID, MAYBE_MOMENT, MOMENT, TEXT, Record, array, optional

PLATFORM: Any = SimpleNamespace(settings=SimpleNamespace(timezone=ZoneInfo("Asia/Shanghai")))
PLATFORM.moment = partial(Platform.moment, PLATFORM)

VISIT = Record(
    id=ID,
    day={"type": "string", "format": "date"},
    begins=MOMENT,
    ends=MAYBE_MOMENT,
    count={"type": "integer"},
    names=array(TEXT, maxItems=2),
    note=optional(TEXT),
)


def row(**values: Any) -> SimpleNamespace:
    return SimpleNamespace(
        id=uuid.UUID(int=1),
        day=date(2026, 11, 24),
        begins=datetime(2026, 11, 24, 1, 30, tzinfo=UTC),
        ends=None,
        count=3,
        names=["li"],
        note="never read",
        **values,
    )


def test_a_row_reads_as_its_record_says_and_what_is_optional_is_given_or_left_out() -> None:
    document = {
        "id": "00000000-0000-0000-0000-000000000001",
        "day": "2026-11-24",
        "begins": "2026-11-24T09:30:00.000+08:00",
        "ends": None,
        "count": 3,
        "names": ["li"],
    }
    assert VISIT.of(PLATFORM, row()) == document
    assert VISIT.of(PLATFORM, row(), names=[], note="x") == {**document, "names": [], "note": "x"}


def test_a_record_takes_what_it_writes_and_nothing_else() -> None:
    form = Form.from_schema(VISIT)
    document = VISIT.of(PLATFORM, row(), ends=None)
    assert not form.problems(document, "en")
    assert [one.code for one in form.problems({**document, "other": 1}, "en")] == ["additionalProperties"]
    del document["id"]
    assert [one.pointer for one in form.problems({**document, "note": "x"}, "en")] == ["/id"]


def test_a_record_of_a_column_that_the_row_does_not_have_says_which() -> None:
    with pytest.raises(AttributeError, match="places"):
        Record(places={"type": "integer"}).of(PLATFORM, row())

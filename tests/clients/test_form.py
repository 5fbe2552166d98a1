"""The form as the client in Python evaluates it; `benchmarks/answers.py` holds it against the kernel."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from banshi_client.form import Choice, Form

PASS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["plate", "vehicle_class", "length"],
    "x-groups": [
        {"title": "The vehicle", "fields": ["vehicle_class", "length", "plate"]},
        {"title": "The driver", "fields": ["phone"]},
    ],
    "properties": {
        "plate": {"type": "string", "title": "Plate", "format": "cn-plate"},
        "vehicle_class": {
            "type": "string",
            "title": "Vehicle class",
            "oneOf": [{"const": "light", "title": "Light truck"}, {"const": "heavy", "title": "Heavy truck"}],
        },
        "length": {"type": "number", "title": "Length", "x-unit": "m", "x-when": {"vehicle_class": ["heavy"]}},
        "phone": {"type": "string", "title": "Phone", "format": "cn-mobile"},
    },
}


def codes(schema: Any, answers: Any, at: datetime | None = None) -> list[tuple[str, str]]:
    return [(one.pointer, one.code) for one in Form(schema).problems(answers, at)]


def test_a_number_is_judged_however_it_is_typed_and_kept_as_the_platform_stores_it() -> None:
    typed = {"plate": "川b·１２３４５", "vehicle_class": "light", "phone": "+86 138-0000-0000"}
    assert codes(PASS, typed) == []
    assert Form(PASS).spelled(typed) == {"plate": "川B12345", "vehicle_class": "light", "phone": "13800000000"}


def test_a_field_is_required_where_it_is_asked_and_wrong_where_it_is_not() -> None:
    assert codes(PASS, {"plate": "川B12345", "vehicle_class": "heavy"}) == [("/length", "required")]
    assert codes(PASS, {"plate": "川B12345", "vehicle_class": "light", "length": 5}) == [("/length", "x-when")]
    assert Form(PASS).asked({"vehicle_class": "light", "length": 5}) == {"vehicle_class": "light"}


def test_the_fields_are_those_that_are_asked_now_in_the_order_of_the_groups_with_their_words() -> None:
    shown = Form(PASS).fields({"vehicle_class": "heavy"})
    assert [(one.group, one.title, one.required, one.unit) for one in shown] == [
        ("The vehicle", "Vehicle class", True, ""),
        ("The vehicle", "Length", True, "m"),
        ("The vehicle", "Plate", True, ""),
        ("The driver", "Phone", False, ""),
    ]
    assert shown[0].choices[1] == Choice("heavy", "Heavy truck")
    assert "length" not in [one.name for one in Form(PASS).fields({})]


def test_a_group_in_which_nothing_is_asked_is_not_there() -> None:
    groups = [{"title": "The truck", "description": "If heavy.", "fields": ["length"]}, *PASS["x-groups"][1:]]
    form = Form({**PASS, "x-groups": groups})
    assert [(one.title, [field.name for field in one.fields]) for one in form.groups({})] == [
        ("The driver", ["phone"]),
        ("", ["plate", "vehicle_class"]),
    ]
    first = form.groups({"vehicle_class": "heavy"})[0]
    assert (first.title, first.hint, [one.title for one in first.fields]) == ("The truck", "If heavy.", ["Length"])


def test_a_limit_of_days_counts_from_the_day_in_the_city() -> None:
    schema = {"type": "string", "format": "date", "x-not-before": "today", "x-not-after": "+1m"}
    late = datetime(2026, 1, 30, 16, 30, tzinfo=UTC)
    assert codes(schema, "2026-01-30", late) == [("", "x-not-before")]
    assert codes(schema, "2026-02-28", late) == []
    assert codes(schema, "2026-03-01", late) == [("", "x-not-after")]


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("cn-resident-id", "11010519491231002X", "110105194912310021"),
        ("cn-uscc", "91110000600037341L", "91110000600037341M"),
        ("date-time", "2026-01-01T00:00:00+05:45", "2026-01-01T00:00:00+05:99"),
        ("ipv4", "0.0.0.0", "01.2.3.4"),
    ],
)
def test_what_is_off_by_one_sign_is_seen_without_a_call(name: str, right: str, wrong: str) -> None:
    assert codes({"format": name}, right) == []
    assert codes({"format": name}, wrong) == [("", "format")]


def test_a_pattern_ends_where_the_text_does_and_knows_other_scripts() -> None:
    assert codes({"pattern": "^\\p{L}{2}$"}, "王五") == []
    assert codes({"pattern": "^\\d{2}$"}, "12\n") == codes({"pattern": "^\\d{2}$"}, "１２") == [("", "pattern")]


def test_a_form_inside_an_action_s_body_refers_to_itself() -> None:
    answers = {"$id": "urn:banshi:item:x:answers", "properties": {"phone": {"$ref": "#/$defs/phone"}}}
    body = {"properties": {"answers": answers | {"$defs": {"phone": {"format": "cn-mobile"}}}}}
    assert codes(body, {"answers": {"phone": "1"}}) == [("/answers/phone", "format")]
    assert codes(body, {"answers": {"phone": "+86 13800000000"}}) == []


def test_it_is_a_second_opinion_and_takes_nothing_from_the_platform() -> None:
    folder = Path(__file__).resolve().parents[2] / "clients" / "python" / "banshi_client"
    named = {
        name
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [])
        + ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [])
    }
    assert named
    assert not [name for name in named if name.split(".")[0] in {"banshi", "mobile_push", "plugins"}]

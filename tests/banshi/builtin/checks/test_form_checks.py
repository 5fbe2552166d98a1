"""What `banshi check` says of a form's words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from banshi.builtin.checks.words.forms import codes_are_chosen, forms_speak_each_language, listed_choices_are_there
from banshi.forms import Form
from banshi.kernel.contract.routes import Answer, Audience, Parameter
from tests.banshi.forms.test_form_words import both


def found(rule: Any, schema: Any, routes: Any = ()) -> list[tuple[str, str, bool]]:
    item = SimpleNamespace(plugin="parks", code="bench", form=Form.from_schema(schema))
    registry = SimpleNamespace(items=SimpleNamespace(unchecked=lambda: [item]), routes=routes)
    return [(one.rule, one.advice, one.warning) for one in rule(registry)]


def field(**more: Any) -> dict[str, Any]:
    return {"properties": {"a": {"title": both("甲", "A"), **more}}}


CHOSEN = {
    "title": both("甲", "A"),
    "oneOf": [{"const": one, "title": both(f"选项{one}", f"Choice {one}")} for one in ("x", "y", "z")],
}


@pytest.mark.parametrize(
    ("schema", "rules"),
    [
        (field(), []),
        (field(description="一"), ["one-language"]),
        (field(title={"en": "A"}), ["one-language"]),
        ({"properties": {"a": {"type": "string"}}}, ["one-language"]),
        ({**field(), "title": "表"}, ["one-language"]),
        ({**field(), "x-groups": [{"title": "组", "fields": ["a"]}]}, ["one-language"]),
        (field(type="number", **{"x-unit": "m²"}), ["one-language"]),
        (field(enum=["a", "b"]), ["wordless-choice"]),
        (field(enum=[1, 2]), []),
        (field(enum=["a"]), []),
        (field(oneOf=[{"const": 1, "title": both("一", "One")}, {"const": 2}]), ["wordless-choice"]),
        (field(oneOf=[{"const": 1, "title": "一"}]), ["one-language"]),
        ({**field(), "allOf": [{"if": {"properties": {"a": {"const": 1}}}, "then": {"required": ["a"]}}]}, []),
        ({"properties": {"a": CHOSEN, "b": {"title": both("乙", "B"), "x-when": {"a": ["x", "y"]}}}}, []),
        (
            {"properties": {"if": {"type": "object", "title": both("如", "If"), "properties": {"b": {}}}}},
            ["one-language"],
        ),
    ],
)
def test_a_form_that_lacks_words_is_warned_of(schema: Any, rules: list[str]) -> None:
    told = found(forms_speak_each_language, schema)
    assert [one[0] for one in told] == rules
    assert all(warning and advice.startswith("items.bench: ") for _, advice, warning in told)


def test_a_line_names_a_few_places_and_counts_the_others() -> None:
    schema = {"properties": {f"f{number}": {} for number in range(9)}}
    ((_, advice, _),) = found(forms_speak_each_language, schema)
    assert "/properties/f4 and 4 more" in advice


LISTED = {"properties": {"items": {"type": "array", "items": {"properties": {"zone": {}, "title": {}}}}}}
SEARCHED = [Parameter("q", {}, "")]
ROUTES = [
    (
        "parks",
        SimpleNamespace(
            method="GET",
            path="/v1/zones",
            audience=Audience.ANYONE,
            answers={200: Answer("", LISTED)},
            parameters=SEARCHED,
        ),
    ),
    ("parks", SimpleNamespace(method="GET", path="/v1/mine", audience=Audience.CITIZEN, answers={})),
]


BY_DAY = {"list": "/v1/zones", "value": "/zone", "title": "/title"}


@pytest.mark.parametrize(
    ("choices", "rule"),
    [
        ({"list": "/v1/zones?open=true", "value": "/zone", "title": "/title"}, None),
        ({"list": "/v1/zones", "value": "/code", "title": "/title"}, "unknown-list"),
        ({"list": "/v1/zone", "value": "/zone", "title": "/title"}, "unknown-list"),
        ({"list": "/v1/zones", "value": "/zone", "title": "/title", "search": "q"}, None),
        ({"list": "/v1/zones", "value": "/zone", "title": "/title", "search": "words"}, "unknown-list"),
        (
            {"list": "/v1/zones", "value": "/zone", "title": "/title", "within": "in", "divided": "/title"},
            "unknown-list",
        ),
        ({"list": "/v1/zones", "value": "/zone", "title": "/title", "within": "q", "divided": "/more"}, "unknown-list"),
        ({"list": "/v1/mine", "value": "/zone", "title": "/title"}, "closed-list"),
        ({**BY_DAY, "begins": "/title", "from": "q", "to": "q"}, None),
        ({**BY_DAY, "begins": "/begins", "from": "q", "to": "q"}, "unknown-list"),
        ({**BY_DAY, "begins": "/title", "from": "q", "to": "until"}, "unknown-list"),
    ],
)
def test_a_list_of_choices_is_a_route_that_anybody_may_read(choices: Any, rule: str | None) -> None:
    told = found(listed_choices_are_there, field(type="string", **{"x-choices": choices}), ROUTES)
    assert [one[0] for one in told] == ([rule] if rule else [])
    assert all("x-choices at #/properties/a of the form" in advice for _, advice, _ in told)


LIST = {"x-choices": {"list": "/v1/lists/divisions", "value": "/code", "title": "/title"}}


@pytest.mark.parametrize(
    ("schema", "typed"),
    [
        (field(type="string", format="cn-division"), True),
        (field(type="string", format="cn-division", **LIST), False),
        (field(type="string", title=both("国籍", "Nationality"), pattern="^[A-Z]{3}$"), True),
        (field(type="string", title=both("民族", "People"), pattern="^[0-9]{2}$"), True),
        (field(type="string", title=both("民族", "People"), pattern="^[0-9]{2}$", **LIST), False),
        (field(type="string", title=both("民族", "People"), enum=["01", "02"]), False),
        (field(type="string", title=both("民族问题", "On peoples"), maxLength=200), False),
        (field(type="array", items={"type": "string", "format": "cn-division"}), True),
    ],
)
def test_a_code_that_has_to_be_typed_is_warned_of(schema: Any, typed: bool) -> None:
    told = found(codes_are_chosen, schema)
    assert [one[0] for one in told] == (["typed-code"] if typed else [])
    assert all(warning and "/v1/lists/divisions" in advice for _, advice, warning in told)

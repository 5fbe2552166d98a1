"""Answers held against a form, and forms held against the rules for forms."""

from __future__ import annotations

import dataclasses
import json
import time
from datetime import date
from typing import Annotated, Any, Literal

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, FutureDate, field_validator
from pydantic_core import PydanticCustomError

from banshi.forms import MOST_PROBLEMS, Form
from banshi.foundation.errors import FieldProblem, InvalidFields
from tests.banshi.forms.test_form_words import fault, told

PLATE_HINT = {"zh-CN": "请填写号牌，如 京A12345。", "en": "Give a plate such as 京A12345."}

#: A form as an item declares it, with something of everything.
PASS: dict[str, Any] = {
    "$defs": {"plate": {"type": "string", "pattern": "^[京津沪][A-HJ-NP-Z][A-Z0-9]{5}$", "x-pattern-hint": PLATE_HINT}},
    "type": "object",
    "required": ["plate", "zone", "from"],
    "additionalProperties": False,
    "properties": {
        "plate": {"$ref": "#/$defs/plate"},
        "zone": {"enum": ["inner", "outer"]},
        "from": {"type": "string", "format": "date"},
        "until": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        "axles": {"type": "integer", "minimum": 2, "exclusiveMaximum": 9},
        "weight": {"type": "number", "exclusiveMinimum": 0, "maximum": 49, "multipleOf": 0.5},
        "note": {"type": "string", "minLength": 2, "maxLength": 5},
        "email": {"type": "string", "format": "email"},
        "goods": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2, "uniqueItems": True},
        "carrier": {"oneOf": [{"const": "self"}, {"const": "hired"}]},
        "contact": {"type": "object", "anyOf": [{"required": ["phone"]}, {"required": ["email"]}]},
        "a/b~c": {"type": "boolean"},
    },
}
GOOD = {"plate": "京A12345", "zone": "inner", "from": "2026-11-24"}
FORM = Form.from_schema(PASS)


def codes(schema: dict[str, Any], answers: Any) -> list[tuple[str, str]]:
    return [(p.pointer, p.code) for p in Form.from_schema(schema).problems(answers)]


# -- answers against a schema ------------------------------------------------------------------------------------


def test_good_answers_have_no_problems_and_come_back_as_they_are() -> None:
    assert FORM.problems(GOOD) == ()
    assert FORM.check(GOOD) is GOOD


def test_every_problem_is_told_at_once() -> None:
    wrong = GOOD | {"plate": "X", "axles": 1, "note": "x", "goods": [], "unknown": 1}
    del wrong["zone"]
    assert {pointer for pointer, _, _ in told(FORM, wrong)} == {
        "/plate", "/zone", "/axles", "/note", "/goods", "/unknown"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "pointer", "code", "detail"),
    [
        ({"axles": "2"}, "/axles", "type", "Give a whole number."),
        ({"axles": 1}, "/axles", "minimum", "Give 2 or more."),
        ({"axles": 9}, "/axles", "exclusiveMaximum", "Give less than 9."),
        ({"weight": 0}, "/weight", "exclusiveMinimum", "Give more than 0."),
        ({"weight": 50}, "/weight", "maximum", "Give 49 or less."),
        ({"weight": 1.3}, "/weight", "multipleOf", "Give a multiple of 0.5."),
        ({"note": "x"}, "/note", "minLength", "This is too short; the shortest length is 2."),
        ({"note": "一二三四五六"}, "/note", "maxLength", "This is too long; the greatest length is 5."),
        ({"email": "Li <li@example.cn>"}, "/email", "format", "Give an email address."),
        ({"from": "2026-02-30"}, "/from", "format", "Give a date such as 2026-11-24."),
        ({"goods": []}, "/goods", "minItems", "These are too few; the least number is 1."),
        ({"goods": ["a", "b", "c"]}, "/goods", "maxItems", "These are too many; the greatest number is 2."),
        ({"goods": ["a", "a"]}, "/goods", "uniqueItems", "No entry may appear twice."),
        ({"goods": ["a", 2]}, "/goods/1", "type", "Give text."),
        ({"zone": "middle"}, "/zone", "enum", "Choose one of: inner, outer."),
        ({"a/b~c": 1}, "/a~1b~0c", "type", "Give yes or no."),
        ({"x~/y": 1}, "/x~0~1y", "additionalProperties", "There is no such field here; leave it out."),
    ],
)
def test_a_problem_says_where_and_what_would_be_right(
    change: dict[str, Any], pointer: str, code: str, detail: str
) -> None:
    assert told(FORM, GOOD | change) == [(pointer, code, detail)]


def test_a_missing_field_is_pointed_at_itself_and_each_unknown_field_too() -> None:
    found = told(FORM, {"zone": "inner", "from": "2026-11-24", "a": 1, "b": 2})
    unknown = [("/a", "additionalProperties"), ("/b", "additionalProperties")]
    assert sorted((pointer, code) for pointer, code, _ in found) == [*unknown, ("/plate", "required")]


def test_the_authors_hint_explains_a_pattern_in_the_readers_language() -> None:
    assert told(FORM, GOOD | {"plate": "X"}) == [("/plate", "pattern", PLATE_HINT["en"])]
    assert told(FORM, GOOD | {"plate": "X"}, "zh-CN") == [("/plate", "pattern", PLATE_HINT["zh-CN"])]
    plain = Form.from_schema({"pattern": "^a", "x-pattern-hint": "以 a 开头"})
    assert [plain.problems("b", language)[0].detail for language in ("en", "zh-CN")] == ["以 a 开头"] * 2
    assert Form.from_schema({"pattern": "^a"}).problems("b")[0].detail.startswith("Wrong format")


def test_chinese_is_spoken_to_every_zh_reader() -> None:
    for language in ("zh", "zh-CN", "zh-Hans-CN"):
        assert told(FORM, GOOD | {"zone": "x"}, language) == [("/zone", "enum", "请选择以下之一：inner、outer。")]


def test_an_answer_that_may_be_empty_is_told_what_it_should_be_otherwise() -> None:
    assert told(FORM, GOOD | {"until": "soon"}) == [("/until", "format", "Give a date such as 2026-11-24.")]
    assert told(FORM, GOOD | {"until": 3}) == [("/until", "type", "Give text.")]


def test_alternatives_are_told_as_one_choice() -> None:
    assert told(FORM, GOOD | {"carrier": "x"}) == [("/carrier", "enum", "Choose one of: self, hired.")]
    assert told(FORM, GOOD | {"contact": {}}) == [("/contact", "anyOf", "Give at least one of: phone, email.")]
    mixed = Form.from_schema({"anyOf": [{"type": "integer"}, {"const": "auto"}]})
    assert told(mixed, "x") == [("", "enum", "Choose one of: a whole number, auto.")]
    several = Form.from_schema({"oneOf": [{"type": "integer"}, {"type": "number"}]})
    assert told(several, 1)[0][:2] == ("", "oneOf")
    both = Form.from_schema({"anyOf": [{"required": ["a", "b"]}, {"required": ["c"]}]})
    assert told(both, {})[0][:2] == ("", "anyOf")
    neither = Form.from_schema({"anyOf": [{"minLength": 3}, {"pattern": "^a"}]})
    assert told(neither, "x") == [("", "anyOf", "This fits none of the ways in which it can be filled in.")]


def test_of_alternatives_told_apart_by_a_field_only_the_one_that_was_meant_is_told() -> None:
    person = {"properties": {"kind": {"const": "person"}, "id": {"type": "string"}}, "required": ["kind", "id"]}
    firm = {"properties": {"kind": {"const": "firm"}, "code": {"type": "string"}}, "required": ["kind", "code"]}
    form = Form.from_schema({"oneOf": [person, firm]})
    assert told(form, {"kind": "firm"}) == [("/code", "required", "This is required.")]
    assert told(form, {"kind": "x", "id": "1", "code": "1"}) == [("/kind", "enum", "Choose one of: person, firm.")]


@pytest.mark.parametrize(
    ("schema", "answers", "expected"),
    [
        ({"const": 1}, 2, ("", "const")),
        ({"not": {"const": 1}}, 1, ("", "not")),
        ({"properties": {"a": False}}, {"a": 1}, ("/a", "falseSchema")),
        ({"additionalProperties": False}, {"a": 1}, ("", "additionalProperties")),
        ({"unevaluatedProperties": False}, {"a": 1}, ("/a", "unevaluatedProperties")),
        ({"prefixItems": [True], "unevaluatedItems": False}, ["a", "b"], ("", "unevaluatedItems")),
        ({"propertyNames": {"pattern": "^a"}}, {"b": 1}, ("/b", "propertyNames")),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, ("/b", "dependentRequired")),
        ({"contains": {"const": 1}}, [2], ("", "contains")),
        ({"contains": {"const": 1}, "minContains": 2}, [1], ("", "minContains")),
        ({"contains": {"const": 1}, "maxContains": 1}, [1, 1], ("", "maxContains")),
        ({"minProperties": 1}, {}, ("", "minProperties")),
        ({"maxProperties": 0}, {"a": 1}, ("", "maxProperties")),
        ({"if": {"required": ["a"]}, "then": {"required": ["b"]}}, {"a": 1}, ("/b", "required")),
    ],
)
def test_the_code_is_the_schemas_keyword(schema: dict[str, Any], answers: Any, expected: tuple[str, str]) -> None:
    assert codes(schema, answers) == [expected]


def test_check_raises_all_problems_as_one_answer() -> None:
    with pytest.raises(InvalidFields) as caught:
        FORM.check(GOOD | {"zone": "x", "axles": 1}, "zh-CN")
    assert {p["pointer"] for p in caught.value.document()["problems"]} == {"/zone", "/axles"}
    assert FieldProblem("/axles", "不得小于 2。", "minimum") in caught.value.problems


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(list(PASS["properties"])), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from([*PASS["properties"], "x"]), JSON) | JSON)
def test_any_json_gets_a_verdict_that_agrees_with_a_plain_validator(answers: Any) -> None:
    plain = jsonschema_rs.Draft202012Validator(PASS, validate_formats=True)
    assert (FORM.problems(answers) == ()) is plain.is_valid(answers)


SECRET = "金某某11010119900307"


@given(st.dictionaries(st.sampled_from([*PASS["properties"]]), st.sampled_from([SECRET, [SECRET], {"k": SECRET}])))
def test_what_a_citizen_entered_is_never_repeated(answers: dict[str, Any]) -> None:
    for language in ("en", "zh-CN"):
        assert SECRET not in str(FORM.problems(answers, language))
        assert SECRET not in str(Form.from_model(Visit).problems(answers, language))


# -- nothing that a stranger sends costs more than it should ------------------------------------------------------


def test_more_problems_than_anybody_reads_are_cut_and_it_says_so() -> None:
    problems = Form.from_schema({"items": {"type": "string"}}).problems(list(range(1_000)))
    assert len(problems) == MOST_PROBLEMS + 1
    assert problems[-1] == FieldProblem("", "There are more problems; these are the first 100.", "truncated")


@pytest.mark.parametrize("form", [Form.from_schema({"items": {"type": "string"}}), Form.from_model(list[str])])
def test_a_huge_wrong_list_is_refused_in_little_time(form: Form) -> None:
    started = time.thread_time()
    assert [p.code for p in form.problems([0] * 300_000)] == ["tooLarge"]
    assert time.thread_time() - started < 2, "listing every problem takes three seconds and more"


def test_deep_nesting_and_broken_unicode_are_problems_like_any_other() -> None:
    deep: Any = []
    for _ in range(50_000):
        deep = [deep]
    for form in (Form.from_schema({"type": "string"}), Form.from_model(Any)):
        assert [p.code for p in form.problems(deep)] == ["nesting"]
        assert [p.code for p in form.problems("\ud800")] == ["invalid"]


def test_an_absurdly_long_name_is_pointed_at_through_its_parent() -> None:
    schema = {"properties": {"a": {"properties": {"b": True}, "additionalProperties": False}}}
    assert codes(schema, {"a": {"x" * 5_000: 1}}) == [("/a", "additionalProperties")]


def test_a_pattern_that_would_backtrack_for_ever_runs_in_linear_time() -> None:
    started = time.thread_time()
    assert codes({"pattern": "^(a+)+$"}, "a" * 100_000 + "b") == [("", "pattern")]
    assert time.thread_time() - started < 2


# -- schemas against the rules -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ([], "#: a form is a JSON Schema object, not list"),
        ({"a": {1}}, "#: the schema is not plain JSON"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "#/$schema: write JSON Schema 2020-12"),
        ({"properties": {"a": {"type": "strng"}}}, "#/properties/a/type: Choose one of: array, boolean"),
        ({"properties": {"a": {"minLength": -1}}}, "#/properties/a/minLength: Give 0 or more."),
        ({"required": True}, "#/required: Give a list."),
        ({"properties": {"a": {"maxLenght": 3}}}, "'maxLenght' is no keyword; did you mean 'maxLength'?"),
        ({"properties": {"a": {"format": "phone"}}}, "#/properties/a: format 'phone' is unknown"),
        ({"pattern": "(("}, "#/pattern: not a regular expression"),
        ({"patternProperties": {"((": {}}}, "#/patternProperties/((: not a regular expression"),
        ({"pattern": "(?=a)b"}, "look-around is refused"),
        ({"patternProperties": {"(?<!a)b": {}}}, "look-around is refused"),
        ({"pattern": r"(a)\1"}, "a back-reference is refused"),
        ({"pattern": "(a{1000}){1000}"}, "this pattern is too large"),
        ({"$anchor": "1 x"}, "#/$anchor: '1 x' is not what $anchor may be"),
        ({"properties": {"a": {"$id": "x"}}}, "#/properties/a: $id is only for the schema as a whole"),
        ({"properties": {"a": {"$ref": "https://example.com/x"}}}, "#/properties/a: $ref 'https://example.com/x'"),
        ({"$ref": "file:///etc/passwd"}, "nothing is fetched"),
        ({"$ref": "other.json"}, "leads to no part of this schema"),
        ({"$ref": "#/$defs/none"}, "leads to no part of this schema"),
        ({"$ref": "#/enum/0", "enum": [{"properties": 5}]}, "leads to no part of this schema"),
        ({"$dynamicRef": "#a"}, "$dynamicRef is refused"),
        ({"properties": {"a": {"$ref": "#"}}}, "$ref '#' leads back to itself"),
        ({"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}, "leads back to itself"),
        ({"x-pattern-hint": {"en": 3}}, "x-pattern-hint is a sentence"),
    ],
)
def test_a_wrong_schema_is_refused_with_the_place_and_what_to_do(schema: Any, expected: str) -> None:
    assert expected in fault(schema)


def test_every_fault_of_a_schema_is_named_at_once() -> None:
    text = fault({"properties": {"a": {"$ref": "x"}, "b": {"format": "x"}, "c": {"pattern": "(?=a)"}}})
    assert all(place in text for place in ("#/properties/a", "#/properties/b", "#/properties/c"))


def test_a_schema_that_unfolds_without_measure_is_refused_at_once() -> None:
    doubling = {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(20)} | {"d20": {}}
    assert "unfolds to more than" in fault({"$defs": doubling, "$ref": "#/$defs/d0"})
    chain = {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(5_000)} | {"d5000": {}}
    assert "levels deep" in fault({"$defs": chain, "$ref": "#/$defs/d0"})


def test_what_only_looks_like_a_reference_is_data() -> None:
    schema = {"enum": [{"$ref": "http://x"}], "default": {"$ref": "http://x"}, "properties": {"$ref": True}}
    assert Form.from_schema(schema).problems({"$ref": "http://x"}) == ()


def test_a_reference_may_hold_escapes() -> None:
    schema = {"$ref": "#/$defs/a~1b%20c", "$defs": {"a/b c": {"type": "string"}}}
    assert codes(schema, 1) == [("", "type")]


def test_the_published_schema_is_a_copy_that_the_author_cannot_change_later() -> None:
    mine: dict[str, Any] = {"properties": {"on": {"const": date(2026, 11, 24)}}}
    form = Form.from_schema(mine)
    mine["properties"]["on"]["const"] = 1
    assert form.schema == {"properties": {"on": {"const": "2026-11-24"}}}


def test_every_format_that_we_name_is_asserted_by_the_validator() -> None:
    named = fault({"format": "phone"}).split("the formats are ")[1].split(";")[0].split(", ")
    assert len(named) == 25
    for name in named:
        assert Form.from_schema({"format": name}).problems("\x00 (") != (), name


# -- forms from a model ------------------------------------------------------------------------------------------


class Dog(BaseModel):
    kind: Literal["dog"]
    chip: str


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Visit(BaseModel):
    prisoner: Annotated[str, Field(min_length=2, max_length=20)]
    on: date
    people: Annotated[list[Annotated[str, Field(pattern="^[a-z]+$")]], Field(max_length=2)] = []
    pet: Annotated[Dog | Cat, Field(discriminator="kind")] | None = None
    ticket: int | Dog = 0
    zone: Literal["a", "b"] = "a"
    again: FutureDate | None = None
    named: str = Field("", alias="na/me")

    @field_validator("prisoner")
    @classmethod
    def known(cls, value: str) -> str:
        if value == "nobody":
            raise ValueError("That person is not held here.")
        if value == "other":
            raise PydanticCustomError("type", "Ask at the other place.")
        return value


VISIT = Form.from_model(Visit)
VISITING = {"prisoner": "Wang", "on": "2026-12-01"}


def test_a_models_answers_come_back_as_the_model() -> None:
    assert VISIT.check(VISITING) == Visit(prisoner="Wang", on=date(2026, 12, 1))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"prisoner": "W"}, ("/prisoner", "minLength", "This is too short; the shortest length is 2.")),
        ({"on": "tomorrow"}, ("/on", "format", "Give a date such as 2026-11-24.")),
        ({"on": 5}, ("/on", "format", "Give a date such as 2026-11-24.")),
        ({"people": ["a", "b", "c"]}, ("/people", "maxItems", "These are too many; the greatest number is 2.")),
        ({"people": ["a", "B"]}, ("/people/1", "pattern", "Wrong format.")),
        ({"pet": {"kind": "cow"}}, ("/pet/kind", "enum", "Choose one of: dog, cat.")),
        ({"pet": {}}, ("/pet/kind", "required", "This is required.")),
        ({"pet": {"kind": "cat"}}, ("/pet/lives", "required", "This is required.")),
        ({"ticket": "x"}, ("/ticket", "type", "Give a whole number or a group of fields.")),
        ({"ticket": "5"}, ("/ticket", "type", "Give a whole number or a group of fields.")),
        ({"ticket": {"kind": "dog"}}, ("/ticket/chip", "required", "This is required.")),
        ({"zone": "c"}, ("/zone", "enum", "Choose one of: 'a' or 'b'.")),
        ({"again": "2020-01-01"}, ("/again", "format", "Give a time in the future.")),
        ({"na/me": 1}, ("/na~1me", "type", "Give text.")),
        ({"more": 1}, ("/more", "additionalProperties", "There is no such field here; leave it out.")),
        ({"prisoner": "nobody"}, ("/prisoner", "invalid", "That person is not held here.")),
        ({"prisoner": "other"}, ("/prisoner", "type", "Ask at the other place.")),
    ],
)
def test_a_models_problems_are_told_like_a_schemas(change: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert told(VISIT, VISITING | change) == [expected]


def test_a_model_is_published_as_a_schema_that_refuses_unknown_fields_as_the_model_does() -> None:
    assert VISIT.schema["additionalProperties"] is False
    assert VISIT.schema["$defs"]["Dog"]["additionalProperties"] is False
    Form.from_schema({k: v for k, v in Form.from_model(Dog).schema.items() if k != "title"})

    class Open(BaseModel):
        model_config = ConfigDict(extra="allow")
        a: int = 1

    assert Form.from_model(Open).problems({"b": 2}) == ()
    assert Form.from_model(Open).schema["additionalProperties"] is True


def test_a_dataclass_is_a_form_too() -> None:
    @dataclasses.dataclass(frozen=True)
    class Lost:
        what: str

    form = Form.from_model(Lost)
    assert form.check({"what": "hat"}) == Lost("hat")
    assert [(p, c) for p, c, _ in told(form, {"where": 1})] == [
        ("/what", "required"),
        ("/where", "additionalProperties"),
    ]


def test_a_type_that_is_no_form_is_refused_by_name() -> None:
    class Thing:
        pass

    with pytest.raises(ValueError, match="Thing can't be read as a form"):
        Form.from_model(Thing)


def test_a_published_schema_is_plain_json() -> None:
    assert json.loads(json.dumps(VISIT.schema)) == VISIT.schema

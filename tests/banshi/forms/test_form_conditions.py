"""What is asked when: a condition is judged alike here and by any validator; what else is said of fields holds too."""

from __future__ import annotations

from typing import Any, Literal

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from banshi.forms import Form
from banshi.forms.pointers import escaped, pointer
from banshi.kernel.cases.attachments import attachment_ids
from tests.banshi.forms.test_form_words import both, fault, tables, told
from tests.tries import tries

CLASSES = [
    {"const": "light", "title": both("轻型货车", "Light truck")},
    {"const": "heavy", "title": both("重型货车", "Heavy truck")},
    {"const": "special", "title": both("专项作业车", "Special vehicle")},
]
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["class", "length", "escort_phone"],
    "x-groups": [
        {"title": both("车辆", "Vehicle"), "fields": ["class", "length", "photo"]},
        {"title": both("押运", "Escort"), "fields": ["goods", "escorted", "escort_phone"]},
    ],
    "properties": {
        "class": {"type": "string", "title": both("车型", "Vehicle class"), "oneOf": CLASSES},
        "length": {"type": "number", "title": both("车长", "Length"), "x-when": {"class": ["heavy", "special"]}},
        "photo": {"type": "string", "format": "uuid", "x-attachment": True, "x-when": {"class": ["special"]}},
        "goods": {"type": "array", "title": both("货物", "Goods"), "items": {"type": "string", "enum": ["gas", "oil"]}},
        "escorted": {"type": "boolean", "title": both("有押运人", "Escorted"), "x-when": {"goods": ["gas"]}},
        "escort_phone": {
            "type": "string",
            "format": "cn-mobile",
            "x-when": {"escorted": [True], "class": ["heavy"]},
            "x-prefill": "phone",
        },
    },
}
FORM = Form.from_schema(SCHEMA)
PHONE = "13800000000"


def codes(form: Form, answers: Any) -> list[tuple[str, str]]:
    return [(one.pointer, one.code) for one in form.problems(answers)]


# -- judged ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({"class": "light"}, []),
        ({"class": "heavy"}, [("/length", "required")]),
        ({"class": "heavy", "length": 9}, []),
        ({"class": "light", "length": 9}, [("/length", "x-when")]),
        ({"class": "light", "length": "x"}, [("/length", "type"), ("/length", "x-when")]),
        ({"length": 9}, [("/class", "required"), ("/length", "x-when")]),
        ({"class": "light", "goods": ["oil", "gas"], "escorted": False}, []),
        ({"class": "light", "goods": ["oil"], "escorted": False}, [("/escorted", "x-when")]),
        ({"class": "heavy", "length": 9, "goods": ["gas"], "escorted": True}, [("/escort_phone", "required")]),
        ({"class": "heavy", "length": 9, "goods": ["gas"], "escorted": True, "escort_phone": PHONE}, []),
        ({"class": "light", "goods": ["gas"], "escorted": True, "escort_phone": PHONE}, [("/escort_phone", "x-when")]),
        ([], [("", "type")]),
        (None, [("", "type")]),
    ],
)
def test_a_field_is_required_where_it_is_asked_and_refused_where_not(answers: Any, found: Any) -> None:
    assert sorted(codes(FORM, answers)) == sorted(found)


def test_the_sentence_says_when_it_is_asked_in_the_readers_words() -> None:
    wrong = {"class": "light", "length": 9}
    en = "This is asked only where “Vehicle class” is Heavy truck or Special vehicle; leave it out."
    assert told(FORM, wrong, "en") == [("/length", "x-when", en)]
    zh = "仅当“车型”为“重型货车”、“专项作业车”时填写此项，请删除。"
    assert told(FORM, wrong, "zh-CN") == [("/length", "x-when", zh)]
    phone = {"class": "light", "escort_phone": PHONE}
    en = "This is asked only where “Escorted” is yes and “Vehicle class” is Heavy truck; leave it out."
    assert told(FORM, phone, "en") == [("/escort_phone", "x-when", en)]


def test_a_number_in_a_conditional_field_is_spelled_and_its_file_is_found() -> None:
    answers = {"class": "special", "length": 9, "photo": "0197", "escort_phone": "+86 138-0000-0000"}
    assert FORM.spelled(answers)["escort_phone"] == PHONE
    assert list(attachment_ids(FORM.schema, answers)) == [("/photo", "0197")]


def test_a_condition_holds_in_objects_in_lists_and_behind_references() -> None:
    line = {
        "type": "object",
        "required": ["kind", "size"],
        "properties": {"kind": {"$ref": "#/$defs/kind"}, "size": {"type": "number", "x-when": {"kind": ["b"]}}},
    }
    form = Form.from_schema({"items": {"$ref": "#/$defs/line"}, "$defs": {"line": line, "kind": {"enum": ["a", "b"]}}})
    assert codes(form, [{"kind": "a", "size": 1}, {"kind": "b"}]) == [("/0/size", "x-when"), ("/1/size", "required")]
    assert codes(Form.checked(form.schema), [{"kind": "a", "size": 1}]) == [("/0/size", "x-when")]


class Visit(BaseModel):
    """A model with a condition."""

    way: Literal["visit", "post"]
    address: str | None = Field(None, json_schema_extra={"x-when": {"way": ["post"]}, "x-required": True})


def test_a_model_keeps_to_its_conditions() -> None:
    form = Form.from_model(Visit)
    assert codes(form, {"way": "visit"}) == codes(form, {"way": "post", "address": "A"}) == []
    assert codes(form, {"way": "visit", "address": "A"}) == [("/address", "x-when")]
    assert codes(form, {"way": "post"}) == [("/address", "required")]
    assert codes(form, {"way": "other", "address": "A"}) == [("/way", "enum")]


# -- served ------------------------------------------------------------------------------------------------------


def test_a_served_condition_is_data_and_standard_json_schema() -> None:
    served = FORM.described("en")
    assert tables(served) == []
    assert served["required"] == ["class"]
    length = served["properties"]["length"]
    assert (length["x-when"], length["x-required"]) == ({"class": ["heavy", "special"]}, True)
    assert "x-required" not in served["properties"]["photo"]
    assert served["allOf"][0] == {
        "if": {"required": ["class"], "properties": {"class": {"enum": ["heavy", "special"]}}},
        "then": {"required": ["length"]},
        "else": {"properties": {"length": False}},
    }
    assert [one["title"] for one in served["x-groups"]] == ["Vehicle", "Escort"]
    phone = served["properties"]["escort_phone"]
    assert (phone["x-mask"], phone["x-prefill"]) == ("99999999999", "phone")


def test_generators_see_the_fields_without_the_branches() -> None:
    own = {"allOf": [{"minProperties": 1}], **SCHEMA}
    assert "allOf" not in FORM.described("en", "enum")
    assert Form.from_schema(own).described("en", "enum")["allOf"] == [{"minProperties": 1}]


@st.composite
def conditional(draw: st.DrawFn) -> dict[str, Any]:
    """A form of five fields, each of which may wait for those before it."""
    values = {"s": ["a", "b", "c"], "i": [1, 2], "b": [True, False]}
    fields: dict[str, Any] = {}
    sorts: dict[str, str] = {}
    for name in "vwxyz":
        sort = draw(st.sampled_from("sibl"))
        inner = draw(st.sampled_from("si")) if sort == "l" else sort
        field: dict[str, Any] = {"type": "boolean"} if sort == "b" else {"enum": values[inner]}
        if sort == "l":
            field = {"type": "array", "items": field}
        if fields and draw(st.booleans()):
            before = draw(st.lists(st.sampled_from(sorted(fields)), min_size=1, max_size=2, unique=True))
            field["x-when"] = {
                one: draw(st.lists(st.sampled_from(values[sorts[one]]), min_size=1, unique=True)) for one in before
            }
        fields[name], sorts[name] = field, inner
    required = draw(st.lists(st.sampled_from("vwxyz"), unique=True))
    return {"type": "object", "properties": fields, "required": required, "additionalProperties": False}


ANSWER = st.one_of(
    st.sampled_from(["a", "b", "c", 1, 2, 3, True, False, None]),
    st.lists(st.sampled_from(["a", "b", "c", 1, 2]), max_size=3),
)


@settings(max_examples=tries(100, 300))
@given(
    schema=conditional(), several=st.lists(st.dictionaries(st.sampled_from("vwxyz"), ANSWER), min_size=8, max_size=8)
)
def test_another_validator_judges_what_is_served_as_the_kernel_does(schema: Any, several: list[Any]) -> None:
    form = Form.from_schema(schema)
    judge = jsonschema.Draft202012Validator(form.described("en"))
    for answers in several:
        found = form.problems(answers)
        assert judge.is_valid(answers) == (not found), (schema, answers)
        refused = {one.pointer for one in found if one.code == "x-when"}
        assert refused == {f"/{name}" for name in answers if not asked(schema["properties"], name, answers)}


def asked(fields: Any, name: str, answers: Any) -> bool:
    """By the words of the documentation, and not by JSON Schema."""
    for sibling, values in fields[name].get("x-when", {}).items():
        given, is_list = answers.get(sibling), fields[sibling].get("type") == "array"
        if isinstance(given, list) != is_list or sibling not in answers:
            return False
        if not any(
            type(one) is type(value) and one == value for one in (given if is_list else [given]) for value in values
        ):
            return False
    return True


# -- what authors write wrongly -----------------------------------------------------------------------------------


def wrong(**fields: Any) -> dict[str, Any]:
    known = {
        "class": {"type": "string", "enum": ["light", "heavy"]},
        "sure": {"type": "boolean"},
        "many": {"type": "array", "items": {"type": "integer"}},
    }
    return {"type": "object", "properties": {**known, **fields}}


def when(**condition: Any) -> dict[str, Any]:
    return wrong(more={"type": "string", "x-when": condition})


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (when(), "#: more: x-when names fields beside it with their values"),
        (wrong(more={"x-when": "class"}), "#: more: x-when names fields beside it with their values"),
        (when(**{"class": []}), "#: more: x-when names fields beside it with their values"),
        (when(**{"class": [{"a": 1}]}), "#: more: x-when names fields beside it with their values"),
        (when(clas=["heavy"]), "#: more: x-when names 'clas', which is no field beside it: did you mean 'class'?"),
        (when(**{"class": ["hevy"]}), "#: more: x-when waits for \"hevy\" of 'class', which it can never be: its"),
        (when(sure=["true"]), "#: more: x-when waits for \"true\" of 'sure', which it can never be: it is ['boolean']"),
        (when(sure=[1]), "x-when waits for 1 of 'sure'"),
        (when(many=["1"]), "x-when waits for \"1\" of 'many'"),
        (when(many=[True]), "x-when waits for true of 'many'"),
        (when(more=["a"]), "#: x-when leads in a circle: more → more"),
        (wrong(a={"x-when": {"b": [1]}}, b={"x-when": {"a": [1]}}), "x-when leads in a circle: "),
        ({"x-when": {"a": [1]}}, "#: x-when stands on a field, directly below `properties`"),
        ({"allOf": [{"x-when": {"a": [1]}}]}, "#/allOf/0: x-when stands on a field"),
        (wrong(more={"x-required": True}), "#: more: x-required is the platform's own word"),
        ({"properties": {"a": {"x-wen": 1}}}, "#/properties/a: 'x-wen' is no keyword; did you mean 'x-when'?"),
        (wrong() | {"x-groups": []}, "#: x-groups is a list of"),
        (wrong() | {"x-groups": [{"fields": "class"}]}, "#: x-groups is a list of"),
        (wrong() | {"x-groups": [{"fields": ["clas", "sure", "many"]}]}, "names 'clas', which is no field beside it"),
        (wrong() | {"x-groups": [{"fields": ["class", "sure"]}]}, "#: x-groups leaves out many"),
        (wrong() | {"x-groups": [{"fields": ["class", "sure", "many", "sure"]}]}, "names 'sure' more than once"),
        (wrong() | {"x-groups": [{"title": 1, "fields": ["class", "sure", "many"]}]}, "#: x-groups is a list of"),
        (
            wrong() | {"x-groups": [{"title": {"en": 1}, "fields": ["class", "sure", "many"]}]},
            "x-groups[0]: title is a",
        ),
        ({"type": "number", "x-mask": "99"}, "#: x-mask is for a text"),
        ({"type": "string", "x-mask": "9" * 65}, "#: x-mask is for a text"),
        ({"type": "string", "x-prefill": "fone"}, "#: x-prefill is 'fone': did you mean 'phone'?"),
        ({"type": "string", "x-prefill": ["phone"]}, "#: x-prefill is ['phone']: "),
        ({"x-choices": "/v1/zones"}, "#: x-choices is {"),
        ({"x-choices": {"list": "https://a/", "value": "/a", "title": "/b"}}, "#: x-choices is {"),
        ({"x-choices": {"list": "/v1/../a", "value": "/a", "title": "/b"}}, "#: x-choices is {"),
        ({"x-choices": {"list": "/v1/a", "value": "a", "title": "/b"}}, "#: x-choices is {"),
        ({"x-choices": {"list": "/v1/a", "value": "/a", "title": "/b", "begins": "/c"}}, "#: x-choices is {"),
        ({"x-choices": {"list": "/v1/a", "value": "/a", "title": "/b", "from": "f", "to": "t"}}, "#: x-choices is {"),
        ({"x-material": {}}, "#: x-material is the platform's own word"),
    ],
)
def test_a_wrong_word_is_told_with_its_place(schema: Any, expected: str) -> None:
    assert expected in fault(schema)


@pytest.mark.parametrize("answers", [{"photo": None}, {"photo": 7}, {"photo": True}, {"photo": [None, 3]}, None, "x"])
def test_a_field_for_a_file_that_holds_none_names_no_file(answers: Any) -> None:
    schema = {
        "properties": {"photo": {"type": ["string", "null"], "x-attachment": True, "items": {"x-attachment": True}}}
    }
    assert list(attachment_ids(schema, answers)) == []


def test_names_that_somebody_has_made_up_are_kept_nowhere() -> None:
    kept = escaped.cache_info().currsize
    assert pointer(["x~" * 200, "y/"]) == "/" + "x~0" * 200 + "/y~1"
    assert escaped.cache_info().currsize == kept

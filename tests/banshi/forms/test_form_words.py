"""What authors write in several languages: inside a form is plain JSON Schema, and each reader gets their own words."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from pydantic import BaseModel, Field

from banshi.forms import Form


def both(zh: str, en: str) -> dict[str, str]:
    return {"zh-CN": zh, "en": en}


CHOICES = [
    {"const": "light", "title": both("轻型货车", "Light truck")},
    {"const": "heavy", "title": both("重型货车", "Heavy truck"), "description": both("夜间通行", "By night")},
]
SCHEMA = {
    "type": "object",
    "title": both("通行证", "Pass"),
    "x-in-order": ["first", "last"],
    "anyOf": [{"required": ["area"]}, {"required": ["zones"]}],
    "properties": {
        "class": {"type": "string", "title": both("车型", "Vehicle class"), "oneOf": CHOICES},
        "zones": {
            "type": "array",
            "title": both("区域", "Zones"),
            "items": {"oneOf": [{"const": 1, "title": both("一区", "Zone one")}, {"const": 2, "title": "二区"}]},
        },
        "area": {
            "type": "number",
            "title": both("面积", "Floor space"),
            "description": both("建筑面积。", "The gross floor area."),
            "x-unit": both("平方米", "m²"),
        },
        "first": {"type": "string", "format": "date", "title": both("首日", "First day")},
        "last": {"type": "string", "format": "date", "x-not-after": "+1y", "title": both("末日", "Last day")},
        "licence": {
            "type": "string",
            "format": "uuid",
            "x-attachment": True,
            "x-shows": both("四角完整", "All four corners"),
        },
        "code": {"type": "string", "pattern": "^A", "x-pattern-hint": both("以 A 开头。", "Begin with A.")},
        "old": {"title": "旧", "enum": ["a", "b"]},
    },
}
FORM = Form.from_schema(SCHEMA)
GOOD = {"area": 12, "class": "light", "zones": [1, 2], "old": "a"}


def told(form: Form, answers: Any, language: str = "en") -> list[tuple[str, str, str]]:
    return [(one.pointer, one.code, one.detail) for one in form.problems(answers, language)]


def fault(schema: Any) -> str:
    with pytest.raises(ValueError, match="#") as caught:
        Form.from_schema(schema)
    return str(caught.value)


def tables(node: Any) -> list[Any]:
    """Everything in a document that is still a text in several languages, or the platform's own word."""
    if isinstance(node, list):
        return [one for part in node for one in tables(part)]
    if not isinstance(node, dict):
        return []
    found = [node] if node.keys() & {"zh-CN", "en", "x-texts", "x-words"} else []
    return found + [one for part in node.values() for one in tables(part)]


# -- what is served ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_served_form_is_plain_json_schema_in_one_language(language: str) -> None:
    served = FORM.described(language)
    assert tables(served) == []
    jsonschema.Draft202012Validator.check_schema(served)
    judge = jsonschema.Draft202012Validator(served)
    assert judge.is_valid(GOOD)
    assert not judge.is_valid({**GOOD, "class": "bus"})
    assert not judge.is_valid({**GOOD, "zones": [3]})


def test_each_reader_gets_their_own_words() -> None:
    zh, en = FORM.described("zh-CN"), FORM.described("en")
    assert (zh["title"], en["title"]) == ("通行证", "Pass")
    fields = en["properties"]
    assert fields["class"]["oneOf"] == [
        {"const": "light", "title": "Light truck"},
        {"const": "heavy", "title": "Heavy truck", "description": "By night"},
    ]
    assert "enum" not in fields["class"]
    assert zh["properties"]["zones"]["items"]["oneOf"][0] == {"const": 1, "title": "一区"}
    assert (fields["area"]["x-unit"], zh["properties"]["area"]["x-unit"]) == ("m²", "平方米")
    assert fields["licence"]["x-shows"] == "All four corners"
    assert fields["code"]["x-pattern-hint"] == "Begin with A."
    assert fields["last"]["description"] == "Not after 1 year from today. Not before “First day”."
    assert fields["old"] == {"title": "旧", "enum": ["a", "b"]}


def test_a_form_of_before_is_served_as_it_was_written() -> None:
    schema = {"title": "旧", "properties": {"a": {"enum": [1, 2]}, "b": {"oneOf": [{"const": 1}, {"type": "string"}]}}}
    form = Form.from_schema(schema)
    assert form.schema == form.described("en") == schema


def test_generators_read_choices_as_an_enum_with_the_words_beside_it() -> None:
    field = FORM.described("en", "enum")["properties"]["class"]
    assert field["enum"] == ["light", "heavy"]
    assert field["x-enum-descriptions"] == ["Light truck", "Heavy truck"]
    assert "oneOf" not in field


def test_inside_a_form_is_plain_and_keeps_its_words() -> None:
    jsonschema.Draft202012Validator.check_schema(FORM.schema)
    field = FORM.schema["properties"]["class"]
    assert (field["title"], field["enum"]) == ("车型", ["light", "heavy"])
    assert field["x-texts"]["title"]["en"] == "Vehicle class"
    again = Form.checked(json.loads(json.dumps(FORM.schema)))
    assert again.described("en") == FORM.described("en")
    assert told(again, {**GOOD, "class": "bus"}, "en") == told(FORM, {**GOOD, "class": "bus"}, "en")


def test_a_language_that_a_text_lacks_is_made_up_for_by_another() -> None:
    form = Form.from_schema({"title": {"en": "Pass"}, "description": {"zh-CN": "证", "fr": "Laissez-passer"}})
    assert form.schema["title"] == "Pass"
    assert form.described("zh-CN")["title"] == "Pass"
    assert form.described("fr")["description"] == "Laissez-passer"


# -- what is said of answers --------------------------------------------------------------------------------------


def test_a_problem_has_the_words_of_choices_in_the_readers_language() -> None:
    wrong = {**GOOD, "class": "bus", "zones": [1, 3], "old": "c"}
    assert told(FORM, wrong, "en") == [
        ("/class", "enum", "Choose one of: Light truck, Heavy truck."),
        ("/zones/1", "enum", "Choose one of: Zone one, 二区."),
        ("/old", "enum", "Choose one of: a, b."),
    ]
    assert ("/class", "enum", "请选择以下之一：轻型货车、重型货车。") in told(FORM, wrong, "zh-CN")


def test_a_problem_names_other_fields_by_their_titles() -> None:
    days = {**GOOD, "first": "2026-11-24", "last": "2026-11-23"}
    assert told(FORM, days, "en") == [("/last", "x-in-order", "This can't be earlier than “First day”.")]
    assert told(FORM, {}, "en") == [("", "anyOf", "Give at least one of: Floor space, Zones.")]
    assert told(FORM, {}, "zh-CN") == [("", "anyOf", "以下各项至少填写一项：面积、区域。")]


def test_a_choice_may_be_empty_and_may_stand_behind_a_reference() -> None:
    choice = {
        "oneOf": [{"const": None, "title": both("不确定", "Not sure")}, {"const": True, "title": both("是", "Yes")}]
    }
    form = Form.from_schema({"properties": {"sure": {"$ref": "#/$defs/sure"}}, "$defs": {"sure": choice}})
    assert form.problems({"sure": None}) == form.problems({"sure": True}) == ()
    assert told(form, {"sure": 1}, "en") == [("/sure", "enum", "Choose one of: Not sure, Yes.")]


def test_an_optional_choice_is_told_with_its_words() -> None:
    form = Form.from_schema({"anyOf": [{"type": "null"}, {"oneOf": CHOICES}]})
    assert told(form, "bus", "en")[0][2] == "Choose one of: Light truck, Heavy truck."


class Vehicle(BaseModel):
    """A model whose words stand beside its types."""

    kind: Literal["light", "heavy"] = Field(
        json_schema_extra={"title": both("车型", "Vehicle class"), "oneOf": CHOICES}  # type: ignore[dict-item]
    )
    zones: list[
        Annotated[Literal[1, 2], Field(json_schema_extra={"oneOf": [{"const": n, "title": f"Z{n}"} for n in (1, 2)]})]
    ]


def test_a_model_has_words_in_json_schema_extra() -> None:
    form = Form.from_model(Vehicle)
    assert form.problems({"kind": "light", "zones": [1]}) == ()
    assert told(form, {"kind": "bus", "zones": [3]}, "en") == [
        ("/kind", "enum", "Choose one of: Light truck, Heavy truck."),
        ("/zones/0", "enum", "Choose one of: Z1, Z2."),
    ]
    served = form.described("en")
    assert served["properties"]["kind"]["title"] == "Vehicle class"
    assert served["properties"]["kind"]["oneOf"][0] == {"const": "light", "title": "Light truck"}
    assert tables(served) == []


# -- what authors write wrongly -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"title": {}}, "#: title is a sentence, or one for each language"),
        ({"title": {"en": 1}}, "#: title is a sentence, or one for each language"),
        ({"title": {"en": ""}}, "#: title is a sentence, or one for each language"),
        ({"title": {"English": "a"}}, "#: title is a sentence, or one for each language"),
        ({"title": 5}, "#/title: "),
        ({"properties": {"a": {"description": []}}}, "#/properties/a/description: "),
        ({"type": "number", "x-unit": 3}, "#: x-unit is a sentence"),
        ({"type": "boolean", "x-unit": "m"}, "#: x-unit is for a number or a text"),
        ({"type": "string", "x-shows": "a"}, "#: x-shows is for a file"),
        ({"oneOf": [*CHOICES, CHOICES[0]]}, '#/oneOf: the choice "light" is here twice'),
        ({"oneOf": CHOICES, "enum": ["light"]}, "#/oneOf: these are other choices than the enum beside them"),
        ({"oneOf": [{"const": 1, "title": {"en": 2}}]}, "#/oneOf: the choice 1: title is a sentence"),
        ({"oneOf": [{"const": 1, "titel": "a"}]}, "#/oneOf/0: 'titel' is no keyword; did you mean 'title'?"),
        ({"x-texts": {"title": 5}}, "#: 'x-texts' is the platform's own word; write title and description"),
        ({"items": {"x-words": 1}}, "#/items: 'x-words' is the platform's own word; write oneOf with const"),
        ({"properties": [], "oneOf": 3}, "#/"),
        ({"allOf": {"title": {"en": 1}}}, "#/allOf: "),
    ],
)
def test_a_wrong_word_is_told_with_its_place(schema: Any, expected: str) -> None:
    assert expected in fault(schema)


def test_a_schema_of_any_depth_is_refused_and_not_walked_to_its_end() -> None:
    deep: dict[str, Any] = {"title": both("深", "Deep")}
    for _ in range(240):
        deep = {"not": deep}
    with pytest.raises(ValueError, match="#"):
        Form.from_schema(deep)

"""How people type numbers, and the one spelling in which they are judged and stored."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from banshi.forms import Form
from banshi.forms.numbers import NUMBERS
from banshi.forms.spelling import spelled, spelled_id
from banshi.testing import made_up_resident_id

#: Format → numbers of it as they are stored.
STORED = {
    "cn-resident-id": [made_up_resident_id(number) for number in range(40)] + ["KAZ110090123105"],
    "cn-uscc": ["91510700MA0000000G"],
    "cn-plate": ["川B12345", "川BD12345", "粤Z1234港", "224578使", "使224578", "沪A1234领", "京X1234应急"],
    "cn-mobile": ["13800000000", "19900000001"],
    "cn-phone": ["13800000000", "0816-2000000", "010-82000000", "028-82000000-8001", "4000000000"],
    "cn-division": ["510703"],
}
BLANKS = [" ", "\u3000", "\u00a0", "\u2009", "\u200b", "\u202a", "\ufeff"]

numbers = st.sampled_from([(name, number) for name, found in STORED.items() for number in found])


def wide(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


@st.composite
def typed(draw: st.DrawFn) -> tuple[str, str, str]:
    """A format, a number of it, and a way of typing that."""
    name, number = draw(numbers)
    text = "".join(sign + draw(st.sampled_from(["", "", "", *BLANKS])) for sign in number)
    ways = [str, str.lower, wide, lambda one: wide(one.lower()), lambda one: f" {one}  "]
    return name, number, draw(st.sampled_from(ways))(text)


@given(typed())
def test_however_a_number_is_typed_it_is_stored_in_one_spelling(case: tuple[str, str, str]) -> None:
    name, number, text = case
    assert spelled(name, text) == number
    assert NUMBERS[name](number)


@given(st.sampled_from(sorted(NUMBERS)), st.text(max_size=80))
def test_spelling_twice_is_spelling_once_and_what_is_no_number_stays_as_it_is(name: str, text: str) -> None:
    once = spelled(name, text)
    assert spelled(name, once) == once
    assert once == text or NUMBERS[name](once)
    assert spelled_id(spelled_id(text)) == spelled_id(text)


@given(typed())
def test_an_id_number_that_somebody_verified_has_the_spelling_of_the_form(case: tuple[str, str, str]) -> None:
    name, number, text = case
    if name == "cn-resident-id":
        assert spelled_id(text) == number == spelled_id(number)


@pytest.mark.parametrize(
    ("name", "text", "stored"),
    [
        ("cn-mobile", "１３８ ００００ １２３４", "13800001234"),
        ("cn-mobile", "+86 138-0000-1234", "13800001234"),
        ("cn-mobile", "0086 138 0000 1234", "13800001234"),
        ("cn-mobile", "8613800001234", "13800001234"),
        ("cn-mobile", "（+86）13800001234", "13800001234"),
        ("cn-mobile", "138.0000.1234", "13800001234"),
        ("cn-mobile", "\u202d138 0000 1234\u202c", "13800001234"),  # as a phone's address book copies it
        ("cn-phone", "+86 138-0000-1234", "13800001234"),
        ("cn-phone", "（0816）2000000", "0816-2000000"),
        ("cn-phone", "0816 200 0000", "0816-2000000"),
        ("cn-phone", "０８１６－２００００００", "0816-2000000"),
        ("cn-phone", "08162000000", "0816-2000000"),
        ("cn-phone", "010-8200 0000", "010-82000000"),
        ("cn-phone", "+86 10 8200 0000", "010-82000000"),
        ("cn-phone", "+86 (0)816 2000000", "0816-2000000"),
        ("cn-phone", "0816-2000000转801", "0816-2000000-801"),
        ("cn-phone", "0816-2000000 分机 801", "0816-2000000-801"),
        ("cn-phone", "0816-2000000 ext. 801", "0816-2000000-801"),
        ("cn-phone", "400-000-0000", "4000000000"),
        ("cn-plate", "川B·12345", "川B12345"),
        ("cn-plate", "川b•d1234 5", "川BD12345"),
        ("cn-plate", "川Ｂ－１２３４５", "川B12345"),
        ("cn-plate", "粤Z·1234港", "粤Z1234港"),
        ("cn-plate", "使 224·578", "使224578"),
        ("cn-plate", "沪A·1234领", "沪A1234领"),
        ("cn-plate", "京·X1234 应急", "京X1234应急"),
        ("cn-uscc", "91510700-ma000000 0g", "91510700MA0000000G"),
        ("cn-resident-id", "110105 19491231 002x", "11010519491231002X"),
        ("cn-resident-id", "１１０１０５１９４９１２３１００２ｘ", "11010519491231002X"),
        ("cn-division", "５１０７０３", "510703"),
        # None of these is a number, so nothing is done to them.
        ("cn-phone", "0816 2000000 801", "0816 2000000 801"),
        ("cn-mobile", "+86 0816 2000000", "+86 0816 2000000"),
        ("cn-mobile", "+852 9123 4567", "+852 9123 4567"),
        ("cn-mobile", "١٣٨ ٠٠٠٠ ٠٠٠٠", "١٣٨ ٠٠٠٠ ٠٠٠٠"),
        ("cn-plate", "沪B54321\n", "沪B54321\n"),
    ],
)
def test_what_people_type_is_stored_as(name: str, text: str, stored: str) -> None:
    assert spelled(name, text) == stored


# -- in a form ----------------------------------------------------------------------------------------------------

PHONE = {"type": "string", "format": "cn-phone", "maxLength": 20}
PLACES: list[tuple[dict[str, Any], Any, Any]] = [
    ({"properties": {"a": PHONE}}, {"a": "+86 138 0000 1234"}, {"a": "13800001234"}),
    (
        {"properties": {"a": {"type": "array", "items": PHONE}}},
        {"a": ["１３８００００１２３４"]},
        {"a": ["13800001234"]},
    ),
    ({"prefixItems": [True, PHONE]}, ["１", "１３８００００１２３４"], ["１", "13800001234"]),
    ({"items": {"anyOf": [PHONE, {"type": "null"}]}}, [None, "138-0000-1234"], [None, "13800001234"]),
    ({"$defs": {"p": PHONE}, "properties": {"a": {"$ref": "#/$defs/p"}}}, {"a": "138 00001234"}, {"a": "13800001234"}),
    ({"additionalProperties": PHONE}, {"a": "138 00001234"}, {"a": "13800001234"}),
    (
        {"patternProperties": {r"^\p{L}$": PHONE}},
        {"é": "138 00001234", "éé": "138 00001234"},
        {"é": "13800001234", "éé": "138 00001234"},
    ),
    ({"allOf": [{"properties": {"a": PHONE}}]}, {"a": "138 00001234"}, {"a": "13800001234"}),
    (
        {"dependentSchemas": {"b": {"properties": {"a": PHONE}}}},
        {"a": "138 00001234", "b": 1},
        {"a": "13800001234", "b": 1},
    ),
    (
        {"if": {"properties": {"k": {"const": 1}}}, "then": {"properties": {"a": PHONE}}},
        {"a": "138 00001234", "k": 1},
        {"a": "13800001234", "k": 1},
    ),
]


@pytest.mark.parametrize(("schema", "given", "stored"), PLACES)
def test_wherever_a_form_asks_for_a_number_it_is_judged_and_stored_in_its_spelling(
    schema: dict[str, Any], given: Any, stored: Any
) -> None:
    before = repr(given)
    for form in (Form.from_schema(schema), Form.checked(schema)):
        assert form.spelled(given) == stored
        assert form.problems(given) == ()
        assert form.check(given) == stored
    assert repr(given) == before


def test_answers_without_a_number_to_spell_are_the_very_ones_that_came() -> None:
    form = Form.from_schema({"properties": {"a": {"type": "string", "format": "cn-phone"}, "b": {"type": "array"}}})
    for answers in ({"a": "13800001234", "b": [" １"]}, {"a": " nobody ", "c": "１"}, {"a": 7}, [], None, "１"):
        assert form.spelled(answers) is answers


def test_what_a_condition_or_a_refusal_says_of_numbers_spells_nothing() -> None:
    schema = {"not": {"properties": {"a": {"format": "cn-mobile"}}, "required": ["a"]}}
    assert Form.from_schema(schema).spelled({"a": "138 00001234"}) == {"a": "138 00001234"}


class Call(BaseModel):
    phone: Annotated[str, Field(json_schema_extra={"format": "cn-phone"})]
    plate: Annotated[str, Field(json_schema_extra={"format": "cn-plate"})] | None = None
    others: list[Call] = []
    either: Annotated[str, Field(json_schema_extra={"format": "cn-phone"})] | str = ""


def test_a_model_gets_numbers_spelled_and_none_that_is_wrong() -> None:
    form = Form.from_model(Call)
    answers = {"phone": "+86 138 0000 1234", "plate": "川b·12345", "others": [{"phone": "0816 2000000"}]}
    assert form.problems(answers) == ()
    call = form.check(answers)
    assert (call.phone, call.plate, call.others[0].phone) == ("13800001234", "川B12345", "0816-2000000")
    wrong = {"phone": "nobody", "plate": "川I1", "others": [{"phone": "1"}], "either": "nobody"}
    found = [(one.pointer, one.code) for one in form.problems(wrong)]
    assert found == [("/phone", "format"), ("/plate", "format"), ("/others/0/phone", "format")]


def test_the_number_that_was_verified_is_right_whatever_document_it_is_of() -> None:
    person = {"type": "string", "format": "cn-resident-id"}
    form = Form.from_schema({"properties": {"id": person, "child": {"properties": {"id": person}}}})
    passport = spelled_id("e 1234-5678")
    assert passport == "E12345678"
    answers = {"id": " e12345678", "child": {"id": "E87654321"}}
    assert form.spelled(answers, passport) == {"id": "E12345678", "child": {"id": "E87654321"}}
    assert [one.pointer for one in form.problems(answers, "en", passport)] == ["/child/id"]
    assert [one.pointer for one in form.problems(answers, "en")] == ["/id", "/child/id"]


@pytest.mark.parametrize(
    "text", ["\x00", "E1\x00", "\ud800", "E" * 33, "军" * 11, " " * 65, "", "\n", "e" * 10_000_000]
)
def test_what_can_be_no_document_s_number_is_none(text: str) -> None:
    assert spelled_id(text) == ""


def test_a_published_schema_says_the_format_and_nothing_else_of_it() -> None:
    schema = {"type": "object", "properties": {"a": PHONE}}
    assert Form.from_schema(schema).schema == schema

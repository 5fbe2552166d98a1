"""What a plugin says is wrong reaches its reader: at a field that there is, in their language, and not too long."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banshi import Decision, FieldProblem, Form, InvalidFields, Item
from banshi.app import inspected
from banshi.foundation.errors import Conflict, Problem
from banshi.foundation.field_problems import LONGEST_CODE, LONGEST_FIELD_DETAIL, LONGEST_POINTER, MOST_FIELD_PROBLEMS
from banshi.kernel.contract.pointing import pointed
from banshi.kernel.loading.configuration import Configuration, Entry
from banshi.kernel.loading.settings import Settings
from banshi.sdk.operations import PluginWarning
from banshi.testing import Door, Reply, open_door
from tests.banshi.kernel.contract import dogs_plugin

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "dog": {"type": "string"},
        "a/b": {"type": "object", "properties": {"~": {"type": "string"}}},
        "walks": {"type": "array", "items": {"$ref": "#/$defs/walk"}},
    },
    "$defs": {"walk": {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"park": {"type": "string"}}}]}},
}


class FormOf:
    """As much of an item as a pointer is held against."""

    plugin, code = "dogs", "dog-licence"
    form = Form.from_schema(SCHEMA)


ITEM: Any = FormOf()
item: Item = ITEM


def place(written: Any, answers: Any = None) -> str:
    (one,) = pointed([FieldProblem(written, "x")], item, answers or {})
    return one.pointer


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("", "/answers"),
        ("/dog", "/answers/dog"),
        ("/a~1b/~0", "/answers/a~1b/~0"),
        ("/walks", "/answers/walks"),
        ("/walks/7", "/answers/walks/7"),
        ("/walks/7/park", "/answers/walks/7/park"),
    ],
)
def test_a_right_pointer_stays_as_it_is_and_nobody_is_warned(
    written: str, right: str, recwarn: pytest.WarningsRecorder
) -> None:
    assert place(written) == right
    assert not recwarn.list


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("dog", "/answers/dog"),
        ("#/dog", "/answers/dog"),
        ("/answers/dog", "/answers/dog"),
        ("answers/walks/0/park", "/answers/walks/0/park"),
        ("walks[0].park", "/answers/walks/0/park"),
        ("walks.0.park", "/answers/walks/0/park"),
        ("/a~1b/~", "/answers/a~1b/~0"),
        ("/cat", "/answers"),
        ("/dog/name", "/answers/dog"),
        ("/walks/x", "/answers/walks"),
        ("/walks/01", "/answers/walks"),
        ("/walks/-1", "/answers/walks"),
        ("/walks/0/dog", "/answers/walks/0"),
        ("/", "/answers"),
        (" ", "/answers"),
        (None, "/answers"),
        (b"/dog", "/answers"),
        (["dog"], "/answers"),
    ],
)
def test_a_wrong_pointer_is_made_one_that_the_form_has_and_its_author_is_told(written: Any, right: str) -> None:
    if written is None or not isinstance(written, str):
        # What is no text says nothing of where; the whole form is meant.
        assert place(written) == right
        return
    with pytest.warns(PluginWarning, match="dogs: dog-licence: validate: "):
        assert place(written) == right


def test_what_was_handed_in_is_a_place_too() -> None:
    assert place("/cat/0", {"cat": [1]}) == "/answers/cat/0"


def test_the_advice_does_not_repeat_what_a_citizen_may_have_entered() -> None:
    with pytest.warns(PluginWarning) as told:
        place("/11010519491231002X")
    assert "1101" not in str(told[0].message)
    assert '"/dog"' in str(told[0].message)


@pytest.mark.filterwarnings("ignore::banshi.sdk.operations.PluginWarning")
@given(st.text(max_size=60) | st.text("dogwalks/~01#.[]ab", max_size=30) | st.binary(max_size=4) | st.none())
def test_every_pointer_leads_to_a_place_that_there_is(written: Any) -> None:
    told = place(written)
    assert told.startswith("/answers")
    node: Any = SCHEMA
    for part in told.split("/")[2:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if node.get("$ref"):
            node = SCHEMA["$defs"]["walk"]["anyOf"][1]  # type: ignore[index]
        node = node["items"] if node.get("type") == "array" else node["properties"][name]


ANYTHING = st.recursive(
    st.none()
    | st.text(st.characters(), max_size=2_000)
    | st.binary(max_size=9)
    | st.integers()
    | st.text("\0\ud800 x"),
    lambda inner: st.dictionaries(st.text(max_size=9) | st.just("en") | st.just("zh-CN") | st.integers(), inner),
    max_leaves=9,
)


@given(st.lists(st.tuples(ANYTHING, ANYTHING, ANYTHING), max_size=4), st.sampled_from(["zh-CN", "en", "de"]))
def test_whatever_is_said_is_sent_as_text_of_bounded_length(said: list[tuple[Any, Any, Any]], language: str) -> None:
    problem = InvalidFields([FieldProblem(*one) for one in said])
    document = json.loads(json.dumps(problem.document(language)))
    for one in document["problems"]:
        assert all(isinstance(text, str) for text in one.values())
        assert len(one["pointer"]) <= LONGEST_POINTER
        assert 0 < len(one["detail"]) <= LONGEST_FIELD_DETAIL
        assert 0 < len(one["code"]) <= LONGEST_CODE
        assert not set(one["detail"] + one["code"]) & set(map(chr, (*range(9), *range(0xD800, 0xE000))))


def test_a_text_in_one_language_is_better_than_none() -> None:
    assert FieldProblem("", {"zh-CN": "犬"}).document("en")["detail"] == "犬"
    assert FieldProblem("", {"zh": "犬", "en": "dog"}).document("zh-CN")["detail"] == "犬"
    assert FieldProblem("", {"de": "Hund"}).document("en")["detail"] == "Hund"
    assert Problem({"zh-CN": "犬"}).document("en")["detail"] == "犬"
    assert Conflict({}).document("zh-CN")["detail"] == "当前状态下不能这样办理。"
    assert Conflict({}).document("en")["detail"] == "What you asked for does not fit the present state."


def test_problems_are_cut_once_and_keep_what_says_that_there_are_more() -> None:
    problem = InvalidFields(FieldProblem("/dog", str(number)) for number in range(10**9))
    assert len(problem.problems) == MOST_FIELD_PROBLEMS + 1
    assert problem.problems[-1].code == "truncated"
    assert InvalidFields(problem.problems).problems == problem.problems


def test_a_decision_s_reason_is_cut_in_each_language() -> None:
    assert Decision(action="accept", reason={}).reason is None
    reason = Decision(action="refuse", reason={"zh-CN": "很" * 5_000_000, "en": "a\0b"}).reason
    assert reason is not None
    assert (len(reason["zh-CN"]), reason["en"]) == (1_000, "ab")


# -- over HTTP, in the server and apart ------------------------------------------------------------------------------


@pytest.fixture(params=["within", "apart"])
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Door]:
    apart: dict[str, Any] = {"dogs": {}} if request.param == "apart" else {}
    async with open_door(tmp_path, {"dogs": dogs_plugin.make(tmp_path)}, isolated=apart) as door:
        yield door


async def told(door: Door, way: str, language: str = "en") -> Reply:
    wang, headers = door.citizen("wang"), {"Accept-Language": language}
    return await wang.post("/v1/items/dog-licence/cases", {"answers": {"dog": way}}, headers=headers)


@pytest.mark.filterwarnings("ignore::banshi.sdk.operations.PluginWarning")
async def test_a_plugin_s_problems_reach_the_citizen(door: Door) -> None:
    async def at(way: str) -> list[str]:
        return [one["pointer"] for one in (await told(door, way)).problem(422, "invalid-fields")["problems"]]

    assert await at("no-slash") == ["/answers/dog"]
    assert await at("nested") == ["/answers/walks/0/park", "/answers/walks/3/park", "/answers"]
    assert await at("nowhere") == ["/answers", "/answers/walks/0/park", "/answers/dog"]
    assert await at("many") == ["/answers/dog"] * MOST_FIELD_PROBLEMS + ["/answers"]
    assert await at("bytes") == ["/answers"] * 3
    assert await at("raised") == ["/answers/dog"]


@pytest.mark.filterwarnings("ignore::banshi.sdk.operations.PluginWarning")
async def test_each_reader_reads_their_own_language(door: Door) -> None:
    for language, text in (
        ("en", "The dog's name is wrong."),
        ("zh-CN", "犬名有误。"),
        ("zh-TW, en;q=0.5", "犬名有误。"),
    ):
        for way in ("both", "raised"):
            reply = await told(door, way, language)
            assert reply.problem(422, "invalid-fields")["problems"][0]["detail"] == text
            assert reply.headers["Content-Language"] in {"en", "zh-CN"}


@pytest.mark.filterwarnings("ignore::banshi.sdk.operations.PluginWarning")
async def test_nothing_that_a_plugin_says_is_sent_whole_where_it_is_too_long(door: Door) -> None:
    for way in ("long", "bytes", "controls", "many"):
        reply = await told(door, way)
        reply.problem(422, "invalid-fields")
        assert len(reply.body) < 20_000, way
        assert b"secret" not in reply.body
    (one,) = (await told(door, "controls")).document["problems"]
    assert (one["detail"], one["code"]) == ("ab[31mcd", "x")
    reply = await told(door, "odd")
    problem = reply.problem(409, "odd")
    assert (problem["status"], problem["kept"]) == (409, [1])
    assert not {"more", "set", "half"} & problem.keys()
    assert len(reply.body) < 20_000


async def test_a_decision_s_reason_is_cut_where_it_is_too_long(door: Door) -> None:
    wang = door.citizen("wang")
    link = (await told(door, "long-reason")).created()["links"]["self"]
    await door.settled()
    for language in ("en", "zh-CN"):
        case = (await wang.get(link, headers={"Accept-Language": language})).ok()
        assert case["state"] == "returned"
        assert len(case["reason"]) <= 1_000


def test_a_check_finds_a_wrong_pointer_before_anybody_hands_anything_in(tmp_path: Path) -> None:
    entries = {"dogs": Entry(api=1, path=dogs_plugin.make(tmp_path))}
    found = list(inspected(Configuration(tmp_path / "plugins.toml", Settings(), entries))[1])
    told = [one.advice for one in found if one.rule == "wrong-pointer" and one.warning and one.plugin == "dogs"]
    assert told == [
        (
            "dog-licence: Dogs.validate has FieldProblem('dog', …): write FieldProblem(\"/dog\", …): "
            "a pointer begins with a slash and goes into the answers"
        )
    ]

"""All forms of the city as they are served: plain JSON Schema in one language, by a foreign validator's word."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from click.testing import CliRunner
from jsonschema.validators import SPECIFICATIONS  # type: ignore[import-untyped]
from referencing.jsonschema import DRAFT202012

from banshi import LANGUAGES
from banshi.builtin.catalogue.material_fields import form_document
from banshi.builtin.form_words.plugin import METASCHEMA
from banshi.ops.cli import group
from banshi.testing import Door
from tests.banshi.forms.test_form_words import tables
from tests.places import ROOT
from tests.plugins.test_departments import FOLDERS, registry_of

#: As a validator asserts it: without an `$id` there is one schema, which the dynamic reference leads to. Found by a
#: name, it is read for its anchors once, and not at each reference.
NAME = "urn:banshi:form"
KNOWN = SPECIFICATIONS.with_resource(NAME, DRAFT202012.create_resource(METASCHEMA)).crawl()
JUDGE = jsonschema.Draft202012Validator({"$ref": NAME}, registry=KNOWN)
#: Keywords that say something to people.
WORDS = {"description", "title", "x-pattern-hint", "x-shows", "x-unit"}


def items() -> list[Any]:
    return [one for one in registry_of(FOLDERS).items.values() if one.form is not None]


def test_every_served_form_keeps_to_the_vocabulary_and_to_the_standard() -> None:
    assert len(items()) > 90
    for item in items():
        served, english = (form_document(item, language) for language in LANGUAGES)
        # The standard's own is part of it.
        assert [f"{item.code}: {one.json_path}: {one.message}" for one in JUDGE.iter_errors(served)] == []
        # What differs in words alone is judged alike.
        assert english != served
        assert wordless(english) == wordless(served)
        assert tables(served) == tables(english) == [], item.code


def wordless(form: Any, name: str = "") -> Any:
    """A form with "" for each text that is said to people."""
    match form:
        case dict():
            return {key: wordless(value, key) for key, value in form.items()}
        case list():
            return [wordless(value, name) for value in form]
        case str() if name in WORDS:
            return ""
    return form


@pytest.mark.parametrize(
    ("schema", "right"),
    [
        ({"properties": {"a": {"type": "number", "x-unit": "m"}}}, True),
        ({"properties": {"a": {"type": "number", "x-unit": {"en": "m"}}}}, False),
        ({"allOf": [{"items": {"x-when": {"a": []}}}]}, False),
        ({"x-choices": {"list": "/v1/a", "value": "code", "title": "/b"}}, False),
        ({"type": "nothing"}, False),
        ({"x-own": 1}, True),
    ],
)
def test_the_vocabulary_reaches_every_part_of_a_form(schema: Any, right: bool) -> None:
    assert JUDGE.is_valid(schema) is right


async def test_the_vocabulary_is_served_once_and_then_known(bare_door: Door) -> None:
    first = await bare_door.anyone.get("/v1/forms/vocabulary.json")
    assert first.ok() == METASCHEMA
    again = await bare_door.anyone.get("/v1/forms/vocabulary.json", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304


async def test_a_field_says_which_material_it_takes(bare_door: Door) -> None:
    form = (await bare_door.anyone.get("/v1/items/zone-pass", headers={"Accept-Language": "en"})).ok()["form"]
    told = {"title": "Vehicle registration certificate", "document": "vehicle-registration"}
    assert form["properties"]["registration"]["x-material"] == told
    assert "x-material" not in form["properties"]["plate"]


async def test_the_list_that_a_field_names_has_its_choices(bare_door: Door) -> None:
    form = (await bare_door.anyone.get("/v1/items/zone-pass", headers={"Accept-Language": "en"})).ok()["form"]
    zones = form["properties"]["zones"]["items"]
    listed = (await bare_door.anyone.get(zones["x-choices"]["list"], headers={"Accept-Language": "en"})).ok()["items"]
    assert [{"const": one["zone"], "title": one["title"]} for one in listed] == zones["oneOf"]


def run(*arguments: str) -> Any:
    return CliRunner().invoke(group, ["--config", str(ROOT / "plugins.toml"), "form", *arguments])


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_an_author_looks_at_a_form_without_a_network(tmp_path: Path, language: str) -> None:
    file = tmp_path / "page.html"
    said = run("zone-pass", "--language", language, "--output", str(file))
    assert said.exit_code == 0, said.output
    page = file.read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=|https?:|url\(", page)
    assert ("Light truck" in page, "轻型货车" in page) == ((True, False) if language == "en" else (False, True))


def test_what_cannot_be_shown_is_said(tmp_path: Path) -> None:
    assert "did you mean 'zone-pass'?" in run("zone-pas").output
    assert "can't be written" in run("zone-pass", "--output", str(tmp_path / "nowhere" / "page.html")).output


def test_a_page_of_any_form_shows_all_of_its_fields_and_runs_nothing_of_it() -> None:
    from banshi import Form
    from banshi.builtin.form_words.page import page_of

    evil = '"><script>alert(1)</script>'
    schema = {"properties": {evil: {"title": evil, "x-when": {"b": [evil]}}, "b": {"enum": [evil, "c"]}}}
    page = page_of(Form.from_schema(schema).described("en"), evil, "en")
    assert page.count("<script>") == 1
    for item in items():
        page = page_of(form_document(item, "en") or {}, item.code, "en")
        for name in item.form.schema["properties"]:
            assert f'data-name="{name}"' in page, item.code

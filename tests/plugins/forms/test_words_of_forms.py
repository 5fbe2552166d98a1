"""Every form of every department, and the one that `banshi new` makes, has words in each language."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

import pytest

from banshi import LANGUAGES
from banshi.forms import Form
from banshi.ops.cli import new
from banshi.testing import open_door
from tests.places import ROOT

FOLDERS = sorted(one.parent for one in (ROOT / "plugins" / "departments").glob("*/items.toml"))
TEMPLATE = Path(new.__file__).parent / "template" / "forms" / "event.json.template"

HAN = re.compile("[\u3400-\u9fff]")
MAX_TITLE = 60
#: Fields that a form may show one below another without groups.
MAX_FIELDS = 8
#: Keywords of a served form that a person reads.
READ = ("title", "description", "x-unit", "x-shows", "x-pattern-hint")


class Text(NamedTuple):
    """A text that a form shows: where it stands, its keyword and its words."""

    place: str
    keyword: str
    words: str


class Choice(NamedTuple):
    value: Any
    word: str


def fields(schema: Any, place: str) -> Iterator[tuple[str, Any]]:
    """The form and all its fields, an entry of a list too."""
    yield place, schema
    for name, field in schema.get("properties", {}).items():
        yield from fields(field, f"{place}/{name}")
    if isinstance(schema.get("items"), dict):
        yield from fields(schema["items"], f"{place}/*")


def choices(field: Any) -> list[Choice]:
    """The choices of a field; one that has no words is its own word, as a phone would have to show it."""
    told = field.get("oneOf") or [{"const": value} for value in field.get("enum", ())]
    return [Choice(one["const"], one.get("title", str(one["const"]))) for one in told]


def texts(form: Any, code: str) -> Iterator[Text]:
    for place, field in fields(form, code):
        yield from (Text(place, key, field[key]) for key in READ if key in field)
        yield from (Text(place, "choice", one.word) for one in choices(field))
        yield from (Text(place, "group", group["title"]) for group in field.get("x-groups", ()))


def faults(code: str, form: Any, language: str) -> Iterator[str]:
    for text in texts(form, code):
        if bool(HAN.search(text.words)) != (language == "zh-CN"):
            yield f"{text.place}: its {text.keyword} is in another language: {text.words}"
        if text.keyword in {"title", "group", "choice"} and len(text.words) > MAX_TITLE:
            yield f"{text.place}: its {text.keyword} has more than {MAX_TITLE} characters: {text.words}"
    for place, field in fields(form, code):
        name = place.rpartition("/")[2]
        if place != code and name != "*" and not field.get("title"):
            yield f"{place}: it has no title"
        listed = choices(field)
        yield from (f"{place}: {one.word} is no word" for one in listed if one.word == str(one.value))
        words = [one.word for one in listed]
        yield from (f"{place}: {word} stands for two choices" for word in {*words} if words.count(word) > 1)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
async def test_every_form_is_served_in_words_of_the_readers_language(folder: Path, tmp_path: Path) -> None:
    async with open_door(tmp_path, {folder.name: folder}) as door:
        codes = list(door.platform.registry.items)
        for language in LANGUAGES:
            for code in codes:
                told = await door.anyone.get(f"/v1/items/{code}", headers={"Accept-Language": language})
                assert list(faults(code, told.ok()["form"], language)) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_long_form_is_in_groups(folder: Path) -> None:
    for file in sorted(folder.glob("forms/*.json")):
        form = json.loads(file.read_text(encoding="utf-8"))
        assert len(form["properties"]) <= MAX_FIELDS or "x-groups" in form, file.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_that_a_new_plugin_begins_with_is_in_words_of_both_languages(language: str) -> None:
    form = Form.from_schema(json.loads(Template(TEMPLATE.read_text(encoding="utf-8")).substitute()))
    assert list(faults("event", form.described(language), language)) == []


def test_a_code_in_place_of_a_word_is_found() -> None:
    field = {"title": "Class", "oneOf": [{"const": "heavy", "title": "heavy"}, {"const": "light", "title": "重型"}]}
    form = {"properties": {"class": field, "purpose": {"type": "string"}, "old": {"title": "Old", "enum": ["a"]}}}
    assert list(faults("event", form, "en")) == [
        "event/class: its choice is in another language: 重型",
        "event/class: heavy is no word",
        "event/purpose: it has no title",
        "event/old: a is no word",
    ]

"""A door that is opened from memory is the door that its plugins make."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from banshi.app import configure, loaded
from banshi.builtin.catalogue.search.index import Index
from banshi.builtin.catalogue.search.synonyms import kernel_synonyms
from banshi.foundation.findings import ConfigurationError
from banshi.kernel.loading.catalogue import Reader
from banshi.kernel.loading.configuration import Configuration, Entry
from banshi.kernel.loading.registry import Registry
from banshi.kernel.loading.settings import Settings
from tests.harness.memory import remembered
from tests.places import ROOT, TRAFFIC

ITEMS = """
[department]
code = "parks"
title = {{ zh-CN = "园林局", en = "{title}" }}
"""


def configuration(folder: Path, **plugins: Path) -> Configuration:
    entries = {name: Entry(api=1, path=place, package=None, settings={}) for name, place in plugins.items()}
    return Configuration(folder / "plugins.toml", Settings(data=folder / "data"), entries)


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "READ", {})
    monkeypatch.setattr(remembered, "FOUND", {})
    monkeypatch.setattr(remembered, "INDICES", {})
    monkeypatch.setattr(remembered, "DECLARED", {})
    # Without a door everything is read.
    monkeypatch.setattr(Reader, "read", remembered.read)


def told(registry: Registry) -> list[Any]:
    """All that a registry says of itself, without what lives in it."""
    items = [
        (code, repr(replace(item, form=None, handler=None)), item.form and item.form.schema, type(item.handler))
        for code, item in sorted(registry.items.items())
    ]
    routes = [(plugin, route.operation, route.path) for plugin, route in registry.routes]
    return [items, routes, registry.departments, registry.owners, registry.warnings, sorted(registry.kinds)]


def test_what_is_opened_from_memory_is_what_is_read(tmp_path: Path) -> None:
    read = told(loaded(configuration(tmp_path, traffic=TRAFFIC)))
    first = told(remembered.loaded_from_memory(configuration(tmp_path, traffic=TRAFFIC)))
    again = told(remembered.loaded_from_memory(configuration(tmp_path / "other", traffic=TRAFFIC)))
    assert first == again == read
    assert len(remembered.READ) == 1
    assert {find.__name__ for _, find, *_ in remembered.FOUND} == {name for _, name in remembered.CHECKS}


def test_no_two_doors_share_what_one_changes(tmp_path: Path) -> None:
    one = remembered.loaded_from_memory(configuration(tmp_path, traffic=TRAFFIC))
    one.items["zone-pass"] = one.items["accident-record"]
    del one.departments["traffic"]
    other = remembered.loaded_from_memory(configuration(tmp_path, traffic=TRAFFIC))
    assert other.items["zone-pass"].code == "zone-pass"
    assert "traffic" in other.departments


def test_another_file_is_read_and_found_wrong(tmp_path: Path) -> None:
    parks = tmp_path / "parks"
    parks.mkdir()
    for title in ("Parks", "Gardens"):
        (parks / "items.toml").write_text(ITEMS.format(title=title), encoding="utf-8")
        opened = remembered.loaded_from_memory(configuration(tmp_path, parks=parks))
        assert opened.departments["parks"].title["en"] == title
    (parks / "items.toml").write_text(ITEMS.format(title=""), encoding="utf-8")
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=r"department\.title"):
            remembered.loaded_from_memory(configuration(tmp_path, parks=parks))


class Watched:
    """Settings, of which it is noted what was read."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._read = settings, set[str]()

    def __getattr__(self, name: str) -> Any:
        self._read.add(name)
        return getattr(self._settings, name)


def test_the_checks_look_at_no_other_settings_than_those_by_which_they_are_remembered() -> None:
    full = configure(ROOT / "plugins.toml")
    settings: Any = Watched(full.configuration.settings)
    full.configuration = replace(full.configuration, settings=settings)
    for module, name in remembered.CHECKS:
        assert not [one for one in getattr(module, name)(full) if not one.warning]
    assert settings._read == {"without", "registers"}


def test_a_door_with_other_settings_is_found_right_by_the_checks_of_the_same_plugins(tmp_path: Path) -> None:
    parks = tmp_path / "parks"
    parks.mkdir()
    (parks / "items.toml").write_text(ITEMS.format(title="Parks"), encoding="utf-8")
    for place, same in ((TRAFFIC, True), (parks, False)):
        first = configuration(tmp_path, plugin=place)
        other = replace(first, settings=replace(first.settings, breaker_failures=9))
        assert (remembered._key(first) == remembered._key(other)) == same
        without = replace(first, settings=replace(first.settings, without=frozenset({"materials"})))
        assert remembered._key(first) != remembered._key(without)


def test_checks_are_remembered_by_content_wherever_it_lies_and_by_what_else_they_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = []
    for name in ("here", "there", "changed"):
        place = tmp_path / name
        place.mkdir()
        (place / "items.toml").write_text(ITEMS.format(title="Gardens" if name == "changed" else "Parks"))
        keys.append(remembered._key(configuration(tmp_path, parks=place)))
    here, there, changed = keys
    assert here == there != changed
    apart = configuration(tmp_path, parks=tmp_path / "here")
    entry = replace(apart.entries["parks"], isolation="process")
    assert remembered._key(replace(apart, entries={"parks": entry})) != here
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    assert remembered._key(configuration(tmp_path, parks=tmp_path / "here")) != here


def searched(index: Index) -> list[Any]:
    """All that an index has of its catalogue."""
    spoken = [(one.text, one.starts, one.owners) for one in (index.spelled, index.initials)]
    return [index.codes, index.places, index.starts, index.items, index.counts, index.written, spoken]


def test_an_index_from_memory_is_the_index_of_the_same_words_alone(tmp_path: Path) -> None:
    registry = loaded(configuration(tmp_path, traffic=TRAFFIC))
    for _ in range(2):
        built = Index.build(registry.items.each(), registry.departments, kernel_synonyms())
        assert searched(remembered.index_from_memory(registry)) == searched(built)
    assert not remembered.index_from_memory(registry).search("velocipede")
    item = registry.items["zone-pass"]
    registry.items["zone-pass"] = replace(item, summary={**item.summary, "en": "Velocipede"})
    assert [hit.code for hit in remembered.index_from_memory(registry).search("velocipede")] == ["zone-pass"]


def test_a_table_from_memory_is_the_callers_own() -> None:
    text = 'one = [1, 2]\nday = 2026-01-02\nnested.a = "b"'
    first = remembered.toml_from_memory(text)
    first["one"].append(3)
    assert remembered.toml_from_memory(text) == remembered.read_toml(text) != first
    for _ in range(2):
        with pytest.raises(tomllib.TOMLDecodeError, match="line 1"):
            remembered.toml_from_memory("= 1")


def test_what_files_beside_the_items_declare_is_the_doors_own_and_is_read_anew_where_a_test_wrote_it(
    tmp_path: Path,
) -> None:
    full = loaded(configuration(tmp_path, traffic=TRAFFIC))
    folders = {"traffic": TRAFFIC}
    for _ in range(2):
        registers, advice = remembered.registers_from_memory(folders, {}), remembered.advice_from_memory(full)
        assert registers == remembered.read_registers(folders, {})
        assert advice == remembered.read_advice(full)
        assert registers.registers
        assert advice.elsewhere
        registers.registers.clear()
        advice.elsewhere.clear()
    parks = tmp_path / "parks"
    parks.mkdir()
    assert not remembered.registers_from_memory({"parks": parks}, {}).findings
    (parks / "registers.toml").write_text("[no]\n", encoding="utf-8")
    assert remembered.registers_from_memory({"parks": parks}, {}).findings


def test_what_is_imported_later_does_the_same() -> None:
    is_valid = remembered.Later("rfc3987_syntax").is_valid_syntax
    assert is_valid("iri", "https://例子.cn/办事")
    assert not is_valid("iri", "no iri")

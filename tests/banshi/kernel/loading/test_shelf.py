"""A large city's items in files: the second start is quick and small, and offers exactly what the first did."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import orjson
import pytest

from banshi import app
from banshi.builtin.catalogue import item_files
from banshi.builtin.catalogue.routes import item_document
from banshi.builtin.catalogue.search import index_of
from banshi.foundation.findings import ConfigurationError
from banshi.foundation.time.shared_clock import SharedClock
from banshi.kernel.cases.beginning import BEGINNINGS, Beginnings
from banshi.kernel.contract.versions import API_VERSION
from banshi.kernel.loading import catalogue, item_index
from banshi.kernel.loading.configuration import Configuration, Entry
from banshi.kernel.loading.registry import Registry
from banshi.kernel.loading.settings import Settings
from banshi.testing import open_door
from tests.places import TRAFFIC

HEAD = """
[department]
code = "{code}"
title = {{ zh-CN = "档案局", en = "Archive" }}
[[units]]
code = "desk"
title = {{ zh-CN = "窗口", en = "Desk" }}
"""

RECORD = """
[[items]]
code = "{code}-{number}"
kind = "application"
unit = "desk"
visits = {visits}
title = {{ zh-CN = "档案{number}", en = "Record {number}" }}
summary = {{ zh-CN = "查阅档案。", en = "See a record." }}
audience = ["person"]
legal_days = 5
result = {{ kind = "answer", title = {{ zh-CN = "答复", en = "Answer" }} }}
form = "forms/why.json"
keywords = {{ zh-CN = ["旧文件"], en = ["old paper"] }}
process = [{{ zh-CN = "填表。", en = "Fill the form." }}]
fee = {{ amount = 500, note = {{ zh-CN = "每份", en = "each" }} }}
"""

WITH_BEHAVIOUR = """
from banshi import Application, hookimpl


class Own(Application):
    pass


@hookimpl
def banshi_handlers():
    return {"archive-0": Own()}
"""

FORM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["why"],
    "properties": {"why": {"type": "string", "minLength": 3}},
}


def write_plugin(folder: Path, code: str, count: int = 5, code_of_plugin: str = "") -> Path:
    place = folder / code
    (place / "forms").mkdir(parents=True)
    items = "".join(RECORD.format(code=code, number=number, visits=number % 2) for number in range(count))
    (place / "items.toml").write_text(HEAD.format(code=code) + items, "utf-8")
    (place / "forms" / "why.json").write_text(json.dumps(FORM), "utf-8")
    (place / "__init__.py").write_text(code_of_plugin, "utf-8")
    (place / "registers.toml").write_text("", "utf-8")
    return place


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the plugins are; a city of two items is a large one."""
    monkeypatch.setattr(item_files, "LARGE_CATALOGUE_ITEMS", 2)
    write_plugin(tmp_path, "archive", code_of_plugin=WITH_BEHAVIOUR)
    write_plugin(tmp_path, "museum")
    return tmp_path


def start(folder: Path, *names: str) -> Registry:
    entries = {name: Entry(api=API_VERSION, path=folder / name) for name in names or ("archive", "museum")}
    return app.loaded(Configuration(folder / "plugins.toml", Settings(data=folder / "data"), entries))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The plugins whose items.toml was read."""
    read: list[str] = []
    whole = catalogue.Reader.read

    def watched(self: catalogue.Reader) -> catalogue.Catalogue:
        read.append(self.plugin)
        return whole(self)

    monkeypatch.setattr(catalogue.Reader, "read", watched)
    return read


def guides(registry: Registry) -> dict[str, Any]:
    # A guide is in no database.
    platform = app.closed_platform(registry, cast("Any", SimpleNamespace(shared_clock=SharedClock())))
    platform.put(BEGINNINGS, Beginnings(registry))
    return {
        f"{item.code} {language}": item_document(platform, item, language)
        for item in registry.items.each()
        for language in ("zh-CN", "en")
    }


def test_the_second_start_reads_no_items_again_and_offers_the_same(folder: Path, reads: list[str]) -> None:
    first = start(folder)
    told = guides(first)
    assert reads == ["archive", "museum"]
    second = start(folder)
    assert reads == ["archive", "museum"]
    assert guides(second) == told
    assert second.items.codes() == first.items.codes()
    assert len(second.items) == len(first.items) == 10
    assert second.departments == first.departments
    assert {code: second.items.facts(code) for code in second.items} == {
        code: first.items.facts(code) for code in first.items
    }


def test_items_are_looked_at_one_by_one_in_any_order_and_not_kept(folder: Path) -> None:
    items = start(folder).items
    assert [item.code for item in items.each()] == list(items.codes())
    asked = ["museum-3", "archive-0", "museum-1"]
    assert [item.code for item in items.each(asked)] == asked
    assert list(items.each(())) == []
    assert not items._recent


def test_a_small_city_keeps_nothing_in_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_files, "LARGE_CATALOGUE_ITEMS", 11)
    start(folder)
    assert not (folder / "data" / "items").exists()


def test_an_item_with_behaviour_of_its_own_keeps_it_and_is_checked_at_every_start(folder: Path) -> None:
    for _ in range(2):
        registry = start(folder)
        assert type(registry.items["archive-0"].handler).__name__ == "Own"
        assert type(registry.items["archive-1"].handler).__name__ == "Application"
        assert [item.code for item in registry.items.unchecked()] == ["archive-0"]


def rewrite(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / name
        text = file.read_text("utf-8")
        assert old in text or not old
        file.write_text(text.replace(old, new) if old else new, "utf-8")

    return change


def another_file(folder: Path) -> None:
    """A file beside items.toml that was not there before."""
    (folder / "museum" / "items").mkdir()
    more = RECORD.format(code="museum", number=99, visits=1)
    (folder / "museum" / "items" / "more.toml").write_text(more, encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [
        another_file,
        rewrite("museum/items.toml", "Record 3", "Folder 3"),
        rewrite("museum/forms/why.json", '"minLength": 3', '"minLength": 4'),
        rewrite("museum/__init__.py", "", "answer = 42\n"),
        rewrite("museum/registers.toml", "", "registers = []\n"),
    ],
    ids=["another file", "items.toml", "a form", "its code", "its registers"],
)
def test_what_has_changed_is_read_and_checked_again_alone(
    folder: Path, reads: list[str], change: Callable[[Path], None]
) -> None:
    start(folder)
    change(folder)
    reads.clear()
    start(folder)
    assert reads == ["museum"]
    start(folder)
    assert reads == ["museum"]


def test_another_version_of_the_kernel_checks_everything_again(
    folder: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    start(folder)
    reads.clear()
    monkeypatch.setattr("banshi.builtin.catalogue.item_files.kernel_key", lambda: b"another")
    start(folder)
    assert reads == ["archive", "museum"]


def test_a_fault_that_came_in_later_still_stops_the_start(folder: Path) -> None:
    start(folder)
    rewrite("museum/forms/why.json", '"string"', '"text"')(folder)
    with pytest.raises(ConfigurationError) as refused:
        start(folder)
    assert {finding.plugin for finding in refused.value.findings} == {"museum"}
    assert "wrong-schema" in {finding.rule for finding in refused.value.findings}


def test_one_code_in_two_plugins_is_found_on_shelves_too(folder: Path) -> None:
    start(folder, "archive")
    start(folder, "museum")
    double = (folder / "museum" / "items.toml").read_text("utf-8").replace("museum-1", "archive-1")
    (folder / "museum" / "items.toml").write_text(double, "utf-8")
    start(folder, "museum")
    with pytest.raises(ConfigurationError) as refused:
        start(folder)
    assert [(finding.plugin, finding.rule) for finding in refused.value.findings] == [("museum", "duplicate-item")]


@pytest.mark.parametrize("content", [b"", b"{}\n", b"[1]\n", b"\xff\x00", b'{"digest": 1, "department": null}\n'])
def test_a_file_that_is_spoilt_is_made_anew(folder: Path, reads: list[str], content: bytes) -> None:
    told = guides(start(folder))
    for file in (folder / "data" / "items").iterdir():
        file.write_bytes(content)
    reads.clear()
    assert guides(start(folder)) == told
    assert reads == ["archive", "museum"]
    start(folder)
    assert reads == ["archive", "museum"]


def test_a_file_that_another_process_replaces_meanwhile_is_read_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = guides(start(folder))
    opened = os.open

    def replaced(file: Any, flags: int, *rest: Any, **more: Any) -> int:
        found = opened(file, flags, *rest, **more)
        if Path(file).suffix == ".items":
            head, _, items = Path(file).read_bytes().partition(b"\n")
            draft = Path(file).with_suffix(".new")
            draft.write_bytes(orjson.dumps({**orjson.loads(head), "more": "x" * 100}) + b"\n" + items)
            draft.replace(file)
        return found

    monkeypatch.setattr(os, "open", replaced)
    assert guides(start(folder)) == told


def test_a_folder_that_cannot_be_written_to_only_costs_time(folder: Path, reads: list[str]) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "items").write_text("not a folder")
    told = guides(start(folder))
    assert guides(start(folder)) == told
    assert reads == ["archive", "museum"] * 2


def test_a_plugin_of_which_anything_was_found_stays_in_memory(folder: Path, reads: list[str]) -> None:
    """Its warnings are told at every start."""
    misspelt = WITH_BEHAVIOUR.replace("archive", "museum").replace("    pass", "    async def reviev(self): ...")
    rewrite("museum/__init__.py", "", misspelt)(folder)
    warned = start(folder).warnings
    assert {finding.plugin for finding in warned} == {"museum"}
    reads.clear()
    assert start(folder).warnings == warned
    assert reads == ["museum"]


def test_only_so_many_items_stay_in_memory_and_the_one_asked_for_is_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_index, "MAX_RECENT_ITEMS", 2)
    items = start(folder).items
    item = items["museum-0"]
    assert items["museum-0"] is item
    for number in (1, 2, 3):
        assert items[f"museum-{number}"].title["en"] == f"Record {number}"
    assert items["museum-0"] is not item
    assert items.get("nothing") is None
    assert "nothing" not in items


def test_the_index_of_a_search_is_read_from_its_file_and_finds_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = index_of(start(folder))
    monkeypatch.setattr("banshi.builtin.catalogue.search.Index.build", None)
    kept = index_of(start(folder))
    for words in ("record 3", "旧文件", "jwj", "dangan", "recrod", "lost", "archive"):
        assert kept.search(words) == built.search(words)
    assert built.search("旧文件")


@pytest.mark.parametrize("spoil", [lambda whole: whole[:-9], lambda _: b"{}\n", lambda _: b"\0" * 100])
def test_an_index_that_is_spoilt_is_made_anew(folder: Path, spoil: Callable[[bytes], bytes]) -> None:
    hits = index_of(start(folder)).search("record 3")
    file = folder / "data" / "items" / "search.index"
    whole = file.read_bytes()
    file.write_bytes(spoil(whole))
    assert index_of(start(folder)).search("record 3") == hits
    assert file.read_bytes() == whole


def test_an_index_of_other_items_is_not_taken(folder: Path) -> None:
    assert not index_of(start(folder)).search("folder")
    rewrite("museum/items.toml", "Record 3", "Folder 3")(folder)
    assert [hit.code for hit in index_of(start(folder)).search("folder")] == ["museum-3"]


async def test_a_case_of_an_item_on_a_shelf_goes_its_way(folder: Path) -> None:
    """Over HTTP, at the second start: guide, lists, form, case and description."""
    plugins = {"archive": folder / "archive", "museum": folder / "museum"}
    async with open_door(folder / "door", plugins) as door:
        described = (await door.anyone.get("/openapi.json")).body
        listed = (await door.anyone.get("/v1/items?limit=100")).ok()
    async with open_door(folder / "door", plugins) as door:
        assert not list(door.platform.registry.catalogues)
        assert (await door.anyone.get("/openapi.json")).body == described
        assert (await door.anyone.get("/v1/items?limit=100")).ok() == listed
        online = (await door.anyone.get("/v1/items?department=museum&fully_online=true")).ok()["items"]
        assert [row["code"] for row in online] == ["museum-0", "museum-2", "museum-4"]
        found = (await door.anyone.get(f"/v1/items?department=museum&q={quote('档案')}")).ok()["items"]
        assert len(found) == 5
        wang = door.citizen("wang")
        wrong = await wang.post("/v1/items/museum-3/cases", {"answers": {"why": "?"}})
        assert wrong.problem(422, "invalid-fields")["problems"][0]["pointer"] == "/answers/why"
        case = (await wang.post("/v1/items/museum-3/cases", {"answers": {"why": "my grandfather"}})).created()
        await door.settled()
        assert (await wang.get(f"/v1/cases/{case['id']}")).ok()["state"] == "accepted"
        work = (await door.staff("li", "museum:reviewer", "museum:approver").get("/v1/worklist")).ok()["items"]
        assert [row["id"] for row in work] == [case["id"]]


async def test_items_with_a_pass_stay_where_verifiers_find_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_files, "LARGE_CATALOGUE_ITEMS", 2)
    shutil.copytree(TRAFFIC, tmp_path / "traffic", ignore=shutil.ignore_patterns("__pycache__"))
    told = []
    for _ in range(2):
        async with open_door(tmp_path / "door", {"traffic": tmp_path / "traffic"}) as door:
            told.append((await door.anyone.get("/v1/passes/keys")).ok()["items"])
    assert told[0] == told[1]
    assert "zone-pass" in told[0]

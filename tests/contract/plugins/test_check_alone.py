"""`banshi check PLUGIN` of a plugin that is data loads no other one, and misses nothing that a whole check finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from banshi.default_plugins import default_plugins, judging_plugins
from banshi.kernel.loading.configuration import inspect_configuration
from banshi.ops.alone import is_right
from banshi.ops.cli.check import findings
from tests.places import ROOT
from tests.town.departments import NOTHING, both, department, item

SHIPPED, BROKEN = ROOT / "plugins.toml", ROOT / "tests" / "contract" / "broken" / "plugins.toml"

ITEMS = department(units={"north": both("北园", "North")}) + item(result=NOTHING)

ADVICE = """
[[elsewhere]]
code = "lost-dogs"
title = { zh-CN = "走失的狗", en = "Lost dogs" }
words = { zh-CN = ["走失的狗"], en = ["lost dog"] }
who = { zh-CN = "收容所。", en = "The shelter." }
"""

#: What another plugin has, and what may make a whole check find more of this one: files, and what is replaced in this
#: one's items.toml.
OTHERS: dict[str, tuple[dict[str, str | bytes], dict[str, str]]] = {
    "its item": ({"items.toml": ITEMS.replace('"parks"', '"ponds"')}, {}),
    "its department": ({"items.toml": ITEMS.replace('"bench"', '"swan"')}, {}),
    "its item, in a table of one line": (
        {"items.toml": "items = [{ 'code' = 'bench' }]\n" + ITEMS.partition("[[items]]")[0].replace("parks", "ponds")},
        {},
    ),
    "its page": ({"advice.toml": ADVICE}, {}),
    "what is no UTF-8": ({"items.toml": b"\xff"}, {}),
    "a role of its own": ({}, {'audience = ["person"]': 'audience = ["person"]\nreaders = ["reviewer"]'}),
    "a kind of its own": ({}, {'"application"': '"festival"'}),
}


def of_city(folder: Path, others: dict[str, str | bytes], own: str = ITEMS) -> Path:
    """A plugins.toml with `parks`, and another one after whose declarations it comes."""
    both: dict[str, dict[str, str | bytes]] = {"other": others, "parks": {"items.toml": own, "advice.toml": ADVICE}}
    for name, files in both.items():
        (folder / name).mkdir()
        for place, text in files.items():
            (folder / name / place).write_bytes(text if isinstance(text, bytes) else text.encode())
    file = folder / "plugins.toml"
    file.write_text('[plugins.other]\npath = "other"\napi = 1\n[plugins.parks]\npath = "parks"\napi = 1\n')
    return file


@pytest.mark.parametrize(("file", "least"), [(SHIPPED, 11), (BROKEN, 0)], ids=["shipped", "broken"])
def test_of_what_is_right_by_itself_a_whole_check_finds_nothing_either(file: Path, least: int) -> None:
    configuration, _ = inspect_configuration(file)
    right = {name for name in configuration.entries if is_right(file, name)}
    assert len(right) >= least
    assert not right & {finding.plugin for finding in findings(file, strict=False)[1]}


def test_a_plugin_that_shares_nothing_but_a_unit_s_code_is_right_by_itself(tmp_path: Path) -> None:
    other = ITEMS.replace('"parks"', '"ponds"').replace('"bench"', '"swan"')
    assert is_right(of_city(tmp_path, {"items.toml": other}), "parks")


@pytest.mark.parametrize("what", OTHERS)
def test_what_depends_on_another_plugin_is_left_to_a_whole_check(tmp_path: Path, what: str) -> None:
    others, replaced = OTHERS[what]
    own = ITEMS
    for old, new in replaced.items():
        own = own.replace(old, new)
    assert not is_right(of_city(tmp_path, others, own), "parks")


@pytest.mark.parametrize(
    "python",
    {
        "a hook": "from banshi import hookimpl\n\n@hookimpl\ndef banshi_routes():\n    return []\n",
        "a call": "print()\n",
        "SQL": '"""UPDATE cases SET state = 1"""\n',
        "a mistake": "def",
    }.values(),
)
def test_a_plugin_with_code_is_left_to_a_whole_check_and_none_of_it_runs(tmp_path: Path, python: str) -> None:
    file = of_city(tmp_path, {})
    assert is_right(file, "parks")
    (tmp_path / "parks" / "__init__.py").write_text(python)
    assert not is_right(file, "parks")
    (tmp_path / "parks" / "__init__.py").unlink()
    (tmp_path / "parks" / "later.py").write_text(python)
    assert not is_right(file, "parks")


@pytest.mark.parametrize("added", ["settings = { a = 1 }", 'isolation = "process"', "typo = 1"])
def test_an_entry_with_more_than_a_folder_is_left_to_a_whole_check(tmp_path: Path, added: str) -> None:
    file = of_city(tmp_path, {})
    file.write_text(file.read_text() + added + "\n")
    assert not is_right(file, "parks")


def test_an_unknown_plugin_and_a_file_that_is_not_there_are_left_to_a_whole_check(tmp_path: Path) -> None:
    assert not is_right(of_city(tmp_path, {}), "benches")
    assert not is_right(tmp_path / "nowhere.toml", "parks")


def test_every_room_that_finds_something_is_asked() -> None:
    finding = {name for name, module in default_plugins().items() if hasattr(module, "banshi_checks")}
    assert finding <= judging_plugins(()).keys()
    assert not finding <= judging_plugins({"certificates"}).keys()

"""A third language is TOMLs and nothing else: one more file beside each `zh-CN.toml`, one more text in the items'."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from banshi.foundation.sentences import Sentences
from tests.places import ROOT

HOUSE = ("platform", "libraries", "plugins", "mobile_push")

#: A text in both languages as TOMLs of departments have it.
BOTH = re.compile(r'((?:[\w-]+\.)*)zh-CN = "(?:[^"\\\n]|\\.)*"(,\s*|\n)\1en = "((?:[^"\\\n]|\\.)*)"')

#: The one module that may name them side by side.
NAMED_IN = {"platform/banshi/kernel/contract/texts.py"}


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def copied(folder: Path, *, half: bool = False) -> Path:
    """The house with xx in its TOMLs; with `half` of them only."""
    for name in HOUSE:
        left_out = shutil.ignore_patterns("__pycache__", "tests", "node_modules")
        shutil.copytree(ROOT / name, folder / name, ignore=left_out)
    for number, file in enumerate(sorted(folder.rglob("*.toml"))):
        text = file.read_text(encoding="utf-8")
        if file.name == "zh-CN.toml":
            known = [*tomllib.loads(text)][:: 2 if half else 1]
            xx = "".join(f"{quoted(english)} = {quoted(f'[xx] {english}')}\n" for english in known)
            file.with_name("xx.toml").write_text(xx, encoding="utf-8")
        elif not half or number % 2:
            file.write_text(BOTH.sub(r'\g<0>\2\1xx = "[xx] \3"', text), encoding="utf-8")
    return folder


def told_in(house: Path, folder: Path) -> dict[str, Any]:
    """What people who read xx get of it."""
    paths = (house / "platform", house / "libraries", house / "plugins", house / "plugins" / "channels", house)
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("in_xx.py")), str(folder)],
        capture_output=True,
        text=True,
        cwd=house,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))},
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_a_language_in_the_tomls_alone_is_served_on_the_api_in_chat_on_pages_and_in_notices(tmp_path: Path) -> None:
    told = told_in(copied(tmp_path / "house"), tmp_path / "city")
    api = told["api"]
    assert api["tag"] == "xx"
    assert [one for one in (*api["item"], api["not found"], *api["problem"]) if "[xx]" not in one] == []
    assert all("[xx]" in one for one in told["chat"])
    assert 'lang="xx"' in told["page"]
    assert "[xx]" in told["page"]
    assert [one for one in told["notices"] if "[xx]" not in one] == []
    assert len(told["notices"]) > 1


def test_a_language_with_half_of_the_texts_is_served_in_english_where_it_has_none(tmp_path: Path) -> None:
    told = told_in(copied(tmp_path / "house", half=True), tmp_path / "city")
    assert told["api"]["tag"] == "xx"
    assert 'lang="xx"' in told["page"]
    assert "[xx]" in told["page"]
    assert re.search(r"[\u4e00-\u9fff]{2}", json.dumps(told["api"], ensure_ascii=False)) is None
    # And `banshi check` says so, of a room and of a department's items.
    assert {one.partition(":")[0] for one in told["found"] if "English is read there" in one} >= {"platform", "traffic"}


def test_a_translator_s_odd_placeholder_is_said_and_read_in_english(tmp_path: Path) -> None:
    house = copied(tmp_path / "house")
    file = house / "platform" / "banshi" / "forms" / "xx.toml"
    english = "This is too short; the shortest length is {what}."
    wrong = file.read_text(encoding="utf-8").replace(f"[xx] {english}", "[xx] {wat} {0} {what")
    file.write_text(wrong.replace("[xx] This is required.", "[xx] {need}"), encoding="utf-8")
    told = told_in(house, tmp_path / "city")
    assert set(told["api"]["problem"]) == {"This is required."}
    assert [one for one in told["found"] if "unknown-placeholder" in one and english in one] != []


def pairs(file: Path) -> Iterator[int]:
    """The lines of a module on which both languages are keys, or the members of one list."""
    text = file.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)) if "zh-CN" in text else ():
        if isinstance(node, ast.Dict | ast.List | ast.Tuple):
            parts = node.keys if isinstance(node, ast.Dict) else node.elts
            if {"zh-CN", "en"} <= {one.value for one in parts if isinstance(one, ast.Constant)}:
                yield node.lineno


def test_no_module_but_one_has_both_languages_side_by_side() -> None:
    files = [one.relative_to(ROOT) for name in HOUSE for one in (ROOT / name).rglob("*.py")]
    files = [one for one in files if not {"tests", "migrations"} & {*one.parts}]
    assert len(files) > 1_000
    found = {one.as_posix() for one in files if [*pairs(ROOT / one)]}
    assert found == NAMED_IN


@pytest.mark.parametrize("room", sorted({one.parent for name in HOUSE for one in (ROOT / name).rglob("zh-CN.toml")}))
def test_each_sentence_names_the_same_in_chinese_as_in_english_or_what_the_code_gives_it(room: Path) -> None:
    """A name that the code doesn't give is a sentence that nobody ever reads: it falls back to English."""
    code = "\n".join(one.read_text(encoding="utf-8") for one in room.rglob("*.py"))
    for english, chinese in tomllib.loads((room / "zh-CN.toml").read_text(encoding="utf-8")).items():
        extra = {*re.findall(r"{(\w+)", chinese)} - {*re.findall(r"{(\w+)", english)}
        assert [name for name in extra if f"{name}=" not in code and f'"{name}"' not in code] == [], english


def test_a_reader_of_one_chinese_reads_no_other_where_their_own_is_there(tmp_path: Path) -> None:
    for tag, said in (("zh-CN", "简体"), ("zh-TW", "繁體")):
        (tmp_path / f"{tag}.toml").write_text(f'"Plain." = "{said}"\n', encoding="utf-8")
    told = Sentences(str(tmp_path / "sentences.py"))
    Sentences.rooms.remove(told)
    assert [told.text(one, "Plain.") for one in ("zh-CN", "zh-TW", "en", "fr")] == ["简体", "繁體", "Plain.", "Plain."]
    assert told.text("zh-HK", "Plain.") in {"简体", "繁體"}

"""What plugins import: few names in `banshi`, the rest by noun in `banshi.sdk`, each of them used and described."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import banshi
from banshi import sdk
from banshi.foundation.findings import ConfigurationError
from banshi.moved import MOVED, RENAMED, RETIRED, OldName
from banshi.testing import open_door
from tests.places import ROOT
from tools.make_reference import PAGE, described, first_sentence, reference

#: Names that a newcomer looks through; a further one needs another to leave.
MOST = 45

NOUNS = [module.name for module in pkgutil.iter_modules(sdk.__path__)]


def public(noun: str) -> Any:
    return importlib.import_module(f"banshi.sdk.{noun}")


def sources() -> str:
    """The plugins of this repository, what the documentation shows, and the whole kind that it points to."""
    files = [
        file
        for folder in ("libraries", "plugins", "mobile_push", "docs", "platform/banshi/ops/cli/template")
        for file in sorted((ROOT / folder).rglob("*"))
        if file.suffix in {".py", ".md", ".template"} and file.name != "reference.md"
    ]
    return "\n".join(file.read_text("utf-8") for file in (*files, ROOT / "tests" / "town" / "survey_plugin.py"))


def test_the_face_is_small() -> None:
    assert len(banshi.__all__) == len(set(banshi.__all__)) <= MOST


def test_importing_banshi_loads_nothing_else_of_it_and_no_library() -> None:
    """Whoever asks for a name pays for it, and nobody for the other 44."""
    loaded = "import sys; before = {*sys.modules}; import banshi; print(*sorted({*sys.modules} - before))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    of_python = {*sys.stdlib_module_names}
    assert [name for name in done.stdout.split() if name.partition(".")[0] not in of_python] == ["banshi"]


def test_the_face_tells_its_names_to_whoever_asks_what_it_has() -> None:
    assert dir(banshi) == sorted(banshi.__all__)
    assert all(getattr(banshi, name) is not None for name in banshi.__all__)


def test_a_name_is_public_in_one_place() -> None:
    names = [*banshi.__all__, *(name for noun in NOUNS for name in public(noun).__all__)]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("noun", NOUNS)
def test_every_name_of_the_sdk_is_there(noun: str) -> None:
    assert all(hasattr(public(noun), name) for name in public(noun).__all__)


def test_every_public_name_is_used_by_a_plugin_or_an_example() -> None:
    text = sources()
    imports = re.findall(r"^\s*from banshi(?:\.sdk\.\w+)? import (\([^)]*\)|.*)$", text, re.MULTILINE)
    shown = re.findall(r"`([^`\n]+)`", text)
    used = {name for one in (*imports, *shown) for name in re.findall(r"\w+", one)}
    names = {*banshi.__all__, *(name for noun in NOUNS for name in public(noun).__all__)}
    assert not sorted(names - used)


def test_the_reference_page_is_up_to_date() -> None:
    assert (ROOT / PAGE).read_text("utf-8") == reference(), "run `python tools/make_reference.py`"


def test_every_public_name_has_a_sentence() -> None:
    silent = [f"{module}.{name}" for module, name, value in described() if not first_sentence(module, name, value)]
    assert not silent


@pytest.mark.filterwarnings("ignore::banshi.moved.OldName")
@pytest.mark.parametrize("name", sorted({**MOVED, **RETIRED}))
def test_an_old_name_works_and_says_the_new_one(name: str) -> None:
    with pytest.warns(OldName, match=f"the next version has no banshi.{name}$") as caught:
        assert getattr(banshi, name) is not None
    if name in MOVED:
        new = RENAMED.get(name, name)
        assert f"from banshi.sdk.{MOVED[name]} import {new}`" in str(caught[0].message)
        assert getattr(banshi, name) is getattr(public(MOVED[name]), new)


def test_what_was_never_public_is_refused() -> None:
    with pytest.raises(AttributeError, match=r"docs/reference\.md has what a plugin may import"):
        banshi.Registry  # noqa: B018


OLD = '''"""A plugin of the version before."""

from banshi import Held, hookimpl


@hookimpl
def banshi_checks():
    return []
'''


@pytest.mark.filterwarnings("ignore::banshi.moved.OldName")
async def test_a_plugin_with_old_names_runs_and_check_says_what_to_write(tmp_path: Path) -> None:
    place = tmp_path / "parks"
    place.mkdir()
    (place / "__init__.py").write_text(OLD, encoding="utf-8")
    try:
        async with open_door(tmp_path, {"parks": place}) as door:
            (found,) = [one for one in door.platform.registry.warnings if one.rule == "old-name"]
    except ConfigurationError as error:
        pytest.fail(str(error))
    assert found.plugin == "parks"
    assert "from banshi.sdk.personal_data import PersonalTable" in found.advice


def test_import_banshi_pulls_in_neither_the_web_face_nor_plugins_nor_their_libraries() -> None:
    code = "import banshi, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    heavy = r"(banshi\.(web|kinds|store|opening|models|registry|cli|testing|sdk)|banshi_plugins|mobile_push)\b"
    heavy += r"|(aiohttp|pyfcm|google|tortoise|prometheus_client|joserfc|segno|rich|PIL)\b"
    assert not [name for name in loaded.split() if re.match(heavy, name)]

"""`banshi new --dist` makes a distribution that keeps the contract before anybody has changed it.

tests/contract/shipped/test_wheel.py builds and installs it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.contract.plugins.test_new import WITHOUT_PLUGINS, new

FILES = {
    "pyproject.toml",
    "README.md",
    "src/banshi_exit_entry/__init__.py",
    "src/banshi_exit_entry/py.typed",
    "src/banshi_exit_entry/items.toml",
    "src/banshi_exit_entry/forms/event.json",
    "tests/test_exit_entry.py",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of somebody's own, far from any plugins.toml, where the commands are run."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_makes_a_project_where_there_is_no_plugins_toml_and_says_what_to_do_next(home: Path) -> None:
    said = new("exit-entry", "--dist")
    assert said.exit_code == 0, said.output
    folder = home / "banshi-exit-entry"
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == FILES
    assert '\n[plugins.exit-entry]\npackage = "banshi_exit_entry"\napi = 1\n' in said.output
    assert "python -m pytest ./banshi-exit-entry" in said.output
    # Without the dot, pip would fetch whatever the package index has under that name.
    assert "pip wheel --no-deps --wheel-dir wheels ./banshi-exit-entry\n" in said.output
    assert "pip install wheels/banshi_exit_entry-0.1.0-py3-none-any.whl\n" in said.output
    texts = [path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()]
    assert not [text for text in texts if re.search(r"\$(\$|{|name|slug|title|pl|package|distribution)", text)]


def test_its_project_file_asks_for_this_platform_and_keeps_off_the_public_index(home: Path) -> None:
    new("parks", "--dist", "--package", "city_parks", "--into", "plugins")
    project = tomllib.loads((home / "plugins" / "city-parks" / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["name"] == "city-parks"
    assert project["project"]["dependencies"] == ["banshi>=0.2"]
    assert "Private :: Do Not Upload" in project["project"]["classifiers"]
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["src/city_parks"]


def test_its_own_test_passes_as_it_was_made_without_being_installed(home: Path) -> None:
    new("lost_property", "--dist")
    environment = {**os.environ, "PYTEST_ADDOPTS": WITHOUT_PLUGINS, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "./banshi-lost-property"]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


@pytest.mark.parametrize(
    ("package", "why"),
    [
        ("Parks", "use a-z, 0-9 and single underscores"),
        ("city-parks", "use a-z, 0-9 and single underscores"),
        ("city.parks", "use a-z, 0-9 and single underscores"),
        ("../parks", "use a-z, 0-9 and single underscores"),
        ("parks\n", "use a-z, 0-9 and single underscores"),
        ("", "use a-z, 0-9 and single underscores, and begin with a letter"),
        ("2parks", "use a-z, 0-9 and single underscores, and begin with a letter"),
        ("class", "Python has something of that name itself"),
        ("calendar", "Python has something of that name itself"),
        ("banshi_plugins", "the platform loads plugins in folders under it"),
        ("banshi", "a package of that name is installed here already"),
        ("mobile_push", "a package of that name is installed here already"),
        ("aiohttp", "a package of that name is installed here already"),
    ],
)
def test_a_package_that_cannot_be_imported_is_refused_with_what_to_do(package: str, why: str, home: Path) -> None:
    said = new("parks", "--dist", "--package", package)
    assert said.exit_code == 1
    assert f"{package!r} can't be imported: {why}" in said.output
    assert "say --package city_parks, for example" in said.output
    assert not list(home.iterdir())


def test_a_plugins_toml_that_cannot_be_read_is_told_and_nothing_is_made(home: Path) -> None:
    (home / "plugins.toml").write_text("[plugins")
    said = new("parks", "--dist")
    assert said.exit_code != 0
    assert "plugins.toml can't be read" in str(said.exception)
    assert [path.name for path in home.iterdir()] == ["plugins.toml"]


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(home: Path) -> None:
    (home / "file").touch()
    said = new("parks", "--dist", "--into", "file")
    assert said.exit_code == 1
    assert "banshi-parks can't be written: Not a directory" in said.output


def test_a_package_without_a_distribution_is_a_misuse(home: Path) -> None:
    said = new("parks", "--package", "city_parks")
    assert said.exit_code == 2
    assert "--package is for --dist" in said.output
    assert not list(home.iterdir())

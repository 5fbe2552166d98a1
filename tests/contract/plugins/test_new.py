"""`banshi new` makes a plugin that keeps the contract and whose test passes, before anybody has changed it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from banshi.ops.cli import group
from tests.places import ROOT

#: An author's home has none of these plugins of pytest, whose import takes longer than the tests.
WITHOUT_PLUGINS = " ".join(
    f"-p no:{name}" for name in ("cacheprovider", "hypothesispytest", "pytest_cov", "schemathesis", "xdist")
)


#: Libraries that the platform has behind its face, of which an author's types know nothing: half of all that is read.
UNREAD = """
[[tool.mypy.overrides]]
module = ["cryptography.*", "numpy.*", "opentelemetry.*", "redis.*", "rich.*"]
follow_imports = "skip"
follow_imports_for_stubs = true
[[tool.mypy.overrides]]
module = "banshi.*"
follow_imports = "silent"
"""


WAYS = pytest.mark.parametrize("way", [(), ("--dist",)], ids=["folder", "distribution"])


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty city: a folder with an empty plugins.toml, where the commands are run."""
    (tmp_path / "plugins.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def new(*arguments: str) -> Result:
    return CliRunner().invoke(group, ["new", *arguments])


def entry_of(said: Result) -> str:
    """The lines for plugins.toml, as they were printed."""
    return said.output[said.output.index("[plugins.") :].split("\n\n")[0] + "\n"


def test_the_lines_that_it_prints_and_the_files_that_it_makes_pass_the_strict_check(city: Path) -> None:
    said = new("lost_property")
    assert said.exit_code == 0, said.output
    assert entry_of(said) == '[plugins.lost_property]\npath = "plugins/departments/lost_property"\napi = 1\n'
    (city / "plugins.toml").write_text(entry_of(said))
    checked = CliRunner().invoke(group, ["check", "lost_property", "--strict"])
    assert (checked.exit_code, checked.output) == (0, "nothing to mend, no warnings\n")


def test_it_makes_four_files_and_says_what_to_do_next(city: Path) -> None:
    said = new("exit-entry", "--into", "city")
    folder = city / "city" / "exit_entry"
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {"__init__.py", "items.toml", "forms/event.json", "test_exit_entry.py"}
    assert "banshi check exit-entry" in said.output
    assert "python -m pytest city/exit_entry" in said.output
    assert "docs/plugins explains every file" in said.output


def test_the_behaviour_has_fewer_than_forty_lines_and_no_placeholder_is_left(city: Path) -> None:
    new("parks")
    folder = city / "plugins" / "departments" / "parks"
    assert len((folder / "__init__.py").read_text(encoding="utf-8").splitlines()) < 40
    texts = [path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()]
    assert not [text for text in texts if "$name" in text or "$slug" in text or "$title" in text or "$$" in text]


def test_the_message_that_stands_there_as_a_comment_is_right_once_it_is_none(city: Path) -> None:
    (city / "plugins.toml").write_text(entry_of(new("parks")))
    items = city / "plugins" / "departments" / "parks" / "items.toml"
    text = items.read_text(encoding="utf-8")
    begin = text.index("# [items.messages.")
    example = text[begin : text.index("\n\n", begin)]
    alive = "\n".join(line.removeprefix("# ") for line in example.splitlines())
    items.write_text(text.replace(example, alive), encoding="utf-8")
    checked = CliRunner().invoke(group, ["check", "parks", "--strict"])
    assert (checked.exit_code, checked.output) == (0, "nothing to mend, no warnings\n")
    items.write_text(text.replace(example, alive.replace("{valid_until}", "{until}")), encoding="utf-8")
    assert "unknown-placeholder" in CliRunner().invoke(group, ["check"]).output


def test_its_own_test_passes_as_it_was_made(city: Path) -> None:
    new("exit-entry")
    environment = {**os.environ, "PYTEST_ADDOPTS": WITHOUT_PLUGINS, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "plugins/departments/exit_entry"]
    done = subprocess.run(command, cwd=city, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


@pytest.mark.parametrize("name", ["fire", "exit-entry", "public_order_administration"])
def test_it_keeps_this_repositorys_style(name: str, city: Path) -> None:
    new(name)
    # As if it lay in the repository: with its settings, but nobody else sees a file there.
    for arguments in (["check"], ["format", "--check"]):
        for file in (city / "plugins").rglob("*.py"):
            shown = ROOT / file.relative_to(city)
            command = ["ruff", *arguments, "--no-cache", "--stdin-filename", str(shown), "-"]
            done = subprocess.run(
                [sys.executable, "-m", *command], input=file.read_bytes(), cwd=ROOT, capture_output=True, check=False
            )
            assert done.returncode == 0, f"{file.name}: {done.stdout.decode()}{done.stderr.decode()}"


@pytest.mark.long
def test_its_types_are_right(city: Path, pytestconfig: pytest.Config) -> None:
    """As a folder and as a distribution of its own, in one run: what takes long is the platform that both import.

    Of that mypy keeps from one run of tests to the next what it has found, where pytest keeps anything.
    """
    new("fire")
    new("fire", "--dist")
    cache = getattr(pytestconfig, "cache", None)
    kept = f"--cache-dir={cache.mkdir('mypy')}" if cache else "--no-incremental"
    (city / "mypy.toml").write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8") + UNREAD, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", "mypy.toml", kept]
    environment = {**os.environ, "MYPYPATH": f"{ROOT / 'platform'}:{city}:{city / 'banshi-fire' / 'src'}"}
    done = subprocess.run(
        [*command, "plugins/departments/fire", "banshi-fire"],
        cwd=city,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "no issues found in 4 source files" in done.stdout


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Parks", "use a-z, 0-9 and single hyphens or underscores"),
        ("2parks", "begin with a letter"),
        ("../parks", "use a-z"),
        ("parks--city", "single hyphens"),
        ("platform", "it has a meaning of its own here"),
        ("application", "it has a meaning of its own here"),
        ("class", "it has a meaning of its own here"),
        ("", "begin with a letter"),
    ],
)
@WAYS
def test_a_name_that_a_plugin_cannot_have_is_refused_with_what_to_do(
    name: str, why: str, way: tuple[str, ...], city: Path
) -> None:
    said = new(name, *way)
    assert said.exit_code == 1
    assert f"{name!r} can't be the plugin's name: " in said.output
    assert why in said.output
    assert [path.name for path in city.iterdir()] == ["plugins.toml"]


@pytest.mark.parametrize("name", ["exit-entry", "exit_entry"])
@WAYS
def test_a_name_that_plugins_toml_has_already_is_refused(name: str, way: tuple[str, ...], city: Path) -> None:
    (city / "plugins.toml").write_text('[plugins.exit-entry]\npath = "x"\napi = 7\n')
    said = new(name, *way)
    assert said.exit_code == 1
    assert "plugins.toml has a plugin of that name; take another" in said.output


@pytest.mark.parametrize(("way", "folder"), [((), "plugins/departments/parks"), (("--dist",), "banshi-parks")])
def test_a_folder_that_exists_is_left_as_it_is(way: tuple[str, ...], folder: str, city: Path) -> None:
    (city / folder).mkdir(parents=True)
    (city / folder / "notes.txt").write_text("mine")
    said = new("parks", *way)
    assert said.exit_code == 1
    assert f"{folder} exists already: take another name, or move it away" in said.output
    assert [path.name for path in (city / folder).iterdir()] == ["notes.txt"]

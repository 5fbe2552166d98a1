"""`banshi check` prints every finding at once, and its status is what a pipeline needs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from banshi.builtin.checks.code import sources
from banshi.kernel.loading.configuration import Entry
from banshi.kernel.loading.importing import import_plugin
from banshi.ops.cli import group
from tests.places import ROOT
from tests.processes import commands

BROKEN = ROOT / "tests" / "contract" / "broken" / "plugins.toml"
#: Without one, each check says that it is for development.
PROVIDER = '[platform.identity]\nissuer = "https://id.example.org"\naudience = "banshi"\n'
WECHAT = """
[plugins.wechat.settings.accounts.bureau]
appid = "wx49f0ab532d5d035a"
secret = "made-up"
token = "123456"
aes_key = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"
sign_in_url = "https://open.weixin.qq.com"
"""
GOOD = PROVIDER + '[plugins.good]\npath = "{}"\napi = 1\n'.format((BROKEN.parent / "good").as_posix())


def check(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(group, ["--config", str(config), "check", *arguments])


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A configuration with one plugin, of which some facts are not known."""
    file = tmp_path / "plugins.toml"
    file.write_text(GOOD)
    return file


def lines(said: Result) -> list[str]:
    return [line for line in said.output.splitlines() if ": " in line]


def test_nothing_wrong_is_said_in_one_line_and_is_status_0(good: Path) -> None:
    said = check(good)
    assert (said.exit_code, said.output) == (0, "nothing to mend, no warnings\n")


def test_what_is_not_known_of_an_item_is_noted_under_strict_and_a_warning_is_then_status_1(good: Path) -> None:
    said = check(good, "--strict")
    assert said.exit_code == 1
    assert said.output.startswith(
        "good: unknown-facts: items.good-item: add legal_basis, promised_days, online_depth, places, "
        "elements.item_type, "
    )
    assert "good: one-language: items.good-item: give what the form says at /properties/name" in said.output
    assert said.output.endswith("nothing to mend, 1 warning\n")


@pytest.fixture(scope="module")
def said_of_all() -> Result:
    return check(BROKEN)


def test_every_finding_of_every_plugin_is_printed_errors_first(said_of_all: Result) -> None:
    said = said_of_all
    assert said.exit_code == 1
    found = lines(said)
    assert len(found) > 100
    assert all(line.count(": ") >= 2 for line in found)
    mild = [line.endswith(("(warning)", "(note)")) for line in found]
    assert mild == sorted(mild)
    warnings = [line.endswith("(warning)") for line in found if not line.endswith("(note)")]
    assert said.output.splitlines()[-1] == f"{warnings.count(False)} to mend, {warnings.count(True)} warnings"


@pytest.mark.parametrize("strict", [(), ("--strict",)])
def test_the_shipped_list_with_an_account_of_wechats_has_nothing_to_mend(
    tmp_path: Path, strict: tuple[str, ...]
) -> None:
    shipped = (ROOT / "plugins.toml").read_text().replace('path = "plugins/', f'path = "{ROOT}/plugins/')
    file = tmp_path / "plugins.toml"
    file.write_text(shipped + WECHAT)
    said = check(file, *strict)
    assert said.exit_code == 0, said.output
    assert said.output.endswith("\nnothing to mend, no warnings\n")
    # What an operator decides, and what no law and no office has told us.
    noted = {line.split(": ")[1] for line in lines(said) if line.endswith(" (note)")}
    assert noted == {"no-provider", "for-development", *(["unknown-facts"] if strict else [])}
    assert len(lines(said)) == said.output.count(" (note)\n")


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("FROM own WHERE true ON CONFLICT (key) DO NOTHING", 0),
        ("FROM own WHERE true ON CONFLICT (key) DO UPDATE SET used = 0", 1),
        ("FROM own WHERE true ON CONFLICT (key) DO NOTHING; DELETE FROM banshi_quota", 2),
        ("FROM own", 1),
    ],
)
def test_a_migration_brings_counts_along_and_changes_none_of_the_platform_s(end: str, told: int) -> None:
    node = ast.Constant(f"INSERT INTO banshi_quota (key, used) SELECT key, used {end}")
    house = sources.House({}, {"banshi_quota": "banshi"})
    assert [rule for rule, _, _ in sources._writes(node, "own", house, {})] == ["anothers-table"] * told


BORROWER = """
from lender_of_check import KEPT, LENT
from lender_of_check.inside import LENT as INSIDE
import lender_of_check.inside
def late():
    from lender_of_check import inside, LENT as RENAMED
"""


def test_what_another_plugin_does_not_hand_out_of_its_package_is_told(tmp_path: Path) -> None:
    """Also where the name that a face has is taken of a module behind it."""
    for name, text in {
        "lender": '"""Lends."""\n\nfrom lender_of_check.inside import LENT\n\n__all__ = ["LENT"]\n\nKEPT = 2\n',
        "borrower": f'"""Borrows."""{BORROWER}',
    }.items():
        folder = tmp_path / f"{name}_of_check"
        folder.mkdir()
        (folder / "__init__.py").write_text(text)
    (tmp_path / "lender_of_check" / "inside.py").write_text('"""Inside."""\n\nLENT = 1\n')
    entries = [f'[plugins.{name}]\npackage = "{name}_of_check"\napi = 1\n' for name in ("lender", "borrower")]
    (tmp_path / "plugins.toml").write_text(PROVIDER + "".join(entries))
    whole = subprocess.run(
        [str(Path(sys.executable).with_name("banshi")), "--config", str(tmp_path / "plugins.toml"), "check"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    told = [line for line in whole.stdout.splitlines() if "anothers-module" in line]
    assert [re.findall(r"py:(\d+): do without (.*), the plugin", line)[0] for line in told] == [
        ("2", "KEPT of lender_of_check"),
        ("3", "LENT of lender_of_check.inside"),
        ("4", "lender_of_check.inside"),
        ("6", "inside of lender_of_check"),
    ], whole


def test_one_plugin_can_be_asked_about() -> None:
    said = check(BROKEN, "again")
    assert said.exit_code == 1
    assert [line.partition(": ")[0] for line in lines(said)] == ["again", "again"]


def test_a_good_plugin_beside_broken_ones_is_status_0() -> None:
    assert check(BROKEN, "good").exit_code == 0


def test_a_plugin_whose_entry_is_wrong_can_be_asked_about_too() -> None:
    assert "plugins.typo.paht is not a known key" in check(BROKEN, "typo").output


def test_one_of_the_kernels_own_plugins_can_be_asked_about(good: Path) -> None:
    assert check(good, "application").exit_code == 0


def test_an_unknown_plugin_is_told_with_what_was_meant(good: Path) -> None:
    said = check(good, "god")
    assert said.exit_code == 2
    assert "there is no plugin god in" in said.output
    assert "did you mean 'good'?" in said.output


def test_a_file_that_is_not_there_is_told_and_is_status_1(tmp_path: Path) -> None:
    said = check(tmp_path / "plugins.toml", "good")
    assert said.exit_code == 1
    assert "no-configuration: there is no" in said.output


def test_a_command_that_the_kernel_has_is_told(said_of_all: Result) -> None:
    assert "routes: duplicate-command: rename the command 'serve'" in said_of_all.output


@pytest.mark.parametrize(("age_s", "kept"), [(0, False), (60, True)], ids=["just now", "a minute ago"])
def test_of_a_file_saved_twice_within_a_second_the_second_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age_s: int, kept: bool
) -> None:
    """Bytecode knows its source by size and second. What was saved longer ago is compiled once for all starts."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    saved, entry = int(time.time()) - age_s, Entry(api=1, path=tmp_path)
    for word in ("first", "later"):
        for name, text in (("__init__", "from .words import WORD\n"), ("words", f"WORD = {word!r}\n")):
            (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
            os.utime(tmp_path / f"{name}.py", (saved, saved))
        for loaded in [name for name in sys.modules if name.startswith("banshi_plugins.twice")]:
            del sys.modules[loaded]
        runs = "first" if kept else word
        assert runs == import_plugin("twice", entry)[0].WORD
        assert (tmp_path / "__pycache__").exists() == kept


def test_as_a_process_it_has_the_same_status_and_no_colours() -> None:
    done = run("--config", str(BROKEN), "check", "again")
    assert done.returncode == 1
    assert done.stdout.endswith("2 to mend, no warnings\n")
    assert "\x1b" not in done.stdout
    assert "Traceback" not in done.stderr


def test_the_server_refuses_the_same_errors_without_a_stack() -> None:
    done = run("--config", str(BROKEN), "serve", "--port", "0")
    assert done.returncode == 2
    assert "again: duplicate-item: rename the item 'good-item': good has one of that name already" in done.stderr
    assert "Traceback" not in done.stderr


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return commands.run(Path.cwd(), *arguments)


# What a department's developer does wrong in the first hour


@pytest.fixture
def parks(tmp_path: Path) -> Path:
    """The folder of a plugin as `banshi new` makes it, listed in plugins.toml beside it."""
    config = tmp_path / "plugins.toml"
    config.write_text("")
    made = CliRunner().invoke(group, ["--config", str(config), "new", "parks", "--into", "."])
    assert made.exit_code == 0, made.output
    config.write_text('[plugins.parks]\npath = "parks"\napi = 1\n')
    return tmp_path / "parks"


def found(folder: Path) -> list[str]:
    return [line for line in lines(check(folder.parent / "plugins.toml")) if line.startswith("parks: ")]


def test_a_file_in_another_encoding_is_told_once_with_its_line_and_what_to_do(parks: Path) -> None:
    file = parks / "items.toml"
    file.write_bytes(file.read_text(encoding="utf-8").encode("gb18030"))
    [line] = found(parks)
    assert line == f"parks: unreadable: {file}: it is not in UTF-8 (line 6): save it anew in that encoding"


def test_files_with_a_byte_order_mark_are_read_as_if_it_were_not_there(parks: Path) -> None:
    for file in (parks / "items.toml", parks / "forms" / "event.json", parks.parent / "plugins.toml"):
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert found(parks) == []

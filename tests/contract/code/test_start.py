"""What a start loads: all of it is waited for, on each machine and each time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from banshi.ops.cli import COMMANDS, group
from tests.places import ROOT

#: Libraries of what not every city has, or does only now and then.
LATER = {
    *("asyncpg", "redis", "limits", "opentelemetry"),
    *("PIL", "typst", "segno", "icalendar", "signxml", "stdnum", "regex"),
    *("lxml", "pyfcm", "py_vapid", "pyreqwest", "requests", "google"),
}

#: What a command does without that opens no database, serves nobody and checks no token; each costs all who type it.
SERVING = {"aiohttp", "jsonschema_rs", "joserfc", "prometheus_client", "rich", "structlog", "tortoise"}

COMMAND = """
import json, sys
from banshi.ops.cli import main
sys.argv = ["banshi", "--config", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    print(json.dumps([end.code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""

LOADED = """
import json, sys
from pathlib import Path
from banshi.app import configure
from banshi.ops.cli.server import serve
registry = configure(Path(sys.argv[1]))
print(json.dumps([len(registry.items), sorted({name.partition(".")[0] for name in sys.modules})]))
"""

COLLECTED = """
import gc, sys
from banshi.ops.cli import main
from banshi.ops.cli.server import serve
def run(work):
    work.close()
    print(gc.isenabled(), gc.get_freeze_count() > 100_000)
serve.run = run
sys.argv = ["banshi", "--config", sys.argv[1], "serve", "--port", "0"]
main()
"""


def test_a_start_loads_no_library_that_the_city_may_never_need(tmp_path: Path) -> None:
    items, loaded = json.loads(said(LOADED, city(tmp_path)))
    assert items > 20
    assert {"aiohttp", "tortoise", "banshi", "mobile_push"} <= set(loaded)
    assert not LATER & set(loaded)


@pytest.mark.parametrize(
    ("line", "without", "told"),
    [
        ("--help", {"cryptography", "pydantic"}, "  token "),
        ("token wang --name 王", {"asyncio"}, "eyJ"),
        ("new parks --into .", {"asyncio", "cryptography"}, "Made "),
        ("new parks --dist --into .", {"asyncio", "cryptography"}, "Made "),
    ],
)
def test_a_command_loads_what_it_needs_alone(tmp_path: Path, line: str, without: set[str], told: str) -> None:
    printed, _, last = said(COMMAND, city(tmp_path), *line.split()).rstrip().rpartition("\n")
    status, loaded = json.loads(last)
    assert (status, told in printed) == (0, True)
    assert {"banshi", "click"} <= set(loaded)
    assert not (SERVING | LATER | without) & set(loaded)


def test_a_check_of_a_department_that_is_data_loads_the_code_of_no_other_plugin(tmp_path: Path) -> None:
    printed, _, last = said(COMMAND, city(tmp_path), "check", "fire").rstrip().rpartition("\n")
    status, loaded = json.loads(last)
    assert (status, printed) == (0, "nothing to mend, no warnings")
    assert {"banshi", "click"} <= set(loaded)
    assert not (LATER | {"joserfc", "mobile_push"}) & set(loaded)


def test_every_command_is_in_the_help_with_what_it_does_and_has_help_of_its_own() -> None:
    listed = CliRunner().invoke(group, ["--help"]).output
    for name in COMMANDS:
        own = CliRunner().invoke(group, [name, "--help"], prog_name="banshi")
        assert (own.exit_code, own.output.partition(" [")[0]) == (0, f"Usage: banshi {name}"), name
        assert re.search(rf"^  {name} +[A-Z]", listed, re.MULTILINE), name


def test_what_a_start_makes_is_looked_through_for_garbage_no_more_and_what_comes_later_is(tmp_path: Path) -> None:
    assert said(COLLECTED, city(tmp_path)).split() == ["True", "True"]


def city(folder: Path) -> Path:
    file = folder / "plugins.toml"
    traffic, fire = (json.dumps(str(ROOT / "plugins" / "departments" / name)) for name in ("traffic", "fire"))
    file.write_text(f"""
        [plugins.traffic]
        path = {traffic}
        api = 1
        [plugins.fire]
        path = {fire}
        api = 1
        [plugins.mobile_push]
        package = "mobile_push"
        api = 1
    """)
    return file


def said(code: str, file: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, str(file), *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout

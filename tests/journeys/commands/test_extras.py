"""What the extras bring may be absent: every command then does its work, or says in one sentence what to install."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from banshi.foundation.extras import EXTRAS, lacking
from banshi.ops.cli import group
from tests.journeys.running import whole_city
from tests.places import ROOT

#: What each extra brings; a test holds the names against those of pyproject.toml.
BROUGHT = {
    "postgres": {"asyncpg"},
    "redis": {"redis"},
    "tracing": {"opentelemetry"},
    "demo": {"flask_swagger_ui", "hpack", "numpy", "zxingcpp"},
    "insights": {"numpy"},
    "page": {"flask_swagger_ui"},
    "authors": {"pytest", "pytest_asyncio"},
}

#: Commands that serve until they are stopped: the first makes keys and tables.
SERVING = [
    "serve --port 0",
    *(f"{name}-sandbox --port 0" for name in ("push", "fcm", "webpush", "wechat", "sms")),
    *(f"channel-sandbox {name} --port 0" for name in ("qq", "weibo", "wechat")),
]

#: The others, in an order in which a newcomer may type them.
OTHERS = [
    *("commands", "check", "new parks --into parks", "hooks", "doctor", "token wang", "migrate", "chat"),
    *("register import --samples", "register list", "keys list", "audit verify", "outbox list", "webhooks list"),
    *("client list", "push report 00000000-0000-7000-8000-000000000000 --follow", "person export wang -o wang.json"),
    "insights judge",
    *("form zone-pass", "webpush-key key.pem", "wechat-menu bureau", "wechat-article bureau a.txt", "encrypt --yes"),
    *("publish --samples --url http://127.0.0.1:9", "worker", "backup saved", "restore saved", "demo --exit"),
]

#: In a new folder each of these has nothing to do, and says so: there is no token, no account, no ring, no server, no
#: PostgreSQL, and the database is there already.
REFUSED = {"push", "wechat-menu", "wechat-article", "encrypt", "publish", "worker", "restore"}


def program(absent: set[str], *arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "tests/processes/every_command.py"), ",".join(sorted(absent)), *arguments]


def lay_out(folder: Path) -> None:
    whole_city(folder)
    (folder / "a.txt").write_text("标题\n正文\n", encoding="utf-8")
    (folder / "commands.json").write_text(json.dumps([line.split() for line in OTHERS]), encoding="utf-8")


def stopped(folder: Path, absent: set[str], line: str) -> tuple[int, str]:
    """The status and what was said by one that serves, and is told to end once it does."""
    with subprocess.Popen(
        program(absent, "--", *line.split()), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        said = ""
        # Its address is the last that it says before it serves.
        while "://" not in said and (more := process.stdout.readline()):
            said += more
        process.terminate()
        said += process.communicate(timeout=200)[0]
    return process.returncode, said


def ended(folder: Path, absent: set[str]) -> Mapping[str, dict[str, Any]]:
    """What each of the others ended with, by its name."""
    done = subprocess.run(
        program(absent, "commands.json"),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=500,
    )
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(found) == len(OTHERS), done.stderr[-2000:]
    return {one["arguments"][0]: one for one in found}


def test_every_command_of_readme_and_help_is_tried_here() -> None:
    told = CliRunner().invoke(group, ["--config", str(ROOT / "plugins.toml"), "commands"]).output
    named = {line.split()[0] for line in told.splitlines() if line.strip()}
    readme = set(re.findall(r"bin/banshi (\w[\w-]*)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named | readme == {line.split()[0] for line in SERVING + OTHERS}


def test_the_extras_are_those_of_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(BROUGHT) == set(project["optional-dependencies"])
    assert {extra for module, extra in EXTRAS.items() if module.split(".")[0] in BROUGHT[extra]} == set(EXTRAS.values())


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("extras", ["", "demo"], ids=["none", "demo"])
def test_every_command_does_its_work_or_says_what_to_install(tmp_path: Path, extras: str) -> None:
    """Twenty processes from the disk, since what is absent has to be so from the first import on.

    With all extras every other test runs. Of those that serve, the demo's extra is about the first two alone.
    """
    there = set().union(*(BROUGHT[extra] for extra in extras.split()))
    absent = set().union(*BROUGHT.values()) - there
    lay_out(tmp_path)
    for line in SERVING[:2] if extras else SERVING:
        status, said = stopped(tmp_path, absent, line)
        if line.startswith("push-sandbox") and "hpack" in absent:
            assert (status, "hpack is not installed: python -m pip install 'banshi[demo]'" in said) == (1, True), said
            continue
        # A sandbox has nothing to bring to an end.
        assert status == (-signal.SIGTERM if "sandbox" in line else 0), said
        assert "Traceback" not in said
    became = ended(tmp_path, absent)
    assert not [one["seen"] for one in became.values() if one["seen"]]
    lacked = {name for name, one in became.items() if "is not installed: python -m pip install 'banshi[" in one["said"]}
    assert lacked == (set() if "zxingcpp" in there else {"demo"})
    refused = {name: one["said"] for name, one in became.items() if one["status"] != 0}
    assert set(refused) == REFUSED | lacked, refused


@pytest.mark.parametrize(
    ("setting", "module", "extra"),
    [
        ('database = "postgres://u@127.0.0.1/x"', "asyncpg", "postgres"),
        ('[platform.redis]\nurl = "redis://127.0.0.1"', "redis", "redis"),
        ('[platform.registers.vehicles]\ndatabase = "postgres://u@h/x"\nsql = "SELECT 1"', "asyncpg", "postgres"),
    ],
    ids=["database", "redis", "register"],
)
def test_a_setting_that_needs_an_extra_says_so_with_the_line_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, module: str, extra: str
) -> None:
    (tmp_path / "plugins.toml").write_text(f"[platform]\n{setting}\n", encoding="utf-8")
    monkeypatch.setitem(sys.modules, module, None)
    for command in ("check", "doctor"):
        told = CliRunner().invoke(group, ["--config", str(tmp_path / "plugins.toml"), command])
        assert f"{module} is not installed: python -m pip install 'banshi[{extra}]'" in told.output
        assert told.exit_code == 1


def test_what_is_installed_is_not_lacking() -> None:
    assert {lacking(module) for module in EXTRAS} == {""}

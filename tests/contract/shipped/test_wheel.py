"""The platform's wheel is whole; a plugin's wheel beside it, in a fresh environment, works as its folder did.

Both are really built, and installed with nothing downloaded: the fresh environment sees the libraries of the one that
runs the tests behind its own packages, through a `.pth` file.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from banshi.testing import Person
from tests.contract.plugins.test_new import WITHOUT_PLUGINS
from tests.places import ROOT

#: Longest time in seconds that a command may take here; a busy machine is no failure.
PATIENCE = 120.0

#: What the platform's wheel has beside `banshi` and `mobile_push`.
LIBRARIES = ("charts", "feeds", "likeness", "lines", "names", "questions", "sandboxes", "wire")
CHANNELS = (
    *("desk", "conversations", "web_site", "wechat", "qq", "weibo", "http_channel", "channel_figures"),
    *("hotline_asterisk", "sms", "hotline"),
)

#: Files of the plugin's package in its wheel.
PACKED = (
    *("__init__.py", "py.typed", "items.toml", "registers.toml"),
    *("forms/event.json", "forms/berth.json", "registers/berths.sample.csv"),
)

MOBILE_PUSH = """
[plugins.mobile_push]
package = "mobile_push"
api = 1
"""

BERTHS = """
[[registers]]
code = "berths"
title = { zh-CN = "泊位登记", en = "Register of berths" }
keys = ["berth"]
columns = [
  { name = "berth", title = { zh-CN = "泊位", en = "Berth" } },
  { name = "until", title = { zh-CN = "租期至", en = "Let until" }, type = "date" },
]
"""

BERTHS_ITEM = """
[[items]]
code = "harbour-berth"
kind = "query"
title = { zh-CN = "泊位查询", en = "Until when a berth is let" }
summary = { zh-CN = "查询泊位租到哪一天。", en = "See until when a berth is let." }
audience = ["person"]
legal_basis = [{ title = { zh-CN = "中华人民共和国港口法", en = "Port Law of the People's Republic of China" } }]
promised_days = 0
form = "forms/berth.json"
result = { kind = "answer", title = { zh-CN = "租期", en = "The lease" } }
query = { register = "berths", personal = false }

[items.elements]
item_type = "public-service"
basic_code = "000000000000"
implementation_code = "0000000000000000000000000000000"
exercise_level = "city"
power_source = "own-level"
result_type = "other"
handling_type = "immediate"
service_area = "city"
complaints = { zh-CN = "000-0000000（示例）", en = "000-0000000 (sample)" }

[items.online_depth]
code = "IV"
code_list = "国家政务服务事项网上办理深度"

[[items.places]]
title = { zh-CN = "港务科（示例）", en = "Harbour office (sample)" }
address = { zh-CN = "示例市示例路1号", en = "1 Sample Road, Sample City" }
phone = "000-0000000"
"""

BERTH_FORM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["berth"],
    "properties": {
        "berth": {"type": "string", "title": {"zh-CN": "泊位", "en": "Berth"}, "pattern": "^[A-Z][0-9]{2}$"},
    },
}

#: Prints what the two distributions ask for and the environment has not.
REQUIREMENTS = """
from importlib.metadata import PackageNotFoundError, requires, version
from packaging.requirements import Requirement

for name in ("banshi", "banshi-harbour"):
    for asked in map(Requirement, requires(name) or ()):
        if asked.marker is None or asked.marker.evaluate({"extra": ""}):
            try:
                right = version(asked.name) in asked.specifier
            except PackageNotFoundError:
                right = False
            if not right:
                print(f"{name} asks for {asked}")
"""

#: Prints where Python looks, and the files of the three packages.
PLACES = """
import json, sys
import banshi, banshi_harbour, mobile_push
print(json.dumps([sys.path, [one.__file__ for one in (banshi, banshi_harbour, mobile_push)]]))
"""

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


def clean_environment() -> dict[str, str]:
    """Without what would let a process find the repository, or ask a package index; libraries stay compiled."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_", "COV_", "UV_"))}
    kept |= {name: value for name, value in os.environ.items() if name == "PYTHONPYCACHEPREFIX"}
    return {**kept, "PIP_NO_COMPILE": "1", "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def run(*command: str | Path, cwd: Path) -> str:
    """What a command says that has to succeed."""
    done = subprocess.run(
        command, cwd=cwd, env=clean_environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def built(project: Path, into: Path) -> Path:
    """The wheel of a project, made by the backend that its pyproject.toml names, which is installed here."""
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", into, cwd=project)
    (wheel,) = into.glob("*.whl")
    return wheel


# -- both wheels ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Installation:
    """A fresh environment with both wheels, the folder of a city that runs on it, and the plugin's project."""

    environment: Path
    city: Path
    project: Path

    @property
    def wheel(self) -> Path:
        """The platform's."""
        (found,) = (self.environment.parent / "platform").glob("*.whl")
        return found

    @property
    def python(self) -> Path:
        return self.environment / "bin" / "python"

    def banshi(self, *arguments: str) -> str:
        return run(self.environment / "bin" / "banshi", *arguments, cwd=self.city)


def make_home(home: Path) -> None:
    """What `banshi new harbour --dist` makes, with a register, its sample and a form of its own added."""
    home.mkdir()
    command = [sys.executable, "-c", "from banshi.ops.cli import main; main()", "new", "harbour", "--dist"]
    said = subprocess.run(command, cwd=home, capture_output=True, text=True, check=True).stdout
    (home / "entry.toml").write_text(said[said.index("[plugins.") :].split("\n\n")[0] + "\n", encoding="utf-8")
    package = home / "banshi-harbour" / "src" / "banshi_harbour"
    with (package / "items.toml").open("a", encoding="utf-8") as items:
        items.write(BERTHS_ITEM)
    (package / "registers.toml").write_text(BERTHS, encoding="utf-8")
    (package / "registers").mkdir()
    (package / "registers" / "berths.sample.csv").write_text("berth,until\nA01,2027-02-28\n", encoding="utf-8")
    (package / "forms" / "berth.json").write_text(json.dumps(BERTH_FORM), encoding="utf-8")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Both wheels in a fresh environment, made once for all processes of a run. The plugin's sources are gone by
    then."""
    base = tmp_path_factory.getbasetemp()
    base = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "wheels"
    installation = Installation(base / "environment", base / "city", base / "home" / "banshi-harbour")
    with base.with_suffix(".lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if not (base / "whole").exists():
            # Whoever began it has failed, and said why.
            shutil.rmtree(base, ignore_errors=True)
            base.mkdir()
            install(installation, base)
            (base / "whole").touch()
    return installation


def install(installation: Installation, base: Path) -> None:
    make_home(installation.project.parent)
    wheels = [built(ROOT, base / "platform"), built(installation.project, base / "harbour")]
    (installation.project / "src").rename(base / "away")
    venv.create(installation.environment, with_pip=False, symlinks=True)
    (site,) = installation.environment.glob("lib/python*/site-packages")
    # Its own packages come first; a line of a .pth file brings no editable installation of that folder along.
    libraries = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    (site / "libraries.pth").write_text("\n".join(libraries) + "\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(installation.python), "install", "--quiet"]
    run(*pip, "--no-deps", "--ignore-installed", *wheels, cwd=base)
    installation.city.mkdir()
    entry = (installation.project.parent / "entry.toml").read_text(encoding="utf-8")
    (installation.city / "plugins.toml").write_text(f"{entry}\n{MOBILE_PUSH}", encoding="utf-8")


def test_the_wheel_of_the_platform_has_every_file_of_its_packages_and_nothing_else(installed: Installation) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = set(wheel.namelist())
        packed = {name for name in names if ".dist-info/" not in name}
        there = {
            file.relative_to(base).as_posix()
            for base, package in (
                (ROOT / "platform", "banshi"),
                (ROOT, "mobile_push"),
                *((ROOT / "libraries", name) for name in LIBRARIES),
                *((ROOT / "plugins" / "channels", name) for name in CHANNELS),
                (ROOT / "plugins", "insights"),
                (ROOT / "plugins", "refutations"),
                (ROOT / "plugins", "road"),
            )
            for file in (base / package).rglob("*")
            if file.is_file() and "__pycache__" not in file.parts
        }
        assert packed == there
        # What a list of Python files would forget; and no test, which belongs to the repository.
        suffixes = {Path(name).suffix for name in packed} | {Path(name).name for name in packed}
        assert {".otf", ".ttf", ".txt", ".toml", ".typ", ".template", "py.typed", "0001_initial.py"} <= suffixes
        assert not [name for name in packed if re.search(r"(^|/)(tests?/|test_\w+\.py$|conftest\.py$)", name)]
        (entry_points,) = (name for name in names if name.endswith(".dist-info/entry_points.txt"))
        assert "banshi = banshi.ops.cli:main" in wheel.read(entry_points).decode()
        assert any(name.endswith("licenses/LICENSE") for name in names)


def test_banshi_and_the_plugin_come_from_their_wheels(installed: Installation) -> None:
    path, files = json.loads(run(installed.python, "-c", PLACES, cwd=installed.city))
    for file in files:
        assert Path(file).is_relative_to(installed.environment), file
    assert not [folder for folder in path if folder and Path(folder) in (ROOT, ROOT / "platform")]
    script = "from importlib.metadata import files; print(*files('banshi-harbour'), sep='\\n')"
    packed = set(run(installed.python, "-c", script, cwd=installed.city).split())
    assert {f"banshi_harbour/{name}" for name in PACKED} <= packed


def test_what_both_wheels_ask_for_is_there(installed: Installation) -> None:
    """What pip would have fetched, had it been let, is what the repository's own environment has."""
    missing = run(installed.python, "-c", REQUIREMENTS, cwd=installed.city)
    assert missing == ""


def test_its_items_form_and_register_pass_the_strict_check_from_the_wheel(installed: Installation) -> None:
    assert installed.banshi("check", "harbour", "--strict") == "nothing to mend, no warnings\n"
    assert re.search(r"banshi_handlers\n.*\n  used by: harbour", installed.banshi("hooks"))


def test_its_own_test_passes_against_the_wheel(installed: Installation) -> None:
    options = ["-q", *WITHOUT_PLUGINS.split(), "-o", "pythonpath="]
    assert "3 passed" in run(installed.python, "-m", "pytest", *options, cwd=installed.project)


async def test_its_journey_works_over_http_from_the_application_to_the_pass(installed: Installation) -> None:
    assert "berths: 1 record" in installed.banshi("register", "import", "--samples")
    async with served(installed) as (anyone, wang, li):
        item = (await anyone.get("/v1/items/harbour-event")).ok()
        assert item["title"] == "公共场地活动许可"
        case = (await wang.post("/v1/items/harbour-event/cases", {"answers": await answers(wang)})).created()
        await in_state(wang, case["id"], "accepted")
        assert (await li.post(f"/v1/cases/{case['id']}/actions/approve")).ok()["state"] == "approved"
        assert (await wang.get(f"/v1/cases/{case['id']}/pass.svg")).status == 200
        large = {"answers": await answers(wang, people=1000)}
        refused = (await wang.post("/v1/items/harbour-event/cases", large)).created()
        await in_state(wang, refused["id"], "refused")
        found = (await wang.post("/v1/items/harbour-berth/query", {"question": {"berth": "A01"}})).ok()
        assert "2027-02-28" in json.dumps(found)
        inbox = (await wang.get("/v1/inbox")).ok()
        assert len(inbox["items"]) >= 2, inbox


async def answers(person: Person, **changes: Any) -> Mapping[str, Any]:
    day = str(date.today() + timedelta(days=30))
    plan = (await person.upload(name="plan.png")).created()["id"]
    right = {"place": "riverside", "first_day": day, "last_day": day, "people": 80, "purpose": "读书会"}
    return {**right, "phone": "13800000000", "plan": plan, **changes}


async def in_state(person: Person, case: str, state: str) -> None:
    """Wait until the plugin's own review has moved the case."""
    for _ in range(200):
        if (await person.get(f"/v1/cases/{case}")).ok()["state"] == state:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"the case is not {state} after ten seconds")


@asynccontextmanager
async def served(installed: Installation) -> AsyncIterator[tuple[Person, Person, Person]]:
    """`banshi serve` of the fresh environment: anybody, a citizen and an approver at its door."""
    wang = installed.banshi("token", "wang").strip()
    li = installed.banshi("token", "li", "--role", "harbour:approver").strip()
    process = await asyncio.create_subprocess_exec(
        *(installed.environment / "bin" / "banshi", "serve", "--port", "0"),
        cwd=installed.city,
        env=clean_environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        url = await asyncio.wait_for(address(process), PATIENCE)
        async with aiohttp.ClientSession() as session:
            yield Person(session, url, None), Person(session, url, wang), Person(session, url, li)
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0


async def address(process: asyncio.subprocess.Process) -> str:
    """Where it serves, once it says so."""
    assert process.stdout is not None
    seen = ""
    while not (found := re.search(r"http://127\.0\.0\.1:\d+", seen)):
        line = (await process.stdout.readline()).decode()
        assert line, f"it ended after {seen!r}"
        seen += line
    return found[0]

"""What a start loads: all of it is waited for, on each machine and each time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: Libraries of what not every city has, or does only now and then.
LATER = {
    *("asyncpg", "redis", "limits", "opentelemetry"),
    *("PIL", "typst", "segno", "icalendar", "signxml", "stdnum", "regex"),
    *("lxml", "pyfcm", "py_vapid", "pyreqwest", "requests", "google"),
}

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


def test_what_a_start_makes_is_looked_through_for_garbage_no_more_and_what_comes_later_is(tmp_path: Path) -> None:
    assert said(COLLECTED, city(tmp_path)).split() == ["True", "True"]


def city(folder: Path) -> Path:
    file = folder / "plugins.toml"
    traffic = json.dumps(str(ROOT / "plugins" / "departments" / "traffic"))
    file.write_text(f"""
        [plugins.traffic]
        path = {traffic}
        api = 1
        [plugins.mobile_push]
        package = "mobile_push"
        api = 1
    """)
    return file


def said(code: str, file: Path) -> str:
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True)
    return done.stdout

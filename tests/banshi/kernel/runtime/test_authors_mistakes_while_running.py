"""What a plugin does to others while it runs is told to its author with plugin, item, file and line, and bounded."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from banshi.ops.cli import group
from banshi.testing import Door, open_door

CODE = '''

import time
from datetime import UTC, datetime

from banshi import Answer, Audience, Call, reply
from banshi.sdk.events import LISTENERS, Listener, event_rows
from banshi.sdk.events import Event as Happened
from banshi.sdk.http import Routes

from banshi import Offer

ROUTES = Routes("parks")


@ROUTES.get("/v1/parks/benches", Audience.ANYONE, {200: Answer("Benches.")})
async def list_benches(call: Call):
    """Show the benches."""
    return reply(call, {"benches": ["x" * 1024] * 17 * 1024})


@ROUTES.get("/v1/parks/paths", Audience.ANYONE, {200: Answer("Paths.")})
async def list_paths(call: Call):
    """Show the paths."""
    return reply(call, {}, headers={"X-Paths": "x" * 5000})


@ROUTES.get("/v1/parks/trees", Audience.ANYONE, {200: Answer("Trees.")})
async def list_trees(call: Call):
    """Show the trees."""
    data = {"trees": ["oak"] * 4000}
    event_rows(call.platform, Happened(id="1", type="parks.tree", at=datetime.now(UTC), subject="1", data=data))
    return reply(call, {})


async def hear(platform, events):
    pass


@hookimpl
def banshi_offers():
    return [Offer(LISTENERS, Listener(hear))]


@hookimpl
def banshi_routes():
    return ROUTES
'''


WAITS = 'time.sleep(1.5) if submission.answers["purpose"] == "wait" else None'


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    (tmp_path / "plugins.toml").write_text("")
    CliRunner().invoke(group, ["--config", str(tmp_path / "plugins.toml"), "new", "parks", "--into", "."])
    file = tmp_path / "parks" / "__init__.py"
    text = file.read_text(encoding="utf-8").replace("        first, last", f"        {WAITS}\n        first, last")
    file.write_text(text + CODE, encoding="utf-8")
    async with open_door(tmp_path, {"parks": tmp_path / "parks"}) as one:
        yield one


def line_of(folder: Path, words: str) -> str:
    file = folder / "parks" / "__init__.py"
    lines = file.read_text(encoding="utf-8").splitlines()
    return f"{file}:{next(number for number, line in enumerate(lines, 1) if words in line)}"


async def test_a_handler_that_holds_the_loop_is_told_with_its_item_and_line_while_it_does(
    door: Door, tmp_path: Path
) -> None:
    wang = door.citizen("wang")
    day = str(door.platform.today() + timedelta(days=30))
    answers = {"place": "riverside", "first_day": day, "last_day": day, "people": 8, "purpose": "wait"}
    answers |= {"phone": "13800000000", "plan": (await wang.upload()).created()["id"]}
    with capture_logs() as logs:
        (await wang.post("/v1/items/parks-event/cases", {"answers": answers})).created()
    (told,) = [one for one in logs if one["event"] == "a plugin holds the loop"]
    assert (told["plugin"], told["item"]) == ("parks", "parks-event")
    assert told["where"] == line_of(tmp_path, "time.sleep(1.5)")
    assert told["mistake"].startswith("validate holds the event loop, and nobody is answered: await what waits")
    metrics = (await door.anyone.get("/metrics")).body.decode()
    assert 'banshi_loop_held_total{plugin="parks"} 1.0' in metrics


@pytest.mark.parametrize(
    ("what", "told"),
    [
        (
            "benches",
            r"GET /v1/parks/benches answers \d{8} bytes, and 16777216 at most .*: give it PAGE_PARAMETERS",
        ),
        ("paths", r"GET /v1/parks/paths answers headers of 5\d{3} bytes, and .*: put what X-Paths says into the body"),
        ("trees", r"GET /v1/parks/trees tells an event parks\.tree with 24\d{3} bytes of data, and 16384 .*: put ids"),
    ],
)
async def test_a_route_that_answers_or_tells_too_much_is_told_to_its_author_alone(
    door: Door, tmp_path: Path, what: str, told: str
) -> None:
    with capture_logs() as logs:
        problem = (await door.anyone.get(f"/v1/parks/{what}")).problem(500, "internal-error")
    assert "mistake" not in problem
    (failed,) = [one for one in logs if one["event"] == "a plugin's route failed"]
    assert (failed["plugin"], failed["operation"]) == ("parks", f"list_{what}")
    assert re.match(told, failed["mistake"])
    place, _, number = failed["where"].rpartition(":")
    expected, _, first = line_of(tmp_path, f"/v1/parks/{what}").rpartition(":")
    assert (place, int(number)) == (expected, int(first))

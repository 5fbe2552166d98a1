"""The traffic police's vehicle pass, its code unchanged, in a process of its own: the same answers to everybody.

The plugin as a whole has tables and routes and is refused there; what decides about a pass has neither. So these tests
take `zone_pass.py` byte for byte, with the zones that are closed read from nowhere.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest

from banshi.app import inspected
from banshi.builtin.passes.wire import base45
from banshi.kernel.loading.configuration import Configuration, Entry
from banshi.kernel.loading.settings import Settings
from banshi.testing import Door, open_door
from tests.places import TRAFFIC
from tests.town.zone_pass import FIRST_DAY

Answers = Callable[..., Awaitable[dict[str, Any]]]

HOOKS = """
from banshi import hookimpl

from .zone_pass import TrafficSettings, ZonePass


@hookimpl
def banshi_settings():
    return TrafficSettings


@hookimpl
def banshi_handlers(settings):
    return {"zone-pass": ZonePass(settings)}
"""

#: Zone 4 is closed.
MODELS = """
class _Closed:
    def __init__(self, zones):
        self.zones = zones

    async def values_list(self, *fields, flat):
        return [zone for zone in self.zones if zone == "4"]


class ZoneClosure:
    @staticmethod
    def filter(zone__in):
        return _Closed(zone__in)
"""

#: What is another one in each run: identifiers, numbers, times of the clock.
PASSING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{8}-\w{4}-\w{4}|\d{4}-\d\d-\d\dT[0-9:.]+(\+08:00|Z)?")


def pass_alone(folder: Path) -> Path:
    """The plugin without its tables and routes."""
    place = folder / "traffic"
    shutil.copytree(TRAFFIC, place, ignore=shutil.ignore_patterns("migrations", "zones.py", "__pycache__"))
    (place / "__init__.py").write_text(HOOKS, encoding="utf-8")
    (place / "models.py").write_text(MODELS, encoding="utf-8")
    # The zones' list goes with its route.
    form = place / "forms" / "zone-pass.json"
    form.write_text(re.sub(r"\n *\"x-choices\".*", "", form.read_text(encoding="utf-8")), encoding="utf-8")
    assert (place / "zone_pass.py").read_bytes() == (TRAFFIC / "zone_pass.py").read_bytes()
    return place


async def told(door: Door, answers: Answers) -> list[Any]:
    """All that a citizen, an officer and a verifier hear on the way of some passes."""
    wang, chen = door.citizen("wang", "王小明"), door.staff("chen", "traffic:approver", "traffic:reviewer")
    over = await answers(wang, valid_from="2020-01-01", valid_until="2019-01-01")
    long = (FIRST_DAY + timedelta(days=60)).isoformat()
    wrong, many = await answers(wang, valid_until=long, zones=["2", "4"]), await answers(wang, valid_until=long)
    refused = [await wang.post("/v1/items/zone-pass/cases", {"answers": given}) for given in (over, wrong, many)]
    heard: list[Any] = [reply.problem(422, "invalid-fields") for reply in refused]
    for changes in ({"vehicle_class": "heavy-truck", "hours": "9-17"}, {"vehicle_class": "light-truck"}):
        given = await answers(wang, **changes)
        case = (await wang.post("/v1/items/zone-pass/cases", {"answers": given})).created()
        await door.settled()
        heard.append((await wang.get(case["links"]["self"])).ok())
    link = case["links"]["self"]
    await chen.post(f"{link}/actions/start-review")
    heard.append((await chen.post(f"{link}/actions/approve")).ok())
    text = (await wang.get(f"{link}/pass.txt")).body.decode()
    claims = cbor2.loads(cbor2.loads(base45.decode(text.removeprefix("BS1:"))).value[2])
    return [*heard, claims[-65537][2:]]


@pytest.mark.usefixtures("from_disk")
async def test_it_says_the_same_to_everybody_as_in_the_platform_s_process(tmp_path: Path, answers: Answers) -> None:
    place = pass_alone(tmp_path)
    heard = []
    for where, isolated in (("within", {}), ("apart", {"traffic": {}})):
        (tmp_path / where).mkdir()
        async with open_door(
            tmp_path / where, {"traffic": place}, isolated=isolated, settings={"traffic": {"longest_days": 60}}
        ) as door:
            heard.append(PASSING.sub("…", repr(await told(door, answers))))
    assert heard[0] == heard[1]
    assert "最长60天" in heard[0]
    assert "该区域已关闭" in heard[0]
    assert "王*明" in heard[0]


def test_the_plugin_with_its_tables_and_routes_is_refused_and_the_ones_that_are_data_are_not() -> None:
    entries = {name: Entry(api=1, path=TRAFFIC.parent / name, isolation="process") for name in ("traffic", "narcotics")}
    full, found = inspected(Configuration(Path("plugins.toml"), Settings(), entries))
    refused = {(one.plugin, re.search(r"banshi_\w+", one.advice)[0]) for one in found if one.rule == "not-isolable"}  # type: ignore[index]
    assert refused == {
        ("traffic", hook) for hook in ("banshi_tables", "banshi_routes", "banshi_resources", "banshi_offers")
    }
    assert not [one for one in found if one.plugin == "narcotics" and not one.warning]
    assert "narcotics" in full.departments


@pytest.mark.parametrize("package", ["mobile_push", "email.mime", "json.decoder", "no_such_thing"])
def test_a_package_is_found_without_running_any_of_its_code(package: str) -> None:
    from banshi.kernel.loading.importing import folder_of

    entry = Entry(api=1, package=package, isolation="process")
    if package in {"json.decoder", "no_such_thing"}:
        with pytest.raises(ImportError):
            folder_of(entry)
    else:
        assert folder_of(entry).is_dir()

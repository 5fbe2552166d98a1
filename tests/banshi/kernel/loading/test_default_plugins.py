"""What Banshi consists of comes through the hooks that any plugin has, and a part of it may be left out."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

import banshi
from banshi import default_plugins as default_plugins_module
from banshi.default_plugins import DEFAULT_PLUGINS, OPTIONAL, PREFIX, default_plugins
from banshi.foundation.errors import InvalidFields
from banshi.foundation.findings import ConfigurationError
from banshi.kernel.cases.materials import NONE
from banshi.kernel.loading.configuration import PLUGIN_NAME
from banshi.kernel.loading.settings import Settings
from banshi.kernel.loading.typed_tables import SettingsError, typed
from banshi.testing import Door, open_door
from tests.places import DEPARTMENTS
from tests.town import departments

ROOMS = Path(banshi.__file__).parent

#: A department that needs nothing of what may be left out.
PLAIN = departments.department() + departments.item(
    version=1, fields={"why": {"type": "string", "title": "缘由"}}, required=["why"]
)

#: The routes that go with each of them.
GONE = {
    "certificates": {"/v1/cases/{id}/certificate.pdf", "/v1/certificates/verify"},
    "isolation": set(),
    "materials": {"/v1/items/{code}/materials"},
    "monitoring": {"/healthz", "/readyz", "/metrics"},
    "tracing": set(),
}


def department(folder: Path, more: str = "") -> dict[str, Path | str]:
    return {"parks": departments.write(folder, PLAIN + more)}


def paths(door: Door) -> set[str]:
    return {route.path for _, route in door.platform.registry.routes}


def test_every_room_with_hooks_is_a_default_plugin() -> None:
    capabilities = {f"banshi.builtin.{one.parent.name}" for one in (ROOMS / "builtin").glob("*/plugin.py")}
    rooms = capabilities | {f"banshi.kinds.{one.parent.name}" for one in (ROOMS / "kinds").glob("*/__init__.py")}
    assert rooms == {one.removesuffix(".plugin") for one in DEFAULT_PLUGINS if ".kernel." not in one}


@pytest.mark.parametrize("module", DEFAULT_PLUGINS)
def test_a_default_plugin_hands_something_over(module: str) -> None:
    hooks = [name for name in vars(import_module(module)) if name.startswith("banshi_")]
    assert hooks, f"{module} has no hook, so nothing of it is ever used"


def test_no_department_can_have_the_name_of_a_capability() -> None:
    names = [name for name in default_plugins() if name.startswith(PREFIX)]
    assert len(names) > len(OPTIONAL)
    assert not [name for name in names if PLUGIN_NAME.match(name)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The paths of a city that leaves nothing out."""
    folder = tmp_path_factory.mktemp("whole")
    async with open_door(folder, department(folder)) as door:
        return paths(door)


@pytest.mark.parametrize("room", sorted(OPTIONAL))
async def test_a_city_that_leaves_a_capability_out_does_all_the_rest(
    tmp_path: Path, whole: set[str], room: str
) -> None:
    async with open_door(tmp_path, department(tmp_path), platform={"without": frozenset({room})}) as door:
        assert whole - paths(door) == GONE[room]
        description = (await door.anyone.get("/openapi.json")).ok()
        assert not GONE[room] & description["paths"].keys()
        operations = {one["operationId"] for path in description["paths"].values() for one in path.values()}
        assert {one["operationId"] for one in links(description)} <= operations
        citizen, clerk = door.citizen("wang"), door.staff("li", "parks:approver")
        case = (await citizen.post("/v1/items/bench/cases", {"answers": {"why": "每天都坐在那里"}})).created()
        await door.settled()
        assert (await clerk.post(f"/v1/cases/{case['id']}/actions/approve")).ok()["state"] == "approved"
        for path in GONE[room]:
            assert (await citizen.get(path.format(id=case["id"], code="bench"))).status == 404


def links(part: Any) -> list[Any]:
    """All links of a description that name an operation."""
    if isinstance(part, list):
        return [found for one in part for found in links(one)]
    if not isinstance(part, dict):
        return []
    own = [one for one in part["links"].values() if "operationId" in one] if isinstance(part.get("links"), dict) else []
    return own + [found for one in part.values() for found in links(one)]


async def test_the_essential_and_one_kind_take_a_case_to_its_decision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = (*default_plugins_module.ESSENTIAL, "banshi.kinds.application")
    monkeypatch.setattr(default_plugins_module, "DEFAULT_PLUGINS", alone)
    async with open_door(tmp_path, department(tmp_path)) as door:
        handed = {name for users in door.platform.registry.hooks.values() for name in users}
        essential = ["leading", "limits", "cases", "identity", "http", "outbox"]
        assert handed == {"application", *(f"banshi.{room}" for room in essential)}
        citizen, clerk = door.citizen("wang"), door.staff("li", "parks:approver")
        case = (await citizen.post("/v1/items/bench/cases", {"answers": {"why": "每天都坐在那里"}})).created()
        await door.settled()
        assert (await clerk.post(f"/v1/cases/{case['id']}/actions/approve")).ok()["state"] == "approved"
        assert (await citizen.get(f"/v1/cases/{case['id']}")).ok()["state"] == "approved"


async def refused(folder: Path, plugins: dict[str, Path | str], room: str, **more: Any) -> list[str]:
    """What is said of a start without that capability."""
    with pytest.raises(ConfigurationError) as caught:
        async with open_door(folder, plugins, platform={"without": frozenset({room})}, **more):
            pass
    return [str(one) for one in caught.value.findings if one.rule == "left-out"]


async def test_an_item_that_ends_in_a_certificate_needs_certificates(tmp_path: Path) -> None:
    found = await refused(tmp_path, {"fire": DEPARTMENTS / "fire"}, "certificates")
    assert found
    assert all(one.startswith("fire: left-out: ") and "certificate needs it" in one for one in found)


async def test_an_item_whose_files_may_come_from_an_earlier_case_needs_materials(tmp_path: Path) -> None:
    found = await refused(tmp_path, {"household": DEPARTMENTS / "household"}, "materials")
    assert found
    assert all("which may come from an earlier case, needs it" in one for one in found)


async def test_a_plugin_in_a_process_of_its_own_needs_isolation(tmp_path: Path) -> None:
    (found,) = await refused(tmp_path, department(tmp_path), "isolation", isolated={"parks": {}})
    assert "take 'isolation' out of platform.without: plugins.parks.isolation" in found


async def test_an_exporter_in_the_environment_needs_traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    (found,) = await refused(tmp_path, department(tmp_path), "tracing")
    assert "the environment variable OTEL_EXPORTER_OTLP_ENDPOINT needs it" in found


@pytest.mark.parametrize("room", ["passes", "audit", "banshi.certificates", ""])
def test_nothing_else_can_be_left_out(room: str) -> None:
    with pytest.raises(SettingsError, match="what can be left out is certificates, isolation, materials"):
        typed(Settings, {"without": [room]}, where="platform")


ORDERED = """
from contextlib import asynccontextmanager

from banshi import Key, Resource, hookimpl
from banshi.kernel.contract.values import Phase

OPENED = []


def noted(name, phase):
    @asynccontextmanager
    async def opened(platform):
        OPENED.append(name)
        yield name
        OPENED.append(f"{name} closed")

    return Resource(Key(name), opened, phase)


@hookimpl
def banshi_resources():
    return [
        noted("last", Phase.AFTER_PLUGINS),
        noted("first", Phase.BEFORE_PLUGINS),
        Resource(Key("plain"), noted("plain", Phase.PLAIN).open),
        noted("second", Phase.BEFORE_PLUGINS),
    ]
"""


async def test_resources_are_opened_by_phase_and_then_as_they_are_listed(tmp_path: Path) -> None:
    plugins = department(tmp_path)
    (tmp_path / "parks" / "__init__.py").write_text(ORDERED, encoding="utf-8")
    async with open_door(tmp_path, plugins) as door:
        opened = door.platform.registry.plugins["parks"].module.OPENED
        assert opened == ["first", "second", "plain", "last"]
    assert opened[4:] == ["last closed", "plain closed", "second closed", "first closed"]


async def test_whoever_wants_a_file_taken_over_where_nothing_is_reads_why() -> None:
    wishes = [{"field": "/licence", "consent": "0" * 32}]
    with pytest.raises(InvalidFields) as caught:
        await NONE.taken(None, None, None, {}, wishes, "en")  # type: ignore[arg-type]
    (problem,) = caught.value.problems
    assert (problem.pointer, problem.code) == ("/reuse", "reuse")
    assert "upload the files" in str(problem.detail)

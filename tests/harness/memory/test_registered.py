"""What plugins register from memory is what pluggy and aiohttp make of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from aiohttp import web

from banshi.app import PLATFORM, add_routes
from banshi.kernel.contract import hookspecs
from banshi.testing import Door, open_door
from tests.harness.memory import registered
from tests.places import TRAFFIC


def module_with(**hooks: object) -> ModuleType:
    module = ModuleType("parks")
    vars(module).update(hooks)
    return module


@hookspecs.hookimpl
def banshi_checks() -> list[str]:
    return ["first"]


@hookspecs.hookimpl
def later_checks() -> list[str]:
    return ["later"]


@hookspecs.hookimpl(tryfirst=True)
def eager_checks(registry: object) -> list[str]:
    return ["eager", str(registry)]


@pytest.mark.parametrize(
    "hooks", [[banshi_checks, later_checks, eager_checks], [eager_checks, banshi_checks, later_checks], [banshi_checks]]
)
def test_hooks_from_memory_are_called_as_pluggy_calls_them(hooks: list[object]) -> None:
    managers = [registered.make_manager("banshi"), registered.Manager("banshi"), registered.Manager("banshi")]
    called = []
    for manager in managers:
        manager.add_hookspecs(hookspecs)
        for place, hook in enumerate(hooks):
            manager.register(module_with(banshi_checks=hook, other=3), name=f"parks{place}")
        found = manager.hook.banshi_checks.get_hookimpls()
        called.append([(one.plugin_name, one.function, one.argnames) for one in found])
    assert called[0] == called[1] == called[2]
    assert len(called[0]) == len(hooks)


def paths(app: web.Application) -> Iterator[tuple[str, str]]:
    for route in app.router.routes():
        assert route.resource is not None
        yield route.method, str(route.resource.get_info())


async def test_routes_from_memory_are_those_of_the_platform_and_their_handlers_its_own(bare_door: Door) -> None:
    real, first, again = web.Application(), web.Application(), web.Application()
    for app in (real, first, again):
        app[PLATFORM] = bare_door.platform
    add_routes(real)
    registered.routes_from_memory(first)
    registered.routes_from_memory(again)
    assert [*paths(real)] == [*paths(first)] == [*paths(again)]
    assert first[registered.HANDLERS] is not again[registered.HANDLERS]


async def test_of_two_doors_with_the_same_paths_each_answers_from_its_own_database(tmp_path: Path) -> None:
    kept = []
    for name in ("one", "other"):
        async with open_door(tmp_path / name, {"traffic": TRAFFIC}) as door:
            wang = door.citizen("wang")
            kept.append((await wang.upload()).created()["links"]["self"])
            found = [(await wang.get(link)).status for link in kept]
            assert found == [404] * (len(kept) - 1) + [200]

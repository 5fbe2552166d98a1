"""Items driven over HTTP as far as their kinds go, in a city that lacks one department."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from banshi import LANGUAGES, Item
from banshi.app import inspected
from banshi.builtin.checks.code.tables import unmigrated
from banshi.kernel.loading.configuration import read_configuration
from banshi.kinds.appointment.scheduler import make_ahead
from banshi.testing import open_door
from tests.clients.people import City
from tests.harness.memory.remembered import remembering
from tests.plugins.test_departments import NAMES, ROOT, registry_of
from tests.town.registers import import_samples


async def rest_driven(folder: Path, gone: str, *, every: bool) -> dict[str, str]:
    """How far the items of the other departments get when `gone` is taken out of plugins.toml, by their codes.

    With `every` all of them, otherwise one of each kind, out of the departments that stand behind `gone` if they have
    one. Fails where `banshi check` finds anything wrong with the rest, or where an item of `gone` is still there.
    """
    written = (ROOT / "plugins.toml").read_text(encoding="utf-8")
    left = re.sub(rf"(?m)^\[plugins\.{gone}\]\n(?:(?!\[).*\n)*", "", written)
    assert left != written
    file = folder / "plugins.toml"
    file.write_text(left.replace('path = "', f'path = "{ROOT}/'), encoding="utf-8")
    configuration = read_configuration(file)
    with remembering(configuration):
        registry, found = inspected(configuration)
    taken_out = registry_of([ROOT / "plugins" / "departments" / gone])
    if gone in taken_out.tables or gone == NAMES[0]:
        # The tables are the same whichever department is taken out that has none.
        found += await unmigrated(registry)
    assert [one for one in found if not one.warning] == []
    plugins: dict[str, Path | str] = {
        name: entry.path or str(entry.package) for name, entry in configuration.entries.items()
    }
    async with open_door(folder, plugins) as door:
        items = door.platform.registry.items
        chosen = list(items.values()) if every else list(one_of_each_kind(items.values(), gone))
        await import_samples(door, *{item.plugin for item in chosen if item.kind == "query"})
        for code in taken_out.items:
            (await door.anyone.get(f"/v1/items/{code}")).problem(404, "not-found")
        listed = (await door.anyone.get("/v1/departments")).ok()["items"]
        assert {one["code"] for one in listed} == {item.department for item in items.values()}
        await make_ahead(door.platform)
        city = City(door, LANGUAGES[0])
        return {item.code: await driven(city, item) for item in chosen}


def one_of_each_kind(items: Iterable[Item], gone: str) -> Iterable[Item]:
    """The first item of each kind, counted from the department that stands behind `gone`."""
    turned = NAMES[NAMES.index(gone) + 1 :] + NAMES[: NAMES.index(gone)]
    chosen: dict[str, Item] = {}
    for item in sorted(items, key=lambda item: turned.index(item.plugin)):
        chosen.setdefault(item.kind, item)
    return chosen.values()


async def driven(city: City, item: Item) -> str:
    """The state that a case of the item reached by a client that knows no kind, or `answered` for a question."""
    _, begun = await city.brought(item.code)
    return "answered" if begun.case is None else str(begun.case["state"])

"""Items driven over HTTP as far as their kinds go, in a city that lacks one department."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from banshi import Item
from banshi.app import inspected
from banshi.builtin.checks.tables import unmigrated
from banshi.kernel.loading.configuration import read_configuration
from banshi.testing import Door, open_door
from tests.conftest import good_answers
from tests.plugins import filling
from tests.plugins.test_departments import (
    NAMES,
    ROOT,
    asked,
    decided,
    first_come,
    own_case,
    ready,
    registry_of,
    sampled,
    snapshot,
    tip_pictures,
)
from tests.registers import import_samples


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
    registry, found = inspected(configuration)
    assert [one for one in (*found, *await unmigrated(registry)) if not one.warning] == []
    plugins: dict[str, Path | str] = {
        name: entry.path or str(entry.package) for name, entry in configuration.entries.items()
    }
    taken_out = registry_of([ROOT / "plugins" / "departments" / gone]).items
    async with open_door(folder, plugins) as door:
        items = door.platform.registry.items
        chosen = list(items.values()) if every else list(one_of_each_kind(items.values(), gone))
        await import_samples(door, *{item.plugin for item in chosen if item.kind == "query"})
        for code in taken_out:
            (await door.anyone.get(f"/v1/items/{code}")).problem(404, "not-found")
        listed = (await door.anyone.get("/v1/departments")).ok()["items"]
        assert {one["code"] for one in listed} == {item.department for item in items.values()}
        return {item.code: await driven(door, item) for item in chosen}


def one_of_each_kind(items: Iterable[Item], gone: str) -> Iterable[Item]:
    """The first item of each kind, counted from the department that stands behind `gone`."""
    turned = NAMES[NAMES.index(gone) + 1 :] + NAMES[: NAMES.index(gone)]
    chosen: dict[str, Item] = {}
    for item in sorted(items, key=lambda item: turned.index(item.plugin)):
        chosen.setdefault(item.kind, item)
    return chosen.values()


async def driven(door: Door, item: Item) -> str:
    """The state that a case of the item reached, or `answered` for a question, or `shown` for a guide."""
    guide = (await door.anyone.get(f"/v1/items/{item.code}")).ok()
    links = guide["links"]
    if "look_up" in links:
        return await _looked_up(door, item, links["look_up"])
    if "book" in links:
        person, answers = await ready(door, item, "driver")
        slot = (await first_come(door, item))[-1]
        case = (await person.post(links["book"], {"slot": slot["id"], "answers": answers})).created()
        return str(case["state"])
    if item.kind == "application" and item.code != "zone-pass":
        return str((await decided(door, item))["state"])
    if "post_publicly" in links:
        return await _posted(door, item, links["post_publicly"])
    if "submit" not in links and "tip" in links:
        assert item.form is not None
        answers = filling.filled(item.form.schema, iter(await tip_pictures(door, 9)))
        return str((await door.anyone.post(links["tip"], {"answers": answers})).created()["tip"]["state"])
    if "submit" in links:
        person, answers = await ready(door, item, "driver")
        if item.code == "zone-pass":
            answers = await good_answers(person)
        made = (await person.post(links["submit"], {"answers": answers})).created()
        await door.settled()
        return str((await person.get(made["links"]["self"])).ok()["state"])
    return "shown"


async def _posted(door: Door, item: Item, address: str) -> str:
    person = door.citizen("driver")
    photos = iter([(await person.upload(snapshot())).created()["id"] for _ in range(8)])
    assert item.form is not None
    answers = filling.filled(item.form.schema, photos)
    case = (await person.post(address, {"answers": answers})).created()
    staff = door.staff("wang", f"{item.department}/{item.unit}:reviewer")
    return str((await staff.post(f"{case['links']['self']}/actions/publish")).ok()["state"])


async def _looked_up(door: Door, item: Item, address: str) -> str:
    """The item's sample register has to be there."""
    if item.details.register == "cases":
        question, owner = {"number": await own_case(door, "driver")}, ""
    else:
        question, _, owner = sampled(item, door.platform.registry)
    answer = (await door.citizen("driver", resident_id=owner).post(address, asked(item, question))).ok()
    return "answered" if answer["found"] else "nothing found"

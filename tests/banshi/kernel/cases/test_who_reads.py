"""Who may read a case is who the state table says: every item of every department, by every role there is."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from click.testing import CliRunner

from banshi.foundation.errors import Forbidden
from banshi.foundation.findings import ConfigurationError
from banshi.kernel.cases import actors
from banshi.kernel.cases.submission import new_case
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.values import Item, Who
from banshi.kernel.http.callers import TOKENS
from banshi.kernel.loading.configuration import read_configuration
from banshi.ops.cli import group
from banshi.testing import Door, open_door
from tests.conftest import good_answers
from tests.places import ROOT, TRAFFIC

together = pytest.mark.asyncio(loop_scope="module")

#: Every role that anything in this house asks for, and two that nothing does.
NAMES = (
    *("reviewer", "approver", "clerk", "registrar", "publisher", "officer", "administrator", "operator"),
    *("chef", "sweeper"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def city(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    """All departments."""
    entries = read_configuration(ROOT / "plugins.toml").entries
    plugins: dict[str, Path | str] = {name: one.path or str(one.package) for name, one in entries.items()}
    settings = {"mobile_push": {"alerts": {"sender": "alerts@city.example"}}}
    async with open_door(tmp_path_factory.mktemp("readers"), plugins, settings=settings) as door:
        yield door


def items_of(door: Door) -> list[Item]:
    registry = door.platform.registry
    return [item for item in registry.items.values() if registry.kinds[item.kind].steps(item.details)]


def says(door: Door, item: Item, name: str) -> bool:
    """Whether a row of the item's state table names the role. Read here from the table, not from what is tested."""
    table = door.platform.registry.kinds[item.kind].steps(item.details)
    return any(step.role == name for step in table if Who.STAFF in step.who)


def staffs(door: Door, item: Item) -> Iterator[tuple[str, bool]]:
    """Roles as tokens have them, each with whether it covers the item's cases."""
    for name in NAMES:
        yield f"{item.department}:{name}", True
        yield f"{item.department}/{item.unit or 'x'}:{name}", bool(item.unit)
        yield f"{item.department}/elsewhere:{name}", False
        for other in door.platform.registry.departments.keys() - {item.department}:
            yield f"{other}:{name}", False
            break


async def reads(door: Door, item: Item, role: str) -> bool:
    """Whether somebody with that role stands towards a case of the item as staff."""
    case, _ = new_case(door.platform, item, Principal(subject="wang"), {})
    try:
        reader = await door.platform[TOKENS].principal(f"Bearer {door.staff('li', role).token}")
    except Forbidden:
        return False
    return actors.Actor(reader).who(case) is Who.STAFF


@together
async def test_a_case_is_read_by_those_roles_alone_that_work_on_it(city: Door) -> None:
    """Each item, each role there is, in the department, in the unit, in another unit and in another department."""
    wrong, looked_at = [], 0
    for item in items_of(city):
        for role, covers in staffs(city, item):
            looked_at += 1
            name = role.rpartition(":")[2]
            if await reads(city, item, role) != (covers and says(city, item, name)):
                wrong.append(f"{item.code} {role}")
    assert looked_at > 2_000
    assert not wrong, f"{len(wrong)} of {looked_at}: {wrong[:20]}"


@together
@pytest.mark.parametrize("name", NAMES)
async def test_over_http_too_and_whoever_may_not_is_told_that_it_does_not_exist(city: Door, name: str) -> None:
    """The document, a file, and what may be done; the answer is an invented case's, to the letter."""
    wang = city.citizen("wang", "王小明")
    made = (await wang.post("/v1/items/zone-pass/cases", {"answers": await good_answers(wang)})).created()
    case = (await wang.get(made["links"]["self"])).ok()
    staff, item = city.staff("li", f"traffic:{name}"), city.platform.registry.items["zone-pass"]
    before = [await staff.get(path) for path in ("/v1/cases/0192f0c1-0000-7000-8000-000000000000", "/v1/worklist")]
    paths = (case["links"]["self"], case["attachments"][0]["links"]["self"])
    for path in paths:
        answer = await staff.get(path)
        if says(city, item, name):
            assert answer.status == 200
        elif name in {"chef", "sweeper"}:
            answer.problem(403, "unknown-roles")
        else:
            answer.problem(404, "not-found")
    if not says(city, item, name):
        assert (await staff.get(paths[0])).body == before[0].body
        assert case["id"] not in before[1].body.decode()
        answer = await staff.post(f"{paths[0]}/actions/approve")
        assert answer.status in {403, 404}


@together
async def test_a_token_with_unknown_roles_alone_gets_nothing_and_is_told_so(city: Door) -> None:
    """Of no route a page, and no citizen's either: whoever has a role is no citizen."""
    for role in ("traffic:chef", "nowhere:chef", "platform:chef", "traffic/zone-office:chef"):
        staff = city.staff("li", role)
        for path in ("/v1/worklist", "/v1/cases", "/v1/me/data", "/v1/notices"):
            told = (await staff.get(path)).problem(403, "unknown-roles")
            assert told["roles"] == [role]
            assert "li" not in told
        # What anybody may see is theirs too.
        (await staff.get("/v1/items")).ok()


@together
async def test_of_known_and_unknown_roles_the_known_ones_count(city: Door) -> None:
    staff = city.staff("li", "traffic:chef", "traffic:reviewer", "nowhere:chef")
    (await staff.get("/v1/worklist")).ok()
    reader = await city.platform[TOKENS].principal(f"Bearer {staff.token}")
    assert reader is not None
    assert [str(role) for role in reader.roles] == ["traffic:reviewer"]


@together
async def test_a_role_of_a_department_that_is_not_connected_is_known_and_gets_nothing(city: Door) -> None:
    """Its plugin may come back tomorrow, and its staff are no strangers meanwhile."""
    staff = city.staff("li", "nowhere:reviewer")
    assert (await staff.get("/v1/worklist")).ok()["items"] == []
    (await staff.get("/v1/items/driving-test/counter-appointments")).problem(403, "forbidden")


@together
async def test_roles_that_routes_ask_for_are_known(city: Door) -> None:
    """Those of the kernel, of mobile_push and of the plugins: nobody who worked yesterday is refused today."""
    for role in (
        *("traffic:publisher", "fire:publisher", "fire:administrator", "platform:operator", "traffic:officer"),
        *("traffic:registrar", "traffic:clerk", "petitions:reviewer", "traffic:approver"),
    ):
        assert await city.platform[TOKENS].principal(f"Bearer {city.staff('li', role).token}"), role


@together
async def test_a_clerk_lists_who_comes_and_a_publisher_does_not(city: Door) -> None:
    """The list of a day's appointments names people: it is for the roles of that item's table."""
    path = "/v1/items/driving-test/counter-appointments"
    item = city.platform.registry.items["driving-test"]
    for name in NAMES:
        answer = await city.staff("li", f"traffic:{name}").get(path)
        assert (answer.status == 200) == says(city, item, name), f"{name}: {answer.status}"


@together
async def test_nobody_of_the_house_reads_a_tip_who_does_not_work_on_tips(city: Door) -> None:
    """All roles of every department that takes tips."""
    taken = [item for item in items_of(city) if getattr(item.details, "anonymous", "never") != "never"]
    assert len(taken) >= 2
    for item in taken:
        for name in NAMES:
            for place in (item.department, f"{item.department}/{item.unit}"):
                assert await reads(city, item, f"{place}:{name}") == (name == "reviewer"), f"{place}:{name}"


async def test_the_command_for_tokens_refuses_a_role_that_nothing_asks_for_and_names_those_there_are(
    tmp_path: Path,
) -> None:
    (tmp_path / "plugins.toml").write_text(f'[plugins.traffic]\napi = 1\npath = "{TRAFFIC}"\n', encoding="utf-8")
    ask = ["--config", str(tmp_path / "plugins.toml"), "token", "li", "--role"]
    for good in ("traffic:reviewer", "traffic/zone-office:approver", "traffic:officer", "traffic:registrar"):
        told = await asyncio.to_thread(CliRunner().invoke, group, [*ask, good])
        assert (told.exit_code, told.output.count(".")) == (0, 2), told.output
    for wrong in ("traffic:chef", "traffic/zone-office:reviewers", "nowhere:boss"):
        told = await asyncio.to_thread(CliRunner().invoke, group, [*ask, "traffic:reviewer", "--role", wrong])
        assert told.exit_code == 1
        assert f"the role {wrong.rpartition(':')[2]}; there are approver, clerk" in told.output
    told = await asyncio.to_thread(CliRunner().invoke, group, [*ask, "trafic:reviewer"])
    assert "There is no department trafic here" in told.output


async def test_a_supervisor_reads_where_the_item_says_so_and_does_nothing(tmp_path: Path) -> None:
    """`readers` is data; a tip has none, and a name is a role's."""
    folder = tmp_path / "traffic"
    shutil.copytree(TRAFFIC, folder)
    file = folder / "items.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace('code = "zone-pass"\n', 'code = "zone-pass"\nreaders = ["supervisor"]\n'), encoding="utf-8"
    )
    async with open_door(tmp_path, {"traffic": folder}) as door:
        wang = door.citizen("wang")
        made = (await wang.post("/v1/items/zone-pass/cases", {"answers": await good_answers(wang)})).created()
        supervisor, path = door.staff("kong", "traffic:supervisor"), made["links"]["self"]
        assert (await supervisor.get(path)).ok()["permitted_actions"] == []
        (await supervisor.post(f"{path}/actions/approve")).problem(409, "action-not-permitted")
        assert (await supervisor.get("/v1/worklist")).ok()["items"] == []
        (await door.staff("kong", "traffic/elsewhere:supervisor").get(path)).problem(404, "not-found")
        assert [one["by"]["role"] for one in (await wang.get(f"{path}/readings")).ok()["items"]] == ["supervisor"]
    file.write_text(
        text.replace('code = "zone-pass"\n', 'code = "zone-pass"\nreaders = ["The Boss"]\n'), encoding="utf-8"
    )
    with pytest.raises(ConfigurationError, match="bad-slug"):
        async with open_door(tmp_path, {"traffic": folder}):
            pass


async def test_a_plugin_of_yesterday_that_says_nothing_of_its_roles_works_on_and_is_warned_of(tmp_path: Path) -> None:
    """Its own role passes the doorman of its own department, and reads no case; elsewhere it stays unknown."""
    folder = tmp_path / "traffic"
    shutil.copytree(TRAFFIC, folder)
    init = folder / "__init__.py"
    text = init.read_text(encoding="utf-8").replace("Offer(ROLES, frozenset({zones.APPROVER}))", "")
    init.write_text(text, encoding="utf-8")
    zones = folder / "zones.py"
    zones.write_text(
        zones.read_text(encoding="utf-8").replace('APPROVER = "approver"', 'APPROVER = "gatekeeper"'), encoding="utf-8"
    )
    async with open_door(tmp_path, {"traffic": folder}) as door:
        assert [one.rule for one in door.platform.registry.warnings if one.rule == "untold-roles"] == ["untold-roles"]
        keeper = door.staff("kong", "traffic:gatekeeper")
        assert (await keeper.get("/v1/worklist")).ok()["items"] == []
        assert (await keeper.put("/v1/traffic/zones/2/closure", {"reason": "封路"})).status < 300
        (await door.staff("kong", "fire:gatekeeper").get("/v1/worklist")).problem(403, "unknown-roles")
        wang = door.citizen("wang")
        made = (
            await wang.post("/v1/items/zone-pass/cases", {"answers": await good_answers(wang, zones=["5"])})
        ).created()
        (await keeper.get(made["links"]["self"])).problem(404, "not-found")

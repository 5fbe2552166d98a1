"""What is remembered to be wrong is what is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from banshi.app import loaded
from banshi.builtin.checks.code.sources import House
from tests.harness.memory import faults
from tests.harness.memory.test_remembered import TRAFFIC, configuration


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FAULTS", "LINKS", "TABLES", "SOURCES"):
        monkeypatch.setattr(faults, name, {})


def test_what_is_wrong_with_a_route_is_found_once_beside_the_same_schemas(tmp_path: Path) -> None:
    _, route = loaded(configuration(tmp_path, traffic=TRAFFIC)).routes[0]
    wrong = replace(
        route, method="LOOK", answers={200: replace(route.answers[200], schema={"$ref": "#/components/schemas/Own"})}
    )
    for known in ({"Own"}, set(), {"Own"}):
        found = faults.faults_from_memory(wrong, known)
        assert found == list(faults.route_faults(wrong, known))
        assert len(found) == 1 + (not known)
        assert faults.faults_from_memory(route, {"Own"}) != found


def test_where_a_routes_links_lead_is_found_once_beside_the_same_routes(tmp_path: Path) -> None:
    routes = {route.operation: route for _, route in loaded(configuration(tmp_path, traffic=TRAFFIC)).routes}
    route = next(one for one in routes.values() if any(answer.links for answer in one.answers.values()))
    link = next(link for answer in route.answers.values() for link in answer.links)
    elsewhere = {**routes, link.operation: replace(routes[link.operation], path="/v1/{unheard}", path_schemas={})}
    lost = {name: one for name, one in routes.items() if name != link.operation}
    found = [faults.links_from_memory(known, route) for known in (routes, elsewhere, lost, routes)]
    assert found == [list(faults.dead_links(known, route)) for known in (routes, elsewhere, lost, routes)]
    assert found[0] == found[3] == []
    assert found[0] is found[3]
    assert found[1] != found[2] != []
    wrong: Any = replace(route, answers={200: "no answer"})
    for look in (faults.links_from_memory, faults.dead_links):
        with pytest.raises(AttributeError, match="'str' object has no attribute 'links'"):
            list(look(routes, wrong))


def test_what_is_wrong_with_a_state_table_is_found_once_and_of_a_list_each_time(tmp_path: Path) -> None:
    full = loaded(configuration(tmp_path, traffic=TRAFFIC))
    table = full.items["zone-pass"].steps
    cut = tuple(one for one in table if one.to != "approved")
    for one in (table, cut, list(cut)):
        assert faults.tables_from_memory(one) == list(faults.table_faults(one))
    assert faults.tables_from_memory(cut) is faults.tables_from_memory(cut) != []
    changed = list(cut)
    faults.tables_from_memory(changed)
    changed[:] = table
    assert faults.tables_from_memory(changed) == []


def test_what_stands_in_a_plugin_of_this_repository_is_read_once_and_in_one_that_a_test_wrote_each_time(
    tmp_path: Path,
) -> None:
    full = loaded(configuration(tmp_path, traffic=TRAFFIC))
    ours, others = full.plugins["traffic"], replace(full.plugins["traffic"], folder=tmp_path)
    house, other = House({"banshi.sdk": "traffic"}, {}), House({"banshi.sdk": "another"}, {})
    found = [faults.sources_from_memory(ours, one) for one in (house, other, house)]
    assert found == [list(faults.read_sources(ours, one)) for one in (house, other, house)]
    assert found[0] is found[2]
    assert found[0] != found[1]
    for text, count in (("", 0), ("import banshi.app\n", 1)):
        (tmp_path / "own.py").write_text(text)
        assert len(faults.sources_from_memory(others, house)) == count

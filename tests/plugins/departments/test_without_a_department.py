"""Any one department can be taken out of plugins.toml, and the others go on as before.

Here one item of each kind is driven; with `BANSHI_TEST_LONG=1` every item of the rest.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugins.departments.driving import rest_driven
from tests.plugins.test_departments import FOLDERS, NAMES, registry_of
from tests.tries import tries

#: How far an item gets without waiting for its day.
REACHED = {
    "application": {"closed"},
    "appointment": {"booked", "entered"},
    "query": {"answered"},
    "appeal": {"closed"},
    "posting": {"resolved"},
}


@pytest.mark.parametrize("gone", NAMES)
async def test_without_any_one_department_the_rest_is_green(gone: str, tmp_path: Path) -> None:
    kinds = {item.code: item.kind for item in registry_of(FOLDERS).items.values()}
    reached = await rest_driven(tmp_path, gone, every=bool(tries(0, 1)))
    assert {kinds[code] for code in reached} == set(kinds.values())
    for code, state in reached.items():
        assert state in REACHED.get(kinds[code], {state}), code

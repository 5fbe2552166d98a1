"""Two departments with appeals."""

from __future__ import annotations

from tests.town.parts import appeals
from tests.town.town import town_fixture

offices = town_fixture(appeals())

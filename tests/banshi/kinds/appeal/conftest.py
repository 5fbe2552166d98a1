"""Two departments with appeals."""

from __future__ import annotations

from tests.town.appeals_office import open_offices
from tests.town.running import office_fixture

offices = office_fixture(open_offices)

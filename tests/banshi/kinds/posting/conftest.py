"""Two departments that publish postings."""

from __future__ import annotations

from tests.town.postings_office import open_offices
from tests.town.running import office_fixture

offices = office_fixture(open_offices)

"""Two departments that publish postings."""

from __future__ import annotations

from tests.town.parts import postings
from tests.town.town import town_fixture

offices = town_fixture(postings())

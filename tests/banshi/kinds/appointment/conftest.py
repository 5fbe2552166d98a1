"""An office with appointments."""

from __future__ import annotations

from tests.town.parts import PUSH, visits
from tests.town.town import town_fixture

office = town_fixture(visits(), PUSH)

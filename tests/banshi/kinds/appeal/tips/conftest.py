"""Two departments that take tips without a name, and keep them for a month."""

from __future__ import annotations

from tests.town.parts import UNNAMED, appeals
from tests.town.town import town_fixture

offices = town_fixture(appeals(UNNAMED), tip_days=30)

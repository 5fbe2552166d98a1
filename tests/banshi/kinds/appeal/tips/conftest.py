"""Two departments that take tips without a name, and keep them for a month."""

from __future__ import annotations

from functools import partial

from tests.town.running import office_fixture
from tests.town.tips_office import open_tips

offices = office_fixture(partial(open_tips, platform={"tip_days": 30}))

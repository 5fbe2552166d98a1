"""An office with appointments."""

from __future__ import annotations

from tests.town.booking_office import open_office
from tests.town.running import office_fixture

office = office_fixture(open_office)

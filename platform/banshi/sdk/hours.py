"""Opening hours, as the days of the city's calendar have them."""

from banshi.foundation.time.opening_hours import check_hours as check_hours
from banshi.foundation.time.opening_hours import hours_on as hours_on
from banshi.foundation.time.opening_hours import range_of as range_of

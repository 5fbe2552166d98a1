"""Opening hours, as the days of the city's calendar have them."""

from banshi.foundation.time.opening_hours import check_hours, hours_on, range_of

__all__ = ["check_hours", "hours_on", "range_of"]

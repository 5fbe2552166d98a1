"""The lanes: what goes first when a provider can't take everything at once."""

from __future__ import annotations

from enum import IntEnum


class Lane(IntEnum):
    """By urgency. The numbers are stored."""

    #: The result of a person's own case: few, and somebody waits for each.
    CASE = 0
    ALERT = 1
    NOTICE = 2


#: The share of a provider's rate and of its sends at once that only alerts may use: whatever else is under way, an
#: alert begins at once.
RESERVED = 0.2

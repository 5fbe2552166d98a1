"""The lanes: what goes first when a provider can't take everything at once."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from banshi import Platform


class Lane(IntEnum):
    """By urgency. The numbers are stored."""

    #: The result of a person's own case: few, and somebody waits for each.
    CASE = 0
    ALERT = 1
    NOTICE = 2


#: The share of a provider's rate and of its sends at once that only alerts may use: whatever else is under way, an
#: alert begins at once.
ALERT_SHARE = 0.2


def lanes_of(platform: Platform) -> Sequence[Lane]:
    """The lanes that this process works on."""
    return [lane for lane in Lane if lane.name.lower() in platform.duty.lanes]


def spans(lanes: Sequence[Lane], last: Lane) -> list[tuple[int, int]]:
    """Those of `lanes` up to the last as spans of neighbours, the urgent first: an index is read along a span."""
    found: list[tuple[int, int]] = []
    for lane in map(int, lanes):
        if lane > last:
            break
        if found and found[-1][1] == lane - 1:
            found[-1] = (found[-1][0], lane)
        else:
            found.append((lane, lane))
    return found

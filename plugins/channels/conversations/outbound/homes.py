"""Where contacts are at home, as they have said, and so which alerts concern them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from conversations.contacts.bound import BoundContact
from conversations.tables.models import Home

#: What the codes of GB/T 2260 are called in an alert, without spaces.
VALUE_NAME = "GB/T2260"


async def homes(contacts: Sequence[BoundContact]) -> Mapping[UUID, Collection[str]]:
    """The divisions at which citizens are at home, by their conversations; whoever has said none isn't there."""
    found, whose = defaultdict[UUID, set[str]](set), {one.conversation: one.person for one in contacts}
    for row in await Home.filter(conversation_id__in=list(whose)):
        if row.person == whose[row.conversation_id]:
            found[row.conversation_id].add(within(row.division))
    return found


def within(division: str) -> str:
    """What the codes of all divisions begin with that lie in one: `3301` of 330100, `330106109` of 330106109000."""
    street = re.sub("(000)+$", "", division[6:])
    return division[:6] + street if street else re.sub("(00)+$", "", division[:6])


def areas_of(alert: Mapping[str, Any]) -> Collection[str]:
    """The divisions that an alert's document names; none where it is for everybody, or for a place by its shape."""
    areas = [area for info in alert.get("info", ()) for area in info.get("area", ())]
    codes = [[one["value"] for one in area.get("geocode", ()) if is_division(one)] for area in areas]
    # An area that is known by its shape alone may be anywhere: better told to all than missed.
    return {within(one) for of_area in codes for one in of_area} if all(codes) else ()


def is_division(geocode: Mapping[str, str]) -> bool:
    """Whether a code in an alert is that of a division."""
    return geocode["value_name"].upper().replace(" ", "") == VALUE_NAME


def concerns(areas: Collection[str], at_home: Collection[str], city: str) -> bool:
    """Whether an alert for these areas concerns somebody with these homes.

    Args:
        city: The division of the platform; whoever has said no home is told what is for all of it. "" for any.
    """
    if not areas:
        return True
    if not at_home:
        return any(city.startswith(area) for area in areas) if city else True
    return any(area.startswith(one) or one.startswith(area) for area in areas for one in at_home)

"""A value with the name of what it is: event codes, parameters, geocodes."""

from __future__ import annotations

from dataclasses import dataclass, field

from mobile_push.cap.elements import Element, element
from mobile_push.cap.kinds import TEXT


@dataclass(frozen=True, kw_only=True)
class NamedValue(Element):
    """`valueName` and `value`; CAP leaves the names to those who agree on them."""

    name: str = field(metadata=element("valueName", TEXT, "What the value is a code of."))
    value: str = field(metadata=element("value", TEXT, "The code itself."))

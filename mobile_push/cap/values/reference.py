"""Which earlier alert is meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mobile_push.cap.elements import Element, element
from mobile_push.cap.errors import CapError
from mobile_push.cap.kinds import MOMENT, NAME, Kind


@dataclass(frozen=True, kw_only=True)
class Reference(Element):
    """The three that name an alert once and for all; in XML `sender,identifier,sent`."""

    sender: str = field(metadata=element("sender", NAME, "The earlier alert's sender."))
    identifier: str = field(metadata=element("identifier", NAME, "The earlier alert's identifier."))
    sent: datetime = field(metadata=element("sent", MOMENT, "When the earlier alert was sent."))


class References(Kind[tuple[Reference, ...]]):
    """Several references in one element, parted by spaces."""

    schema: Mapping[str, Any] = {
        "type": "array",
        "minItems": 1,
        "maxItems": 1000,
        "items": {
            "type": "object",
            "required": ["sender", "identifier", "sent"],
            "additionalProperties": False,
            "properties": {"sender": NAME.schema, "identifier": NAME.schema, "sent": MOMENT.schema},
        },
    }
    blank = True

    def check(self, value: tuple[Reference, ...]) -> None:
        if not isinstance(value, tuple) or not all(isinstance(one, Reference) for one in value):
            raise ValueError("references are a tuple of Reference")

    def text(self, value: tuple[Reference, ...]) -> str:
        return " ".join(f"{one.sender},{one.identifier},{MOMENT.text(one.sent)}" for one in value)

    def read(self, text: str) -> tuple[Reference, ...]:
        return tuple(self._reference(one) for one in text.split())

    @staticmethod
    def _reference(text: str) -> Reference:
        parts = text.split(",")
        if len(parts) != 3:
            raise ValueError(f"{text[:60]!r} is no reference; write sender,identifier,sent without spaces in it")
        try:
            return Reference(sender=parts[0], identifier=parts[1], sent=MOMENT.read(parts[2]))
        except CapError as error:
            raise ValueError(f"in {text[:60]!r} {error}") from None

    def plain(self, value: tuple[Reference, ...]) -> list[dict[str, str]]:
        return [{"sender": one.sender, "identifier": one.identifier, "sent": MOMENT.text(one.sent)} for one in value]

    def values(self, plain: Any) -> tuple[tuple[Reference, ...], ...]:
        found = []
        for place, one in enumerate(plain):
            try:
                found.append(Reference(**{**one, "sent": MOMENT.values(one["sent"])[0]}))
            except CapError as error:
                raise error.within(place) from None
            except ValueError as error:
                raise CapError(str(error), place, "sent") from None
        return (tuple(found),)


REFERENCES = References()

"""An alert and its parts as OASIS Common Alerting Protocol 1.2 has them (section 3.2).

The fields of each stand in the order of the standard's schema.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from mobile_push.cap import vocabulary
from mobile_push.cap.elements import Element, element, maybe, several
from mobile_push.cap.errors import CapError
from mobile_push.cap.geo.divisions import check_division
from mobile_push.cap.geo.geometry import Circle, Polygon, Shape
from mobile_push.cap.kinds import (
    BYTES,
    FILE,
    HEADLINE,
    LANGUAGE,
    MEDIA_TYPE,
    MOMENT,
    NAME,
    NAMES,
    NUMBER,
    TEXT,
    WEB,
    Kind,
    Text,
    Word,
    closed,
)
from mobile_push.cap.shapes import CIRCLE, POLYGON
from mobile_push.cap.vocabulary import MessageType, Scope, Status


class NamedValue(Element):
    """`valueName` and `value`; CAP leaves the names to those who agree on them."""

    name: str = element("valueName", TEXT, "What the value is a code of.")
    value: str = element("value", TEXT, "The code itself.")


class Reference(Element):
    """The three that name an alert once and for all; in XML `sender,identifier,sent`."""

    sender: str = element("sender", NAME, "The earlier alert's sender.")
    identifier: str = element("identifier", NAME, "The earlier alert's identifier.")
    sent: datetime = element("sent", MOMENT, "When the earlier alert was sent.")


class References(Kind[tuple[Reference, ...]]):
    """Several references in one element, parted by spaces."""

    schema: Mapping[str, Any] = {
        "type": "array",
        "minItems": 1,
        "items": closed(sender=NAME.schema, identifier=NAME.schema, sent=MOMENT.schema),
    }
    blank = True

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

_BASE64 = Text(r"[A-Za-z0-9+/\s]+={0,2}\s*", "is no base64; encode the file", most=1_000_000)


class Resource(Element):
    """A file beside the text: where it is, or the file itself in `deref_uri`."""

    description: str = element("resourceDesc", TEXT, "What the file shows, for people.")
    media_type: str = element("mimeType", MEDIA_TYPE, "Its media type, such as image/png.")
    size: int | None = maybe("size", BYTES, "Its size in bytes.")
    uri: str | None = maybe("uri", FILE, "Where it is; only the name with deref_uri.")
    deref_uri: str | None = maybe("derefUri", _BASE64, "The file itself, in base64.")
    digest: str | None = maybe("digest", TEXT, "SHA-1 of the file, in hexadecimal.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.uri and not self.deref_uri and not urlsplit(self.uri).scheme:
            raise CapError("no whole address; begin with https:// and the host, or send the file in derefUri", "uri")


def _is_division(name: str) -> bool:
    """Whether a geocode of that name is a division's code: `GB/T 2260`, also written without its space."""
    return name.replace(" ", "").upper() == "GB/T2260"


class Area(Element):
    """All that its polygons, circles and geocodes hold together; the text is for people."""

    description: str = element("areaDesc", TEXT, "The area's name for people.")
    polygons: tuple[Polygon, ...] = several("polygon", POLYGON, "GeoJSON without holes.")
    circles: tuple[Circle, ...] = several("circle", CIRCLE, "A point and the kilometres around it.")
    geocodes: tuple[NamedValue, ...] = several(
        "geocode", NamedValue, "Codes of places; divisions under the name GB/T 2260."
    )
    altitude: float | None = maybe("altitude", NUMBER, "Feet above mean sea level; with ceiling the lower end.")
    ceiling: float | None = maybe("ceiling", NUMBER, "Feet above mean sea level; only beside altitude.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.ceiling is not None and self.altitude is None:
            raise CapError("a ceiling needs an altitude; add it, or take the ceiling away", "ceiling")
        for place, code in enumerate(self.geocodes):
            if _is_division(code.name):
                try:
                    check_division(code.value)
                except ValueError as error:
                    raise CapError(str(error), "geocode", place, "value") from None

    @property
    def divisions(self) -> tuple[str, ...]:
        """The GB/T 2260 codes among the geocodes."""
        return tuple(code.value for code in self.geocodes if _is_division(code.name))

    @property
    def shapes(self) -> tuple[Shape, ...]:
        return self.polygons + self.circles


class Info(Element):
    """The event, how bad it is and what to do, in one language."""

    language: str = element("language", LANGUAGE, "One tag of RFC 5646, such as zh-CN.")
    categories: tuple[str, ...] = element(
        "category", Word(vocabulary.CATEGORIES), "What kind of event it is.", many=True
    )
    event: str = element("event", HEADLINE, "The event's name, such as 暴雨.")
    response_types: tuple[str, ...] = several("responseType", Word(vocabulary.RESPONSES), "What people should do.")
    urgency: str = element("urgency", Word(vocabulary.URGENCIES), "How soon to act.")
    severity: str = element("severity", Word(vocabulary.SEVERITIES), "How bad it is.")
    certainty: str = element("certainty", Word(vocabulary.CERTAINTIES), "How sure it is.")
    audience: str | None = maybe("audience", TEXT, "Whom it is meant for.")
    event_codes: tuple[NamedValue, ...] = several("eventCode", NamedValue, "The event in somebody's code list.")
    effective: datetime | None = maybe("effective", MOMENT, "When the text applies.")
    onset: datetime | None = maybe("onset", MOMENT, "When the event should begin.")
    expires: datetime | None = maybe("expires", MOMENT, "When the text is over.")
    sender_name: str | None = maybe("senderName", TEXT, "The sender, for people.")
    headline: str | None = maybe("headline", HEADLINE, "The line that a phone shows.")
    description: str | None = maybe("description", TEXT, "What is happening.")
    instruction: str | None = maybe("instruction", TEXT, "What to do.")
    web: str | None = maybe("web", WEB, "Where there is more.")
    contact: str | None = maybe("contact", TEXT, "Whom to ask.")
    parameters: tuple[NamedValue, ...] = several("parameter", NamedValue, "What else systems agreed on.")
    resources: tuple[Resource, ...] = several("resource", Resource, "Files: maps, pictures, recordings.")
    areas: tuple[Area, ...] = several("area", Area, "Where it applies.")


class Alert(Element):
    """One message about a danger: new, updated, cancelled or answered.

    Source: OASIS CAP 1.2, section 3.2; the fields stand in the order of its schema.
    """

    identifier: str = element("identifier", NAME, "Unique for this sender.")
    sender: str = element("sender", NAME, "Who sends, unique in the world.")
    sent: datetime = element("sent", MOMENT, "When it was sent.")
    status: Status = element("status", Word(Status), "Whether it is meant: Actual, Exercise, Test …")
    message_type: MessageType = element(
        "msgType", Word(MessageType), "A new alert, or what is done to those in references."
    )
    source: str | None = maybe("source", TEXT, "The operator or device behind it.")
    scope: Scope = element("scope", Word(Scope), "Whom it may reach.")
    restriction: str | None = maybe("restriction", TEXT, "The rule, with scope Restricted.")
    addresses: tuple[str, ...] = element("addresses", NAMES, "The recipients, with scope Private.", default=())
    codes: tuple[str, ...] = several("code", TEXT, "Codes for handling it.")
    note: str | None = maybe("note", TEXT, "Why, with status Exercise or type Error.")
    references: tuple[Reference, ...] = element(
        "references", REFERENCES, "The earlier alerts that this one is about.", default=()
    )
    incidents: tuple[str, ...] = element("incidents", NAMES, "What incidents it belongs to.", default=())
    infos: tuple[Info, ...] = several("info", Info, "What it says; one block per language.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.message_type is not MessageType.ALERT and not self.references:
            advice = f"msgType {self.message_type} needs the alerts that it is about: sender,identifier,sent of each"
            raise CapError(advice, "references")
        if self.scope is Scope.RESTRICTED and not self.restriction:
            raise CapError("scope Restricted needs the rule for whom it is meant; add it", "restriction")
        if self.scope is Scope.PRIVATE and not self.addresses:
            raise CapError("scope Private needs the recipients; add them", "addresses")

    @property
    def reference(self) -> Reference:
        """How a later alert names this one."""
        return Reference(sender=self.sender, identifier=self.identifier, sent=self.sent)

    @property
    def expires(self) -> datetime | None:
        """When its last text is over; None as long as one of them has no end."""
        ends = [info.expires for info in self.infos]
        known = [end for end in ends if end]
        return max(known) if known and len(known) == len(ends) else None

    def info_in(self, language: str) -> Info | None:
        """The text for somebody who reads `language`: the same tag, else the same language, else the first."""
        return in_language([(info.language, info) for info in self.infos], language)


T = TypeVar("T")


def in_language(texts: Sequence[tuple[str, T]], language: str) -> T | None:
    """What of these is for somebody who reads `language`: the same tag, else the same language, else the first."""
    tags = [(tag.lower(), text) for tag, text in texts]
    wanted = language.lower()
    primary = wanted.split("-")[0]
    exact = [text for tag, text in tags if tag == wanted]
    same = [text for tag, text in tags if tag.split("-")[0] == primary]
    return next(iter([*exact, *same, *(text for _, text in tags)]), None)

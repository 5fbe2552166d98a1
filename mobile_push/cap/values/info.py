"""What an alert says, in one language."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from mobile_push.cap.elements import Element, element
from mobile_push.cap.kinds import HEADLINE, LANGUAGE, MOMENT, TEXT, WEB, Word
from mobile_push.cap.values.area import Area
from mobile_push.cap.values.named_value import NamedValue
from mobile_push.cap.values.resource import Resource
from mobile_push.cap.vocabulary import Category, Certainty, ResponseType, Severity, Urgency


@dataclass(frozen=True, kw_only=True)
class Info(Element):
    """The event, how bad it is and what to do, in one language."""

    language: str = field(metadata=element("language", LANGUAGE, "One tag of RFC 5646, such as zh-CN."))
    categories: tuple[Category, ...] = field(
        metadata=element("category", Word(Category), "What kind of event it is.", many=True)
    )
    event: str = field(metadata=element("event", HEADLINE, "The event's name, such as 暴雨."))
    response_types: tuple[ResponseType, ...] = field(
        default=(), metadata=element("responseType", Word(ResponseType), "What people should do.", many=True)
    )
    urgency: Urgency = field(metadata=element("urgency", Word(Urgency), "How soon to act."))
    severity: Severity = field(metadata=element("severity", Word(Severity), "How bad it is."))
    certainty: Certainty = field(metadata=element("certainty", Word(Certainty), "How sure it is."))
    audience: str | None = field(default=None, metadata=element("audience", TEXT, "Whom it is meant for."))
    event_codes: tuple[NamedValue, ...] = field(
        default=(), metadata=element("eventCode", NamedValue, "The event in somebody's code list.", many=True)
    )
    effective: datetime | None = field(default=None, metadata=element("effective", MOMENT, "When the text applies."))
    onset: datetime | None = field(default=None, metadata=element("onset", MOMENT, "When the event should begin."))
    expires: datetime | None = field(default=None, metadata=element("expires", MOMENT, "When the text is over."))
    sender_name: str | None = field(default=None, metadata=element("senderName", TEXT, "The sender, for people."))
    headline: str | None = field(default=None, metadata=element("headline", HEADLINE, "The line that a phone shows."))
    description: str | None = field(default=None, metadata=element("description", TEXT, "What is happening."))
    instruction: str | None = field(default=None, metadata=element("instruction", TEXT, "What to do."))
    web: str | None = field(default=None, metadata=element("web", WEB, "Where there is more."))
    contact: str | None = field(default=None, metadata=element("contact", TEXT, "Whom to ask."))
    parameters: tuple[NamedValue, ...] = field(
        default=(), metadata=element("parameter", NamedValue, "What else systems agreed on.", many=True)
    )
    resources: tuple[Resource, ...] = field(
        default=(), metadata=element("resource", Resource, "Files: maps, pictures, recordings.", many=True)
    )
    areas: tuple[Area, ...] = field(default=(), metadata=element("area", Area, "Where it applies.", many=True))

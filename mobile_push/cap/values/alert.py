"""An alert as OASIS Common Alerting Protocol 1.2 has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from mobile_push.cap.elements import Element, element
from mobile_push.cap.errors import CapError
from mobile_push.cap.kinds import MOMENT, NAME, NAMES, TEXT, Word
from mobile_push.cap.values.info import Info
from mobile_push.cap.values.reference import REFERENCES, Reference
from mobile_push.cap.vocabulary import MessageType, Scope, Status


@dataclass(frozen=True, kw_only=True)
class Alert(Element):
    """One message about a danger: new, updated, cancelled or answered.

    Source: OASIS CAP 1.2, section 3.2; the fields stand in the order of its schema.
    """

    identifier: str = field(metadata=element("identifier", NAME, "Unique for this sender."))
    sender: str = field(metadata=element("sender", NAME, "Who sends, unique in the world."))
    sent: datetime = field(metadata=element("sent", MOMENT, "When it was sent."))
    status: Status = field(metadata=element("status", Word(Status), "Whether it is meant: Actual, Exercise, Test …"))
    message_type: MessageType = field(
        metadata=element("msgType", Word(MessageType), "A new alert, or what is done to those in references.")
    )
    source: str | None = field(default=None, metadata=element("source", TEXT, "The operator or device behind it."))
    scope: Scope = field(metadata=element("scope", Word(Scope), "Whom it may reach."))
    restriction: str | None = field(
        default=None, metadata=element("restriction", TEXT, "The rule, with scope Restricted.")
    )
    addresses: tuple[str, ...] = field(
        default=(), metadata=element("addresses", NAMES, "The recipients, with scope Private.")
    )
    codes: tuple[str, ...] = field(default=(), metadata=element("code", TEXT, "Codes for handling it.", many=True))
    note: str | None = field(default=None, metadata=element("note", TEXT, "Why, with status Exercise or type Error."))
    references: tuple[Reference, ...] = field(
        default=(), metadata=element("references", REFERENCES, "The earlier alerts that this one is about.")
    )
    incidents: tuple[str, ...] = field(
        default=(), metadata=element("incidents", NAMES, "What incidents it belongs to.")
    )
    infos: tuple[Info, ...] = field(
        default=(), metadata=element("info", Info, "What it says; one block per language.", many=True)
    )

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
        wanted = language.lower()
        primary = wanted.split("-")[0]
        tags = [(info.language.lower(), info) for info in self.infos]
        same = [info for tag, info in tags if tag == wanted] or [
            info for tag, info in tags if tag.split("-")[0] == primary
        ]
        return next(iter([*same, *self.infos]), None)

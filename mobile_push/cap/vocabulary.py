"""The words that CAP 1.2 gives to choose from, spelt as it spells them (section 3.2)."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    #: To be acted on by everyone it reaches.
    ACTUAL = "Actual"
    #: To be acted on by those who take part in the exercise; `note` says which.
    EXERCISE = "Exercise"
    #: For the alerting network itself.
    SYSTEM = "System"
    #: A technical test; everybody disregards it.
    TEST = "Test"
    #: A draft; not to be acted on.
    DRAFT = "Draft"


class MessageType(StrEnum):
    ALERT = "Alert"
    #: Takes the place of the alerts in `references`.
    UPDATE = "Update"
    #: Takes back the alerts in `references`.
    CANCEL = "Cancel"
    ACK = "Ack"
    #: Refuses the alerts in `references`; `note` says why.
    ERROR = "Error"


class Scope(StrEnum):
    PUBLIC = "Public"
    #: For those whom `restriction` describes.
    RESTRICTED = "Restricted"
    #: For those in `addresses`.
    PRIVATE = "Private"


class Category(StrEnum):
    GEO = "Geo"
    MET = "Met"
    SAFETY = "Safety"
    SECURITY = "Security"
    RESCUE = "Rescue"
    FIRE = "Fire"
    HEALTH = "Health"
    ENV = "Env"
    TRANSPORT = "Transport"
    INFRA = "Infra"
    CBRNE = "CBRNE"
    OTHER = "Other"


class ResponseType(StrEnum):
    SHELTER = "Shelter"
    EVACUATE = "Evacuate"
    PREPARE = "Prepare"
    EXECUTE = "Execute"
    AVOID = "Avoid"
    MONITOR = "Monitor"
    ASSESS = "Assess"
    ALL_CLEAR = "AllClear"
    NONE = "None"


class Urgency(StrEnum):
    #: Act at once.
    IMMEDIATE = "Immediate"
    #: Act within the next hour.
    EXPECTED = "Expected"
    FUTURE = "Future"
    PAST = "Past"
    UNKNOWN = "Unknown"


class Severity(StrEnum):
    EXTREME = "Extreme"
    SEVERE = "Severe"
    MODERATE = "Moderate"
    MINOR = "Minor"
    UNKNOWN = "Unknown"


class Certainty(StrEnum):
    OBSERVED = "Observed"
    #: More than 50 %.
    LIKELY = "Likely"
    #: 50 % or less.
    POSSIBLE = "Possible"
    #: About 0 %.
    UNLIKELY = "Unlikely"
    UNKNOWN = "Unknown"

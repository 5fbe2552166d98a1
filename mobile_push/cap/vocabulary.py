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


#: What kind of event it is.
CATEGORIES = (
    *("Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE"),
    "Other",
)
#: What people should do.
RESPONSES = ("Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None")
#: How soon to act: at once, within the next hour, later.
URGENCIES = ("Immediate", "Expected", "Future", "Past", "Unknown")
#: How bad it is, from the worst on.
SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
#: How sure it is: seen, more than 50 %, 50 % or less, about 0 %.
CERTAINTIES = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")

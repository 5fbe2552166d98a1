"""What can be set about the sandbox: WeChat's numbers, and faults on demand."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from sandboxes.deliveries import DeliveryFaults
from sandboxes.faults import Count, Document, Seconds

NUMBERS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


@dataclass(slots=True)
class Limits(Document):
    """WeChat's numbers. Those of a day are an account's with fewer than 100,000 followers."""

    #: Seconds that the account's server has for an answer, and how often a message is sent in all. Pages of WeChat
    #: speak of three times in total and of three repeats.
    answer_s: Seconds = 5.0
    attempts: Count = 3
    #: Messages outside an answer: after something typed, and after a menu, a scan, a follow.
    typed_messages: Count = 5
    typed_s: Seconds = 48 * 3600
    tapped_messages: Count = 3
    tapped_s: Seconds = 60
    #: UTF-8 bytes of a text.
    text_bytes: Count = 2048
    token_s: Seconds = 7200
    #: Seconds for which an old token is good beside its successor, and before the end of which the successor comes.
    overlap_s: Seconds = 300
    forced_apart_s: Seconds = 30
    stable_a_minute: Count = 10_000
    media_s: Seconds = 3 * 86400
    #: Pages of WeChat differ: 2 MB and 10 MB for a picture.
    media_bytes: dict[str, Count] = field(default_factory=NUMBERS["media_bytes"].copy)
    #: Seconds after which a phone asks for the menu anew.
    menu_s: Seconds = 300
    code_s: Seconds = 300
    refresh_s: Seconds = 30 * 86400
    #: Calls of a day. What isn't here has no limit.
    a_day: dict[str, Count] = field(default_factory=NUMBERS["a_day"].copy)
    clears_a_month: Count = 10
    mass_a_month: Count = 4


@dataclass(slots=True)
class Faults(DeliveryFaults):
    """What goes wrong from now on; a code is an errcode."""

    #: Calls after which every token is withdrawn, in the midst of things.
    withdraw_after: Count | None = None
    #: Names of `a_day` that are used up.
    used_up: set[str] = field(default_factory=set)

"""`[plugins.mobile_push.settings]`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from banshi.sdk.toml import REQUIRED_LANGUAGES
from mobile_push.cap.geo.divisions import check_division
from mobile_push.providers.apns.settings import ApnsSettings
from mobile_push.providers.fcm.settings import FcmSettings
from mobile_push.providers.for_test_cases import SandboxSettings
from mobile_push.providers.jpush.settings import JPushSettings
from mobile_push.providers.webpush import WebPushSettings
from mobile_push.screen.presentation import Kind, PresentationSettings
from mobile_push.sentences import word

#: The shape of a topic's code, as of a department's.
SLUG = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"

#: Characters of a topic's code at most.
MAX_TOPIC_LENGTH = 64

#: Days; an app that is used at all is heard of more often, and Google's own tokens end after 270.
MIN_ABSENCE_DAYS, MAX_ABSENCE_DAYS = 30, 3650

#: What a lock screen shows of a case's message. It crosses other companies' servers, so it says nothing of the case.
CASE_TITLE = word("You have a new message about your case")


#: The way that most phones here have comes first: one of a maker's knows no Google, and one with Google is reached by
#: its maker too.
USUAL_ORDER = ("apns", "jpush", "fcm", "webpush")

KINDS: tuple[Kind, ...] = ("case", "notice", "alert")


@dataclass(frozen=True, kw_only=True)
class AlertSender:
    """Somebody outside whose signed alerts are believed."""

    #: PEM file of the sender's certificate or public key.
    key_file: Path
    #: The department under whose name the alerts go out.
    department: str
    #: The division (GB/T 2260) that an alert is for whose areas name neither a division nor a shape.
    division: str = ""

    def __post_init__(self) -> None:
        if self.division:
            check_division(self.division)


@dataclass(frozen=True, kw_only=True)
class AlertSettings:
    """Who sends alerts, and whose are believed (`[plugins.mobile_push.settings.alerts]`)."""

    #: CAP's sender of the alerts that staff publish here; without it they can't.
    sender: str = ""
    #: Outside senders by the name that their alerts bear.
    senders: Mapping[str, AlertSender] = field(default_factory=dict)
    #: Seconds after which a signed alert from outside is too old to be new: somebody may have kept it.
    newest: float = 3600.0
    #: PEM files of the key with which own alerts are signed, and of its certificate.
    key_file: Path | None = None
    certificate_file: Path | None = None
    #: The topic whose followers take part in exercises and tests; without it those reach nobody by themselves.
    exercise_topic: str = ""

    def __post_init__(self) -> None:
        for name in filter(None, (self.sender, *self.senders)):
            if not re.fullmatch(r"[^\s\ufeff,<&]{1,300}", name):
                raise ValueError(f"sender {name[:60]!r} has a space, a comma, < or &, which CAP forbids; take it out")
        if self.sender in self.senders:
            raise ValueError(f"senders has {self.sender} itself; name those outside only")
        if not 60 <= self.newest <= 604_800:
            raise ValueError("newest has to be from a minute to a week (604800 seconds)")
        if self.certificate_file and not self.key_file:
            raise ValueError("certificate_file needs key_file, the key that it was issued for")


@dataclass(frozen=True, kw_only=True)
class AnonymousSettings:
    """Phones on which nobody has signed in (`[plugins.mobile_push.settings.anonymous]`)."""

    #: How many may be registered at once; 0 for none.
    devices: int = 100_000
    #: Days without a sign of life after which one is forgotten.
    days: int = 90

    def __post_init__(self) -> None:
        if self.devices < 0:
            raise ValueError("devices has to be at least 0, which takes no phone without a sign-in")
        if not 1 <= self.days <= MAX_ABSENCE_DAYS:
            raise ValueError(f"days has to be from 1 to {MAX_ABSENCE_DAYS}")


@dataclass(frozen=True, kw_only=True)
class WaySettings:
    """By which of its addresses a phone is reached, by kind of message (`[plugins.mobile_push.settings.ways]`).

    Names of providers, the first first. Those that are left out come behind: apns, jpush, fcm, webpush, others.
    """

    case: tuple[str, ...] = ()
    notice: tuple[str, ...] = ()
    alert: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for kind in KINDS:
            names = getattr(self, kind)
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"ways.{kind} names {twice[0]!r} twice; leave it out once")

    def order(self, kind: Kind, offered: Collection[str]) -> Sequence[str]:
        """The providers that are offered in their order. Raises ValueError for a name that isn't among them."""
        first: tuple[str, ...] = getattr(self, kind)
        if unknown := [name for name in first if name not in offered]:
            there = ", ".join(sorted(offered)) or "none"
            raise ValueError(f"ways.{kind} names {unknown[0]!r}, which is not set up; there are: {there}")
        named = [*first, *(name for name in USUAL_ORDER if name in offered), *sorted(offered)]
        return list(dict.fromkeys(named))


@dataclass(frozen=True, kw_only=True)
class PushSettings:
    """How phones are reached beside the app's own stream, which needs no setting."""

    #: Google's service; without it, phones are reached by the stream alone.
    fcm: FcmSettings | None = None
    #: Browsers and UnifiedPush distributors.
    webpush: WebPushSettings | None = None
    #: Apple's service, with nobody in between.
    apns: ApnsSettings | None = None
    #: Phones of makers in China, by one contract.
    jpush: JPushSettings | None = None
    #: Where the pushes of test cases go.
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    case_title: Mapping[str, str] = field(default_factory=lambda: CASE_TITLE)
    #: How loudly a phone shows each kind of message.
    presentation: PresentationSettings = field(default_factory=PresentationSettings)
    #: By which of its addresses a phone is reached.
    ways: WaySettings = field(default_factory=WaySettings)
    #: Seconds for which a provider keeps a message for a phone that is off, and for which we retry. The inbox keeps it
    #: for good.
    ttl: int = 86_400
    #: Seconds after which another worker takes over what this one has claimed. One send takes at most twice the
    #: provider's timeout.
    lease: float = 30.0
    #: Seconds between two signs of life on a stream.
    heartbeat: float = 15.0
    #: Seconds that a phone may take to read what its stream sends; then it is cut off, and catches up when it is back.
    stream_timeout: float = 20.0
    #: Notices that wake one phone in a day at most; None for any number. The inbox has them all.
    notices_a_day: int | None = None
    #: Phones that one person may register, and streams that one person may have open.
    devices: int = 10
    #: Days without a sign of life after which a phone is forgotten. Google's tokens end after 270.
    forget_after_days: int = 270
    #: Phones on which nobody has signed in.
    anonymous: AnonymousSettings = field(default_factory=AnonymousSettings)
    #: What people may follow beside departments: code → title by language.
    topics: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: Departments of which a second person has to approve whatever they publish. Of the others it is what reaches all:
    #: alerts, and notices to everyone.
    second_person: frozenset[str] = frozenset()
    #: Departments of which one person publishes that alone.
    one_person: frozenset[str] = frozenset()
    alerts: AlertSettings = field(default_factory=AlertSettings)

    def __post_init__(self) -> None:
        if not 0 < self.ttl <= 2_419_200:
            raise ValueError("ttl has to be from 1 second to 28 days (2419200)")
        for name, way in {**self.providers, "sandbox.fcm": self.sandbox.fcm}.items():
            if way is not None and self.lease <= 2 * way.timeout:
                raise ValueError(f"lease has to be more than twice {name}.timeout ({2 * way.timeout:g} s)")
        if self.sandbox.webpush is not None and self.webpush is None:
            raise ValueError("sandbox.webpush needs webpush: without it no phone has subscribed")
        if self.fcm and self.sandbox.fcm and self.fcm.base_url == self.sandbox.fcm.base_url:
            raise ValueError("sandbox.fcm has the address of fcm itself; name that of a running sandbox")
        if both := sorted(self.second_person & self.one_person):
            raise ValueError(f"second_person and one_person both name {both[0]!r}; leave it out of one")
        if self.notices_a_day is not None and self.notices_a_day < 1:
            raise ValueError("notices_a_day has to be at least 1; leave it out for no limit")
        if min(self.heartbeat, self.stream_timeout, self.devices) <= 0:
            raise ValueError("heartbeat, stream_timeout and devices have to be positive")
        if not MIN_ABSENCE_DAYS <= self.forget_after_days <= MAX_ABSENCE_DAYS:
            raise ValueError(f"forget_after_days has to be from {MIN_ABSENCE_DAYS} to {MAX_ABSENCE_DAYS}")
        for code, title in self.topics.items():
            _check_topic(code, title)
        if self.alerts.exercise_topic and self.alerts.exercise_topic not in self.topics:
            raise ValueError(f"alerts.exercise_topic: add topics.{self.alerts.exercise_topic}, or nobody can follow it")

    @property
    def providers(self) -> Mapping[str, Any]:
        """The settings of our own providers that are set up, by their names."""
        own = {name: getattr(self, name) for name in ("fcm", "webpush", "apns", "jpush")}
        return {name: settings for name, settings in own.items() if settings is not None}


def _check_topic(code: str, title: Mapping[str, str]) -> None:
    if not re.fullmatch(SLUG, code) or len(code) > MAX_TOPIC_LENGTH:
        raise ValueError(f"topics.{code}: a code is lower case letters, digits and hyphens, {MAX_TOPIC_LENGTH} at most")
    missing = [language for language in REQUIRED_LANGUAGES if not title.get(language, "").strip()]
    if missing:
        raise ValueError(f"topics.{code} needs a title in {' and '.join(missing)}")

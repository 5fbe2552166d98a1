"""How loudly a phone shows a message: by its kind, as an operator sets it, and an alert by its severity too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["case", "notice", "alert"]

#: A sound that phones have by themselves.
DEFAULT_SOUND = "default"

#: A sound file of the app. Android names it without its ending, as a resource (lower case, no hyphen); Apple with it.
SOUND = re.compile(r"[a-z][a-z0-9_]{0,39}(\.(caf|aif|aiff|wav))?")

#: Ids of Android's channels, as we take them: Android itself cuts an id off at 1,000 characters, without a word.
CHANNEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Level(StrEnum):
    """Apple's interruption levels (UNNotificationInterruptionLevel), the quietest first."""

    #: In the list alone: the screen stays dark, and nothing sounds.
    PASSIVE = "passive"
    #: At once, but a Focus or a scheduled summary holds it back.
    ACTIVE = "active"
    #: Through a Focus and a summary; the app needs the capability, or it is as `active`.
    TIME_SENSITIVE = "time-sensitive"
    #: With a sound although the phone is muted; Apple has to grant it to the app.
    CRITICAL = "critical"


LEVELS = tuple(Level)


class Presentation(NamedTuple):
    """How one message is shown."""

    level: Level = Level.ACTIVE
    #: "default", the name of a sound file in the app, or "" for none.
    sound: str = DEFAULT_SOUND
    #: Android's channel, which decides how loud it is there; "" leaves it to the app's manifest.
    channel: str = ""
    #: Of a critical sound, from 0 to 1.
    volume: float = 1.0


@dataclass(frozen=True, kw_only=True)
class KindPresentation:
    """How messages of one kind are shown (`[plugins.mobile_push.settings.presentation.case]`)."""

    #: Apple grants it for alerts alone.
    may_be_critical: ClassVar[bool] = False

    level: Level
    sound: str
    channel: str

    def __post_init__(self) -> None:
        check_channel("channel", self.channel)
        if self.sound not in ("", DEFAULT_SOUND) and not SOUND.fullmatch(self.sound):
            raise ValueError(
                f'sound is {self.sound[:60]!r}; write "default", "" for none, or the name of a sound file inside the '
                'app, in lower case and without a folder, such as "siren.caf"'
            )
        if self.level == Level.CRITICAL and not self.may_be_critical:
            raise ValueError('level is "critical", which Apple grants for alerts alone; take "time-sensitive"')
        if self.level == Level.CRITICAL and not self.sound:
            raise ValueError('level is "critical", which is a sound on a muted phone; set sound, such as "default"')

    @property
    def presentation(self) -> Presentation:
        return Presentation(Level(self.level), self.sound, self.channel)


@dataclass(frozen=True, kw_only=True)
class CasePresentation(KindPresentation):
    """Messages about a person's own case."""

    level: Level = Level.ACTIVE
    sound: str = DEFAULT_SOUND
    channel: str = "cases"


@dataclass(frozen=True, kw_only=True)
class NoticePresentation(KindPresentation):
    """Notices: they can wait until somebody looks."""

    level: Level = Level.PASSIVE
    sound: str = ""
    channel: str = "notices"


@dataclass(frozen=True, kw_only=True)
class AlertPresentation(KindPresentation):
    """Alerts: they are about a danger now."""

    may_be_critical = True

    level: Level = Level.TIME_SENSITIVE
    sound: str = DEFAULT_SOUND
    channel: str = "alerts"
    #: How loud a critical sound is, from 0 to 1.
    volume: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.volume <= 1:
            raise ValueError(f"volume is {self.volume}; set a number above 0, 1 at most")

    @property
    def presentation(self) -> Presentation:
        return Presentation(Level(self.level), self.sound, self.channel, self.volume)


@dataclass(frozen=True, kw_only=True)
class PresentationSettings:
    """How each kind of message is shown (`[plugins.mobile_push.settings.presentation]`)."""

    alert: AlertPresentation = field(default_factory=AlertPresentation)
    case: CasePresentation = field(default_factory=CasePresentation)
    notice: NoticePresentation = field(default_factory=NoticePresentation)
    #: Of notices of a kind ([….presentation.kinds.roads]); without one, as `notice`, and its code is their channel.
    kinds: Mapping[str, NoticePresentation] = field(default_factory=dict)
    #: Android's channel of what takes back something that was shown; it should make no noise.
    withdrawn_channel: str = "withdrawn"

    def __post_init__(self) -> None:
        check_channel("withdrawn_channel", self.withdrawn_channel)

    @property
    def withdrawn(self) -> Presentation:
        """Of what takes back something that was shown: it corrects the screen, and disturbs nobody for it."""
        return Presentation(Level.PASSIVE, "", self.withdrawn_channel)

    def of(self, kind: Kind, category: str = "") -> Presentation:
        """Of a message of that kind; a notice may have one of its own."""
        if kind == "notice" and category:
            own = self.kinds.get(category) or replace(self.notice, channel=category)
            return own.presentation
        of_kind = {"alert": self.alert, "case": self.case, "notice": self.notice}[kind]
        return of_kind.presentation

    def of_alert(self, cap: Mapping[str, Any] | None) -> Presentation:
        """Of an alert with this document of CAP.

        A minor danger breaks through no Focus, and only an actual, severe one through a muted phone. What is cancelled
        is no danger any more. A severity that nobody knows yet is not taken for a minor one.
        """
        own = self.alert.presentation
        if cap is None:
            return own
        if cap.get("msg_type") == "Cancel":
            return self.withdrawn
        severities = {info.get("severity") for info in cap.get("info") or ()}
        if severities == {"Minor"}:
            return _at_most(own, Level.ACTIVE)
        if cap.get("status") != "Actual" or not severities & {"Extreme", "Severe"}:
            return _at_most(own, Level.TIME_SENSITIVE)
        return own


def check_channel(key: str, channel: str) -> None:
    """Raise ValueError for what is no id of a channel."""
    if not CHANNEL.fullmatch(channel):
        raise ValueError(
            f"{key} is {channel[:80]!r}; write the id that the app gives its channel on Android: letters, digits, "
            "dots, hyphens and underscores, 64 at most"
        )


def _at_most(own: Presentation, level: Level) -> Presentation:
    return own if LEVELS.index(own.level) <= LEVELS.index(level) else own._replace(level=level)

"""`[plugins.hotline.settings]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from banshi import Key, Texts
from banshi.sdk.outgoing import key_of
from banshi.sdk.toml import REQUIRED_LANGUAGES
from hotline.sentences import say

#: The longest that an operator may set.
MAX_DAYS, MAX_HOURS, MAX_TRIES = 3_650, 240, 20

#: Letters of a wording's version.
MAX_VERSION_CHARS = 32

#: What is read out before anything is filed, where the city has no wording of its own.
WORDING: Mapping[str, Texts] = {
    "1": say(
        "I shall write this down and hand it in for you. Your name, your number and what you say are used for "
        "this alone, and you may take your consent back at any time. If you like, your code and word of news are "
        "texted to your number, without a personal word. Do you agree?"
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HotlineSettings:
    """Who may report calls, where they go, and how long people wait for one back."""

    #: By which the switch signs, `whsec_…`; two while it changes from one to the other. Write them as "env:NAME".
    secrets: tuple[str, ...] = field(default=(), repr=False)
    #: By the number that was dialled, the code of a desk; any other line is the desk's that comes first.
    lines: Mapping[str, str] = field(default_factory=dict)
    #: By extension, the operator's subject at the identity provider.
    extensions: Mapping[str, str] = field(default_factory=dict)
    #: What stands before a number without its country, and before one without its area.
    country: str = "86"
    area: str = ""
    #: Wordings of the consent by version, the one that is read out last. An old one stays: it was agreed to.
    consents: Mapping[str, Texts] = field(default_factory=lambda: WORDING)
    #: The account by which codes go out as text messages, such as `sms:city`; "" for none.
    text_account: str = ""
    #: Minutes after its end for which a call is its operator's, and for which a call-back is.
    call_minutes: int = 30
    #: Hours within which whoever was missed is called back, and those between two tries.
    call_back_hours: int = 24
    between_hours: int = 2
    #: Tries after which a call-back is given up.
    tries: int = 3
    #: Days for which calls and call-backs are kept.
    keep_days: int = 730

    def __post_init__(self) -> None:
        for secret in self.secrets:
            key_of(secret)
        if not self.country.isdecimal() or not (self.area + "0").isdecimal():
            raise ValueError("country and area are digits, without + and without the 0 in front")
        if not self.consents or any(not set(REQUIRED_LANGUAGES) <= set(texts) for texts in self.consents.values()):
            raise ValueError(f"consents needs one wording at least, each in {', '.join(REQUIRED_LANGUAGES)}")
        if max(map(len, self.consents)) > MAX_VERSION_CHARS:
            raise ValueError(f"a version of consents has {MAX_VERSION_CHARS} letters at most")
        for name, most in (
            ("call_minutes", 1_440),
            ("call_back_hours", MAX_HOURS),
            ("between_hours", MAX_HOURS),
            ("tries", MAX_TRIES),
            ("keep_days", MAX_DAYS),
        ):
            if not 1 <= getattr(self, name) <= most:
                raise ValueError(f"{name} has to be 1 to {most}")

    @property
    def consent(self) -> str:
        """The version that is read out now."""
        return [*self.consents][-1]


SETTINGS: Key[HotlineSettings] = Key("the hotline's settings")

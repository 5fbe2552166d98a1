"""What a city makes its site of: its name, colours and crest, and what stands at its foot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from banshi import LANGUAGES, Key
from web_site.sentences import say, word
from web_site.words import words_in

#: A colour as style sheets write it.
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
#: The tokens of the style sheet that a city sets.
TOKENS = frozenset({"deep", "fill", "seal"})
#: A role of somebody made up.
ROLE = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)?:[a-z0-9-]+")
#: Where a footer's link may lead.
LINK = re.compile(r"(?:https://|tel:|/(?!/))[^\s<>\"']+")

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FootLink:
    """A link at the foot of every page."""

    title: Words
    address: str

    def __post_init__(self) -> None:
        if not LINK.fullmatch(self.address):
            raise ValueError(f"address {self.address!r} of a link has to begin with https://, tel: or /")


#: What somebody might type.
EXAMPLES = ("lost my licence", "passport", "no criminal record")


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """The table `[plugins.web_site.settings]` of plugins.toml."""

    #: Whose site it is, and the line below that.
    name: Words = field(default_factory=lambda: word("Sample City Police"))
    tagline: Words = field(default_factory=lambda: word("Public services"))
    #: `deep`, `fill` and `seal` of the style sheet, such as `{ deep = "#0a2a4f" }`.
    colours: Mapping[str, str] = field(default_factory=dict)
    #: An SVG of the crest; ours where it is left out.
    crest: Path | None = None
    #: What stands at the foot: a telephone number with its hours, a licence.
    foot: Words = field(default_factory=lambda: say("All data are made up."))
    links: tuple[FootLink, ...] = ()
    #: What somebody might type: below the search box.
    examples: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {tag: tuple(say.text(tag, one) for one in EXAMPLES) for tag in LANGUAGES}
    )
    #: A folder with the site's words in further languages: `vi.toml` has them by the English.
    words: Path | None = None
    #: Numbers to call in danger, in their order, with what they are.
    emergency: Mapping[str, Words] = field(
        default_factory=lambda: {
            "110": word("Police"),
            "119": word("Fire brigade"),
            "120": word("Ambulance"),
            "122": word("Traffic accidents"),
        }
    )
    #: Minutes without a page after which somebody signs in anew, and hours after which they do in any case.
    idle_minutes: int = 30
    most_hours: int = 12
    #: Made-up people, by name, whom anybody on this machine may be by one click. For development alone.
    people: tuple[str, ...] = ()
    #: The same of staff, with their roles: `{ "赵队长" = ["traffic:reviewer", "traffic:approver"] }`.
    staff: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wrong = {*self.colours} - TOKENS
        if wrong or not all(map(COLOUR.fullmatch, self.colours.values())):
            raise ValueError(f"colours has {', '.join(sorted(TOKENS))}, each as #rrggbb")
        if not (1 <= self.idle_minutes <= 24 * 60 and 1 <= self.most_hours <= 24):
            raise ValueError("idle_minutes has to be 1 to 1440, most_hours 1 to 24")
        if not all(re.fullmatch("[0-9]{2,15}", one) for one in self.emergency):
            raise ValueError("emergency has telephone numbers, each with what it is")
        if not all(roles and all(map(ROLE.fullmatch, roles)) for roles in self.staff.values()):
            raise ValueError("staff has names, each with roles written department:role or department/unit:role")
        words_in(self.words)


SETTINGS: Key[SiteSettings] = Key("the site's settings")

"""What a department says of itself and its items: the elements of the national list of government service items.

All of it is data, from `items.toml`, as frozen values; together they are an item's guide (办事指南).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from typing import Any, Literal

from banshi.forms import Form
from banshi.foundation.texts import spoken
from banshi.foundation.time.opening_hours import check_hours
from banshi.foundation.time.periods import Period
from banshi.kernel.contract.data_tables import data_table
from banshi.kernel.contract.elements import Elements, LegalBasis, Level, Remedy
from banshi.kernel.contract.texts import Texts as Texts

#: What cases and their pushes are: real, real for some people alone, or made up and gone by themselves.
Mode = Literal["test", "team", "live"]

#: The mode of what is made up, and of what is real for everybody.
TEST: Mode = "test"
LIVE: Mode = "live"

#: What a time limit counts: days that are worked in the city, or all days.
DayUnit = Literal["working-day", "calendar-day"]

#: Codes of departments, units, items and plugins: lower case, digits, hyphens; used in URLs.
SLUG = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"

#: What a claim's source can be beside a JSON Pointer.
HOLDER, DECISION = "holder", "decision"

#: Bytes of a holder's name, characters of what was decided: longer than any is, and short enough to be signed.
LONGEST_HOLDER, LONGEST_DECISION = 120, 100


def text_in(texts: Texts, language: str) -> str:
    """The text in `language`, or in another one where it has none."""
    return texts.get(language) or spoken(texts, language)


@data_table
class Document:
    """What a material is, whichever item asks for it: an identity document, a vehicle registration certificate."""

    code: str
    title: Texts
    #: What it is about where one person may have several: the plate, the holder's name. None: the person alone.
    concerns: Texts | None = None
    #: Days from its upload on for which the person may hand the same file in again; 0 never.
    reuse_days: int = 0


@data_table
class Material:
    """A document that the citizen hands in."""

    title: Texts
    required: bool = True
    #: Where the citizen gets it: issued by an authority, made by the applicant, or already held by the platform.
    source: Literal["authority", "applicant", "platform"] = "applicant"
    #: JSON Pointer of the form's field that takes it, where there is one.
    field: str = ""
    #: Which document it is: a code of the vocabulary, or `department/code` for one of the department's own.
    document: str = ""
    #: JSON Pointer of the answer that says what the document is about, where the document concerns something.
    concerns: str = ""
    #: Days instead of the document's own, and never more.
    reuse_days: int | None = None


@data_table
class Fee:
    """What the item costs. `amount` is in fen (0.01 yuan), so that no float is involved."""

    amount: int = 0
    note: Texts | None = None


@data_table
class OpenHours:
    """When a place is open, as the city's calendar has the days."""

    #: By day, "workday", "holiday" or one day of the week: such as `["9:00-12:00"]`. An end of 23:59 is midnight.
    hours: Mapping[str, tuple[str, ...]]
    #: Days on which it is closed beside those of the calendar.
    closed: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        check_hours(self.hours)


@data_table
class Place:
    """An office where the item can be asked about or done."""

    title: Texts
    address: Texts
    phone: str
    #: What a kind's own data calls it by, such as a place that is booked.
    code: str = ""
    #: When it is open: in words, and as the calendar counts it.
    hours: Texts | None = None
    opening: OpenHours | None = None


@data_table
class OnlineDepth:
    """How much of the item can be done online: a code and the published list that it is from."""

    code: str
    code_list: str


@data_table
class Result:
    """What the citizen holds in the end."""

    kind: Literal["none", "answer", "pass", "certificate"]
    title: Texts


@data_table
class Claim:
    """One thing that a pass or a certificate says. An item's claims keep their order for good: it is their number on
    the wire."""

    name: str
    title: Texts
    #: JSON Pointer into the answers, `holder` (the citizen's name, as the identity provider says it) or `decision`
    #: (what was written when the case was approved); empty where the handler's `claims` gives the value.
    source: str = ""
    #: It says only so much of its value that the holder knows it again: 王**, 110***********002X.
    masked: bool = False
    #: What people read in place of a value, by the value.
    values: Mapping[str, Texts] = field(default_factory=dict)


@data_table
class Owner:
    """Whom an item is about: the citizen who hands it in, by the number that the identity provider has verified."""

    #: JSON Pointer of the answer with the citizen's number.
    field: str
    #: JSON Pointer of a file. Whoever hands it in may ask about another: a child, or somebody who has authorised them.
    unless: str = ""


@data_table
class PassRules:
    """What an approved case's QR pass says, and for how long."""

    #: The least that an officer needs, and nothing else.
    claims: tuple[Claim, ...]
    #: JSON Pointers to the answers with the first and last day (dates, in the city's time zone).
    valid_from: str = ""
    valid_until: str = ""
    #: Longest validity in days; also the validity where no answer says it.
    longest_days: int = 365
    #: One phone holds it and signs it anew every 15 seconds, so that a screenshot is worth nothing.
    dynamic: bool = False


@data_table
class CertificateRules:
    """The page around an approved case's credential, as a PDF. `banshi.kernel.contract.message_templates` says what a
    template may hold."""

    #: What stands above it; the result's title where it is left out.
    title: Texts | None = None
    #: Whose seal it bears: the department's issuer where it is left out.
    issuer: Texts | None = None
    #: What is certified. Beside what a message may mention, it has the credential's claims.
    body: Texts


@data_table
class MessageTemplates:
    """What the citizen is told of a step. `banshi.kernel.contract.message_templates` says what a template may hold;
    None leaves the default."""

    #: One line.
    title: Texts | None = None
    body: Texts | None = None


@data_table
class Unit:
    """A part of a department that works on cases."""

    code: str
    title: Texts


@data_table
class Item:
    """One business item as its department declares it: the guide, the form, and what its kind adds."""

    code: str
    department: str
    #: The plugin that declared it.
    plugin: str
    #: Name of one of the registered kinds.
    kind: str
    #: Counts up when form or rules change; a case keeps the version that it was submitted under.
    version: int = 1
    title: Texts
    summary: Texts
    audience: tuple[Literal["person", "organisation"], ...]
    legal_basis: tuple[LegalBasis, ...] = ()
    conditions: tuple[Texts, ...] = ()
    materials: tuple[Material, ...] = ()
    process: tuple[Texts, ...] = ()
    fee: Fee = field(default_factory=Fee)
    #: Days that the law allows, and that the department promises, and which days each counts. None: not known.
    legal_days: int | None = None
    legal_days_unit: DayUnit = "working-day"
    promised_days: int | None = None
    promised_days_unit: DayUnit = "working-day"
    #: How often the citizen has to come in person; 0 is fully online.
    visits: int = 0
    online_depth: OnlineDepth | None = None
    elements: Elements = field(default_factory=Elements)
    #: In place of the department's.
    remedy: Remedy | None = None
    places: tuple[Place, ...] = ()
    result: Result
    #: Whose answer it gives, for an item about one citizen's own record; None asks nobody who they are.
    owner: Owner | None = None
    #: The QR pass, or what a certificate's QR code says.
    credential: PassRules | None = None
    #: The certificate, for an item whose result is one.
    certificate: CertificateRules | None = None
    #: The unit that works on its cases.
    unit: str = ""
    #: The department's own words for its messages, by action of the state table.
    messages: Mapping[str, MessageTemplates] = field(default_factory=dict)
    #: What it is about stands on no lock screen: a notice outside the app says only that there is one.
    discreet: bool = False
    #: Everyday words that the search should find it by, per language.
    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: What happens in life when somebody needs it: codes of the common list, such as `moving`.
    themes: tuple[str, ...] = ()
    #: How often people ask for it, 5 for what is asked for most: of items that a search finds alike, it goes first.
    often: Literal[1, 2, 3, 4, 5] = 1
    #: How long what is personal in its cases is kept once they are over, by outcome; `default` is all others.
    retention: Mapping[str, Period] = field(default_factory=dict)
    #: Roles that read its cases and do nothing with them, beside those of its state table.
    readers: tuple[str, ...] = ()
    #: The compiled form, or None for an item that asks nothing.
    form: Form | None = None
    #: The kind's own value type, from the table of items.toml that bears the kind's name.
    details: Any = None
    #: The steps (`Step`) that its cases can take, as the kind has them for these details. None: it can't say.
    steps: Any = field(default=(), repr=False, compare=False)
    #: What people read for its states and for its actions, once it was asked for.
    words: Any = field(default=None, init=False, repr=False, compare=False)
    #: The department's behaviour: an instance of the kind's handler class.
    handler: Any = None
    #: Not live: in no list, and known to whoever has its code; a plugin that makes items says so, items.toml can't.
    mode: Mode = "live"
    #: Subjects of the people who may hand something in for a `team` item.
    team: frozenset[str] = frozenset()

    @property
    def fully_online(self) -> bool:
        return self.visits == 0

    @property
    def allowance(self) -> tuple[int | None, DayUnit]:
        """The days that its clock has, promised or else by law, and which days it counts."""
        if self.promised_days is not None:
            return self.promised_days, self.promised_days_unit
        return self.legal_days, self.legal_days_unit

    @property
    def names_holder(self) -> bool:
        """Whether what the citizen gets has their whole name signed into it."""
        for claim in self.credential.claims if self.credential else ():
            if claim.source == HOLDER and not claim.masked:
                return True
        return False


@data_table
class Department:
    """An authority with business items of its own."""

    code: str
    title: Texts
    phone: str = ""
    units: tuple[Unit, ...] = ()
    #: Its own documents, beside those that every department shares.
    documents: tuple[Document, ...] = ()
    #: Against its decisions, but for items with one of their own.
    remedy: Remedy | None = None
    #: Of the national list, but for items with their own: 行使层级, and 监督投诉方式.
    exercise_level: Level | None = None
    complaints: Texts | None = None
    #: The authority that its certificates are in the name of; the department itself where it is left out.
    issuer: Texts | None = None

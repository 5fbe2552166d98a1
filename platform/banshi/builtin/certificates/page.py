"""From a signed credential to what stands on its page, in one language."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

import orjson

from banshi.builtin.certificates.fonts import Fonts
from banshi.builtin.passes.claims import said, words_of
from banshi.builtin.passes.wire.cose import Credential
from banshi.builtin.sentences import say, word
from banshi.foundation.texts import clean
from banshi.kernel.contract.items import DECISION
from banshi.kernel.contract.message_templates import day_in, fill, parse
from banshi.kernel.contract.values import Department, Item, Texts, text_in
from banshi.kernel.loading.settings import Settings
from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.passes import Pass

#: What stands on every certificate beside what the item says.
WORDS: dict[str, Texts] = {
    "number": word("No. {number}"),
    "valid": word("This certificate is valid"),
    "from_until": word("{first} to {last}"),
    "scan": say("To verify: scan the code with the city's app."),
    "scan_or_look_up": say("To verify: scan the code with the city's app, or look it up at the verification address."),
    "compare": say(
        "Compare the result with this page. A certificate can be revoked, taken back or cancelled before it ends:"
        " the result decides."
    ),
    "address": word("Verification address: {address}"),
    "lacking": say(
        "A character that is written 〔U+…〕 is missing in this certificate's font and is named by its Unicode"
        " number; the text in the code is complete."
    ),
    "seal": word("(place of the seal)"),
    "qr": word("QR code: the digitally signed content of the certificate"),
}

#: Counted up when the page's layout or wording changes, so that nobody keeps an old one by its ETag.
LAYOUT = 4


@dataclass(frozen=True, slots=True)
class Source:
    """All that a page is made from."""

    item: Item
    department: Department
    case: Case
    record: Pass
    credential: Credential
    settings: Settings
    #: What the QR code says.
    code: str


@dataclass(frozen=True, slots=True)
class Page:
    """One certificate, ready to be drawn."""

    title: str
    #: What the layout reads, as JSON.
    data: bytes
    #: What the QR code says.
    code: str
    #: Unix seconds: the PDF's own date, so that the same page is the same bytes.
    at: int
    #: Whether a character is named by its code point, because no font has it.
    lacking: bool
    #: What it is drawn with.
    fonts: Fonts

    @property
    def digest(self) -> str:
        return hashlib.blake2b(self.data, digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class Wording:
    """What a certificate says in one language: its title, its table, and the sentences of its body."""

    title: str
    rows: Sequence[tuple[str, str]]
    body: Sequence[str]
    #: Who certifies it.
    issuer: str


def wording_of(source: Source, language: str) -> Wording:
    """What the page says, and what a verification says that it has to say."""
    item, record = source.item, source.record
    rules = item.certificate
    if rules is None or item.credential is None:
        raise ValueError(f"item {item.code} ends in no certificate")
    first, last = days(record, source.settings.timezone)
    claims = source.credential.claims
    told = {
        one.name: (text_in(one.title, language), said(words_of(item, one), claims[one.name], language))
        for one in item.credential.claims
        if one.name in claims
    }
    values = {
        "item": text_in(item.title, language),
        "department": text_in(source.department.title, language),
        "phone": source.department.phone,
        "result": text_in(item.result.title, language),
        "number": source.case.number,
        "date": _issued(source, language),
        "valid_from": day_in(first, language),
        "valid_until": day_in(last, language),
        **{name: text for name, (_, text) in told.items()},
    }
    template = parse(text_in(rules.body, language))
    body = [paragraph for paragraph in fill(template, values).split("\n") if paragraph]
    title = clean(fill(parse(text_in(rules.title or item.result.title, language)), values))
    # What was decided is said once: a sentence of the body needs no row.
    said_below = {one.name for one in item.credential.claims if one.source == DECISION} & template.names
    rows = [row for name, row in told.items() if name not in said_below]
    department = source.department
    issuer = text_in(rules.issuer or department.issuer or department.title, language)
    return Wording(title, rows, body, issuer)


def _issued(source: Source, language: str) -> str:
    return day_in(source.record.issued_at.astimezone(source.settings.timezone).date(), language)


def page_of(source: Source, language: str, fonts: Fonts) -> Page:
    """The page of a credential."""
    record, words = source.record, {name: text_in(texts, language) for name, texts in WORDS.items()}
    said_there, address = wording_of(source, language), clean(source.settings.certificate_address)
    how = ("scan_or_look_up", "compare", "address") if address else ("scan", "compare")
    first, last = (day_in(day, language) for day in days(record, source.settings.timezone))
    text = {
        "title": said_there.title,
        "issuer": said_there.issuer,
        "seal": words["seal"],
        "number": words["number"].format(number=source.case.number),
        "issued": _issued(source, language),
        "rows": [*said_there.rows, (words["valid"], words["from_until"].format(first=first, last=last))],
        "body": said_there.body,
        "verify": [words[one].format(address=address) for one in how],
        "qr_says": words["qr"],
    }
    seen, lacking = _shown(text, fonts)
    if lacking:
        seen["verify"].append(words["lacking"])
    tag, _, region = language.partition("-")
    data = {
        **seen,
        "lang": tag,
        "region": region or None,
        "families": fonts.families,
        "code": source.code,
        "layout": LAYOUT,
    }
    at = int(record.issued_at.timestamp())
    return Page(said_there.title, orjson.dumps(data, option=orjson.OPT_SORT_KEYS), source.code, at, lacking, fonts)


def days(record: Pass, zone: tzinfo) -> tuple[date, date]:
    """The first and the last day of a credential: it ends with the last day's midnight."""
    first: datetime = record.not_before or record.issued_at
    last = record.expires_at.astimezone(zone) - timedelta(microseconds=1)
    return first.astimezone(zone).date(), last.date()


def _shown(value: Any, fonts: Fonts) -> tuple[Any, bool]:
    """Every text in `value` as the fonts can show it, and whether any of them lacks something."""
    if isinstance(value, str):
        return fonts.displayable(value)
    if isinstance(value, Mapping):
        pairs = {name: _shown(part, fonts) for name, part in value.items()}
        return {name: seen for name, (seen, _) in pairs.items()}, any(lacks for _, lacks in pairs.values())
    if isinstance(value, Sequence):
        parts = [_shown(part, fonts) for part in value]
        return [seen for seen, _ in parts], any(lacks for _, lacks in parts)
    return value, False

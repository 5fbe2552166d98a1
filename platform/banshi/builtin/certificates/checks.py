"""What is wrong with a certificate: words that can't be filled, values nobody can read, more than a QR code holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from banshi.builtin.certificates.fonts import open_fonts
from banshi.builtin.checks.declarations.fields import always_there, fields_of
from banshi.builtin.checks.words.messages import Known, longest_values, template_faults
from banshi.builtin.passes.claims import list_of, words_of
from banshi.builtin.passes.wire.cose import MAX_BYTES
from banshi.forms.spelling import MAX_VERIFIED_BYTES
from banshi.foundation.findings import Finding
from banshi.kernel.contract.items import DECISION, HOLDER, LONGEST_DECISION, LONGEST_HOLDER
from banshi.kernel.contract.message_templates import ALWAYS, LONGEST_TITLE
from banshi.kernel.contract.values import Claim, Item, Texts
from banshi.kernel.loading.registry import Registry

#: What every certificate can mention beside its own claims.
GIVEN = ALWAYS | {"valid_from", "valid_until"}

#: Bytes of a credential beside its claims and its item's code: header, issuer, times, signature.
BYTES_AROUND_CLAIMS = 140

#: Bytes of a value by its format.
FORMATS = {
    "date": 10,
    "date-time": 40,
    "time": 20,
    "uuid": 36,
    "ipv4": 15,
    # A verified number of another document may be longer than a citizen's.
    "cn-resident-id": MAX_VERIFIED_BYTES,
    "cn-uscc": 18,
    "cn-plate": 14,
    "cn-mobile": 11,
    "cn-phone": 20,
    "cn-division": 12,
}

#: What stands for each value of each claim of an item, by the claim's name.
Told = Mapping[str, Mapping[str, Texts]]

#: A pattern that says itself how long its value is: ^[A-Z0-9]{6,30}$.
COUNTED = re.compile(r"\^\[[^\]]*\]\{(?:\d+,)?(\d+)\}\$")


def certificates_can_be_made(registry: Registry) -> Iterator[Finding]:
    """A certificate's words can be filled, its values read, and its QR code holds them whatever is answered."""
    for item in registry.items.unchecked():
        if item.certificate is None or item.credential is None:
            continue
        file = registry.file_of(item)
        told = {claim.name: words_of(item, claim) for claim in item.credential.claims}
        for finding in (*_words(registry, item, told), *_values(item, told), *_size(item)):
            yield replace(finding, advice=f"{file}: {finding.advice}")


def fonts_can_be_read(registry: Registry) -> Iterator[Finding]:
    """The operator's folders of fonts have some; ours is always there."""
    settings = registry.configuration.settings
    for key in ("certificate_fonts", "certificate_name_fonts"):
        folder = getattr(settings, key)
        if folder is None:
            continue
        try:
            open_fonts(folder)
        except (ValueError, OSError) as error:
            advice = f"{registry.configuration.file}: mend platform.{key}, or remove it: {error}"
            yield Finding("platform", "no-fonts", advice)


def _words(registry: Registry, item: Item, told: Told) -> Iterator[Finding]:
    where, claims = f"items.{item.code}.certificate", item.credential.claims if item.credential else ()
    assert item.certificate is not None  # noqa: S101 - the caller asked
    names = {claim.name for claim in claims}
    for name in sorted(names & (GIVEN | {"phone"})):
        advice = f"rename the claim {name!r} of items.{item.code}: every certificate has something of that name"
        yield Finding(item.plugin, "duplicate-claim", advice)
    form = item.form.schema if item.form else {}
    always = {claim.name for claim in claims if claim.source == DECISION or always_there(form, claim.source)}
    certain = GIVEN | always
    # A claim may bear the name of what a message has to tell; here it has to tell nothing.
    known = Known(certain - {"reason"}, frozenset(names - certain | certain & {"reason"}) | {"phone"})
    signs = {claim.name: _signs(item, claim, told[claim.name]) for claim in claims}
    lengths = {**longest_values(registry, item), **signs}
    yield from template_faults(item.plugin, f"{where}.body", item.certificate.body, known, lengths, title=False)
    titles = item.certificate.title or {}
    yield from template_faults(item.plugin, f"{where}.title", titles, known, lengths, title=False)
    for language, title in titles.items():
        if len(title.strip().splitlines()) > 1 or len(title) > LONGEST_TITLE:
            advice = f"write {where}.title.{language} in one line of at most {LONGEST_TITLE} characters"
            yield Finding(item.plugin, "bad-template", advice)


def _signs(item: Item, claim: Claim, told: Mapping[str, Texts]) -> int:
    """The most characters that a claim takes on the page."""
    words = [max(map(len, texts.values()), default=0) + 2 for texts in told.values()]
    several = any(node.get("type") == "array" for node in fields_of(item, claim.source))
    return max(sum(words) if several else max(words, default=0), _longest(item, claim) or 0)


def _values(item: Item, told: Told) -> Iterator[Finding]:
    for claim in item.credential.claims if item.credential else ():
        options = set(_options(item, claim))
        where = f"items.{item.code}.credential.claims.{claim.name}.values"
        for option in sorted(options - told[claim.name].keys()):
            if not claim.masked and not re.fullmatch("[A-Z0-9]+", option):
                yield Finding(item.plugin, "untold-option", f"add {where}.{option}: the certificate says it in words")
        if options:
            for option in sorted(claim.values.keys() - options):
                advice = f"remove {where}.{option}: the form has no such option"
                yield Finding(item.plugin, "unknown-option", advice)
        if (address := list_of(item, claim)) and not told[claim.name]:
            advice = f"add {where} with a text for each entry of {address}: people read it in place of the entry's code"
            yield Finding(item.plugin, "untold-option", advice)


def _options(item: Item, claim: Claim) -> Iterator[str]:
    """The texts that a claim's field offers to choose from."""
    for node in fields_of(item, claim.source):
        for part in (node, node.get("items")):
            if isinstance(part, Mapping):
                yield from (one for one in part.get("enum", ()) if isinstance(one, str))


def _size(item: Item) -> Iterator[Finding]:
    total = BYTES_AROUND_CLAIMS + len(item.code)
    for claim in item.credential.claims if item.credential else ():
        length = _longest(item, claim)
        if length is None:
            advice = f"give {claim.source} in the form of items.{item.code} a maxLength: a QR code has to hold it"
            yield Finding(item.plugin, "endless-claim", advice)
        total += length or 0
    if total > MAX_BYTES:
        advice = (
            f"take a claim out of items.{item.code}.credential, or lower a maxLength: the QR code could need {total}"
            f" bytes, and holds {MAX_BYTES}"
        )
        yield Finding(item.plugin, "certificate-too-long", advice)


def _longest(item: Item, claim: Claim) -> int | None:
    """The most bytes that a claim takes; None where nothing says it. What a handler gives is its own to keep short."""
    if claim.source == HOLDER:
        return LONGEST_HOLDER + 2
    if claim.source == DECISION:
        return 4 * LONGEST_DECISION + 3
    lengths = [_bytes(node) for node in fields_of(item, claim.source)]
    return min((one for one in lengths if one is not None), default=None) if lengths else 0


def _bytes(node: Mapping[str, Any]) -> int | None:
    """The most bytes that a value of a schema takes, with its head; a character takes at most four."""
    if "const" in node:
        return len(str(node["const"]).encode()) + 3
    if "enum" in node:
        return max(len(str(one).encode()) for one in node["enum"]) + 3
    match node.get("type"):
        case "integer":
            return 9
        case "array":
            one = _bytes(node["items"]) if isinstance(node.get("items"), Mapping) else None
            return None if one is None or "maxItems" not in node else node["maxItems"] * one + 3
        case "string":
            known = [FORMATS.get(node.get("format", ""))]
            known.append(4 * node["maxLength"] if "maxLength" in node else None)
            counted = COUNTED.fullmatch(node.get("pattern", ""))
            known.append(4 * int(counted[1]) if counted else None)
            return min((length + 3 for length in known if length is not None), default=None)
    return None

"""What is known of a person, field by field of one form: from their sign-in, and from their latest cases."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from banshi.builtin.sentences import say, word
from banshi.forms import Form
from banshi.forms.pointers import found_at, names_in, pointer
from banshi.forms.pointing import same_value
from banshi.forms.vocabulary.fields import KNOWN, PREFILL
from banshi.forms.words import WHEN
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.values import LANGUAGES, Item, Texts, text_in
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import KEPT, Case

#: Cases of the person that are looked through, the latest first.
MAX_CASES = 20
#: Longest text that is filled in.
MAX_CHARS = 500
#: Known from the sign-in alone: what somebody typed into an earlier case may be another's.
VERIFIED_ONLY = frozenset({"name", "resident-id"})
#: What is said of a field that isn't asked until something else is answered.
UNASKED = frozenset({WHEN, "falseSchema"})

#: What people read for each word.
TITLES: Mapping[str, Texts] = {
    "name": word("name"),
    "resident-id": word("ID number"),
    "phone": word("phone number"),
    "email": word("email address"),
    "address": word("address"),
    "postcode": word("postcode"),
    "organisation": word("organisation"),
    "uscc": word("unified social credit code"),
    "plate": word("number plate"),
    "vin": word("VIN"),
}
SIGN_IN: Texts = word("your sign-in")
FROM_CASE: Texts = word("case {number}")
WORDS = (
    "For “{purpose}”, I agree that my {known} are filled in, from {sources}. {department} sees nothing of it before I"
    " hand the form in; on record is only what sort of thing was filled in. If you don't agree, fill it in yourself."
)


@dataclass(frozen=True, slots=True)
class Filled:
    """A field, and what goes into it."""

    pointer: str
    #: A word of the forms' vocabulary.
    known: str
    value: str
    #: The case that it is from; None: the sign-in.
    case: Case | None = None

    def source(self, language: str) -> str:
        """What people read of where it is from."""
        if self.case is None:
            return text_in(SIGN_IN, language)
        return text_in(FROM_CASE, language).format(number=self.case.number)


@dataclass(frozen=True, slots=True)
class Offer:
    """Everything that could be filled in, with the words that the person agrees to."""

    fields: Sequence[Filled] = ()
    texts: Texts = field(default_factory=dict)
    #: Another one as soon as anything of it changes.
    id: str = ""


@functools.lru_cache(maxsize=1024)
def places_in(form: Form) -> Mapping[str, str]:
    """Pointer → word of the fields that may be filled in, also inside groups of fields; none inside a list."""
    return dict(_places(form.schema, form.schema, ()))


def _places(schema: Mapping[str, Any], node: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for same in same_value(schema, [node]):
        if path and PREFILL in same:
            yield pointer(path), same[PREFILL]
        for name, one in same.get("properties", {}).items():
            yield from _places(schema, one, (*path, name))


async def offer_to(platform: Platform, item: Item, principal: Principal) -> Offer:
    """What this person could have filled in; nothing where the form asks for nothing that is known."""
    places = places_in(item.form) if item.form is not None else {}
    if not places:
        return Offer()
    known = await _known(platform, principal, {*places.values()})
    found = [Filled(place, word, *known[word]) for place, word in places.items() if word in known]
    right = _right(platform, item.form, found, principal) if item.form is not None else []
    return _agreed(platform, item, principal, right) if right else Offer()


async def _known(platform: Platform, principal: Principal, words: set[str]) -> dict[str, tuple[str, Case | None]]:
    """Word → value and the case that it is from."""
    signed_in = {"name": principal.name, "resident-id": principal.resident_id, "phone": principal.phone}
    known: dict[str, tuple[str, Case | None]] = {
        word: (value, None) for word, value in signed_in.items() if value and word in words
    }
    if not words - known.keys() - VERIFIED_ONLY:
        return known
    earlier = Case.filter(person=principal.subject, content=KEPT).order_by("-created_at", "-id").limit(MAX_CASES)
    for case in await earlier:
        item = platform.registry.items.of(case.item, case.item_version)
        for place, asked in (places_in(item.form) if item is not None and item.form is not None else {}).items():
            value = found_at(case.answers, place)
            wanted = asked in words and asked not in known and asked not in VERIFIED_ONLY
            if wanted and isinstance(value, str) and 0 < len(value) <= MAX_CHARS:
                known[asked] = value, case
    return known


def _right(platform: Platform, form: Form, found: Sequence[Filled], principal: Principal) -> list[Filled]:
    """Those that their fields take; whether a field is asked shows later."""
    answers, number = answers_of(found), principal.resident_id
    problems = form.problems(form.spelled(answers, number), "en", number, at=platform.city_time())
    wrong = {one.pointer for one in problems if one.code not in UNASKED}
    return [one for one in found if one.pointer not in wrong]


def answers_of(found: Sequence[Filled]) -> dict[str, Any]:
    """The answers with these fields alone."""
    answers: dict[str, Any] = {}
    for one in found:
        *groups, last = names_in(one.pointer)
        place = answers
        for name in groups:
            place = place.setdefault(name, {})
        place[last] = one.value
    return answers


def _agreed(platform: Platform, item: Item, principal: Principal, found: Sequence[Filled]) -> Offer:
    department = platform.registry.departments[item.department].title
    words = [TITLES[word] for word in KNOWN if any(one.known == word for one in found)]
    sources = {tag: dict.fromkeys(one.source(tag) for one in found) for tag in LANGUAGES}
    known = {tag: word.text(tag, ", ").join(text_in(one, tag) for one in words) for tag in LANGUAGES}
    told = {tag: word.text(tag, ", ").join(some) for tag, some in sources.items()}
    texts = say(WORDS, purpose=item.title, department=department, known=known, sources=told)
    said = [[one.pointer, one.value, str(one.case and one.case.id)] for one in found]
    digest = hashlib.blake2b(orjson.dumps([principal.subject, item.code, said, texts]), digest_size=16)
    return Offer(found, texts, digest.hexdigest())

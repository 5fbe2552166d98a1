"""What many services have in common, each described once in a document: departments, codes, languages, the area.

A reader of CPSV-AP finds the type of every code and place in the same document, so whoever names one here has it
described: `nodes` are all that were named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from banshi import LANGUAGES, Department, Texts
from banshi.sdk.catalogue import ELEMENT_WORDS, ELEMENTS
from banshi.sdk.toml import REQUIRED_LANGUAGES

from .sentences import word
from .settings import Area

#: The whole catalogue's path, which the IRIs of what is shared begin with.
WHOLE = "/v1/exports/cpsv-ap.jsonld"

#: The language authority table of the European Union's Publications Office, which the profile recommends.
LANGUAGE = "http://publications.europa.eu/resource/authority/language/"
CODES = dict(zip(REQUIRED_LANGUAGES, (("ZHO", word("Chinese")), ("ENG", word("English"))), strict=True))

#: Its currency authority table.
YUAN = "http://publications.europa.eu/resource/authority/currency/CNY"

#: Codes of our own, where the profile names no list or one whose entries we could not verify: IRI and label.
LABELS: Mapping[str, Texts] = {
    "status-active": word("Active"),
    "audience-person": word("Natural person"),
    "audience-organisation": word("Legal person or other organisation"),
    "channel-online": word("Online"),
    "channel-office": word("At an office"),
    "result-answer": word("Answer"),
    "result-pass": word("Electronic pass"),
    "result-certificate": word("Certificate or licence"),
    "role-unit": word("Unit that works on its cases"),
    "rule-procedure": word("Procedure"),
    "rule-time": word("Time limits"),
    "rule-remedy": word("Legal remedies"),
}


def texts(given: Texts) -> dict[str, str]:
    """A text in the languages of the platform, and no other key: in JSON-LD each is a language."""
    return {language: given[language] for language in LANGUAGES if given.get(language)}


class Shared:
    """Gives the IRIs of what is shared, and remembers what each is."""

    def __init__(self, area: Area) -> None:
        self._area = area
        self._nodes: dict[str, dict[str, Any]] = {}

    def nodes(self) -> Iterator[dict[str, Any]]:
        """Everything that was named, described."""
        yield from self._nodes.values()

    def code(self, name: str) -> str:
        """A code of our own."""
        return self._put(f"{WHOLE}#{name}", "Concept", {"label": LABELS[name], "notation": name})

    def kind(self, name: str, title: Texts) -> str:
        """The kind of an item."""
        return self._put(f"{WHOLE}#kind-{quote(name)}", "Concept", {"label": texts(title), "notation": name})

    def depth(self, code: str, code_list: str) -> str:
        """How much can be done online, with the published list that the code is from."""
        scheme = self._put(f"{WHOLE}#list-{quote(code_list, safe='')}", "ConceptScheme", {"name": code_list})
        iri = f"{WHOLE}#code-{quote(code_list, safe='')}-{quote(code, safe='')}"
        return self._put(iri, "Concept", {"name": code, "notation": code, "inScheme": scheme})

    def element(self, name: str, code: str) -> str:
        """The value that an element of the national list has, with the element as its list."""
        title = ELEMENTS[name]
        scheme = self._put(f"{WHOLE}#list-{name}", "ConceptScheme", {"name": title[LANGUAGES[0]]})
        label = texts(ELEMENT_WORDS[name][code])
        what = {"name": label[LANGUAGES[0]], "label": label, "notation": code, "inScheme": scheme}
        return self._put(f"{WHOLE}#element-{name}-{code}", "Concept", what)

    def currency(self) -> str:
        return self._put(YUAN, "Concept", {"label": word("Chinese yuan"), "notation": "CNY"})

    def languages(self) -> list[str]:
        """The languages that the platform speaks."""
        known = [CODES[language] for language in LANGUAGES if language in CODES]
        return [self._put(LANGUAGE + code, "Language", {"label": label}) for code, label in known]

    def document(self, name: str) -> str:
        """What a material is, whichever item asks for it."""
        return self._put(f"{WHOLE}#document-{quote(name)}", "EvidenceType", {"identifier": name})

    def department(self, one: Department) -> str:
        """A department, where it is responsible, and where it is called."""
        iri = f"{WHOLE}#department-{one.code}"
        what: dict[str, Any] = {"identifier": one.code, "label": texts(one.title)}
        what["spatial"] = self._put(self._area.iri, "Location", {"label": texts(self._area.title)})
        if one.phone:
            contact = {"id": f"{WHOLE}#telephone-{one.code}", "type": "ContactPoint", "telephone": one.phone}
            what["contactPoint"] = contact
        return self._put(iri, ["PublicOrganisation", "Organization"], what)

    def unit(self, department: Department, code: str) -> str | None:
        """A part of a department; None where it has no such part."""
        title = next((one.title for one in department.units if one.code == code), None)
        if title is None:
            return None
        what = {"identifier": f"{department.code}/{code}", "title": texts(title), "label": texts(title)}
        what["unitOf"] = self.department(department)
        return self._put(f"{WHOLE}#unit-{department.code}-{code}", ["Agent", "OrganizationalUnit"], what)

    def _put(self, iri: str, sort: str | list[str], what: Mapping[str, Any]) -> str:
        if iri not in self._nodes:
            self._nodes[iri] = {"id": iri, "type": sort, **what}
        return iri

"""What an operator says of the exports."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from banshi import Texts
from banshi.sdk.toml import REQUIRED_LANGUAGES

from .sentences import word

#: An absolute IRI without what could end it inside a document.
IRI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s<>\"{}|\\^`]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """The place that the departments are responsible for."""

    #: What others know it by: of the European Union's tables, of Geonames, or the city's own.
    iri: str = "http://publications.europa.eu/resource/authority/country/CHN"
    title: Texts = field(default_factory=lambda: word("China"))

    def __post_init__(self) -> None:
        if not IRI.fullmatch(self.iri):
            raise ValueError("iri has to be an absolute IRI, such as http://sws.geonames.org/…/")
        for language in REQUIRED_LANGUAGES:
            if not self.title.get(language, "").strip():
                raise ValueError(f"title has no text in {language}: add it")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSettings:
    area: Area = field(default_factory=Area)

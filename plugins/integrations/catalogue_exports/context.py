"""What our words mean: the JSON-LD context, which stands in every document, so that no reader has to fetch one."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

#: The version of the profile that the documents follow (SEMIC, CPSV-AP 3.2.0, of May 2024).
PROFILE = "http://data.europa.eu/m8g/cpsvap/3.2.0"


@cache
def _terms() -> dict[str, Any]:
    told = tomllib.loads(Path(__file__).with_name("terms.toml").read_text("utf-8"))
    terms = {**told["prefixes"], **told["classes"], **told["plain"]}
    terms |= {term: {"@id": iri, "@container": "@language"} for term, iri in told["texts"].items()}
    return terms | {term: {"@id": iri, "@type": "@id"} for term, iri in told["links"].items()}


def context(address: str) -> dict[str, Any]:
    """The context of a document; with an address it is the base of every relative IRI."""
    return {"@base": f"{address}/", **_terms()} if address else dict(_terms())

"""What our words mean: the JSON-LD context, which stands in every document, so that no reader has to fetch one."""

from __future__ import annotations

from typing import Any

#: The version of the profile that the documents follow (SEMIC, CPSV-AP 3.2.0, of May 2024).
PROFILE = "http://data.europa.eu/m8g/cpsvap/3.2.0"

PREFIXES = {
    "adms": "http://www.w3.org/ns/adms#",
    "cpsv": "http://purl.org/vocab/cpsv#",
    "cv": "http://data.europa.eu/m8g/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "locn": "http://www.w3.org/ns/locn#",
    "org": "http://www.w3.org/ns/org#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "time": "http://www.w3.org/2006/time#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

CLASSES = {
    "Address": "locn:Address",
    "Agent": "foaf:Agent",
    "Channel": "cv:Channel",
    "Concept": "skos:Concept",
    "ConceptScheme": "skos:ConceptScheme",
    "ContactPoint": "cv:ContactPoint",
    "Cost": "cv:Cost",
    "Evidence": "cv:Evidence",
    "EvidenceType": "cv:EvidenceType",
    "Language": "dct:LinguisticSystem",
    "LegalResource": "eli:LegalResource",
    "Location": "dct:Location",
    "Organization": "org:Organization",
    "OrganizationalUnit": "org:OrganizationalUnit",
    "Output": "cv:Output",
    "Participation": "cv:Participation",
    "PublicOrganisation": "cv:PublicOrganisation",
    "PublicService": "cpsv:PublicService",
    "Requirement": "cv:Requirement",
    "Rule": "cpsv:Rule",
    "TemporalEntity": "time:TemporalEntity",
}

#: Texts in several languages: `{"zh-CN": "…", "en": "…"}`.
TEXTS = {
    "description": "dct:description",
    "fullAddress": "locn:fullAddress",
    "keyword": "dcat:keyword",
    "label": "skos:prefLabel",
    "title": "dct:title",
}

#: What leads to another node: its id, or the node itself.
LINKS = {
    "address": "locn:address",
    "audience": "dct:audience",
    "category": "dct:type",
    "channel": "cv:hasChannel",
    "classifiedBy": "cv:isClassifiedBy",
    "competentAuthority": "cv:hasCompetentAuthority",
    "conformsTo": "dct:conformsTo",
    "contactPoint": "cv:contactPoint",
    "cost": "cv:hasCost",
    "currency": "cv:currency",
    "follows": "cpsv:follows",
    "implements": "cpsv:implements",
    "inScheme": "skos:inScheme",
    "input": "cpsv:hasInput",
    "inputType": "cv:hasInputType",
    "language": "dct:language",
    "legalResource": "cv:hasLegalResource",
    "openingHours": "cv:openingHours",
    "ownedBy": "cv:ownedBy",
    "participant": "cv:hasParticipant",
    "participation": "cv:hasParticipation",
    "produces": "cpsv:produces",
    "requirement": "cv:holdsRequirement",
    "role": "cv:role",
    "spatial": "dct:spatial",
    "status": "adms:status",
    "unitOf": "org:unitOf",
}

PLAIN: dict[str, Any] = {
    "id": "@id",
    "identifier": "dct:identifier",
    "name": "rdfs:label",
    "notation": "skos:notation",
    "processingTime": {"@id": "cv:processingTime", "@type": "xsd:duration"},
    "telephone": "cv:telephone",
    "type": "@type",
    "value": {"@id": "cv:hasValue", "@type": "xsd:double"},
}


def context(address: str) -> dict[str, Any]:
    """The context of a document; with an address it is the base of every relative IRI."""
    terms: dict[str, Any] = {**PREFIXES, **CLASSES, **PLAIN}
    terms |= {term: {"@id": iri, "@container": "@language"} for term, iri in TEXTS.items()}
    terms |= {term: {"@id": iri, "@type": "@id"} for term, iri in LINKS.items()}
    return {"@base": f"{address}/", **terms} if address else terms

"""Catalogues to export, the graph that a reader makes of a document, and shapes that judge it."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyshacl
import pytest
import rdflib

from tests.places import ROOT

PLUGIN = ROOT / "plugins" / "integrations" / "catalogue_exports"
DEPARTMENTS = {
    one.name: one for one in sorted((ROOT / "plugins" / "departments").iterdir()) if (one / "items.toml").exists()
}

#: Where a reader has its documents from.
CITY = "https://city.example"

PREFIXES = """
@prefix adms: <http://www.w3.org/ns/adms#> .
@prefix cpsv: <http://purl.org/vocab/cpsv#> .
@prefix cv: <http://data.europa.eu/m8g/> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix eli: <http://data.europa.eu/eli/ontology#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix locn: <http://www.w3.org/ns/locn#> .
@prefix org: <http://www.w3.org/ns/org#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix time: <http://www.w3.org/2006/time#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""

#: What CPSV-AP 3.2 asks of the classes that we export, in our own words: property, how many, and of what.
#: `1` exactly one, `+` at least one, `?` at most one, `*` any number; `text` has a language, `literal` is anything.
RULES: dict[str, list[tuple[str, str, str]]] = {
    "cpsv:PublicService": [
        ("dct:identifier", "1", "literal"),
        ("dct:title", "+", "text"),
        ("dct:description", "+", "text"),
        ("cv:hasCompetentAuthority", "+", "cv:PublicOrganisation"),
        ("adms:status", "?", "skos:Concept"),
        ("cv:processingTime", "?", "xsd:duration"),
        ("dcat:keyword", "*", "text"),
        ("dct:audience", "*", "skos:Concept"),
        ("dct:language", "*", "dct:LinguisticSystem"),
        ("cv:isClassifiedBy", "*", "skos:Concept"),
        ("cv:contactPoint", "*", "cv:ContactPoint"),
        ("cv:hasChannel", "*", "cv:Channel"),
        ("cv:hasCost", "*", "cv:Cost"),
        ("cv:hasInputType", "*", "cv:EvidenceType"),
        ("cv:hasLegalResource", "*", "eli:LegalResource"),
        ("cv:hasParticipation", "*", "cv:Participation"),
        ("cv:holdsRequirement", "*", "cv:Requirement"),
        ("cpsv:follows", "*", "cpsv:Rule"),
        ("cpsv:hasInput", "*", "cv:Evidence"),
        ("cpsv:produces", "*", "cv:Output"),
    ],
    "cv:PublicOrganisation": [("skos:prefLabel", "+", "text"), ("dct:spatial", "+", "dct:Location")],
    "cv:Channel": [
        ("dct:identifier", "1", "literal"),
        ("dct:type", "?", "skos:Concept"),
        ("dct:description", "*", "text"),
        ("cv:ownedBy", "*", "org:Organization"),
        ("cv:openingHours", "*", "time:TemporalEntity"),
    ],
    "cv:ContactPoint": [("cv:openingHours", "*", "time:TemporalEntity"), ("cv:telephone", "+", "literal")],
    "cv:Cost": [
        ("dct:identifier", "1", "literal"),
        ("dct:description", "*", "text"),
        ("cv:hasValue", "?", "xsd:double"),
        ("cv:currency", "?", "skos:Concept"),
    ],
    "cv:Evidence": [
        ("dct:identifier", "1", "literal"),
        ("dct:title", "+", "text"),
        ("dct:description", "*", "text"),
        ("dct:conformsTo", "*", "cv:EvidenceType"),
    ],
    "cv:EvidenceType": [("dct:identifier", "1", "literal")],
    "cv:Output": [("dct:identifier", "1", "literal"), ("dct:title", "+", "text"), ("dct:type", "*", "skos:Concept")],
    "cv:Participation": [
        ("dct:identifier", "1", "literal"),
        ("dct:description", "+", "text"),
        ("cv:role", "+", "skos:Concept"),
        ("cv:hasParticipant", "1", "foaf:Agent"),
    ],
    "cv:Requirement": [("dct:identifier", "1", "literal"), ("dct:title", "+", "text")],
    "cpsv:Rule": [
        ("dct:identifier", "1", "literal"),
        ("dct:title", "+", "text"),
        ("dct:description", "+", "text"),
        ("dct:type", "?", "skos:Concept"),
        ("dct:language", "*", "dct:LinguisticSystem"),
        ("cpsv:implements", "*", "eli:LegalResource"),
    ],
    "foaf:Agent": [("dct:identifier", "1", "literal"), ("dct:title", "+", "text")],
    "locn:Address": [("locn:fullAddress", "*", "text")],
    "time:TemporalEntity": [("dct:description", "*", "text")],
}
LEAST = {"1": 1, "+": 1}
MOST = {"1": 1, "?": 1}


def our_shapes() -> rdflib.Graph:
    """`RULES` as SHACL."""
    lines = [PREFIXES]
    for cls, properties in RULES.items():
        lines.append(f"[] a sh:NodeShape ; sh:targetClass {cls}")
        for path, count, what in properties:
            kind = {"text": "sh:datatype rdf:langString", "literal": "sh:nodeKind sh:Literal"}.get(what)
            if kind is None:
                kind = f"sh:datatype {what}" if what.startswith("xsd:") else f"sh:class {what}"
            limits = f"sh:minCount {LEAST.get(count, 0)}" + (f" ; sh:maxCount {MOST[count]}" if count in MOST else "")
            lines.append(f" ; sh:property [ sh:path {path} ; {kind} ; {limits} ]")
        lines.append(" .")
    return rdflib.Graph().parse(data="\n".join(lines), format="turtle")


def standards() -> Path:
    """The folder with the standard's own files; the test is skipped where it isn't there."""
    given = os.environ.get("BANSHI_STANDARDS")
    folder = Path(given) if given else ROOT.parent / "shared" / "standards"
    if not (folder / "cpsv-ap-3.2.0-SHACL.ttl").is_file():
        pytest.skip("the shapes of CPSV-AP are not in ../shared/standards; BANSHI_STANDARDS may name their folder")
    return folder


@lru_cache(256)
def read(body: bytes, address: str = f"{CITY}/v1/exports/cpsv-ap.jsonld") -> rdflib.Graph:
    """The graph that a reader makes of a document, who has it from that address; nobody adds to it."""
    return rdflib.Graph().parse(data=body.decode(), format="json-ld", publicID=address)


def judged(graph: rdflib.Graph, shapes: rdflib.Graph) -> str:
    """What the shapes find wrong; nothing where they find nothing."""
    conforms, _, text = pyshacl.validate(graph, shacl_graph=shapes)
    return "" if conforms else str(text)


def asked(graph: rdflib.Graph, question: str) -> list[tuple[str, ...]]:
    """The rows of a SPARQL query, as text."""
    prefixes = PREFIXES.replace("@prefix", "PREFIX").replace(" .\n", "\n")
    rows: Any = graph.query(prefixes + question)
    return sorted(tuple(str(value) for value in row) for row in rows)


#: A department with an item that has every element, and one that has only what each must have.
PARKS = """
[department]
code = "parks"
title = { zh-CN = "公园处", en = "Parks" }
phone = "000-0000001"

[[units]]
code = "events"
title = { zh-CN = "活动科", en = "Events" }

[[documents]]
code = "lease"
title = { zh-CN = "租约", en = "Lease" }

[[items]]
code = "event"
kind = "application"
version = 3
unit = "events"
title = { zh-CN = "公园活动许可", en = "Permit for an event" }
summary = { zh-CN = "在公园办活动须经许可。", en = "An event in a park needs a permit." }
audience = ["person", "organisation"]
legal_basis = [{ title = { zh-CN = "示例条例", en = "Sample Regulation" }, article = "12" }]
conditions = [{ zh-CN = "不超过一百人。", en = "At most a hundred people." }]
process = [{ zh-CN = "网上提交。", en = "Apply online." }, { zh-CN = "审核。", en = "It is reviewed." }]
fee = { amount = 12050, note = { zh-CN = "押金另计。", en = "The deposit is extra." } }
legal_days = 20
promised_days = 7
visits = 1
online_depth = { code = "III", code_list = "国家政务服务事项网上办理深度" }
result = { kind = "certificate", title = { zh-CN = "许可证", en = "Permit" } }
keywords = { zh-CN = ["集市"], en = ["market", "fair"] }
form = { type = "object", additionalProperties = false, properties = { plan = { type = "string" } } }

[[items.materials]]
title = { zh-CN = "场地租约", en = "Lease of the place" }
source = "authority"
document = "parks/lease"

[[items.materials]]
title = { zh-CN = "方案", en = "A plan" }
required = false

[[items.places]]
title = { zh-CN = "服务窗口", en = "Counter" }
address = { zh-CN = "示例路1号", en = "1 Sample Road" }
phone = "000-0000002"
hours = { zh-CN = "工作日 9:00–17:00", en = "Working days 9:00–17:00" }

[items.credential]
longest_days = 30
claims = [{ name = "holder", title = { zh-CN = "姓名", en = "Name" }, source = "holder" }]

[items.certificate]
body = { zh-CN = "准予举办。", en = "The event is permitted." }

[[items]]
code = "word"
kind = "application"
title = { zh-CN = "留言", en = "A word" }
summary = { zh-CN = "留言。", en = "Leave a word." }
audience = ["person"]
visits = 1
result = { kind = "none", title = { zh-CN = "无", en = "None" } }
form = { type = "object", additionalProperties = false, properties = { word = { type = "string" } } }
"""

#: The same with what the national list has besides, and a legal time in all days.
LISTED = PARKS.replace(
    "legal_days = 20",
    """legal_days = 60
legal_days_unit = "calendar-day"
elements.item_type = "permit"
elements.basic_code = "000109001000"
elements.implementation_code = "11330000MB0000000A4330109001000"
elements.exercise_level = "city"
elements.power_source = "own-level"
elements.handling_type = "promised"
elements.service_area = "province"
elements.result_type = "licence"
elements.complaints = { zh-CN = "000-0000003", en = "000-0000003" }
application.permit = true
remedy.reconsideration = { zh-CN = "示例市人民政府", en = "the government" }
remedy.court = { zh-CN = "示例法院", en = "the court" }""",
)


def events(*changes: tuple[str, str], of: str = PARKS) -> str:
    """The department with its first item so many times, `event-0` and so on, each with one thing written otherwise."""
    head, event, *_ = of.split("\n[[items]]\n")
    copies = [event.replace(*change).replace('"event"', f'"event-{n}"') for n, change in enumerate(changes)]
    return "\n[[items]]\n".join([head, *copies])


def write_department(folder: Path, name: str = "parks", text: str = PARKS) -> Path:
    place = folder / name
    place.mkdir()
    (place / "items.toml").write_text(text, encoding="utf-8")
    (place / "__init__.py").touch()
    return place

"""The catalogue as CPSV-AP 3.2, read by rdflib and judged by SHACL: the standard's own shapes, where they are there."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import rdflib
from yarl import URL

from banshi.foundation.findings import ConfigurationError
from banshi.testing import Door, open_door
from tests.plugins.exports.city import (
    CITY,
    DEPARTMENTS,
    LISTED,
    PARKS,
    PLUGIN,
    ROOT,
    asked,
    events,
    judged,
    our_shapes,
    read,
    standards,
    write_department,
)

WHOLE = "/v1/exports/cpsv-ap.jsonld"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def city(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with open_door(tmp_path_factory.mktemp("city"), {**DEPARTMENTS, "catalogue_exports": PLUGIN}) as door:
        yield door


async def whole(door: Door) -> rdflib.Graph:
    return read((await door.anyone.get(WHOLE)).body)


async def parks(
    folder: Path, text: str = PARKS, here: str = "", codes: Sequence[str] = ("event", "word"), **settings: Any
) -> list[rdflib.Graph]:
    """The graphs of the department's items."""
    plugins = {"parks": write_department(folder, text=text), "catalogue_exports": PLUGIN}
    async with open_door(folder, plugins, settings={"catalogue_exports": settings}, platform={"address": here}) as door:
        paths = [f"/v1/exports/cpsv-ap/{code}.jsonld" for code in codes]
        return [read((await door.anyone.get(path)).body, CITY + path) for path in paths]


# -- judged by others ------------------------------------------------------------------------------------------------


@pytest.mark.asyncio(loop_scope="module")
async def test_a_reader_without_a_network_finds_98_services_of_10_organisations(
    city: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: Any, **__: Any) -> None:
        raise AssertionError("a reader needed another document")

    monkeypatch.setattr(urllib.request, "urlopen", no_network)
    monkeypatch.setattr("socket.create_connection", no_network)
    graph = await whole(city)
    assert len(asked(graph, "SELECT DISTINCT ?s { ?s a cpsv:PublicService }")) == len(city.platform.registry.items)
    assert len(asked(graph, "SELECT DISTINCT ?s { ?s a cv:PublicOrganisation }")) == len(
        city.platform.registry.departments
    )
    question = 'SELECT ?name { ?s dct:identifier "zone-pass" ; a cpsv:PublicService ; dct:title ?name }'
    assert asked(graph, question) == [("Restricted-zone vehicle pass",), ("禁区通行证",)]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.long
async def test_the_standards_own_shapes_find_nothing_wrong(city: Door) -> None:
    shapes = rdflib.Graph().parse(standards() / "cpsv-ap-3.2.0-SHACL.ttl")
    assert judged(await whole(city), shapes) == ""
    for code in (
        "zone-pass",
        "driving-test",
        "fire-cause-statement",
        "lost-and-found",
        "no-criminal-record-certificate",
    ):
        path = f"/v1/exports/cpsv-ap/{code}.jsonld"
        assert judged(read((await city.anyone.get(path)).body, CITY + path), shapes) == "", code


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.long
async def test_what_the_standard_asks_in_our_own_words_holds_for_every_item(city: Door) -> None:
    assert judged(await whole(city), our_shapes()) == ""


#: What is taken out of a document and has to be missed by the judges.
TAKEN = {
    "a service's authority": "DELETE WHERE { ?s cv:hasCompetentAuthority ?o }",
    "a description": "DELETE { ?s dct:description ?o } WHERE { ?s a cpsv:PublicService ; dct:description ?o }",
    "a place's type": "DELETE WHERE { ?s a dct:Location }",
    "a code's type": "DELETE WHERE { ?s a skos:Concept }",
    "a department's name": "DELETE { ?s skos:prefLabel ?o } WHERE { ?s a cv:PublicOrganisation ; skos:prefLabel ?o }",
    "an evidence's identifier": "DELETE { ?s dct:identifier ?o } WHERE { ?s a cv:Evidence ; dct:identifier ?o }",
}


@pytest.mark.parametrize("whose", ["ours", "the standard's"])
async def test_the_shapes_miss_what_is_taken_out(tmp_path: Path, whose: str) -> None:
    """A guard of the judges."""
    shapes = our_shapes() if whose == "ours" else rdflib.Graph().parse(standards() / "cpsv-ap-3.2.0-SHACL.ttl")
    graph, _ = await parks(tmp_path)
    assert judged(graph, shapes) == ""
    spaces = dict(our_shapes().namespaces())
    for what, update in TAKEN.items():
        less = rdflib.Graph()
        less += graph
        less.update(update, initNs=spaces)
        assert len(less) < len(graph), what
        assert "Conforms: False" in judged(less, shapes), what


@pytest.mark.asyncio(loop_scope="module")
async def test_every_word_of_ours_means_what_the_standards_context_means(city: Door) -> None:
    theirs = json.loads((standards() / "cpsv-ap-3.2.0-context.jsonld").read_text("utf-8"))["@context"]
    known = {one["@id"] if isinstance(one, dict) else one for one in theirs.values()}
    graph = await whole(city)
    used = {str(iri) for iri in {*graph.predicates(), *graph.objects(predicate=rdflib.RDF.type)}}
    # What other vocabularies give: SKOS of a code, ELI's and ORG's classes, an address on a channel.
    others = {
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#type",
        "http://www.w3.org/2000/01/rdf-schema#label",
        "http://www.w3.org/2004/02/skos/core#ConceptScheme",
        "http://www.w3.org/2004/02/skos/core#inScheme",
        "http://www.w3.org/2004/02/skos/core#notation",
        "http://www.w3.org/ns/org#OrganizationalUnit",
        "http://www.w3.org/ns/org#unitOf",
    }
    assert used - known == others


@pytest.mark.asyncio(loop_scope="module")
async def test_the_query_in_the_documentation_finds_what_it_says(city: Door) -> None:
    page = (ROOT / "docs" / "integrators.md").read_text("utf-8")
    query = page.split("```sparql\n")[1].split("```")[0]
    found: Any = (await whole(city)).query(query)
    promised = [one for one in city.platform.registry.items.each() if one.promised_days is not None or one.legal_days]
    assert len(found) == len(promised) >= 97


# -- what is said ----------------------------------------------------------------------------------------------------


def told_of(graph: rdflib.Graph, path: str) -> list[str]:
    """What the document says of the permit for an event there."""
    here = f"<{CITY}/v1/exports/cpsv-ap/event.jsonld#service>"
    return [row[0] for row in asked(graph, f"SELECT DISTINCT ?o {{ {here} {path} ?o }}")]


async def test_every_element_of_the_guide_is_there(tmp_path: Path) -> None:
    graph, _ = await parks(tmp_path)
    said = partial(told_of, graph)
    assert said("dct:identifier") == ["event"]
    assert said("dct:title") == ["Permit for an event", "公园活动许可"]
    assert said("dct:description") == ["An event in a park needs a permit.", "在公园办活动须经许可。"]
    assert said("cv:hasCompetentAuthority/skos:prefLabel") == ["Parks", "公园处"]
    assert said("cv:hasCompetentAuthority/cv:contactPoint/cv:telephone") == ["000-0000001"]
    assert said("cv:hasCompetentAuthority/dct:spatial/skos:prefLabel") == ["China", "中国"]
    assert said("cv:hasLegalResource/dct:title") == ["Sample Regulation, Article 12", "示例条例第12条"]
    assert said("cpsv:follows/cpsv:implements") == said("cv:hasLegalResource")
    assert "1. Apply online.\n2. It is reviewed." in said("cpsv:follows/dct:description")
    assert "法定办结时限：20个工作日。\n承诺办结时限：7个工作日。" in said("cpsv:follows/dct:description")
    assert said("cv:processingTime") == ["P9D"]
    assert said("cv:holdsRequirement/dct:title") == ["At most a hundred people.", "不超过一百人。"]
    assert said("cpsv:hasInput/dct:title") == ["A plan", "Lease of the place", "场地租约", "方案"]
    assert "Not required; provided by the applicant." in said("cpsv:hasInput/dct:description")
    assert (
        said("cv:hasInputType/dct:identifier") == ["parks/lease"] == said("cpsv:hasInput/dct:conformsTo/dct:identifier")
    )
    assert [float(one) for one in said("cv:hasCost/cv:hasValue")] == [120.5]
    assert said("cv:hasCost/cv:currency/skos:notation") == ["CNY"]
    assert said("cv:hasCost/dct:description") == ["The deposit is extra.", "押金另计。"]
    assert said("cpsv:produces/dct:title") == ["Permit", "许可证"]
    assert said("cpsv:produces/dct:type/skos:notation") == ["result-certificate"]
    assert said("cv:hasChannel/dct:type/skos:notation") == ["channel-office", "channel-online"]
    assert said("cv:hasChannel/locn:address/locn:fullAddress") == ["1 Sample Road", "示例路1号"]
    assert said("cv:hasChannel/cv:openingHours/dct:description")[0] == "Working days 9:00–17:00"
    assert said("cv:contactPoint/cv:telephone") == ["000-0000002"]
    assert said("dcat:keyword") == ["fair", "market", "集市"]
    assert said("dct:language/skos:prefLabel") == ["Chinese", "English", "中文", "英文"]
    assert said("dct:audience/skos:notation") == ["audience-organisation", "audience-person"]
    assert said("adms:status/skos:notation") == ["status-active"]
    assert said("cv:isClassifiedBy/skos:notation") == ["III", "application", "promised"]
    assert said("cv:isClassifiedBy/skos:inScheme/rdfs:label") == ["办件类型", "国家政务服务事项网上办理深度"]
    assert said("cv:hasParticipation/cv:hasParticipant/dct:title") == ["Events", "活动科"]


async def test_the_national_elements_classify_it_and_the_remedy_is_a_rule(tmp_path: Path) -> None:
    graph, _ = await parks(tmp_path, LISTED)
    said = partial(told_of, graph)
    own = {"permit", "city", "own-level", "promised", "province", "licence"}
    assert set(said("cv:isClassifiedBy/skos:notation")) == {"III", "application", *own}
    assert "行政许可" in said("cv:isClassifiedBy/skos:prefLabel")
    assert {"事项类型", "行使层级", "权力来源", "办件类型", "通办范围"} < set(
        said("cv:isClassifiedBy/skos:inScheme/rdfs:label")
    )
    told = said("cpsv:follows/dct:description")
    assert "法定办结时限：60日。\n承诺办结时限：7个工作日。" in told
    remedy = "可自收到本决定之日起六十日内向示例市人民政府申请行政复议，或者六个月内向示例法院提起行政诉讼。"
    assert f"如不服本决定，{remedy}" in told


async def test_what_the_guide_does_not_say_is_not_there(tmp_path: Path) -> None:
    _, graph = await parks(tmp_path)
    here = f"<{CITY}/v1/exports/cpsv-ap/word.jsonld#service>"
    found = {row[0].rpartition("/")[2].rpartition("#")[2] for row in asked(graph, f"SELECT ?p {{ {here} ?p ?o }}")}
    always = {"type", "identifier", "title", "description", "hasCompetentAuthority", "status", "language", "audience"}
    assert found == {*always, "isClassifiedBy", "hasCost", "hasChannel"}
    # Free by default; see docs/plugins/items.md.
    assert asked(graph, f"SELECT ?v {{ {here} cv:hasCost/cv:hasValue ?v }}") == [("0.0",)]


async def test_working_days_are_calendar_days_of_five_day_weeks(tmp_path: Path) -> None:
    durations = {0: "P0D", 1: "P1D", 5: "P7D", 13: "P17D", 20: "P28D"}
    text = events(*(("promised_days = 7", f"promised_days = {days}") for days in durations))
    graphs = await parks(tmp_path, text, codes=[f"event-{n}" for n in range(len(durations))])
    found = [asked(graph, "SELECT ?t { ?s cv:processingTime ?t }") for graph in graphs]
    assert found == [[(duration,)] for duration in durations.values()]


async def test_days_that_the_law_counts_by_the_calendar_are_as_many(tmp_path: Path) -> None:
    graph, _ = await parks(tmp_path, LISTED.replace("promised_days = 7\n", ""))
    assert asked(graph, "SELECT ?t { ?s cv:processingTime ?t }") == [("P60D",)]


async def test_a_fee_that_only_a_note_tells_has_no_amount(tmp_path: Path) -> None:
    graph, _ = await parks(tmp_path, PARKS.replace("amount = 12050, ", ""))
    assert asked(graph, "SELECT ?v { ?s cv:hasValue ?v }") == []
    assert asked(graph, "SELECT ?t { ?s cv:hasCost/dct:description ?t }") == [
        ("The deposit is extra.",),
        ("押金另计。",),
    ]


@pytest.mark.asyncio(loop_scope="module")
async def test_an_items_own_document_says_nothing_else_than_the_whole(city: Door) -> None:
    everything = set(await whole(city))
    for code in city.platform.registry.items.codes():
        path = f"/v1/exports/cpsv-ap/{code}.jsonld"
        own = set(read((await city.anyone.get(path)).body, CITY + path))
        assert own <= everything, code
        assert len(own) > 50, code


async def test_texts_that_look_like_markup_stay_texts(tmp_path: Path) -> None:
    nasty = '</script>\\"@id\\": {\\u2028} \\\\ ]]>\\u0001'
    text = PARKS.replace("在公园办活动须经许可。", nasty).replace(
        '["market", "fair"]', '["@id", "http://evil.example/"]'
    )
    graph, _ = await parks(tmp_path, text)
    wanted = '</script>"@id": {\u2028} \\ ]]>\x01'
    assert (wanted,) in asked(graph, "SELECT ?t { ?s a cpsv:PublicService ; dct:description ?t }")
    assert ("@id",) in asked(graph, "SELECT ?t { ?s dcat:keyword ?t }")
    assert not [one for one in graph.all_nodes() if isinstance(one, rdflib.URIRef) and "evil" in one]


# -- settings --------------------------------------------------------------------------------------------------------


async def test_with_an_address_every_iri_begins_with_it_wherever_the_document_is_read_from(tmp_path: Path) -> None:
    graph, _ = await parks(tmp_path, here="https://services.example:8443")
    assert not [one for one in graph.all_nodes() if CITY in one]
    assert asked(graph, "SELECT ?s { ?s a cpsv:PublicService }") == [
        ("https://services.example:8443/v1/exports/cpsv-ap/event.jsonld#service",)
    ]


async def test_the_area_is_the_operators(tmp_path: Path) -> None:
    area = {"iri": "urn:example:510700", "title": {"zh-CN": "示例市", "en": "Sample City"}}
    graph, _ = await parks(tmp_path, area=area)
    question = "SELECT ?place ?name { ?s a cv:PublicOrganisation ; dct:spatial ?place . ?place skos:prefLabel ?name }"
    assert asked(graph, question) == [("urn:example:510700", "Sample City"), ("urn:example:510700", "示例市")]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"area": {"iri": "510700"}}, "iri has to be an absolute IRI"),
        ({"area": {"iri": "urn:a b"}}, "iri has to be an absolute IRI"),
        ({"area": {"title": {"zh-CN": "示例市"}}}, "title has no text in en: add it"),
        ({"adress": "https://city.example"}, "adress"),
    ],
)
async def test_a_wrong_setting_stops_the_start_and_says_why(tmp_path: Path, settings: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=r"catalogue_exports") as refused:
        await parks(tmp_path, **settings)
    assert told in str(refused.value)


# -- over HTTP -------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", [WHOLE, "/v1/exports/cpsv-ap/zone-pass.jsonld"])
async def test_a_document_says_what_it_is_and_is_sent_once(city: Door, path: str) -> None:
    first = await city.anyone.get(path, headers={"Accept-Language": "en"})
    assert first.status == 200
    assert first.headers["Content-Type"] == "application/ld+json"
    assert first.headers["Content-Language"] == "zh-CN, en"
    assert first.headers["Link"] == '<http://data.europa.eu/m8g/cpsvap/3.2.0>; rel="profile"'
    assert int(first.headers["Content-Length"]) == len(first.body)
    again = await city.anyone.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    chinese = await city.anyone.get(path, headers={"Accept-Language": "zh-CN"})
    assert chinese.body == first.body
    async with aiohttp.ClientSession() as session, session.head(city.url + path) as head:
        assert head.headers["Content-Length"] == first.headers["Content-Length"]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "code", ["nothing", "zone-pass.jsonld", "..", "%2e%2e", "zone%20pass", "zone-pass%00", "%E5%8A%9E"]
)
async def test_an_item_that_is_not_there_is_not_found(city: Door, code: str) -> None:
    path = f"{city.url}/v1/exports/cpsv-ap/{code}.jsonld"
    async with aiohttp.ClientSession() as session, session.get(URL(path, encoded=True)) as answer:
        assert answer.status == 404
        assert (await answer.json(content_type="application/problem+json"))["code"] == "not-found"


@pytest.mark.asyncio(loop_scope="module")
async def test_an_unknown_parameter_and_a_write_are_refused(city: Door) -> None:
    (await city.anyone.get(f"{WHOLE}?department=fire")).problem(400, "invalid-parameter")
    (await city.anyone.post(WHOLE)).problem(405, "method-not-allowed")

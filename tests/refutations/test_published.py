"""The page's document, the feed and JSON-LD agree to the byte after each step, as readers that aren't ours see them."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import feedparser
import rdflib
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from refutations.writing.steps import PUBLIC, TABLE
from tests.refutations.conftest import CHECKING, UNTRUE, Office

ATOM = "{http://www.w3.org/2005/Atom}"
SCHEMA = "https://schema.org/"

#: schema.org 30.0 (data/releases/30.0/schemaorg-current-https.jsonld of github.com/schemaorg/schemaorg, 2026-08-20): by
#: type the properties of it and its supertypes, and what their values may be.
NAMES = Path(__file__).with_name("schema_org_30.tsv")

#: Walks that take every step of the state table between them.
EVERY_STEP = (
    "change propose change propose return propose approve change change propose return propose change drop",
    "propose approve change propose approve change propose drop change propose withdraw",
    "propose approve withdraw",
    "propose approve change withdraw",
    "propose cancel",
    "cancel",
)


def entry_of(feed: bytes, one: Any) -> dict[str, Any] | None:
    """The entry of a record in the feed, by lxml; feedparser has to read the same."""
    own = [node for node in etree.fromstring(feed).iter(f"{ATOM}entry") if one["id"] in node.findtext(f"{ATOM}id", "")]
    read = feedparser.parse(feed)
    assert not read.bozo, read.bozo_exception
    theirs = [entry for entry in read.entries if one["id"] in entry.id]
    assert len(own) == len(theirs) <= 1
    if not own:
        return None
    names = ("title", "summary", "updated", "published", "content")
    told: dict[str, Any] = {name: own[0].findtext(f"{ATOM}{name}") for name in names}
    assert [told[name] for name in names[:4]] == [theirs[0][name] for name in names[:4]]
    told["author"] = own[0].findtext(f"{ATOM}author/{ATOM}name")
    told["rating"] = own[0].find(f"{ATOM}category").get("term")
    return {**told, "page": own[0].find(f"{ATOM}link").get("href")}


async def bytes_of(office: Office, one: Any, language: str = "zh-CN") -> tuple[bytes, bytes, bytes]:
    """The document, JSON-LD and the feed, as anybody gets them."""
    own, headers = one["links"]["self"], {"Accept-Language": language}
    paths = (own, f"{own}/claim-review.jsonld", "/v1/refutations.atom")
    document, review, feed = [await office.door.anyone.get(path, headers=headers) for path in paths]
    status = document.status
    assert review.status == status
    entry = entry_of(feed.body, one)
    listed = [each["id"] for each in (await office.door.anyone.get("/v1/refutations?limit=100")).ok()["items"]]
    assert (entry is not None) == (one["id"] in listed) == (status == 200)
    if entry is not None:
        agree(document.document, review.document, entry)
        assert review.headers["Content-Type"] == "application/ld+json"
    return document.body, review.body, json.dumps(entry).encode()


def agree(document: Any, review: Any, entry: dict[str, Any]) -> None:
    assert document["title"] == review["name"] == entry["title"]
    assert document["summary"] == review["description"] == entry["summary"]
    assert document["claim"] == review["claimReviewed"] == review["itemReviewed"]["text"] == entry["content"]
    assert document["updated_at"] == review["dateModified"] == entry["updated"]
    assert document["published_at"] == review["datePublished"] == entry["published"]
    assert document["department_title"] == review["author"]["name"] == entry["author"]
    assert document["rating_title"] == review["reviewRating"]["alternateName"]
    assert document["rating"] == entry["rating"]
    assert document["finding"] == review.get("reviewBody")
    assert (document["edition"], document["number"]) == (review["version"], review["identifier"])
    assert review["url"] == entry["page"]
    assert review["url"].endswith(document["links"]["page"])
    sources = [(one["title"], one.get("url"), one["on"]) for one in document["sources"]]
    cited = [(one["name"], one.get("url"), one["datePublished"]) for one in review.get("citation", ())]
    assert sources == cited
    newest = document["editions"][-1]
    assert newest.items() <= document.items()


async def walk(office: Office, choose: Any) -> None:
    """A record's life: after each step all three are as the step says, and otherwise as they were."""
    one = await office.write()
    before, editions = await bytes_of(office, one), 0
    record = await office.record(one)
    while action := choose(record):
        if action == "change":
            # The next edition says something else than the one before.
            words = {**(UNTRUE if record["edition"] % 2 else CHECKING), "claim": f"桥<b>断</b>了 & {record['version']}"}
            (await office.rewrite(one, words)).ok()
        else:
            reason = {"reason": "不对"} if action in ("return", "withdraw") else {}
            (await office.act(one, action, office.li if action == "approve" else office.sun, **reason)).ok()
        record = await office.record(one)
        now = await bytes_of(office, one)
        if action == "approve":
            editions += 1
            assert all(new != old for new, old in zip(now, before, strict=True))
        elif action == "withdraw":
            (await office.door.anyone.get(f"{one['links']['self']}?edition=1")).problem(410, "withdrawn")
        else:
            assert now == before
        assert record["edition"] == editions
        status = (await office.door.anyone.get(one["links"]["self"])).status
        assert status == (200 if record["state"] in PUBLIC else 410 if editions else 404)
        before = now


async def test_page_feed_and_json_ld_agree_to_the_byte_whatever_order_the_steps_are_taken_in(office: Office) -> None:
    loop, taken = asyncio.get_running_loop(), set()

    @settings(max_examples=5)
    @given(st.lists(st.integers(0, 11), max_size=7))
    @example([])
    def holds(drawn: list[int]) -> None:
        left = list(drawn)

        def choose(record: Any) -> str | None:
            open_steps = sorted(step.action for step in TABLE if step.state == record["state"])
            return open_steps[left.pop() % len(open_steps)] if left and open_steps else None

        asyncio.run_coroutine_threadsafe(walk(office, choose), loop).result(60)

    for told in EVERY_STEP:
        left = told.split()

        def choose(record: Any, left: list[str] = left) -> str | None:
            if not left:
                return None
            taken.add((record["state"], left[0]))
            return left.pop(0)

        await walk(office, choose)
    assert taken == {(step.state, step.action) for step in TABLE}
    await asyncio.to_thread(holds)


async def test_in_english_they_agree_too_and_say_it_in_english(office: Office) -> None:
    one = await office.correct(await office.publish(), UNTRUE)
    document, _, _ = await bytes_of(office, one, "en")
    told = json.loads(document)
    assert told["title"] == "Refuted: “The example bridge has fallen” is untrue"
    assert told["finding"] == "The bridge is whole; nobody was hurt."
    # A text that is there in one language alone is better than none.
    assert told["facts"] == "大桥正在做定期检测。"


def judged(review: Any) -> set[str]:
    """Every node of the review has a type and properties of schema.org's, with values that these may have."""
    known: dict[str, dict[str, set[str]]] = defaultdict(dict)
    for line in NAMES.read_text("utf-8").splitlines()[1:]:
        kind, name, ranges = line.split("\t")
        known[kind][name] = set(ranges.split())
    told = {**review, "@context": {"@vocab": SCHEMA}}
    graph = rdflib.Graph().parse(data=json.dumps(told), format="json-ld")
    (root,) = graph.subjects(rdflib.RDF.type, rdflib.URIRef(f"{SCHEMA}ClaimReview"))
    assert str(root) == review["@id"]
    for node in set(graph.subjects()):
        kind = str(graph.value(node, rdflib.RDF.type)).removeprefix(SCHEMA)
        for name, value in graph.predicate_objects(node):
            if name != rdflib.RDF.type:
                of = str(graph.value(value, rdflib.RDF.type) or "").removeprefix(SCHEMA)
                fits = {of, "Thing"} if of else {"Text", "Number", "Date", "DateTime", "URL"}
                fits |= {"Organization"} if of == "GovernmentOrganization" else set()
                assert fits & known[kind][str(name).removeprefix(SCHEMA)], (kind, name, value)
    return {str(one).removeprefix(SCHEMA) for one in graph.objects(None, rdflib.RDF.type)}


async def test_the_names_of_the_json_ld_are_schema_orgs(office: Office) -> None:
    for words in (CHECKING, UNTRUE):
        one = await office.publish(words)
        kinds = judged((await office.door.anyone.get(f"{one['links']['self']}/claim-review.jsonld")).document)
        assert {"ClaimReview", "Claim", "Rating"} <= kinds


async def test_html_in_a_claim_is_text_everywhere(office: Office) -> None:
    claim = "</script><script>alert(1)</script><img src=x onerror=alert(1)>&amp;"
    one = await office.publish(claim=claim)
    document, review, entry = await bytes_of(office, one)
    assert json.loads(document)["claim"] == json.loads(entry)["content"] == claim
    assert json.loads(review)["claimReviewed"] == claim
    # In a page it stands within a script, which nothing in it ends.
    assert b"<" not in review


async def test_numbers_count_within_the_year_and_the_newest_edition_comes_first(office: Office) -> None:
    first, second = await office.publish(), await office.publish(UNTRUE)
    year = office.door.platform.city_time().year
    assert [one["number"] for one in (first, second)] == [f"{year}-1", f"{year}-2"]
    shown = (await office.door.anyone.get("/v1/refutations?limit=1")).ok()
    assert shown["items"][0]["id"] == second["id"]
    after = (await office.door.anyone.get(f"/v1/refutations?limit=1&cursor={shown['next']}")).ok()
    assert [one["id"] for one in after["items"]] == [first["id"]]

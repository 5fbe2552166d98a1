"""In whatever order steps are taken: page, list, feed and JSON-LD say one thing after each, and nothing of a draft."""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from banshi.testing import open_door
from refutations.writing.steps import ACTIONS, TABLE
from tests.channels.site.browsing import open_browser
from tests.refutations.conftest import CHECKING, PLUGINS, UNTRUE, Office

#: Of whatever leads elsewhere, the same from within a page.
ADDRESS = {"address": "https://city.example"}
SITE = {**PLUGINS, "mobile_push": "mobile_push", "web_site": "web_site"}
ATOM = "{http://www.w3.org/2005/Atom}"
#: Steps with who takes them: the second person is the other one.
STEPS = st.lists(st.tuples(st.sampled_from(ACTIONS), st.booleans()), min_size=4, max_size=14)
WAYS = [("propose", False), ("approve", True), ("change", False), ("propose", False)]


async def said_everywhere(office: Office, one: Any, drafts: list[str]) -> None:
    """All that anybody reads of it agrees; a draft's words are nowhere."""
    anyone, own = office.door.anyone, one["links"]["self"]
    document, linked = await anyone.get(own), await anyone.get(f"{own}/claim-review.jsonld")
    feed = await anyone.get("/v1/refutations.atom")
    listed = (await anyone.get("/v1/refutations")).ok()["items"]
    entries = etree.fromstring(feed.body).findall(f"{ATOM}entry")
    record = await office.record(one)
    public = record["state"] in ("public", "correcting", "correction-proposed")
    statuses = {document.status, linked.status}
    assert statuses == ({200} if public else {410} if record["edition"] else {404})
    assert len(listed) == len(entries) == public
    async with open_browser(office.door) as browser:
        page = (await browser.go(f"/site/refutations/{one['id']}")).text
    for shown in (document.body, linked.body, feed.body, page.encode(), json.dumps(listed).encode()):
        assert not [words for words in drafts if words.encode() in shown], record["state"]
    if not public:
        return
    told, review, entry = document.ok(), json.loads(linked.body), entries[0]
    assert told == {**told, **listed[0]}
    assert entry.findtext(f"{ATOM}title") == review["name"] == told["title"]
    assert entry.findtext(f"{ATOM}summary") == review["description"] == told["summary"]
    assert entry.findtext(f"{ATOM}content") == review["claimReviewed"] == told["claim"]
    assert (review["version"], review["dateModified"]) == (told["edition"], told["updated_at"])
    embedded = re.search(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert embedded is None or embedded[1].encode() == linked.body
    assert told["title"] in page


async def walk(folder: Path, steps: list[tuple[str, bool]]) -> list[str]:
    """The state after each step, once all that is read has been held against each other."""
    async with open_door(folder, SITE, platform=ADDRESS) as door:
        office, number, reached = Office(door), 0, list[str]()
        one = await office.write({**CHECKING, "claim": "第0版的话"})
        drafts = ["第0版的话"]
        for action, other in steps:
            person, before = office.li if other else office.sun, await office.record(one)
            if action == "change":
                number += 1
                words = {**(UNTRUE if number % 2 else CHECKING), "claim": f"第{number}版的话"}
                done = await office.rewrite(one, words, person)
            else:
                done = await office.act(one, action, person, reason="因为")
            after = await office.record(one)
            possible = {row.action: row.to for row in TABLE if row.state == before["state"]}
            assert (done.status == 200) <= (after["state"] == possible.get(action))
            assert (done.status == 200) or before == after
            if done.status == 200 and action == "change":
                drafts = [f"第{number}版的话"]
            elif after["draft"] is None:
                drafts = []
            await said_everywhere(office, one, drafts)
            reached.append(after["state"])
        return reached


@given(STEPS)
@settings(max_examples=4)
def test_what_anybody_reads_agrees_after_each_step_in_whatever_order(steps: list[tuple[str, bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ways = [*WAYS[: len(steps) % 5], *steps]
        reached = asyncio.run(walk(Path(folder), ways))
    assert len(reached) == len(ways)
    assert {*reached} <= {row.state for row in TABLE} | {row.to for row in TABLE}


async def test_a_record_is_withdrawn_while_its_correction_is_proposed_and_followers_are_told_once(
    tmp_path: Path,
) -> None:
    async with open_door(tmp_path, SITE) as door:
        office, wang = Office(door), door.citizen("wang")
        one = await office.publish({**CHECKING, "claim": "第1版的话"})
        assert (await wang.put(f"/v1/refutations/followed/{one['id']}", None)).status == 204
        await door.settled()
        (await office.rewrite(one, {**UNTRUE, "claim": "第2版的话"})).ok()
        (await office.act(one, "propose")).ok()
        (await office.act(one, "withdraw", reason="撤回")).ok()
        record = await office.record(one)
        assert (record["state"], record["draft"], record["permitted_actions"]) == ("withdrawn", None, [])
        await said_everywhere(office, one, ["第1版的话", "第2版的话"])
        (await office.act(one, "approve", office.li)).problem(409, "action-not-permitted")
        await door.settled()
        inbox = (await wang.get("/v1/inbox")).ok()["items"]
        assert [each["title"] for each in inbox].count(f"已撤回：第{record['number']}号") == 1
        assert "第2版的话" not in str(inbox)

"""A service's check of answers is a door: its yes opens it, and nothing else that can come back over HTTP does."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.kernel.tables.outbox import OutboxRow
from banshi.testing import PromiseFailed
from tests.plugins.open311_city import part
from tests.plugins.services_office import Office, open_office, texts, tree_item, until
from tests.town.programs import program_at

#: Bytes of an answer, and seconds that a call may take.
LIMIT, DEADLINE = 2_000, 1.0

YES = b'{"problems": []}'


def http(body: bytes = b"", status: str = "200 OK", more: str = "") -> bytes:
    """A whole answer, whatever it says."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


def found(*problems: Any) -> bytes:
    return http(json.dumps({"problems": problems}).encode())


#: What can't be read as an answer to `validate` → what its author is told of it.
WRONG: dict[str, tuple[bytes, str]] = {
    "empty": (http(), "not JSON"),
    "204": (http(status="204 No Content"), "not JSON"),
    "blanks": (http(b" \n"), "not JSON"),
    "garbage": (http(bytes(range(256))), "not JSON"),
    "html": (http(b"<!doctype html><p>It works!", more="Content-Type: text/html\r\n"), "not JSON"),
    "a yes cut short": (http(YES[:-1]), "not JSON"),
    "two yeses": (http(YES + YES), "not JSON"),
    "a yes in UTF-16": (http(YES.decode().encode("utf-16")), "not JSON"),
    "a compressed yes": (http(gzip.compress(YES), more="Content-Encoding: gzip\r\n"), "not JSON"),
    "NaN": (http(b"NaN"), "not JSON"),
    "null": (http(b"null"), "not one JSON object"),
    "true": (http(b"true"), "not one JSON object"),
    "a number": (http(b"0"), "not one JSON object"),
    "a text": (http(b'"ok"'), "not one JSON object"),
    "a list": (http(b"[]"), "not one JSON object"),
    "a list of yeses": (http(b"[" + YES + b"]"), "not one JSON object"),
    "another member": (http(b'{"ok": true}'), "no 'problems'"),
    "a misspelt member": (http(b'{"problem": [{"detail": "Too many."}]}'), "no 'problems'"),
    "an error": (http(b'{"error": "out of memory"}'), "no 'problems'"),
    "null inside": (http(b'{"problems": null}'), "problems is a list"),
    "true inside": (http(b'{"problems": true}'), "problems is a list"),
    "an object inside": (http(b'{"problems": {}}'), "problems is a list"),
    "a text inside": (http(b'{"problems": ""}'), "problems is a list"),
    "numbers": (found(7), "problems is a list"),
    "nulls": (found(None), "problems is a list"),
    "no detail": (found({"pointer": "/trees"}), "detail is a text"),
    "an empty detail": (found({"detail": ""}), "detail says what is wrong"),
    "a detail that is a number": (found({"detail": 7}), "detail is a text"),
    "a detail in no language": (found({"detail": {}}), "detail is a text"),
    "a detail of numbers": (found({"detail": {"en": 7}}), "detail is a text"),
    "a field's bare name": (found({"pointer": "trees", "detail": "x"}), "pointer is a JSON Pointer"),
    "a pointer that is a number": (found({"pointer": 0, "detail": "x"}), "pointer is a JSON Pointer"),
    "a code that is a list": (found({"detail": "x", "code": []}), "code is a text"),
    "oversize": (http(YES + b" " * LIMIT), f"more than {LIMIT} bytes"),
    "a redirect": (http(YES, "302 Found", "Location: /banshi\r\n"), "it answers 302"),
    "one that keeps its method": (http(YES, "307 Temporary Redirect", "Location: /banshi\r\n"), "it answers 307"),
    "not modified": (http(b"", "304 Not Modified"), "it answers 304"),
    **{
        str(status): (http(YES, f"{status} Status"), f"it answers {status}")
        for status in (300, 400, 401, 403, 404, 405, 410, 418, 422, 499, 500, 501, 505, 599)
    },
}


async def hangs(_: Any) -> Any:
    await asyncio.sleep(30)


#: How a service is away.
AWAY: dict[str, Any] = {
    "cut at once": b"",
    "cut within the head": http(YES)[:20],
    "cut within the body": http(YES)[:-4],
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "hang": hangs,
    **{str(status): http(YES, f"{status} Status") for status in (408, 425, 429, 502, 503, 504)},
}


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """A service that is asked for every check: with a review, without one, and of an appeal, which knows none."""
    rules = {"deadline": DEADLINE, "answer_limit": LIMIT}
    async with open_office(
        tmp_path, platform={"breaker_failures": 1_000}, settings={"remote_services": rules}
    ) as opened:
        await opened.run("reviewed", items=[tree_item("reviewed")], calls=["validate", "review"])
        appeal = tree_item("complaint", kind="appeal", appeal={}, promised_days=5)
        appeal.pop("application")
        await opened.run("checked", items=[tree_item("checked"), appeal], calls=["validate"])
        yield opened


async def hand_in(office: Office, item: str, person: str = "wang", language: str = "en") -> Any:
    body, headers = {"answers": {"trees": 2}}, {"Accept-Language": language}
    return await office.door.citizen(person).post(f"/v1/items/{item}/cases", body, headers=headers)


async def failed_calls(office: Office, code: str, **more: Any) -> Any:
    return (await office.program.get(f"/v1/services/{code}/calls", params=more)).ok()["items"]


async def test_nobody_is_let_in_by_anything_but_a_yes_and_the_author_reads_why(office: Office) -> None:
    for item, code in (("reviewed", "reviewed"), ("checked", "checked"), ("complaint", "checked")):
        for name, (answer, told) in WRONG.items():
            office.endpoint.answers["validate"] = answer
            reply = await hand_in(office, item, f"wang-of-{item}")
            problem = reply.problem(502, "department-failed")
            assert "come back later" in problem["detail"], name
            assert int(reply.headers["Retry-After"]) > 0
            newest = (await failed_calls(office, code, limit=1))[0]
            assert told in newest["reason"], name
            assert (newest["call"], newest["item"], newest["outcome"]) == ("validate", item, "wrong")
            assert newest["webhook_id"] == office.endpoint.identifiers[-1]
        assert (await office.door.citizen(f"wang-of-{item}").get("/v1/cases")).ok()["items"] == []
    assert office.endpoint.asked("review") == []
    for yes in (YES, b"{}", b'{"problems": [], "took": 3}'):
        office.endpoint.answers["validate"] = http(yes)
        (await hand_in(office, "checked")).created()


async def test_while_the_check_is_away_applications_alone_are_kept_and_accepted_by_a_yes_alone(office: Office) -> None:
    """What knows no review would be let in at once: whoever hands that in is told to come back."""
    kept: dict[str, list[str]] = {"reviewed": [], "checked": []}
    for name, answer in AWAY.items():
        office.endpoint.answers = {"validate": answer, "review": {"action": "accept"}}
        reply = await hand_in(office, "complaint")
        assert "can't be reached" in reply.problem(503, "unavailable")["detail"], name
        assert int(reply.headers["Retry-After"]) > 0
        assert (await failed_calls(office, "checked", limit=1))[0]["outcome"] == "away", name
        for item, cases in kept.items():
            cases.append((await hand_in(office, item)).created()["id"])
    # The review's own yes is none to the check that is owed.
    await until(lambda: len(office.endpoint.asked("review")) >= len(AWAY))
    wang = office.door.citizen("wang")
    cases = [case for some in kept.values() for case in some]
    assert {(await wang.get(f"/v1/cases/{case}")).ok()["state"] for case in cases} == {"submitted"}

    def answers(told: dict[str, Any]) -> Any:
        return (
            http(YES) if told["case"]["id"] in cases[::2] else found({"detail": {"zh-CN": "太多。", "en": "Too many."}})
        )

    office.endpoint.answers["validate"] = answers
    await office.door.settled()
    for case in cases:
        shown = (await wang.get(f"/v1/cases/{case}", headers={"Accept-Language": "en"})).ok()
        assert (shown["state"], shown["reason"]) == (
            ("accepted", None) if case in cases[::2] else ("returned", "Too many.")
        )


async def test_a_check_is_owed_for_as_long_as_its_case_waits(office: Office) -> None:
    office.endpoint.answers = {"validate": 503}
    waiting, taken_up = [(await hand_in(office, "checked")).created()["id"] for _ in range(2)]
    (await office.door.staff("li", "parks:reviewer").post(f"/v1/cases/{taken_up}/actions/accept")).ok()
    real, models = office.door.platform.now, part("remote_services", "models")
    office.door.platform.now = lambda: real() + timedelta(days=30)  # type: ignore[method-assign]
    await office.door.platform[part("remote_services", "calls.sync").SERVICES].forget()
    assert [str(one.case_id) for one in await models.OwedCheck.all()] == [waiting]


@pytest.mark.parametrize(("answer", "kept"), [(404, False), (503, True)], ids=["wrong", "away"])
async def test_a_service_that_is_left_alone_for_wrong_answers_lets_nobody_past(
    tmp_path: Path, answer: int, kept: bool
) -> None:
    async with open_office(tmp_path, platform={"breaker_failures": 2}) as office:
        await office.run("reviewed", items=[tree_item("reviewed")], calls=["validate", "review"])
        office.endpoint.answers = {"validate": answer, "review": 503}
        for person in ("wang", "li", "zhang", "chen"):
            reply = await hand_in(office, "reviewed", person)
            assert (reply.status == 201) is kept
        assert len(office.endpoint.asked("validate")) == 2, "the breaker is open"


async def test_a_review_that_says_nothing_of_a_decision_accepts_nothing(office: Office) -> None:
    wang, answers = office.door.citizen("wang"), (b"", b"[]", b'{"ok": true}', b'{"error": "boom"}', b'{"reason": "x"}')
    for position, answer in enumerate(answers, 1):
        office.endpoint.answers = {"validate": http(YES), "review": http(answer)}
        case = (await hand_in(office, "reviewed")).created()["id"]
        with pytest.raises(PromiseFailed):
            await office.door.settled()
        assert (await wang.get(f"/v1/cases/{case}")).ok()["state"] == "submitted", answer
        failed = await failed_calls(office, "reviewed")
        assert {one["call"] for one in failed} == {"review"}
        assert len({one["webhook_id"] for one in failed}) == position
        await OutboxRow.filter(consumer="intake", state="due").update(state="done")


async def test_what_is_wrong_is_told_in_the_readers_language(office: Office) -> None:
    wrong = {"pointer": "/trees", "detail": {"zh-CN": "每年最多十棵。", "en": "Ten a year are the most."}}
    office.endpoint.answers["validate"] = {"problems": [wrong]}
    for language, detail in wrong["detail"].items():  # type: ignore[attr-defined]
        reply = await hand_in(office, "reviewed", language=language)
        assert reply.problem(422, "invalid-fields")["problems"][0]["detail"] == detail
    office.endpoint.answers["validate"] = {"problems": [{"detail": "Not this year."}]}
    told = (await hand_in(office, "reviewed")).problem(422, "invalid-fields")["problems"]
    assert [(one["pointer"], one["detail"]) for one in told] == [("/answers", "Not this year.")]
    assert await failed_calls(office, "reviewed") == []


async def test_calls_that_failed_are_shown_to_the_services_own_client_for_a_week(office: Office) -> None:
    for status in (404, 500, 503):
        office.endpoint.answers["validate"] = status
        await hand_in(office, "checked")
    path, platform = "/v1/services/checked/calls", office.door.platform
    first = (await office.program.get(path, params={"limit": 2})).ok()
    rest = (await office.program.get(path, params={"cursor": first["next"]})).ok()
    # What was kept while the check was away is asked about again beside this.
    assert list(dict.fromkeys(one["status"] for one in first["items"] + rest["items"])) == [503, 500, 404]
    assert (rest["next"], await failed_calls(office, "reviewed")) == (None, [])
    assert "wang" not in json.dumps(first["items"] + rest["items"])
    assert (await office.program.get("/v1/services/checked")).ok()["links"]["calls"] == path
    other = await program_at(office.door, "bc_others")
    (await other.get(path)).problem(404, "not-found")
    (await office.program.get("/v1/services/nothing/calls")).problem(404, "not-found")
    (await office.boss.get(path)).problem(403, "forbidden")
    for cursor in ("x", "LTE", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5"):
        (await office.program.get(path, params={"cursor": cursor})).problem(400, "invalid-parameter")
    real = platform.now
    platform.now = lambda: real() + timedelta(days=8)  # type: ignore[method-assign]
    await platform[part("remote_services", "calls.sync").SERVICES].forget()
    platform.now = real  # type: ignore[method-assign]
    assert await failed_calls(office, "checked") == []


async def test_a_claim_of_the_services_own_needs_no_field_of_the_form(office: Office) -> None:
    """It is registered with the call `claims`, and filled by it at the approval."""
    item = tree_item("permit", result={"kind": "pass", "title": texts("Pass")})
    item["credential"] = {"claims": [{"name": "ring", "title": texts("Ring")}]}
    without = await office.program.post("/v1/services", office.declaration("ringing", items=[item]))
    assert "claims()" in without.problem(422, "invalid-fields")["problems"][0]["detail"]
    office.endpoint.answers = {"claims": {"claims": {"ring": "R-7"}}}
    await office.run("ringing", items=[item], calls=["claims"])
    case = (await hand_in(office, "permit")).created()
    assert case["state"] == "submitted"
    await office.door.settled()
    (await office.door.staff("zhao", "parks:approver").post(f"/v1/cases/{case['id']}/actions/approve")).ok()
    text = (await office.door.citizen("wang").get(f"/v1/cases/{case['id']}/pass.txt")).body.decode()
    officer = office.door.officer("chen", "parks")
    verdict = (await officer.post("/v1/passes/verify", {"text": text, "place": ""})).ok()
    assert (verdict["verdict"], [one["value"] for one in verdict["claims"]]) == ("valid", ["R-7"])

"""What remote services promise: a department's system in any language joins while the platform runs, is held to what a
plugin is held to, and takes nothing with it when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.kernel.tables.cases import CaseEvent
from banshi.kinds.appointment.slots.slots import AHEAD, ensure
from banshi.testing import TINY_PNG, Door
from tests.plugins.open311_city import part
from tests.plugins.services_office import Office, open_city, open_office, sign, texts, tree_item, until
from tests.town.programs import program_at

LI = "parks:reviewer"

#: Lets what was postponed be due.
DUE_NOW = "UPDATE banshi_outbox SET not_before = 0 WHERE state = 'due'"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path) as one:
        yield one


async def submitted(office: Office, item: str = "tree-felling", **answers: Any) -> str:
    body = {"answers": {"trees": 2, **answers}}
    return str((await office.door.citizen("wang").post(f"/v1/items/{item}/cases", body)).created()["id"])


async def state_of(office: Office, case: str) -> str:
    return str((await office.door.citizen("wang").get(f"/v1/cases/{case}")).ok()["state"])


async def in_state(office: Office, case: str, state: str) -> bool:
    return await state_of(office, case) == state


# -- joining -----------------------------------------------------------------------------------------------------------


async def test_once_staff_approve_a_service_its_items_are_everywhere_without_a_restart(office: Office) -> None:
    anyone = office.door.anyone
    before = (await anyone.get("/openapi.json")).ok()["paths"]
    registered = await office.register()
    assert (registered["state"], registered["version"]["state"]) == ("new", "registered")
    assert (await office.act("prove")).ok()["version"]["state"] == "waiting"
    assert (await anyone.get("/v1/items/tree-felling")).status == 404
    waiting = (await office.boss.get("/v1/service-approvals")).ok()["items"]
    assert [one["version"]["items"] for one in waiting] == [[tree_item()]]
    approved = await office.boss.post(f"/v1/service-approvals/{waiting[0]['version']['id']}/actions/approve")
    assert (approved.ok()["state"], approved.ok()["version"]["state"]) == ("running", "current")

    guide = (await anyone.get("/v1/items/tree-felling", headers={"Accept-Language": "en"})).ok()
    assert (guide["title"], guide["department"]) == ("Permit to fell a city tree", "parks")
    assert guide["links"]["submit"] == "/v1/items/tree-felling/cases"
    assert await listed_at(office.door) == {"tree-felling"}
    for words in ("lumberjack", "砍树"):
        await until(lambda words=words: found(office, words))
    after = (await anyone.get("/openapi.json")).ok()["paths"]
    assert after.keys() - before.keys() == {f"/v1/items/tree-felling/{verb}" for verb in ("begin", "cases")}


async def found(office: Office, words: str) -> bool:
    items = (await office.door.anyone.get("/v1/items", params={"q": words})).ok()["items"]
    return bool(items) and items[0]["code"] == "tree-felling"


async def test_another_process_has_the_items_within_a_second(tmp_path: Path, office: Office) -> None:
    async with open_city(tmp_path, platform={"data": office.door.platform.settings.data}) as other:
        await office.run()
        await until(lambda: listed_at(other), 1.5)
        await office.act("retire")
        await until(lambda: gone_at(other), 1.5)


async def listed_at(door: Door) -> set[str]:
    """The codes of the department's items."""
    return {one["code"] for one in (await door.anyone.get("/v1/items?department=parks")).ok()["items"]}


async def gone_at(door: Door) -> bool:
    return not await listed_at(door)


async def test_a_start_finds_the_services_that_run(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        await office.run()
    async with open_city(tmp_path) as door:
        assert await listed_at(door)


async def test_a_service_whose_secret_is_lost_hides_no_other_and_a_rotation_mends_it(office: Office) -> None:
    """It was sealed with a key that is gone: items and cases stay, and nobody is called or heard without a secret."""
    await office.run()
    await office.run("parks-flowers", items=[tree_item("flower-bed")])
    sql = "UPDATE services_service SET secret = 'lost', revision = revision + 1 WHERE code = 'parks-trees'"
    await office.door.platform.store.connection.execute_query(sql)
    await office.door.platform[services_key()].look()
    assert await listed_at(office.door) == {"tree-felling", "flower-bed"}
    other, case = await submitted(office, "flower-bed"), await submitted(office)
    await until(lambda: in_state(office, other, "accepted"))
    (await office.answered(case, "approve")).problem(401, "signature-refused")
    assert [told["case"]["id"] for told in office.endpoint.asked("review")] == [other]
    (await office.act("rotate", secret=office.endpoint.secret)).ok()
    await until(lambda: brought_forward(office, case, DUE_NOW))
    assert (await office.answered(case, "approve")).ok()["state"] == "approved"


async def test_a_service_that_cannot_be_read_at_all_hides_no_other(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.run()
    keeper = part("remote_services", "calls.sync")

    def broken(registry: Any, owner: str, document: Any, department: Any) -> Any:
        if "parks-broken" in owner:
            raise RuntimeError(owner)
        return read(registry, owner, document, department)

    read = keeper.declared_by
    monkeypatch.setattr(keeper, "declared_by", broken)
    await office.run("parks-broken", items=[tree_item("bench")])
    await office.run("parks-flowers", items=[tree_item("flower-bed")])
    assert await listed_at(office.door) == {"tree-felling", "flower-bed"}


async def test_a_declaration_is_held_to_every_check_of_a_plugin_and_all_faults_are_told_at_once(
    office: Office,
) -> None:
    """The same findings that `banshi check` has for an items.toml, and no file of the server's is ever read."""
    items = [
        tree_item("Bad Code"),
        tree_item("no-english", title={"zh-CN": "标题"}),
        tree_item("no-kind", kind="permit"),
        tree_item("a-file", form="plugins.toml"),
        tree_item("no-unit", unit="flowers"),
        tree_item("wrong-field", materials=[{"title": {"zh-CN": "照片", "en": "Photo"}, "field": "/picture"}]),
        tree_item("own-plugin", plugin="traffic"),
        tree_item("own-mode", handler="x", department="traffic"),
        tree_item("late", legal_days=5, promised_days=9),
    ]
    reply = await office.program.post("/v1/services", office.declaration(items=items, endpoint="http://10.0.0.1/"))
    problems = reply.problem(422, "invalid-fields")["problems"]
    codes = {one["code"] for one in problems}
    assert codes >= {
        *("wrong-endpoint", "bad-slug", "missing-translation", "unknown-kind", "wrong-schema", "unknown-unit"),
        *("unknown-field", "wrong-value", "late-promise"),
    }
    told = " ".join(one["detail"] for one in problems)
    assert "items.late: promised_days is 9" in told
    assert "has to be the schema itself" in told
    assert (await office.program.get("/v1/services")).ok()["items"] == []


#: What of a registration is wrong; an item that is the police's is in conflict.
WRONG: list[dict[str, Any]] = [
    {"department": "harbour"},
    {"code": "Trees"},
    {"items": []},
    {"items": ["tree"]},
    {"items": [{}]},
    {"items": [tree_item(), tree_item()]},
    {"items": [tree_item(f"item-{n}") for n in range(201)]},
    {"secret": "whsec_c2hvcnQ="},
    {"endpoint": "https://169.254.169.254/"},
    {"endpoint": "https://user:word@parks.example/"},
    {"calls": ["everything"]},
    {"registers": ["x"]},
    {"registers": [{"code": "trees"}]},
    {"state": "running"},
]


async def test_a_registration_that_is_wrong_is_told_so_and_keeps_nothing(office: Office) -> None:
    for changes in WRONG:
        reply = await office.program.post("/v1/services", office.declaration() | changes)
        assert reply.problem(422, "invalid-fields"), changes
    theirs = office.declaration(items=[tree_item("zone-pass")])
    (await office.program.post("/v1/services", theirs)).problem(409, "conflict")
    assert (await office.program.get("/v1/services")).ok()["items"] == []
    await office.register()


async def test_a_code_belongs_to_one_service_for_good(office: Office) -> None:
    await office.run()
    again = await office.program.post("/v1/services", office.declaration())
    again.problem(409, "conflict")
    other = await office.program.post("/v1/services", office.declaration("parks-other"))
    assert other.problem(409, "conflict")["item"] == "tree-felling"
    await office.act("retire")
    (await office.program.post("/v1/services", office.declaration("parks-other"))).problem(409, "conflict")


async def test_a_service_that_never_ran_leaves_its_codes_to_others_and_there_is_an_end_to_such(office: Office) -> None:
    for number in range(3):
        await office.register(f"parks-{number}")
        (await office.act("retire", f"parks-{number}")).ok()
    office.door.platform[services_key()].settings = replace(office.door.platform[services_key()].settings, services=1)
    await office.register("parks-3")
    (await office.program.post("/v1/services", office.declaration("parks-4"))).problem(409, "conflict")
    for number in (3, 4):
        (await office.act("retire", f"parks-{number}")).ok()
        if number == 3:
            await office.register("parks-4")
    reply = await office.program.post("/v1/services", office.declaration("parks-5"), headers={"Accept-Language": "en"})
    assert "never ran" in reply.problem(409, "conflict")["detail"]


async def test_the_answers_of_a_revoked_client_are_refused(office: Office) -> None:
    await office.run()
    case = await accepted(office)
    models = part("clients", "models")
    await models.ApiClient.filter(id="bc_tests").update(revoked_at=office.door.platform.now())
    (await office.answered(case, "approve")).problem(403, "forbidden")
    assert await state_of(office, case) == "accepted"


async def test_two_services_that_take_one_code_at_once_are_one(office: Office) -> None:
    declared = [office.program.post("/v1/services", office.declaration(f"parks-{n}")) for n in range(5)]
    statuses = sorted(reply.status for reply in await asyncio.gather(*declared))
    assert statuses == [201, 409, 409, 409, 409]


async def test_a_secret_that_was_made_here_is_shown_once(office: Office) -> None:
    declaration = office.declaration()
    del declaration["secret"]
    shown = (await office.program.post("/v1/services", declaration)).created()
    assert shown["secret"].startswith("whsec_")
    office.endpoint.secret = shown["secret"]
    assert "secret" not in (await office.program.get("/v1/services/parks-trees")).ok()
    await office.approve()
    stored = await office.door.platform.store.connection.execute_query_dict("SELECT * FROM services_service")
    assert shown["secret"] not in str(stored)
    # A member of staff who approves it has no use for it.
    assert "secret" not in str((await office.boss.get("/v1/service-approvals?state=current")).ok())


async def test_a_service_is_its_clients_alone(office: Office) -> None:
    await office.register()
    version = await office.version_of()
    other = await program_at(office.door, "bc_other")
    assert (await other.get("/v1/services")).ok()["items"] == []
    (await other.get("/v1/services/parks-trees")).problem(404, "not-found")
    (await other.post("/v1/services/parks-trees/actions/prove")).problem(404, "not-found")
    (await office.change(program=other)).problem(404, "not-found")
    for stranger in (office.door.staff("li", "traffic:administrator"), office.door.staff("li", LI)):
        (await stranger.get(f"/v1/service-approvals/{version}")).problem(404, "not-found")
        (await stranger.post(f"/v1/service-approvals/{version}/actions/approve")).problem(404, "not-found")
        assert (await stranger.get("/v1/service-approvals?state=waiting")).ok()["items"] == []
    in_traffic = await program_at(office.door, "bc_traffic", scopes=["services:traffic"])
    refused = await in_traffic.post("/v1/services", office.declaration("parks-mine"))
    assert refused.problem(403, "forbidden")["scope"] == "services:parks"


# -- the challenge -----------------------------------------------------------------------------------------------------


async def not_proven(office: Office) -> str:
    """What a developer who reads English is told."""
    reply = await office.program.post("/v1/services/parks-trees/actions/prove", {}, headers={"Accept-Language": "en"})
    return str(reply.problem(422, "not-proven")["detail"])


async def test_an_endpoint_that_lets_anybody_in_is_not_proven(office: Office) -> None:
    office.endpoint.careless = True
    await office.register()
    told = await not_proven(office)
    assert "answered 200 to a call that another secret signed" in told
    assert (await office.program.get("/v1/services/parks-trees")).ok()["version"]["state"] == "registered"


UNPROVEN: list[tuple[Any, str]] = [
    ({}, 'Answer the call "challenge"'),
    ({"challenge": "another"}, 'Answer the call "challenge"'),
    ([], 'Answer the call "challenge"'),
    (500, "answered 500 to a call that its secret signed"),
]


async def test_an_endpoint_that_does_not_answer_the_challenge_is_not_proven(office: Office) -> None:
    await office.register()
    for answer, told in UNPROVEN:
        office.endpoint.answers["challenge"] = answer
        assert told in await not_proven(office)
    refused = await office.boss.post(f"/v1/service-approvals/{await office.version_of()}/actions/approve")
    refused.problem(409, "conflict")


async def test_an_endpoint_that_is_not_there_is_told_so(office: Office) -> None:
    await office.register(endpoint="http://127.0.0.1:1/banshi")
    assert "can't be called: unreachable" in await not_proven(office)


async def test_staff_refuse_with_a_reason_and_the_next_version_is_decided_on_anew(office: Office) -> None:
    await office.register()
    version = (await office.act("prove")).ok()["version"]["id"]
    path = f"/v1/service-approvals/{version}/actions/refuse"
    (await office.boss.post(path)).problem(422, "invalid-fields")
    assert (await office.boss.post(path, {"reason": "Who are you?"})).ok()["version"]["state"] == "refused"
    shown = (await office.program.get("/v1/services/parks-trees")).ok()
    assert (shown["reason"], shown["state"]) == ("Who are you?", "new")
    (await office.boss.post(path, {"reason": "Again."})).problem(409, "conflict")
    assert (await office.change()).ok()["version"]["number"] == 2
    assert (await office.approve())["state"] == "running"


async def test_a_page_that_is_none_is_told_so(office: Office) -> None:
    await office.register()
    for place in ("abc", "AA", "YWJj"):
        (await office.boss.get(f"/v1/service-approvals?cursor={place}")).problem(400, "invalid-parameter")
    (await office.program.get("/v1/services?cursor=AA")).problem(400, "invalid-parameter")


async def test_what_is_retired_before_it_was_approved_waits_for_nobody(office: Office) -> None:
    await office.register()
    version = (await office.act("prove")).ok()["version"]["id"]
    (await office.act("retire")).ok()
    assert (await office.boss.get("/v1/service-approvals")).ok()["items"] == []
    (await office.boss.post(f"/v1/service-approvals/{version}/actions/approve")).problem(409, "conflict")
    for action in ("prove", "rotate"):
        (await office.act(action)).problem(409, "conflict")
    (await office.change()).problem(409, "conflict")


async def test_staff_approve_what_they_have_read_and_not_what_came_meanwhile(office: Office) -> None:
    await office.register()
    read = (await office.act("prove")).ok()["version"]["id"]
    (await office.change(tree_item(version=2, summary=texts("Free money.")))).ok()
    refused = await office.boss.post(f"/v1/service-approvals/{read}/actions/approve")
    refused.problem(409, "conflict")
    (await office.act("prove")).ok()
    (await office.boss.post(f"/v1/service-approvals/{read}/actions/approve")).problem(409, "conflict")
    assert await gone_at(office.door)


async def test_of_two_who_approve_at_once_one_does(office: Office) -> None:
    await office.register()
    version = (await office.act("prove")).ok()["version"]["id"]
    path = f"/v1/service-approvals/{version}/actions/approve"
    replies = await asyncio.gather(*(office.boss.post(path) for _ in range(4)))
    assert sorted(reply.status for reply in replies) == [200, 409, 409, 409]


# -- cases -------------------------------------------------------------------------------------------------------------


async def test_a_case_is_reviewed_by_the_service_at_once_and_decided_later(office: Office) -> None:
    await office.run()
    office.endpoint.answers["review"] = {"action": "accept"}
    case = await submitted(office)
    await until(lambda: in_state(office, case, "accepted"))
    asked = office.endpoint.asked("review")[0]
    assert asked["answers"] == {"trees": 2}
    assert asked["case"]["mode"] == "live"
    assert (asked["case"]["id"], asked["item"]) == (case, {"code": "tree-felling", "version": 1})
    assert (await office.answered(case, "approve")).ok()["state"] == "approved"
    shown = (await office.door.citizen("wang").get(f"/v1/cases/{case}")).ok()
    assert [step["action"] for step in shown["timeline"]] == ["submit", "accept", "approve"]
    await office.door.settled()
    inbox = (await office.door.citizen("wang").get("/v1/inbox")).ok()["items"]
    assert len(inbox) == 2


async def test_a_service_may_decide_at_once_and_its_reason_is_read(office: Office) -> None:
    await office.run()
    office.endpoint.answers["review"] = {"action": "refuse", "reason": {"en": "A protected tree.", "zh-CN": "古树。"}}
    case = await submitted(office)
    await until(lambda: in_state(office, case, "refused"))
    shown = await office.door.citizen("wang").get(f"/v1/cases/{case}", headers={"Accept-Language": "en"})
    assert shown.ok()["reason"] == "A protected tree."


async def test_what_the_service_finds_wrong_is_told_before_anything_is_stored(office: Office) -> None:
    def checked(document: dict[str, Any]) -> Any:
        wrong = {"pointer": "/trees", "detail": "Ten a year are the most.", "code": "too-many"}
        return {"problems": [wrong] if document["answers"]["trees"] > 10 else []}

    office.endpoint.answers["validate"] = checked
    await office.run(calls=["validate", "review"])
    reply = await office.door.citizen("wang").post("/v1/items/tree-felling/cases", {"answers": {"trees": 11}})
    problem = reply.problem(422, "invalid-fields")["problems"][0]
    assert (problem["pointer"], problem["detail"], problem["code"]) == (
        *("/answers/trees", "Ten a year are the most.", "too-many"),
    )
    assert (await office.door.citizen("wang").get("/v1/cases")).ok()["items"] == []
    await submitted(office)


@pytest.mark.parametrize("away", [503, "gone"])
async def test_while_a_service_is_away_submissions_are_kept_and_forwarded_later(office: Office, away: Any) -> None:
    """Nobody's submission is refused for it, and none is parked: staff may take each up meanwhile."""
    await office.run(calls=["validate", "review"])
    if away == "gone":
        office.endpoint.answers |= {"validate": 504, "review": hangs}
    else:
        office.endpoint.answers |= {"validate": away, "review": away}
    cases = [await submitted(office) for _ in range(3)]
    await until(lambda: office.endpoint.asked("review"))
    assert {await state_of(office, case) for case in cases} == {"submitted"}
    office.endpoint.answers |= {"validate": {}, "review": {"action": "accept"}}
    for case in cases:
        await until(lambda case=case: brought_forward(office, case, DUE_NOW))
    calls = zip(office.endpoint.identifiers, office.endpoint.heard, strict=True)
    identifiers = [identifier for identifier, told in calls if told["call"] == "review"]
    assert len(set(identifiers)) == 3 < len(identifiers), "each try of one call has the same webhook-id"


async def hangs(_: Any) -> Any:
    await asyncio.sleep(30)


async def brought_forward(office: Office, case: str, sql: str) -> bool:
    """Let what was postponed be due now, and look."""
    await office.door.platform.store.connection.execute_query(sql)
    return await in_state(office, case, "accepted")


async def test_one_services_failures_are_no_other_ones(office: Office) -> None:
    office.endpoint.answers["review"] = lambda told: 500 if told["service"] == "parks-trees" else {"action": "accept"}
    await office.run()
    await office.run("parks-flowers", items=[tree_item("flower-bed")])
    for person in range(6):
        body = {"answers": {"trees": 1}}
        await office.door.citizen(f"person-{person}").post("/v1/items/tree-felling/cases", body)
    await until(lambda: "service parks-trees" in office.door.platform.breakers.open_plugins())
    case = await submitted(office, "flower-bed")
    await until(lambda: in_state(office, case, "accepted"))


async def test_a_service_reads_its_own_cases_and_their_files_and_no_others(office: Office) -> None:
    await office.run()
    wang = office.door.citizen("wang", "王小明")
    photo = (await wang.upload()).created()["id"]
    body = {"answers": {"trees": 2, "photo": photo}}
    case = (await wang.post("/v1/items/tree-felling/cases", body)).created()["id"]
    shown = (await office.program.get(f"/v1/services/parks-trees/cases/{case}")).ok()
    assert (shown["answers"]["trees"], shown["applicant"]["name"]) == (2, "王小明")
    file = await office.program.get(f"/v1/services/parks-trees/cases/{case}/files/{photo}")
    assert (file.status, file.body) == (200, TINY_PNG)

    await office.run("parks-flowers", items=[tree_item("flower-bed")])
    other = await program_at(office.door, "bc_other")
    for who, path in (
        (office.program, f"/v1/services/parks-flowers/cases/{case}"),
        (office.program, f"/v1/services/parks-flowers/cases/{case}/files/{photo}"),
        (other, f"/v1/services/parks-trees/cases/{case}"),
    ):
        (await who.get(path)).problem(404, "not-found")
    unused = (await wang.upload()).created()["id"]
    (await office.program.get(f"/v1/services/parks-trees/cases/{case}/files/{unused}")).problem(404, "not-found")


# -- later answers -----------------------------------------------------------------------------------------------------


async def accepted(office: Office) -> str:
    case = await submitted(office)
    await until(lambda: in_state(office, case, "accepted"))
    return case


async def test_a_replayed_answer_is_refused(office: Office) -> None:
    await office.run()
    first, second = await accepted(office), await accepted(office)
    raw = f'{{"case": "{first}", "action": "approve"}}'
    headers = {**sign(office.endpoint.secret, raw, "msg_1"), "Content-Type": "application/json"}
    path, anyone = "/v1/services/parks-trees/answers", office.door.anyone

    async def sent() -> Any:
        return await anyone.call("POST", path, data=raw.encode(), headers=headers)

    together = await asyncio.gather(sent(), sent(), sent())
    assert sorted(reply.status for reply in together) == [200, 409, 409]
    (await sent()).problem(409, "replayed")
    # Its id is used up for every other answer of the service, too.
    reused = await office.answered(second, "approve")
    assert reused.status == 200
    other = f'{{"case": "{second}", "action": "close"}}'
    again = {**headers, **sign(office.endpoint.secret, other, "msg_1")}
    (await anyone.call("POST", path, data=other.encode(), headers=again)).problem(409, "replayed")
    # It is forgotten after a day, when no signature of that time is good any more.
    services, platform = office.door.platform[services_key()], office.door.platform
    await services.forget()
    assert len(await taken(office)) == 2
    now = platform.now()
    platform.now = lambda: now + timedelta(days=2)
    await services.forget()
    assert await taken(office) == []


def services_key() -> Any:
    return part("remote_services", "calls.sync").SERVICES


async def taken(office: Office) -> list[Any]:
    sql = "SELECT webhook_id FROM services_taken"
    return list(await office.door.platform.store.connection.execute_query_dict(sql))


async def test_an_answer_that_is_not_signed_as_it_has_to_be_changes_nothing(office: Office) -> None:
    await office.run()
    case, secret = await accepted(office), office.endpoint.secret
    raw = f'{{"case": "{case}", "action": "approve"}}'
    signed = sign(secret, raw)
    for headers, code, body, reason in (
        (signed, "parks-trees", raw.replace("approve", "refuse"), "wrong-signature"),
        (sign("whsec_" + "A" * 43 + "=", raw), "parks-trees", raw, "wrong-signature"),
        (sign(secret, raw, ago=301), "parks-trees", raw, "wrong-time"),
        (sign(secret, raw, ago=-302), "parks-trees", raw, "wrong-time"),
        ({}, "parks-trees", raw, "not-signed"),
        (signed, "parks-none", raw, "wrong-signature"),
    ):
        told = {**headers, "Content-Type": "application/json"}
        path = f"/v1/services/{code}/answers"
        reply = await office.door.anyone.call("POST", path, data=body.encode(), headers=told)
        assert reply.problem(401, "signature-refused")["reason"] == reason, (code, body)
        assert await state_of(office, case) == "accepted"


async def test_after_a_rotation_both_secrets_are_good_until_the_old_one_ends(office: Office) -> None:
    await office.run()
    cases = [await accepted(office) for _ in range(3)]
    old = office.endpoint.secret
    rotated = (await office.act("rotate", overlap_days=1)).ok()
    assert rotated["secret"] != old
    assert (await office.answered(cases[0], "approve")).ok(), "the old one, within the overlap"
    office.endpoint.secret = rotated["secret"]
    assert (await office.answered(cases[1], "approve")).ok(), "the new one"
    # Our calls bear both signatures, so that an endpoint changes whenever it likes.
    for secret in (old, rotated["secret"]):
        office.endpoint.secret = secret
        case = await accepted(office)
        assert await state_of(office, case) == "accepted"
    office.endpoint.secret = old
    again = (await office.act("rotate", overlap_days=0)).ok()["secret"]
    refused = await office.answered(cases[2], "approve")
    assert refused.problem(401, "signature-refused")["reason"] == "wrong-signature"
    office.endpoint.secret = again
    assert (await office.answered(cases[2], "approve")).ok()


async def test_a_secret_that_has_ended_is_not_good_where_the_newest_cannot_be_read(office: Office) -> None:
    await office.run()
    case, old = await accepted(office), office.endpoint.secret
    (await office.act("rotate", overlap_days=1)).ok()
    models = part("remote_services", "models")
    await models.RemoteService.filter(code="parks-trees").update(secret="gAAAA-of-another-key")
    office.endpoint.secret = old
    assert (await office.answered(case, "return", reason="Which tree?")).ok(), "within the overlap"
    ended = office.door.platform.now() - timedelta(seconds=1)
    await models.RemoteService.filter(code="parks-trees").update(before_ends_at=ended)
    refused = await office.answered(case, "return", reason="Which tree?")
    assert refused.problem(401, "signature-refused")["reason"] == "wrong-signature"


async def test_an_answer_does_what_staff_may_do_and_no_more(office: Office) -> None:
    await office.run()
    case = await accepted(office)
    answer = await office.answered(case, "withdraw")
    assert "approve" in answer.problem(409, "action-not-permitted")["permitted_actions"]
    (await office.answered(case, "refuse")).problem(422, "invalid-fields")
    (await office.answered(case, "approve", details={"x": 1})).problem(422, "invalid-fields")
    (await office.answered("no-uuid", "approve")).problem(422, "invalid-fields")
    (await office.answered("018f3c1e-7b7a-7c3a-9e5e-000000000001", "approve")).problem(404, "not-found")
    # Nothing of this has used up an id or moved the case.
    assert (await office.answered(case, "return", reason="Where is the tree?")).ok()["state"] == "returned"
    (audit,) = await CaseEvent.filter(action="return")
    assert (audit.actor, audit.actor_id) == ("staff", "client:bc_tests")


async def test_a_service_answers_for_its_own_items_alone(office: Office) -> None:
    await office.run()
    await office.run("parks-flowers", items=[tree_item("flower-bed")])
    case = await accepted(office)
    (await office.answered(case, "approve", code="parks-flowers")).problem(404, "not-found")
    assert await state_of(office, case) == "accepted"


# -- versions, suspension, the end -------------------------------------------------------------------------------------


async def test_a_new_version_runs_beside_the_cases_of_the_old_one(office: Office) -> None:
    """Old cases keep their form, their rules and the endpoint that knows them; the item that went takes nothing new."""
    await office.run(items=[tree_item(), tree_item("bench")])
    old, bench = await accepted(office), await submitted(office, "bench")
    changed = tree_item(version=2, application={"second_person": True})
    changed["form"]["required"] = ["trees", "reason"]
    changed["form"]["properties"]["reason"] = {"type": "string", "title": "原因"}
    problem = (await office.change(changed | {"version": 1})).problem(422, "invalid-fields")
    assert problem["problems"][0]["code"] == "same-version"
    (await office.change(changed)).ok()
    await submitted(office)  # what runs goes on while the new one waits
    await office.approve()
    refused = await office.door.citizen("wang").post("/v1/items/tree-felling/cases", {"answers": {"trees": 2}})
    refused.problem(422, "invalid-fields")
    new = await submitted(office, reason="It leans.")
    await until(lambda: in_state(office, new, "accepted"))
    asked = {told["case"]["id"]: told["service_version"] for told in office.endpoint.asked("review")}
    assert (asked[old], asked[new]) == (1, 2)
    assert (await office.answered(old, "approve")).ok()["state"] == "approved"
    (await office.answered(new, "approve")).problem(409, "action-not-permitted")
    assert await listed_at(office.door) == {"tree-felling"}
    gone = await office.door.citizen("wang").post("/v1/items/bench/cases", {"answers": {"trees": 2}})
    gone.problem(404, "not-found")
    await until(lambda: in_state(office, bench, "accepted"))
    assert (await office.door.staff("li", "parks:approver").post(f"/v1/cases/{bench}/actions/approve")).ok()


async def test_an_item_that_comes_back_is_told_apart_from_what_it_was(office: Office) -> None:
    """Cases of a version that was dropped rest on it: nothing else may take its number or its kind."""
    await office.run(items=[tree_item(), tree_item("bench", version=3)])
    case = await submitted(office, "bench")
    (await office.change(tree_item())).ok()
    await office.approve()
    appeal = tree_item("bench", version=4, kind="appeal", legal_days=15)
    del appeal["application"]
    for item, code in (
        (tree_item("bench", version=3, summary=texts("Another.")), "same-version"),
        (tree_item("bench", version=2), "same-version"),
        (appeal, "other-kind"),
    ):
        refused = await office.change(tree_item(), item)
        assert [one["code"] for one in refused.problem(422, "invalid-fields")["problems"]] == [code]
    again = tree_item("bench", version=4, summary=texts("Another."))
    (await office.change(tree_item(), again)).ok()
    await office.approve()
    items = office.door.platform.registry.items
    assert [getattr(items.of("bench", number), "version", 0) for number in (3, 4)] == [3, 4]
    await until(lambda: in_state(office, case, "accepted"))


async def test_a_suspended_service_takes_nothing_new_until_whoever_suspended_it_resumes_it(office: Office) -> None:
    await office.run()
    version = await office.version_of()
    path = f"/v1/service-approvals/{version}/actions"
    (await office.boss.post(f"{path}/suspend")).problem(422, "invalid-fields")
    suspended = (await office.boss.post(f"{path}/suspend", {"reason": "An audit."})).ok()
    assert (suspended["state"], suspended["permitted_actions"]) == ("suspended", ["resume", "retire"])
    body = {"answers": {"trees": 2}}
    wang = office.door.citizen("wang")
    (await wang.post("/v1/items/tree-felling/cases", body)).problem(503, "unavailable")
    shown = (await office.program.get("/v1/services/parks-trees")).ok()
    assert (shown["reason"], shown["permitted_actions"]) == ("An audit.", ["rotate", "retire"])
    (await office.act("resume")).problem(409, "conflict")
    (await office.boss.post(f"{path}/resume")).ok()
    (await wang.post("/v1/items/tree-felling/cases", body)).created()
    (await office.act("suspend")).ok()
    (await office.boss.post(f"{path}/resume")).problem(409, "conflict")
    (await office.act("resume")).ok()


async def test_a_service_that_staff_have_stopped_reads_no_case_and_decides_on_none(office: Office) -> None:
    """It may have been stopped for what it does; one that its own integrator has pause goes on with what it has."""
    await office.run()
    case = await accepted(office)
    path, read = f"/v1/service-approvals/{await office.version_of()}/actions", f"/v1/services/parks-trees/cases/{case}"
    (await office.act("suspend")).ok()
    (await office.program.get(read)).ok()
    (await office.act("resume")).ok()
    for action in ("suspend", "retire"):
        (await office.boss.post(f"{path}/{action}", {"reason": "It leaks."})).ok()
        assert (await office.answered(case, "approve")).problem(409, "conflict")["state"] in {"suspended", "retired"}
        (await office.program.get(read)).problem(403, "forbidden")
        (await office.program.get(f"{read}/files/{case}")).problem(403, "forbidden")
    assert await state_of(office, case) == "accepted"


async def test_a_retired_service_is_asked_nothing_and_staff_approve_without_it(office: Office) -> None:
    item = tree_item(result={"kind": "pass", "title": texts("Pass")})
    claim = {"name": "trees", "title": texts("Trees"), "source": "/trees"}
    item["credential"] = {"claims": [claim]}
    office.endpoint.answers["claims"] = {"claims": {"trees": 7}}
    await office.run(items=[item], calls=["review", "claims"])
    approver, before = office.door.staff("zhao", "parks:approver"), await accepted(office)
    assert (await approver.post(f"/v1/cases/{before}/actions/approve")).ok()["state"] == "approved"
    assert [told["case"]["id"] for told in office.endpoint.asked("claims")] == [before]
    office.endpoint.answers["review"] = 503
    case = await submitted(office)
    await until(lambda: len(office.endpoint.asked("review")) == 2)
    (await office.act("retire")).ok()
    office.endpoint.heard.clear()
    await until(lambda: brought_forward(office, case, DUE_NOW))
    assert (await approver.post(f"/v1/cases/{case}/actions/approve")).ok()["state"] == "approved"
    assert office.endpoint.heard == []


async def test_a_retired_services_cases_are_brought_to_their_end_by_staff(office: Office) -> None:
    await office.run()
    case = await accepted(office)
    (await office.act("retire")).ok()
    assert await gone_at(office.door)
    body = {"answers": {"trees": 2}}
    (await office.door.citizen("wang").post("/v1/items/tree-felling/cases", body)).problem(404, "not-found")
    approver = office.door.staff("zhao", "parks:approver")
    assert [one["id"] for one in (await approver.get("/v1/worklist")).ok()["items"]] == [case]
    assert (await approver.post(f"/v1/cases/{case}/actions/approve")).ok()["state"] == "approved"
    for again in ("resume", "suspend", "retire", "prove"):
        (await office.act(again)).problem(409, "conflict")


async def test_a_plugins_item_stays_whatever_services_of_its_code_come_and_go(office: Office) -> None:
    """A city may write a plugin for what a service has offered before: the service's items of that code are let go."""
    await office.run(items=[tree_item(), tree_item("zone-pass-2")])
    (await office.act("retire")).ok()
    registry = office.door.platform.registry
    plugins = registry.items["zone-pass-2"] = replace(registry.items["zone-pass"], code="zone-pass-2")
    await office.run("parks-flowers", items=[tree_item("flower-bed")])
    await office.act("retire", "parks-flowers")
    assert registry.items["zone-pass-2"] is plugins
    assert registry.items.of("zone-pass-2", 1) is plugins


async def test_what_changes_nothing_in_the_catalogue_makes_no_index_anew(office: Office) -> None:
    await office.run()
    before, item = (registry := office.door.platform.registry).revision, registry.items["tree-felling"]
    for action in ("rotate", "suspend", "resume"):
        (await office.act(action)).ok()
    (await office.change()).ok()
    await office.door.platform[services_key()].look()
    assert registry.revision == before
    assert registry.items["tree-felling"] is not item, "it is called with the new secret all the same"


async def test_a_test_clients_items_are_in_no_list_and_their_cases_are_made_up(office: Office) -> None:
    """Until its client is live and a version of then is approved: what staff approved as a test stays one."""
    models = part("clients", "models")
    tester = Office(office.door, await program_at(office.door, "bc_test", mode="test"), office.endpoint)
    assert (await tester.run())["version"]["mode"] == "test"
    assert await gone_at(office.door)
    assert (await office.door.anyone.get("/v1/items/tree-felling")).ok()["mode"] == "test"
    case = await accepted(tester)
    shown = (await office.door.citizen("wang").get(f"/v1/cases/{case}")).ok()
    assert shown["mode"] == "test"
    assert office.endpoint.asked("review")[0]["case"]["mode"] == "test"
    await models.ApiClient.filter(id="bc_test").update(mode="live")
    tokens = part("clients", "tokens").TOKENS
    office.door.platform[tokens]._remembered.clear()
    assert (await tester.change()).ok()["version"]["mode"] == "live"
    assert (await office.door.anyone.get("/v1/items/tree-felling")).ok()["mode"] == "test"
    await tester.approve()
    assert await listed_at(office.door)
    assert (await office.door.citizen("wang").get(f"/v1/cases/{case}")).ok()["mode"] == "test"


# -- queries -----------------------------------------------------------------------------------------------------------

REGISTER = {
    "code": "street-trees",
    "title": {"zh-CN": "行道树", "en": "Street trees"},
    "keys": ["number"],
    "columns": [
        {"name": "number", "title": {"zh-CN": "编号", "en": "Number"}},
        {"name": "species", "title": {"zh-CN": "树种", "en": "Species"}},
    ],
}


def register_item() -> dict[str, Any]:
    item = tree_item("tree-register", kind="query", query={"register": "street-trees", "personal": False})
    item["form"] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["number"],
        "properties": {"number": {"type": "string", "maxLength": 20, "title": "编号"}},
    }
    del item["application"]
    return item


async def test_a_query_is_answered_by_the_services_register(office: Office) -> None:
    office.endpoint.answers["query"] = {"records": [{"number": "7", "species": "ginkgo", "secret": "x"}]}
    await office.run(items=[register_item()], registers=[REGISTER])
    wang, path = office.door.citizen("wang"), "/v1/items/tree-register/query"
    answer = (await wang.post(path, {"question": {"number": "7"}})).ok()
    assert answer["records"] == [{"number": "7", "species": "ginkgo"}]
    asked = office.endpoint.asked("query")[0]
    assert (asked["register"], asked["question"]) == ("street-trees", {"number": "7"})
    office.endpoint.answers["query"] = {"records": [{"number": "8", "species": "ginkgo"}]}
    (await wang.post(path, {"question": {"number": "7"}})).problem(502, "department-failed")
    office.endpoint.answers["query"] = {"records": "all"}
    (await wang.post(path, {"question": {"number": "7"}})).problem(502, "department-failed")
    office.endpoint.answers["query"] = 503
    (await wang.post(path, {"question": {"number": "7"}})).problem(503, "unavailable")
    await office.act("retire")
    (await wang.post(path, {"question": {"number": "7"}})).problem(404, "not-found")


async def test_a_query_asks_a_register_of_its_own_service_alone(office: Office) -> None:
    elsewhere = register_item()
    elsewhere["query"]["register"] = "vehicles"
    reply = await office.program.post("/v1/services", office.declaration(items=[elsewhere], registers=[REGISTER]))
    assert "unknown-register" in {one["code"] for one in reply.problem(422, "invalid-fields")["problems"]}


async def test_a_services_register_takes_the_place_of_no_other_ones_of_that_name(office: Office) -> None:
    """A name is chosen by whoever registers: questions of the police's go on to the police, whose table is empty."""
    codes = REGISTER | {"code": "violation-codes"}
    item = register_item()
    item["query"]["register"] = "violation-codes"
    office.endpoint.answers["query"] = {"records": [{"number": "7", "species": "ginkgo"}]}
    await office.run(items=[item], registers=[codes])
    wang = office.door.citizen("wang")
    theirs = await wang.post("/v1/items/violation-codes/query", {"question": {"code": "1039"}})
    assert theirs.problem(503, "department-unavailable")["department"] == "traffic"
    assert office.endpoint.asked("query") == []
    assert (await wang.post("/v1/items/tree-register/query", {"question": {"number": "7"}})).ok()["found"] == 1
    await office.act("retire")
    assert (await wang.post("/v1/items/violation-codes/query", {"question": {"code": "1039"}})).status == 503


# -- slots -------------------------------------------------------------------------------------------------------------


def visit_item() -> dict[str, Any]:
    item = tree_item("tree-visit", kind="appointment")
    del item["application"]
    place = {"code": "office", "title": texts("Office"), "address": texts("1 Park Street"), "phone": "000-0000000"}
    item["places"] = [place]
    item["appointment"] = {"days_ahead": 7, "places": [{"code": "office", "hours": {}}]}
    return item


def hours(begins: str) -> dict[str, Any]:
    """Open for half an hour a day."""
    week = {day: [f"{begins}-{begins[:3]}30"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    return {"appointment": {"days_ahead": 20, "slot_minutes": 30, "places": [{"code": "office", "hours": week}]}}


async def begin_at(office: Office) -> set[str]:
    slots = (await office.door.anyone.get("/v1/items/tree-visit/slots")).ok()["items"]
    return {one["begins"][11:16] for one in slots}


async def test_a_new_versions_hours_and_calendar_are_there_at_once_and_an_old_cases_change_nothing(
    office: Office,
) -> None:
    await office.run(items=[visit_item() | hours("09:00")], calls=[])
    assert await begin_at(office) == {"09:00"}
    old = office.door.platform.registry.items["tree-visit"]
    later = visit_item() | hours("14:00") | {"version": 2}
    (await office.change(later, calls=[])).ok()
    await office.approve()
    assert await begin_at(office) == {"14:00"}
    await ensure(office.door.platform, old)  # as a case of the version before would have it
    assert await begin_at(office) == {"14:00"}
    office.endpoint.answers["slots"] = {"slots": []}
    (await office.change(later, calls=["slots"])).ok()
    await office.approve()
    office.door.platform[AHEAD].again_at["tree-visit"] = 0  # half a minute later
    assert await begin_at(office) == set()


async def test_slots_of_the_end_of_time_and_of_weeks_are_left_out(office: Office) -> None:
    now = office.door.platform.now()
    good = {"place": "office", "begins": (now + timedelta(days=1)).isoformat(), "capacity": 1}
    good["ends"] = (now + timedelta(days=1, hours=1)).isoformat()
    far = good | {"begins": "9999-12-31T23:00:00Z", "ends": "9999-12-31T23:30:00Z"}
    endless = good | {"begins": (now + timedelta(days=2)).isoformat(), "ends": "9999-12-31T23:30:00Z"}
    office.endpoint.answers["slots"] = {"slots": [far, endless, good]}
    await office.run(items=[visit_item()], calls=["slots"])
    assert len((await office.door.anyone.get("/v1/items/tree-visit/slots")).ok()["items"]) == 1


async def test_slots_are_those_of_the_services_own_calendar_and_nobody_is_put_in_twice(office: Office) -> None:
    zone = office.door.platform.settings.timezone
    nine = datetime.combine(office.door.platform.today() + timedelta(days=2), time(9), zone)
    ten = nine + timedelta(hours=1)
    slot = {"place": "office", "begins": nine.isoformat(), "ends": ten.isoformat(), "capacity": 1}
    nowhere = slot | {"place": "elsewhere"}
    office.endpoint.answers["slots"] = {"slots": [slot, nowhere]}
    await office.run(items=[visit_item()], calls=["slots"])
    path = "/v1/items/tree-visit"
    slots = (await office.door.anyone.get(f"{path}/slots")).ok()["items"]
    assert [(one["begins"][:16], one["free"]) for one in slots] == [(f"{nine:%Y-%m-%dT%H:%M}", 1)]
    asked = office.endpoint.asked("slots")
    assert (asked[0]["item"]["code"], len(asked)) == ("tree-visit", 1)
    body = {"slot": slots[0]["id"], "answers": {"trees": 1}}
    booked = [office.door.citizen(f"person-{n}").post(f"{path}/appointments", body) for n in range(5)]
    statuses = sorted(reply.status for reply in await asyncio.gather(*booked))
    assert statuses == [201, 409, 409, 409, 409]
    # While it is away, what is known of it stays.
    office.endpoint.answers["slots"] = 503
    office.door.platform[AHEAD].again_at.clear()
    office.door.platform[AHEAD].done.clear()
    assert len((await office.door.anyone.get(f"{path}/slots")).ok()["items"]) == 1
    # Those that it takes back are closed once it is asked again, and whoever is in one stays.
    office.endpoint.answers["slots"] = {"slots": []}
    office.door.platform[AHEAD].again_at.clear()
    office.door.platform[AHEAD].done.clear()
    assert (await office.door.anyone.get(f"{path}/slots")).ok()["items"] == []
    assert (
        len((await office.door.staff("li", LI).get(f"{path}/counter-appointments?day={nine:%Y-%m-%d}")).ok()["items"])
        == 1
    )
    office.endpoint.answers["slots"] = 503
    office.door.platform[AHEAD].done.clear()
    (await office.door.anyone.get(f"{path}/slots")).problem(503, "unavailable")
    # Whoever has a place comes, though nothing more is offered.
    (await office.act("retire")).ok()
    listed = await office.door.staff("li", LI).get(f"{path}/counter-appointments?day={nine:%Y-%m-%d}")
    assert len(listed.ok()["items"]) == 1

"""What is not live yet: it stands in no list and no count, others have none of it, and what is made up leaves."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.transactions import in_transaction

from banshi import NotFound, Principal, Write
from banshi.builtin.catalogue.search import index_of
from banshi.builtin.passes import ledger
from banshi.builtin.passes.wire import cose
from banshi.builtin.personal_data import forgetting
from banshi.builtin.personal_data.housekeeping import tidy
from banshi.foundation.database.opening import open_store, orm_config
from banshi.foundation.findings import ConfigurationError
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.idempotency import IdempotencyKey
from banshi.kernel.tables.outbox import OutboxRow
from banshi.kinds.appeal import statistics
from banshi.kinds.appeal.sorting.suggestion import _past
from banshi.kinds.appointment.models import Slot
from banshi.sdk.cases import count_people, new_case, people_with_cases
from banshi.sdk.http import Client
from banshi.testing import Door, open_door
from tests.places import ROOT, TRAFFIC
from tests.readers.tables import tables_with, with_mode
from tests.town.parts import BAG, UNNAMED, appeals, documents, postings, visits
from tests.town.town import open_town, picture

EXPORTS = ROOT / "plugins" / "integrations" / "catalogue_exports"

ENGLISH = {"Accept-Language": "en"}


def program(mode: Any, *team: str) -> Client:
    return Client("bc_1", "Parking", mode, frozenset(), frozenset(team))


async def later(door: Door, days: float = 8) -> None:
    """So many days later, after a round of upkeep."""
    now = door.platform.now()
    door.platform.now = lambda: now + timedelta(days=days)
    await tidy(door.platform)


# -- the catalogue -----------------------------------------------------------------------------------------------------


async def test_an_item_that_is_not_live_is_in_no_list_and_is_shown_by_its_code(tmp_path: Path) -> None:
    async with open_door(tmp_path, {"traffic": TRAFFIC, "catalogue_exports": EXPORTS}) as door:
        codes = [with_mode(door, "zone-pass", mode) for mode in ("test", "team")]
        registry, anyone = door.platform.registry, door.anyone
        listed = (await anyone.get("/v1/items?limit=100")).ok()["items"]
        assert "zone-pass" in {one["code"] for one in listed}
        assert {one["mode"] for one in listed} == {"live"}
        assert len(listed) == len(registry.items)
        found = index_of(registry).search("vehicle pass")
        assert "zone-pass" in {hit.code for hit in found}
        paths = ("/openapi.json", "/v1/exports/item-list.json", "/v1/exports/cpsv-ap.jsonld")
        everywhere = [(await anyone.get(path)).body.decode() for path in paths] + [str([hit.code for hit in found])]
        for code in codes:
            assert not [text for text in everywhere if code in text or code.replace("-", "_") in text]
            assert (await anyone.get(f"/v1/items/{code}")).ok()["mode"] == code.rpartition("-")[2]
            (await anyone.get(f"/v1/exports/cpsv-ap/{code}.jsonld")).problem(404, "not-found")
        assert codes[0] not in (await anyone.get("/v1/passes/keys")).body.decode()
        # One that becomes live is listed from then on, and one that goes leaves nothing behind.
        registry.items[codes[0]] = replace(registry.items[codes[0]], mode="live")
        assert codes[0] in registry.items.codes()
        del registry.items[codes[1]]
        assert set(registry.items.with_unlisted()) == set(registry.items)


async def test_items_toml_can_make_no_item_of_another_mode(tmp_path: Path) -> None:
    folder = tmp_path / "parks"
    folder.mkdir()
    text = (TRAFFIC / "items.toml").read_text(encoding="utf-8").replace("[[items]]", '[[items]]\nmode = "test"', 1)
    (folder / "items.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"\.mode is not a known key"):
        async with open_door(tmp_path, {"parks": folder}):
            pass


# -- teams -------------------------------------------------------------------------------------------------------------


async def test_only_its_team_hands_in_for_an_item_that_a_team_tries_out(bare_door: Door, answers: Any) -> None:
    code = with_mode(bare_door, "zone-pass", "team", team=frozenset({"wang"}))
    wang, zhao, path = bare_door.citizen("wang"), bare_door.citizen("zhao"), f"/v1/items/{code}/cases"
    case = (await wang.post(path, {"answers": await answers(wang)})).created()
    assert case["mode"] == "team"
    missing = (await zhao.post("/v1/items/no-such/cases", {"answers": {}})).problem(404, "not-found")
    # Neither a good form nor a wrong one tells that it is there.
    for body in ({"answers": await answers(zhao)}, {"answers": {}}, {"wrong": 1}):
        assert (await zhao.post(path, body)).problem(404, "not-found")["detail"] == missing["detail"]
    (await zhao.get(f"/v1/items/{code}/materials")).problem(404, "not-found")
    assert (await zhao.get(f"/v1/items/{code}")).ok()["mode"] == "team"
    await later(bare_door, 400)
    (await wang.get(case["links"]["self"])).ok()


async def test_a_team_s_appointments_are_kept_for_nobody_else(tmp_path: Path) -> None:
    async with open_town(tmp_path, visits()) as office:
        code = with_mode(office.door, "visit", "team", team=frozenset({"wang"}))
        slot = (await office.door.anyone.get(f"/v1/items/{code}/slots?limit=100")).ok()["items"][6]["id"]
        wish = {"slot": slot, "answers": {"name": "王"}}
        zhao = office.door.citizen("zhao")
        (await zhao.post(f"/v1/items/{code}/holds", {"slot": slot})).problem(404, "not-found")
        (await zhao.post(f"/v1/items/{code}/appointments", wish)).problem(404, "not-found")
        (await office.door.citizen("wang").post(f"/v1/items/{code}/appointments", wish)).created()


def test_a_team_s_client_makes_cases_for_its_team_and_for_nobody_else(bare_door: Door) -> None:
    platform = bare_door.platform
    item, team = platform.registry.items["zone-pass"], program("team", "wang")
    for subject in ("wang", "", "client:bc_1"):
        assert new_case(platform, item, Principal(subject=subject, client=team), {})[0].mode == "team"
    for subject in ("zhao", "client:bc_2"):
        with pytest.raises(NotFound):
            new_case(platform, item, Principal(subject=subject, client=team), {})


def test_a_case_is_as_real_as_the_less_real_of_its_item_and_its_client(bare_door: Door) -> None:
    platform = bare_door.platform
    live = platform.registry.items["zone-pass"]
    items = {mode: replace(live, mode=mode, team=frozenset({"wang"})) for mode in ("live", "team", "test")}
    order = ["test", "team", "live"]
    for one, item in items.items():
        for other in order:
            who = Principal(subject="wang", client=program(other, "wang"))
            assert new_case(platform, item, who, {})[0].mode == min(one, other, key=order.index)
        assert new_case(platform, item, Principal(subject="wang"), {})[0].mode == one


# -- what is made up reaches nothing real ------------------------------------------------------------------------------


async def test_a_test_case_is_in_its_staff_s_worklist_marked_and_counts_nobody(bare_door: Door, answers: Any) -> None:
    code, platform = with_mode(bare_door, "zone-pass", "test"), bare_door.platform
    wang, li = bare_door.citizen("wang"), bare_door.staff("li", "traffic:reviewer")
    for one in (code, "zone-pass"):
        (await wang.post(f"/v1/items/{one}/cases", {"answers": await answers(wang)})).created()
    await bare_door.settled()
    rows = (await li.get("/v1/worklist")).ok()["items"]
    assert {(row["item"]["code"], row["mode"]) for row in rows} == {(code, "test"), ("zone-pass", "live")}
    states = [row["state"] for row in rows]
    for items, people in (([code], []), ([code, "zone-pass"], ["wang"])):
        assert await people_with_cases(platform, items, states, limit=10) == people
        assert await count_people(platform, items, states) == len(people)


async def test_statistics_and_suggestions_learn_nothing_of_test_appeals(tmp_path: Path) -> None:
    async with open_town(tmp_path, appeals()) as offices:
        door, li, chen = offices.door, offices.door.citizen("li"), offices.reviewer()
        paths = {code: f"/v1/items/{code}/cases" for code in ("ask-parks", with_mode(door, "ask-parks", "test"))}
        for path in paths.values():
            for _ in range(statistics.MIN_SHOWN):
                case = (await li.post(path, {"answers": {"text": "路灯坏了"}})).created()
                await offices.answered(chen, case["links"]["self"])
        (line,) = (await door.anyone.get("/v1/statistics/appeals")).ok()["items"]
        assert line["received"] == line["answered"] == statistics.MIN_SHOWN
        assert len(await _past(await Case.filter(item="ask-parks").first())) == statistics.MIN_SHOWN  # type: ignore[arg-type]


async def test_test_appeals_and_real_ones_are_not_merged_into_each_other(tmp_path: Path) -> None:
    async with open_town(tmp_path, appeals()) as offices:
        door, chen = offices.door, offices.reviewer()
        with_mode(door, "ask-parks", "test")
        cases = {}
        for code in ("ask-parks", "ask-parks-test"):
            case = await door.citizen("li").post(f"/v1/items/{code}/cases", {"answers": {"text": "路灯坏了"}})
            cases[code] = case.created()
            (await offices.act(chen, cases[code]["links"]["self"], "assign", category="roads")).ok()
        one, other = cases.values()
        for case, into in ((one, other), (other, one)):
            answer = await offices.act(chen, case["links"]["self"], "merge", into=into["number"])
            assert answer.problem(422, "invalid-fields")["problems"][0]["pointer"] == "/details/into"


async def test_a_test_posting_is_published_to_nobody(tmp_path: Path) -> None:
    async with open_town(tmp_path, postings()) as offices:
        code, li = with_mode(offices.door, "things-parks", "test"), offices.door.citizen("li")
        case = (await li.post(f"/v1/items/{code}/postings", {"answers": BAG}, headers=ENGLISH)).created()
        done = (await offices.act(offices.moderator(), case["links"]["self"], "publish")).ok()
        assert (done["state"], done["mode"]) == ("published", "test")
        # What is like it hears nothing of it either.
        await offices.published(offices.door.citizen("zhao"), sort="found")
        await offices.look()
        assert len(await offices.listed()) == 1
        (await offices.door.anyone.get(f"/v1/postings/{case['id']}")).problem(404, "not-found")
        assert (await offices.shown(li, case["id"]))["details"]["matches"] == []


async def test_a_test_query_asks_no_register(tmp_path: Path) -> None:
    async with open_door(tmp_path, {"traffic": TRAFFIC}) as door:
        queries = [code for code in door.platform.registry.items if door.platform.registry.items[code].kind == "query"]
        assert queries
        for code in queries:
            path = f"/v1/items/{with_mode(door, code, 'test')}/query"
            (await door.citizen("wang").post(path, {"question": {}})).problem(404, "not-found")


async def test_real_documents_are_not_offered_to_a_test_item_nor_made_up_ones_to_a_real_one(tmp_path: Path) -> None:
    async with open_town(tmp_path, documents()) as city:
        wang, first = city.door.citizen("wang"), "east-permit"
        test = with_mode(city.door, first, "test")
        await city.decided(wang, test, identity=await city.upload(wang))
        assert await city.offers(wang, first) == []
        await city.decided(wang, first, identity=await city.upload(wang))
        assert len(await city.offers(wang, first)) == 1
        assert await city.offers(wang, test) == []


# -- leaving -----------------------------------------------------------------------------------------------------------


async def test_a_test_case_leaves_after_its_days_and_a_real_one_stays(
    tmp_path: Path, database: str, answers: Any
) -> None:
    """With files, stored answers, a pass and its scans: no table names it any more, and the disk has none of it."""
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"database": database}) as door:
        code, platform = with_mode(door, "zone-pass", "test"), door.platform
        folder, wang = platform.settings.attachments_folder, door.citizen("wang", "王小明")
        zhou = door.staff("zhou", "traffic:approver")
        shown = {}
        for one in (code, "zone-pass"):
            given = {"answers": await answers(wang)}
            case = (await wang.post(f"/v1/items/{one}/cases", given, key=one)).created()
            await door.settled()
            link = case["links"]["self"]
            (await zhou.post(f"{link}/actions/approve", {}, key=f"{one}-approve")).ok()
            await door.settled()
            shown[one] = (await wang.get(link)).ok()
            text = (await Case.get(id=case["id"]).prefetch_related("passes")).passes[0].text
            verdict = (await door.officer("p", "traffic").post("/v1/passes/verify", {"text": text})).ok()
            shown[one]["verdict"] = verdict["verdict"]
            # As a verifier sees it who has not fetched the status list since it was given out.
            out_of_time = cose.check_times(await ledger.read(platform, text), int(platform.now().timestamp()))
            shown[one]["without_a_list"] = out_of_time
        made_up, real = shown[code], shown["zone-pass"]
        assert (made_up["mode"], real["mode"]) == ("test", "live")
        # It was never a pass, and no copy of it will be taken for one: it ends when its case leaves.
        assert made_up["verdict"] == "revoked"
        assert made_up["without_a_list"] is cose.Reason.EXPIRED
        assert real["without_a_list"] is not cose.Reason.EXPIRED
        assert real["verdict"] in {"valid", "not-yet-valid"}
        names = made_up["id"], made_up["number"]
        assert await tables_with(door, *names) >= {"banshi_case", "banshi_pass", "banshi_idempotency_key"}
        before = await tables_with(door, real["id"], real["number"])

        await later(door, 6.9)
        assert await Case.filter(id=made_up["id"]).exists()
        await OutboxRow.filter(state="done").delete()
        await later(door, 0.2)
        assert await tables_with(door, *names) == set()
        kept = {str(row.id) for row in await Attachment.filter(case_id=real["id"])}
        assert len(kept) == 2
        assert {file.name for file in folder.iterdir()} == kept
        assert await tables_with(door, real["id"], real["number"]) >= before - {
            "banshi_outbox",
            "banshi_idempotency_key",
        }
        (await wang.get(made_up["links"]["self"])).problem(404, "not-found")
        assert (await wang.get(real["links"]["self"])).ok()["timeline"] == real["timeline"]


async def test_stored_answers_that_are_younger_than_their_days_go_with_the_case(tmp_path: Path, answers: Any) -> None:
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"test_case_days": 1, "keep_days": 30}) as door:
        code, wang = with_mode(door, "zone-pass", "test"), door.citizen("wang")
        for one in (code, "zone-pass"):
            case = (await wang.post(f"/v1/items/{one}/cases", {"answers": await answers(wang)}, key=one)).created()
            (await wang.post(f"{case['links']['self']}/actions/withdraw", {}, key=f"{one}-2")).ok()
        await door.settled()
        assert await IdempotencyKey.all().count() == 4
        await later(door, 1.1)
        # Nothing of the real case's, which is from the same minute.
        assert await IdempotencyKey.all().count() == 2
        assert await tables_with(door, case["id"]) >= {"banshi_case", "banshi_idempotency_key", "banshi_outbox"}


@pytest.mark.parametrize("client_mode", ["test", "live"])
async def test_a_case_keeps_its_mode_whatever_becomes_of_who_made_it(bare_door: Door, client_mode: Any) -> None:
    platform = bare_door.platform
    item = platform.registry.items["zone-pass"]
    case, event = new_case(platform, item, Principal(subject="wang", client=program(client_mode)), {})
    await platform.store.commit(Write(rows=[case, event]))
    shown = (await bare_door.citizen("wang").get(f"/v1/cases/{case.id}")).ok()
    assert shown["mode"] == client_mode
    # The item goes with its plugin, and comes back as something else.
    platform.registry.items["zone-pass"] = replace(item, mode="test" if client_mode == "live" else "live")
    await later(bare_door, 400)
    if client_mode == "live":
        assert await Case.filter(id=case.id).exists()
        return
    # The round that begins with the platform may have it in hand: who comes second leaves it to that one.
    async with asyncio.timeout(30):
        while await Case.filter(id=case.id).exists():
            await tidy(platform)


async def test_a_test_appointment_gives_its_place_back(tmp_path: Path, database: str) -> None:
    rules, days = "capacity = 1\nwaiting_list = true", {"test_case_days": 1}
    async with open_town(tmp_path, visits(rules), database=database, **days) as office:
        door, code = office.door, with_mode(office.door, "visit", "test")
        slot = (await door.anyone.get(f"/v1/items/{code}/slots?limit=100")).ok()["items"][12]["id"]
        path, wish = f"/v1/items/{code}/appointments", {"slot": slot, "answers": {"name": "王"}, "wait": True}
        made = [(await door.citizen(who).post(path, wish, key=who)).created() for who in ("wang", "zhao")]
        await door.settled()
        taken = await Slot.get(id=slot)
        assert (taken.taken, taken.waiting) == (1, 1)
        cases = await Case.filter(mode="test")
        assert len(cases) == len(made) == 2
        # The slot is still to come. Who waits may be offered the free place, and then leaves in the next round.
        office.later(days=1.1)
        async with asyncio.timeout(30):
            while await Case.filter(mode="test").exists():
                await tidy(door.platform)
        for case in cases:
            assert await tables_with(door, str(case.id), case.number) == set()
        free = await Slot.get(id=slot)
        assert (free.taken, free.waiting) == (0, 0)


async def test_a_test_posting_leaves_with_its_photos(tmp_path: Path, database: str) -> None:
    async with open_town(tmp_path, postings(), database=database) as offices:
        door, code, li = offices.door, with_mode(offices.door, "things-parks", "test"), offices.door.citizen("li")
        file = (await li.upload(picture())).created()["id"]
        case = (await li.post(f"/v1/items/{code}/postings", {"answers": {**BAG, "photos": [file]}}, key="k")).created()
        (await offices.act(offices.moderator(), case["links"]["self"], "publish")).ok()
        await door.settled()
        data = door.platform.settings.data
        assert len([one for one in data.rglob(f"{file}*") if one.is_file()]) == 2
        offices.later(days=8)
        await tidy(door.platform)
        assert await tables_with(door, case["id"], case["number"], file) == set()
        assert not list(data.rglob(f"{file}*"))


async def test_test_appeals_leave_with_letters_answers_and_what_was_merged(tmp_path: Path, database: str) -> None:
    async with open_town(tmp_path, appeals(UNNAMED), database=database) as offices:
        door, code, chen = offices.door, with_mode(offices.door, "ask-parks", "test"), offices.reviewer()
        path, named = f"/v1/items/{code}/cases", []
        for who in ("li", "zhao"):
            case = (await door.citizen(who).post(path, {"answers": {"text": "路灯坏了"}}, key=who)).created()
            (await offices.act(chen, case["links"]["self"], "assign", category="roads")).ok()
            named.append(case)
        tip = (await door.anyone.post(f"/v1/items/{code}/tips", {"answers": {"text": "路灯坏了"}})).created()
        (await offices.act(chen, named[1]["links"]["self"], "merge", into=named[0]["number"])).ok()
        (await offices.act(chen, named[0]["links"]["self"], "answer", text="明天修好。")).ok()
        await door.settled()
        assert (await door.anyone.post("/v1/tips/read", {"code": tip["code"]})).ok()["mode"] == "test"
        cases = await Case.filter(mode="test")
        assert len(cases) == 3
        offices.later(days=8)
        await tidy(door.platform)
        for case in cases:
            assert await tables_with(door, str(case.id), case.number) == set()
        (await door.anyone.post("/v1/tips/read", {"code": tip["code"]})).problem(404, "unknown-code")


# -- leaving, cut short and in company ---------------------------------------------------------------------------------


async def made_up(door: Door, subject: str = "wang") -> Case:
    """A test case that is on its way to nowhere."""
    platform = door.platform
    item = platform.registry.items["zone-pass"]
    case, event = new_case(platform, item, Principal(subject=subject, client=program("test")), {})
    await platform.store.commit(Write(rows=[case, event]))
    return case


async def test_a_round_that_is_cut_short_is_taken_up_by_the_next(
    bare_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it stops, nothing else is lost, nobody can move the case meanwhile, and the next round ends it."""
    case, other = await made_up(bare_door), await made_up(bare_door, "zhao")
    whole = forgetting.forget_answers

    async def stops(one: Case, events: Any) -> None:
        if one.id == case.id:
            raise RuntimeError("the machine stops")
        await whole(one, events)

    monkeypatch.setattr(forgetting, "forget_answers", stops)
    await later(bare_door)
    # The one beside it leaves all the same; the server's own round may be the one that does it.
    async with asyncio.timeout(30):
        while await Case.filter(id=other.id).exists():  # noqa: ASYNC110 - a row is no event
            await asyncio.sleep(0.01)
    assert [(row.id, row.state) for row in await Case.all()] == [(case.id, "leaving")]
    act = await bare_door.citizen("wang").post(f"/v1/cases/{case.id}/actions/withdraw", {})
    assert act.problem(409, "action-not-permitted")["permitted_actions"] == []
    monkeypatch.undo()
    await tidy(bare_door.platform)
    assert await tables_with(bare_door, str(case.id)) == set()
    assert await forgetting.forget_test_cases(bare_door.platform) == 0


async def test_a_case_of_which_a_worker_has_something_in_hand_waits_for_it(bare_door: Door) -> None:
    case = await made_up(bare_door)
    row = OutboxRow(consumer="channel:away", topic="t", payload={}, dedup=f"away:{case.id}:1", lease_until=2**52)
    await row.save()
    await later(bare_door)
    assert await Case.filter(id=case.id, state="leaving").exists()
    await OutboxRow.filter(id=row.id).update(lease_until=0)
    await tidy(bare_door.platform)
    assert await tables_with(bare_door, str(case.id)) == set()


async def test_a_real_case_is_not_forgotten_even_by_its_own_name(bare_door: Door) -> None:
    case = await made_up(bare_door)
    await Case.filter(id=case.id).update(mode="live")
    # As read before somebody made it real by hand.
    assert not await forgetting.forget(bare_door.platform, case)
    assert not await forgetting.forget(bare_door.platform, await Case.get(id=case.id))
    # Nor one that leaves for another reason, as a tip does.
    await Case.filter(id=case.id).update(state="leaving")
    assert not await forgetting.forget(bare_door.platform, await Case.get(id=case.id))
    await Case.filter(id=case.id).update(state="submitted")
    await later(bare_door, 4000)
    assert (await Case.get(id=case.id)).state == "submitted"
    assert isinstance(case.id, UUID)


async def test_a_case_from_before_there_were_modes_is_live(empty_database: str) -> None:
    config = orm_config(empty_database, {})
    async with TortoiseContext() as context:
        await context.init(config=config)
        async with in_transaction() as connection:
            executor = MigrationExecutor(connection, config["apps"])
            await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))
            before = MigrationTarget(app_label="banshi", name="0003_materials_handed_in_again")
            await executor.migrate([before])
            await connection.execute_script(
                "INSERT INTO banshi_case (id, number, item, item_version, kind, department, unit, state, person, "
                "person_name, answers, version, clock_used, due_provisional, urgency, created_at, updated_at) VALUES "
                "('01990000-0000-7000-8000-000000000001', '20260101-1', 'zone-pass', 1, 'application', 'traffic', '', "
                "'submitted', 'wang', '', '{}', 1, 0, FALSE, '9999-12-31', '2026-01-01T00:00:00+00:00', "
                "'2026-01-01T00:00:00+00:00')"
            )
    async with open_store(empty_database, {}):
        assert [case.mode for case in await Case.all()] == ["live"]

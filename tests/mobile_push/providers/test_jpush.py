"""The JPush provider against the sandbox, which checks what JPush checks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from banshi.foundation.findings import ConfigurationError
from banshi.sdk.outgoing import Refused
from banshi.testing import open_door
from mobile_push.checks import findings
from mobile_push.delivery.claims.delivery_job import may_have_arrived
from mobile_push.delivery.service import deliver
from mobile_push.doctor import examination
from mobile_push.providers.jpush.answers import basic, read, read_cids
from mobile_push.providers.jpush.payload import document
from mobile_push.providers.jpush.provider import JPushProvider
from mobile_push.providers.jpush.settings import JPushSettings
from mobile_push.providers.provider import Outcome, Receipt
from mobile_push.providers.told import Forged, Told
from mobile_push.sandbox.jpush.receipts import APP_KEY, MASTER_SECRET
from mobile_push.sandbox.jpush.service import JPushSandbox
from mobile_push.screen.presentation import Level, Presentation
from mobile_push.settings import PushSettings
from mobile_push.tables.models import PushId
from tests.mobile_push.conftest import Clock, new_message, push
from tests.waiting import until

#: What the makers have granted an app: each by its own words.
CHANNELS: Any = {
    "case": {
        "xiaomi": {"channel_id": "120001", "mi_template_id": "P00001", "mi_template_param": {"keyword": "{title}"}},
        "oppo": {
            "channel_id": "cases",
            "category": "ORDER",
            "notify_level": 2,
            "private_msg_template_id": "t-1",
            "private_title_parameters": {"name": "{title}"},
        },
        "vivo": {"category": "TODO"},
        "honor": {"importance": "NORMAL"},
        "huawei": {"importance": "NORMAL", "category": "WORK"},
        "meizu": {"distribution": "ospush"},
        "hmos": {"category": "WORK"},
    }
}


def phones(count: int, first: int = 0) -> list[str]:
    """Registration ids of the length that JPush's have."""
    return [f"1104a89792{number:09d}" for number in range(first, first + count)]


class Counting(JPushSandbox):
    """It counts its calls, those whose answer is lost too."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    def answer(self, heard: Any) -> Any:
        self.asked[heard.path.partition("?")[0]] += 1
        return super().answer(heard)


@pytest.fixture
async def sandbox() -> AsyncIterator[Counting]:
    async with Counting() as server:
        yield server


@pytest.fixture
def settings(sandbox: Counting) -> JPushSettings:
    return JPushSettings(app_key=APP_KEY, master_secret=MASTER_SECRET, base_url=sandbox.url, timeout=5.0)


@pytest.fixture
async def jpush(settings: JPushSettings) -> AsyncIterator[JPushProvider]:
    async with JPushProvider(settings) as provider:
        yield provider


def outcomes(receipts: list[Receipt]) -> Counter[tuple[str, str]]:
    return Counter((receipt.outcome.value, receipt.code) for receipt in receipts)


# -- what goes out -----------------------------------------------------------------------------------------------


def test_who_we_are_is_said_as_in_jpushs_own_example() -> None:
    # docs.jiguang.cn, "REST API 概述", 鉴权举例.
    said = "Basic N2Q0MzFlNDJkZmE2YTZkNjkzYWMyZDA0OjVlOTg3YWM2ZDJlMDRkOTVhOWQ4ZjBkMQ=="
    assert basic("7d431e42dfa6a6d693ac2d04", "5e987ac6d2e04d95a9d8f0d1") == said


async def test_a_thousand_phones_are_one_request_that_says_what_each_platform_needs(
    sandbox: Counting, jpush: JPushProvider
) -> None:
    one = push(body="请查看", collapse_key="case-1", ttl=90, thread="cases", badge=3)
    receipts = await jpush.send_many(one, phones(1000))
    (got,) = sandbox.received
    assert receipts == [Receipt(Outcome.ACCEPTED, "OK", None, got.token)] * 1000
    told = {"message_id": one.message_id, "kind": "case", "link": "/cases/1"}
    message = got.message
    assert message.pop("cid").startswith(f"{APP_KEY}-")
    assert message.pop("audience") == {"registration_id": phones(1000)}
    assert message == {
        "platform": ["android", "ios"],
        "notification": {
            "android": {"title": "您的申请有新进展", "alert": "请查看", "priority": 0, "extras": told},
            "ios": {
                "alert": {"title": "您的申请有新进展", "body": "请查看"},
                "badge": 3,
                "sound": "default",
                "thread-id": "cases",
                "interruption-level": "active",
                "extras": told,
            },
        },
        "options": {"time_to_live": 90, "classification": 1, "apns_production": True, "apns_collapse_id": "case-1"},
    }


def test_the_makers_are_told_what_each_has_granted_and_a_template_gets_its_words(settings: JPushSettings) -> None:
    body = document(push(title="禁区通行证：已批准"), replace(settings, channels=CHANNELS))
    told = body["options"]["third_party_channel"]
    assert orjson.loads(told["xiaomi"].pop("mi_template_param")) == {"keyword": "禁区通行证：已批准"}
    assert told["xiaomi"] == {"channel_id": "120001", "mi_template_id": "P00001"}
    assert told["oppo"]["private_title_parameters"] == {"name": "禁区通行证：已批准"}
    assert told["oppo"]["notify_level"] == 2
    assert told["vivo"] == {"category": "TODO"}
    assert "hmos" not in told
    assert body["notification"]["hmos"]["category"] == "WORK"
    assert body["platform"] == ["android", "ios", "hmos"]
    # Nothing was granted for notices, which are operational messages.
    notice = document(push(kind="notice"), replace(settings, channels=CHANNELS))["options"]
    assert "third_party_channel" not in notice
    assert notice["classification"] == 0


def test_words_are_cut_behind_a_whole_character_and_loudness_is_said_in_jpushs_words(settings: JPushSettings) -> None:
    family = "👨‍👩‍👧‍👦"
    loud = Presentation(Level.TIME_SENSITIVE, "siren.caf", "alerts")
    body = document(push(title=family * 9, body="雨" * 51, presentation=loud, ttl=10**7), settings)
    android, ios = body["notification"]["android"], body["notification"]["ios"]
    assert android["title"] == f"{family * 2}…"
    assert android["alert"] == f"{'雨' * 49}…"
    assert (android["sound"], android["priority"], android["channel_id"]) == ("siren", 1, "alerts")
    assert (ios["sound"], ios["interruption-level"]) == ("siren.caf", "timeSensitive")
    assert body["options"]["time_to_live"] == 3 * 86_400
    assert document(push(ttl=10**7), replace(settings, vip=True))["options"]["time_to_live"] == 10 * 86_400
    quiet = document(push(presentation=Presentation(Level.PASSIVE, "", "")), settings)["notification"]
    assert (quiet["android"]["alert_type"], quiet["ios"]["sound"]) == (0, "")


async def test_what_was_read_on_another_phone_shows_nothing(sandbox: Counting, jpush: JPushProvider) -> None:
    receipt = await jpush.send(push(withdrawn="read", collapse_key="case-1"), *phones(1))
    assert receipt.outcome is Outcome.ACCEPTED
    message = sandbox.received[0].message
    assert "notification" not in message
    assert message["message"]["extras"]["state"] == "read"
    assert message["message"]["extras"]["tag"] == "case-1"


# -- what comes back ---------------------------------------------------------------------------------------------


def test_answers_are_read_as_jpushs_own_examples_have_them() -> None:
    # docs.jiguang.cn: "推送 API" 返回示例, "REST API 概述" 超出频率限制 and BlackList, "高级功能 API" 返回示例.
    assert read(200, {}, b'{"sendno":"18","msg_id":"1828256757"}').receipt == Receipt(
        Outcome.ACCEPTED, "OK", None, "1828256757"
    )
    limits = {"X-Rate-Limit-Quota": "600", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "38"}
    full = read(429, limits, b'{"error":{"code":2002,"message":"Rate limit exceeded"}}')
    assert full.receipt == Receipt(Outcome.RETRY, "2002", 38.0)
    black = read(403, {}, b'{"error":{"code":2003,"message":"The appKey is in black list."}}')
    assert black.receipt == Receipt(Outcome.MISCONFIGURED, "2003")
    cids = [f"8103a4c628a0b98994ec1949-{one}" for one in ("128eeb45-471c-49f3-b442-a05c20c9ed56", "6e44d7f1")]
    assert read_cids(200, {}, orjson.dumps({"cidlist": cids})) == cids


#: docs.jiguang.cn, "推送 API", 调用返回: its codes, and what follows of each.
VERDICTS = {
    Outcome.RETRY: "1000 1012 1030 2002",
    Outcome.DEAD_TOKEN: "1011",
    Outcome.MISCONFIGURED: "1001 1004 1008 1020 2003 2004 2006 2007",
    Outcome.REJECTED: "1002 1003 1005 1009",
    Outcome.SPENT: "2005",
}


@pytest.mark.parametrize(
    ("outcome", "code"), [(outcome, code) for outcome, all_of in VERDICTS.items() for code in all_of.split()]
)
async def test_every_code_of_jpushs_has_its_verdict(
    sandbox: Counting, jpush: JPushProvider, outcome: Outcome, code: str
) -> None:
    assert (await jpush.send(push(), *phones(1))).outcome is Outcome.ACCEPTED
    sandbox.behaviour.codes = {"/v3/push": int(code)}
    receipts = await jpush.send_many(push(), phones(3, first=10))
    assert outcomes(receipts) == {(outcome.value, code): 3}
    assert not any(map(may_have_arrived, receipts)), "so it may go again"


@pytest.mark.parametrize("how", ["beside the push", "in place of it"])
async def test_ids_of_another_app_are_named_and_all_others_get_theirs_once(
    sandbox: Counting, jpush: JPushProvider, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    ids, foreign = phones(50), set(phones(50)[::10])
    sandbox.behaviour.illegal = foreign
    if how == "in place of it":
        # As jiguang-sdk-go knows it: nobody gets it, and the error names them.
        whole, once = JPushSandbox._push, iter([True])

        def refuse(self: JPushSandbox, body: dict[str, Any], to: list[str]) -> dict[str, Any]:
            return whole(self, body, [one for one in to if one in foreign] if next(once, False) else to)

        monkeypatch.setattr(JPushSandbox, "_push", refuse)
    receipts = dict(zip(ids, await jpush.send_many(push(), ids), strict=True))
    assert {one for one, receipt in receipts.items() if receipt.outcome is Outcome.DEAD_TOKEN} == foreign
    assert {one for one, receipt in receipts.items() if receipt.outcome is Outcome.ACCEPTED} == set(ids) - foreign
    assert Counter(one for got in sandbox.received for one in got.tokens) == dict.fromkeys(set(ids) - foreign, 1)


async def test_what_can_be_no_id_is_never_sent_and_costs_the_others_nothing(
    sandbox: Counting, jpush: JPushProvider
) -> None:
    ids = [*phones(2), "", "a b", '"],"tag":["all"', "x" * 65, "会" * 20]
    receipts = await jpush.send_many(push(), ids)
    assert [receipt.outcome for receipt in receipts[:2]] == [Outcome.ACCEPTED] * 2
    assert receipts[2:] == [Receipt(Outcome.DEAD_TOKEN, "malformed-token")] * 5
    assert [got.tokens for got in sandbox.received] == [tuple(phones(2))]
    assert await jpush.send(push(title="\ud83d"), *phones(1)) == Receipt(Outcome.REJECTED, "not-text")


async def test_a_batch_comes_once_however_often_it_is_sent_whoever_sends_it_and_how_late(
    sandbox: Counting, settings: JPushSettings, tmp_path: Path
) -> None:
    """A server may be killed when JPush has it and nobody has written that down; whoever goes on has less time left."""
    sandbox.behaviour.lose_answer = {"/v3/push"}
    async with open_door(tmp_path, {"mobile_push": "mobile_push"}) as door:
        for ttl in (90, 60, 30):
            async with JPushProvider(settings, door.platform) as one:
                (said,) = set(await one.send_many(push(ttl=ttl), phones(10)))
                assert said.outcome is (Outcome.ACCEPTED if ttl == 30 else Outcome.RETRY)
            sandbox.behaviour.lose_answer = {"/v3/push"} if ttl == 90 else set()
        assert [got.tokens for got in sandbox.received] == [tuple(phones(10))]
        async with JPushProvider(settings, door.platform) as other:
            # Others of it, another message and its end are pushes of their own; and nobody writes down more than that.
            for changed, these in ((push(), 9), (push(message_id="m-2"), 10), (push(withdrawn="recalled"), 10)):
                await other.send_many(changed, phones(these))
        assert len(sandbox.received) == 4
        assert await PushId.all().count() == 4
        await PushId.all().update(until=0)
        async with JPushProvider(settings, door.platform) as last:
            await last.send(push(message_id="m-3"), *phones(1))
        assert await PushId.all().count() == 1


async def test_a_page_of_a_proxy_is_no_yes_and_nobody_is_forgotten_for_it(
    sandbox: Counting, jpush: JPushProvider
) -> None:
    assert (await jpush.send(push(), *phones(1))).outcome is Outcome.ACCEPTED
    sandbox.behaviour.garbage = {"/v3/push"}
    assert outcomes(await jpush.send_many(push(), phones(3))) == {("retry", "unreadable-answer"): 3}
    assert read(200, {}, b'{"error":{"code":1011},"msg_id":"1"}').receipt == Receipt(Outcome.DEAD_TOKEN, "1011")
    for status, body in ((200, b"{}"), (200, b"[]"), (502, b"<html>"), (400, b'{"error":"no"}')):
        with pytest.raises(Refused):
            read(status, {}, body)


async def test_a_minute_whose_calls_are_used_up_is_waited_for_without_another_call(
    sandbox: Counting, settings: JPushSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch, "providers.jpush.provider")
    sandbox.behaviour.calls_a_minute = 3
    async with JPushProvider(settings) as jpush:
        for number in range(2):
            assert (await jpush.send(push(), *phones(1, number))).outcome is Outcome.ACCEPTED
        (receipt,) = set(await jpush.send_many(push(), phones(5)))
        assert (receipt.outcome, receipt.code) == (Outcome.RETRY, "service-paused")
        assert receipt.retry_after is not None
        assert 0 < receipt.retry_after <= 60
        assert (sandbox.asked["/v3/push"], sandbox.answers["2002"]) == (2, 0)
        clock.ahead = 61
        sandbox.behaviour.calls_a_minute = 600
        assert (await jpush.send(push(), *phones(1))).outcome is Outcome.ACCEPTED


async def test_the_days_quota_is_spent_by_kind_and_the_day_is_chinas(sandbox: Counting, jpush: JPushProvider) -> None:
    sandbox.behaviour.a_day = {"0": 5}
    assert outcomes(await jpush.send_many(push(kind="notice"), phones(6))) == {("spent", "2005"): 6}
    assert outcomes(await jpush.send_many(push(kind="alert"), phones(6))) == {("accepted", "OK"): 6}
    assert str(jpush.day) == "UTC+08:00"


async def test_a_wrong_secret_keeps_every_phone_and_everything_waits_for_an_operator(
    sandbox: Counting, settings: JPushSettings
) -> None:
    async with JPushProvider(replace(settings, master_secret="0" * 24)) as jpush:
        assert outcomes(await jpush.send_many(push(), phones(3))) == {("misconfigured", "1004"): 3}
    assert not sandbox.received


async def test_ids_of_pushes_are_fetched_ten_at_once_by_whoever_has_no_vip_contract(
    sandbox: Counting, jpush: JPushProvider
) -> None:
    await asyncio.gather(*(jpush.send(push(), *phones(1, number)) for number in range(12)))
    assert sandbox.asked["/v3/push/cid"] == 2
    assert len({got.message["cid"] for got in sandbox.received}) == 12


# -- what it tells us --------------------------------------------------------------------------------------------

PROOF = {"authorization": basic(APP_KEY, MASTER_SECRET)}
ROW = {"msg_id": "1", "registration_id": phones(1)[0], "type": 1, "time": 1_700_000_000_000}


async def test_receipts_name_our_message_the_phone_and_the_moment(jpush: JPushProvider) -> None:
    rows = [
        {**ROW, "params": {"message_id": "m-1"}},
        {**ROW, "type": 2, "params": {"message_id": "m-1"}},
        {**ROW, "type": 8, "params": {"message_id": "m-1"}},
        {**ROW, "type": [], "params": {"message_id": "m-1"}},
        {**ROW, "registration_id": 7, "params": {"message_id": "m-1"}},
        {**ROW, "params": None},
        ROW,
    ]
    heard = jpush.heard(PROOF, {}, orjson.dumps(rows), 0.0)
    told = [Told(event, phones(1)[0], "m-1", 1_700_000_000.0) for event in ("arrived", "opened")]
    assert heard.told == told


@pytest.mark.parametrize("proof", ["", "Basic", basic(APP_KEY, "0" * 24), "Bearer x", "Básic"])
async def test_a_receipt_without_the_proof_is_forged(jpush: JPushProvider, proof: str) -> None:
    with pytest.raises(Forged):
        jpush.heard({"Authorization": proof}, {}, orjson.dumps([ROW]), 0.0)


@pytest.mark.parametrize("body", [b"", b"{}", b"1", b"null", b"<html>", b'{"rows":[]}', b"[" * 100_000])
async def test_a_receipt_that_cannot_be_read_is_named_as_one(jpush: JPushProvider, body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        jpush.heard(PROOF, {}, body, 0.0)


async def test_the_console_tries_the_address_by_a_word_that_comes_back_and_nothing_else_does(
    jpush: JPushProvider,
) -> None:
    heard = jpush.heard({}, {"echostr": "571fd1bf"}, b"", 0.0)
    assert (heard.told, heard.body, heard.media_type) == ((), b"571fd1bf", "text/plain")
    with pytest.raises(Forged):
        jpush.heard({}, {"echostr": "<script>"}, b"", 0.0)


# -- the settings, and the whole way -----------------------------------------------------------------------------

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a key that is none": ({"app_key": "mine"}, "24 hexadecimal digits"),
    "an address without TLS": ({"base_url": "http://api.jpush.cn"}, "https://"),
    "no request at once": ({"at_once": 0}, "above 0"),
    "a maker that there is not": ({"channels": {"case": {"nokia": {}}}}, "makers are xiaomi, oppo"),
    "a word that a maker has not": (
        {"channels": {"case": {"vivo": {"channel_id": "1"}}}},
        "it takes distribution category",
    ),
    "a kind that there is not": ({"channels": {"reminder": {}}}, "channels"),
    "a list for a maker": ({"channels": {"case": {"vivo": {"category": ["IM"]}}}}, "channels.case.vivo.category"),
    "a lease that is too short": ({"timeout": 20.0}, "lease has to be more than twice jpush.timeout"),
}


def written(sandbox: Counting) -> dict[str, Any]:
    """The settings for it, as in plugins.toml."""
    return {"app_key": APP_KEY, "master_secret": MASTER_SECRET, "base_url": sandbox.url}


@pytest.mark.parametrize("case", WRONG)
async def test_a_setting_that_jpush_would_not_understand_is_refused_at_the_start(
    sandbox: Counting, tmp_path: Any, case: str
) -> None:
    changes, word = WRONG[case]
    given = {"mobile_push": {"jpush": {**written(sandbox), **changes}}}
    with pytest.raises(ConfigurationError) as refused:
        async with open_door(tmp_path, {"mobile_push": "mobile_push"}, settings=given):
            pass
    assert word in str(refused.value)
    assert MASTER_SECRET not in str(refused.value)


async def test_a_phone_that_registers_for_jpush_is_woken_by_it(sandbox: Counting, tmp_path: Any) -> None:
    given = {"mobile_push": {"jpush": {**written(sandbox), "channels": CHANNELS}}}
    async with open_door(tmp_path, {"mobile_push": "mobile_push"}, settings=given) as door:
        phone = {"provider": "jpush", "token": phones(1)[0], "platform": "android"}
        (await door.citizen("wang").post("/v1/devices", phone)).created()
        await deliver(door.platform, [new_message("wang")])
        await until(lambda: [got.tokens for got in sandbox.received] == [tuple(phones(1))])


def test_a_sandbox_in_jpushs_place_is_told_to_whoever_serves_people(settings: JPushSettings) -> None:
    found = findings("mobile_push", PushSettings(jpush=settings), SimpleNamespace(departments={}, offered=lambda _: []))
    assert [one.rule for one in found] == ["jpush-sandbox"]


async def test_the_doctor_asks_jpush_whether_it_knows_the_app(settings: JPushSettings) -> None:
    deployment: Any = type("Deployment", (), {"online": True, "registry": None})()
    for secret, state in ((MASTER_SECRET, "ok"), ("0" * 24, "error")):
        found = await examination(PushSettings(jpush=replace(settings, master_secret=secret)))(deployment)
        (verdict,) = (one for one in found if one.check == "jpush")
        assert verdict.state == state
        assert secret not in verdict.told

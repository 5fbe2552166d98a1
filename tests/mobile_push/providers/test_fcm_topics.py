"""FCM's topics against the sandbox: one request to all who follow, and who follows."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import aiohttp
import orjson
import pytest

from mobile_push.providers.fcm.provider import FcmProvider
from mobile_push.providers.fcm.settings import FcmSettings
from mobile_push.providers.fcm.topics import results
from mobile_push.providers.provider import Outcome, Push, Receipt
from mobile_push.sandbox import FcmSandbox

PUSH = Push("m-1", "台风蓝色预警", "", "/alerts/1", "alert", 60, None, "high")
FOLLOWS = Receipt(Outcome.ACCEPTED, "OK")


async def test_one_request_goes_to_all_who_follow_a_topic(sandbox: FcmSandbox, fcm: FcmProvider) -> None:
    receipt = await fcm.send_topic(PUSH, "everyone")
    assert receipt == Receipt(Outcome.ACCEPTED, "OK", None, "projects/banshi-sandbox/messages/0:1")
    message = sandbox.received[0].message
    assert message["topic"] == "everyone"
    assert "token" not in message
    assert message["data"] == {"message_id": "m-1", "kind": "alert", "link": "/alerts/1"}


@pytest.mark.parametrize("topic", ["", "all people", "/topics/a", "主题", "a" * 901, "a\n", None])
async def test_what_is_no_topics_name_never_leaves(sandbox: FcmSandbox, fcm: FcmProvider, topic: Any) -> None:
    refused = Receipt(Outcome.REJECTED, "not-a-topic")
    assert await fcm.send_topic(PUSH, topic) == refused
    assert await fcm.subscribe(topic, ["phone-1", "phone-2"]) == [refused] * 2
    assert not sandbox.answers
    assert sandbox.token_requests == 0


@pytest.mark.parametrize("name", ["a' in topics || 'b", "a'", "a') || !('b", "a in topics", "a\\", "主题", "a\n", 7])
async def test_no_name_breaks_out_of_a_condition(sandbox: FcmSandbox, fcm: FcmProvider, name: Any) -> None:
    refused = Receipt(Outcome.REJECTED, "not-a-topic")
    assert await fcm.send_topic(PUSH, name, "minded") == refused
    assert await fcm.send_topic(PUSH, "everyone", name) == refused
    assert not sandbox.answers


async def test_one_request_goes_to_all_who_follow_a_topic_and_not_another(
    sandbox: FcmSandbox, fcm: FcmProvider
) -> None:
    await fcm.subscribe("m1.topic.a-b_c~d%20.zh-CN", ["one", "two", "three"])
    await fcm.subscribe("m1.minded", ["two", "four"])
    assert (await fcm.send_topic(PUSH, "m1.topic.a-b_c~d%20.zh-CN", "m1.minded")).outcome is Outcome.ACCEPTED
    (received,) = sandbox.received
    assert received.followers == {"one", "three"}
    assert received.message["condition"] == "'m1.topic.a-b_c~d%20.zh-CN' in topics && !('m1.minded' in topics)"
    assert not {"topic", "token"} & received.message.keys()


@pytest.mark.parametrize(
    "condition",
    [
        "'a' in topics",
        "!('a' in topics)",
        "'a' in topics || 'b' in topics",
        "'a' in topics && 'b' in topics",
        "'a' in topics && !('b' in topics) || 'c' in topics",
        "'a' in topics && !('b' in topics || 'c' in topics)",
        "('a' in topics) && !('b' in topics)",
        "'a b' in topics && !('c' in topics)",
        "a",
    ],
)
async def test_the_sandbox_knows_one_form_of_a_condition_and_refuses_others_as_google_does_what_it_does_not_know(
    sandbox: FcmSandbox, fcm: FcmProvider, monkeypatch: pytest.MonkeyPatch, condition: str
) -> None:
    monkeypatch.setattr("mobile_push.providers.fcm.payload.condition", lambda *_: condition)
    assert await fcm.send_topic(PUSH, "a", "b") == Receipt(Outcome.REJECTED, "INVALID_ARGUMENT")
    assert not sandbox.received


async def test_a_message_to_a_topic_is_checked_and_retried_as_one_to_a_phone_is(
    sandbox: FcmSandbox, fcm: FcmProvider
) -> None:
    assert await fcm.send_topic(PUSH._replace(body="长" * 1400), "a") == Receipt(Outcome.REJECTED, "too-large")
    assert await fcm.send_topic(PUSH._replace(title="\ud83d"), "a") == Receipt(Outcome.REJECTED, "not-text")
    sandbox.behaviour.quota_share = 1.0
    assert await fcm.send_topic(PUSH, "a") == Receipt(Outcome.RETRY, "QUOTA_EXCEEDED", 1.0)


async def test_thousands_of_phones_follow_in_calls_of_a_thousand_and_leave_again(
    sandbox: FcmSandbox, fcm: FcmProvider
) -> None:
    tokens = [f"phone-{number}" for number in range(2500)]
    assert await fcm.subscribe("everyone", tokens) == [FOLLOWS] * 2500
    assert sandbox.topics.followers["everyone"] == set(tokens)
    assert await fcm.unsubscribe("everyone", tokens[:1500]) == [FOLLOWS] * 1500
    assert sandbox.topics.followers["everyone"] == set(tokens[1500:])
    assert await fcm.subscribe("everyone", []) == []


async def test_each_phones_own_result_has_its_verdict_in_the_tokens_order(
    sandbox: FcmSandbox, fcm: FcmProvider
) -> None:
    sandbox.behaviour.unregistered = {"gone"}
    sandbox.behaviour.topic_faults = {"odd": "INVALID_ARGUMENT", "busy": "INTERNAL", "avid": "TOO_MANY_TOPICS"}
    assert await fcm.subscribe("a", ["fine", "gone", "", "odd", "busy", "\ud83d", "avid", "fine too"]) == [
        FOLLOWS,
        Receipt(Outcome.REJECTED, "NOT_FOUND"),
        Receipt(Outcome.REJECTED, "no-token"),
        Receipt(Outcome.REJECTED, "INVALID_ARGUMENT"),
        Receipt(Outcome.RETRY, "INTERNAL"),
        Receipt(Outcome.REJECTED, "no-token"),
        Receipt(Outcome.REJECTED, "TOO_MANY_TOPICS"),
        FOLLOWS,
    ]
    assert sandbox.topics.followers["a"] == {"fine", "fine too"}


async def test_a_phone_follows_two_thousand_topics_at_most(sandbox: FcmSandbox, fcm: FcmProvider) -> None:
    sandbox.topics._follows["avid"] = 2000
    assert await fcm.subscribe("a", ["avid"]) == [Receipt(Outcome.REJECTED, "TOO_MANY_TOPICS")]


@pytest.mark.parametrize(
    ("switches", "receipt"),
    [
        ({"wrong_project": True}, Receipt(Outcome.MISCONFIGURED, "PERMISSION_DENIED")),
        ({"quota_share": 1.0, "quota_retry_after": 7}, Receipt(Outcome.RETRY, "QUOTA_EXCEEDED", 7.0)),
        ({"unavailable_share": 1.0}, Receipt(Outcome.RETRY, "UNAVAILABLE")),
        ({"hang": True}, Receipt(Outcome.RETRY, "timeout")),
        ({"cut": {"/token"}}, Receipt(Outcome.RETRY, "token-endpoint")),
    ],
)
async def test_a_call_that_fails_as_a_whole_fails_for_each_of_its_phones_alone(
    sandbox: FcmSandbox, settings: FcmSettings, switches: dict[str, Any], receipt: Receipt
) -> None:
    for name, value in switches.items():
        setattr(sandbox.behaviour, name, value)
    async with FcmProvider(replace(settings, timeout=0.5)) as fcm:
        assert await fcm.subscribe("a", ["one", "two"]) == [receipt] * 2
    assert not sandbox.topics.followers


async def test_an_expired_access_token_is_replaced_and_the_call_repeated(sandbox: FcmSandbox, fcm: FcmProvider) -> None:
    assert await fcm.subscribe("a", ["one"]) == [FOLLOWS]
    sandbox.tokens.expire()
    receipts = await asyncio.gather(fcm.subscribe("a", ["two"]), fcm.send(PUSH, "three"))
    assert receipts[0] == [FOLLOWS]
    assert receipts[1].outcome is Outcome.ACCEPTED
    assert sandbox.token_requests == 2


async def test_a_closed_provider_follows_nothing_and_raises_nothing(fcm: FcmProvider) -> None:
    await fcm.__aexit__(None, None, None)
    assert await fcm.subscribe("a", ["one"]) == [Receipt(Outcome.RETRY, "connection")]
    assert await fcm.send_topic(PUSH, "a") == Receipt(Outcome.RETRY, "connection")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"results":[{}]}',
        b'{"results":[{},{},{}]}',
        b'{"results":{}}',
        b'{"results":"ab"}',
        b"<html>",
    ],
)
def test_an_answer_that_does_not_tell_of_every_phone_tells_of_none(body: bytes) -> None:
    assert results(200, {}, body, 2) == Receipt(Outcome.RETRY, "unreadable-answer")


@pytest.mark.parametrize("result", [None, [], "OK", {"error": 1}, {"error": "not a code"}, {"ok": True}])
def test_a_result_that_is_no_result_is_tried_again(result: Any) -> None:
    read = results(200, {}, orjson.dumps({"results": [{}, result]}), 2)
    assert read == [FOLLOWS, Receipt(Outcome.RETRY, "unreadable-answer")]


@pytest.mark.parametrize("status", [400, 404, 409, 500, 503])
def test_no_answer_to_a_call_forgets_a_token(status: int) -> None:
    for error in ("NOT_FOUND", "UNREGISTERED", "InvalidTopicName"):
        verdict = results(status, {}, orjson.dumps({"error": error}), 1)
        assert isinstance(verdict, Receipt)
        assert verdict.outcome is not Outcome.DEAD_TOKEN
        one = results(200, {}, orjson.dumps({"results": [{"error": error}]}), 1)
        assert isinstance(one, list)
        assert one[0].outcome is not Outcome.DEAD_TOKEN


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ({"to": "/topics/a", "registration_tokens": ["t"] * 1001}, "TooManyRegistrationTokens"),
        ({"to": "/topics/a", "registration_tokens": []}, "MissingRegistrationTokens"),
        ({"to": "/topics/a", "registration_tokens": [7]}, "MissingRegistrationTokens"),
        ({"to": "a", "registration_tokens": ["t"]}, "InvalidTopicName"),
        ({"to": None, "registration_tokens": ["t"]}, "InvalidTopicName"),
        ([], "InvalidTopicName"),
    ],
)
async def test_the_sandbox_refuses_what_google_refuses(
    sandbox: FcmSandbox, fcm: FcmProvider, document: Any, error: str
) -> None:
    await fcm.subscribe("a", ["one"])
    headers = {"Authorization": next(iter(sandbox.tokens.expires)), "access_token_auth": "true"}
    async with (
        aiohttp.ClientSession() as client,
        client.post(f"{sandbox.topics_url}:batchAdd", json=document, headers=headers) as response,
    ):
        assert (response.status, await response.json()) == (400, {"error": error})
    del headers["access_token_auth"]
    async with (
        aiohttp.ClientSession() as client,
        client.post(f"{sandbox.topics_url}:batchAdd", json=document, headers=headers) as response,
    ):
        assert response.status == 401
        shown = await client.get(f"{sandbox.url}/sandbox/topics")
        assert await shown.json() == {"a": ["one"]}

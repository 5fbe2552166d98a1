"""The senders: each sends so many messages to distinct tokens, a first wave to warm up and a second that counts.

A process of its own, on its own core. It reads a plan as JSON from standard input: {"sender", "folder", "url", "warm",
"count"}; and prints the rate and the cost of the second wave as JSON. Every peer gets uvloop where it has a loop, its
messages as it wants them, made beforehand, and the same content as ours.
"""

from __future__ import annotations

import asyncio
import time
import warnings
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from banshi.ops.cli.server.serve import spare_the_collector
from benchmarks.sending.population import (
    COUNTED,
    DONE_S,
    LINK,
    TTL,
    WARM,
    dealt_with,
    message_id,
    messages,
    phones,
    platform_of,
    published,
    token_of,
)
from benchmarks.sending.waves import Plan, answer
from benchmarks.shared.figures import cost
from mobile_push.delivery.service import PUSH
from tests.waiting import until

PROJECT = "banshi-sandbox"
TITLE = "您有一条新的办事消息"

#: firebase-admin takes no more messages in one call.
FIREBASE_BATCH = 500

#: Seconds that a peer may wait for one answer: its own limit must not cost it the others' answers.
ANSWER_TIMEOUT_S = 120


def measured(send: Callable[[Sequence[Any]], Any], message: Callable[[int], Any], plan: Plan) -> dict[str, float]:
    """Send a first wave, then the second, of messages that are there by then; what each of the second took."""
    messages = [message(number) for number in range(plan["warm"] + plan["count"])]
    send(messages[: plan["warm"]])
    with cost() as took:
        send(messages[plan["warm"] :])
    return took.of(plan["count"])


def apns(identity: str) -> dict[str, str]:
    return {"apns-priority": "10", "apns-expiration": str(int(time.time()) + TTL), "apns-collapse-id": identity}


# -- pyfcm -----------------------------------------------------------------------------------------------------------


def pyfcm_client(plan: Plan) -> Any:
    from pyfcm import FCMNotification

    class Client(FCMNotification):  # type: ignore[misc]
        FCM_END_POINT_BASE = f"{plan['url']}/v1/projects"

    return Client(str(Path(plan["folder"]) / "account.json"), PROJECT)


def pyfcm_message(number: int) -> dict[str, Any]:
    identity = message_id(number)
    return {
        "fcm_token": token_of(number),
        "notification_title": TITLE,
        "data_payload": {"message_id": identity, "kind": "case", "link": LINK},
        "android_config": {"priority": "HIGH", "ttl": f"{TTL}s", "notification": {"tag": identity}},
        "apns_config": {"headers": apns(identity)},
    }


def pyfcm_notify(plan: Plan) -> dict[str, float]:
    """`notify`, one message after the other."""
    client = pyfcm_client(plan)

    def send(messages: Sequence[Any]) -> None:
        for message in messages:
            assert "name" in client.notify(**message, timeout=ANSWER_TIMEOUT_S)

    return measured(send, pyfcm_message, plan)


def pyfcm_async(plan: Plan) -> dict[str, float]:
    """`async_notify_multiple_devices`, all messages in one call."""
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    client = pyfcm_client(plan)

    def send(messages: Sequence[Any]) -> None:
        answers = client.async_notify_multiple_devices(list(messages), timeout=ANSWER_TIMEOUT_S)
        assert all("name" in answer for answer in answers)

    return measured(send, pyfcm_message, plan)


# -- firebase-admin --------------------------------------------------------------------------------------------------


def firebase(plan: Plan) -> dict[str, float]:
    """`send_each_async`, batch after batch of the size that it takes."""
    import firebase_admin
    from firebase_admin import credentials, messaging

    warnings.simplefilter("ignore", DeprecationWarning)  # it would rather have installation ids than tokens
    # It has no setting for another address, and asks for Google's wider scope only, which the sandbox doesn't know.
    credentials._scopes.append("https://www.googleapis.com/auth/firebase.messaging")
    messaging._MessagingService.FCM_URL = f"{plan['url']}/v1/projects/{{0}}/messages:send"
    firebase_admin.initialize_app(credentials.Certificate(str(Path(plan["folder"]) / "account.json")))

    def message(number: int) -> Any:
        identity = message_id(number)
        return messaging.Message(
            token=token_of(number),
            notification=messaging.Notification(title=TITLE),
            data={"message_id": identity, "kind": "case", "link": LINK},
            android=messaging.AndroidConfig(
                priority="high", ttl=TTL, notification=messaging.AndroidNotification(tag=identity)
            ),
            apns=messaging.APNSConfig(headers=apns(identity)),
        )

    async def batches(messages: Sequence[Any]) -> None:
        for start in range(0, len(messages), FIREBASE_BATCH):
            answer = await messaging.send_each_async(list(messages[start : start + FIREBASE_BATCH]), dry_run=False)
            assert answer.failure_count == 0, next(one.exception for one in answer.responses if not one.success)

    # One loop for both waves: its client keeps its connections there.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return measured(lambda wave: runner.run(batches(wave)), message, plan)


# -- mobile_push -----------------------------------------------------------------------------------------------------


#: Sends what was prepared, and waits until what became of each is recorded.
Wave = Callable[[], Awaitable[None]]


async def ours(plan: Plan, prepare: Callable[..., Awaitable[Wave]]) -> dict[str, float]:
    """The whole way, from what is prepared to its outcomes recorded; as served."""
    warm, end = plan["warm"], plan["warm"] + plan["count"]
    async with platform_of(plan) as platform:
        spare_the_collector()
        await phones(platform, end, warm)
        await (await prepare(platform, 0, warm))()
        send = await prepare(platform, warm, end)
        with cost() as took:
            await send()
        return took.of(plan["count"])


async def personal(platform: Any, first: int, end: int) -> Wave:
    """A message to each of these persons, about to fall due; to send them is to have each outcome recorded."""
    await messages(platform, first, end)
    connection, marks = platform.store.connection, platform.store.placeholders(2)
    where = f"id > {marks[0]} AND id <= {marks[1]}"
    await connection.execute_query(f"UPDATE push_delivery SET not_before = 0 WHERE {where}", [first, end])

    async def send() -> None:
        platform[PUSH].wake()
        labels = {"provider": "fcm", "outcome": "accepted", "code": "OK"}
        # Asking the database all the while would cost what is to be measured.
        metrics, name = platform.metrics, "banshi_push_attempts_total"
        await until(lambda: (metrics.get_sample_value(name, labels) or 0) >= end, DONE_S)
        left = f"SELECT 1 FROM push_delivery WHERE state <> 'sent' AND {where} LIMIT 1"
        while await connection.execute_query_dict(left, [first, end]):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    return send


async def broadcast(platform: Any, first: int, end: int) -> Wave:
    """A notice to these phones; to send it is to publish it and to have the outcome of each recorded."""

    async def send() -> None:
        one = await published(platform, divisions=[COUNTED if first else WARM])
        outcomes = await dealt_with(one)
        assert outcomes == {"accepted": end - first}, outcomes

    return send


SENDERS: dict[str, Callable[[Plan], Any]] = {
    "personal": partial(ours, prepare=personal),
    "broadcast": partial(ours, prepare=broadcast),
    "pyfcm notify": pyfcm_notify,
    "pyfcm async": pyfcm_async,
    "firebase-admin": firebase,
}


if __name__ == "__main__":
    answer(SENDERS)

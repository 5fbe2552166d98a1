"""The senders: each sends so many messages to distinct tokens, a first wave to warm up and a second that counts.

A process of its own, on its own core. It reads a plan as JSON from standard input: {"sender", "folder", "url", "warm",
"count"}; and prints {"seconds", "cpu"} of the second wave as JSON. Every peer gets uvloop where it has a loop, its
messages as it wants them, made beforehand, and the same content as ours.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import uvloop

PROJECT = "banshi-sandbox"
TITLE = "您有一条新的办事消息"
LINK = "/v1/cases/019abcde-0000-7000-8000-000000000000"
TTL = 86_400

#: firebase-admin takes no more messages in one call.
FIREBASE_BATCH = 500

#: Seconds that a peer may wait for one answer: its own limit must not cost it the others' answers.
PATIENCE = 120


def token_of(number: int) -> str:
    """A registration token of the length that FCM's have."""
    return f"{number:022d}:APA91b{'x' * 134}"


def message_id(number: int) -> str:
    return f"019abcde-0000-7000-8000-{number:012x}"


def measured(send: Callable[[Sequence[Any]], Any], messages: Sequence[Any], warm: int) -> dict[str, float]:
    """Send a first wave, then the second, and tell how long that took and what it cost this process."""
    send(messages[:warm])
    cpu, started = time.process_time(), time.perf_counter()
    send(messages[warm:])
    return {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu}


# -- pyfcm -----------------------------------------------------------------------------------------------------------


def pyfcm_client(plan: dict[str, Any]) -> Any:
    from pyfcm import FCMNotification

    class Client(FCMNotification):  # type: ignore[misc]
        FCM_END_POINT_BASE = f"{plan['url']}/v1/projects"

    return Client(str(Path(plan["folder"]) / "account.json"), PROJECT)


def pyfcm_message(number: int) -> dict[str, Any]:
    identity = message_id(number)
    headers = {"apns-priority": "10", "apns-expiration": str(int(time.time()) + TTL), "apns-collapse-id": identity}
    return {
        "fcm_token": token_of(number),
        "notification_title": TITLE,
        "data_payload": {"message_id": identity, "kind": "case", "link": LINK},
        "android_config": {"priority": "HIGH", "ttl": f"{TTL}s", "notification": {"tag": identity}},
        "apns_config": {"headers": headers},
    }


def pyfcm_notify(plan: dict[str, Any]) -> dict[str, float]:
    """`notify`, one message after the other."""
    client = pyfcm_client(plan)

    def send(messages: Sequence[Any]) -> None:
        for message in messages:
            assert "name" in client.notify(**message, timeout=PATIENCE)

    return measured(send, [pyfcm_message(number) for number in range(plan["warm"] + plan["count"])], plan["warm"])


def pyfcm_async(plan: dict[str, Any]) -> dict[str, float]:
    """`async_notify_multiple_devices`, all messages in one call."""
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    client = pyfcm_client(plan)

    def send(messages: Sequence[Any]) -> None:
        answers = client.async_notify_multiple_devices(list(messages), timeout=PATIENCE)
        assert all("name" in answer for answer in answers)

    return measured(send, [pyfcm_message(number) for number in range(plan["warm"] + plan["count"])], plan["warm"])


# -- firebase-admin --------------------------------------------------------------------------------------------------


def firebase(plan: dict[str, Any]) -> dict[str, float]:
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
        headers = {"apns-priority": "10", "apns-expiration": str(int(time.time()) + TTL), "apns-collapse-id": identity}
        return messaging.Message(
            token=token_of(number),
            notification=messaging.Notification(title=TITLE),
            data={"message_id": identity, "kind": "case", "link": LINK},
            android=messaging.AndroidConfig(
                priority="high", ttl=TTL, notification=messaging.AndroidNotification(tag=identity)
            ),
            apns=messaging.APNSConfig(headers=headers),
        )

    async def batches(messages: Sequence[Any]) -> None:
        for start in range(0, len(messages), FIREBASE_BATCH):
            answer = await messaging.send_each_async(list(messages[start : start + FIREBASE_BATCH]), dry_run=False)
            assert answer.failure_count == 0, next(one.exception for one in answer.responses if not one.success)

    messages = [message(number) for number in range(plan["warm"] + plan["count"])]
    # One loop for both waves: its client keeps its connections there.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return measured(lambda wave: runner.run(batches(wave)), messages, plan["warm"])


# -- mobile_push -----------------------------------------------------------------------------------------------------


def ours(plan: dict[str, Any]) -> dict[str, float]:
    """The whole way: rows claimed from SQLite, encoded, sent, their outcomes recorded; on a platform as served."""
    return uvloop.run(_ours(plan))


async def _ours(plan: dict[str, Any]) -> dict[str, float]:
    from banshi import logs
    from banshi.configuration import read_configuration
    from banshi.web.app import loaded, open_platform
    from mobile_push.service import PUSH

    folder = Path(plan["folder"])
    configuration = read_configuration(_settings(plan, folder))
    logs.configure("info")
    async with open_platform(loaded(configuration)) as platform:
        await _rows(plan["warm"] + plan["count"])
        wake = platform[PUSH].couriers[0].wake
        await _wave(platform.store.connection, wake, 0, plan["warm"])
        cpu, started = time.process_time(), time.perf_counter()
        await _wave(platform.store.connection, wake, plan["warm"], plan["warm"] + plan["count"])
        return {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu}


def _settings(plan: dict[str, Any], folder: Path) -> Path:
    file = folder / f"plugins-{time.time_ns()}.toml"
    file.write_text(
        f'[platform]\ndata = "data-{time.time_ns()}"\n'
        '[plugins.mobile_push]\npackage = "mobile_push"\napi = 1\n'
        "[plugins.mobile_push.settings.fcm]\n"
        f'service_account_file = "{folder / "account.json"}"\n'
        f'base_url = "{plan["url"]}/v1/projects"\n'
        f'ca_file = "{folder / "ca.pem"}"\n'
    )
    return file


async def _rows(count: int) -> None:
    """A person, a phone, a message in the inbox and a delivery that is not yet due, `count` times."""
    from datetime import UTC, datetime
    from uuid import UUID

    from mobile_push.models import Delivery, Device, InboxMessage

    now, texts = datetime.now(UTC), {"zh-CN": "禁区通行证：已批准", "en": "Restricted-zone vehicle pass: approved"}
    numbers = range(count)
    await Device.bulk_create(
        [
            Device(
                id=UUID(int=number + 1),
                person=f"person-{number}",
                provider="fcm",
                token=token_of(number),
                token_hash=f"{number:064x}",
                platform="android",
                language="zh-CN",
                created_at=now,
                seen_at=now,
            )
            for number in numbers
        ]
    )
    await InboxMessage.bulk_create(
        [
            InboxMessage(
                id=UUID(message_id(number)),
                person=f"person-{number}",
                seq=1,
                kind="case",
                title=texts,
                body=texts,
                link=LINK,
                created_at=now,
            )
            for number in numbers
        ]
    )
    await Delivery.bulk_create(
        [
            Delivery(
                id=number + 1,
                message_id=UUID(message_id(number)),
                device_id=UUID(int=number + 1),
                provider="fcm",
                not_before=int(time.time() * 1000) + 86_400_000,
                expires=int((time.time() + TTL) * 1000),
            )
            for number in numbers
        ]
    )


async def _wave(connection: Any, wake: asyncio.Event, first: int, end: int) -> None:
    """Let deliveries fall due, and wait until the outcome of each is recorded."""
    await connection.execute_query("UPDATE push_delivery SET not_before = 0 WHERE id > ? AND id <= ?", [first, end])
    wake.set()
    left = "SELECT 1 FROM push_delivery WHERE provider = 'fcm' AND state = 'due' AND id > ? AND id <= ? LIMIT 1"
    while await connection.execute_query_dict(left, [first, end]):  # noqa: ASYNC110 - nobody else tells
        await asyncio.sleep(0.02)
    sent = "SELECT COUNT(*) AS n FROM push_delivery WHERE state = 'sent' AND id > ? AND id <= ?"
    rows = await connection.execute_query_dict(sent, [first, end])
    assert rows[0]["n"] == end - first, f"{rows[0]['n']} of {end - first} were sent"


SENDERS: dict[str, Callable[[dict[str, Any]], dict[str, float]]] = {
    "mobile_push": ours,
    "pyfcm notify": pyfcm_notify,
    "pyfcm async": pyfcm_async,
    "firebase-admin": firebase,
}


if __name__ == "__main__":
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    plan = json.load(sys.stdin)
    # Each library finds the provider's certificate in its own way.
    authority = str(Path(plan["folder"]) / "ca.pem")
    os.environ |= {"SSL_CERT_FILE": authority, "REQUESTS_CA_BUNDLE": authority}
    with redirect_stdout(sys.stderr):
        result = SENDERS[plan["sender"]](plan)
    print(json.dumps(result))

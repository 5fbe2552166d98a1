"""Judge `banshi push-sandbox` and Web Push as others' programs do: clients of APNs and JPush send to the one, the other
sends to a push service that isn't ours.

Run it with the group `judges` installed: `python tools/judges/push.py`. Each client has to be told that messages are
taken, and which phone is gone; what is at the phones is held against it. Node.js alone is left out where there is none.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import trustme

from benchmarks.shared.processes import running, workspace
from mobile_push.providers.provider import Outcome, Push
from mobile_push.providers.webpush.provider import WebPushProvider
from mobile_push.providers.webpush.settings import WebPushSettings
from mobile_push.providers.webpush.subscriptions import subscription
from mobile_push.providers.webpush.vapid import write_key
from mobile_push.sandbox.apns import KEY_ID, TEAM_ID, TOPIC
from mobile_push.sandbox.jpush.receipts import APP_KEY, MASTER_SECRET
from mobile_push.sandbox.together import PushServices
from tests.servers.ports import free_port
from tools import npm
from tools.judges import frame

#: What of npm judges.
JUDGES = {"@parse/node-apn": "8.1.0", "web-push-testing": "1.2.2"}
HERE = Path(__file__).resolve().parent
#: Phones of each client: the last one is gone, since then (Unix seconds).
PHONES, SINCE = 40, 1_790_000_000
#: Seconds that a client may take.
PATIENCE_S = 50.0
GONE = f"{PHONES - 1:064x}"
PAYLOAD = {"aps": {"alert": {"title": "标题", "body": "正文"}, "badge": 3}}


def main() -> None:
    frame.end(asyncio.run(judged()))


async def judged() -> list[str]:
    """What every judge has against it."""
    wrong: list[str] = []
    modules = await asyncio.to_thread(npm.found, JUDGES, "pushes are not judged by Node.js")
    with workspace() as folder:
        judges: list[Callable[..., Any]] = [by_aioapns, by_kalyke, by_jpush]
        judges += [by_node_apn, by_web_push_testing] if modules else []
        for judge in judges:
            begun = time.monotonic()
            async with asyncio.timeout(PATIENCE_S), sandbox(folder) as services:
                found = [*await judge(services, folder, modules)]
            said = judge.__name__.removeprefix("by_")
            print(f"{said}: {len(found)} faults: {time.monotonic() - begun:.1f} s", flush=True)
            wrong += [f"{said}: {one}" for one in found]
    return wrong


@asynccontextmanager
async def sandbox(folder: Path) -> AsyncIterator[PushServices]:
    """The sandbox over TLS; its certificate's authority is in `ca.pem`, APNs' key in `apns.p8`."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context.set_alpn_protocols(["h2", "http/1.1"])
    async with PushServices(tls=context) as services:
        services.apns.key_file(folder / "apns.p8")
        services.apns.behaviour.unregistered = {GONE: SINCE}
        services.apns.behaviour.token_updates = PHONES
        yield services


def trusting(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / "ca.pem"))


def seen(services: PushServices) -> list[str]:
    """What is wrong with what phones got: each but the last one message, with its words."""
    got = Counter(one.token for one in services.apns.received)
    expected = Counter(f"{number:064x}" for number in range(PHONES - 1))
    words = {json.dumps(one.message["aps"]["alert"], ensure_ascii=False) for one in services.apns.received}
    wrong = [] if got == expected else [f"phones got {got} and not one each"]
    return wrong + ([] if words == {'{"title": "标题", "body": "正文"}'} else [f"they got {words}"])


async def by_aioapns(services: PushServices, folder: Path, _: Any) -> list[str]:
    """It offers no ALPN."""
    from aioapns import APNs, NotificationRequest
    from aioapns.connection import APNsProductionClientProtocol as Apple

    Apple.APNS_SERVER, Apple.APNS_PORT = "127.0.0.1", services.port
    key = (folder / "apns.p8").read_text()
    client = APNs(key=key, key_id=KEY_ID, team_id=TEAM_ID, topic=TOPIC, ssl_context=trusting(folder))
    phones = [f"{number:064x}" for number in range(PHONES)]
    told = await asyncio.gather(
        *(client.send_notification(NotificationRequest(device_token=one, message=PAYLOAD)) for one in phones)
    )
    wrong = [f"{one.status} {one.description}" for one in told[:-1] if one.status != "200"]
    last = told[-1]
    if (last.status, last.description, last.timestamp) != ("410", "Unregistered", SINCE * 1000):
        wrong.append(f"the last is {last.status} {last.description} {last.timestamp}")
    return wrong + seen(services)


async def by_kalyke(services: PushServices, folder: Path, _: Any) -> list[str]:
    """It signs anew for every message."""
    from httpx2 import AsyncClient
    from kalyke import ApnsClient, ApnsConfig, ApnsPushType
    from kalyke.exceptions import Unregistered

    def made(client: Any, apns_config: Any) -> Any:
        signed = f"bearer {client._make_authorization()}"
        headers = {**apns_config.make_headers(), "authorization": signed}
        return AsyncClient(headers=headers, http2=True, verify=trusting(folder))

    # Apple's address is in it for good, and so is whom it trusts.
    own = type("Client", (ApnsClient,), {"_base_url": services.url, "_init_client": made})
    client = own(False, TEAM_ID, KEY_ID, folder / "apns.p8")
    config = ApnsConfig(topic=TOPIC, push_type=ApnsPushType.ALERT)
    wrong: list[str] = []
    for number in range(PHONES):
        try:
            await client.send_message(f"{number:064x}", PAYLOAD, config)
        except Unregistered:
            wrong += [] if f"{number:064x}" == GONE else [f"{number} is called gone"]
    return wrong + seen(services)


async def by_node_apn(services: PushServices, folder: Path, modules: Path) -> list[str]:
    where = [str(modules), str(services.port), str(folder / "ca.pem"), str(folder / "apns.p8"), KEY_ID, TEAM_ID, TOPIC]
    phones = [f"{number:064x}" for number in range(PHONES)]
    process = await asyncio.create_subprocess_exec(
        "node", str(HERE / "apn.mjs"), *where, *phones, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, errors = await process.communicate()
    if process.returncode:
        return [errors.decode()]
    told = json.loads(out)
    gone = {"device": GONE, "status": "410", "response": {"reason": "Unregistered", "timestamp": SINCE * 1000}}
    wrong = [] if sorted(told["sent"]) == phones[:-1] else [f"it says {len(told['sent'])} were taken"]
    return wrong + ([] if told["failed"] == [gone] else [f"it says that failed: {told['failed']}"]) + seen(services)


async def by_jpush(services: PushServices, folder: Path, _: Any) -> list[str]:
    """JPush's own client, with its table of addresses replaced."""
    return await asyncio.to_thread(sent_by_jpush, services, folder)


def sent_by_jpush(services: PushServices, folder: Path) -> list[str]:
    import jpush
    from jpush import common

    bases = {"PUSH": "/v3/", "REPORT": "/v3/", "DEVICE": "/v3/devices/"}
    common.ZONES["DEFAULT"] = {name: f"{services.url}{path}" for name, path in bases.items()}
    services.jpush.behaviour.unregistered = {"gone"}
    client, stranger = jpush.JPush(APP_KEY, MASTER_SECRET), jpush.JPush(APP_KEY, "another")
    for one in (client, stranger):
        one.session.verify, one.session.trust_env = str(folder / "ca.pem"), False

    def push(*phones: str, by: Any = client, cid: str | None = None) -> Any:
        made = by.create_push()
        made.audience, made.platform, made.cid = jpush.audience(jpush.registration_id(*phones)), jpush.all_, cid
        ios = jpush.ios(alert={"title": "标题", "body": "正文"}, badge=3)
        made.notification = jpush.notification(alert="正文", android=jpush.android(alert="正文", title="标题"), ios=ios)
        made.options = {"time_to_live": 60, "classification": 1}
        return made

    wrong: list[str] = []
    try:
        push("a", by=stranger).send()
        wrong.append("a stranger's secret was taken")
    except common.Unauthorized:
        pass
    [cid] = push("a").get_cid(1).payload["cidlist"]
    first, again = (push("a", "b", "gone", cid=cid).send().payload for _ in range(2))
    if first != again:
        wrong.append(f"the same cid gives {first} and {again}")
    try:
        push("gone").send()
        wrong.append("nothing is said of a phone that is gone")
    except common.JPushFailure as error:
        wrong += [] if error.error_code == 1011 else [f"a phone that is gone is {error.error_code}"]
    single = {"platform": "all", "notification": {"alert": "正文"}}
    told = push("a").batch_push_by_regid([{**single, "target": one} for one in ("a", "c", "gone")]).payload
    codes = [one.get("error", {}).get("code", "taken") for one in told.values()]
    wrong += [] if codes == ["taken", "taken", 1011] else [f"a batch is {codes}"]
    got = [one.tokens for one in services.jpush.received]
    wrong += [] if got == [("a", "b"), ("a",), ("c",)] else [f"phones got {got}"]
    reached = client.create_report().get_received(first["msg_id"]).payload[0]["jpush_received"]
    wrong += [] if reached == 2 else [f"the report says {reached}"]
    client.create_device().set_devicemobile("a", {"mobile": "13800000000"})
    return wrong + ([] if services.jpush.devices["a"] else ["no device was set"])


async def by_web_push_testing(_: PushServices, folder: Path, modules: Path) -> list[str]:
    """Web Push as it leaves us, opened by a push service that isn't ours."""
    port = free_port()
    program = modules / "web-push-testing" / "src" / "bin" / "server.js"
    with running(["node", str(program), str(port)], side=None):
        return await opened(f"http://localhost:{port}", folder)


async def opened(url: str, folder: Path) -> list[str]:
    write_key(folder / "webpush.pem")
    own = WebPushSettings(private_key_file=folder / "webpush.pem", contact="mailto:push@example.org", loopback=True)
    push = Push("id", "标题", "正文", "/v1/x", "notice", 60, None, "high")
    async with WebPushProvider(own) as provider, aiohttp.ClientSession(url) as session:

        async def ask(path: str, document: Any) -> Any:
            async with session.post(path, json=document) as answer:
                return (await answer.json())["data"]

        asked = {"userVisibleOnly": "true", "applicationServerKey": provider.public_key}
        phone = await ask("/subscribe", asked)
        to = subscription({name: phone[name] for name in ("endpoint", "keys")}, own)
        outcomes = [(await provider.send(push, to)).outcome for _ in range(2)]
        got = (await ask("/get-notifications", {"clientHash": phone["clientHash"]}))["messages"]
        async with session.post(f"/expire-subscription/{phone['clientHash']}"):
            outcomes.append((await provider.send(push, to)).outcome)
    wrong = [] if outcomes == [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.DEAD_TOKEN] else [f"they are {outcomes}"]
    words = [(one["title"], one["body"]) for one in map(json.loads, got)]
    return wrong + ([] if words == [("标题", "正文")] * 2 else [f"it opened {got}"])


if __name__ == "__main__":
    main()

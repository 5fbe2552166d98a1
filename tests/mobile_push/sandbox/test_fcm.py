"""The FCM sandbox: what it takes, refuses and records, as the real service does."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
import stat
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import crypt, jwt
from pyfcm import FCMNotification
from pyfcm.errors import FCMNotRegisteredError, InvalidDataError

from mobile_push.providers.fcm.provider import FcmProvider
from mobile_push.providers.fcm.settings import FcmSettings
from mobile_push.providers.provider import Outcome, Push
from mobile_push.sandbox import FcmSandbox, serve
from mobile_push.sandbox.server import MAX_MESSAGES_KEPT
from mobile_push.sandbox.tokens import GRANT, SCOPE

PUSH = Push("m-1", "标题", "", "/cases/1", "case", 60, None, "normal")


@pytest.fixture
async def client(sandbox: FcmSandbox) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(sandbox.url) as session:
        yield session


def assertion(key_file: Path, **changes: Any) -> str:
    """A signed assertion as google-auth makes one, with `changes` to its claims."""
    account = orjson.loads(key_file.read_bytes())
    now = int(dt.datetime.now(dt.UTC).timestamp())
    claims = {"iat": now, "exp": now + 3600, "iss": account["client_email"], "scope": SCOPE}
    claims |= {"aud": "https://oauth2.googleapis.com/token"} | changes
    signer = crypt.RSASigner.from_service_account_info(account)  # type: ignore[no-untyped-call]
    token: bytes = jwt.encode(signer, claims)  # type: ignore[no-untyped-call]
    return token.decode()


async def token_of(client: aiohttp.ClientSession, signed: str, grant: str = GRANT) -> tuple[int, dict[str, Any]]:
    async with client.post("/token", data={"grant_type": grant, "assertion": signed}) as response:
        return response.status, await response.json()


async def send(
    client: aiohttp.ClientSession, bearer: str | None, document: object, project: str = "banshi-sandbox"
) -> tuple[int, dict[str, Any]]:
    headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
    body = document if isinstance(document, bytes) else orjson.dumps(document)
    async with client.post(f"/v1/projects/{project}/messages:send", data=body, headers=headers) as response:
        return response.status, await response.json()


@pytest.fixture
async def bearer(sandbox: FcmSandbox, client: aiohttp.ClientSession, tmp_path: Path) -> str:
    key = sandbox.service_account_file(tmp_path / "key.json")
    status, answer = await token_of(client, assertion(key))
    assert (status, answer["token_type"], answer["expires_in"]) == (200, "Bearer", 3600)
    return str(answer["access_token"])


async def test_pyfcm_itself_sends_through_the_sandbox(sandbox: FcmSandbox, tmp_path: Path) -> None:
    key = sandbox.service_account_file(tmp_path / "key.json")

    class Local(FCMNotification):  # type: ignore[misc]
        FCM_END_POINT_BASE = sandbox.base_url

    client = Local(service_account_file=str(key))
    sandbox.behaviour.unregistered = {"gone"}

    # pyfcm blocks, and keeps its session and access token for each thread: so one thread, beside the loop.
    with ThreadPoolExecutor(1) as thread:

        async def notify(token: str, **arguments: Any) -> Any:
            send = partial(client.notify, token, notification_title="标题", **arguments)
            return await asyncio.get_running_loop().run_in_executor(thread, send)

        answer = await notify("phone-1", data_payload={"link": "/cases/1"})
        assert answer == {"name": "projects/banshi-sandbox/messages/0:1"}
        with pytest.raises(FCMNotRegisteredError):
            await notify("gone")
        with pytest.raises(InvalidDataError, match="data"):
            await notify("phone-1", data_payload={"n": 1})
        sandbox.tokens.expire()
        await notify("phone-2")
    assert [record.token for record in sandbox.received] == ["phone-1", "phone-2"]
    assert sandbox.received[0].message["notification"]["title"] == "标题"
    assert sandbox.answers["UNAUTHENTICATED"] == 1, "pyfcm understood that its token had expired"


async def test_the_key_file_is_for_its_owner_alone_and_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    async with FcmSandbox() as first:
        first.service_account_file(path)
    old = orjson.loads(path.read_bytes())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    async with FcmSandbox() as second, aiohttp.ClientSession(second.url) as client:
        second.service_account_file(path)
        new = orjson.loads(path.read_bytes())
        assert (new["private_key"], new["token_uri"]) == (old["private_key"], f"{second.url}/token")
        other = second.service_account_file(tmp_path / "other.json")
        for key in (path, other):
            assert (await token_of(client, assertion(key)))[0] == 200


async def test_a_real_key_file_is_never_overwritten(sandbox: FcmSandbox, tmp_path: Path) -> None:
    path = tmp_path / "real.json"
    path.write_text('{"type":"service_account","client_email":"a@b.iam.gserviceaccount.com"}')
    with pytest.raises(FileExistsError, match=r"real\.json"):
        sandbox.service_account_file(path)
    assert "iam.gserviceaccount.com" in path.read_text()


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://example.org/token"},
        {"iat": 1_000_000_000, "exp": 1_000_003_600},
        {"exp": 4_000_000_000},
        {"iss": "somebody@else"},
        {"scope": "https://www.googleapis.com/auth/drive"},
    ],
)
async def test_an_assertion_for_somebody_else_or_another_time_gets_no_token(
    sandbox: FcmSandbox, client: aiohttp.ClientSession, tmp_path: Path, changes: dict[str, Any]
) -> None:
    key = sandbox.service_account_file(tmp_path / "key.json")
    status, answer = await token_of(client, assertion(key, **changes))
    assert (status, answer["error"]) == (400, "invalid_grant")


async def test_an_assertion_signed_with_another_key_gets_no_token(
    sandbox: FcmSandbox, client: aiohttp.ClientSession, tmp_path: Path
) -> None:
    key = sandbox.service_account_file(tmp_path / "key.json")
    account = orjson.loads(key.read_bytes())
    forged = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    other = tmp_path / "forged.json"
    other.write_bytes(orjson.dumps(account | {"private_key": forged.decode()}))
    for signed in (assertion(other), assertion(key)[:-4] + "AAAA", "", "a.b.c", "é.é.é"):
        status, answer = await token_of(client, signed)
        assert (status, answer["error"]) == (400, "invalid_grant"), signed
    assert (await token_of(client, assertion(key), grant="password"))[1]["error"] == "unsupported_grant_type"


TEXTS = {"token": "phone-1", "notification": {"title": "a"}}


@pytest.mark.parametrize(
    ("document", "where"),
    [
        (b"not json", ""),
        (b"[]", ""),
        ({"message": TEXTS, "when": "now"}, ""),
        ({"message": TEXTS | {"colour": "red"}}, "message"),
        ({"message": TEXTS | {"android": {"prio": "HIGH"}}}, "message.android"),
        ({"message": TEXTS | {"android": {"priority": "URGENT"}}}, "message.android.priority"),
        ({"message": TEXTS | {"android": {"ttl": 60}}}, "message.android.ttl"),
        ({"message": TEXTS | {"android": {"ttl": "2419201s"}}}, "message.android.ttl"),
        ({"message": TEXTS | {"android": {"notification": {"sticky": "yes"}}}}, "message.android.notification.sticky"),
        ({"message": TEXTS | {"apns": {"headers": {"apns-priority": 10}}}}, "message.apns.headers[0].value"),
        ({"message": TEXTS | {"data": {"n": 1}}}, "message.data[0].value"),
        ({"message": TEXTS | {"data": []}}, "message.data[0].value"),
        ({"message": TEXTS | {"notification": "a"}}, "message.notification"),
        ({"message": TEXTS | {"token": 7}}, "message.token"),
        ({"message": TEXTS | {"topic": "news"}}, "message"),
        ({"message": {"notification": {"title": "a"}}}, "message"),
        ({}, "message"),
        ({"message": {"token": "phone-1", "data": {"text": "长" * 1400}}}, "message"),
    ],
)
async def test_a_message_that_the_real_service_would_refuse_is_refused_with_the_field(
    sandbox: FcmSandbox, client: aiohttp.ClientSession, bearer: str, document: object, where: str
) -> None:
    status, answer = await send(client, bearer, document)
    error = answer["error"]
    assert (status, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    violations = next(d["fieldViolations"] for d in error["details"] if d["@type"].endswith("google.rpc.BadRequest"))
    assert [v["field"] for v in violations] == [where]
    assert violations[0]["description"] in error["message"]
    assert not sandbox.received


async def test_both_spellings_of_a_field_topics_and_a_dry_run_are_taken(
    sandbox: FcmSandbox, client: aiohttp.ClientSession, bearer: str
) -> None:
    camel = {"token": "phone-1", "android": {"collapseKey": "k", "ttl": "3.5s", "priority": "high"}}
    assert (await send(client, bearer, {"message": camel}))[0] == 200
    assert (await send(client, bearer, {"message": {"topic": "news"}, "validate_only": False}))[0] == 200
    _, answer = await send(client, bearer, {"message": camel, "validateOnly": True})
    assert answer == {"name": "projects/banshi-sandbox/messages/fake_message_id"}
    assert [record.token for record in sandbox.received] == ["phone-1", "news"]


async def test_without_a_good_access_token_the_answer_is_googles_401(
    sandbox: FcmSandbox, client: aiohttp.ClientSession, bearer: str
) -> None:
    async def reason(token: str | None) -> str:
        status, answer = await send(client, token, {"message": TEXTS})
        assert (status, answer["error"]["status"]) == (401, "UNAUTHENTICATED")
        return str(answer["error"]["details"][0]["reason"])

    assert await reason(None) == "CREDENTIALS_MISSING"
    assert await reason("guess") == "ACCESS_TOKEN_TYPE_UNSUPPORTED"
    async with client.delete("/sandbox/tokens") as response:
        assert response.status == 200
    assert await reason(bearer) == "ACCESS_TOKEN_EXPIRED"
    status, _ = await send(client, bearer, {"message": TEXTS}, project="another")
    assert status == 401, "who asks comes before what for"


async def test_another_project_is_denied(client: aiohttp.ClientSession, bearer: str) -> None:
    status, answer = await send(client, bearer, {"message": TEXTS}, project="another")
    assert (status, answer["error"]["status"]) == (403, "PERMISSION_DENIED")


async def test_an_unregistered_token_gets_the_real_services_error(
    sandbox: FcmSandbox, client: aiohttp.ClientSession, bearer: str
) -> None:
    sandbox.behaviour.unregistered.add("phone-1")
    status, answer = await send(client, bearer, {"message": TEXTS})
    assert status == 404
    assert answer["error"] == {
        "code": 404,
        "message": "Requested entity was not found.",
        "status": "NOT_FOUND",
        "details": [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "UNREGISTERED"}],
    }


async def test_shares_are_exact_and_their_retry_after_is_sent(
    sandbox: FcmSandbox, client: aiohttp.ClientSession, bearer: str
) -> None:
    sandbox.behaviour.quota_share = 0.1
    sandbox.behaviour.unavailable_share, sandbox.behaviour.unavailable_retry_after = 0.25, "soon"
    for _ in range(100):
        await send(client, bearer, {"message": TEXTS})
    assert dict(sandbox.answers) == {"QUOTA_EXCEEDED": 10, "UNAVAILABLE": 22, "OK": 68}
    sandbox.behaviour.quota_share = 1.0
    async with client.post(
        "/v1/projects/banshi-sandbox/messages:send", headers={"Authorization": f"Bearer {bearer}"}, data=b"{}"
    ) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "1")


async def test_the_behaviour_is_set_over_http_and_what_is_left_out_is_off_again(
    sandbox: FcmSandbox, client: aiohttp.ClientSession
) -> None:
    document = {"latency": 0.5, "unregistered": ["gone"], "faults": {"p": "INTERNAL"}, "quota_retry_after": None}
    async with client.put("/sandbox/behaviour", json=document) as response:
        assert response.status == 200
    assert (sandbox.behaviour.latency, sandbox.behaviour.unregistered) == (0.5, {"gone"})
    async with client.put("/sandbox/behaviour", json={"hang": True}) as response:
        assert response.status == 200
    async with client.get("/sandbox/behaviour") as response:
        shown = await response.json()
    assert (shown["hang"], shown["latency"], shown["unregistered"]) == (True, 0.0, [])


async def test_a_wrong_switch_is_named_and_changes_nothing(sandbox: FcmSandbox, client: aiohttp.ClientSession) -> None:
    wrong = {"speed": 1, "latency": -1, "hang": 1, "faults": {"p": "OOPS"}, "quota_retry_after": 1.5}
    async with client.put("/sandbox/behaviour", json=wrong | {"wrong_project": True}) as response:
        assert response.status == 400
        detail = (await response.json())["detail"]
    assert all(name in detail for name in wrong)
    assert not sandbox.behaviour.wrong_project
    for body in (b"[]", b"{", b'{"unregistered":[1]}', b'{"quota_retry_after":"1\\r\\nX: y"}'):
        async with client.put("/sandbox/behaviour", data=body) as response:
            assert response.status == 400


@pytest.mark.parametrize(
    "fault", [{"status": {"/token": 502}}, {"garbage": ["/token"]}, {"hang": ["/token"]}, {"cut": ["/token"]}]
)
async def test_the_token_alone_fails_by_its_path_and_nothing_else_does(
    sandbox: FcmSandbox, client: aiohttp.ClientSession, bearer: str, fault: dict[str, Any]
) -> None:
    async with client.put("/sandbox/behaviour", json=fault) as response:
        assert response.status == 200
    (name,) = fault
    try:
        async with asyncio.timeout(0.3), client.post("/token") as response:
            assert (response.status, name) in {(502, "status"), (200, "garbage")}
            assert response.content_type == "text/html"
            assert not (await response.text()).startswith("{")
    except TimeoutError:
        assert name == "hang"
    except aiohttp.ClientError:
        assert name == "cut"
    assert sandbox.counted.total() == 1
    assert sandbox.token_requests == 2
    assert len(sandbox.tokens.expires) == 1, "what a fault meets is not looked at"
    assert (await send(client, bearer, {"message": TEXTS}))[0] == 200
    async with client.get("/sandbox/behaviour") as response:
        shown = await response.json()
    assert {key: shown[key] for key in fault} == fault


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": {"/tokens-of-whom": 500, "/nowhere": 500}},
        {"status": {"token": 500}},
        {"status": {"/token": 200}},
        {"status": {"/token": "500"}},
        {"status": ["/token"]},
        {"garbage": ["/sandbox/behaviour"]},
        {"garbage": [""]},
        {"garbage": "/token"},
        {"hang": ["/push/"]},
        {"hang": {"/token": 1}},
    ],
)
async def test_a_fault_of_a_path_that_is_none_is_named_and_changes_nothing(
    sandbox: FcmSandbox, client: aiohttp.ClientSession, wrong: dict[str, Any]
) -> None:
    async with client.put("/sandbox/behaviour", json={**wrong, "latency": 0.5}) as response:
        assert response.status == 400
        assert next(iter(wrong)) in (await response.json())["detail"]
    assert sandbox.behaviour.latency == 0


async def test_a_code_of_fcm_s_refuses_what_it_is_said_of_and_another_name_is_none(
    sandbox: FcmSandbox, client: aiohttp.ClientSession, bearer: str
) -> None:
    async with client.put("/sandbox/faults", json={"codes": {"/v1/projects/": "INTERNAL"}}) as response:
        assert response.status == 200
    status, answer = await send(client, bearer, {"message": TEXTS})
    assert (status, answer["error"]["status"]) == (500, "INTERNAL")
    assert (sandbox.counted, sandbox.received) == ({("/v1/projects/", "INTERNAL"): 1}, deque())
    for code in ("OOPS", 404):
        async with client.put("/sandbox/faults", json={"codes": {"/v1/projects/": code}}) as response:
            assert (response.status, str(code) in (await response.json())["detail"]) == (400, True)


async def test_an_access_token_expires_as_time_passes_in_the_sandbox(
    client: aiohttp.ClientSession, bearer: str
) -> None:
    for seconds, status in ((3500, 200), (200, 401)):
        async with client.post("/sandbox/clock", json={"seconds": seconds}) as response:
            assert response.status == 200
        assert (await send(client, bearer, {"message": TEXTS}))[0] == status


async def test_what_arrived_is_listed_by_token_and_from_a_number_on(
    sandbox: FcmSandbox, client: aiohttp.ClientSession, bearer: str
) -> None:
    for number in range(6):
        await send(client, bearer, {"message": {"token": f"phone-{number % 2}", "data": {"n": str(number)}}})
    async with client.get("/sandbox/messages", params={"token": "phone-1", "after": "2"}) as response:
        shown = await response.json()
    assert [m["message"]["data"]["n"] for m in shown["messages"]] == ["3", "5"]
    assert (shown["taken"], shown["answers"]) == (6, {"OK": 6})
    async with client.get("/sandbox/messages", params={"after": "x"}) as response:
        assert response.status == 400
    async with client.get("/nowhere") as response:
        assert response.status == 404


async def test_memory_is_bounded_while_the_counts_go_on(
    sandbox: FcmSandbox, client: aiohttp.ClientSession, bearer: str
) -> None:
    assert sandbox.received.maxlen == MAX_MESSAGES_KEPT
    sandbox._received = deque(maxlen=2)
    for _ in range(5):
        await send(client, bearer, {"message": TEXTS})
    assert [record.number for record in sandbox.received] == [4, 5]
    assert sandbox.answers["OK"] == 5


async def test_a_sandbox_that_hangs_still_stops_at_once(tmp_path: Path) -> None:
    async with FcmSandbox() as sandbox:
        key = sandbox.service_account_file(tmp_path / "key.json")
        sandbox.behaviour.hang = True
        async with FcmProvider(FcmSettings(key, base_url=sandbox.base_url, timeout=30.0)) as fcm:
            task = asyncio.create_task(fcm.send(PUSH, "phone-1"))
            await asyncio.sleep(0.3)
            async with asyncio.timeout(3):
                await sandbox.__aexit__(None, None, None)
                assert (await task).outcome is Outcome.RETRY


async def test_over_tls_the_providers_ca_file_decides_whom_it_trusts(
    tmp_path: Path, tls: tuple[ssl.SSLContext, Path]
) -> None:
    context, ca_file = tls
    async with FcmSandbox(tls=context) as sandbox:
        key = sandbox.service_account_file(tmp_path / "key.json")
        async with FcmProvider(FcmSettings(key, base_url=sandbox.base_url, ca_file=ca_file)) as fcm:
            assert (await fcm.send(PUSH, "phone-1")).outcome is Outcome.ACCEPTED
        async with FcmProvider(FcmSettings(key, base_url=sandbox.base_url)) as fcm:
            assert (await fcm.send(PUSH, "phone-1")).outcome is Outcome.RETRY
    assert len(sandbox.received) == 1


async def test_serve_prints_the_settings_that_send_to_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    task = asyncio.create_task(serve("127.0.0.1", 0, tmp_path / "key.json"))
    shown = ""
    while "base_url" not in shown:
        await asyncio.sleep(0.05)
        shown += capsys.readouterr().out
    values = dict(line.split(" = ") for line in shown.splitlines() if " = " in line)
    assert values["at_once"] == "100"
    account, base, topics = (values[key].strip('"') for key in ("service_account_file", "base_url", "topics_url"))
    async with FcmProvider(FcmSettings(Path(account), base_url=base, topics_url=topics)) as fcm:
        assert (await fcm.send(PUSH, "phone-1")).outcome is Outcome.ACCEPTED
        assert (await fcm.subscribe("everyone", ["phone-1"]))[0].outcome is Outcome.ACCEPTED
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

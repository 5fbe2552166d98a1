"""A test client's case is told to its person as such, pushed to the sandbox and to nobody's phone, and then gone."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from prometheus_client import CollectorRegistry

from banshi import Write
from banshi.builtin.personal_data.housekeeping import tidy
from banshi.foundation.findings import ConfigurationError
from banshi.kernel.outbox.outbox import message_of, message_rows
from banshi.testing import Door, Person, open_door
from mobile_push.delivery.service import PUSH
from mobile_push.providers.fcm.settings import FcmSettings
from mobile_push.providers.for_test_cases import Sandboxed, SandboxSettings
from mobile_push.providers.provider import Outcome, Receipt
from mobile_push.providers.webpush.vapid import write_key
from mobile_push.sandbox import Behaviour, FcmSandbox
from mobile_push.sandbox.webpush.push_service import WebPushSandbox
from mobile_push.settings import PushSettings
from mobile_push.tables.models import Delivery, Device
from tests.mobile_push.conftest import PLUGINS, hurry, new_message, push
from tests.places import ROOT
from tests.readers.tables import tables_with, with_mode
from tests.waiting import until

CLIENTS = ROOT / "plugins" / "integrations" / "clients"

#: A plugin with which a program hands something in for a person.
PROGRAM = """
from dataclasses import replace

from banshi import Answer, Audience, Form, Route, Write, hookimpl, reply
from banshi.sdk.cases import new_case
from banshi.sdk.events import intake_row

BODY = Form.from_schema({"type": "object", "additionalProperties": True})


async def hand_in(call):
    item = call.platform.registry.items["zone-pass"]
    principal = replace(call.principal, subject=call.body["person"], name="")
    case, event = new_case(call.platform, item, principal, call.body["answers"])
    rows = [case, event, intake_row(case.id, 1), *call.once.receipt({"id": str(case.id)})]
    await call.platform.store.commit(Write(rows=rows))
    return reply(call, {"id": str(case.id)}, status=201)


@hookimpl
def banshi_routes():
    return [
        Route(
            method="POST", path="/v1/program/cases", audience=Audience.INTEGRATOR, handler=hand_in, body=BODY,
            operation="hand_in", summary="Hand in.", tag="program", creates=True,
            answers={201: Answer(description="It is in."), 404: Answer(description="No such person.")},
        )
    ]
"""

SECRET = "bcs_" + "a" * 43


@dataclass
class City:
    """A platform with a real provider and a sandbox, each of which is a server here."""

    door: Door
    real: FcmSandbox
    sandbox: FcmSandbox

    async def program(self, mode: str = "test", *team: str) -> Person:
        """A client of that mode, signed in."""
        door, part = self.door, "banshi_plugins.clients."
        models, digest = (importlib.import_module(part + name) for name in ("models", "tokens"))
        now = door.platform.now()
        one = models.ApiClient(id=f"bc_{mode}", name="Parking", contact="x", mode=mode, created_at=now, scopes=[])
        one.team = list(team)
        secret = SECRET + mode
        row = models.ClientSecret(digest=digest.digest_of(secret), client=one.id, created_at=now)
        await door.platform.store.commit(Write(rows=[one, row]))
        form = urlencode({"grant_type": "client_credentials", "client_id": one.id, "client_secret": secret})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        token = (await door.anyone.call("POST", "/oauth/token", data=form.encode(), headers=headers)).ok()
        return door.bearing(token["access_token"])


@pytest.fixture
async def phone() -> dict[str, str]:
    return {"provider": "fcm", "token": "phone-of-wang", "platform": "android", "language": "en"}


@pytest.fixture
def open_city(tmp_path: Path, sandbox: FcmSandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    @asynccontextmanager
    async def opened(*, database: str = "", has_sandbox: bool = True) -> AsyncIterator[City]:
        hurry(monkeypatch)
        program = tmp_path / "program"
        program.mkdir()
        (program / "__init__.py").write_text(PROGRAM, encoding="utf-8")
        plugins = {**PLUGINS, "clients": CLIENTS, "program": program}
        async with AsyncExitStack() as stack:
            second = await stack.enter_async_context(FcmSandbox())
            tables = {
                name: {"service_account_file": str(one.service_account_file(tmp_path / name)), "base_url": one.base_url}
                for name, one in (("real", sandbox), ("second", second))
            }
            settings = {"fcm": tables["real"], **({"sandbox": {"fcm": tables["second"]}} if has_sandbox else {})}
            kernel = {"database": database} if database else {}
            door = open_door(tmp_path, plugins, settings={"mobile_push": settings}, platform=kernel)
            yield City(await stack.enter_async_context(door), sandbox, second)

    return opened


async def test_a_test_client_s_case_is_marked_pushed_to_the_sandbox_alone_and_gone_after_its_days(
    open_city: Callable[..., Any], database: str, phone: dict[str, str], answers: Any
) -> None:
    async with open_city(database=database) as city:
        door, wang = city.door, city.door.citizen("wang")
        (await wang.post("/v1/devices", phone)).created()
        program = await city.program()
        body = {"person": "wang", "answers": await answers(wang)}
        made = (await program.post("/v1/program/cases", body, key="k")).created()["id"]
        await until(lambda: city.sandbox.received)
        case = (await wang.get(f"/v1/cases/{made}")).ok()
        assert case["mode"] == "test"
        (told,) = (await wang.get("/v1/inbox")).ok()["items"]
        assert (told["mode"], told["link"]) == ("test", f"/v1/cases/{made}")
        (pushed,) = city.sandbox.received
        assert (pushed.token, pushed.message["data"]["message_id"]) == (phone["token"], told["id"])
        await until(lambda: Delivery.filter(provider="fcm-sandbox", state="sent").exists())

        # What is live goes the other way, at the same time.
        live = (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)})).created()
        await until(lambda: city.real.received)
        assert [one.message["data"]["link"] for one in city.real.received] == [f"/v1/cases/{live['id']}"]
        assert len(city.sandbox.received) == 1
        assert set((await wang.get("/v1/inbox")).ok()["items"][-1].items()) >= {("mode", "live"), ("seq", 2)}

        await door.settled()
        assert await tables_with(door, made, case["number"]) >= {"banshi_case", "push_inbox_message"}
        now = door.platform.now()
        door.platform.now = lambda: now + timedelta(days=7, seconds=1)
        await tidy(door.platform)
        assert await tables_with(door, made, case["number"], told["id"]) == set()
        assert await tables_with(door, live["id"]) >= {"banshi_case", "push_inbox_message"}
        assert [one["seq"] for one in (await wang.get("/v1/inbox")).ok()["items"]] == [2]
        assert (await wang.get("/v1/inbox/unread")).ok() == {"unread": 1}


async def test_without_a_sandbox_a_test_message_goes_over_no_network_and_is_still_in_the_inbox(
    open_city: Callable[..., Any], phone: dict[str, str], answers: Any
) -> None:
    async with open_city(has_sandbox=False) as city:
        door, wang = city.door, city.door.citizen("wang")
        (await wang.post("/v1/devices", phone)).created()
        code = with_mode(door, "zone-pass", "test")
        (await wang.post(f"/v1/items/{code}/cases", {"answers": await answers(wang)})).created()
        await until(lambda: Delivery.filter(state="sandbox", code="sandboxed").exists())
        assert [one["mode"] for one in (await wang.get("/v1/inbox")).ok()["items"]] == ["test"]
        assert attempts(door.platform.metrics, "fcm", "sandboxed") == 1
        # What is live is sent behind it, so nothing of it can still be on its way.
        (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)})).created()
        await until(lambda: city.real.received)
        assert len(city.real.received) == 1
        assert not city.sandbox.received
        await until(lambda: Delivery.filter(state="sent").exists())
        assert await Delivery.filter(state="due").count() == 0


async def test_a_team_client_s_case_is_pushed_for_real_and_made_for_its_team_alone(
    open_city: Callable[..., Any], phone: dict[str, str], answers: Any
) -> None:
    async with open_city() as city:
        wang = city.door.citizen("wang")
        (await wang.post("/v1/devices", phone)).created()
        program = await city.program("team", "wang")
        given = await answers(wang)
        (await program.post("/v1/program/cases", {"person": "zhao", "answers": given})).problem(404, "not-found")
        made = (await program.post("/v1/program/cases", {"person": "wang", "answers": given})).created()["id"]
        await until(lambda: city.real.received)
        assert (await wang.get(f"/v1/cases/{made}")).ok()["mode"] == "team"
        assert not city.sandbox.received


async def test_a_sandbox_that_knows_no_such_phone_makes_no_phone_be_forgotten(
    open_city: Callable[..., Any], phone: dict[str, str], answers: Any
) -> None:
    async with open_city() as city:
        wang, code = city.door.citizen("wang"), with_mode(city.door, "zone-pass", "test")
        (await wang.post("/v1/devices", phone)).created()
        city.sandbox.behaviour = Behaviour(unregistered=frozenset({phone["token"]}))
        (await wang.post(f"/v1/items/{code}/cases", {"answers": await answers(wang)})).created()
        await until(lambda: Delivery.filter(provider="fcm-sandbox", state="failed", code="UNREGISTERED").exists())
        assert [device.token for device in await Device.all()] == [phone["token"]]


async def test_phones_register_for_no_sandbox_and_broadcasts_go_by_none(open_city: Callable[..., Any]) -> None:
    async with open_city() as city:
        phone = {"provider": "fcm-sandbox", "token": "t", "platform": "android", "language": "en"}
        (await city.door.citizen("wang").post("/v1/devices", phone)).problem(422, "invalid-fields")
        assert city.door.platform[PUSH].couriered == ["fcm"]


async def test_an_older_server_beside_this_one_reads_what_is_live_and_nothing_else(door: Door) -> None:
    """A rolling update: whoever knows no modes would push a test message for real, so it must not read one."""
    rows = {
        mode: message_rows(door.platform, new_message(mode=mode), "d")[0].payload for mode in ("live", "team", "test")
    }
    assert ["mode" in payload for payload in rows.values()] == [False, True, True]
    for mode, payload in rows.items():
        assert message_of({**payload, "created_at": datetime.now(UTC).isoformat()}).mode == mode


# -- settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("https://fcm.googleapis.com/v1/projects", "Google's own"),
        ("https://GOOGLEAPIS.com/v1/projects", "Google's own"),
        ("http://sandbox.example/v1/projects", "https"),
    ],
)
def test_a_sandbox_s_address_is_no_provider_s_and_in_nobody_s_ears(address: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=why):
        SandboxSettings(fcm=FcmSettings(tmp_path / "key", base_url=address))
    with pytest.raises(ValueError, match=why):
        SandboxSettings(webpush=address)


def test_the_sandbox_is_not_the_provider_itself(tmp_path: Path) -> None:
    fcm = FcmSettings(tmp_path / "key", base_url="http://127.0.0.1:9/v1/projects")
    with pytest.raises(ValueError, match="running sandbox"):
        PushSettings(fcm=fcm, sandbox=SandboxSettings(fcm=fcm))


async def test_the_real_project_s_key_is_not_shown_to_a_sandbox(tmp_path: Path, sandbox: FcmSandbox) -> None:
    """With it, the sandbox would be given tokens that Google takes: the start is refused before any is asked for."""
    key = sandbox.service_account_file(tmp_path / "key.json")
    key.write_text(key.read_text().replace(f"{sandbox.url}/token", "https://oauth2.googleapis.com/token"))
    settings = {"sandbox": {"fcm": {"service_account_file": str(key), "base_url": sandbox.base_url}}}
    with pytest.raises(ConfigurationError, match=r"sandbox-credentials.*the sandbox has written"):
        async with open_door(tmp_path, {"mobile_push": "mobile_push"}, settings={"mobile_push": settings}):
            pass
    assert sandbox.token_requests == 0


async def test_a_browser_s_test_messages_come_to_the_web_push_sandbox_and_its_real_ones_to_its_own_service(
    tmp_path: Path, answers: Any
) -> None:
    """Under the same id each time, with our signature; what is in it only the browser could read."""
    key = tmp_path / "key.pem"
    write_key(key)
    async with WebPushSandbox() as real, WebPushSandbox() as second:
        webpush = {"private_key_file": str(key), "contact": "mailto:ops@city.example", "loopback": True}
        settings = {"webpush": webpush, "sandbox": {"webpush": second.url}}
        async with open_door(tmp_path, PLUGINS, settings={"mobile_push": settings}) as door:
            wang, public = door.citizen("wang"), (await door.anyone.get("/v1/push/webpush-key")).ok()
            phone = {"provider": "webpush", "platform": "web", "language": "en"}
            subscription = real.subscribe(next(iter(public.values())))
            (await wang.post("/v1/devices", {**phone, "subscription": subscription})).created()
            code = with_mode(door, "zone-pass", "test")
            for one in (code, code, "zone-pass"):
                (await wang.post(f"/v1/items/{one}/cases", {"answers": await answers(wang)})).created()
            await until(lambda: len(second.received) == 2 and real.received)
            assert len({one.subscription for one in second.received}) == 1
            assert {one.text for one in second.received} == {b""}
            assert [one.message["kind"] for one in real.received] == ["case"]
            assert second.answers == {201: 2}


# -- the provider ------------------------------------------------------------------------------------------------------


async def test_a_sandbox_s_word_on_a_phone_is_about_the_message_alone() -> None:
    class Inner:
        name, at_once, per_second, one_service, longest_send = "fcm", 2, 3.0, True, 4.0

        async def send(self, *_: Any) -> Receipt:
            return Receipt(Outcome.DEAD_TOKEN, "UNREGISTERED")

    one: Any = Sandboxed(Inner())  # type: ignore[arg-type]
    assert await one.send(push(), "t") == Receipt(Outcome.REJECTED, "UNREGISTERED")
    assert (one.name, one.at_once, one.per_second) == ("fcm-sandbox", 2, 3.0)
    assert (one.one_service, one.longest_send) == (True, 4.0)


def attempts(metrics: CollectorRegistry, provider: str, outcome: str) -> float:
    labels = {"provider": provider, "outcome": outcome, "code": outcome}
    return metrics.get_sample_value("banshi_push_attempts_total", labels) or 0.0

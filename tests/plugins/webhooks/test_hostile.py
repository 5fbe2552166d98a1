"""What webhooks promise where somebody means harm: bad receivers, addresses and requests, and others' webhooks."""

from __future__ import annotations

import asyncio
import importlib
import json
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import trustme

from banshi.testing import Door
from tests.plugins.webhooks_city import (
    Got,
    client,
    happen,
    made,
    office,
    open_city,
    part,
    receiving,
    subscribed,
    until,
)
from tests.servers import hostile_server

# -- receivers ---------------------------------------------------------------------------------------------------------


async def test_receivers_that_misbehave_delay_no_other_by_a_second(tmp_path: Path) -> None:
    """One that hangs, one that answers 500, one that redirects inside, one whose certificate ended, one of a GiB."""
    authority = trustme.CA()
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    bad = [
        (hostile_server.hangs, False, "timeout"),
        (hostile_server.answers_500, False, "status-500"),
        (hostile_server.redirects_inside, False, "status-307"),
        (hostile_server.answers_500, True, "certificate"),
        (hostile_server.sends_a_gibibyte, False, "too-long"),
    ]
    rules = {"outgoing": {"networks": ["127.0.0.0/8"], "ca_file": str(file)}}
    async with open_city(tmp_path, rules, timeout=1.0) as door, AsyncExitStack() as stack:
        program = await client(door)
        good = await stack.enter_async_context(receiving())
        await made(program, good)
        models, codes = part("models"), {}
        for behaviour, expired, code in bad:
            url = await stack.enter_async_context(hostile_server.serving(behaviour, authority, expired=expired))
            webhook = (await program.post("/v1/webhooks", {"url": url})).created()
            assert webhook["state"] == "unproven"
            codes[webhook["id"]] = code
        # They said yes when they were asked, and misbehave since.
        await models.Subscription.filter(state="unproven").update(state="active")
        office(door).changed()
        await until(lambda: len(office(door).receivers) == 6)
        late = []
        for version in range(1, 41):
            begun = time.monotonic()
            event = await happen(door, "case", version)
            await until(lambda event=event: event in good.ids)
            late.append(time.monotonic() - begun)
        print(f"the good receiver waited {max(late):.3f} s at most")
        assert max(late) < 1.0
        assert good.ids == [f"case-{version}" for version in range(1, 41)]
        for name, code in codes.items():
            await until(lambda name=name: _one(door, name).standing.failures)
            assert _one(door, name).standing.code == code


def _one(door: Door, name: str) -> Any:
    return next(one for one in office(door).receivers.values() if str(one.row.id) == name)


async def test_a_receiver_that_fails_at_everything_is_left_alone_as_a_whole(city: Door) -> None:
    """Whatever happens meanwhile, it is asked once a rest, and memory holds no more than a window of events."""
    async with subscribed(city, answer=lambda _: (500, {})) as (_, receiver, _):
        for number in range(400):
            await happen(city, f"case-{number}", 1)
        await city.settled()
        one = next(iter(office(city).receivers.values()))
        await until(lambda: one.standing.probing and not one._sending)
        tried = len(receiver.got)
        assert tried <= 5 + office(city).settings.at_once
        assert one.waiting <= 512
        await asyncio.sleep(0.3)  # nothing comes: there is no sign to wait for
        assert len(receiver.got) == tried


async def test_a_name_that_leads_inside_is_refused_when_it_is_asked_and_when_it_is_sent_to(tmp_path: Path) -> None:
    async with receiving() as receiver, open_city(tmp_path, {"outgoing": {"networks": []}}) as door:
        program = await client(door)
        url = receiver.url.replace("http://127.0.0.1", "https://localhost")
        webhook = await made(program, url)
        assert webhook["state"] == "unproven"
        assert "not on the internet" in webhook["reason"]
        # As if the name had led elsewhere when it was asked.
        await part("models").Subscription.all().update(state="active")
        told = (await program.post(f"/v1/webhooks/{webhook['id']}/actions/test")).ok()
        assert (told["delivered"], told["outcome"]) == (False, "forbidden-address")
        assert (receiver.asked, receiver.got) == ([], [])


async def test_one_client_has_one_receiver_asked_at_a_time(city: Door) -> None:
    program = await client(city)
    go = asyncio.Event()

    async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await go.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nWebHook-Allowed-Origin: *\r\nContent-Length: 0\r\n\r\n")

    server = await asyncio.start_server(waits, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    first = asyncio.create_task(program.post("/v1/webhooks", {"url": url}))
    await until(lambda: office(city).asking)
    refused = await program.post("/v1/webhooks", {"url": url})
    assert refused.problem(429, "too-many-requests")
    assert refused.headers["Retry-After"] == "1"
    go.set()
    assert (await first).created()["state"] == "active"
    server.close()


# -- requests ----------------------------------------------------------------------------------------------------------

URL = "https://receiver.example/hook"

WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"url": "http://receiver.example/"}, "/url", "url"),
    ({"url": "https://169.254.169.254/latest/meta-data/"}, "/url", "url"),
    ({"url": "https://[::1]/"}, "/url", "url"),
    ({"url": "https://user:secret@receiver.example/"}, "/url", "url"),
    ({"url": "https://receiver.example/" + "a" * 3000}, "/url", "maxLength"),
    ({"url": URL, "types": ["banshi.case.aprove"]}, "/types/0", "unknown"),
    ({"url": URL, "types": ["*"]}, "/types/0", "unknown"),
    ({"url": URL, "types": [f"t{number}" for number in range(1000)]}, "/types", "maxItems"),
    ({"url": URL, "departments": ["parcs"]}, "/departments/0", "unknown"),
    ({"url": URL, "departments": ["roads"]}, "/departments/0", "scope"),
    ({"url": URL, "items": ["roads-permit"]}, "/items/0", "scope"),
    ({"url": URL, "items": ["x" * 500]}, "/items/0", "maxLength"),
    ({"url": URL, "name": "a\nb"}, "/name", "name"),
    ({"url": URL, "secret": "geheim"}, "/secret", "secret"),
    ({"url": URL, "secret": "whsec_" + "QUFB"}, "/secret", "secret"),
    ({"url": URL, "mode": "carrier-pigeon"}, "/mode", "enum"),
    ({"url": URL, "state": "active"}, "/state", "additionalProperties"),
    ({}, "/url", "required"),
]


async def test_what_can_be_no_webhook_is_told_so_and_nothing_is_asked(city: Door) -> None:
    program = await client(city, "webhooks:parks")
    for body, pointer, code in WRONG:
        problem = (await program.post("/v1/webhooks", body)).problem(422, "invalid-fields")
        assert (pointer, code) in [(one["pointer"], one["code"]) for one in problem["problems"]], (body, problem)
    problem = (await program.post("/v1/webhooks", WRONG[5][0])).document["problems"][0]
    assert problem["detail"].endswith("did you mean banshi.case.approve?")
    assert "geheim" not in str((await program.post("/v1/webhooks", WRONG[13][0])).document)
    assert await part("models").Subscription.all().count() == 0


async def test_a_client_has_so_many_webhooks_at_most(tmp_path: Path) -> None:
    async with open_city(tmp_path, per_client=2) as door, receiving() as receiver:
        program = await client(door)
        for _ in range(2):
            await made(program, receiver)
        reply = await program.post("/v1/webhooks", {"url": receiver.url}, headers={"Accept-Language": "en"})
        problem = reply.problem(409, "conflict")
        assert "delete one" in problem["detail"]


async def test_a_request_that_is_sent_twice_makes_one_webhook_with_one_secret(city: Door) -> None:
    program = await client(city)
    async with receiving() as receiver:
        first, second = [(await program.post("/v1/webhooks", {"url": receiver.url}, key="k")).created() for _ in "12"]
        # The secret isn't kept with the stored answer: whoever lost it takes another.
        assert first.pop("secret")
        assert first == second
        assert len((await program.get("/v1/webhooks")).ok()["items"]) == 1


async def test_what_is_made_up_is_told_to_test_clients_alone(city: Door) -> None:
    live, trying = await client(city), await client(city, name="bc_2", mode="test")
    async with receiving() as real, receiving() as test:
        await made(live, real)
        await made(trying, test)
        made_up = await happen(city, "a", 1, data={"mode": "test"})
        happened = await happen(city, "b", 1, data={"mode": "live"})
        await until(lambda: sorted(test.ids) == [made_up, happened])
        await until(lambda: real.ids == [happened])


async def test_no_secret_is_in_the_tables(city: Door) -> None:
    program = await client(city)
    async with receiving() as receiver:
        webhook = (await program.post("/v1/webhooks", {"url": receiver.url}, key="k")).created()
        rotated = (await program.post(f"/v1/webhooks/{webhook['id']}/actions/rotate", {})).ok()
        run = city.platform.store.connection.execute_query_dict
        for kept in ("SELECT secrets FROM webhooks_subscription", "SELECT body FROM banshi_idempotency_key"):
            stored = str(await run(kept))
            assert stored
            assert webhook["secret"] not in stored
            assert rotated["secret"] not in stored


async def test_another_client_s_webhook_does_not_exist(city: Door) -> None:
    owner, other = await client(city), await client(city, name="bc_2")
    async with receiving() as receiver:
        webhook = await made(owner, receiver)
        here = f"/v1/webhooks/{webhook['id']}"
        span = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}
        bodies: dict[str, Any] = {"replay": span}
        for action in ("pause", "resume", "rotate", "test", "replay"):
            (await other.post(f"{here}/actions/{action}", bodies.get(action))).problem(404, "not-found")
        for method, path, rest in (
            ("GET", here, {}),
            ("GET", f"{here}/deliveries", {}),
            ("DELETE", here, {}),
            ("PATCH", here, {"json": {"name": "mine"}}),
        ):
            (await other.call(method, path, **rest)).problem(404, "not-found")
        assert (await other.get("/v1/webhooks")).ok()["items"] == []
        assert (await owner.get(here)).ok()["name"] == ""
        assert receiver.got == []


async def test_a_span_that_is_none_and_a_cursor_that_is_none_are_told_so(city: Door) -> None:
    async with subscribed(city) as (program, _, webhook):
        here = f"/v1/webhooks/{webhook['id']}"
        for span in (
            {"from": "yesterday", "to": "2026-01-02T00:00:00Z"},
            {"from": "0001-01-01T00:00:00+23:59", "to": "2026-01-02T00:00:00Z"},
            {"from": "2026-01-01T00:00:00Z"},
        ):
            (await program.post(f"{here}/actions/replay", span)).problem(422, "invalid-fields")
        (await program.get(f"{here}/deliveries?cursor=%C2%B2")).problem(400, "invalid-parameter")
        (await program.get(f"{here}/deliveries?cursor={'9' * 40}")).problem(400, "invalid-parameter")
        nothing = {"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"}
        assert (await program.post(f"{here}/actions/replay", nothing)).document["events"] == 0


async def test_another_address_is_asked_first_and_other_wishes_count_from_now(city: Door) -> None:
    program = await client(city)
    async with receiving() as before, receiving(allows=None) as after:
        webhook = await made(program, before)
        here = f"/v1/webhooks/{webhook['id']}"
        changed = (await program.call("PATCH", here, json={"url": after.url, "name": "new"})).ok()
        assert (changed["state"], changed["name"], len(after.asked)) == ("unproven", "new", 1)
        after.allows = {"WebHook-Allowed-Origin": "*"}
        (await program.post(f"{here}/actions/resume")).ok()
        changed = (await program.call("PATCH", here, json={"types": ["banshi.case.refuse"], "mode": "batch"})).ok()
        assert (changed["mode"], changed["state"]) == ("batch", "active")
        await until(lambda: [type(one).__name__ for one in office(city).receivers.values()] == ["Batches"])
        await happen(city, "a", 1)
        await happen(city, "b", 1, type="banshi.case.refuse")
        await until(lambda: after.got)
        assert before.got == []
        assert b'"b-1"' in after.got[0].body
        assert b'"a-1"' not in after.got[0].body


def test_every_value_can_be_a_header() -> None:
    """The HTTP binding's percent-encoding, in both directions, as CloudEvents' own SDK reads it."""
    cloudevents = importlib.import_module("plugins.integrations.webhooks.events.cloudevents")
    for text in ("plain", 'a "b" 100%', "公园 \U0001f600", "a\r\nX-Evil: 1", "~!#$&'()*+,/:;=?@[]"):
        event = {"specversion": "1.0", "id": text, "source": "/v1/cases", "type": "t", "subject": text}
        document = json.dumps({**event, "datacontenttype": "application/json", "data": {"n": 1}}).encode()
        headers, body = cloudevents.binary(document)
        assert all(value.isascii() and value.isprintable() and " " not in value for value in headers.values())
        read = Got(headers, body).event
        assert (read.get_id(), read.get_subject(), read.get_data()) == (text, text, {"n": 1})

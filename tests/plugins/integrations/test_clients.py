"""What integrators' clients promise: a program signs in with a secret that is kept nowhere, may do what its scopes say
and nothing of a person's, and can do nothing once it is revoked."""

from __future__ import annotations

import asyncio
import base64
import importlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError
from click import ClickException
from structlog.testing import capture_logs

from banshi import Write
from banshi.testing import Door, Reply, open_door
from tests.places import ROOT, TRAFFIC
from tests.plugins.beside import commanded

CLIENTS = ROOT / "plugins" / "integrations" / "clients"

#: A plugin with a route for programs, which asks for a verb and, itself, for the department.
REPORTS = """
from banshi import Answer, Audience, Forbidden, Parameter, Route, hookimpl, reply


async def show(call):
    if not call.client.may("reports", call.query["department"]):
        raise Forbidden("Not of that department.")
    return reply(call, {"to": call.client.name, "mode": call.client.mode})


@hookimpl
def banshi_routes():
    department = Parameter(name="department", schema={"type": "string"}, description="Whose report.")
    answers = {200: Answer(description="The report.")}
    return [
        Route(
            method="GET", path="/v1/reports", audience=Audience.INTEGRATOR, scope="reports", handler=show,
            operation="show_report", summary="Show a report.", tag="reports", parameters=[department], answers=answers,
        )
    ]
"""

SECRET = "bcs_" + "a" * 43


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[Door]:
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "__init__.py").write_text(REPORTS, encoding="utf-8")
    async with open_door(tmp_path, {"clients": CLIENTS, "reports": reports, "traffic": TRAFFIC}) as door:
        yield door


def part(name: str) -> Any:
    """A module of the plugin, as the platform has loaded it."""
    return importlib.import_module(f"banshi_plugins.clients.{name}")


async def made(door: Door, *scopes: str, name: str = "bc_1", secret: str = SECRET, mode: str = "live") -> str:
    """A client with these scopes and that secret; its name."""
    models, digest, now = part("models"), part("tokens").digest_of(secret), door.platform.now()
    one = models.ApiClient(id=name, name="Parking", contact="ops@example.com", mode=mode, created_at=now)
    one.scopes = sorted(scopes)
    row = models.ClientSecret(digest=digest, client=name, created_at=now)
    await door.platform.store.commit(Write(rows=[one, row]))
    return name


async def posted(door: Door, path: str, form: Any, headers: dict[str, str] | None = None) -> Reply:
    """A form to an OAuth endpoint, as bytes or as fields."""
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    told = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
    return await door.anyone.call("POST", path, data=body, headers=told)


def fields(*, secret: str = SECRET, **more: str) -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": "bc_1", "client_secret": secret, **more}


async def token_of(door: Door, **more: str) -> str:
    return str(json.loads((await posted(door, "/oauth/token", fields(**more))).body)["access_token"])


@pytest.fixture
def banshi(city: Door, tmp_path: Path) -> Callable[..., Awaitable[tuple[str, int]]]:
    return commanded(city, tmp_path, {"clients": CLIENTS, "reports": tmp_path / "reports"}, "client")


# -- the way of a program ----------------------------------------------------------------------------------------------


async def test_a_client_library_of_others_signs_in_by_the_metadata_and_calls_the_api(city: Door) -> None:
    await made(city, "reports:traffic")
    metadata = (await city.anyone.get("/.well-known/oauth-authorization-server")).ok()
    assert metadata["scopes_supported"] == ["reports"]
    for way in metadata["token_endpoint_auth_methods_supported"]:
        async with AsyncOAuth2Client("bc_1", SECRET, token_endpoint_auth_method=way) as program:
            token = await program.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
            assert (token["token_type"], token["expires_in"], token["scope"]) == ("Bearer", 3600, "reports:traffic")
            found = await program.get(f"{city.url}/v1/reports", params={"department": "traffic"})
            assert (found.status_code, found.json()) == (200, {"to": "Parking", "mode": "live"})
            await program.revoke_token(metadata["revocation_endpoint"], token["access_token"])
            assert (await program.get(f"{city.url}/v1/client")).status_code == 401


async def test_the_metadata_names_the_public_s_address_and_not_the_proxy_s(tmp_path: Path) -> None:
    here = "https://services.city.example"
    async with open_door(tmp_path, {"clients": CLIENTS}, platform={"address": here}) as door:
        metadata = (await door.anyone.get("/.well-known/oauth-authorization-server")).ok()
    named = [metadata[one] for one in ("issuer", "token_endpoint", "revocation_endpoint")]
    assert named == [here, f"{here}/oauth/token", f"{here}/oauth/revoke"]


async def test_the_commands_add_rotate_list_and_revoke_beside_a_server(city: Door, banshi: Any) -> None:
    """A secret is shown once. The one before stays good while the overlap lasts; revoked is revoked within seconds."""
    said, _ = await banshi("add", "Parking", "--contact", "ops@example.com", "--scope", "reports")
    name, first = (line.split()[1] for line in said.splitlines())
    token = await token_of(city, client_id=name, secret=first)
    said, _ = await banshi("rotate", name)
    second = said.splitlines()[1].split()[1]
    for secret in (first, second):
        assert (await posted(city, "/oauth/token", fields(client_id=name, secret=secret))).status == 200
    said, _ = await banshi("list")
    assert said.count("last used") == 2
    assert first not in said
    assert second not in said
    await banshi("revoke", name)
    part("tokens").REMEMBERED_S = 0.0
    city.platform[part("tokens").TOKENS]._remembered.clear()  # as after five seconds
    (await city.bearing(token).get("/v1/client")).problem(401, "unauthenticated")
    assert (await posted(city, "/oauth/token", fields(client_id=name, secret=second))).status == 401
    assert "was revoked" in (await banshi("rotate", name))[0]
    said, status = await banshi("add", "x", "--contact", "y", "--scope", "reporst")
    assert status == 1
    assert "there is no verb 'reporst'; there are: reports" in said


async def test_a_client_goes_live_beside_a_server_and_its_team_is_people(city: Door, banshi: Any) -> None:
    """What it is changes for running servers within seconds; who is on its team stays until another one is given."""
    said, _ = await banshi("add", "Parking", "--contact", "x", "--mode", "team", "--team", "zhao", "--team", "wang")
    name, secret = (line.split()[1] for line in said.splitlines())
    program = city.bearing(await token_of(city, client_id=name, secret=secret))
    assert (await program.get("/v1/client")).ok()["mode"] == "team"
    assert "team of wang, zhao  Parking" in (await banshi("list"))[0]
    said, _ = await banshi("mode", name, "live")
    assert said == f"{name} is live; running servers know it within 5 seconds\n"
    city.platform[part("tokens").TOKENS]._remembered.clear()  # as after five seconds
    assert (await program.get("/v1/client")).ok()["mode"] == "live"
    await banshi("mode", name, "team")
    row = await part("models").ApiClient.get(id=name)
    assert (row.mode, row.team) == ("team", ["wang", "zhao"])
    client = part("tokens").principal_of(row, [], city.platform.now()).client
    assert client.team == {"wang", "zhao"}
    digest, now = part("tokens").digest_of("bak_team"), city.platform.now()
    await part("models").ApiKey(digest=digest, name="bk_team", client=name, scopes=[], created_at=now).save()
    assert (await part("keys").holder(city.platform, "bak_team")).client.team == client.team


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--mode", "team"), "who is on the team"),
        (("--team", "wang"), "goes with the mode team, and not with test"),
        (("--mode", "team", "--team", "client:bc_2"), "give a person's subject"),
        (("--mode", "team", "--team", "wa\nng"), "give a person's subject"),
        (("--mode", "team", "--team", ""), "give a person's subject"),
    ],
)
def test_a_team_is_refused_that_could_be_nobody_s(words: tuple[str, ...], why: str) -> None:
    module = importlib.import_module("plugins.integrations.clients.commands")
    mode = words[1] if "--mode" in words else "test"
    team = words[words.index("--team") + 1 :] if "--team" in words else ()
    with pytest.raises(ClickException, match=why):
        module._check_team(mode, team, team)


async def test_nothing_in_the_database_is_a_secret_or_a_token(city: Door) -> None:
    await made(city)
    token = await token_of(city)
    connection = city.platform.store.connection
    for table in ("clients_client", "clients_secret", "clients_access_token"):
        rows = await connection.execute_query_dict(f"SELECT * FROM {table}")  # noqa: S608
        assert rows
        assert SECRET not in str(rows)
        assert token not in str(rows)


# -- what a token allows -----------------------------------------------------------------------------------------------


async def test_a_token_allows_what_was_asked_for_of_what_the_client_may_have(city: Door) -> None:
    await made(city, "reports")
    narrow = city.bearing(await token_of(city, scope="reports:traffic"))
    assert (await narrow.get("/v1/client")).ok()["scopes"] == ["reports:traffic"]
    (await narrow.get("/v1/reports?department=traffic")).ok()
    (await narrow.get("/v1/reports?department=parks")).problem(403, "forbidden")
    answer = await posted(city, "/oauth/token", fields(scope="reports services"))
    assert (answer.status, json.loads(answer.body)["error"]) == (400, "invalid_scope")


async def test_a_token_without_the_verb_is_told_which_scope_it_needs(city: Door) -> None:
    await made(city)
    answer = await city.bearing(await token_of(city)).get("/v1/reports?department=traffic")
    answer.problem(403, "insufficient-scope")
    assert 'error="insufficient_scope", scope="reports"' in answer.headers["WWW-Authenticate"]


async def test_a_scope_that_is_taken_from_the_client_is_gone_from_the_tokens_that_it_holds(city: Door) -> None:
    await made(city, "reports")
    program = city.bearing(await token_of(city))
    await part("models").ApiClient.filter(id="bc_1").update(scopes=[])
    (await program.get("/v1/reports?department=traffic")).problem(403, "insufficient-scope")


async def test_a_program_is_neither_citizen_nor_staff_and_no_person_is_a_program(city: Door) -> None:
    await made(city, "reports")
    program = city.bearing(await token_of(city))
    for path in ("/v1/cases", "/v1/worklist", "/v1/me/look-ups"):
        (await program.get(path)).problem(403, "forbidden")
    (await program.post("/v1/items/zone-pass/cases", {"answers": {}})).problem(403, "forbidden")
    for person in (city.citizen("wang"), city.staff("li", "traffic:approver"), city.officer("p", "traffic")):
        (await person.get("/v1/client")).problem(403, "forbidden")
    # An identity provider can't make a person into a client by its subject.
    (await city.citizen("client:bc_1").get("/v1/cases")).problem(401, "unauthenticated")


async def test_a_token_ends_and_is_cleared_away(city: Door) -> None:
    await made(city)
    program, real = city.bearing(await token_of(city)), city.platform.now
    (await program.get("/v1/client")).ok()
    city.platform.now = lambda: real() + timedelta(hours=1)
    (await program.get("/v1/client")).problem(401, "unauthenticated")
    await city.platform[part("tokens").TOKENS].tidy()
    assert await part("models").AccessToken.all().count() == 0


async def test_a_secret_that_was_rotated_ends_with_the_overlap(city: Door) -> None:
    await made(city)
    ends = city.platform.now() + timedelta(days=7)
    await part("models").ClientSecret.all().update(expires_at=ends)
    assert (await posted(city, "/oauth/token", fields())).status == 200
    city.platform.now = lambda: ends
    assert (await posted(city, "/oauth/token", fields())).status == 401


async def test_a_program_that_keeps_no_token_is_told_when_to_come_again(city: Door, monkeypatch: Any) -> None:
    monkeypatch.setattr(part("tokens"), "MAX_TOKENS", 2)
    await made(city)
    for _ in range(2):
        await token_of(city)
    answer = await posted(city, "/oauth/token", fields())
    answer.problem(429, "too-many-requests")
    assert 3500 < int(answer.headers["Retry-After"]) <= 3601


async def test_one_client_cannot_revoke_the_tokens_of_another(city: Door) -> None:
    await made(city)
    await made(city, name="bc_2", secret="bcs_other")
    token = await token_of(city)
    body = {"client_id": "bc_2", "client_secret": "bcs_other", "token": token}
    assert (await posted(city, "/oauth/revoke", body)).status == 200
    (await city.bearing(token).get("/v1/client")).ok()
    assert (await posted(city, "/oauth/revoke", fields(token="bat_none"))).status == 200


# -- what is refused ---------------------------------------------------------------------------------------------------


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


REFUSED: Sequence[Any] = [
    (b"", {}, 401, "invalid_client"),
    (fields(secret="wrong"), {}, 401, "invalid_client"),
    ({**fields(), "client_id": "bc_2"}, {}, 401, "invalid_client"),
    (fields(), basic(f"bc_1:{SECRET}"), 400, "invalid_request"),
    ({"grant_type": "client_credentials", "client_id": "bc_2"}, basic(f"bc_1:{SECRET}"), 400, "invalid_request"),
    ({"grant_type": "client_credentials"}, basic("bc_1"), 401, "invalid_client"),
    ({"grant_type": "client_credentials"}, {"Authorization": "Basic %%%"}, 401, "invalid_client"),
    ({"grant_type": "client_credentials"}, {"Authorization": "Bearer x"}, 401, "invalid_client"),
    ({"grant_type": "client_credentials"}, {"Authorization": "Basic /w=="}, 401, "invalid_client"),
    ({"grant_type": "password"}, basic(f"bc_1:{SECRET}"), 400, "unsupported_grant_type"),
    ({}, basic(f"bc_1:{SECRET}"), 400, "invalid_request"),
    (b"grant_type=client_credentials&grant_type=x", basic(f"bc_1:{SECRET}"), 400, "invalid_request"),
    (b"grant_type=%ff", basic(f"bc_1:{SECRET}"), 400, "invalid_request"),
    (b"&".join(b"a%d=1" % n for n in range(50)), basic(f"bc_1:{SECRET}"), 400, "invalid_request"),
    (b"a=" + b"x" * 9000, {}, 413, "invalid_request"),
    (fields(scope="\x00"), {}, 400, "invalid_scope"),
    (fields(scope="reports  x"), {}, 400, "invalid_scope"),
    (fields(), {"Content-Type": "application/json"}, 400, "invalid_request"),
]


async def test_what_is_wrong_is_refused_in_the_words_of_the_standard(city: Door) -> None:
    await made(city, "reports")
    for form, headers, status, error in REFUSED:
        with capture_logs() as lines:
            answer = await posted(city, "/oauth/token", form, headers)
        told = json.loads(answer.body)
        assert (answer.status, told["error"]) == (status, error), form
        assert [line["why"] for line in lines if line["event"] == "a program's sign-in is refused"] == [error]
        assert told["error_description"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    assert await part("models").AccessToken.all().count() == 0


async def test_a_token_of_bytes_that_are_no_text_is_none(city: Door) -> None:
    for prefix in (b"bat_", b"bak_", b"x"):
        answer = await by_hand(city, b"GET /v1/client", b"Authorization: Bearer " + prefix + b"\xff")
        assert answer.startswith(b"HTTP/1.1 401"), answer


async def test_an_address_that_is_no_text_is_told_to_nobody(city: Door) -> None:
    answer = await by_hand(city, b"GET /.well-known/oauth-authorization-server", b"Accept: */*", host=b"\xff")
    assert answer.startswith(b"HTTP/1.1 400"), answer
    assert b"malformed-request" in answer


async def by_hand(door: Door, line: bytes, header: bytes, host: bytes = b"city") -> bytes:
    """What is answered to a request of these bytes."""
    address = urlsplit(door.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    async with asyncio.timeout(10):
        writer.write(line + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n" + header + b"\r\n\r\n")
        answer = await reader.read()
    writer.close()
    return answer


async def test_a_library_of_others_understands_a_refusal(city: Door) -> None:
    await made(city)
    async with AsyncOAuth2Client("bc_1", "wrong") as program:
        with pytest.raises(OAuthError, match="invalid_client"):
            await program.fetch_token(f"{city.url}/oauth/token", grant_type="client_credentials")


async def test_a_client_that_is_revoked_while_it_signs_in_gets_nothing(city: Door, monkeypatch: Any) -> None:
    await made(city)
    models, sign_in = part("models"), part("oauth").signed_in

    async def late(*given: Any) -> Any:
        found = await sign_in(*given)
        await models.ApiClient.all().update(revoked_at=city.platform.now())
        return found

    monkeypatch.setattr(part("oauth"), "signed_in", late)
    answer = await posted(city, "/oauth/token", fields())
    assert (answer.status, json.loads(answer.body)["error"]) == (401, "invalid_client")
    assert await models.AccessToken.all().count() == 0

"""Signing people in ourselves: the authorization code flow at a real OpenID provider, and at ones that lie."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from aiohttp import web
from oidc_provider_mock import User, run_server_in_thread

from banshi import Unavailable
from banshi.builtin.sign_in.flow import ATTEMPT_LIFE_S, SIGN_IN, Attempt, SignIn, challenge_of
from banshi.builtin.sign_in.provider import ProviderAway, SignInFailed
from banshi.testing import Door, open_door
from tests.servers.issuer import AUDIENCE, TRAFFIC, Issuer
from tests.servers.ports import free_port

BACK = "https://services.city.example/back"
LOOPBACK = {"networks": ["127.0.0.0/8", "::1/128"]}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """oidc-provider-mock in a thread; it lets in clients that have registered alone."""
    people = [User(sub="wang", claims={"name": "王小明", "phone_number": "13900000001", "phone_number_verified": True})]
    with run_server_in_thread(user_claims=people, require_client_registration=True, require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


async def registered(session: aiohttp.ClientSession, provider: str, method: str = "client_secret_basic") -> Any:
    body = {"redirect_uris": [BACK], "token_endpoint_auth_method": method}
    async with session.post(f"{provider}/oauth2/clients", json=body) as answer:
        return await answer.json()


@asynccontextmanager
async def city_of(folder: Path, url: str, **identity: Any) -> AsyncIterator[tuple[Door, SignIn]]:
    table = {"issuer": url, "audience": AUDIENCE, **identity}
    platform = {"identity": table, "outgoing": LOOPBACK}
    async with open_door(folder, {"traffic": TRAFFIC}, platform=platform) as door:
        yield door, door.platform[SIGN_IN]


@pytest.fixture
async def city(tmp_path: Path, provider: str) -> AsyncIterator[tuple[Door, SignIn]]:
    async with aiohttp.ClientSession() as session:
        client = await registered(session, provider)
    names = {"client_id": client["client_id"], "client_secret": client["client_secret"]}
    async with city_of(tmp_path, provider, **names) as opened:
        yield opened


async def sent_back(door: Door, attempt: Attempt, subject: str = "wang") -> dict[str, str]:
    """What the provider sends somebody back with who signs in there."""
    sent = door.session.post(attempt.address, data={"sub": subject}, allow_redirects=False)
    async with sent as answer:
        where = urlsplit(answer.headers["Location"])
    assert f"{where.scheme}://{where.netloc}{where.path}" == BACK
    return dict(parse_qsl(where.query))


async def failed(sign_in: SignIn, kept: str, came: dict[str, str]) -> str:
    with pytest.raises(SignInFailed) as refused:
        await sign_in.end(kept, came, BACK)
    assert refused.value.in_languages
    return refused.value.detail


async def test_whoever_signs_in_at_the_provider_is_known_with_what_it_has_verified(
    city: tuple[Door, SignIn], provider: str
) -> None:
    door, sign_in = city
    attempt = await sign_in.begin(BACK, "a link")
    asked = dict(parse_qsl(urlsplit(attempt.address).query))
    assert asked["code_challenge_method"] == "S256"
    assert asked["prompt"] == "login"
    principal, about = await sign_in.end(attempt.kept, await sent_back(door, attempt), BACK)
    assert (principal.subject, principal.name, principal.phone) == ("wang", "王小明", "13900000001")
    assert about == "a link"
    assert sign_in.host == urlsplit(provider).netloc


async def test_what_the_browser_keeps_tells_it_nothing(city: tuple[Door, SignIn]) -> None:
    attempt = await city[1].begin(BACK, "a link")
    asked = dict(parse_qsl(urlsplit(attempt.address).query))
    for secret in (asked["state"], asked["nonce"], "verifier", "a link"):
        assert secret not in attempt.kept
    assert attempt.kept not in repr(attempt)


async def test_a_state_of_another_sign_in_is_refused(city: tuple[Door, SignIn]) -> None:
    """Else somebody could have another person end the sign-in that they began."""
    door, sign_in = city
    mine, theirs = await sign_in.begin(BACK, "mine"), await sign_in.begin(BACK, "theirs")
    came = await sent_back(door, theirs)
    assert "another sign-in" in await failed(sign_in, mine.kept, came)
    for state in ("", "é", came["state"][:-1]):
        assert "another sign-in" in await failed(sign_in, theirs.kept, {**came, "state": state})
    del came["state"]
    assert "another sign-in" in await failed(sign_in, theirs.kept, came)


async def test_a_code_is_good_once(city: tuple[Door, SignIn]) -> None:
    door, sign_in = city
    attempt = await sign_in.begin(BACK, "a link")
    came = await sent_back(door, attempt)
    await sign_in.end(attempt.kept, came, BACK)
    assert "used already" in await failed(sign_in, attempt.kept, came)
    assert "used already" in await failed(sign_in, attempt.kept, {**came, "code": "made-up"})


async def test_a_code_of_another_sign_in_is_refused_by_its_nonce(city: tuple[Door, SignIn]) -> None:
    """A stolen code that is put into another's way back: the state fits, the token's nonce doesn't."""
    door, sign_in = city
    mine, theirs = await sign_in.begin(BACK, "mine"), await sign_in.begin(BACK, "theirs")
    stolen, came = await sent_back(door, theirs), await sent_back(door, mine)
    assert "can't be trusted" in await failed(sign_in, mine.kept, {**came, "code": stolen["code"]})


async def test_what_somebody_made_up_or_kept_for_too_long_is_no_sign_in(city: tuple[Door, SignIn]) -> None:
    door, sign_in = city
    attempt = await sign_in.begin(BACK, "a link")
    came = await sent_back(door, attempt)
    for kept in ("", "made up", attempt.kept[:-4], sign_in.seal.sealed("whsec_x"), sign_in.seal.sealed("[1]")):
        assert "another browser" in await failed(sign_in, kept, came)
    late = replace(sign_in, clock=lambda: time.time() + ATTEMPT_LIFE_S + 1)
    assert "too long ago" in await failed(late, attempt.kept, came)
    assert "not signed in" in await failed(sign_in, attempt.kept, {"state": came["state"]})
    refused = {"state": came["state"], "error": "access_denied", "code": came["code"]}
    assert "not signed in" in await failed(sign_in, attempt.kept, refused)
    assert "another sign-in" in await failed(sign_in, attempt.kept, {**came, "iss": "https://evil.example"})


async def test_a_provider_that_is_away_is_said_to_be_away(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    async with city_of(tmp_path, nobody, client_id="banshi") as (_, sign_in):
        with pytest.raises(ProviderAway) as away:
            await sign_in.begin(BACK, "a link")
        assert isinstance(away.value, Unavailable)
        assert away.value.headers["Retry-After"]


async def test_without_a_client_nobody_is_led_anywhere(tmp_path: Path, provider: str) -> None:
    async with city_of(tmp_path, provider) as (_, sign_in):
        assert sign_in.host == ""
        with pytest.raises(SignInFailed, match="no client"):
            await sign_in.begin(BACK, "a link")
    async with open_door(tmp_path / "none", {"traffic": TRAFFIC}) as door:
        assert door.platform[SIGN_IN].host == ""


# -- a provider of our own making: what the real one doesn't look at, and what none should do ------------------------


class Codes(Issuer):
    """An issuer that takes codes, looks at PKCE and at the client's proof, and lies as a test says."""

    def __init__(self) -> None:
        super().__init__()
        self.challenge = self.nonce = ""
        self.seen: dict[str, str] = {}
        self.proof = ""
        self.claims: dict[str, Any] = {}
        self.answer: Any = None

    async def start(self, port: int = 0) -> None:
        await super().start(port)
        app = web.Application()
        app.router.add_post("/token", self._token)
        self._second = web.AppRunner(app)
        await self._second.setup()
        await web.TCPSite(self._second, "127.0.0.1", free_port()).start()
        self.codes = f"http://127.0.0.1:{self._second.addresses[0][1]}/token"
        self.configuration = {"authorization_endpoint": f"{self.url}/authorize?tenant=1", "token_endpoint": self.codes}

    async def stop(self) -> None:
        await self._second.cleanup()
        await super().stop()

    async def _token(self, request: web.Request) -> web.Response:
        self.seen = dict(parse_qsl((await request.read()).decode()))
        self.proof = request.headers.get("Authorization", "")
        if self.answer is not None:
            return web.Response(**self.answer)
        digest = hashlib.sha256(self.seen["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != self.challenge:
            return web.json_response({"error": "invalid_grant"}, status=400)
        header = self.claims.pop("header", None)
        return web.json_response({"id_token": self.token(header=header, **{"nonce": self.nonce, **self.claims})})

    def led(self, attempt: Attempt) -> dict[str, str]:
        asked = dict(parse_qsl(urlsplit(attempt.address).query))
        self.challenge, self.nonce = asked["code_challenge"], asked["nonce"]
        return {"state": asked["state"], "code": "c1"}


@pytest.fixture
async def codes() -> AsyncIterator[Codes]:
    one = Codes()
    await one.start()
    try:
        yield one
    finally:
        await one.stop()


@pytest.fixture
async def led(tmp_path: Path, codes: Codes) -> AsyncIterator[SignIn]:
    """Signing in at that provider."""
    async with city_of(tmp_path, codes.url, client_id=AUDIENCE) as (_, sign_in):
        yield sign_in


async def test_the_verifier_is_the_one_that_was_asked_for(codes: Codes, led: SignIn) -> None:
    """RFC 7636, appendix B, and a provider that holds the two against each other."""
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    attempt = await led.begin(BACK, "x")
    assert "tenant=1" in attempt.address
    principal, _ = await led.end(attempt.kept, codes.led(attempt), BACK)
    assert principal.subject == "wang"
    assert codes.seen["redirect_uri"] == BACK
    assert (codes.seen["client_id"], codes.proof) == (AUDIENCE, "")
    codes.challenge = challenge_of("another")
    attempt = await led.begin(BACK, "x")
    came = codes.led(attempt)
    codes.challenge = challenge_of("another")
    assert "used already" in await failed(led, attempt.kept, came)


async def test_a_client_proves_itself_as_the_provider_wants_it(
    tmp_path: Path, codes: Codes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By Basic where nothing is said, else in the form; the secret may stand in the environment."""
    monkeypatch.setenv("SIGN_IN_SECRET", "s:1 %")
    async with city_of(tmp_path, codes.url, client_secret="env:SIGN_IN_SECRET") as (door, sign_in):
        attempt = await sign_in.begin(BACK, "x")
        await sign_in.end(attempt.kept, codes.led(attempt), BACK)
        assert base64.b64decode(codes.proof.removeprefix("Basic ")) == b"banshi:s%3A1+%25"
        assert "client_secret" not in codes.seen
        assert "s:1 %" not in repr(door.platform.settings)
    codes.configuration["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    async with city_of(tmp_path / "post", codes.url, client_secret="env:SIGN_IN_SECRET") as (_, sign_in):
        attempt = await sign_in.begin(BACK, "x")
        await sign_in.end(attempt.kept, codes.led(attempt), BACK)
        assert (codes.seen["client_secret"], codes.proof) == ("s:1 %", "")


async def test_a_token_that_is_not_for_this_sign_in_lets_nobody_in(codes: Codes, led: SignIn) -> None:
    wrong: list[dict[str, Any]] = [
        {"aud": "some-game"},
        {"aud": [AUDIENCE, "some-game"], "azp": "some-game"},
        {"iss": "https://evil.example"},
        {"nonce": None},
        {"nonce": "another"},
        {"exp": 1},
        {"sub": "client:x"},
        {"events": {}},
        {"header": {"typ": "at+jwt"}},
        {"header": {"typ": "logout+jwt"}},
    ]
    told = {}
    for claims in wrong:
        attempt = await led.begin(BACK, "x")
        codes.claims = dict(claims)
        told[str(claims)] = await failed(led, attempt.kept, codes.led(attempt))
    assert not [claims for claims, why in told.items() if "can't be trusted" not in why]


async def test_nonsense_in_place_of_a_token_is_a_provider_that_is_away(codes: Codes, led: SignIn) -> None:
    for answer in (
        {"status": 500},
        {"status": 401},
        {"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}},
        {"status": 200, "text": "[" * 100_000},
        {"status": 200, "text": "[]"},
        {"status": 200, "text": '{"id_token": 5}'},
        {"status": 200, "body": b"x" * 2_000_000},
    ):
        attempt = await led.begin(BACK, "x")
        codes.answer = answer
        with pytest.raises(ProviderAway):
            await led.end(attempt.kept, codes.led(attempt), BACK)


@pytest.mark.parametrize(
    "configuration",
    [
        {"issuer": "https://evil.example"},
        {"authorization_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "ftp://127.0.0.1/"},
        {"token_endpoint": "http://10.0.0.1/token"},
    ],
    ids=str,
)
async def test_a_configuration_that_leads_elsewhere_is_not_followed(
    codes: Codes, led: SignIn, configuration: dict[str, Any]
) -> None:
    codes.configuration |= configuration
    with pytest.raises(ProviderAway):
        await led.begin(BACK, "x")

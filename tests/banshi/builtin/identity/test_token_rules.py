"""What an issuer has signed and what lets nobody in all the same, and keys that are withdrawn, old or weak."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import RSAKey
from structlog.testing import capture_logs

from banshi.builtin.identity import jwks
from banshi.builtin.identity.development import development_token
from banshi.kernel.http.callers import TOKENS
from banshi.kernel.loading.outside_systems import Identity
from tests.banshi.builtin.identity.conftest import World, left, together
from tests.servers.issuer import AUDIENCE, RSA_KEYS, WORK, Issuer, ask, platform_of, refused

#: The claim by which a logout token is known (OpenID Connect Back-Channel Logout 1.0, section 2.4).
LOGOUT = {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}


# -- tokens --------------------------------------------------------------------------------------------------------


@together
@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/JWT", ""])
async def test_a_token_of_a_type_for_access_lets_its_bearer_in(world: World, kind: str) -> None:
    """RFC 9068 section 4, RFC 7519 section 5.1; many providers write none."""
    issuer, door = world
    (await ask(door, issuer.token(header={"typ": kind}))).ok()


@together
@pytest.mark.parametrize(
    "kind",
    [
        "logout+jwt",
        "application/logout+jwt",
        "secevent+jwt",
        "dpop+jwt",
        "token-introspection+jwt",
        "oauth-authz-req+jwt",
        "client-authentication+jwt",
        "kb+jwt",
        "dc+sd-jwt",
        "JOSE",
        "application/application/jwt",
        "jwt ",
    ],
)
async def test_a_token_of_another_type_lets_nobody_in(world: World, kind: str) -> None:
    """RFC 8725 section 3.11: whatever else the issuer signs is told apart by its type."""
    issuer, door = world
    assert "type" in await refused(door, issuer.token(header={"typ": kind}))


@together
@pytest.mark.parametrize("kind", ["logout+jwt", "JWT", ""])
async def test_a_logout_token_lets_nobody_in_however_it_is_typed(world: World, kind: str) -> None:
    issuer, door = world
    assert "not accepted" in await refused(door, issuer.token(header={"typ": kind}, **LOGOUT))


@together
@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"iss": "https://id.example.org"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"iss": ["x"]}, "issuer"),
        ({"aud": "other"}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": {AUDIENCE: 1}}, "audience"),
        ({"exp": 1}, "expired"),
        ({"exp": None}, "expired"),
        ({"exp": True}, "expired"),
        ({"exp": "2099-01-01"}, "expired"),
        ({"exp": float("inf")}, "expired"),
        ({"exp": float("nan")}, "expired"),
        ({"exp": -1}, "expired"),
        ({"nbf": 4_000_000_000}, "not valid yet"),
        ({"nbf": "soon"}, "not valid yet"),
        ({"nbf": float("nan")}, "not valid yet"),
        ({"sub": None}, "subject"),
        ({"sub": ""}, "subject"),
        ({"sub": 7}, "subject"),
        ({"sub": "x" * 256}, "subject"),
        ({"sub": "wang\0"}, "subject"),
        ({"sub": "\ud800"}, "subject"),
        ({"sub": "wang\r\nX: y"}, "subject"),
        ({"banshi_roles": ["Verkehr"]}, "banshi_roles"),
        ({"banshi_roles": {"traffic": "approver"}}, "banshi_roles"),
        ({"banshi_roles": "traffic:approver traffic:reviewer"}, "banshi_roles"),
        ({"banshi_roles": 5}, "banshi_roles"),
        ({"banshi_roles": ["Verkehr/Leitung"]}, "banshi_roles"),
        ({"exp": 4_000_000_000}, "longer than 86400 seconds"),
        ({"exp": 2**53 - 1}, "longer than 86400 seconds"),
        ({"iat": 0}, "longer than 86400 seconds"),
        ({"iat": None, "exp": 4_000_000_000}, "longer than 86400 seconds"),
        ({"iat": 4_000_000_000}, "not valid yet"),
        ({"iat": "today"}, "not valid yet"),
        ({"iat": True}, "not valid yet"),
        ({"iat": -1}, "not valid yet"),
        ({"banshi_roles": {}}, "banshi_roles"),
        ({"banshi_roles": 0}, "banshi_roles"),
        ({"banshi_roles": False}, "banshi_roles"),
        ({"banshi_roles": True}, "banshi_roles"),
        ({"banshi_roles": 1.5}, "banshi_roles"),
        ({"banshi_roles": {"traffic:approver": True}}, "banshi_roles"),
        ({"banshi_roles": ""}, "banshi_roles"),
        ({"banshi_roles": [""]}, "banshi_roles"),
        ({"banshi_roles": [None]}, "banshi_roles"),
        ({"banshi_roles": [{}]}, "banshi_roles"),
        ({"banshi_roles": [["traffic:approver"]]}, "banshi_roles"),
        ({"aud": ""}, "audience"),
        ({"aud": [""]}, "audience"),
        ({"aud": [[AUDIENCE]]}, "audience"),
    ],
)
async def test_a_claim_that_is_wrong_is_named(world: World, claims: dict[str, Any], told: str) -> None:
    """However well the token is signed, it is refused, and its bearer is told which claim it is."""
    issuer, door = world
    assert told in await refused(door, issuer.token(**claims))


@together
@pytest.mark.parametrize("roles", [None, []])
async def test_somebody_without_roles_is_a_citizen(world: World, roles: Any) -> None:
    """Whoever has none is none of the staff; whoever has some that can't be read is nobody (above)."""
    issuer, door = world
    token = issuer.token(banshi_roles=roles)
    (await ask(door, token)).ok()
    (await ask(door, token, WORK)).problem(403, "forbidden")


async def test_how_long_a_token_may_live_is_the_operator_s_to_say(tmp_path: Path, issuer: Issuer) -> None:
    async with platform_of(tmp_path, issuer.url, token_max_life=900.0) as door:
        now = int(time.time())
        (await ask(door, issuer.token(exp=now + 900))).ok()
        assert "longer than 900 seconds" in await refused(door, issuer.token(exp=now + 1000))


async def test_staff_sign_in_as_strongly_as_the_operator_says_and_citizens_as_they_like(
    issuer: Issuer, tmp_path: Path
) -> None:
    """OWASP ASVS 5: 6.3.3 and 6.8.4. The refusal is RFC 9470's, by which an app asks the issuer for what is missing."""
    roles = {"banshi_roles": ["traffic:approver"]}
    async with platform_of(tmp_path, issuer.url, staff_acr=["urn:two", "urn:key"]) as door:
        (await ask(door, issuer.token())).ok()
        (await ask(door, issuer.token(**roles, acr="urn:key"), WORK)).ok()
        for acr in (None, "urn:one", "", "urn:two urn:key", ["urn:two"], {"urn:two": 1}, 2):
            answer = await ask(door, issuer.token(**roles, acr=acr), WORK)
            answer.problem(401, "unauthenticated")
            assert 'error="insufficient_user_authentication"' in answer.headers["WWW-Authenticate"]
            assert 'acr_values="urn:two urn:key"' in answer.headers["WWW-Authenticate"]
    async with platform_of(tmp_path / "any", issuer.url) as door:
        (await ask(door, issuer.token(**roles), WORK)).ok()


async def test_where_access_tokens_have_a_type_no_other_lets_anybody_in(issuer: Issuer, tmp_path: Path) -> None:
    """OWASP ASVS 5: 9.2.2. An ID token of the same audience has the type JWT, or none."""
    async with platform_of(tmp_path, issuer.url, token_types=["at+jwt"]) as door:
        for kind in ("at+jwt", "application/at+jwt"):
            (await ask(door, issuer.token(header={"typ": kind}))).ok()
        for kind in ("JWT", ""):
            assert "type" in await refused(door, issuer.token(header={"typ": kind}))


async def test_each_refused_token_is_a_line_that_says_why_and_not_whose(issuer: Issuer, tmp_path: Path) -> None:
    """OWASP ASVS 5: 16.3.1. A request without a token is no attempt."""
    async with platform_of(tmp_path, issuer.url) as door:
        with capture_logs() as lines:
            (await door.anyone.get(WORK)).problem(401, "unauthenticated")
            (await ask(door, issuer.token())).ok()
            token = issuer.token(sub="somebody", exp=1)
            told = [
                await refused(door, token),
                await refused(door, issuer.token(aud="others")),
                await refused(door, "x"),
            ]
    found = [line for line in lines if line["event"] == "a token is refused"]
    assert [line["why"] for line in found] == told
    assert not any("somebody" in str(line) or token in str(line) for line in lines)


# -- keys ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "keys", [[], [RSA_KEYS["second"].as_dict(private=False)], [{"kty": "oct", "k": "c2VjcmV0"}], [{"kty": "?"}], [7]]
)
async def test_an_issuer_that_withdraws_its_keys_is_taken_at_its_word(
    tmp_path: Path, issuer: Issuer, keys: list[Any]
) -> None:
    """After a theft an issuer may publish none at all: nobody is let in by those that it had, nor by a memory of it."""
    async with platform_of(tmp_path, issuer.url, keys_ttl=1.0) as door:
        token = issuer.token()
        (await ask(door, token)).ok()
        issuer.document = {"keys": keys}
        await left(door, token, 200)
        assert "signature" in await refused(door, token)
        issuer.document = None
        await left(door, token, 401)
        (await ask(door, token)).ok()


async def test_kept_keys_have_an_age(tmp_path: Path, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever an issuer withdrew while nobody could ask it ends by then; a remembered token does too."""
    monkeypatch.setattr(jwks, "FIRST_REFETCH_S", 0.1)
    async with platform_of(tmp_path, issuer.url, keys_ttl=0.2, keys_max_age=2.0) as door:
        token = issuer.token()
        (await ask(door, token)).ok()
        issuer.status, stopped = 500, time.monotonic()
        await left(door, token, 200)
        assert time.monotonic() - stopped >= 1.5
        (await ask(door, token)).problem(503, "unavailable")
        issuer.status = 200
        await left(door, token, 503)
        (await ask(door, token)).ok()


async def test_a_short_rsa_key_signs_nothing(tmp_path: Path, issuer: Issuer) -> None:
    """RFC 7518 section 3.3: at least 2048 bits; the issuer's other keys go on."""
    keys = {bits: RSAKey.generate_key(bits, {"kid": str(bits), "use": "sig"}) for bits in (1024, 2040, 2048)}
    issuer.keys = [*keys.values(), issuer.keys[0]]
    async with platform_of(tmp_path, issuer.url) as door:
        found = {bits: (await ask(door, issuer.token(key))).status for bits, key in keys.items()}
        assert found == {1024: 401, 2040: 401, 2048: 200}
        (await ask(door, issuer.token(issuer.keys[-1]))).ok()


async def test_keys_that_discovery_sends_over_plain_http_are_not_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sits on the way could exchange them. An issuer on this machine is in development."""
    told = {"issuer": "https://id.example.org", "jwks_uri": "http://id.example.org/keys"}
    asked = []

    class Answer:
        status = 200

        def __init__(self, address: str) -> None:
            asked.append(address)
            self.content = self

        async def iter_any(self) -> AsyncIterator[bytes]:
            yield json.dumps(told).encode()

        async def __aenter__(self) -> Answer:
            return self

        async def __aexit__(self, *_: object) -> None: ...

    class Session:
        def get(self, address: str, **_: Any) -> Answer:
            return Answer(address)

    keys = jwks.IssuerKeys(Identity(issuer="https://id.example.org", audience=AUDIENCE), Session())  # type: ignore[arg-type]
    await keys.newer(None)
    assert keys._keys is None
    assert asked == ["https://id.example.org/.well-known/openid-configuration"]


async def test_a_development_token_of_many_days_goes_on(bare_door: Any) -> None:
    """`banshi token --hours 720` is for who works on this very machine."""
    token = development_token(bare_door.platform.settings, "wang", lifetime=30 * 86_400)
    assert await bare_door.platform[TOKENS].principal(f"Bearer {token}")

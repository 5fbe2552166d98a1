"""Who gets in: tokens of a real OpenID provider, tokens of impostors, and an issuer that fails in every way."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from oidc_provider_mock import User, run_server_in_thread

from banshi.builtin.identity import jwks, tokens
from banshi.builtin.identity.development import development_token
from banshi.kernel.contract.principals import Principal
from banshi.kernel.http.callers import LONGEST_TOKEN, TOKENS
from banshi.kernel.loading.outside_systems import Identity
from banshi.kernel.loading.settings import Settings
from banshi.testing import Door
from tests.banshi.builtin.identity.conftest import World, left, together
from tests.servers.issuer import AUDIENCE, MINE, RSA_KEYS, WORK, Issuer, ask, part, platform_of, refused


@pytest.fixture
async def city(tmp_path: Path, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    """A platform whose citizens come from `issuer`, which may be asked anew at most every 0.3 s."""
    monkeypatch.setattr(jwks, "REFETCH_S", 0.3)
    monkeypatch.setattr(jwks, "FIRST_REFETCH_S", 0.1)
    async with platform_of(tmp_path, issuer.url) as opened:
        yield opened


# -- a real OpenID provider ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """oidc-provider-mock in a thread, with a citizen and a member of staff."""
    people = [
        User(sub="wang", claims={"name": "王小明"}),
        User(sub="li", claims={"name": "李四", "banshi_roles": ["traffic:reviewer", "traffic:approver"]}),
        User(sub="zhao", claims={"name": "赵六", "banshi_roles": "jj-sp"}),
    ]
    with run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


async def signed_in(session: aiohttp.ClientSession, provider: str, subject: str) -> str:
    """The id token that the authorization-code flow ends with, as an app gets it."""
    query = {
        "response_type": "code",
        "client_id": AUDIENCE,
        "redirect_uri": "https://app.example.org/back",
        "scope": "openid profile",
        "state": "s1",
        "nonce": "n1",
    }
    sent = session.post(f"{provider}/oauth2/authorize", params=query, data={"sub": subject}, allow_redirects=False)
    async with sent as answer:
        back = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert back["state"] == ["s1"]
    form = {
        "grant_type": "authorization_code",
        "code": back["code"][0],
        "redirect_uri": query["redirect_uri"],
        "client_id": AUDIENCE,
        "client_secret": "any",
    }
    async with session.post(f"{provider}/oauth2/token", data=form) as answer:
        return str((await answer.json())["id_token"])


async def test_somebody_who_signed_in_at_the_city_provider_is_let_in(tmp_path: Path, provider: str) -> None:
    """Authorization code → token → our API; the keys are found through discovery, and roles make staff."""
    async with platform_of(tmp_path, provider, role_map={"jj-sp": "traffic:approver"}) as door:
        wang = await signed_in(door.session, provider, "wang")
        assert json.loads(base64.urlsafe_b64decode(wang.split(".")[0] + "==="))["alg"] == "RS256"
        assert (await ask(door, wang)).ok() == {"items": [], "next": None}
        (await ask(door, wang, WORK)).problem(403, "forbidden")
        for staff in ("li", "zhao"):
            token = await signed_in(door.session, provider, staff)
            assert (await ask(door, token, WORK)).ok() == {"items": [], "next": None}
            (await ask(door, token)).problem(403, "forbidden")


async def test_the_person_and_name_of_a_case_are_the_provider_s(tmp_path: Path, provider: str) -> None:
    """What the token says is what the platform knows of its bearer."""
    async with platform_of(tmp_path, provider) as door:
        token = await signed_in(door.session, provider, "wang")
        known = await known_by(door, token)
        assert (known.subject, known.name, known.roles) == ("wang", "王小明", ())


async def test_a_token_of_another_provider_is_refused(tmp_path: Path, provider: str) -> None:
    """Signed well, by somebody whom we don't know."""
    with run_server_in_thread() as other:
        foreign = f"http://localhost:{other.server_port}"
        async with platform_of(tmp_path, provider) as door:
            token = await signed_in(door.session, foreign, "wang")
            assert "signature" in await refused(door, token)


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Turn the clock that tokens are checked by."""
    real = time.time

    class Clock:
        @staticmethod
        def time() -> float:
            return real() + seconds

    monkeypatch.setattr(tokens, "time", Clock)


# -- impostors -----------------------------------------------------------------------------------------------------


@together
async def test_a_good_token_is_accepted_so_that_the_refusals_below_mean_something(world: World) -> None:
    assert (await ask(world.door, world.issuer.token())).ok()["items"] == []
    assert (await ask(world.door, world.issuer.token(aud=["other", AUDIENCE]))).ok()["items"] == []
    staff = world.issuer.token(banshi_roles=["traffic/zone-office:reviewer"])
    assert (await ask(world.door, staff, WORK)).ok()["items"] == []


@together
async def test_an_expired_token_has_half_a_minute_of_grace_and_no_more(world: World) -> None:
    """Clocks differ a little; a token that is remembered gets the same grace as one that is seen first."""
    now = int(time.time())
    within = world.issuer.token(exp=now - 5)
    for _ in range(3):
        (await ask(world.door, within)).ok()
    assert "expired" in await refused(world.door, world.issuer.token(exp=now - tokens.LEEWAY_S - 1))
    (await ask(world.door, world.issuer.token(nbf=now + tokens.LEEWAY_S - 5))).ok()
    assert "not valid yet" in await refused(world.door, world.issuer.token(nbf=now + tokens.LEEWAY_S + 5))


@together
async def test_a_remembered_token_ends_when_it_says(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache saves the signature's check and not a second of life."""
    token = world.issuer.token()
    (await ask(world.door, token)).ok()
    (await ask(world.door, token)).ok()
    later(monkeypatch, 600 + tokens.LEEWAY_S - 5)
    (await ask(world.door, token)).ok()
    later(monkeypatch, 600 + tokens.LEEWAY_S + 5)
    for _ in range(2):
        assert "expired" in await refused(world.door, token)


@together
async def test_tokens_are_remembered_up_to_a_limit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of good tokens can't fill the memory; the oldest are checked again."""
    monkeypatch.setattr(tokens, "MAX_REMEMBERED", 5)
    for number in range(12):
        (await ask(world.door, world.issuer.token(sub=f"person-{number}"))).ok()
    assert len(world.door.platform[TOKENS]._remembered) == 5


@together
@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", "RS256"])
async def test_an_unsigned_token_is_refused(world: World, algorithm: str) -> None:
    """However it spells `alg: none` (RFC 8725 section 3.1)."""
    head = part({"alg": algorithm, "kid": "first", "typ": "JWT"})
    assert "signature" in await refused(world.door, f"{head}.{world.issuer.token().split('.')[1]}.")


@together
@pytest.mark.parametrize("form", ["pem", "der", "jwk"])
@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
async def test_the_public_key_is_no_shared_secret(world: World, algorithm: str, form: str) -> None:
    """A token signed by HMAC with the published key as its secret (RFC 8725 section 2.1)."""
    key = world.issuer.keys[0]
    secrets = {
        "pem": key.as_pem(private=False),
        "der": key.as_der(private=False),
        "jwk": json.dumps(key.as_dict(private=False)).encode(),
    }
    signed = f"{part({'alg': algorithm, 'kid': 'first', 'typ': 'JWT'})}.{world.issuer.token().split('.')[1]}"
    code = hmac.digest(secrets[form], signed.encode(), f"sha{algorithm[2:]}")
    assert "signature" in await refused(world.door, f"{signed}.{part(code)}")


async def test_a_shared_secret_among_the_published_keys_signs_nothing(tmp_path: Path, issuer: Issuer) -> None:
    """An issuer's careless JWK set doesn't open the door."""
    secret = OctKey.import_key(b"0123456789abcdef0123456789abcdef", {"kid": "shared"})
    issuer.document = {"keys": [secret.as_dict(private=True), RSA_KEYS["first"].as_dict(private=False)]}
    async with platform_of(tmp_path, issuer.url) as door:
        (await ask(door, issuer.token())).ok()
        assert "signature" in await refused(door, issuer.token(secret, header={"alg": "HS256"}))


async def test_keys_that_we_cannot_read_do_not_spoil_the_others(tmp_path: Path, issuer: Issuer) -> None:
    """RFC 7517 section 5: unknown types, broken keys and encryption keys are left aside."""
    encrypting = {**RSA_KEYS["second"].as_dict(private=False), "use": "enc"}
    issuer.document = {
        "keys": [
            {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "future"},
            {"kty": "RSA", "kid": "broken", "n": "*", "e": "AQAB"},
            {"kty": "EC", "kid": "half", "crv": "P-256"},
            {},
            "no key at all",
            encrypting,
            RSA_KEYS["first"].as_dict(private=False),
        ]
    }
    async with platform_of(tmp_path, issuer.url) as door:
        (await ask(door, issuer.token())).ok()
        assert "signature" in await refused(door, issuer.token(RSA_KEYS["second"]))


async def test_the_other_public_key_algorithms_are_read(tmp_path: Path, issuer: Issuer) -> None:
    algorithms = {
        "ES256": ECKey.generate_key("P-256", {"kid": "ec"}),
        "ES384": ECKey.generate_key("P-384", {"kid": "longer"}),
        "PS256": RSA_KEYS["first"],
        "RS512": RSA_KEYS["second"],
        "Ed25519": OKPKey.generate_key("Ed25519", {"kid": "ed"}),
    }
    issuer.keys = [*algorithms.values()]
    async with platform_of(tmp_path, issuer.url) as door:
        for algorithm, key in algorithms.items():
            (await ask(door, issuer.token(key, header={"alg": algorithm}))).ok()


@together
async def test_a_token_that_brings_its_own_key_is_refused(world: World) -> None:
    """`jwk`, `jku` and `x5u` in the header are never followed."""
    own = ECKey.generate_key("P-256")
    for extra in (
        {"jwk": own.as_dict(private=False)},
        {"jku": world.issuer.url + "/elsewhere"},
        {"x5u": world.issuer.url + "/x"},
    ):
        forged = world.issuer.token(own, header={"alg": "ES256", "kid": "first", **extra})
        assert "signature" in await refused(world.door, forged)


@together
async def test_a_token_that_was_changed_is_refused(world: World) -> None:
    """One flipped character anywhere, an exchanged payload, a cut end, junk behind it."""
    good = world.issuer.token()
    head, payload, signature = good.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "==="))
    (await ask(world.door, good)).ok()
    forged = [f"{head}.{part({**claims, 'sub': 'zhang'})}.{signature}"]
    forged.append(f"{head}.{part({**claims, 'banshi_roles': ['traffic:approver']})}.{signature}")
    forged += [good[:length] for length in (1, len(head), len(good) // 2, len(good) - 2)]
    forged += [good + "AAAA", good + ".", good + "." + signature, f"{head}.{payload}.{signature}.{signature}.x"]
    for place in range(0, len(good), 23):
        other = "A" if good[place] != "A" else "B"
        forged.append(good[:place] + other + good[place + 1 :])
    for token in forged:
        assert "signature" in await refused(world.door, token)


@together
@pytest.mark.parametrize(
    "header",
    [
        b"[" * 200,
        b"7",
        b"[]",
        b'{"alg": 5}',
        b'{"alg": "RS256", "kid": 7}',
        b'{"alg": "RS256", "kid": "\\ud800"}',
        b'{"alg": "RS256", "kid": "first", "crit": 5}',
        b'{"alg": "RS256", "kid": "first", "crit": ["exp"], "exp": 1}',
        b'{"alg": "RS256", "kid": "first", "b64": false, "crit": ["b64"]}',
        b'{"alg": "RS256", "kid": "../../etc/passwd"}',
        b"\xff\xfe",
    ],
)
async def test_a_malformed_header_is_refused(world: World, header: bytes) -> None:
    _, payload, signature = world.issuer.token().split(".")
    assert "signature" in await refused(world.door, f"{part(header)}.{payload}.{signature}")


@together
@pytest.mark.parametrize("payload", [b"[" * 3000, b"[]", b"null", b"7", b"\xff", b'{"exp": 1' + b"0" * 3000 + b"}"])
async def test_a_well_signed_payload_that_is_no_claims_is_refused(world: World, payload: bytes) -> None:
    token = jws.serialize_compact({"alg": "RS256", "kid": "first"}, payload, world.issuer.keys[0])
    await refused(world.door, token)


@together
async def test_a_huge_token_is_refused_without_looking_at_it(world: World) -> None:
    """Longer than any real one, and refused before its signature costs anything."""
    fetched = world.issuer.fetched
    told = await refused(world.door, world.issuer.token(padding="x" * LONGEST_TOKEN)[: LONGEST_TOKEN + 1])
    assert "no way to sign in" in told
    assert world.issuer.fetched == fetched


@together
@pytest.mark.parametrize("form", ["Basic {}", "{}", "Bearer", "Bearer ", "Token {}", "bearer\t{}", "Bearer {},{}"])
async def test_another_scheme_is_refused(world: World, form: str) -> None:
    token = world.issuer.token()
    answer = await world.door.anyone.get(MINE, headers={"Authorization": form.format(token, token)})
    answer.problem(401, "unauthenticated")
    assert "invalid_token" in answer.headers["WWW-Authenticate"]


@together
async def test_the_scheme_is_case_insensitive(world: World) -> None:
    """RFC 9110 section 11.1."""
    (await world.door.anyone.get(MINE, headers={"Authorization": f"bEaReR {world.issuer.token()}"})).ok()


@together
async def test_nobody_is_told_how_to_come_in(world: World) -> None:
    """Without a token the answer is a challenge, and no error (RFC 6750 section 3.1)."""
    answer = await world.door.anyone.get(MINE)
    answer.problem(401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="banshi"'


@together
async def test_a_bad_token_does_no_harm_where_anyone_may_read(world: World) -> None:
    """An app that sends its expired token everywhere still reads the catalogue."""
    (await world.door.bearing("rubbish").get("/v1/items")).ok()


async def known_by(door: Door, token: str) -> Principal:
    """Whom the platform takes the bearer for."""
    known = await door.platform[TOKENS].principal(f"Bearer {token}")
    assert known is not None
    return known


@together
async def test_a_name_that_no_table_takes_is_mended_rather_than_refused(world: World) -> None:
    """NUL and lone surrogates can't be stored; the person is who they are all the same."""
    for given, kept in (("王\0小\ud800明", "王小明"), ("x" * 300, "x" * 255), (7, "")):
        assert (await known_by(world.door, world.issuer.token(name=given))).name == kept


@together
async def test_a_citizen_s_number_is_believed_in_its_claim_alone_and_as_the_issuer_verified_it(world: World) -> None:
    """Which documents there are: tests/banshi/builtin/identity/test_verified_numbers.py."""
    number = "51999919680131000"
    for given, kept in (
        ({"resident_id": f"{number}6"}, f"{number}6"),
        ({"resident_id": "11010519491231002x"}, "11010519491231002X"),
        ({"resident_id": f"{number}8"}, f"{number}8"),
        ({"resident_id": [f"{number}6"]}, ""),
        ({"resident_id": int(f"{number}6")}, ""),
        ({"id": f"{number}6"}, ""),
        ({}, ""),
    ):
        assert (await known_by(world.door, world.issuer.token(**given))).resident_id == kept


async def test_the_claim_with_a_citizen_s_number_is_the_operator_s_to_name(tmp_path: Path, issuer: Issuer) -> None:
    async with platform_of(tmp_path, issuer.url, resident_id_claim="cn_id") as door:
        token = issuer.token(cn_id="519999196801310006", resident_id="11010519491231002X")
        assert (await known_by(door, token)).resident_id == "519999196801310006"


def test_a_development_token_bears_no_number_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a resident ID is an ID number as it is on an identity card"):
        development_token(Settings(data=tmp_path), "wang", resident_id="123")


# -- an issuer that fails ------------------------------------------------------------------------------------------


async def test_an_unknown_key_id_asks_the_issuer_at_most_every_ten_seconds(tmp_path: Path, issuer: Issuer) -> None:
    """A flood of invented key ids is no flood at the issuer's door."""
    stranger = RSAKey.generate_key(2048, {"kid": "invented"})
    async with platform_of(tmp_path, issuer.url) as door:
        (await ask(door, issuer.token())).ok()
        door.platform[TOKENS].keys._tried -= 11  # type: ignore[attr-defined]
        for number in range(20):
            await refused(door, issuer.token(stranger, header={"kid": f"invented-{number}"}))
        assert issuer.fetched == 2
        assert jwks.REFETCH_S == 10.0


async def test_a_rotated_key_is_found_and_the_old_one_goes_on_until_it_is_withdrawn(city: Door, issuer: Issuer) -> None:
    """The issuer publishes the new key beside the old one, then drops the old one."""
    old = issuer.token()
    (await ask(city, old)).ok()
    issuer.keys = [RSA_KEYS["second"], RSA_KEYS["first"]]
    await asyncio.sleep(0.35)
    new = issuer.token()
    (await ask(city, new)).ok()
    (await ask(city, old)).ok()
    issuer.keys = [RSA_KEYS["second"]]
    await asyncio.sleep(0.35)
    # Anything unknown makes the platform look again.
    await refused(city, issuer.token(RSA_KEYS["first"], header={"kid": "third"}))
    assert "signature" in await refused(city, old)
    (await ask(city, new)).ok()


async def test_an_issuer_that_is_away_at_the_start_is_said_to_be_away_until_it_comes(
    tmp_path: Path, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with Retry-After, never 401: the token may be good. What needs no token works meanwhile."""
    monkeypatch.setattr(jwks, "FIRST_REFETCH_S", 0.05)
    token, port = issuer.token(), urlsplit(issuer.url).port
    await issuer.stop()
    async with platform_of(tmp_path, issuer.url) as door:
        for _ in range(3):
            answer = await ask(door, token)
            answer.problem(503, "unavailable")
            assert int(answer.headers["Retry-After"]) > 0
        (await door.anyone.get("/v1/items")).ok()
        await issuer.start(port or 0)
        await left(door, token, 503)
        (await ask(door, token)).ok()


@pytest.mark.parametrize("way", ["refused", "error", "nonsense", "huge", "redirect"])
async def test_old_keys_go_on_while_the_issuer_fails(city: Door, issuer: Issuer, way: str) -> None:
    """Who is known is let in, whatever the issuer answers; whoever can redirect must not choose the keys."""
    (await ask(city, issuer.token())).ok()
    stranger = issuer.token(RSA_KEYS["second"])
    if way == "refused":
        await issuer.stop()
    issuer.status = 500 if way == "error" else 200
    issuer.redirect_to = "/elsewhere" if way == "redirect" else None
    wrong: dict[str, Any] = {
        "nonsense": {"keys": {"kty": "RSA"}},
        "huge": {"keys": "x" * 2_000_000},
    }
    issuer.document = wrong.get(way)
    await asyncio.sleep(0.35)
    assert "signature" in await refused(city, stranger)
    (await ask(city, issuer.token(sub="li"))).ok()


async def test_an_issuer_that_hangs_holds_up_nobody_who_has_a_known_key(city: Door, issuer: Issuer) -> None:
    """A stranger's unknown key waits for the issuer; everybody else is served at once."""
    (await ask(city, issuer.token())).ok()
    await asyncio.sleep(0.35)
    issuer.hanging.clear()
    stranger = asyncio.create_task(ask(city, issuer.token(RSA_KEYS["second"])))
    await asyncio.sleep(0.05)
    started = time.perf_counter()
    for number in range(10):
        (await ask(city, issuer.token(sub=f"new-{number}"))).ok()
    assert time.perf_counter() - started < 1.0
    assert not stranger.done()
    issuer.hanging.set()
    (await stranger).problem(401, "unauthenticated")


async def test_the_keys_are_fetched_once_for_all_who_wait_and_a_caller_who_leaves_does_not_end_it(
    tmp_path: Path, issuer: Issuer
) -> None:
    issuer.hanging.clear()
    async with platform_of(tmp_path, issuer.url) as door:
        impatient = asyncio.create_task(ask(door, issuer.token()))
        patient = asyncio.create_task(ask(door, issuer.token(sub="li")))
        await asyncio.sleep(0.1)
        impatient.cancel()
        await asyncio.sleep(0.05)
        issuer.hanging.set()
        (await patient).ok()
        assert issuer.fetched == 1


async def test_a_configuration_that_names_another_issuer_is_not_used(tmp_path: Path, issuer: Issuer) -> None:
    """OpenID Connect Discovery, section 4.3."""
    issuer.configuration = {"issuer": "https://id.example.org"}
    async with platform_of(tmp_path, issuer.url) as door:
        (await ask(door, issuer.token())).problem(503, "unavailable")


async def test_the_address_of_the_keys_can_be_set(tmp_path: Path, issuer: Issuer) -> None:
    """… for an issuer without discovery."""
    issuer.configuration = {"issuer": "https://id.example.org"}
    async with platform_of(tmp_path, issuer.url, jwks_uri=issuer.url + "/elsewhere") as door:
        (await ask(door, issuer.token(RSA_KEYS["second"]))).ok()


# -- development tokens --------------------------------------------------------------------------------------------


async def test_a_development_token_is_not_accepted_beside_an_issuer(city: Door, issuer: Issuer, tmp_path: Path) -> None:
    """Made on this very machine with the very key folder of the platform."""
    alone = Settings(data=city.platform.settings.data)
    assert alone.keys_folder == city.platform.settings.keys_folder
    token = development_token(alone, "wang", roles=["traffic:approver"])
    assert "signature" in await refused(city, token, WORK)


def test_no_development_token_is_made_once_an_issuer_is_configured(tmp_path: Path) -> None:
    """`banshi token` says why, and where tokens come from."""
    settings = Settings(data=tmp_path, identity=Identity(issuer="https://id.example.org", audience="banshi"))
    with pytest.raises(ValueError, match="identity provider"):
        development_token(settings, "wang")
    assert not (tmp_path / "keys").exists()


async def test_a_development_token_of_another_machine_is_refused(bare_door: Door, tmp_path: Path) -> None:
    other = tmp_path / "other-machine"
    (other / "keys").mkdir(parents=True)
    assert "signature" in await refused(bare_door, development_token(Settings(data=other), "wang"))


async def test_an_issuer_s_token_is_refused_where_none_is_configured(bare_door: Door, issuer: Issuer) -> None:
    assert "signature" in await refused(bare_door, issuer.token())


async def test_a_development_token_ends_too(bare_door: Door) -> None:
    token = development_token(bare_door.platform.settings, "wang", lifetime=-tokens.LEEWAY_S - 1)
    assert "expired" in await refused(bare_door, token)


def test_a_development_token_with_an_unreadable_role_is_not_made(tmp_path: Path) -> None:
    """A typing mistake must not make a citizen of a member of staff."""
    (tmp_path / "keys").mkdir()
    for role in ("approver", "traffic:", ":x", "traffic/:x", "Traffic:x", "traffic:x\n"):
        with pytest.raises(ValueError, match="department:role"):
            development_token(Settings(data=tmp_path), "li", roles=[role])

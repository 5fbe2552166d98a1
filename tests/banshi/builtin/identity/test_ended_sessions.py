"""Sessions that end before their tokens: by the identity provider's word, by an operator's, and by the person's own."""

from __future__ import annotations

import asyncio
import hmac
import json
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import asyncpg
import pytest
from joserfc import jws
from structlog.testing import capture_logs

from banshi.builtin.identity import backchannel, ended
from banshi.builtin.identity.ended import (
    ENDED_SESSIONS,
    EVERYBODY,
    EndedSessions,
    end_sessions,
    forget_old_endings,
    held,
)
from banshi.builtin.identity.models import EndedSession
from banshi.foundation.errors import Unauthenticated
from banshi.kernel.http.callers import TOKENS
from banshi.testing import Door, Reply, open_door
from tests.banshi.builtin.identity.conftest import World, together
from tests.processes import commands
from tests.readers.tables import tables_with
from tests.servers.issuer import (
    AUDIENCE,
    RSA_KEYS,
    TRAFFIC,
    WORK,
    Issuer,
    ask,
    part,
    platform_of,
    refused,
    started_issuer,
)
from tests.waiting import until, within_a_minute

ROUTE = "/v1/backchannel-logout"
EVENTS = {backchannel.LOGOUT: {}}
FORM = {"Content-Type": backchannel.FORM}


@pytest.fixture
async def city(tmp_path: Path, issuer: Issuer) -> AsyncIterator[Door]:
    async with platform_of(tmp_path, issuer.url, client_id="pages", logout_audiences=["app"]) as opened:
        yield opened


def now() -> int:
    return int(time.time())


def logout_token(issuer: Issuer, key: Any = None, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A good one of Wang's, but for what a test changes; a claim that is None is left out."""
    whole = {"jti": f"j{time.perf_counter_ns()}", "events": EVENTS, "exp": now() + 120, **claims}
    return issuer.token(key, header={"typ": "logout+jwt", **(header or {})}, **whole)


async def hears(door: Door, token: str, **more: Any) -> Reply:
    """What the platform answers to the provider's word."""
    headers = {"Accept-Language": "en"}
    return await door.anyone.call("POST", ROUTE, headers=headers, data={"logout_token": token, **more})


async def refuses(door: Door, token: str) -> str:
    return str((await hears(door, token)).problem(400, "logout-refused")["detail"])


async def kept() -> int:
    return await EndedSession.all().count()


# -- what ends -----------------------------------------------------------------------------------------------------


async def test_tokens_from_before_a_sign_out_are_refused_those_that_are_remembered_too(
    city: Door, issuer: Issuer
) -> None:
    """… in every session, and nobody else's; whoever signs in anew is let in."""
    before = [issuer.token(iat=now() - 5), issuer.token(iat=now() - 5, sid="phone"), issuer.token(iat=None)]
    zhao, staff = (
        issuer.token(sub="zhao", iat=now() - 5),
        issuer.token(iat=now() - 5, banshi_roles=["traffic:reviewer"]),
    )
    for token in (*before[:2], zhao):
        (await ask(city, token)).ok()
    (await ask(city, staff, WORK)).ok()
    answer = await hears(city, logout_token(issuer, iat=now() - 2))
    assert (answer.status, answer.body, answer.headers["Cache-Control"]) == (200, b"", "no-store")
    for token in before:
        assert "was ended" in await refused(city, token)
    assert "was ended" in await refused(city, staff, WORK)
    for token in (zhao, issuer.token(iat=now() - 1), issuer.token(iat=now() - 1, sid="phone")):
        (await ask(city, token)).ok()


async def test_a_session_ends_alone_with_whatever_may_be_of_it(city: Door, issuer: Issuer) -> None:
    """What doesn't say of which session it is may be of that one; another session's token goes on."""
    phone, tablet = (issuer.token(iat=now() - 5, sid=sid) for sid in ("phone", "tablet"))
    nameless = issuer.token(iat=now() - 5)
    assert (await hears(city, logout_token(issuer, sid="phone", iat=now() - 2))).status == 200
    for token in (phone, nameless):
        assert "was ended" in await refused(city, token)
    (await ask(city, tablet)).ok()
    # The provider may name the session alone.
    assert (await hears(city, logout_token(issuer, sub=None, sid="tablet", iat=now() - 2))).status == 200
    assert "was ended" in await refused(city, tablet)


async def test_a_person_ends_all_that_is_signed_in_as_them(city: Door, issuer: Issuer) -> None:
    mine, other, zhao = issuer.token(iat=now() - 5), issuer.token(iat=now() - 9, sid="x"), issuer.token(sub="zhao")
    for token in (mine, other, zhao):
        (await ask(city, token)).ok()
    answer = await city.bearing(mine).call("DELETE", "/v1/me/sessions")
    assert answer.status == 204, answer.body
    for token in (mine, other):
        assert "was ended" in await refused(city, token)
    (await ask(city, zhao)).ok()
    (await ask(city, issuer.token(iat=now() + 2))).ok()


PLUGINS = f"""
[platform]
data = "data"

[plugins.traffic]
path = "{TRAFFIC}"
api = 1
"""


@pytest.mark.sqlite
async def test_an_operator_ends_a_person_s_sessions_or_everybody_s_beside_a_running_server(
    city: Door, issuer: Issuer, tmp_path: Path
) -> None:
    """The server reads it by itself: from a command no signal comes."""
    (tmp_path / "plugins.toml").write_text(PLUGINS, encoding="utf-8")
    wang, zhao = issuer.token(iat=now() - 5), issuer.token(sub="zhao", iat=now() - 5)
    for token in (wang, zhao):
        (await ask(city, token)).ok()

    async def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(commands.run, tmp_path, "person", "end-sessions", *arguments)

    assert (await run("wang")).stdout == "They have to sign in anew.\n"
    await until(lambda: is_refused(city, wang))
    (await ask(city, zhao)).ok()
    assert (await run("--everybody")).stdout == "Everybody has to sign in anew.\n"
    await until(lambda: is_refused(city, zhao))
    for wrong in ((), ("wang", "--everybody"), ("",), (" ",), ("x" * 256,)):
        done = await run(*wrong)
        assert done.returncode, done
        assert "Traceback" not in done.stderr


async def is_refused(door: Door, token: str) -> bool:
    return (await ask(door, token)).status == 401


async def test_what_another_process_ended_is_known_by_its_signal(city: Door, issuer: Issuer) -> None:
    """Long before anybody looks without one."""
    token = issuer.token(iat=now() - 5)
    (await ask(city, token)).ok()
    noted = await city.platform.store.milliseconds()
    (key,) = ended.keys_of("wang", "")
    await EndedSession.create(id=key, until=now(), noted_at=noted)
    city.platform.store.committed_elsewhere(["banshi_ended_session"])
    took = await until(lambda: is_refused(city, token))
    assert took < ended.LOOK_S


async def test_what_was_ended_stays_so_over_a_restart(tmp_path: Path, issuer: Issuer) -> None:
    token = issuer.token(iat=now() - 5)
    async with platform_of(tmp_path, issuer.url) as door:
        assert (await hears(door, logout_token(issuer))).status == 200
    async with platform_of(tmp_path, issuer.url) as door:
        assert "was ended" in await refused(door, token)


async def test_an_earlier_sign_out_that_comes_late_takes_nothing_back(city: Door, issuer: Issuer) -> None:
    token = issuer.token(iat=now() - 20)
    assert (await hears(city, logout_token(issuer, iat=now() - 10))).status == 200
    assert (await hears(city, logout_token(issuer, iat=now() - 60))).status == 200
    assert "was ended" in await refused(city, token)
    (await ask(city, issuer.token(iat=now() - 5))).ok()


async def test_a_sign_in_of_before_is_none_for_pages_of_ours(city: Door, issuer: Issuer) -> None:
    """An ID token that was got before the sign-out and is shown afterwards."""
    token = issuer.token(aud="pages", nonce="n", iat=now() - 5)
    tokens: Any = city.platform[TOKENS]
    assert (await tokens.signed_in(token, "pages", "n")).subject == "wang"
    assert (await hears(city, logout_token(issuer))).status == 200
    with pytest.raises(Unauthenticated) as told:
        await tokens.signed_in(token, "pages", "n")
    assert "was ended" in told.value.members["reason"]


# -- whom the platform believes ------------------------------------------------------------------------------------


async def test_a_logout_token_is_for_the_platform_s_audience_its_client_and_the_apps_that_are_named(
    city: Door, issuer: Issuer
) -> None:
    for audience in (AUDIENCE, "pages", "app", ["other", "app"]):
        assert (await hears(city, logout_token(issuer, aud=audience), more="ignored")).status == 200, audience


async def test_a_logout_token_has_its_type_or_an_older_provider_s(city: Door, issuer: Issuer) -> None:
    claims = {"events": EVENTS, "iss": issuer.url, "aud": AUDIENCE, "sub": "wang", "iat": now()}
    for header in ({"typ": "logout+jwt"}, {"typ": "application/logout+jwt"}, {"typ": "JWT"}, {}):
        head, payload = {"alg": "RS256", "kid": "first", **header}, json.dumps({**claims, "jti": f"j{header}"})
        token = jws.serialize_compact(head, payload, RSA_KEYS["first"], algorithms=["RS256"])
        assert (await hears(city, token)).status == 200, header


async def test_a_logout_token_is_taken_once(city: Door, issuer: Issuer) -> None:
    """… however many send it at once; and one that is sent again ends nothing that has begun since."""
    token = logout_token(issuer, iat=now() - 2, jti="once")
    answers = await asyncio.gather(*(hears(city, token) for _ in range(8)))
    assert sorted(one.status for one in answers) == [200] + 7 * [400]
    (await ask(city, issuer.token(iat=now() - 1))).ok()
    assert "taken already" in await refuses(city, token)
    assert "taken already" in await refuses(city, logout_token(issuer, jti="once", sub="zhao"))
    (await ask(city, issuer.token(iat=now() - 1))).ok()
    (await ask(city, issuer.token(sub="zhao", iat=now() - 1))).ok()


@together
@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"iss": "https://evil.example"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"aud": "some-game"}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": [[AUDIENCE], {}, 5, None]}, "audience"),
        ({"events": None}, "no logout"),
        ({"events": [backchannel.LOGOUT]}, "no logout"),
        ({"events": {}}, "no logout"),
        ({"events": {backchannel.LOGOUT: True}}, "no logout"),
        ({"events": {"http://schemas.openid.net/event/other": {}}}, "no logout"),
        ({"nonce": "n"}, "nonce"),
        ({"nonce": ""}, "nonce"),
        ({"iat": None}, "issued"),
        ({"iat": "now"}, "issued"),
        ({"iat": True}, "issued"),
        ({"iat": 4_000_000_000, "exp": 4_000_000_100}, "to come"),
        ({"iat": 1_000_000_000, "exp": 4_000_000_000}, "expired"),
        ({"iat": 1_000_000_000, "exp": None}, "expired"),
        ({"exp": 1_000_000_000}, "expired"),
        ({"exp": "later"}, "expired"),
        ({"jti": None}, "jti"),
        ({"jti": ""}, "jti"),
        ({"jti": 5}, "jti"),
        ({"jti": "x" * 256}, "jti"),
        ({"sub": None}, "sub or sid"),
        ({"sub": ""}, "subject"),
        ({"sub": ["wang"]}, "subject"),
        ({"sub": "wang\0"}, "subject"),
        ({"sub": "client:x"}, "subject"),
        ({"sub": "x" * 256}, "subject"),
        ({"sid": ""}, "sid"),
        ({"sid": 5}, "sid"),
        ({"sid": "x" * 256}, "sid"),
        ({"header": {"typ": "at+jwt"}}, "type"),
        ({"header": {"typ": "secevent+jwt"}}, "type"),
    ],
    ids=str,
)
async def test_a_logout_token_that_is_wrong_ends_nothing_and_says_what_is(
    world: World, claims: dict[str, Any], told: str
) -> None:
    issuer, door = world
    token, before = issuer.token(iat=now() - 5), await kept()
    with capture_logs() as lines:
        assert told in await refuses(door, logout_token(issuer, **claims))
    # An operator reads why; whose it was stands nowhere.
    assert [told in one["why"] for one in lines if one["event"] == "a logout token is refused"] == [True]
    assert "wang" not in str(lines)
    (await ask(door, token)).ok()
    assert await kept() == before


async def test_nobody_else_s_word_is_taken(city: Door, issuer: Issuer) -> None:
    """No algorithm, a secret for a signature, another's key, an ID or access token, or a token cut short."""
    good = logout_token(issuer, jti="taken last")
    body = good.split(".")[1]
    none = f"{part({'alg': 'none', 'typ': 'logout+jwt'})}.{body}."
    # The public key as a secret that both share, which joserfc itself doesn't sign with.
    signed = f"{part({'alg': 'HS256', 'typ': 'logout+jwt'})}.{body}"
    shared = f"{signed}.{part(hmac.digest(RSA_KEYS['first'].as_pem(private=False), signed.encode(), 'sha256'))}"
    for token in (none, shared, logout_token(issuer, RSA_KEYS["second"]), good[:-3], body, "...", "x"):
        assert "signature" in await refuses(city, token)
    for token in (issuer.token(), issuer.token(nonce="n"), issuer.token(header={"typ": "at+jwt"})):
        assert await refuses(city, token)
    assert "not accepted" in await refused(city, logout_token(issuer))
    assert await kept() == 0
    assert (await hears(city, good)).status == 200


async def test_what_is_no_form_with_one_token_is_refused(city: Door, issuer: Issuer) -> None:
    good = logout_token(issuer)
    for body in (b"", b"logout_token=", f"logout_token={good}&logout_token={good}".encode(), b"\xff=\xff", b"&" * 50):
        answer = await city.anyone.call("POST", ROUTE, data=body, headers=FORM)
        answer.problem(400, "logout-refused")
    long = f"logout_token={'x' * 8_193}".encode()
    (await city.anyone.call("POST", ROUTE, data=long, headers=FORM)).problem(400, "logout-refused")
    huge = b"logout_token=" + b"x" * 10_000_000
    (await city.anyone.call("POST", ROUTE, data=huge, headers=FORM)).problem(413, "too-large")
    (await city.anyone.post(ROUTE, {"logout_token": good})).problem(415, "unsupported-media-type")
    zipped = {**FORM, "Content-Encoding": "gzip"}
    (await city.anyone.call("POST", ROUTE, data=b"x", headers=zipped)).problem(415, "unsupported-media-type")
    for method in ("GET", "PUT", "DELETE"):
        answer = await city.anyone.call(method, ROUTE, params={"logout_token": good})
        answer.problem(405, "method-not-allowed")
    assert await kept() == 0


async def test_a_provider_that_is_away_is_no_reason_to_believe_anybody(tmp_path: Path) -> None:
    async with started_issuer() as issuer:
        issuer.status = 500
        async with platform_of(tmp_path, issuer.url) as door:
            answer = await hears(door, logout_token(issuer))
            answer.problem(503, "unavailable")
            assert answer.headers["Retry-After"]
            assert await kept() == 0


# -- how large it becomes ------------------------------------------------------------------------------------------


async def test_a_flood_of_sign_outs_of_one_person_is_one_entry_and_leaves_with_its_tokens(
    city: Door, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(20):
        assert (await hears(city, logout_token(issuer, iat=now() - 30 + at))).status == 200
    assert await EndedSession.filter(until__gt=0).count() == 1
    assert len(city.platform[ENDED_SESSIONS].until) == 1
    # Used tokens go once they are too old to be taken, and the entry once no token from before is good.
    later = await city.platform.store.milliseconds() + 1_000 * (2 * ended.MAX_LOGOUT_AGE_S + 1)
    monkeypatch.setattr(city.platform.store, "milliseconds", lambda: answered(later))
    await forget_old_endings(city.platform)
    assert await kept() == 1
    later += 1_000 * (86_400 + ended.CLOCKS_APART_S)
    await forget_old_endings(city.platform)
    assert await kept() == 0


async def answered(value: int) -> int:
    return value


async def test_more_sign_outs_than_have_room_end_everybody_s_sessions_in_their_place(
    city: Door, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the table nor memory grows without bound, and nobody who was signed out is let in."""
    monkeypatch.setattr(ended, "MAX_ENDED", 10)
    old = {name: issuer.token(sub=name, iat=now() - 60) for name in ("p0", "p9", "p25", "zhao")}
    for number in range(40):
        assert (await hears(city, logout_token(issuer, sub=f"p{number}", iat=now() - 2))).status == 200
    assert len(city.platform[ENDED_SESSIONS].until) <= 11
    assert await EndedSession.filter(until__gt=0).count() <= 11
    assert EVERYBODY in city.platform[ENDED_SESSIONS].until
    for token in old.values():
        assert "was ended" in await refused(city, token)


async def test_a_provider_that_signs_everybody_out_at_once_is_told_to_wait(
    city: Door, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody has signed, or was sent before, counts for nothing: it can't shut out the provider."""
    monkeypatch.setattr(backchannel, "MAX_LOGOUTS", 2)
    await within_a_minute(10)
    used = logout_token(issuer)
    assert (await hears(city, used)).status == 200
    for _ in range(5):
        await refuses(city, "made.up.token")
        await refuses(city, used)
    assert (await hears(city, logout_token(issuer))).status == 200
    answer = await hears(city, logout_token(issuer))
    answer.problem(429, "too-many-requests")
    assert int(answer.headers["Retry-After"]) > 0


def test_memory_lets_go_of_what_everybody_s_end_has_in_it_and_of_what_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = EndedSessions()
    sessions.note({"a": 5, "b": 20})
    sessions.note({"a": 3})
    assert sessions.until == {"a": 5, "b": 20}
    sessions.note({EVERYBODY: 10})
    assert sessions.until == {"b": 20, EVERYBODY: 10}
    assert sessions.is_over(held("wang", 10.9))
    assert not sessions.is_over(held("wang", 11))


async def test_of_two_processes_that_end_the_same_at_once_the_later_moment_counts(
    tmp_path: Path, issuer: Issuer, postgres: str
) -> None:
    """Also where the earlier one is written in between, and nobody had seen it."""
    server, _, rest = postgres.partition("?")
    named = dict(parse_qsl(rest))
    (key,) = ended.keys_of("wang", "")
    identity = {"issuer": issuer.url, "audience": AUDIENCE}
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"identity": identity, "database": postgres}) as door:
        place, path = server.replace("asyncpg:", "postgres:", 1), {"search_path": named["schema"]}
        other = await asyncpg.connect(place, server_settings=path)
        try:
            moment, insert = now(), "INSERT INTO banshi_ended_session (id, until, noted_at) VALUES ($1, $2, 0)"
            async with other.transaction():
                await other.execute(insert, key, moment - 60)
                ending = asyncio.create_task(end_sessions(door.platform, "wang", until=moment))
                waits = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = $1"
                await until(lambda: is_positive(other.fetchval(waits, named["application_name"])))
            await ending
        finally:
            await other.close()
        assert (await EndedSession.get(id=key)).until == moment


async def is_positive(asked: Awaitable[int]) -> bool:
    return await asked > 0


# -- on both databases, with personal data sealed or not --------------------------------------------------------------


async def test_the_list_names_nobody_on_either_database(tmp_path: Path, issuer: Issuer, database: str) -> None:
    identity = {"issuer": issuer.url, "audience": AUDIENCE}
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"identity": identity, "database": database}) as door:
        token = issuer.token(sub="somebody-known", iat=now() - 5)
        for claims, status in (({"sid": "their-session", "jti": "x1"}, 200), ({"jti": "x1"}, 400), ({}, 200)):
            assert (await hears(door, logout_token(issuer, sub="somebody-known", **claims))).status == status
        assert "was ended" in await refused(door, token)
        await end_sessions(door.platform, None)
        assert "was ended" in await refused(door, issuer.token(sub="zhao", iat=now() - 1))
        assert not await tables_with(door, "somebody-known", "their-session", "first-token")

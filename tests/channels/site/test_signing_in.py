"""Signing in on the site at a real OpenID provider, over what a proxy with TLS passes on."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from oidc_provider_mock import User, run_server_in_thread

from banshi.testing import Door, Reply, open_door
from tests.places import DEPARTMENTS
from web_site.session import ROOT

ADDRESS = "https://services.city.example"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    people = [
        User(sub="wang", claims={"name": "王<i>小明</i>", "resident_id": "11010519491231002X"}),
        User(sub="li", claims={"name": "李四", "banshi_roles": ["petitions:reviewer"]}),
    ]
    with run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
async def door(tmp_path: Path, provider: str) -> AsyncIterator[Door]:
    platform = {
        "address": ADDRESS,
        "outgoing": {"networks": ["127.0.0.0/8", "::1/128"]},
        "identity": {"issuer": provider, "audience": "banshi", "client_secret": "any"},
    }
    plugins = {"petitions": DEPARTMENTS / "petitions", "mobile_push": "mobile_push", "web_site": "web_site"}
    settings = {"web_site": {"people": ["王小明"]}}
    async with open_door(tmp_path, plugins, platform=platform, settings=settings) as opened:
        yield opened


async def begun(door: Door, there: str) -> tuple[str, str]:
    """The provider's address, and the cookie of the sign-in."""
    answer = await door.anyone.call("POST", f"{ROOT}/sign-in", data={"next": there}, headers={"Origin": ADDRESS})
    assert answer.status == 200, answer.body
    (morsel,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
    assert (morsel.key, morsel["path"], morsel["domain"]) == ("__Host-banshi_site_sign_in", "/", "")
    assert morsel["httponly"]
    assert morsel["secure"]
    found = re.search('class="btn" rel="noreferrer" href="([^"]+)"', answer.body.decode())
    assert found
    return unescape(found[1]), f"{morsel.key}={morsel.value}"


async def back(door: Door, subject: str, there: str = f"{ROOT}/cases", cookie: str | None = None) -> Reply:
    """What the site answers to whoever comes back from the provider."""
    address, kept = await begun(door, there)
    async with door.session.post(address, data={"sub": subject}, allow_redirects=False) as answer:
        way = urlsplit(answer.headers["Location"])
    assert f"{way.scheme}://{way.netloc}{way.path}" == f"{ADDRESS}{ROOT}/signed-in"
    headers = {"Cookie": kept if cookie is None else cookie}
    return await door.anyone.get(f"{way.path}?{way.query}", headers=headers, allow_redirects=False)


async def test_a_citizen_signs_in_and_is_where_they_were(door: Door) -> None:
    answer = await back(door, "wang")
    assert (answer.status, answer.headers["Location"]) == (303, f"{ROOT}/cases")
    cookies = [SimpleCookie(one) for name, one in answer.headers.items() if name == "Set-Cookie"]
    (morsel,) = [one for kept in cookies for name, one in kept.items() if name == "__Host-banshi_site"]
    assert (morsel["httponly"], morsel["secure"], morsel["samesite"], morsel["path"]) == (True, True, "Lax", "/")
    shown = await door.anyone.get(f"{ROOT}/cases", headers={"Cookie": f"__Host-banshi_site={morsel.value}"})
    assert shown.status == 200
    assert "王&lt;i&gt;小明&lt;/i&gt;" in shown.body.decode(), "what the provider calls somebody is text"
    bare = {"Cookie": f"banshi_site={morsel.value}"}
    plain = await door.anyone.get(f"{ROOT}/cases", headers=bare, allow_redirects=False)
    assert plain.status == 303, "a sibling host could have set that one"


async def test_staff_are_no_citizens_here(door: Door) -> None:
    answer = await back(door, "li")
    assert answer.status == 403
    assert "__Host-banshi_site=" not in str(answer.headers)


async def test_whoever_was_handed_the_way_back_is_not_signed_in(door: Door) -> None:
    """Session fixation: the way back of somebody else's sign-in, opened in another browser, does nothing."""
    answer = await back(door, "wang", cookie="")
    assert answer.status == 400
    assert "__Host-banshi_site=" not in str(answer.headers)


async def test_a_sign_in_leads_to_a_page_of_the_site_alone(door: Door) -> None:
    answer = await back(door, "wang", "https://evil.example/site")
    assert (answer.status, answer.headers["Location"]) == (303, ROOT)


async def test_with_a_provider_nobody_is_made_up(door: Door) -> None:
    data, headers = {"person": "王小明"}, {"Origin": ADDRESS}
    answer = await door.anyone.call("POST", f"{ROOT}/sign-in", data=data, headers=headers)
    assert answer.status == 403
    assert "王小明" not in (await door.anyone.get(f"{ROOT}/sign-in")).body.decode()

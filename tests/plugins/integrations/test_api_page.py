"""The page at /docs: what it says, which files it gives away, and what a large city does to it."""

from __future__ import annotations

import asyncio
import importlib.util
import re
import sys
from collections.abc import AsyncIterator
from http.client import HTTPConnection
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest

from banshi.testing import Door, open_door
from tests.places import ROOT, TRAFFIC

PAGE = ROOT / "plugins" / "integrations" / "api_page"
FIRE = ROOT / "plugins" / "departments" / "fire"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    plugins: dict[str, Path | str] = {"api_page": PAGE, "traffic": TRAFFIC, "fire": FIRE}
    async with open_door(tmp_path, plugins) as opened:
        yield opened


def module_of(name: str) -> ModuleType:
    """One of the plugin's modules, as the running platform has it."""
    return next(module for key, module in sys.modules.items() if key.endswith(f"api_page.{name}"))


def addresses(page: str) -> list[str]:
    return [part.split('"')[0] for part in page.split('="')[1:] if part.startswith("/docs/assets/")]


async def page_of(door: Door, query: str = "", language: str = "en") -> str:
    answer = await door.anyone.get(f"/docs{query}", headers={"Accept-Language": language})
    assert answer.status == 200, answer.body
    return answer.body.decode()


async def test_the_page_names_files_of_this_server_alone_and_all_are_there(door: Door) -> None:
    page = await page_of(door)
    assert "//" not in page.replace("<!doctype html>", "")
    assert len(addresses(page)) == 5
    for address in addresses(page):
        answer = await door.anyone.get(address)
        assert answer.status == 200, address
        assert answer.headers["Content-Type"].split(";")[0] in {"text/css", "text/javascript", "image/png"}, address
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_file_is_kept_for_good_and_the_page_is_asked_for_again(door: Door) -> None:
    address = addresses(await page_of(door))[0]
    first = await door.anyone.get(address)
    assert first.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    again = await door.anyone.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    page = await door.anyone.get("/docs")
    assert page.headers["Cache-Control"] == "no-cache"
    again = await door.anyone.get("/docs", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


async def test_the_policy_lets_nothing_from_elsewhere_and_nothing_inline_run(door: Door) -> None:
    answer = await door.anyone.get("/docs")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy
    page = answer.body.decode()
    assert "<style" not in page
    assert "<script>" not in page
    assert "style=" not in page
    assert not re.search(r" on[a-z]+=", page)


OTHERS = [
    "/docs/assets/{version}/../../../etc/passwd",
    "/docs/assets/{version}/..%2f..%2f..%2fetc%2fpasswd",
    "/docs/assets/{version}/%2e%2e/%2e%2e/plugins.toml",
    "/docs/assets/{version}/..%5c..%5cplugins.toml",
    "/docs/assets/{version}//etc/passwd",
    "/docs/assets/{version}/page.js%00.css",
    "/docs/assets/{version}/PAGE.JS",
    "/docs/assets/{version}/assets.py",
    "/docs/assets/{version}/oauth2-redirect.html",
    "/docs/assets/{version}/",
    "/docs/assets/..%2f..%2f/page.js",
    "/docs/assets/000000000000/page.js",
    "/docs/assets/",
    "/docs/",
]


async def test_no_other_file_can_be_had(door: Door) -> None:
    version = addresses(await page_of(door))[0].split("/")[3]
    where = urlsplit(door.url)

    def ask(path: str) -> tuple[int, bytes]:
        # By a client that sends the path as it is written.
        connection = HTTPConnection(where.hostname or "", where.port, timeout=20)
        connection.putrequest("GET", path.format(version=version), skip_accept_encoding=True)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read()

    for path in OTHERS:
        status, body = await asyncio.to_thread(ask, path)
        assert (status, b'"code":"not-found"' in body) == (404, True), (path, body[:200])


async def test_the_page_speaks_both_languages(door: Door) -> None:
    english, chinese = await page_of(door), await page_of(door, language="zh-CN")
    assert '<html lang="en">' in english
    assert "All departments" in english
    assert '<html lang="zh-CN">' in chinese
    assert "所有部门" in chinese
    traffic = door.platform.registry.departments["traffic"].title
    assert traffic["en"] in english
    assert traffic["zh-CN"] in chinese


async def test_a_department_is_shown_by_itself(door: Door) -> None:
    page = await page_of(door, "?department=traffic")
    assert 'data-description="/openapi.json?department=traffic"' in page
    assert '<option value="traffic" selected>' in page
    assert 'data-description="/openapi.json"' in await page_of(door, "?department=")


async def test_a_department_that_is_not_there_is_refused(door: Door) -> None:
    departments = ("nowhere", '"><script>alert(1)</script>', "a&b", "../traffic")
    for path, department in product(("/docs", "/openapi.json"), departments):
        answer = await door.anyone.call("GET", path, params={"department": department})
        told = answer.problem(400, "invalid-parameter")
        assert department not in told["detail"]


async def test_a_large_city_s_page_wants_a_department_before_it_loads_anything(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module_of("page"), "MAX_ITEMS_SHOWN", 3)
    page = await page_of(door)
    assert "Choose a department" in page
    assert "data-description" not in page
    assert "All departments" not in page
    assert 'data-description="/openapi.json?department=fire"' in await page_of(door, "?department=fire")


async def test_without_the_package_the_server_starts_and_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec

    def missing(name: str, *rest: Any) -> Any:
        return None if name == "flask_swagger_ui" else found(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", missing)
    async with open_door(tmp_path, {"api_page": PAGE}) as opened:
        (await opened.anyone.get("/docs")).problem(404, "not-found")
        (said,) = [str(one) for one in opened.platform.registry.warnings if one.plugin == "api_page"]
        assert said.startswith("api_page: no-assets: ")
        assert "pip install 'banshi[page]'" in said


async def test_nothing_of_flask_is_imported_for_its_files() -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import api_page; assert api_page.banshi_routes()"
    code += "; print('flask' in sys.modules, 'flask_swagger_ui' in sys.modules)"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(PAGE.parent), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert said.decode().split() == ["False", "False"]

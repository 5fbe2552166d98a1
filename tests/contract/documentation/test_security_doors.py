"""docs/security.md has a row for each way in: what anybody may call, cookies, redirects, and by what somebody is known.

The code is looked through: whoever adds one of these writes its row, and says there what guards it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import get_args

import pytest

from banshi.app import loaded
from banshi.kernel.contract.routes import Audience
from banshi.kernel.loading.configuration import read_configuration
from conversations.identity.links import Way
from tests.places import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")

REDIRECTS = {301, 302, 303, 307, 308}
RAISED = re.compile("HTTP(Found|SeeOther|MovedPermanently|TemporaryRedirect|PermanentRedirect|Move|Redirection)")


def table(heading: str) -> str:
    """A section of the page."""
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


@cache
def sources() -> dict[str, str]:
    files = [
        file
        for room in ("platform", "libraries", "mobile_push", "plugins")
        for file in sorted((ROOT / room).rglob("*.py"))
    ]
    own = (file for file in files if not {"tests", "template"} & {*file.parts} and not file.name.startswith("test_"))
    return {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in own}


def called(node: ast.AST) -> str:
    """The last part of what is called; "" for what is no call."""
    func = node.func if isinstance(node, ast.Call) else None
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def cookies(text: str) -> Iterator[str]:
    """The cookies that a module keeps by name, and "" where it sets one itself."""
    for node in ast.walk(ast.parse(text)):
        if called(node) == "set_cookie" or (isinstance(node, ast.Constant) and node.value == "Set-Cookie"):
            yield ""
        if called(node) == "KeptCookie" and isinstance(node, ast.Call):
            name = [*node.args, *(one.value for one in node.keywords if one.arg == "name")][0]
            yield str(name.value) if isinstance(name, ast.Constant) else ""


def redirects(text: str) -> Iterator[str]:
    """Whatever in a module sends a browser elsewhere."""
    for node in ast.walk(ast.parse(text)):
        given = [node.value] if isinstance(node, ast.keyword) and str(node.arg).startswith("status") else []
        given += node.keys if isinstance(node, ast.Dict) else []
        if any(isinstance(one, ast.Constant) and one.value in REDIRECTS for one in given):
            yield ""
        if isinstance(node, ast.Constant) and 'http-equiv="refresh"' in str(node.value).lower():
            yield ""
        if isinstance(node, ast.Attribute | ast.Name) and RAISED.fullmatch(
            getattr(node, "attr", getattr(node, "id", ""))
        ):
            yield ""


def people(text: str) -> Iterator[str]:
    """Whatever in a module makes somebody known: what it does is done as them from there on. `""` is nobody."""
    for node in ast.walk(ast.parse(text)):
        if called(node) == "Principal" and isinstance(node, ast.Call):
            given = [*node.args, *(one.value for one in node.keywords if one.arg == "subject")]
            if not given or not isinstance(given[0], ast.Constant) or given[0].value:
                yield ""


def untold(find: Callable[[str], Iterator[str]], section: str) -> list[str]:
    """Files, and names, that the code has and a section has not."""
    found = {name or file for file, text in sources().items() for name in find(text)}
    return sorted(one for one in found if f"`{one}`" not in section)


def test_every_route_that_anybody_may_call_is_told_with_what_guards_it() -> None:
    """OWASP ASVS 5: 6.1.3, 6.3.4. Those too that take somebody without a token beside others.

    A route that becomes open to anyone is a decision, and made on the page too.
    """
    routes = [route for _, route in loaded(read_configuration(ROOT / "plugins.toml")).routes]
    open_ = [route for route in routes if route.audience is Audience.ANYONE or route.unnamed_at]
    assert len(open_) > 70
    told = set(re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`]*)`", table("What anybody may call")))
    assert told == {f"{route.method} {route.path}" for route in open_}


@pytest.mark.parametrize(
    ("find", "heading"), [(cookies, "Cookies"), (redirects, "Redirects"), (people, "Who is known, and by what")]
)
def test_every_cookie_redirect_and_way_of_being_known_has_its_row(
    find: Callable[[str], Iterator[str]], heading: str
) -> None:
    """OWASP ASVS 5: 3.3.1 to 3.3.4, 3.7.2, 6.1.3."""
    assert untold(find, "") != []
    assert untold(find, table(heading)) == []


def test_every_way_of_binding_a_chat_has_its_row() -> None:
    told = table("Who is known, and by what")
    assert [way for way in get_args(Way) if f"(`{way}`)" not in told] == []


def test_nginx_redirects_as_the_page_says() -> None:
    text = (ROOT / "deploy" / "nginx" / "banshi.conf").read_text(encoding="utf-8")
    assert re.findall(r"return 30\d \S+|(?:redirect|permanent);", text) == [
        "return 308 https://$server_name$request_uri;"
    ]
    assert "`deploy/nginx/banshi.conf`" in table("Redirects")


@pytest.mark.parametrize(
    ("find", "text"),
    [
        (cookies, 'answer.set_cookie("x", "y")'),
        (cookies, 'web.Response(headers={"Set-Cookie": "x=y"})'),
        (cookies, 'ONE = KeptCookie("mine", "/")'),
        (cookies, 'ONE = KeptCookie(name="mine", path="/")'),
        (redirects, "web.Response(status=303, headers=headers)"),
        (redirects, 'raise web.HTTPFound("/")'),
        (redirects, "ANSWERS = {302: PAGE}"),
        (redirects, 'head = \'<meta http-equiv="Refresh" content="0">\''),
        (people, 'who = Principal(subject="wang")'),
        (people, 'who = contract.Principal("wang")'),
    ],
)
def test_a_new_one_is_found(find: Callable[[str], Iterator[str]], text: str) -> None:
    assert list(find(text)) != []

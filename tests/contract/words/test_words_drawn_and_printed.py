"""What is drawn into a PDF, and what a command prints for people, is in plain words as all else that they read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest

from banshi.builtin.certificates.fonts import open_fonts
from banshi.builtin.certificates.page import Page, Source, page_of
from banshi.builtin.certificates.press import LAYOUT_FILE, Press
from banshi.builtin.passes.claims import words_of
from banshi.kernel.contract.values import LANGUAGES, Item
from banshi.kernel.loading.settings import Settings
from tests.contract.words.test_words_for_people import ROOT, city, name_of, sources, text_of
from tests.readers import certificate_reader
from tests.readers.plain_words import END, wrong_with

#: What stands where something is filled in: neither language's.
FILLED = "５"


def certified() -> list[Item]:
    return [item for item in city().items.unchecked() if item.certificate is not None]


def page(item: Item, language: str, some: Mapping[str, str] | None = None) -> Page:
    """The page of an item's certificate, with a choice's words or a mere figure in each of its claims but `some`."""
    at = datetime(2026, 11, 25, 4, tzinfo=UTC)
    assert item.credential is not None
    claims = {one.name: next(iter(words_of(item, one)), FILLED) for one in item.credential.claims}
    claims |= some or {}
    source = {
        "item": item,
        "department": city().departments[item.department],
        "case": SimpleNamespace(number="20261125-0001"),
        "record": SimpleNamespace(issued_at=at, not_before=None, expires_at=at),
        "code": "BS1:" + "A" * 200,
        "credential": SimpleNamespace(claims=claims),
        "settings": Settings(certificate_address="https://sample.example/verify"),
    }
    return page_of(Source(**cast("Any", source)), language, open_fonts(None))


def lines_of(data: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Each text of a page, and whether it is a sentence."""
    yield from ((data[name], False) for name in ("title", "issuer", "number", "issued", "seal", "qr_says"))
    yield from ((text, False) for row in data["rows"] for text in row)
    yield from ((text, True) for text in (*data["body"], *data["verify"]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_is_drawn_on_a_certificate_is_in_plain_words(language: str) -> None:
    found = []
    items = certified()
    assert len(items) > 10
    for item in items:
        for text, sentence in lines_of(orjson.loads(page(item, language).data)):
            # The classes of driving licences have these names in Chinese, too.
            bare = re.sub(r"20261125-0001|[ABC]\d(?= )", "", text).strip()
            figure = not re.search(r"[A-Za-z\u3400-\u9fff]", bare)
            if not figure and (wrong := wrong_with(bare, language, sentence=False)):
                found.append(f"{item.code} {language}: {wrong}: {text}")
            if sentence and not (END.search(text) or text.endswith((FILLED, "https://sample.example/verify"))):
                found.append(f"{item.code} {language}: half a sentence: {text}")
    assert not found


@pytest.mark.asyncio
@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_layout_of_a_certificate_adds_no_words_of_its_own(language: str) -> None:
    made = page(certified()[0], language)
    press = Press()
    await press.fonts()
    seen = certificate_reader.read(await press.pdf(made))
    await press.aclose()
    left = certificate_reader.bare(seen.text)
    for text, _ in sorted(lines_of(orjson.loads(made.data)), key=lambda one: -len(one[0])):
        left = left.replace(certificate_reader.bare(text), "")
    assert re.fullmatch(r"[\d/\W]*", left), left
    assert not re.search("[\u3400-\u9fff]", LAYOUT_FILE.read_text("utf-8"))


# -- commands --------------------------------------------------------------------------------------------------------

#: Commands whose output is read, or read out, to somebody who runs nothing: the story, and what is held of a person.
FOR_PEOPLE = ("platform/banshi/ops/cli/demo", "platform/banshi/ops/cli/data/person.py")

#: Members that are codes: each has words beside it.
CODES = frozenset({"verdict", "state", "kind", "action", "ended", "reason", "category", "value"})

#: What the story shows of HTTP because it is about that.
SHOWN = re.compile(
    r"POST /v1/devices → 201|Idempotency-Key|/openapi\.json|curl -H \"Authorization: Bearer \$CITIZEN\""
    r"|/v1/cases|\b(?:201|404|422)\b|bytes of PNG|SUBJECT|[A-Z]{3,}="
)


def trees() -> Iterator[tuple[str, ast.Module]]:
    for file, tree in sources().items():
        if any(file.is_relative_to(ROOT / one) for one in FOR_PEOPLE):
            yield file.name, tree


def printed() -> Iterator[tuple[str, ast.expr]]:
    """Each text that such a command prints, with its place."""
    for name, tree in trees():
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and name_of(call.func) in {"echo", "tell", "ClickException", "Text"}:
                yield from ((f"{name}:{call.lineno}", one) for one in call.args)


def codes_in(node: ast.AST) -> Iterator[str]:
    """The codes that texts are filled in with, but for what is only said where the story itself has failed."""
    if isinstance(node, ast.Call) and name_of(node.func) == "require":
        return
    if isinstance(node, ast.FormattedValue):
        match node.value:
            case ast.Subscript(slice=ast.Constant(value=str() as name)) | ast.Attribute(attr=name) if (
                # A document's reason is what somebody wrote.
                name in CODES and not (name == "reason" and isinstance(node.value, ast.Subscript))
            ):
                yield f"{name}, line {node.lineno}"
    for child in ast.iter_child_nodes(node):
        yield from codes_in(child)


def texts_of(node: ast.expr) -> Iterator[str]:
    """The texts in what is printed, but for what stands inside of what is filled in."""
    if text := text_of(node):
        yield text
    elif not isinstance(node, ast.JoinedStr | ast.Subscript):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from texts_of(child)


def test_what_a_command_prints_for_people_has_words_where_there_are_words() -> None:
    seen, found = 0, [f"{name}: the code {code}" for name, tree in trees() for code in codes_in(tree)]
    for place, text in printed():
        for english in texts_of(text):
            seen += 1
            plain = SHOWN.sub("", english)
            wrong = wrong_with(plain, "en", sentence=False) if re.search("[a-z]", plain) else []
            found += [f"{place}: {wrong}: {english}"] if wrong else []
    assert seen > 40
    assert not found

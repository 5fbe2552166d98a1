"""docs/api/clients.md is true: its examples in Python are run as they stand, those in TypeScript are compiled."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from banshi.builtin.identity.development import development_token
from banshi.testing import TINY_PNG, open_door
from tests.places import ROOT
from tests.town.zone_pass import answers_with
from tools import npm, typescript

PAGE = (ROOT / "docs" / "api" / "clients.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_block_of_the_page_is_in_a_language_that_is_tried() -> None:
    assert PAGE.count("```") == 2 * (len(blocks("ts")) + len(blocks("python")))
    assert blocks("ts")
    assert blocks("python")


async def test_the_examples_in_python_begin_a_case_and_take_it_back(tmp_path: Path) -> None:
    async with open_door(tmp_path, {"traffic": ROOT / "plugins" / "departments" / "traffic"}) as door:
        owner = door.citizen("wang")
        files = [(await owner.upload(TINY_PNG, f"{number}.png")).created()["id"] for number in range(2)]

        async def access_token(_: str | None) -> str:
            return development_token(door.platform.settings, "wang")

        given: dict[str, Any] = {"url": door.url, "access_token": access_token, "answers": answers_with(files)}
        for block in blocks("python"):
            code = compile(block, "docs/api/clients.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
            await eval(code, given)  # noqa: S307 - our own page
        cases = (await owner.get("/v1/cases")).ok()["items"]
        assert [one["state"] for one in cases] == ["withdrawn"]


@pytest.fixture
def compiler() -> None:
    try:
        npm.installed(typescript.PINS, "the examples are not compiled")
    except npm.Missing as error:
        pytest.skip(str(error))


@pytest.mark.usefixtures("compiler")
def test_the_examples_in_typescript_are_what_the_client_takes() -> None:
    typescript.check_examples(typescript.examples(PAGE))


@pytest.mark.usefixtures("compiler")
def test_what_the_client_does_not_take_is_told_with_its_line_on_the_page() -> None:
    wrong = typescript.examples(PAGE.replace("await begin(client, item", "await begin(client, 7"))
    line = 1 + PAGE[: PAGE.index("await begin(client")].count("\n")
    with pytest.raises(npm.Wrong, match=rf"clients\.md\.ts\({line},"):
        typescript.check_examples(wrong)

"""`banshi wechat-menu` and `banshi wechat-article`, as whoever runs the account types them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.channels.wechat.phones import written
from tests.plugins.test_departments import snapshot
from tests.processes.commands import run
from wechat.sandbox.account import Account, Keys
from wechat.sandbox.control import WeChatSandbox

MENU = """
[[menu]]
title = "办事服务"
entries = [
  { title = "意见建议", says = "意见建议" },
  { title = "飞船登记", says = "宇宙飞船登记" },
]
"""


@pytest.fixture
async def wechat(tmp_path: Path) -> AsyncIterator[WeChatSandbox]:
    """An account, and a plugins.toml that has it."""
    async with WeChatSandbox("http://127.0.0.1:9", account=Account(Keys(), "safe")) as sandbox:
        cover = sandbox.media.keep("image", snapshot(), for_good=True)
        written(tmp_path, f"sqlite://{tmp_path / 'banshi.sqlite3'}", sandbox, cover_media_id=cover)
        (tmp_path / "menu.toml").write_text(MENU)
        assert (await banshi(tmp_path, "migrate")).returncode == 0
        yield sandbox


async def banshi(folder: Path, *arguments: Any) -> CompletedProcess[str]:
    return await asyncio.to_thread(run, folder, *arguments)


async def test_a_menu_is_shown_without_being_pushed_then_pushed_and_what_leads_nowhere_is_named(
    wechat: WeChatSandbox, tmp_path: Path
) -> None:
    phone = wechat.phone("王小明")
    await phone.follows()
    shown = await banshi(tmp_path, "wechat-menu", "bureau", "--file", "menu.toml", "--show")
    assert shown.returncode == 0, shown.stderr
    assert "意见建议" in shown.stdout
    assert "飞船登记" in shown.stderr
    assert not phone.menu()
    pushed = await banshi(tmp_path, "wechat-menu", "bureau", "--file", "menu.toml")
    assert pushed.returncode == 0, pushed.stderr
    assert "  办事服务: 意见建议\n" in pushed.stdout
    assert "the menu of bureau is pushed" not in shown.stdout
    # A phone has it later; one that follows now has it at once.
    other = wechat.phone("李静")
    await other.follows()
    assert [one["name"] for one in other.menu()[0]["sub_button"]] == ["意见建议"]


@pytest.mark.parametrize("text", ["menu = 7", "menu = [7]", "[[menu]]\ntitle = 7\nsays = '1'", "[[menu]]", "x =", ""])
async def test_a_file_that_is_no_menu_is_told_so_and_nothing_is_pushed(
    wechat: WeChatSandbox, tmp_path: Path, text: str
) -> None:
    (tmp_path / "menu.toml").write_text(text)
    told = await banshi(tmp_path, "wechat-menu", "bureau", "--file", "menu.toml")
    assert told.returncode == 1
    assert "the menu of bureau was not pushed" in told.stderr
    assert "Traceback" not in told.stderr
    assert wechat.account.menu is None


async def test_an_article_becomes_a_draft_and_what_is_none_is_said(wechat: WeChatSandbox, tmp_path: Path) -> None:
    notice = tmp_path / "notice.txt"
    notice.write_text("谨防冒充公检法诈骗\n\n民警不会要求转账。\n")
    made = await banshi(tmp_path, "wechat-article", "bureau", notice)
    assert made.returncode == 0, made.stderr
    (draft,) = wechat.articles.drafts
    assert made.stdout.startswith(f"{draft}: ")
    assert "0 of 4 this month" in made.stdout
    notice.write_text("只有标题\n")
    refused = await banshi(tmp_path, "wechat-article", "bureau", notice)
    assert refused.returncode == 1
    assert "it needs a title" in refused.stderr
    assert len(wechat.articles.drafts) == 1


async def test_an_account_that_there_is_not_is_named_with_those_that_there_are(
    wechat: WeChatSandbox, tmp_path: Path
) -> None:
    refused = await banshi(tmp_path, "wechat-menu", "buro")
    assert refused.returncode == 2
    assert "accounts.buro" in refused.stderr
    assert "bureau" in refused.stderr

"""Bare pages for what a chat can't carry: who may see what on them, and what they hand in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from banshi.kernel.tables.cases import Case
from banshi.testing import Door
from conversations.tables.models import ContactLink
from tests.channels.bare_page import fields_of, link_in, send
from tests.channels.chatting import Chatter
from tests.channels.conversations.offices import office
from tests.places import DEPARTMENTS
from tests.plugins import filling
from tests.town import survey_plugin

CRIMINAL = DEPARTMENTS / "criminal"
OTHER = "11010519491231002X"
FORM = """
[items.form]
type = "object"
additionalProperties = false
required = ["choice", "guardian"]
properties.choice = { type = "string", title = { zh-CN = "街道", en = "Street" }, minLength = 2, maxLength = 40 }
[items.form.properties.guardian]
type = "string"
format = "cn-resident-id"
title = { zh-CN = "监护人身份证号码", en = "Guardian's ID number" }
"""
GUARDIAN = "/answers/guardian"


@asynccontextmanager
async def city(folder: Path, **settings: Any) -> AsyncIterator[Door]:
    head = survey_plugin.ITEMS.partition("[items.form]")[0]
    survey = survey_plugin.make(folder, head + FORM)
    async with office(folder, names=["criminal"], plugins={"survey": survey}, **settings) as door:
        yield door


async def up_to_the_number(door: Door) -> tuple[Chatter, str]:
    """Somebody who has told their street; and the reply that leads to the page."""
    chatter = Chatter(door, "zh-CN")
    await chatter.is_linked("li", name="李示例", resident_id=filling.NUMBER)
    await chatter.begin("新桥")
    await chatter.send("文庙街")
    return chatter, (await chatter.send("0")).text


async def test_a_link_shows_nothing_before_it_is_asked_and_hands_in_once(tmp_path: Path) -> None:
    async with city(tmp_path) as door:
        _, reply = await up_to_the_number(door)
        link = link_in(reply)
        looked = (await door.anyone.get(link)).body.decode()
        assert "文庙街" not in looked
        page = (await send(door, link, {})).body.decode()
        assert "文庙街" in page
        assert fields_of(page) == ["/newsletter", GUARDIAN]
        wrong = (await send(door, link, {GUARDIAN: ["110105194912310021"]})).body.decode()
        assert 'class="warn"' in wrong
        assert "110105194912310021" in wrong
        assert "文庙街" in wrong
        done = (await send(door, link, {GUARDIAN: [OTHER]})).body.decode()
        (case,) = await Case.all()
        assert case.number in done
        assert (case.person, case.answers) == ("li", {"choice": "文庙街", "guardian": OTHER})
        for _ in range(2):
            assert (await send(door, link, {GUARDIAN: [OTHER]})).status == 410
        assert await Case.all().count() == 1


async def test_a_link_is_over_after_an_hour_and_when_the_contact_is_bound_to_nobody(tmp_path: Path) -> None:
    async with city(tmp_path) as door:
        chatter, reply = await up_to_the_number(door)
        link = link_in(reply)
        begun = door.platform.now()
        door.platform.now = lambda: begun + timedelta(minutes=61)
        assert (await door.anyone.get(link)).status == 410
        door.platform.now = lambda: begun
        assert (await door.anyone.get(link)).status == 200
        await ContactLink.all().update(ended_at=begun)
        assert (await send(door, link, {})).status == 410
        assert await chatter.state() == "menu"


async def test_what_is_sent_from_another_site_hands_nothing_in(tmp_path: Path) -> None:
    async with city(tmp_path) as door:
        _, reply = await up_to_the_number(door)
        fields = {GUARDIAN: [OTHER]}
        assert (await send(door, link_in(reply), fields, origin="https://elsewhere.example")).status == 403
        assert (await send(door, "/v1/tips/forms/crime-tip", {}, origin="null")).status == 403
        assert await Case.all().count() == 0


async def test_only_what_is_handed_in_without_a_name_has_an_open_page(tmp_path: Path) -> None:
    async with city(tmp_path) as door:
        assert (await door.anyone.get("/v1/tips/forms/survey")).status == 404
        assert (await door.anyone.get("/v1/tips/forms/nothing")).status == 404
        page = await door.anyone.get("/v1/tips/forms/crime-tip")
        assert "Set-Cookie" not in page.headers
        assert "<script" not in page.body.decode()
        missing = (await send(door, "/v1/tips/forms/crime-tip", {"/answers/place": ["河边"]})).body.decode()
        assert missing.count('class="warn"') == 3
        assert await Case.all().count() == 0


async def test_danger_on_a_page_is_answered_with_a_number_before_it_is_handed_in(tmp_path: Path) -> None:
    async with city(tmp_path) as door:
        link = "/v1/tips/forms/crime-tip"
        fields = {name: ["1"] for name in fields_of((await door.anyone.get(link)).body.decode())}
        fields |= {"/answers/place": ["河边"], "/answers/content": ["有人持刀在河边追人，快来人"]}
        page = (await send(door, link, fields)).body.decode()
        assert "110" in page[page.index('class="warn"') :]
        assert "12110" in page
        assert 'name="told"' in page
        assert await Case.all().count() == 0
        calm = await send(door, link, {**fields, "told": ["1"]})
        assert "请立即拨打110" not in calm.body.decode()


async def test_the_operator_s_own_page_takes_the_place_of_ours(tmp_path: Path) -> None:
    async with city(tmp_path, form_page="https://app.city.example/items/{item}") as door:
        _, reply = await up_to_the_number(door)
        assert "https://app.city.example/items/new-bridge" in reply

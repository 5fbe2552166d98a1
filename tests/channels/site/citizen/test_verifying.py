"""A code that any camera opens: anybody sees on the city's page whether it is valid, and no more than it says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import pytest
import zxingcpp
from PIL import Image

from banshi.builtin.passes.models import Scan
from banshi.testing import Door, Person, open_door
from tests.banshi.builtin.certificates.test_certificates import ITEMS, certified, code_in, pdf
from tests.banshi.builtin.passes.test_dynamic_passes import FIRE, approved
from tests.banshi.builtin.passes.test_pass_ledger import Forger, issue, revoke, scan, turn
from tests.channels.site.browsing import Browser, open_browser
from tests.conftest import good_answers
from tests.town.departments import write
from web_site.session import ROOT

TRAFFIC = FIRE.with_name("traffic")
CITY = "https://www.city.example"
QR = zxingcpp.BarcodeFormat.QRCodeModel2
#: What a verdict's page says above all, by its colour.
SAID = {"green": ("good", "Valid"), "amber": ("old", "Look once more"), "red": ("not", "Not valid")}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    parks = write(tmp_path, ITEMS)
    plugins = {"traffic": TRAFFIC, "fire": FIRE, "parks": parks, "mobile_push": "mobile_push", "web_site": "web_site"}
    async with open_door(tmp_path, plugins, platform={"address": CITY}) as opened:
        yield opened


@pytest.fixture
async def stranger(door: Door) -> AsyncIterator[Browser]:
    async with open_browser(door, language="en") as opened:
        yield opened


async def read(person: Person, path: str) -> str:
    """What a camera reads of a picture of the API's."""
    (found,) = zxingcpp.read_barcodes(Image.open(BytesIO((await person.get(path)).body)), QR)
    return str(found.text)


async def verify(stranger: Browser, text: str) -> tuple[str, str]:
    """The verdict's colour and heading, as the page shows them for what its address has behind the #."""
    await stranger.go(f"{ROOT}/verify")
    stranger.type("text", text)
    await stranger.press()
    assert stranger.status == 200
    (verdict,) = stranger.page.xpath("//*[@role='status']/@class")
    return verdict.removeprefix("verdict "), stranger.heading()


async def test_a_pass_opens_the_citys_page_in_any_camera_which_says_what_the_code_says(
    door: Door, stranger: Browser
) -> None:
    one = await issue(door, good_answers)
    code = await read(one.person, f"{one.link}/pass.png")
    address, _, rest = code.partition("#")
    assert (address, rest) == (f"{CITY}{ROOT}/verify", quote(one.text, safe="$*+/:"))
    assert (await scan(door, code))["verdict"] == (await scan(door, one.text))["verdict"] == "valid"
    before = await Scan.all().count()
    for text in (code, one.text, f"  {code}\n"):
        assert await verify(stranger, text) == SAID["green"]
        assert stranger.headers["Cache-Control"] == "no-store"
    await stranger.press("show", "large")
    assert (stranger.page.get("class"), stranger.heading()) == ("large", "Valid")
    said = {str(term.text): term.getnext().text for term in stranger.page.xpath("//dl//dt")}
    assert said["Plate"] == "川BD12345"
    assert "王小明" not in stranger.text, "no pass of this item says its holder's whole name"
    await revoke(one, reason="二号区域施工关闭")
    assert await verify(stranger, code) == SAID["red"]
    for secret in ("川BD12345", "二号区域施工关闭", "revoked"):
        assert secret not in stranger.page.text_content(), secret
    assert await Scan.all().count() == before, "who asks is recorded nowhere"
    (shown,) = (await one.person.get(f"{one.link}/scans")).ok()["items"][:1]
    assert shown["verdict"] == "valid"


async def test_a_certificates_code_is_read_by_anybody_beside_its_page(door: Door, stranger: Browser) -> None:
    person = door.citizen("wang", name="王小明")
    path = await certified(door, person)
    code = code_in(await pdf(person, path))
    assert code.startswith(f"{CITY}{ROOT}/verify#BS1:")
    assert await verify(stranger, code) == SAID["green"]
    told = stranger.page.text_content()
    for one in ('Certificate of "voluntary" work', "王小明 has worked for so long: 40小时", "Parks", "A job"):
        assert one in told, one


async def test_a_pass_that_a_phone_shows_is_good_for_half_a_minute(door: Door, stranger: Browser) -> None:
    phone = await approved(door)
    held = (await phone.take()).ok()
    assert held["address"] == f"{CITY}{ROOT}/verify"
    text = phone.shows(door)
    code = f"{held['address']}#{text.replace('%', '%25').replace(' ', '%20')}"
    assert await verify(stranger, code) == SAID["green"]
    turn(door, timedelta(seconds=31))
    assert await verify(stranger, code) == SAID["amber"]
    assert "scan it again" in stranger.page.text_content()
    assert await verify(stranger, held["text"]) == SAID["red"], "a copy of what the phone keeps"


async def test_what_is_no_code_of_ours_is_never_valid(door: Door, stranger: Browser) -> None:
    one = await issue(door, good_answers)
    code = await read(one.person, f"{one.link}/pass.png")
    _, _, rest = code.partition("#")
    told = {
        "": "amber",
        "hello": "amber",
        "https://www.city.example/site/verify#": "amber",
        "<script>alert(1)</script>": "amber",
        "javascript:alert(1)#BS1:": "amber",
        # Another spelling of the same, another scheme, and what was cut or added.
        f"https://x.example#{''.join(f'%{ord(sign):02X}' for sign in rest[:9])}{rest[9:]}": "amber",
        f"ftp://x.example#{rest}": "amber",
        code[:-3]: "amber",
        f"{code}%20": "amber",
        "٩" * 4_000: "amber",
        # Signed by nobody of ours, wherever it leads to.
        f"{CITY}{ROOT}/verify#{quote(Forger(one).text(high_s=True), safe='$*+/:')}": "red",
    }
    for text, colour in told.items():
        assert await verify(stranger, text) == SAID[colour], text[:80]
        assert not stranger.page.xpath("//main//script")
    # The page's own address says nothing: whose server it leads to doesn't make it more or less valid.
    assert await verify(stranger, f"https://evil.example/#{rest}") == SAID["green"]


async def test_the_api_says_a_stranger_no_more_than_the_code_does(door: Door) -> None:
    one = await issue(door, good_answers)
    found = (await door.anyone.post("/v1/passes/check", {"text": one.text})).ok()
    assert (found["verdict"], found["colour"], found["detail"]) == ("valid", "green", "")
    assert {*found} == {"verdict", "colour", "detail", "item", "claims", "not_before", "expires_at"}
    await revoke(one)
    found = (await door.anyone.post("/v1/passes/check", {"text": one.text})).ok()
    assert (found["verdict"], found["colour"], found["claims"]) == ("revoked", "red", [])
    (await door.anyone.post("/v1/passes/check", {"text": one.text, "place": "x"})).problem(422, "invalid-fields")


async def test_without_a_page_or_an_address_a_code_is_the_pass_alone(tmp_path: Path) -> None:
    async with open_door(tmp_path, {"traffic": TRAFFIC, "mobile_push": "mobile_push"}) as door:
        one = await issue(door, good_answers)
        assert await read(one.person, f"{one.link}/pass.png") == one.text

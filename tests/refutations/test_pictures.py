"""A picture that goes around is found again by its fingerprint, and nothing else of it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from banshi import Principal, Role
from banshi.testing import Person, open_door
from likeness import are_alike, fingerprint
from refutations.tables.models import Edition, Refutation
from tests.channels.site.browsing import open_browser
from tests.libraries.test_likeness import file, page, photo
from tests.refutations.conftest import CHECKING, PLUGINS, UNTRUE, Office

PICTURES = "/v1/refutations/pictures"
JPEG = {"Content-Type": "image/jpeg"}


async def asked(person: Person, content: bytes) -> dict[str, Any]:
    return dict((await person.call("POST", PICTURES, data=content, headers=JPEG)).ok())


async def test_whoever_asks_by_a_picture_gets_the_records_that_have_it(office: Office) -> None:
    seen = await asked(office.sun, file(photo(1)))
    assert seen["items"] == []
    one = await office.publish({**CHECKING, "pictures": [seen["picture"]]})
    wang = office.door.citizen("wang")
    (found,) = (await asked(wang, file(photo(1).resize((200, 150)), "JPEG", quality=30)))["items"]
    assert (found["id"], found["rating"]) == (one["id"], "checking")
    assert (await asked(wang, file(photo(2))))["items"] == []
    # The next edition has it too, until it is withdrawn.
    await office.correct(one, {**UNTRUE, "pictures": [seen["picture"]]})
    assert [each["rating"] for each in (await asked(wang, file(photo(1))))["items"]] == ["untrue"]
    (await office.act(one, "withdraw", reason="x")).ok()
    assert (await asked(wang, file(photo(1))))["items"] == []


async def test_a_draft_is_found_by_nobody_and_no_picture_is_kept(office: Office) -> None:
    content = file(photo(1))
    seen = await asked(office.sun, content)
    await office.write({**CHECKING, "pictures": [seen["picture"]]})
    assert (await asked(office.door.citizen("wang"), content))["items"] == []
    folder = office.door.platform.settings.attachments_folder
    assert not [one for one in folder.rglob("*") if one.is_file()] if folder.exists() else True
    assert content not in str(await Refutation.all().values()).encode()
    assert await Edition.all().count() == 0


async def test_a_page_of_text_is_found_as_the_same_file_alone(office: Office) -> None:
    seen = await asked(office.sun, file(page(1)))
    await office.publish({**CHECKING, "pictures": [seen["picture"]]})
    wang = office.door.citizen("wang")
    assert len((await asked(wang, file(page(1))))["items"]) == 1
    assert (await asked(wang, file(page(2))))["items"] == []


NO_PICTURES = (
    *(b"", b"no picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    # A thousand passes.
    b"\xff\xd8" + b"\xff\xda" * 300,
)


async def test_what_is_no_picture_is_refused_and_says_what_to_send(office: Office) -> None:
    wang = office.door.citizen("wang")
    for content in NO_PICTURES:
        answer = await wang.call("POST", PICTURES, data=content, headers=JPEG)
        answer.problem(422, "unreadable-picture")
    too_large = await wang.call("POST", PICTURES, data=b"\x89PNG" + bytes(8_000_001), headers=JPEG)
    too_large.problem(413, "too-large")


async def test_whoever_says_no_name_and_what_is_no_media_type_of_a_picture_get_nothing(office: Office) -> None:
    (await office.door.anyone.call("POST", PICTURES, data=b"x", headers=JPEG)).problem(401, "unauthenticated")
    text = {"Content-Type": "text/plain"}
    answer = await office.door.citizen("wang").call("POST", PICTURES, data=b"x", headers=text)
    assert answer.status in (415, 422)


async def test_a_fingerprint_that_is_none_is_refused(office: Office) -> None:
    body = {"department": "traffic", **CHECKING, "pictures": ["0" * 32]}
    (await office.sun.post("/v1/refutations", body)).problem(422, "invalid-fields")


async def test_the_workbench_takes_a_picture_and_stores_its_fingerprint_alone(tmp_path: Path) -> None:
    plugins: dict[str, Any] = {**PLUGINS, "mobile_push": "mobile_push", "web_site": "web_site"}
    sun = Principal("sun", name="孙示例", roles=(Role("publisher", "traffic"),))
    async with open_door(tmp_path, plugins) as door, open_browser(door, sun) as browser:
        await browser.go("/site/staff/refutations/new")
        typed = {"/about/zh-CN": "示例大桥垮塌", "/about/en": "The bridge has fallen", "/claim": "大桥垮了"}
        for name, text in typed.items():
            browser.type(name, text)
        browser.type("picture", b"no picture")
        await browser.press("next", "1")
        assert any("图片无法读取" in one for one in browser.mistakes()), browser.mistakes()
        browser.type("picture", file(photo(1)))
        await browser.press("next", "1")
        assert browser.status == 200, browser.mistakes()
        (row,) = await Refutation.all()
        (kept,) = row.draft["pictures"]
        assert are_alike(kept, await fingerprint(file(photo(1))))
        # Another edition without one keeps it.
        await browser.go(f"{browser.url}/edit")
        browser.type("/claim", "大桥垮了，快转")
        await browser.press("next", "1")
        (row,) = await Refutation.all()
        assert (row.draft["claim"], row.draft["pictures"]) == ("大桥垮了，快转", [kept])

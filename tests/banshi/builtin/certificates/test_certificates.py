"""What a certificate promises: its holder and the department get it, the same each time, whatever was answered; anybody
verifies it; and what it says of its holder is what was signed."""

from __future__ import annotations

import asyncio
import struct
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pypdf
import pytest

from banshi.builtin.certificates import press as press_module
from banshi.builtin.certificates.fonts import OURS, code_points, open_fonts
from banshi.builtin.certificates.page import Page
from banshi.builtin.certificates.press import PAGES_AT_ONCE, PRESS, Press
from banshi.builtin.certificates.refusals import ENDED, TOLD
from banshi.builtin.certificates.routes import _named
from banshi.builtin.passes import keys
from banshi.builtin.passes.keys import KEYRING
from banshi.builtin.passes.refusals import Reason
from banshi.builtin.passes.wire.cose import MAX_TEXT_SIGNS
from banshi.foundation.errors import Unavailable
from banshi.foundation.findings import ConfigurationError
from banshi.kernel.contract.items import LONGEST_DECISION
from banshi.kernel.tables.passes import Pass
from banshi.kinds.application.claims import masked
from banshi.testing import Door, Person, Reply, open_door
from tests.readers import certificate_reader
from tests.readers.plain_words import wrong_with
from tests.town.departments import both, claim, department, item, write
from tests.tries import tries
from tools import make_font

FIELDS = {
    "name": {"type": "string", "maxLength": 100},
    "resident_id": {"type": "string", "format": "cn-resident-id"},
    "use": {"type": "string", "enum": ["job", "school"]},
    "until": {"type": "string", "format": "date"},
}
CLAIMS = [
    claim("holder", "姓名", "Name", source="/name"),
    claim("signed_in", "登录名", "Signed in as", source="holder", masked=True),
    claim("resident_id", "身份号码", "ID number", source="/resident_id", masked=True),
    claim("use", "用途", "Use", source="/use", values={"job": both("求职", "A job"), "school": both("上学", "School")}),
    claim("hours", "时长", "Hours", source="decision"),
]
ITEMS = (
    department(phone="000-0000000", units={"east": both("东区", "East")})
    + item(
        "helper",
        "志愿服务证明",
        "Proof of voluntary work",
        unit="east",
        result={"kind": "certificate", "title": both("志愿服务/证明", 'Certificate of "voluntary" work')},
        fields=FIELDS,
        required=["name", "resident_id", "use"],
        credential={"valid_until": "/until", "longest_days": 30, "claims": CLAIMS},
        certificate={"body": both("兹证明{holder}的服务时长：{hours}", "{holder} has worked for so long: {hours}")},
    )
    + item()
)


NUMBER = "11010519491231002X"


@pytest.fixture
def parks(tmp_path: Path) -> Path:
    return write(tmp_path, ITEMS)


@pytest.fixture
async def door(tmp_path: Path, parks: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path, {"parks": parks, "mobile_push": "mobile_push"}) as opened:
        yield opened


def approver(door: Door) -> Person:
    return door.staff("li", "parks/east:reviewer", "parks/east:approver")


async def applied(door: Door, person: Person, name: str = "王小明", **more: Any) -> str:
    """A case that waits for its approval: its path."""
    answers = {"name": name, "resident_id": NUMBER, "use": "job", **more}
    case = (await person.post("/v1/items/helper/cases", {"answers": answers})).created()
    await door.settled()
    return str(case["links"]["self"])


async def certified(door: Door, person: Person, name: str = "王小明", reason: str = "40小时", **more: Any) -> str:
    """An approved case: its path."""
    path = await applied(door, person, name, **more)
    (await approver(door).post(f"{path}/actions/approve", {"reason": reason})).ok()
    return path


def wang(door: Door) -> Person:
    return door.citizen("wang", name="王小明")


@pytest.fixture
async def path(door: Door) -> str:
    """An approved case of Wang's."""
    return await certified(door, wang(door))


async def pdf(person: Person, path: str, **headers: str) -> Reply:
    reply = await person.get(f"{path}/certificate.pdf", headers=headers)
    assert reply.status == 200, reply.body[:1000]
    return reply


async def verdict(door: Door, text: str, language: str = "en") -> dict[str, Any]:
    told = {"Accept-Language": language}
    return dict((await door.anyone.post("/v1/certificates/verify", {"text": text}, headers=told)).ok())


def code_in(reply: Reply) -> str:
    return certificate_reader.read(reply.body).code


# -- who gets it -----------------------------------------------------------------------------------------------------


async def test_the_holder_and_the_departments_staff_get_it_and_nobody_else(door: Door, path: str) -> None:
    mine = await pdf(wang(door), path)
    assert (await pdf(approver(door), path)).body == mine.body
    others = {
        "another citizen": door.citizen("zhang"),
        "another unit": door.staff("sun", "parks/west:reviewer"),
        "another department": door.staff("zhou", "traffic:approver"),
        "an officer": door.officer("p1", "parks"),
    }
    for who, person in others.items():
        assert (await person.get(f"{path}/certificate.pdf")).status == 404, who
    (await door.anyone.get(f"{path}/certificate.pdf")).problem(401, "unauthenticated")


async def test_there_is_none_before_the_approval_nor_for_an_item_that_ends_in_another_thing(door: Door) -> None:
    path = await applied(door, wang(door))
    told = (await wang(door).get(f"{path}/certificate.pdf")).problem(404, "not-found")
    assert "“已受理”" in told["detail"]
    bench = (await wang(door).post("/v1/items/bench/cases", {"answers": {}})).created()["links"]["self"]
    await door.settled()
    (await door.staff("li", "parks:approver").post(f"{bench}/actions/approve")).ok()
    (await wang(door).get(f"{bench}/certificate.pdf")).problem(404, "not-found")
    assert "certificate" not in (await wang(door).get(bench)).ok()["links"]
    (await wang(door).get("/v1/cases/not-a-case/certificate.pdf")).problem(404, "not-found")


async def test_the_case_links_to_it_and_the_message_says_that_it_is_ready(door: Door, path: str) -> None:
    await door.settled()
    assert (await wang(door).get(path)).ok()["links"]["certificate"] == f"{path}/certificate.pdf"
    message = (await wang(door).get("/v1/inbox", headers={"Accept-Language": "en"})).ok()["items"][-1]
    assert "your certificate is ready, valid to" in message["body"]
    assert message["link"] == path


# -- the same each time ----------------------------------------------------------------------------------------------


async def test_it_is_the_same_bytes_each_time_and_whoever_has_them_is_told_without_drawing(
    door: Door, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, again = await pdf(wang(door), path), await pdf(wang(door), path)
    assert first.body == again.body
    assert first.headers["ETag"] == again.headers["ETag"]
    # Another process draws the same.
    monkeypatch.setitem(door.platform._resources, PRESS, Press())
    assert (await pdf(wang(door), path)).body == first.body
    monkeypatch.setattr(Press, "pdf", None)
    for tag in (first.headers["ETag"], f"W/{first.headers['ETag']}", "*"):
        known = await wang(door).get(f"{path}/certificate.pdf", headers={"If-None-Match": tag})
        assert (known.status, known.body) == (304, b"")


async def test_head_says_what_get_would(door: Door, path: str) -> None:
    shown, head = await pdf(wang(door), path), await wang(door).call("HEAD", f"{path}/certificate.pdf")
    assert (head.status, head.body) == (200, b"")
    for name in ("ETag", "Content-Length", "Content-Type", "Content-Disposition", "Cache-Control"):
        assert head.headers[name] == shown.headers[name], name
    assert shown.headers["Cache-Control"] == "no-store"


async def test_its_language_is_the_readers_or_the_one_that_is_chosen(door: Door, path: str) -> None:
    chinese, english = [await pdf(wang(door), path, **{"Accept-Language": one}) for one in ("zh-CN", "en")]
    assert certificate_reader.read(chinese.body).language == chinese.headers["Content-Language"] == "zh-CN"
    assert certificate_reader.read(english.body).says("王小明 has worked for so long: 40小时")
    assert chinese.headers["ETag"] != english.headers["ETag"]
    chosen = await wang(door).get(f"{path}/certificate.pdf?language=en", headers={"Accept-Language": "zh-CN"})
    assert chosen.body == english.body
    assert (await pdf(wang(door), path, **{"Accept-Language": "fr"})).body == chinese.body
    (await wang(door).get(f"{path}/certificate.pdf?language=fr")).problem(400, "invalid-parameter")


async def test_its_files_name_is_safe_whatever_the_title_is(door: Door, path: str) -> None:
    number = (await wang(door).get(path)).ok()["number"]
    for language, title in (("zh-CN", "志愿服务-证明"), ("en", 'Certificate of "voluntary" work')):
        told = (await pdf(wang(door), path, **{"Accept-Language": language})).headers["Content-Disposition"]
        plain, _, encoded = told.partition("; filename*=UTF-8''")
        assert plain == f'inline; filename="{number}.pdf"'
        assert unquote(encoded) == f"{title} {number}.pdf"
        assert encoded.isascii()
        assert not set(encoded) & set("\"';/\\ \r\n")


def test_a_files_name_holds_no_header_and_no_path() -> None:
    page = Page('a\r\nX-Evil: 1"; filename="b.exe\\../', b"{}", "BS1:", 0, lacking=False, fonts=open_fonts())
    told = _named(type("Row", (), {"number": "1"})(), page)["Content-Disposition"]  # type: ignore[arg-type]
    assert not set(told.partition("UTF-8''")[2]) & set("\"';/\\ \r\n")


# -- what it says ----------------------------------------------------------------------------------------------------

ALL_RARE = "\U00020bb7" * 100

#: Names as people could write them: what the page says in their place, and what the code says.
NAMES = {
    "of one sign": ("王", "王"),
    "very long": ("王" * 100, "王" * 100),
    "one long word": ("W" * 100, "W" * 100),
    "rare": ("\U00020bb7田", "〔U+20BB7〕田"),
    "all of it rare": (ALL_RARE, "〔U+20BB7〕" * 100),
    "emoji": ("王\U0001f600", "王〔U+1F600〕"),
    "a family of emoji": ("\U0001f468‍\U0001f469", "〔U+1F468〕〔U+1F469〕"),
    "right to left": ("שלום", "〔U+05E9〕〔U+05DC〕〔U+05D5〕〔U+05DD〕"),
    "turned around": ("王‮明小", "王明小"),
    "with controls": ("王\x07\x1b[31m小\r\n明\t", "王[31m小 明"),
    "markup": ('#panic("x") $x$ *b* _i_ <b>&amp;</b> \\n [a]', '#panic("x") $x$ *b* _i_ <b>&amp;</b> \\n [a]'),
    "a template": ("{number} {0.__class__}", "{number} {0.__class__}"),
    "a path": ('#read("/etc/passwd") ../../x', '#read("/etc/passwd") ../../x'),
    "with a variant": ("葛\U000e0100", "葛"),
    "traditional": ("張國榮", "張國榮"),
    "of the national list": ("䶮㛃", "䶮㛃"),
    "Latin with accents": ("José Ōé Łukasz Nguyễn", "José Ōé Łukasz Nguyễn"),
    "Cyrillic": ("Иванова Наталья", "Иванова Наталья"),
    "unpaired": ("王\U0010ffff", "王〔U+10FFFF〕"),
}


async def test_whatever_a_name_is_the_page_shows_it_or_names_what_it_cannot_show(door: Door) -> None:
    for name, (written, shown) in NAMES.items():
        path = await certified(door, wang(door), written)
        seen = certificate_reader.read((await pdf(wang(door), path)).body)
        assert seen.says(shown), name
        assert seen.says("字体缺少的字") == ("〔U+" in shown), name
        assert not {"\ufffd", "\0"} & set(seen.text), name
        claims = {one["name"]: one["value"] for one in (await verdict(door, seen.code))["claims"]}
        assert claims["holder"] == written, "the code has it as it was written"


async def test_what_is_masked_stands_neither_on_the_page_nor_in_the_code(door: Door) -> None:
    seen = certificate_reader.read((await pdf(wang(door), await certified(door, wang(door)))).body)
    claims = {one["name"]: one["value"] for one in (await verdict(door, seen.code))["claims"]}
    assert (claims["resident_id"], claims["signed_in"]) == ("110***********002X", "王**")
    assert seen.says("110***********002X")
    assert NUMBER not in seen.text


def test_a_mask_leaves_what_its_owner_knows_again() -> None:
    assert [masked(one) for one in ("", "王", "欧阳小明", "13800000000", NUMBER, 12345, ["李四", "王五"])] == [
        *("", "王", "欧***", "138****0000", "110***********002X", "1****"),
        ["李*", "王*"],
    ]


async def test_a_name_that_the_identity_provider_does_not_say_is_left_out(door: Door) -> None:
    nameless = door.citizen("nameless")
    seen = certificate_reader.read((await pdf(nameless, await certified(door, nameless))).body)
    assert not seen.says("登录名")


async def test_a_name_that_is_longer_than_any_is_cut_and_never_keeps_a_case_from_its_approval(door: Door) -> None:
    endless = door.citizen("endless", name="\U00020bb7" * 200)
    code = code_in(await pdf(endless, await certified(door, endless, ALL_RARE, "\U00020bb7" * LONGEST_DECISION)))
    assert (await verdict(door, code))["verdict"] == "valid"


async def test_what_was_decided_has_to_be_written_and_fits_into_the_code(door: Door) -> None:
    path = await applied(door, wang(door))
    for body in ({}, {"reason": "一" * (LONGEST_DECISION + 1)}):
        told = (await approver(door).post(f"{path}/actions/approve", body)).problem(422, "invalid-fields")
        assert told["problems"][0]["pointer"] == "/reason"
    assert (await wang(door).get(path)).ok()["state"] == "accepted"
    (await approver(door).post(f"{path}/actions/approve", {"reason": "一" * LONGEST_DECISION})).ok()


async def test_the_largest_code_that_there_can_be_is_read_off_the_page(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "BS1:" + "A7%" * ((MAX_TEXT_SIGNS - 4) // 3)
    pages: list[Page] = []
    draw = Press._draw
    monkeypatch.setattr(Press, "_draw", lambda self, page: pages.append(page) or draw(self, page))
    await pdf(wang(door), await certified(door, wang(door)))
    drawn = await door.platform[PRESS].pdf(replace(pages[0], data=pages[0].data + b" ", code=text))
    assert certificate_reader.read(drawn).code == text


async def test_where_readers_verify_it_stands_on_it_if_the_operator_says(tmp_path: Path, parks: Path) -> None:
    address = "https://verify.example/证书"
    async with open_door(tmp_path, {"parks": parks}, platform={"certificate_address": address}) as door:
        seen = certificate_reader.read((await pdf(wang(door), await certified(door, wang(door)))).body)
        assert seen.says(address)


# -- verified by anybody ---------------------------------------------------------------------------------------------


async def test_anybody_verifies_it_on_each_database(tmp_path: Path, parks: Path, database: str) -> None:
    async with open_door(tmp_path, {"parks": parks}, platform={"database": database}) as door:
        path = await certified(door, wang(door))
        code = code_in(await pdf(wang(door), path))
        told = await verdict(door, code)
        assert told["verdict"] == "valid"
        assert told["number"] == (await wang(door).get(path)).ok()["number"]
        assert told["department"] == {"code": "parks", "title": "Parks"}
        assert {one["name"]: one["text"] for one in told["claims"]} == {
            "holder": "王小明",
            "signed_in": "王**",
            "resident_id": "110***********002X",
            "use": "A job",
            "hours": "40小时",
        }
        (await approver(door).post(f"{path}/actions/revoke", {"reason": "查有不实"})).ok()
        told = await verdict(door, code)
        assert told["verdict"] == "revoked"
        assert "查有不实" not in str(told), "why is between the department and its citizen"
        (await wang(door).get(f"{path}/certificate.pdf")).problem(410, "certificate-revoked")
        # An officer's scan is told the same.
        scan = (await door.officer("p1", "parks").post("/v1/passes/verify", {"text": code})).ok()
        assert scan["verdict"] == "revoked"


async def test_all_that_the_page_says_can_be_compared_with_its_verification(door: Door, path: str) -> None:
    """The sentences are not signed: a page that swears something else is found out by whoever reads both."""
    bodies = {"zh-CN": ["兹证明王小明的服务时长：40小时"], "en": ["王小明 has worked for so long: 40小时"]}
    before = {}
    for language, body in bodies.items():
        shown = await pdf(wang(door), path, **{"Accept-Language": language})
        seen, told = certificate_reader.read(shown.body), await verdict(door, code_in(shown), language)
        assert (told["title"], told["body"]) == (seen.title, body)
        assert all(seen.says(one) for one in (told["title"], *told["body"], told["number"]))
        stranger = await verdict(door, seen.code[:-1], language)
        assert (stranger["title"], stranger["body"]) == (None, [])
        before[language] = told
    (await approver(door).post(f"{path}/actions/revoke", {"reason": "有误"})).ok()
    for language, told in before.items():
        after = await verdict(door, seen.code, language)
        assert (after["verdict"], after["title"], after["body"]) == ("revoked", told["title"], told["body"])


async def test_whoever_asks_for_one_or_verifies_it_reads_which_of_the_three_ends_it_had(door: Door) -> None:
    for action, state, title, word, chinese in (
        ("revoke", "revoked", "Revoked", "was revoked", "撤销"),
        ("take-back", "taken-back", "Taken back", "was taken back", "撤回"),
        ("cancel", "cancelled", "Cancelled by the authority", "was cancelled", "注销"),
    ):
        path = await certified(door, wang(door))
        code = code_in(await pdf(wang(door), path))
        before = await verdict(door, code)
        assert (before["detail"], before["ended"], before["ended_title"]) == ("", None, None)
        (await approver(door).post(f"{path}/actions/{action}", {"reason": "因故"})).ok()
        reply = await wang(door).get(f"{path}/certificate.pdf", headers={"Accept-Language": "en"})
        gone, after = reply.problem(410, "certificate-revoked"), await verdict(door, code)
        assert gone["ended"] == state
        assert (after["verdict"], after["ended"], after["ended_title"]) == ("revoked", state, title)
        assert word in gone["detail"]
        assert word in after["detail"]
        assert chinese in (await verdict(door, code, "zh-CN"))["detail"]


def test_whoever_verifies_a_certificate_reads_a_sentence_for_each_verdict() -> None:
    assert {*Reason} | {"unknown-pass", "revoked", "not-a-certificate"} == TOLD.keys()
    for code, told in {**TOLD, **ENDED}.items():
        assert not [text for language, text in told.items() if wrong_with(text, language)], code


async def test_one_that_has_ended_is_not_shown_any_more(door: Door) -> None:
    path = await certified(door, wang(door), until=door.platform.today().isoformat())
    code = code_in(await pdf(wang(door), path))
    now = door.platform.now() + timedelta(days=1, minutes=2)
    door.platform.now = lambda: now
    (await door.citizen("wang", name="王小明").get(f"{path}/certificate.pdf")).problem(410, "certificate-expired")
    assert (await verdict(door, code))["verdict"] == "expired"


async def test_one_whose_key_was_lost_is_not_shown_any_more(door: Door, path: str) -> None:
    code = code_in(await pdf(wang(door), path))
    ring, folder = door.platform[KEYRING], door.platform.settings.keys_folder
    (row,) = await ring.rows()
    await keys.rotate(folder, door.platform.now(), timedelta(0))
    await keys.revoke(folder, row.kid, door.platform.now())
    ring.forget()
    (await wang(door).get(f"{path}/certificate.pdf")).problem(410, "certificate-revoked")
    told = await verdict(door, code)
    assert (told["verdict"], told["claims"], told["number"]) == ("unknown-key", [], None)


async def test_one_that_cannot_be_read_for_another_reason_is_not_called_withdrawn(
    door: Door, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A catalogue that has lost a claim, a text that was damaged in the database: the certificate isn't to blame."""
    items = door.platform.registry.items
    whole = items["helper"]
    assert whole.credential is not None
    items["helper"] = replace(whole, credential=replace(whole.credential, claims=whole.credential.claims[:2]))
    answer = await wang(door).get(f"{path}/certificate.pdf")
    answer.problem(503, "unavailable")
    assert answer.headers["Retry-After"] == "60"
    said = capsys.readouterr()
    assert "unknown-claim" in said.out + said.err
    assert "王小明" not in said.out + said.err
    items["helper"] = whole
    await pdf(wang(door), path)
    row = await Pass.get()
    await Pass.all().update(text=row.text[:-4])
    (await wang(door).get(f"{path}/certificate.pdf")).problem(503, "unavailable")


async def test_what_is_no_certificate_is_told_so_and_says_nothing(door: Door) -> None:
    for text in ("", "BS1:", "BS1:" + "A" * 1979, "https://example.org/", "BS1:😀", "A" * 4096):
        told = await verdict(door, text)
        assert told["verdict"] != "valid", text
        assert (told["claims"], told["item"], told["number"], told["department"]) == ([], None, None, None), text


async def test_one_sign_of_the_code_changed_is_found_out(door: Door) -> None:
    code = code_in(await pdf(wang(door), await certified(door, wang(door))))
    for place in range(4, len(code), 37):
        other = "A" if code[place] != "A" else "B"
        told = await verdict(door, code[:place] + other + code[place + 1 :])
        assert told["verdict"] != "valid"
        assert told["claims"] == []


async def test_a_pass_says_nothing_to_whoever_is_no_officer(bare_door: Door, answers: Any) -> None:
    person = bare_door.citizen("wang", name="王小明")
    document = {"answers": await answers(person)}
    case = (await person.post("/v1/items/zone-pass/cases", document)).created()["links"]["self"]
    await bare_door.settled()
    (await bare_door.staff("li", "traffic:approver").post(f"{case}/actions/approve")).ok()
    text = (await person.get(f"{case}/pass.txt")).body.decode()
    told = await verdict(bare_door, text)
    assert (told["verdict"], told["claims"], told["item"]) == ("not-a-certificate", [], None)
    (await person.get(f"{case}/certificate.pdf")).problem(404, "not-found")


# -- many at once ----------------------------------------------------------------------------------------------------


async def test_hundreds_who_ask_for_one_get_it_drawn_a_few_times_and_the_loop_goes_on(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = tries(200, 1000)
    path = await certified(door, wang(door))
    drawn: list[int] = []
    draw = Press._draw
    monkeypatch.setattr(Press, "_draw", lambda self, page: drawn.append(1) or draw(self, page))
    first = await pdf(wang(door), path)
    replies = await asyncio.gather(*(wang(door).get(f"{path}/certificate.pdf") for _ in range(asking)))
    assert {reply.status for reply in replies} == {200}
    assert {reply.body for reply in replies} == {first.body}
    assert len(drawn) < asking / 2


async def test_of_many_different_ones_so_many_wait_and_the_rest_are_told_to_come_back(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(press_module, "MAX_PAGES_WAITING", 20)
    running, most, lock, draw = [0], [0], threading.Lock(), Press._draw

    def counted(self: Press, page: Page) -> bytes:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        try:
            return draw(self, page)
        finally:
            with lock:
                running[0] -= 1

    monkeypatch.setattr(Press, "_draw", counted)
    paths = [await certified(door, wang(door), f"王{number}") for number in range(40)]
    began, waits = time.perf_counter(), []
    asking = [asyncio.ensure_future(wang(door).get(f"{path}/certificate.pdf")) for path in paths]
    while not all(one.done() for one in asking):
        before = time.perf_counter()
        await asyncio.sleep(0.005)
        waits.append(time.perf_counter() - before)
    replies = [one.result() for one in asking]
    refused = [reply for reply in replies if reply.status != 200]
    assert len(replies) - len(refused) >= 20
    assert refused, f"all were drawn within {time.perf_counter() - began} s"
    for reply in refused:
        reply.problem(503, "unavailable")
        assert reply.headers["Retry-After"] == "5"
    assert most[0] <= PAGES_AT_ONCE
    # Afterwards there is room again.
    assert door.platform[PRESS].running == {}
    await pdf(wang(door), paths[-1])


async def test_who_hangs_up_does_not_take_it_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    press, go = Press(), threading.Event()
    monkeypatch.setattr(press, "_draw", lambda _: b"%PDF" if go.wait(10) else b"")
    page = Page("a", b"{}", "BS1:", 0, lacking=False, fonts=open_fonts())
    leaver, stayer = (asyncio.ensure_future(press.pdf(page)) for _ in range(2))
    await asyncio.sleep(0)
    assert len(press.running) == 1
    leaver.cancel()
    await asyncio.sleep(0)
    go.set()
    assert await stayer == b"%PDF"
    assert press.running == {}
    await press.aclose()


# -- fonts -----------------------------------------------------------------------------------------------------------


def test_our_font_has_what_its_tool_puts_into_it() -> None:
    have = open_fonts().characters
    lacking = {one for one in make_font.characters() if ord(one) not in have}
    # What is left are controls, marks that turn the direction, and some signs that nobody bears.
    assert lacking <= {chr(code) for code in range(0x2010, 0x2060)} | set("\x7fˍ∼≒")
    assert len(have) > 12_000
    assert sum(file.stat().st_size for file in OURS.iterdir()) < 3_000_000
    assert "SIL OPEN FONT LICENSE" in (OURS / "OFL.txt").read_text()


def test_a_folder_without_fonts_is_told(tmp_path: Path) -> None:
    (tmp_path / "font.otf").write_bytes(b"no font")
    with pytest.raises(ValueError, match="no OpenType or TrueType font in"):
        open_fonts(tmp_path)


@pytest.mark.parametrize("key", ["certificate_fonts", "certificate_name_fonts"])
async def test_the_start_is_refused_where_an_operators_folder_has_no_font(
    tmp_path: Path, parks: Path, key: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"no-fonts: .*mend platform\.{key}"):
        async with open_door(tmp_path, {"parks": parks}, platform={key: tmp_path / "gone"}):
            pass


async def test_an_operators_font_is_used_by_the_running_server(tmp_path: Path, parks: Path) -> None:
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "own.otf").write_bytes(renamed())
    async with open_door(tmp_path, {"parks": parks}, platform={"certificate_fonts": tmp_path / "fonts"}) as door:
        shown = await pdf(wang(door), await certified(door, wang(door), "王小明Ł"))
        assert drawn_with(shown) == {"BinshiSans", "BanshiSansLetters"}


async def test_a_rare_name_is_drawn_with_the_fonts_for_names_and_no_other_page_is(tmp_path: Path, parks: Path) -> None:
    """People whose name no font had read a number in place of a character."""
    (tmp_path / "names").mkdir()
    (tmp_path / "names" / "rare.otf").write_bytes(with_signs([(0x20BB7, 0x20BB7, 3)]))
    async with open_door(tmp_path, {"parks": parks}, platform={"certificate_name_fonts": tmp_path / "names"}) as door:
        for name, drawn in (("王小明", {"BanshiSans"}), ("\U00020bb7小明", {"BanshiSans", "BinshiSans"})):
            shown = await pdf(wang(door), await certified(door, wang(door), name))
            assert drawn_with(shown) == drawn
            assert "〔U+" not in certificate_reader.read(shown.body).text


def drawn_with(shown: Reply) -> set[str]:
    """The families of fonts that a certificate is drawn with."""
    fonts = [page["/Resources"]["/Font"].values() for page in pypdf.PdfReader(BytesIO(shown.body)).pages]
    names = [str(font.get_object()["/BaseFont"]) for some in fonts for font in some]
    return {name.partition("+")[2].partition("-")[0] for name in names}


def renamed() -> bytes:
    """Ours under another name of the same length."""
    own = (OURS / "BanshiSans.otf").read_bytes()
    for codec in ("utf-16-be", "ascii"):
        for name in ("Banshi Sans", "BanshiSans"):
            own = own.replace(name.encode(codec), name.replace("Ba", "Bi").encode(codec))
    return own


async def test_without_the_operators_fonts_nothing_is_drawn_with_others(tmp_path: Path) -> None:
    press = Press(tmp_path / "gone")
    with pytest.raises(Unavailable):
        await press.fonts()


def with_private_signs() -> bytes:
    """A font with shapes for A, and for what nobody else's font has: U+E000, U+F0000, U+10FFFD."""
    groups = [(0, 0, 3), (0x41, 0x41, 4), (0xE000, 0xE000, 5), (0xFEFF, 0xFEFF, 6), (0xF0000, 0xF0000, 7)]
    return with_signs([*groups, (0x10FFFD, 0x10FFFD, 8)])


def with_signs(groups: list[tuple[int, int, int]]) -> bytes:
    """Ours under another name, with shapes for these characters alone: first, last, glyph."""
    font = bytearray(renamed())
    body = b"".join(struct.pack(">3I", *group) for group in groups)
    table = struct.pack(">HHIII", 12, 0, 16 + len(body), 0, len(groups)) + body
    cmap = struct.pack(">HHHHI", 0, 1, 3, 10, 12) + table
    (tables,) = struct.unpack_from(">H", font, 4)
    record = next(at for at in range(12, 12 + 16 * tables, 16) if font[at : at + 4] == b"cmap")
    font += bytes(-len(font) % 4)
    struct.pack_into(">II", font, record + 8, len(font), len(cmap))
    return bytes(font) + cmap


async def test_a_sign_for_private_use_is_named_whatever_an_operators_font_draws_for_it(
    tmp_path: Path, parks: Path
) -> None:
    """An archive's PDF refuses it: the certificate would never be drawn."""
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "own.otf").write_bytes(with_private_signs())
    assert {0, 0x41, 0xE000, 0xFEFF, 0xF0000, 0x10FFFD} == set(code_points(with_private_signs()))
    async with open_door(tmp_path, {"parks": parks}, platform={"certificate_fonts": tmp_path / "fonts"}) as door:
        name = "王A\ue000\ufeff\U000f0000\U0010fffd"
        shown = await pdf(wang(door), await certified(door, wang(door), name))
        seen = certificate_reader.read(shown.body)
        assert seen.says("王A〔U+E000〕〔U+F0000〕〔U+10FFFD〕")
        assert seen.says("字体缺少的字")


async def test_a_page_that_the_compiler_refuses_is_told_to_come_back_and_logged_without_what_it_says(
    door: Door, path: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fonts = await door.platform[PRESS].fonts()
    monkeypatch.setattr(door.platform[PRESS], "_fonts", replace(fonts, characters=fonts.characters | {0xE000}))
    broken = await certified(door, wang(door), "任\ue000难写")
    answer = await wang(door).get(f"{broken}/certificate.pdf")
    answer.problem(503, "unavailable")
    assert answer.headers["Retry-After"] == "60"
    said = capsys.readouterr()
    assert "the compiler refuses its page" in said.out + said.err
    assert "难写" not in said.out + said.err
    assert door.platform[PRESS].running == {}
    await pdf(wang(door), path)


async def test_fonts_that_went_away_after_they_were_read_are_waited_for(tmp_path: Path, parks: Path) -> None:
    """A thread that makes its compiler meanwhile keeps none without them."""
    own = tmp_path / "fonts" / "own.otf"
    own.parent.mkdir()
    own.write_bytes(renamed())
    async with open_door(tmp_path, {"parks": parks}, platform={"certificate_fonts": own.parent}) as door:
        path = await certified(door, wang(door))
        await door.platform[PRESS].fonts()
        own.rename(tmp_path / "away.otf")
        for _ in range(2 * PAGES_AT_ONCE):
            (await wang(door).get(f"{path}/certificate.pdf")).problem(503, "unavailable")
        (tmp_path / "away.otf").rename(own)
        for _ in range(2 * PAGES_AT_ONCE):
            assert drawn_with(await pdf(wang(door), path)) == {"BinshiSans"}


async def test_an_operators_font_comes_first_and_ours_fills_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "own.otf").write_bytes(renamed())
    assert open_fonts(tmp_path).families == ("Binshi Sans", "Banshi Sans", "Banshi Sans Letters")


def test_characters_are_read_from_segments_with_and_without_a_table_of_glyphs() -> None:
    """Format 4: A to C by their distance, a to c through a table in which b has no glyph."""
    segments = struct.pack(">3H", 0x43, 0x63, 0xFFFF) + struct.pack(">H", 0) + struct.pack(">3H", 0x41, 0x61, 0xFFFF)
    deltas, offsets = struct.pack(">3H", 0xFFC0, 0, 1), struct.pack(">3H", 0, 4, 0)
    body = segments + deltas + offsets + struct.pack(">3H", 5, 0, 6)
    table = struct.pack(">7H", 4, 14 + len(body), 0, 6, 0, 0, 0) + body
    cmap = struct.pack(">HHHHI", 0, 1, 3, 1, 12) + table
    font = struct.pack(">IHHHH", 0x00010000, 1, 0, 0, 0) + struct.pack(">4sIII", b"cmap", 0, 28, len(cmap)) + cmap
    assert "".join(map(chr, code_points(font))) == "ABCac"

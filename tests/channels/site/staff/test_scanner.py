"""The scanner's page, and what phones hand in: who finds it, and what a made-up phone may send."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from banshi import Principal
from banshi.builtin.passes.models import Scan
from banshi.foundation.errors import Unavailable
from banshi.kernel.contract.principals import Role
from banshi.testing import Door, open_door
from tests.banshi.builtin.passes.test_dynamic_passes import FIRE
from tests.banshi.builtin.passes.test_pass_ledger import issue, revoke, turn
from tests.channels.site.browsing import Browser, open_browser
from tests.conftest import good_answers
from web_site.assets import PATHS
from web_site.session import ROOT, STAFF
from web_site.staff import scan_box, scanner

CHEN = Principal("chen", name="陈警官", roles=(Role("officer", "traffic"),))
ZHAO = Principal("zhao", name="赵警官", roles=(Role("officer", "traffic"),))
PAGE, HELD = f"{STAFF}/scan", f"{STAFF}/scan/held"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    plugins: dict[str, Path | str] = {"traffic": FIRE.with_name("traffic"), "fire": FIRE}
    async with open_door(tmp_path, {**plugins, "mobile_push": "mobile_push", "web_site": "web_site"}) as opened:
        yield opened


@pytest.fixture
async def officer(door: Door) -> AsyncIterator[Browser]:
    async with open_browser(door, CHEN, language="en") as opened:
        yield opened


def about(page: Browser) -> dict[str, Any]:
    """What the page tells its script."""
    return dict(json.loads(page.page.xpath("//@data-scan")[0]))


def sealed(public: str, told: Any) -> str:
    """As scan_store.js seals it, written anew."""
    own, point = ec.generate_private_key(ec.SECP256R1()), base64.b64decode(public)
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))
    salt = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    key = HKDF(hashes.SHA256(), 32, salt=salt, info=b"banshi scan").derive(shared)
    closed = AESGCM(key).encrypt(bytes(12), told if isinstance(told, bytes) else json.dumps(told).encode(), None)
    return f"{base64.b64encode(salt).decode()}.{base64.b64encode(closed).decode()}"


def scanned(door: Door, text: str, ago: timedelta = timedelta(hours=1), **more: Any) -> dict[str, Any]:
    at = (door.platform.now() - ago).isoformat(timespec="milliseconds")
    return {"text": text, "id": str(uuid4()), "scanned_at": at, "place": "三号卡口", **more}


async def hand_in(page: Browser, *scans: Any, token: str = "", raw: str | None = None) -> Any:
    """What the page's script is answered."""
    data = {"token": token or "t" * 32, "scans": json.dumps(scans) if raw is None else raw}
    await page._ask("POST", HELD, data=data, headers={"Origin": page.door.url})
    return json.loads(page.text)["scans"] if page.status == 200 else page.status


async def opened(page: Browser, officer: Principal = CHEN, later: timedelta = timedelta()) -> dict[str, Any]:
    """What the page tells its script, of an officer who has signed in by the platform's clock."""
    page.sign_in(officer, ago=-later.total_seconds())
    await page.go(PAGE)
    assert page.status == 200
    return about(page)


def sent(told: dict[str, Any], scan: Any) -> dict[str, str]:
    return {"box": told["box"], "sealed": sealed(told["key"], scan)}


async def test_a_typed_code_is_verified_without_a_script_too(door: Door, officer: Browser) -> None:
    one = await issue(door, good_answers)
    await officer.go(PAGE)
    officer.type("text", f" {one.text}\n")
    officer.type("place", "东门")
    await officer.press()
    assert (officer.status, officer.heading()) == (200, "Valid")
    assert "川BD12345" in officer.page.text_content()
    await revoke(one, reason="二号区域施工关闭")
    officer.type("text", one.text)
    await officer.press()
    assert officer.heading() == "Not valid"
    assert "approval of this pass was revoked" in officer.page.text_content()
    assert [(scan.place, scan.verdict) for scan in await Scan.all().order_by("at")] == [
        ("东门", "valid"),
        ("", "revoked"),
    ]


async def test_what_a_phone_has_kept_is_recorded_once_and_an_older_scan_says_no_more_than_its_verdict(
    door: Door, officer: Browser
) -> None:
    one = await issue(door, good_answers)
    turn(door, timedelta(hours=2))
    told = await opened(officer, later=timedelta(hours=2))
    late, now = scanned(door, one.text), scanned(door, one.text, timedelta(seconds=5))
    for _ in range(3):
        found = await hand_in(officer, sent(told, late), sent(told, now))
        assert found[0] == {"verdict": "valid", "colour": "green", "detail": ""}
        assert found[1]["claims"][0]["text"] == "川BD12345"
    assert await Scan.all().count() == 2


async def test_what_is_sealed_without_a_time_is_verified_as_of_now_and_one_that_is_no_scan_stops_no_other(
    door: Door, officer: Browser
) -> None:
    one = await issue(door, good_answers)
    told = await opened(officer)
    live, odd = scanned(door, one.text), scanned(door, one.text, scanned_at="x")
    del live["scanned_at"]
    await revoke(one)
    late = scanned(door, one.text, timedelta(minutes=30))
    broken, at = {**sent(told, odd), "at": late["scanned_at"]}, {"at": late["scanned_at"]}
    found = await hand_in(officer, broken, {**sent(told, live), **at}, sent(told, live), sent(told, late))
    assert [*found[0]] == ["problem"]
    assert [one["verdict"] for one in found[1:3]] == ["revoked", "revoked"], "the phone's time plays no part"
    assert "claims" in found[1]
    assert "claims" not in found[3]


async def test_an_answer_that_was_lost_is_given_again_to_the_same_scan_with_its_time(
    door: Door, officer: Browser
) -> None:
    one = await issue(door, good_answers)
    told = await opened(officer)
    late = scanned(door, one.text, timedelta(seconds=20))
    live = {name: value for name, value in late.items() if name != "scanned_at"}
    for scan in (live, late, late):
        (found,) = await hand_in(officer, sent(told, scan))
        assert found["verdict"] == "valid"
    assert await Scan.all().count() == 1


async def test_a_scan_whose_phone_had_a_wrong_clock_is_recorded_and_says_so(door: Door, officer: Browser) -> None:
    one = await issue(door, good_answers)
    turn(door, timedelta(hours=2))
    told = await opened(officer, later=timedelta(hours=2))
    right = scanned(door, one.text)
    ahead, known = (scanned(door, one.text, timedelta(days=-1)) for _ in range(2))
    found = await hand_in(officer, sent(told, ahead), {**sent(told, known), "at": right["scanned_at"]})
    assert [(one["verdict"], one.get("unsure")) for one in found] == [("valid", True), ("valid", None)]
    assert "claims" not in found[0], "a clock that is ahead makes no scan a fresh one"
    now, kept = door.platform.now(), await Scan.all().order_by("at")
    assert [scan.place for scan in kept] == ["三号卡口", "三号卡口 (the time of the scan is not known)"]
    assert [now - scan.at > timedelta(minutes=30) for scan in kept] == [True, False]
    (refused,) = await hand_in(officer, sent(told, scanned(door, "x" * 5_000)))
    assert "4096" in refused["problem"], "what is wrong, and not that something is"


async def test_what_was_sealed_for_another_officer_or_damaged_or_is_no_scan_comes_in_for_nobody(
    door: Door, officer: Browser
) -> None:
    one = await issue(door, good_answers)
    turn(door, timedelta(hours=2))
    told = await opened(officer, later=timedelta(hours=2))
    async with open_browser(door, ZHAO) as other:
        theirs = await opened(other, ZHAO, timedelta(hours=2))
        good = scanned(door, one.text)
        foreign = sent(theirs, good)
        odd: list[Any] = [b"\xff", [], 7, None, {}, {"text": 7}, {**good, "more": 1}, {**good, "id": "x"}]
        bad = [
            foreign,
            {"box": told["box"], "sealed": foreign["sealed"]},
            {"box": theirs["box"], "sealed": sealed(told["key"], good)},
            {"box": told["box"], "sealed": sealed(told["key"], good)[:-8] + "AAAAAAA="},
            *({"box": told["box"], "sealed": one} for one in ("", ".", "AAAA.AAAA", "x" * 9_000, "王.王")),
            *({"box": one, "sealed": sealed(told["key"], good)} for one in ("", "AAAA", told["box"][:-4])),
            *(sent(told, one) for one in odd),
        ]
        found = [one for start in range(0, len(bad), 10) for one in await hand_in(officer, *bad[start : start + 10])]
        assert [*map(set, found)] == [{"problem"}] * len(bad)
        assert await Scan.all().count() == 0
        assert (await hand_in(other, foreign))[0]["verdict"] == "valid"
    (scan,) = await Scan.all()
    assert scan.officer == "zhao"


async def test_what_is_no_list_of_scans_is_refused(officer: Browser) -> None:
    for raw in ("", "{", "7", "{}", '{"box": 1}', '[["a", "b"]]', '[{"box": "x"}]', "[null]", "[" * 900):
        assert await hand_in(officer, raw=raw) in (400, []), raw
    assert await Scan.all().count() == 0


async def test_of_a_thousand_in_one_request_the_first_twenty_are_taken_and_the_page_sends_the_rest_again(
    door: Door, officer: Browser
) -> None:
    told = await opened(officer)
    scans = [sent(told, scanned(door, "hello", timedelta(0))) for _ in range(300)]
    assert len(await hand_in(officer, *scans)) == scanner.MOST_AT_ONCE
    assert await Scan.all().count() == scanner.MOST_AT_ONCE


async def test_scans_that_the_platform_can_not_take_now_stay_with_the_phone(
    door: Door, officer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await opened(officer)
    scans = [sent(told, scanned(door, "hello", timedelta(0))) for _ in range(3)]
    real, calls = scanner._handed_in, []

    async def busy(*about: Any) -> Any:
        calls.append(about)
        if len(calls) == 2:
            raise Unavailable
        return await real(*about)

    monkeypatch.setattr(scanner, "_handed_in", busy)
    assert len(await hand_in(officer, *scans)) == 1


async def test_a_box_that_is_too_old_is_none_any_more(door: Door, officer: Browser) -> None:
    told = await opened(officer)
    scan_box.unsealed(door.platform, "chen", told["box"], sealed(told["key"], {}))
    turn(door, scan_box.LIFE + timedelta(days=1))
    with pytest.raises(ValueError, match="too long ago"):
        scan_box.unsealed(door.platform, "chen", told["box"], sealed(told["key"], {}))


async def test_no_page_may_run_webassembly_and_the_decoder_alone_does(door: Door, officer: Browser) -> None:
    await officer.go(PAGE)
    policy = officer.headers["Content-Security-Policy"]
    assert "wasm" not in policy
    told, allowed = about(officer), []
    for name in PATHS:
        if name == "worker.js":
            continue
        await officer._ask("GET", f"{told['decoder'].rpartition('/')[0]}/{name}", allow_redirects=False)
        if "wasm-unsafe-eval" in officer.headers["Content-Security-Policy"]:
            allowed.append(name)
    assert allowed == ["scan_decoder.js"]
    await officer.go(f"{ROOT}/verify")
    assert "zxing" not in officer.text
    assert "scan.js" not in officer.text


def test_the_decoder_asks_nobody_but_this_platform() -> None:
    for name, path in PATHS.items():
        if name.startswith(("scan", "pass_reader", "zxing")):
            assert b"https://" not in path.read_bytes(), name
    assert PATHS["zxing_reader.js"].with_name("zxing_reader.LICENSE.txt").is_file()


async def test_what_waits_outlives_every_sign_in_and_a_citizens_sign_out_beside_it(tmp_path: Path) -> None:
    plugins: dict[str, Path | str] = {"traffic": FIRE.with_name("traffic")}
    plugins |= {"mobile_push": "mobile_push", "web_site": "web_site"}
    staff = {"陈警官": ["traffic:officer"], "赵警官": ["traffic:officer"]}
    told = {"staff": staff, "people": ["王小明", "张三"]}
    async with open_door(tmp_path, plugins, settings={"web_site": told}) as door, open_browser(door) as page:
        wiped = []
        # Who comes back after more than a day has no cookie any more, as at the very first sign-in.
        for person in ("陈警官", "陈警官", "赵警官"):
            data, headers = {"person": person, "next": PAGE}, {"Origin": door.url}
            await page._ask("POST", f"{ROOT}/sign-in", data=data, headers=headers, allow_redirects=False)
            assert page.status == 303, person
            wiped.append("storage" in page.headers.get("Clear-Site-Data", ""))
        for path, data in (("/sign-in", {"person": "王小明"}), ("/sign-in", {"person": "张三"}), ("/sign-out", {})):
            if path == "/sign-out":
                await page.go(ROOT)
                data = {"token": page.page.xpath("//input[@name='token']/@value")[0]}
            await page._ask("POST", ROOT + path, data=data, headers={"Origin": door.url}, allow_redirects=False)
            assert (page.status, page.headers["Clear-Site-Data"]) == (303, '"cache"'), path
        await page.go(PAGE)
        data = {"token": page.page.xpath("//input[@name='token']/@value")[0]}
        headers = {"Origin": door.url}
        await page._ask("POST", f"{STAFF}/sign-out", data=data, headers=headers, allow_redirects=False)
        wiped.append("storage" in page.headers["Clear-Site-Data"])
    assert wiped == [False, False, False, True], "staff's own sign-out alone, of which the scanner warns"

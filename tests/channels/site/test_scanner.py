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
from tests.channels.site.browsing import Browser, open_browser
from tests.conftest import good_answers
from tests.kernel.test_dynamic_passes import FIRE
from tests.kernel.test_pass_ledger import issue, revoke, turn
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


async def test_officers_alone_find_the_page_and_nobody_else_hands_anything_in(door: Door) -> None:
    people = {
        "citizen": Principal("wang", name="王小明"),
        "reviewer": Principal("li", roles=(Role("reviewer", "traffic"),)),
        "desk": Principal("zhou", roles=(Role("desk", "petitions"),)),
    }
    for name, person in people.items():
        async with open_browser(door, person) as other:
            await other.go(PAGE)
            assert other.status == 404 or "/sign-in" in other.url, name
            assert f'href="{PAGE}"' not in other.text
            assert await hand_in(other, {"box": "", "sealed": ""}) in (401, 404), name
    assert await Scan.all().count() == 0


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


@pytest.mark.parametrize(
    "raw", ["", "{", "7", "{}", '{"box": 1}', '[["a", "b"]]', '[{"box": "x"}]', "[null]", "[" * 900]
)
async def test_what_is_no_list_of_scans_is_refused(door: Door, officer: Browser, raw: str) -> None:
    assert await hand_in(officer, raw=raw) in (400, [])
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


async def test_what_waits_outlives_a_session_of_the_same_officers_and_no_sign_in_of_anothers(tmp_path: Path) -> None:
    plugins: dict[str, Path | str] = {"traffic": FIRE.with_name("traffic")}
    plugins |= {"mobile_push": "mobile_push", "web_site": "web_site"}
    staff = {"陈警官": ["traffic:officer"], "赵警官": ["traffic:officer"]}
    async with (
        open_door(tmp_path, plugins, settings={"web_site": {"staff": staff}}) as door,
        open_browser(door) as page,
    ):
        wiped = []
        # Who comes back after more than a day has no cookie any more, as at the very first sign-in.
        for person in ("陈警官", "陈警官", "赵警官"):
            data, headers = {"person": person, "next": PAGE}, {"Origin": door.url}
            await page._ask("POST", f"{ROOT}/sign-in", data=data, headers=headers, allow_redirects=False)
            assert page.status == 303, person
            wiped.append("storage" in page.headers.get("Clear-Site-Data", ""))
    assert wiped == [False, False, True]

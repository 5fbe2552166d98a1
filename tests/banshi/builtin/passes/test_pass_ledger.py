"""What a pass's life promises, through the running platform: it dates from its decision, every scan gets a verdict and
is recorded, keys overlap and fall alone, and what is public is all that a stranger's verifier needs."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import stat
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import cbor2
import pytest
import zxingcpp
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cwt import CWT, COSEKey
from joserfc import jwt
from joserfc.jwk import ECKey
from PIL import Image
from pycose.keys.ec2 import EC2Key
from pycose.messages.sign1message import Sign1Message
from structlog.testing import capture_logs
from tortoise.transactions import in_transaction

from banshi.builtin.passes import keys, revocations
from banshi.builtin.passes.keys import KEYRING
from banshi.builtin.passes.models import Scan, SigningKey
from banshi.builtin.passes.refusals import ENDED, TOLD, Reason
from banshi.builtin.passes.wire import base45, cose
from banshi.builtin.passes.wire.cose import Credential
from banshi.foundation.database.opening import open_store
from banshi.foundation.errors import NotFound, Unavailable
from banshi.kernel.tables.cases import CaseEvent
from banshi.kernel.tables.passes import Pass
from banshi.testing import Door, Person, Reply, open_door
from tests.banshi.builtin.paging import rows_of
from tests.banshi.builtin.passes.by_hand import sign1
from tests.places import TRAFFIC
from tests.readers.plain_words import wrong_with

PLUGINS = {"traffic": TRAFFIC}

Answers = Callable[..., Awaitable[dict[str, Any]]]

ENGLISH = {"Accept-Language": "en"}
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

#: What the reader looks for: of all that it knows, it sees a library's bar code in one of five hundred passes.
QR = zxingcpp.BarcodeFormat.QRCodeModel2


@dataclass
class Issued:
    """An approved case, whose it is, and the text of its pass."""

    door: Door
    person: Person
    link: str
    text: str

    async def verdict(self, text: str | None = None, place: str = "") -> dict[str, Any]:
        return await scan(self.door, self.text if text is None else text, place)


async def apply(door: Door, answers: Answers, subject: str = "wang", **changes: Any) -> tuple[Person, str]:
    """A case that waits for its approval; valid from today on for 30 days."""
    person = door.citizen(subject, name="王小明")
    today = door.platform.today()
    dates = {"valid_from": today.isoformat(), "valid_until": (today + 29 * DAY).isoformat()}
    document = {"answers": await answers(person, **{**dates, **changes})}
    case = (await person.post("/v1/items/zone-pass/cases", document)).created()
    await door.settled()
    return person, case["links"]["self"]


async def issue(door: Door, answers: Answers, subject: str = "wang", **changes: Any) -> Issued:
    person, link = await apply(door, answers, subject, **changes)
    (await approver(door).post(f"{link}/actions/approve")).ok()
    return Issued(door, person, link, (await person.get(f"{link}/pass.txt")).body.decode())


def approver(door: Door) -> Person:
    return door.staff("li", "traffic:approver")


async def revoke(one: Issued, reason: str = "二号区域施工关闭") -> None:
    (await approver(one.door).post(f"{one.link}/actions/revoke", {"reason": reason})).ok()


async def scan(door: Door, text: str, place: str = "", officer: str = "chen") -> dict[str, Any]:
    reply = await door.officer(officer, "traffic").post(
        "/v1/passes/verify", {"text": text, "place": place}, headers=ENGLISH
    )
    return dict(reply.ok())


def turn(door: Door, by: timedelta) -> None:
    """Turn the platform's clock."""
    now = door.platform.now
    door.platform.now = lambda: now() + by


@pytest.fixture
async def issued(bare_door: Door, answers: Answers) -> Issued:
    return await issue(bare_door, answers)


# From the decision on, the same bytes


async def test_a_pass_dates_from_its_decision_and_not_from_its_application(bare_door: Door, answers: Answers) -> None:
    person, link = await apply(bare_door, answers)
    turn(bare_door, 50 * HOUR)
    decided_at = datetime.now(UTC) + 50 * HOUR
    (await approver(bare_door).post(f"{link}/actions/approve")).ok()
    turn(bare_door, 50 * HOUR)
    text = (await person.get(f"{link}/pass.txt")).body.decode()
    verdict = await scan(bare_door, text)
    assert abs(datetime.fromisoformat(verdict["issued_at"]) - decided_at) < timedelta(minutes=1)
    assert verdict["verdict"] == "valid"


async def test_a_pass_ends_with_its_last_day_in_the_city(issued: Issued) -> None:
    verdict = await issued.verdict()
    midnight = datetime.combine(issued.door.platform.today() + 30 * DAY, datetime.min.time())
    assert verdict["expires_at"] == midnight.isoformat(timespec="milliseconds") + "+08:00"


MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png", "txt": "text/plain; charset=utf-8"}


async def test_fetching_a_pass_again_gives_the_same_bytes_even_years_after_and_from_a_new_process(
    tmp_path: Path, answers: Answers
) -> None:
    async with open_door(tmp_path, PLUGINS) as door:
        one = await issue(door, answers)
        first = {ending: await one.person.get(f"{one.link}/pass.{ending}") for ending in MEDIA_TYPES}
        turn(door, 400 * DAY)
        for ending, reply in first.items():
            assert (await one.person.get(f"{one.link}/pass.{ending}")).body == reply.body
    async with open_door(tmp_path, PLUGINS) as door:
        for ending, reply in first.items():
            path, tag = f"{one.link}/pass.{ending}", reply.headers["ETag"]
            again = await door.citizen("wang").get(path)
            assert (again.status, again.body, again.headers["ETag"]) == (200, reply.body, tag)
            assert again.headers["Content-Type"] == MEDIA_TYPES[ending]
            assert again.headers["Cache-Control"] == "no-store"
            unchanged = await door.citizen("wang").get(path, headers={"If-None-Match": tag})
            assert (unchanged.status, unchanged.body) == (304, b"")


async def test_a_scanner_that_is_not_ours_reads_the_text_from_the_picture(issued: Issued) -> None:
    png = (await issued.person.get(f"{issued.link}/pass.png")).body
    assert [one.text for one in zxingcpp.read_barcodes(Image.open(io.BytesIO(png)), QR)] == [issued.text]


async def test_there_is_no_pass_before_the_decision_and_the_case_does_not_link_to_one(
    bare_door: Door, answers: Answers
) -> None:
    person, link = await apply(bare_door, answers)
    (await person.get(f"{link}/pass.svg")).problem(404, "not-found")
    assert "pass" not in (await person.get(link)).ok()["links"]
    (await approver(bare_door).post(f"{link}/actions/approve")).ok()
    assert (await person.get((await person.get(link)).ok()["links"]["pass"])).status == 200


async def test_of_two_approvals_at_once_one_wins_and_there_is_one_pass(bare_door: Door, answers: Answers) -> None:
    _, link = await apply(bare_door, answers)
    staff = [bare_door.staff(f"staff-{number}", "traffic:approver") for number in range(8)]
    replies = await asyncio.gather(*(one.post(f"{link}/actions/approve") for one in staff))
    assert sorted(reply.status for reply in replies) == [200] + [409] * 7
    assert await Pass.all().count() == 1
    assert await CaseEvent.filter(action="approve").count() == 1


async def test_what_was_applied_for_and_is_over_is_not_approved(bare_door: Door, answers: Answers) -> None:
    person, link = await apply(bare_door, answers)
    turn(bare_door, 40 * DAY)
    shown = (await approver(bare_door).get(link)).ok()
    offered = [one["action"] for one in shown["permitted_actions"]]
    assert offered == ["refuse"], "what can't be done is not offered"
    for language, words in (("zh-CN", "已经过去"), ("en", "is over")):
        reply = await approver(bare_door).post(f"{link}/actions/approve", headers={"Accept-Language": language})
        problem = reply.problem(409, "conflict")
        assert words in problem["detail"]
        assert problem["permitted_actions"] == offered
    assert (await person.get(link)).ok()["state"] == "accepted"
    assert await Pass.all().count() == 0


# What a scan says


async def test_a_good_pass_is_valid_with_its_item_and_claims_in_the_officers_language(issued: Issued) -> None:
    verdict = await issued.verdict()
    assert verdict["verdict"] == "valid"
    assert verdict["item"] == {"code": "zone-pass", "title": "Restricted-zone vehicle pass"}
    assert verdict["claims"][0] == {"name": "plate", "title": "Plate", "value": "川BD12345", "text": "川BD12345"}
    assert (verdict["reason"], verdict["seen_elsewhere"]) == (None, False)


async def test_an_officer_reads_choices_in_the_forms_words_with_a_network_and_without(issued: Issued) -> None:
    said = {claim["name"]: (claim["value"], claim["text"]) for claim in (await issued.verdict())["claims"]}
    assert said["class"] == ("light-truck", "Light truck")
    assert said["zones"] == (["2", "5"], "Zone 2, Zone 5")
    for language, word in (("zh-CN", "轻型货车"), ("en", "Light truck")):
        reply = await issued.door.anyone.get("/v1/passes/keys", headers={"Accept-Language": language})
        words = {claim["name"]: claim.get("values") for claim in reply.ok()["items"]["zone-pass"]["claims"]}
        assert (words["class"]["light-truck"], words["plate"]) == (word, None)


async def test_a_pass_has_not_begun_is_valid_and_is_over_at_a_scan_and_in_its_holders_list(
    bare_door: Door, answers: Answers
) -> None:
    first = bare_door.platform.today() + 5 * DAY
    dates = {"valid_from": first.isoformat(), "valid_until": (first + 5 * DAY).isoformat()}
    issued, found = await issue(bare_door, answers, **dates), []
    for by in (0 * DAY, 5 * DAY, 30 * DAY):
        turn(bare_door, by)
        (shown,) = (await issued.person.get(OWN, headers=ENGLISH)).ok()["items"]
        verdict = await issued.verdict()
        assert (shown["state"], shown["until"]) == (verdict["verdict"], verdict["expires_at"])
        found.append((shown["state"], shown["state_title"]))
    assert found == [("not-yet-valid", "Not yet begun"), ("valid", "Valid"), ("expired", "Over")]


async def test_a_pass_expires_a_minute_of_grace_after_its_last_day(issued: Issued) -> None:
    ends = (await Pass.get()).expires_at
    for after, verdict in ((-1, "valid"), (59, "valid"), (60, "expired"), (86_400, "expired")):
        issued.door.platform.now = lambda after=after: ends + timedelta(seconds=after)  # type: ignore[misc]
        assert (await issued.verdict())["verdict"] == verdict, after


async def test_a_revoked_pass_is_refused_with_the_reason_in_the_very_next_scan(issued: Issued) -> None:
    assert (await issued.verdict())["verdict"] == "valid"
    await revoke(issued, "二号区域施工关闭")
    verdict = await issued.verdict()
    assert (verdict["verdict"], verdict["reason"]) == ("revoked", "二号区域施工关闭")
    # It stays so when its time is over too: why it was taken away is what the officer needs to know.
    turn(issued.door, 100 * DAY)
    assert (await issued.verdict())["verdict"] == "revoked"


async def test_what_our_key_signed_but_is_not_in_our_books_is_an_unknown_pass_whose_claims_are_not_shown(
    issued: Issued,
) -> None:
    """Under a number that nobody has, and under that of another pass."""
    for index in (999_999, 2**63, 2**64 - 1, (await Pass.get()).number):
        verdict = await issued.verdict(Forger(issued).signed(index=index, claims={"plate": "川A00001"}))
        assert (verdict["verdict"], verdict["claims"], verdict["item"]) == ("unknown-pass", [], None), index


class Forger:
    """Somebody who has got hold of the signing key: everything but the signature is up to them."""

    def __init__(self, issued: Issued) -> None:
        folder = issued.door.platform.settings.keys_folder
        file = next(folder.glob("pass-*.pem"))
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self.key = key
        self.kid = bytes.fromhex(file.stem.removeprefix("pass-"))
        self.header = {1: -7, 4: self.kid, 16: "b/1"}
        _, _, payload, _ = cbor2.loads(base45.decode(issued.text.removeprefix("BS1:"))).value
        self.claims = cbor2.loads(payload)

    def signed(self, *, index: int, claims: Mapping[str, Any]) -> str:
        credential = Credential("BANSHI", "zone-pass", index, 1_700_000_000, None, 4_000_000_000, claims)
        return cose.sign(credential, ["plate", "zones", "class", "hours", "holder"], key=self.key, kid=self.kid)

    def text(
        self,
        header: Mapping[int, Any] | None = None,
        claims: Any = None,
        *,
        unprotected: Mapping[int, Any] | None = None,
        high_s: bool = False,
        canonical: bool = True,
        after: bytes = b"",
    ) -> str:
        protected = cbor2.dumps(self.header if header is None else header, canonical=canonical)
        payload = cbor2.dumps(self.claims if claims is None else claims, canonical=canonical)
        return cose.compact_text(sign1(self.key, protected, payload, unprotected=unprotected, high_s=high_s) + after)


Forge = Callable[[Forger], str]

#: Every reason of the format with something that earns it.
REFUSALS: dict[Reason, Forge] = {
    Reason.NOT_A_PASS: lambda _: "HTTPS://EXAMPLE.ORG/",
    Reason.TOO_LONG: lambda _: "BS1:" + "A" * 2000,
    Reason.MALFORMED: lambda f: f.text()[:-12],
    Reason.TRAILING_BYTES: lambda f: f.text(after=b"\0"),
    Reason.NOT_CANONICAL: lambda f: f.text(claims=dict(reversed(f.claims.items())), canonical=False),
    Reason.UNPROTECTED_HEADER: lambda f: f.text(unprotected={4: f.kid}),
    Reason.WRONG_ALGORITHM: lambda f: f.text({**f.header, 1: -35}),
    Reason.WRONG_TYPE: lambda f: f.text({**f.header, 16: "b/2"}),
    Reason.WRONG_HEADER: lambda f: f.text({1: -7, 16: "b/1"}),
    Reason.UNKNOWN_KEY: lambda f: f.text({**f.header, 4: b"\0\0\0\0"}),
    Reason.HIGH_S: lambda f: f.text(high_s=True),
    Reason.BAD_SIGNATURE: lambda f: flipped(f.text()),
    Reason.WRONG_CLAIMS: lambda f: f.text(claims={**f.claims, 2: "wang"}),
    Reason.UNKNOWN_ITEM: lambda f: f.text(claims={**f.claims, -65537: ["other-item", 1]}),
    Reason.NOT_SIGNED_BY_PHONE: lambda f: f.text(claims={**f.claims, 8: {}}),
    Reason.UNKNOWN_CLAIM: lambda f: f.text(claims={**f.claims, -65537: [*f.claims[-65537], "more"]}),
}


#: What an officer can do.
WHAT_TO_DO = {
    "zh-CN": "请对方|请持证人|请告知|请立即告知|请向|请重新|不予认可",
    "en": "don't accept|scan|ask the department",
}


def test_an_officer_reads_one_sentence_for_each_verdict_and_it_says_what_to_do_now() -> None:
    assert {*Reason} | {"unknown-pass", "revoked"} == TOLD.keys()
    for code, told in {**TOLD, **ENDED}.items():
        assert told.keys() == {"zh-CN", "en"}, code
        for language, text in told.items():
            assert re.search(WHAT_TO_DO[language], text), code
            assert not wrong_with(text, language), code
            assert re.fullmatch(r"[^.。]+[.。]", text), code


def flipped(text: str) -> str:
    """The same pass with the last bit of its signature turned."""
    data = bytearray(cose.compact_bytes(text))
    data[-1] ^= 1
    return cose.compact_text(bytes(data))


def test_every_reason_of_the_format_has_its_forgery_here() -> None:
    assert set(REFUSALS) == set(Reason) - {
        Reason.NOT_YET_VALID,
        Reason.EXPIRED,
        Reason.SCREENSHOT,
        Reason.PHONE_CLOCK,
    }


async def test_every_forgery_is_refused_for_its_own_reason_and_recorded_without_a_word_of_its_content(
    issued: Issued,
) -> None:
    forger = Forger(issued)
    assert forger.text() == issued.text
    for reason, forge in REFUSALS.items():
        verdict = await issued.verdict(forge(forger), place="三号卡口")
        assert verdict["verdict"] == reason.value, reason
        assert (verdict["item"], verdict["claims"], verdict["reason"]) == (None, [], None)
        assert verdict["detail"] == TOLD[reason]["en"]
        recorded = await Scan.all().order_by("-id").first()
        assert recorded is not None
        assert (recorded.number, recorded.verdict) == (None, reason.value)
        assert (recorded.officer, recorded.department, recorded.place) == ("chen", "traffic", "三号卡口")
    assert await Scan.all().count() == len(REFUSALS)


async def test_whatever_a_scanner_reads_gets_a_verdict_and_is_recorded(bare_door: Door) -> None:
    garbage = ["", "BS1:", " ", "\n", "王", "\x7f", "BS1:\x01", "bs1:AAA", "😀" * 500]
    for number, text in enumerate(garbage, start=1):
        assert (await scan(bare_door, text))["verdict"] in {"not-a-pass", "malformed"}, text
        assert await Scan.all().count() == number, text


async def test_only_officers_scan(issued: Issued) -> None:
    body = {"text": issued.text}
    (await issued.door.anyone.post("/v1/passes/verify", body)).problem(401, "unauthenticated")
    for person in (issued.person, approver(issued.door)):
        (await person.post("/v1/passes/verify", body)).problem(403, "forbidden")
    assert await Scan.all().count() == 0


async def test_a_pass_is_flagged_when_somebody_else_saw_it_elsewhere_within_ten_minutes(issued: Issued) -> None:
    for minutes, place, officer, flagged in (
        (9, "二号卡口", "zhao", True),
        (11, "二号卡口", "zhao", False),
        (1, "一号卡口", "zhao", False),
        (1, "二号卡口", "chen", False),
    ):
        turn(issued.door, HOUR)
        assert (await scan(issued.door, issued.text, "一号卡口"))["seen_elsewhere"] is False
        turn(issued.door, timedelta(minutes=minutes))
        verdict = await scan(issued.door, issued.text, place, officer)
        assert (verdict["verdict"], verdict["seen_elsewhere"]) == ("valid", flagged), (minutes, place, officer)


async def test_the_holder_sees_every_scan_the_newest_first_page_by_page(issued: Issued) -> None:
    for number in range(5):
        turn(issued.door, timedelta(seconds=1))
        await scan(issued.door, issued.text, f"place {number}")
    await scan(issued.door, flipped(issued.text), "elsewhere")
    await revoke(issued)
    await scan(issued.door, issued.text, "place 5")
    seen = await rows_of(issued.person, f"{issued.link}/scans", limit="2")
    assert [one["place"] for one in seen] == [f"place {number}" for number in (5, 4, 3, 2, 1, 0)]
    assert [one["verdict"] for one in seen] == ["revoked"] + ["valid"] * 5
    # By department: no account of an officer's.
    assert {(one["department"], one["department_title"]) for one in seen} == {("traffic", "交警支队")}
    assert "chen" not in str(seen)


# Keys


async def published(door: Door) -> list[dict[str, Any]]:
    return list((await door.anyone.get("/v1/passes/keys")).ok()["keys"])


async def test_the_first_start_makes_the_first_key_and_the_second_start_no_other(tmp_path: Path) -> None:
    async with open_door(tmp_path, PLUGINS) as door:
        first = await published(door)
    async with open_door(tmp_path, PLUGINS) as door:
        assert await published(door) == first
    assert len(first) == 1
    assert len(first[0]["kid"]) == 8


async def test_private_keys_are_readable_by_their_owner_alone_and_what_is_published_is_public(bare_door: Door) -> None:
    folder = bare_door.platform.settings.keys_folder
    bare_door.citizen("wang")
    await keys.rotate(folder, datetime.now(UTC), HOUR)
    files = sorted(folder.iterdir())
    # The third kind makes a look-up's person known to nobody who reads the database.
    assert [file.name.split("-")[0] for file in files] == ["audit.key", "development", "look", "pass", "pass"]
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for key in await published(bare_door):
        assert not key.keys() & {"d", "p", "q", "k"}
        assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")


async def rotate(door: Door, lead: timedelta) -> str:
    row = await keys.rotate(door.platform.settings.keys_folder, door.platform.now(), lead)
    door.platform[KEYRING].forget()
    return str(row.kid)


async def signed_by(one: Issued) -> str:
    protected = cbor2.loads(cose.compact_bytes(one.text)).value[0]
    return bytes(cbor2.loads(protected)[4]).hex()


async def test_a_new_key_is_published_at_once_and_signs_when_its_time_has_come(
    bare_door: Door, answers: Answers
) -> None:
    old = (await published(bare_door))[0]["kid"]
    before = await issue(bare_door, answers, "before")
    new = await rotate(bare_door, 48 * HOUR)
    assert [key["kid"] for key in await published(bare_door)] == [old, new]
    during = await issue(bare_door, answers, "during")
    turn(bare_door, 49 * HOUR)
    after = await issue(bare_door, answers, "after")
    assert [await signed_by(one) for one in (before, during, after)] == [old, old, new]
    for one in (before, during, after):
        assert (await one.verdict())["verdict"] == "valid"
    dates = {key["kid"]: (key["signs_from"], key["retired_at"]) for key in await published(bare_door)}
    assert dates[old][1] == dates[new][0]
    assert dates[new][1] is None


async def test_a_key_rotated_at_once_during_a_rotation_under_way_signs_at_once(
    bare_door: Door, answers: Answers
) -> None:
    """A key was lost while its successor was only published: the emergency key signs, and nothing is without one."""
    await rotate(bare_door, 48 * HOUR)
    emergency = await rotate(bare_door, timedelta(0))
    assert await signed_by(await issue(bare_door, answers, "now")) == emergency
    turn(bare_door, 49 * HOUR)
    assert await signed_by(await issue(bare_door, answers, "later")) == emergency


async def withdraw(door: Door, kid: str) -> None:
    await keys.revoke(door.platform.settings.keys_folder, kid, door.platform.now())
    door.platform[KEYRING].forget()


async def test_a_key_that_is_rotated_at_once_signs_at_once_and_the_old_one_is_revoked_alone(
    bare_door: Door, answers: Answers
) -> None:
    lost = await issue(bare_door, answers, "lost")
    kid, new = await signed_by(lost), await rotate(bare_door, timedelta(0))
    kept = await issue(bare_door, answers, "kept")
    assert await signed_by(kept) == new
    assert [(await one.verdict())["verdict"] for one in (lost, kept)] == ["valid", "valid"]
    await withdraw(bare_door, kid)
    assert not keys.key_file(bare_door.platform.settings.keys_folder, kid).exists()
    assert [(await one.verdict())["verdict"] for one in (lost, kept)] == ["unknown-key", "valid"]
    assert [key["kid"] for key in await published(bare_door)] == [new]
    assert await signed_by(await issue(bare_door, answers, "next")) == new


async def test_a_running_server_learns_of_a_revoked_key_by_itself(
    bare_door: Door, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await issue(bare_door, answers)
    monkeypatch.setattr(keys, "FRESH_S", 0.0)
    await keys.revoke(bare_door.platform.settings.keys_folder, await signed_by(one), bare_door.platform.now())
    assert (await one.verdict())["verdict"] == "unknown-key"


async def test_without_a_key_that_signs_the_log_says_what_to_do_and_an_approval_decides_nothing(
    bare_door: Door, answers: Answers
) -> None:
    person, link = await apply(bare_door, answers)
    kid = (await published(bare_door))[0]["kid"]
    await withdraw(bare_door, kid)
    with capture_logs() as lines:
        reply = await approver(bare_door).post(f"{link}/actions/approve")
    assert "请平台管理员配置签名密钥" in reply.problem(503, "unavailable")["detail"]
    assert [line["advice"] for line in lines if line["log_level"] == "error"] == ["run `banshi keys rotate --now`"]
    assert (await person.get(link)).ok()["state"] == "accepted"
    (await bare_door.anyone.get("/v1/passes/revocations")).problem(503, "unavailable")
    await rotate(bare_door, timedelta(0))
    (await approver(bare_door).post(f"{link}/actions/approve")).ok()
    assert (await bare_door.anyone.get("/v1/passes/revocations")).status == 200


async def test_a_machine_without_the_private_half_says_so_and_decides_nothing(
    bare_door: Door, answers: Answers
) -> None:
    person, link = await apply(bare_door, answers)
    before = (await person.get(link)).body
    kid = (await published(bare_door))[0]["kid"]
    file = keys.key_file(bare_door.platform.settings.keys_folder, kid)
    other_curve, other_key = (pem(ec.generate_private_key(one())) for one in (ec.SECP384R1, ec.SECP256R1))
    file.unlink()
    for damage in (None, b"", other_curve, other_key):
        if damage is not None:
            file.write_bytes(damage)
        bare_door.platform[KEYRING].forget()
        with capture_logs() as lines:
            reply = await approver(bare_door).post(f"{link}/actions/approve")
        assert "请平台管理员为本机配置签名密钥" in reply.problem(503, "unavailable")["detail"], damage
        assert [line["kid"] for line in lines if line["event"] == "a signing key can't be read"] == [kid], damage
        assert (await person.get(link)).body == before
        assert (await Pass.all().count(), await CaseEvent.filter(action="approve").count()) == (0, 0)
        assert (await bare_door.anyone.get("/v1/passes/keys")).status == 200


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


async def test_an_unknown_key_is_not_revoked(bare_door: Door) -> None:
    with pytest.raises(NotFound, match="banshi keys"):
        await keys.revoke(bare_door.platform.settings.keys_folder, "00000000", datetime.now(UTC))
    assert await SigningKey.filter(revoked_at__isnull=False).count() == 0


# The status list


async def status_list(door: Door) -> dict[str, Any]:
    """The claims of the published list, checked against the published keys by joserfc."""
    reply = await door.anyone.get("/v1/passes/revocations")
    assert reply.headers["Content-Type"] == "application/statuslist+jwt"
    header = json.loads(base64.urlsafe_b64decode(reply.body.split(b".")[0] + b"=="))
    key = next(key for key in await published(door) if key["kid"] == header["kid"])
    token = jwt.decode(reply.body.decode(), ECKey.import_key(key), algorithms=["ES256"])
    assert token.header["typ"] == "statuslist+jwt"
    return dict(token.claims)


def bit(claims: Mapping[str, Any], index: int) -> int:
    """Section 4 of draft-ietf-oauth-status-list, written anew."""
    lst = claims["status_list"]["lst"]
    octets = zlib.decompress(base64.urlsafe_b64decode(lst + "=" * (-len(lst) % 4)))
    return octets[index // 8] >> (index % 8) & 1


async def test_the_status_list_verifies_with_the_published_keys_and_says_how_long_it_may_be_kept(
    issued: Issued,
) -> None:
    claims = await status_list(issued.door)
    assert claims.keys() == {"sub", "iat", "exp", "ttl", "status_list"}
    assert claims["sub"] == "/v1/passes/revocations"
    assert (claims["status_list"].keys(), claims["status_list"]["bits"]) == ({"bits", "lst"}, 1)
    assert (claims["ttl"], claims["exp"] - claims["iat"]) == (60, 86_400)
    reply = await issued.door.anyone.get("/v1/passes/revocations")
    assert reply.headers["Cache-Control"] == "public, max-age=60"


async def test_a_revoked_pass_and_no_other_is_set_in_the_list_at_once(bare_door: Door, answers: Answers) -> None:
    many = [await issue(bare_door, answers, f"person-{number}") for number in range(10)]
    by_text = {one.text: one.number for one in await Pass.all()}
    numbers = [by_text[one.text] for one in many]
    claims = await status_list(bare_door)
    assert [bit(claims, number) for number in numbers] == [0] * 10
    await revoke(many[7])
    claims = await status_list(bare_door)
    assert [number for number in numbers if bit(claims, number)] == [numbers[7]]


async def test_the_list_is_the_same_bytes_while_nothing_changes(issued: Issued) -> None:
    first = await issued.door.anyone.get("/v1/passes/revocations")
    turn(issued.door, timedelta(seconds=5))
    again = await issued.door.anyone.get("/v1/passes/revocations", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304


async def test_what_another_process_revokes_is_in_the_list_within_a_minute(
    issued: Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = (await Pass.get()).number
    assert bit(await status_list(issued.door), number) == 0
    assert revocations.STATUS_FRESH_S + revocations.STATUS_TTL_S <= 75
    await Pass.filter(number=number).update(revoked_at=datetime.now(UTC))
    monkeypatch.setattr(revocations, "STATUS_FRESH_S", 0.0)
    assert bit(await status_list(issued.door), number) == 1


async def test_many_who_ask_for_the_first_list_at_once_all_get_it(issued: Issued) -> None:
    replies = await asyncio.gather(*(issued.door.anyone.get("/v1/passes/revocations") for _ in range(20)))
    assert {reply.status for reply in replies} == {200}
    assert len({reply.body for reply in replies}) == 1
    assert replies[0].body.count(b".") == 2


async def test_a_list_that_could_not_be_made_is_made_at_the_next_request(
    issued: Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = issued.door.platform[KEYRING]

    async def away() -> Any:
        raise Unavailable("The private half is on another machine.")

    with monkeypatch.context() as broken:
        broken.setattr(ring, "signer", away)
        (await issued.door.anyone.get("/v1/passes/revocations")).problem(503, "unavailable")
        (await issued.door.anyone.get("/v1/passes/revocations")).problem(503, "unavailable")
    assert (await issued.door.anyone.get("/v1/passes/revocations")).status == 200


# A stranger's verifier


Check = Callable[[bytes, dict[str, Any]], dict[int, Any]]


@dataclass
class Stranger:
    """An offline verifier that has nothing of ours: two public documents, and a COSE library of somebody else."""

    key_set: dict[str, Any]
    revoked: dict[str, Any]
    check: Check

    @classmethod
    async def fetched(cls, door: Door, check: Check) -> Stranger:
        key_set = (await door.anyone.get("/v1/passes/keys", headers=ENGLISH)).ok()
        return cls(key_set, await status_list(door), check)

    def verdict(self, text: str) -> tuple[str, dict[str, Any]]:
        data = cose.compact_bytes(text)
        kid = cbor2.loads(cbor2.loads(data).value[0])[4].hex()
        key = next((key for key in self.key_set["keys"] if key["kid"] == kid), None)
        if key is None:
            return "unknown key", {}
        claims = self.check(data, key)
        code, index, *values = claims[-65537]
        labels = [claim["title"] for claim in self.key_set["items"][code]["claims"]]
        status = "revoked" if bit(self.revoked, index) else "valid"
        return status, dict(zip(labels, values, strict=False))


def octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=")


def with_cwt(data: bytes, key: dict[str, Any]) -> dict[int, Any]:
    public = {1: 2, 2: bytes.fromhex(key["kid"]), 3: -7, -1: 1, -2: octets(key["x"]), -3: octets(key["y"])}
    return dict(CWT.new().decode(data, COSEKey.new(public)))


def with_pycose(data: bytes, key: dict[str, Any]) -> dict[int, Any]:
    message = Sign1Message.decode(data)
    message.key = EC2Key(crv="P_256", x=octets(key["x"]), y=octets(key["y"]))
    assert message.verify_signature()
    return dict(cbor2.loads(message.payload or b""))


@pytest.mark.parametrize("check", [with_cwt, with_pycose])
async def test_a_verifier_that_is_not_ours_needs_two_public_documents_to_tell_a_valid_pass_from_a_revoked_one(
    bare_door: Door, answers: Answers, check: Check
) -> None:
    good = await issue(bare_door, answers, "good", plate="川B00001")
    bad = await issue(bare_door, answers, "bad", plate="川B00002")
    await revoke(bad)
    verifier = await Stranger.fetched(bare_door, check)
    # No network from here on.
    assert verifier.verdict(good.text) == (
        "valid",
        {"Plate": "川B00001", "Zones": ["2", "5"], "Vehicle class": "light-truck", "Hours": "9-17", "Driver": "王*明"},
    )
    assert verifier.verdict(bad.text)[0] == "revoked"
    with pytest.raises(Exception):  # noqa: B017, PT011 - each library has its own, and pycose an AssertionError here
        verifier.verdict(flipped(good.text))


@pytest.mark.parametrize("check", [with_cwt, with_pycose])
async def test_a_verifier_that_is_not_ours_goes_on_through_a_rotation_and_refuses_a_withdrawn_key(
    bare_door: Door, answers: Answers, check: Check
) -> None:
    old = await issue(bare_door, answers, "old")
    await rotate(bare_door, 48 * HOUR)
    # Fetched while the new key is only published; it knows the key before it meets it.
    verifier = await Stranger.fetched(bare_door, check)
    turn(bare_door, 49 * HOUR)
    new = await issue(bare_door, answers, "new")
    assert await signed_by(new) != await signed_by(old)
    claims = check(cose.compact_bytes(new.text), verifier.key_set["keys"][1])
    assert claims[1] == "BANSHI"
    await withdraw(bare_door, await signed_by(old))
    verifier = await Stranger.fetched(bare_door, check)
    assert verifier.verdict(old.text)[0] == "unknown key"
    assert verifier.verdict(new.text)[0] == "valid"


async def test_whether_a_case_has_a_pass_is_read_off_an_index(empty_database: str) -> None:
    """It is asked at each look at a case, and of each that leaves."""
    async with open_store(empty_database, {}) as store:
        about = "EXPLAIN QUERY PLAN " if store.dialect == "sqlite" else "EXPLAIN "
        sql = f"{about}SELECT number FROM banshi_pass WHERE case_id = '{UUID(int=1)}'"  # noqa: S608
        async with in_transaction() as connection:
            if store.dialect == "postgres":
                # A table without rows would be read whole.
                await connection.execute_query("SET LOCAL enable_seqscan = off")
            plan = await connection.execute_query_dict(sql)
        assert "banshi_pass_case" in str([dict(row) for row in plan])


# What somebody can show

OWN = "/v1/me/passes"


async def test_ones_passes_are_listed_with_what_they_read_for_their_state(bare_door: Door, answers: Answers) -> None:
    first, second = [await issue(bare_door, answers) for _ in range(2)]
    await issue(bare_door, answers, "zhang")
    await apply(bare_door, answers)
    await revoke(first, "二号区域施工关闭")
    answer = await first.person.get(OWN, headers={"Accept-Language": "zh-CN"})
    newest, oldest = answer.ok()["items"]
    case = (await second.person.get(second.link)).ok()
    assert newest == {
        "case": {"id": case["id"], "number": case["number"]},
        "item": case["item"],
        "title": "二维码通行证",
        "not_before": newest["not_before"],
        "until": newest["until"],
        "state": "valid",
        "state_title": "有效",
        "reason": None,
        "links": {"case": second.link, "pass_picture": f"{second.link}/pass.svg", "scans": f"{second.link}/scans"},
    }
    told = [oldest[name] for name in ("state", "state_title", "reason")]
    assert (oldest["links"]["case"], told) == (first.link, ["revoked", "已撤销", "二号区域施工关闭"])
    assert not [one.text for one in (first, second) if one.text.encode() in answer.body]
    assert (await bare_door.citizen("nobody-yet").get(OWN)).ok() == {"items": [], "next": None}


async def test_a_list_of_ones_passes_goes_on_page_by_page(bare_door: Door, answers: Answers) -> None:
    links = [(await issue(bare_door, answers)).link for _ in range(3)]
    rows = await rows_of(bare_door.citizen("wang"), OWN, limit="2")
    assert [one["links"]["case"] for one in rows] == links[::-1]


async def test_a_place_that_no_list_of_passes_has_is_refused(bare_door: Door) -> None:
    for cursor in ("x", "!", "MQ", "AAAA", "%00", "0" * 201):
        (await bare_door.citizen("wang").get(f"{OWN}?cursor={cursor}")).problem(400, "invalid-parameter")


async def test_only_their_citizen_asks_for_passes(issued: Issued) -> None:
    (await issued.door.anyone.get(OWN)).problem(401, "unauthenticated")
    (await approver(issued.door).get(OWN)).problem(403, "forbidden")
    (await issued.door.officer("chen", "traffic").get(OWN)).problem(403, "forbidden")
    (await issued.person.get(f"{OWN}?person=li")).problem(400, "invalid-parameter")
    assert (await issued.door.citizen("zhang").get(OWN)).ok()["items"] == []


# Scans without a network, which come in later


def later(door: Door, body: dict[str, Any], officer: str = "chen") -> Awaitable[Reply]:
    return door.officer(officer, "traffic").post("/v1/passes/verify", body, headers=ENGLISH)


def held_scan(one: Issued, ago: timedelta = HOUR, **more: Any) -> dict[str, Any]:
    at = (one.door.platform.now() - ago).isoformat(timespec="milliseconds")
    return {"text": one.text, "place": "三号卡口", "scanned_at": at, "id": str(uuid4()), **more}


async def test_a_scan_that_comes_in_later_is_recorded_once_at_its_own_time_however_often_it_is_sent(
    issued: Issued,
) -> None:
    turn(issued.door, 2 * HOUR)
    sent = held_scan(issued)
    first = (await later(issued.door, sent)).ok()
    for _ in range(3):
        turn(issued.door, HOUR)
        assert (await later(issued.door, sent)).ok() == first
    (scan,) = await Scan.all()
    at = datetime.fromisoformat(sent["scanned_at"])
    assert (scan.at, scan.place, scan.verdict) == (at, "三号卡口", "valid")
    assert scan.received_at is not None
    assert timedelta(0) <= scan.received_at - at - HOUR < timedelta(minutes=5)
    (seen,) = (await issued.person.get(f"{issued.link}/scans")).ok()["items"]
    assert datetime.fromisoformat(seen["at"]) == at, "its holder reads when it was"


async def test_the_same_scan_sent_many_times_at_once_is_recorded_once_on_both_databases(
    tmp_path: Path, answers: Answers, database: str
) -> None:
    async with open_door(tmp_path, PLUGINS, platform={"database": database} if database else {}) as door:
        one = await issue(door, answers)
        turn(door, 2 * HOUR)
        scans = [held_scan(one) for _ in range(4)]
        scans.append({name: scans[0][name] for name in ("text", "place")} | {"id": str(uuid4())})
        replies = await asyncio.gather(*(later(door, sent) for sent in scans * 8))
        assert {reply.ok()["verdict"] for reply in replies} == {"valid"}
        assert await Scan.all().count() == len(scans)


async def test_an_id_is_its_officers_own_and_names_one_scan(issued: Issued) -> None:
    turn(issued.door, 2 * HOUR)
    sent = held_scan(issued)
    (await later(issued.door, sent)).ok()
    (await later(issued.door, sent, officer="zhao")).ok()
    assert await Scan.all().count() == 2
    for change in ({"text": "hello"}, {"scanned_at": held_scan(issued, 2 * HOUR)["scanned_at"]}):
        problem = (await later(issued.door, sent | change)).problem(409, "id-of-another-scan")
        assert "an id of its own" in problem["detail"]
    # Without its time it is the same scan: the first answer was lost on the way.
    (await later(issued.door, {name: sent[name] for name in ("text", "id")})).ok()
    assert await Scan.all().count() == 2


async def test_what_was_scanned_without_a_network_is_held_against_what_was_so_then(issued: Issued) -> None:
    turn(issued.door, 2 * HOUR)
    before, after = held_scan(issued), held_scan(issued, timedelta(minutes=-30))
    await revoke(issued)
    turn(issued.door, HOUR)
    verdict = (await later(issued.door, before)).ok()
    assert (verdict["verdict"], verdict["reason"], verdict["ended"], verdict["detail"]) == ("valid", None, None, "")
    verdict = (await later(issued.door, after)).ok()
    assert (verdict["verdict"], verdict["reason"]) == ("revoked", "二号区域施工关闭")
    ends = (await Pass.get()).expires_at
    issued.door.platform.now = lambda: ends + DAY
    in_time = held_scan(issued, timedelta(days=1, minutes=-2))
    assert (await later(issued.door, in_time)).ok()["verdict"] == "revoked"


async def test_two_places_at_one_time_are_noticed_in_whatever_order_they_come_in(issued: Issued) -> None:
    turn(issued.door, 2 * HOUR)
    early, late = held_scan(issued, place="一号卡口"), held_scan(issued, timedelta(minutes=55), place="二号卡口")
    far = held_scan(issued, timedelta(minutes=30), place="二号卡口")
    assert (await later(issued.door, late, "zhao")).ok()["seen_elsewhere"] is False
    assert (await later(issued.door, early)).ok()["seen_elsewhere"] is True
    assert (await later(issued.door, far)).ok()["seen_elsewhere"] is False


async def test_a_scan_whose_time_or_id_is_none_is_refused_at_its_place(issued: Issued) -> None:
    times: list[Any] = ["2026-11-30T18:08:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", 7, "yesterday"]
    for change in (*({"scanned_at": one} for one in times), {"id": "x"}, {"id": None}):
        problem = (await later(issued.door, held_scan(issued) | change)).problem(422, "invalid-fields")
        assert [one["pointer"] for one in problem["problems"]] == [f"/{name}" for name in change], change
        assert await Scan.all().count() == 0


async def test_a_scan_of_tomorrow_of_last_month_or_without_an_id_is_refused_and_one_of_a_fast_clock_taken(
    issued: Issued,
) -> None:
    turn(issued.door, 40 * DAY)
    for ago in (-DAY, timedelta(minutes=-2), 31 * DAY):
        problem = (await later(issued.door, held_scan(issued, ago))).problem(422, "invalid-fields")
        assert problem["problems"][0]["pointer"] == "/scanned_at", ago
    sent = held_scan(issued)
    del sent["id"]
    problem = (await later(issued.door, sent)).problem(422, "invalid-fields")
    assert problem["problems"][0]["pointer"] == "/id"
    assert await Scan.all().count() == 0
    (await later(issued.door, held_scan(issued, timedelta(seconds=-50)))).ok()


async def test_the_keys_come_with_what_to_say_of_each_verdict_as_the_platform_does(issued: Issued) -> None:
    told = (await issued.door.anyone.get("/v1/passes/keys", headers=ENGLISH)).ok()["verdicts"]
    assert told.keys() == {str(one) for one in TOLD}
    await revoke(issued)
    verdict = await issued.verdict("hello")
    assert told[verdict["verdict"]] == {"colour": verdict["colour"], "detail": verdict["detail"]}

"""What a dynamic pass promises: the phone that took it shows it, for half a minute at a time, and nothing else does."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import cbor2
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from banshi.builtin.passes import holder, keys, ledger
from banshi.builtin.passes.binding import bind
from banshi.builtin.passes.refusals import PassRefused, Reason
from banshi.builtin.passes.wire import base45, cose, picture, shown
from banshi.builtin.passes.wire.cose import Credential
from banshi.builtin.personal_data.anonymising import anonymise
from banshi.builtin.personal_data.forgetting import forget
from banshi.foundation.database import bulk
from banshi.foundation.database.writes import Stale
from banshi.kernel.tables.cases import GOING, KEPT, Case
from banshi.kernel.tables.outbox import OutboxRow
from banshi.kernel.tables.passes import Pass
from banshi.ops.holding import ADVANCE
from banshi.testing import Door, Person, Reply, open_door
from tests.banshi.builtin.passes.by_hand import sign1, signature
from tests.banshi.builtin.passes.test_pass_ledger import ENGLISH, bit, issue, scan, status_list, turn, withdraw
from tests.places import ROOT
from tests.readers.tables import tables_with, with_mode

FIRE = ROOT / "plugins" / "departments" / "fire"

ISSUER, PHONE, OTHER = (ec.derive_private_key(secret, ec.SECP256R1()) for secret in (21, 22, 23))
KID = b"\x8a\x01\x5c\xe2"
LABELS = ["station", "people"]
POINT = holder.point_of(PHONE.public_key())
NOW = 1_790_000_000
PASS = Credential("510700", "open-day", 4711, NOW, None, NOW + 86_400, {"station": "station-2", "people": 3}, POINT)


def signed(credential: Credential = PASS) -> str:
    return cose.sign(credential, LABELS, key=ISSUER, kid=KID)


TEXT = signed()


def read(text: str) -> shown.Scanned:
    return shown.read(text, {KID: ISSUER.public_key()}, lambda item: LABELS if item == "open-day" else None)


def refusal(text: str) -> Reason:
    with pytest.raises(PassRefused) as refused:
        read(text)
    return refused.value.reason


def signed_by_hand(
    text: str = TEXT, at: int = NOW, key: ec.EllipticCurvePrivateKey = PHONE, *, high: bool = False
) -> str:
    """What an app does, by other means than the code under test."""
    begin = "BD1:" + text[4:]
    time = at.to_bytes(4, "big")
    return begin + base45.encode(time + signature(key, begin.encode("ascii") + time, high_s=high))


# The format


def test_what_an_app_signs_by_hand_is_read_with_the_second_at_which_it_did() -> None:
    assert read(signed_by_hand()) == shown.Scanned(PASS, TEXT, NOW)
    assert read(shown.show(TEXT, NOW, PHONE)) == shown.Scanned(PASS, TEXT, NOW)


def test_a_pass_that_needs_no_phone_is_read_as_ever() -> None:
    text = signed(replace(PASS, holder=None))
    assert read(text) == shown.Scanned(replace(PASS, holder=None), text, None)


NOBODY = signed(replace(PASS, holder=b""))
STATIC = signed(replace(PASS, holder=None))
REFUSED = {
    "the text that the phone keeps": (TEXT, Reason.NOT_SIGNED_BY_PHONE),
    "the one that no phone has taken yet": (NOBODY, Reason.NOT_SIGNED_BY_PHONE),
    "a phone's signature where none has taken it": (signed_by_hand(NOBODY), Reason.WRONG_CLAIMS),
    "a phone's signature where none is needed": (signed_by_hand(STATIC), Reason.WRONG_CLAIMS),
    "another phone's signature": (signed_by_hand(key=OTHER), Reason.BAD_SIGNATURE),
    "the issuer's signature": (signed_by_hand(key=ISSUER), Reason.BAD_SIGNATURE),
    "the higher s": (signed_by_hand(high=True), Reason.HIGH_S),
    "a signature of zeros": (
        "BD1:" + TEXT[4:] + base45.encode(NOW.to_bytes(4, "big") + bytes(64)),
        Reason.BAD_SIGNATURE,
    ),
    "another time": (
        "BD1:" + TEXT[4:] + base45.encode((NOW + 1).to_bytes(4, "big")) + signed_by_hand()[-96:],
        Reason.BAD_SIGNATURE,
    ),
    "its prefix alone": ("BD1:", Reason.MALFORMED),
    "its prefix and the phone's part": ("BD1:" + signed_by_hand()[-102:], Reason.MALFORMED),
    "the pass without the phone's part": ("BD1:" + TEXT[4:], Reason.MALFORMED),
    "no base45 behind": (signed_by_hand()[:-102] + "::::" * 25 + "::", Reason.MALFORMED),
    "one character more": (signed_by_hand() + "0", Reason.MALFORMED),
    "twice": (signed_by_hand() + signed_by_hand()[-102:], Reason.MALFORMED),
    "the prefix of a pass that needs no phone": ("BS1:" + signed_by_hand()[4:], Reason.MALFORMED),
    "a megabyte": ("BD1:" + "0" * 1_000_000, Reason.TOO_LONG),
}


@pytest.mark.parametrize("what", REFUSED)
def test_whatever_its_phone_has_not_signed_is_refused(what: str) -> None:
    text, reason = REFUSED[what]
    assert refusal(text) is reason


def test_every_single_bit_of_what_a_phone_shows_counts() -> None:
    good = signed_by_hand()
    data = base45.decode(TEXT[4:])
    added = base45.decode(good[-102:])
    for changed in each_bit_turned(data):
        refusal("BD1:" + base45.encode(changed) + good[-102:])
    for changed in each_bit_turned(added):
        refusal(good[:-102] + base45.encode(changed))


def each_bit_turned(data: bytes) -> Iterator[bytes]:
    number = int.from_bytes(data, "big")
    return ((number ^ 1 << bit).to_bytes(len(data), "big") for bit in range(len(data) * 8))


def test_ten_thousand_texts_that_were_cut_swapped_or_added_to_are_all_refused() -> None:
    dice, good = random.Random(7), signed_by_hand()
    for _ in range(10_000):
        start, end = sorted(dice.randrange(len(good) + 1) for _ in range(2))
        other = dice.choice(("", good[end:], good[start:end][::-1], dice.choice(base45.ALPHABET) * dice.randint(1, 9)))
        bad = good[:start] + other + (good[end:] if dice.random() < 0.5 else "")
        if bad != good:
            refusal(bad)


TEXTS = st.text() | st.text(base45.ALPHABET)


@given(TEXTS | TEXTS.map("BS1:".__add__) | TEXTS.map("BD1:".__add__) | st.text(st.characters(categories=["Cs"])))
def test_no_text_raises_anything_but_pass_refused(text: str) -> None:
    refusal(text)


BODY: dict[Any, Any] = {1: "510700", 4: NOW + 86_400, 6: NOW, -65537: ["open-day", 4711, "station-2", 3]}
KEY = {1: 2, -1: 1, -2: POINT[1:], -3: POINT[0] == 3}
WRONG_HOLDERS: dict[str, Any] = {
    "a number": 7,
    "a key id": {3: b"x"},
    "a key and a key id": {1: KEY, 3: b"x"},
    "another curve": {1: KEY | {-1: 2}},
    "another kind of key": {1: KEY | {1: 1}},
    "an algorithm beside it": {1: KEY | {3: -7}},
    "a whole y": {1: KEY | {-3: bytes(32)}},
    "a short x": {1: KEY | {-2: POINT[2:]}},
    "a point that is not on the curve": {1: KEY | {-2: b"\xff" * 32}},
    "true for the key 1": {True: KEY},
    "true for the key 1 of the key": {1: {True: 2, -1: 1, -2: POINT[1:], -3: POINT[0] == 3}},
}


def issued_with(confirmation: Any) -> str:
    """A pass of ours whose phone is named in that way, made by other means than the code under test."""
    protected, payload = (
        cbor2.dumps(part, canonical=True) for part in ({1: -7, 4: KID, 16: "b/1"}, BODY | {8: confirmation})
    )
    return "BS1:" + base45.encode(sign1(ISSUER, protected, payload))


@pytest.mark.parametrize("what", WRONG_HOLDERS)
def test_a_phone_that_is_named_in_another_way_is_refused(what: str) -> None:
    assert refusal(signed_by_hand(issued_with(WRONG_HOLDERS[what]))) is Reason.WRONG_CLAIMS


def test_the_same_made_by_hand_with_a_right_key_is_read() -> None:
    assert read(signed_by_hand(issued_with({1: KEY}))).credential == PASS


def test_a_scanner_reads_the_very_same_text_from_a_picture_of_at_most_v12_m() -> None:
    text = signed_by_hand()
    (found,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture.png(text))), zxingcpp.BarcodeFormat.QRCodeModel2)
    assert found.text == text
    assert picture.version(text) == "12-M"


@pytest.mark.parametrize(
    ("later", "reason"),
    [(-16, Reason.PHONE_CLOCK), (-15, None), (0, None), (29, None), (30, Reason.SCREENSHOT), (3600, Reason.SCREENSHOT)],
)
def test_a_picture_is_good_for_half_a_minute_with_clocks_that_differ_by_a_quarter(
    later: int, reason: Reason | None
) -> None:
    assert shown.check_shown(NOW, NOW + later) is reason


@pytest.mark.parametrize("secret", range(1, 40))
def test_a_key_is_the_same_as_a_point_as_a_jwk_and_in_the_pass(secret: int) -> None:
    point = holder.point_of(ec.derive_private_key(secret, ec.SECP256R1()).public_key())
    assert holder.of_jwk(holder.as_jwk(point)) == point
    assert holder.of_confirmation(holder.confirmation(point)) == point
    assert holder.point_of(holder.public_key(point)) == point


# Through the platform


class Phone:
    """An app on one phone: a key of its own, and what the platform gave it."""

    def __init__(self, person: Person, path: str, key: ec.EllipticCurvePrivateKey = PHONE) -> None:
        self.person, self.path, self.key = person, path, key
        self.text = ""

    @property
    def jwk(self) -> dict[str, str]:
        return holder.as_jwk(holder.point_of(self.key.public_key()))

    async def take(self) -> Reply:
        reply = await self.person.put(f"{self.path}/pass/phone", {"key": self.jwk}, headers=ENGLISH)
        if reply.status == 200:
            self.text = reply.document["text"]
        return reply

    def shows(self, door: Door, later: float = 0) -> str:
        return signed_by_hand(self.text, int(door.platform.now().timestamp() + later), self.key)


@pytest.fixture
async def door(tmp_path: Path) -> Any:
    async with open_door(tmp_path, {"fire": FIRE, "mobile_push": "mobile_push"}) as opened:
        yield opened


@pytest.fixture
async def phone(door: Door) -> Phone:
    return await approved(door)


def staff_of(door: Door) -> Person:
    return door.staff("li", "fire/education:reviewer", "fire/education:approver")


async def moved(door: Door, **more: str) -> Phone:
    """A phone with a pass that another one has taken over."""
    phone = await approved(door, **more)
    (await phone.take()).ok()
    (await Phone(phone.person, phone.path, OTHER).take()).ok()
    await door.settled()
    return phone


def declare(door: Door, **changes: Any) -> None:
    """Let the item say that of its pass from now on."""
    items = door.platform.registry.items
    item = items["fire-station-open-day"]
    assert item.credential is not None
    items[item.code] = replace(item, credential=replace(item.credential, **changes))


async def approved(door: Door, subject: str = "wang", item: str = "fire-station-open-day", **more: str) -> Phone:
    person = door.citizen(subject, name="王小明", **more)
    answers = {
        "station": "station-2",
        "day": door.platform.today().isoformat(),
        "people": 3,
        "group": "family",
        "contact": "王小明",
        "phone": "13800000000",
    }
    case = (await person.post(f"/v1/items/{item}/cases", {"answers": answers})).created()
    await door.settled()
    path = str(case["links"]["self"])
    staff = staff_of(door)
    (await staff.post(f"{path}/actions/approve")).ok()
    return Phone(person, path)


async def test_a_phone_takes_its_pass_shows_it_and_an_officer_finds_it_valid(door: Door, phone: Phone) -> None:
    link = (await phone.person.get(phone.path)).ok()["links"]["pass"]
    assert link == f"{phone.path}/pass/phone"
    (await phone.person.get(link)).problem(404, "not-found")
    held = (await phone.take()).ok()
    assert held["key"] == phone.jwk
    assert held["sign_every"] == 15
    assert (await phone.person.get(link)).ok() == held
    found = await scan(door, phone.shows(door))
    assert (found["verdict"], [claim["value"] for claim in found["claims"]]) == ("valid", ["station-2", 3])


async def test_a_screenshot_is_refused_outside_its_window_and_its_holder_sees_that_one_was_shown(
    door: Door, phone: Phone
) -> None:
    await phone.take()
    picture = phone.shows(door)
    assert (await scan(door, picture))["verdict"] == "valid"
    turn(door, timedelta(seconds=31))
    assert (await scan(door, picture))["verdict"] == "screenshot"
    assert (await scan(door, phone.shows(door)))["verdict"] == "valid"
    assert (await scan(door, phone.shows(door, later=60)))["verdict"] == "phone-clock"
    scans = (await phone.person.get(f"{phone.path}/scans")).ok()["items"]
    assert [one["verdict"] for one in scans] == ["phone-clock", "valid", "screenshot", "valid"]


async def test_what_the_phone_keeps_is_no_pass_and_no_picture_of_it_is_drawn(door: Door, phone: Phone) -> None:
    for ending in ("svg", "png", "txt"):
        problem = (await phone.person.get(f"{phone.path}/pass.{ending}")).problem(409, "conflict")
        assert "请添加到手机" in problem["detail"]
    await phone.take()
    assert (await scan(door, phone.text))["verdict"] == "not-signed-by-phone"
    for ending in ("svg", "png", "txt"):
        (await phone.person.get(f"{phone.path}/pass.{ending}")).problem(409, "conflict")


async def test_before_a_phone_takes_it_nothing_that_is_stored_can_be_shown(door: Door) -> None:
    await approved(door)
    record = await Pass.get()
    assert record.phone == ""
    assert (await scan(door, record.text))["verdict"] == "not-signed-by-phone"
    assert (await scan(door, signed_by_hand(record.text, int(door.platform.now().timestamp()))))[
        "verdict"
    ] == "wrong-claims"


async def test_the_same_phone_takes_it_again_and_nothing_changes(door: Door, phone: Phone) -> None:
    first = (await phone.take()).ok()
    assert (await phone.take()).ok() == first
    assert await Pass.all().count() == 1


async def test_another_phone_takes_it_over_and_the_one_before_is_revoked_online_and_in_the_list(door: Door) -> None:
    lost = await approved(door)
    await lost.take()
    new = Phone(lost.person, lost.path, OTHER)
    (await new.take()).ok()
    verdict = await scan(door, lost.shows(door))
    assert (verdict["verdict"], verdict["reason"]) == ("revoked", "Another phone holds it now.")
    assert verdict["ended"] is None, "its approval stands"
    assert verdict["detail"].startswith("Another phone holds this pass now")
    assert (await scan(door, new.shows(door)))["verdict"] == "valid"
    (own,) = (await new.person.get("/v1/me/passes")).ok()["items"]
    assert (own["state"], own["reason"], own["links"]["pass_phone"]) == ("valid", None, f"{new.path}/pass/phone")
    before, after = await Pass.all().order_by("number")
    claims = await status_list(door)
    assert (bit(claims, before.number), bit(claims, after.number)) == (1, 0)
    assert (before.issued_at, before.expires_at) == (after.issued_at, after.expires_at), "it dates from its decision"


async def test_whose_pass_is_moved_is_told_of_it(door: Door) -> None:
    lost = await approved(door)
    await lost.take()
    await door.settled()
    told = len((await lost.person.get("/v1/inbox")).ok()["items"])
    await Phone(lost.person, lost.path, OTHER).take()
    await door.settled()
    inbox = (await lost.person.get("/v1/inbox", headers=ENGLISH)).ok()["items"]
    assert len(inbox) == told + 1
    assert inbox[-1]["title"] == "Your pass was moved to another phone"
    assert "Visit to a fire station on an open day" in inbox[-1]["body"]


async def test_with_what_is_made_up_goes_what_was_said_of_its_phones(door: Door) -> None:
    await moved(door, item=with_mode(door, "fire-station-open-day", "test"))
    case = await Case.get()
    assert await OutboxRow.filter(dedup__contains=":pass:").exists()
    turn(door, timedelta(days=8))
    assert await forget(door.platform, case)
    assert not await tables_with(door, str(case.id))


async def test_with_what_is_personal_in_a_case_goes_what_was_said_of_its_phones(door: Door) -> None:
    await moved(door)
    assert await OutboxRow.filter(dedup__contains=":pass:").exists()
    assert await anonymise(door.platform, await Case.get())
    assert not await OutboxRow.filter(dedup__contains=":pass:").exists()


async def test_of_two_platforms_on_one_database_one_phone_shows_it_and_a_revocation_ends_all(
    tmp_path: Path, database: str
) -> None:
    """What the queue in one process orders, the database alone settles between two."""
    shared = {"database": database, "data": tmp_path / "data"}
    plugins: dict[str, Path | str] = {"fire": FIRE, "mobile_push": "mobile_push"}
    async with (
        open_door(tmp_path, plugins, platform=shared) as one,
        open_door(tmp_path, plugins, platform=shared) as two,
    ):
        for round_ in range(4):
            first = await approved(one)
            case = first.path.rpartition("/")[2]
            phones = [
                Phone(door.citizen("wang"), first.path, ec.derive_private_key(1 + n, ec.SECP256R1()))
                for n, door in enumerate((one, two) * 4)
            ]
            replies = await asyncio.gather(*(phone.take() for phone in phones))
            assert {reply.status for reply in replies} <= {200, 409}
            shown_by = [phone for phone in phones if phone.text]
            verdicts = [(await scan(two, phone.shows(two)))["verdict"] for phone in shown_by]
            assert verdicts.count("valid") == 1, verdicts
            assert await Pass.filter(case_id=case, revoked_at=None).count() == 1
            staff = staff_of((two, one)[round_ % 2])
            revoked, *_ = await asyncio.gather(
                staff.post(f"{first.path}/actions/revoke", {"reason": "停电"}), *(phone.take() for phone in phones)
            )
            if revoked.status != 200:
                (await staff.post(f"{first.path}/actions/revoke", {"reason": "停电"})).ok()
            assert not await Pass.filter(case_id=case, revoked_at=None).exists()
            (await Phone(first.person, first.path, ISSUER).take()).problem(409, "conflict")


async def test_a_pass_is_moved_ten_times_and_then_the_department_is_asked(door: Door, phone: Phone) -> None:
    for n in range(11):
        (await Phone(phone.person, phone.path, ec.derive_private_key(80 + n, ec.SECP256R1())).take()).ok()
    problem = (await phone.take()).problem(409, "conflict")
    assert "10 times" in problem["detail"]


async def test_a_pass_that_is_over_is_taken_by_no_phone(door: Door, phone: Phone) -> None:
    turn(door, timedelta(days=2))
    assert "is over" in (await phone.take()).problem(409, "conflict")["detail"]


async def test_a_pass_whose_signing_key_was_withdrawn_is_moved_to_no_phone(door: Door, phone: Phone) -> None:
    await keys.rotate(door.platform.settings.keys_folder, door.platform.now(), timedelta())
    await withdraw(door, (await Pass.get()).kid)
    assert "withdrawn" in (await phone.take()).problem(409, "conflict")["detail"]


async def test_a_pass_that_the_catalogue_can_no_longer_read_is_not_said_to_be_withdrawn(
    door: Door, phone: Phone
) -> None:
    credential = door.platform.registry.items["fire-station-open-day"].credential
    assert credential is not None
    declare(door, claims=credential.claims[:1])
    assert "record" in (await phone.take()).problem(503, "unavailable")["detail"]
    assert (await Pass.get()).phone == ""


async def test_a_case_that_is_being_emptied_gets_no_pass_that_outlives_it(door: Door, phone: Phone) -> None:
    (await phone.take()).ok()
    await Case.all().update(content=GOING)
    (await Phone(phone.person, phone.path, OTHER).take()).problem(409, "conflict")
    assert await Pass.all().count() == 1
    case = await Case.get()
    case.content, record = KEPT, await Pass.get()  # as it was read a moment before
    with pytest.raises(Stale):
        await bind(door.platform, case, record, holder.point_of(OTHER.public_key()))
    assert await Pass.all().count() == 1


async def test_what_was_given_out_stays_what_it_is_when_its_item_becomes_dynamic_and_back(door: Door) -> None:
    dynamic = await approved(door)
    declare(door, dynamic=False)
    (await dynamic.take()).ok()
    assert (await scan(door, dynamic.shows(door)))["verdict"] == "valid"
    assert (await scan(door, dynamic.text))["verdict"] == "not-signed-by-phone"
    static = await approved(door, "zhang")
    declare(door, dynamic=True)
    text = (await static.person.get(f"{static.path}/pass.txt")).body.decode()
    assert (await scan(door, text))["verdict"] == "valid"
    (await static.take()).problem(404, "not-found")
    assert (await static.person.get(static.path)).ok()["links"]["pass"].endswith("/pass.svg")


async def test_a_claim_that_is_appended_later_changes_nothing_for_who_takes_it(door: Door, phone: Phone) -> None:
    credential = door.platform.registry.items["fire-station-open-day"].credential
    assert credential is not None
    declare(door, claims=(*credential.claims, replace(credential.claims[0], name="more")))
    (await phone.take()).ok()
    found = await scan(door, phone.shows(door))
    assert (found["verdict"], [claim["name"] for claim in found["claims"]]) == ("valid", ["station", "people"])


async def test_after_a_restore_the_phone_that_took_it_since_takes_it_again(door: Door) -> None:
    first = await approved(door)
    (await first.take()).ok()
    backup = await Pass.get()
    second = Phone(first.person, first.path, OTHER)
    (await second.take()).ok()
    await Pass.all().delete()
    await bulk.insert(door.platform.store.connection, Pass, [backup])
    await door.platform.store.connection.execute_query(ADVANCE[0])
    assert (await scan(door, second.shows(door)))["verdict"] == "unknown-pass"
    assert (await scan(door, first.shows(door)))["verdict"] == "valid"
    assert (await second.person.get(f"{second.path}/pass/phone")).ok()["key"] == first.jwk
    (await second.take()).ok()
    assert (await scan(door, second.shows(door)))["verdict"] == "valid"
    assert (await scan(door, first.shows(door)))["verdict"] == "revoked"
    assert (await Pass.all().order_by("-number").first()).number > 100_000  # type: ignore[union-attr]


async def test_no_phone_shows_what_a_test_case_was_given(door: Door) -> None:
    phone = await approved(door, item=with_mode(door, "fire-station-open-day", "test"))
    other = Phone(phone.person, phone.path, OTHER)
    for one in (phone, other):
        (await one.take()).ok()
        found = await scan(door, one.shows(door))
        assert (found["verdict"], found["reason"]) == ("revoked", "It is a test case's, and allows nothing.")
        late = cose.check_times(read_credential(one, door), int(door.platform.now().timestamp()))
        assert late is Reason.EXPIRED, "a verifier without a network has no list yet"
    (own,) = (await phone.person.get("/v1/me/passes", headers=ENGLISH)).ok()["items"]
    told = (own["state"], own["state_title"], own["reason"])
    assert told == ("revoked", "No longer valid", "It is a test case's, and allows nothing.")


def read_credential(phone: Phone, door: Door) -> Credential:
    payload = cbor2.loads(cbor2.loads(base45.decode(phone.text[4:])).value[2])
    return replace(PASS, issued_at=payload[6], not_before=payload[5], expires_at=payload[4])


async def test_nobody_but_its_holder_takes_it(door: Door, phone: Phone) -> None:
    (await Phone(door.citizen("zhang"), phone.path).take()).problem(404, "not-found")
    staff = staff_of(door)
    (await Phone(staff, phone.path).take()).problem(403, "forbidden")
    (await phone.take()).ok()
    (await door.citizen("zhang").get(f"{phone.path}/pass/phone")).problem(404, "not-found")
    (await staff.get(f"{phone.path}/pass/phone")).problem(403, "forbidden")


GOOD = holder.as_jwk(POINT)
BAD_KEYS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no key": (lambda _: None, "/key"),
    "a text": (lambda key: str(key), "/key"),
    "another curve": (lambda key: key | {"crv": "P-384"}, "/key/crv"),
    "an RSA key": (lambda _: {"kty": "RSA", "n": "AQAB", "e": "AQAB"}, "/key/crv"),
    "no y": (lambda key: {name: value for name, value in key.items() if name != "y"}, "/key/y"),
    "a short x": (lambda key: key | {"x": key["x"][:-1]}, "/key/x"),
    "padding": (lambda key: key | {"x": key["x"][:-1] + "="}, "/key"),
    "plain base64": (lambda key: key | {"x": "+" * 43}, "/key"),
    "a point that is not on the curve": (lambda key: key | {"y": key["x"]}, "/key"),
    "the point at zero": (lambda key: key | {"x": "A" * 43, "y": "A" * 43}, "/key"),
    "bits behind the last byte": (lambda key: key | {"x": key["x"][:-1] + chr(ord(key["x"][-1]) + 1)}, "/key"),
    "the private half": (lambda key: key | {"d": key["x"]}, "/key/d"),
    "letters of another alphabet": (lambda key: key | {"x": "ｘ" * 43}, "/key"),
}


async def test_a_key_that_is_none_is_refused_with_its_place_and_nothing_is_bound(door: Door, phone: Phone) -> None:
    for what, (change, pointer) in BAD_KEYS.items():
        reply = await phone.person.put(f"{phone.path}/pass/phone", {"key": change(GOOD)}, headers=ENGLISH)
        assert reply.problem(422, "invalid-fields")["problems"][0]["pointer"] == pointer, what
        assert (await Pass.get()).phone == "", what


async def test_a_key_may_come_with_what_libraries_write_beside_it(door: Door, phone: Phone) -> None:
    key = phone.jwk | {"alg": "ES256", "use": "sig", "key_ops": ["verify"], "ext": True, "kid": "1"}
    assert (await phone.person.put(f"{phone.path}/pass/phone", {"key": key})).ok()["key"] == phone.jwk


async def test_a_case_whose_pass_needs_no_phone_has_none_to_take_it(bare_door: Door, answers: Any) -> None:
    one = await issue(bare_door, answers)
    (await Phone(one.person, one.link).take()).problem(404, "not-found")
    (await one.person.get(f"{one.link}/pass/phone")).problem(404, "not-found")


async def test_the_public_document_says_which_passes_need_a_phone(door: Door) -> None:
    items = (await door.officer("chen", "fire").get("/v1/passes/keys")).ok()["items"]
    assert items["fire-station-open-day"]["dynamic"] is True


def test_a_phone_makes_a_pass_longer_by_so_many_bytes() -> None:
    bare, held = (len(base45.decode(signed(replace(PASS, holder=point))[4:])) for point in (None, POINT))
    assert held - bare == holder.HOLDER_BYTES
    assert len(base45.decode(signed_by_hand()[-102:])) == shown.SHOWN_BYTES


async def test_the_longest_pass_that_is_given_out_is_taken_by_phones_under_any_number(door: Door) -> None:
    item = door.platform.registry.items["fire-station-open-day"]
    case, days = Case(id=uuid4(), mode="live"), ledger.validity(door.platform, item, None, None)
    given, fits, too_long = "", 0, cose.MAX_PASS_BYTES
    while too_long - fits > 1:
        length = (fits + too_long) // 2
        try:
            given = (await ledger.issue(door.platform, case, item, {"station": "x" * length}, days)).text
            fits = length
        except ValueError:
            too_long = length
    credential = replace(await ledger.read(door.platform, given), holder=POINT, index=ledger.NUMBERS_END - 1)
    text = cose.sign(credential, LABELS, key=ISSUER, kid=KID)
    assert cose.MAX_PASS_BYTES - 8 <= len(base45.decode(text[4:])) + shown.SHOWN_BYTES <= cose.MAX_PASS_BYTES

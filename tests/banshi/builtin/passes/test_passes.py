"""What a QR pass promises: small, one spelling, and nothing but a pass gets through."""

from __future__ import annotations

import base64
import contextlib
import random
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import cbor2
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from banshi.builtin.passes.refusals import PassRefused, Reason
from banshi.builtin.passes.status import StatusList
from banshi.builtin.passes.wire import base45, cose, picture
from banshi.builtin.passes.wire.cose import Credential
from tests.banshi.builtin.passes.by_hand import sign1
from tests.banshi.builtin.passes.status_list_reader import ReadList, Status
from tests.tries import tries

KEY, OTHER, STRANGER = (ec.derive_private_key(secret, ec.SECP256R1()) for secret in (11, 12, 13))
KID, OTHER_KID = b"\x8a\x01\x5c\xe2", b"\x8b\x01\x5c\xe2"
KEYS = {KID: KEY.public_key(), OTHER_KID: OTHER.public_key()}
LABELS = ["plate", "zones", "vehicle", "hours", "name"]
CLAIMS = {"plate": "川B12345", "zones": ["2", "5"], "vehicle": "02", "hours": "0700-0900/1700-1900", "name": "王*明"}
NEW_ENERGY = CLAIMS | {"plate": "川BD12345", "vehicle": "小型汽车"}
PASS = Credential("510700", "zone-pass", 4711, 1_790_000_000, None, 4_102_444_800, CLAIMS)

#: What the reader looks for: of all that it knows, it sees a library's bar code in one of five hundred passes.
QR = zxingcpp.BarcodeFormat.QRCodeModel2


def labels_of(item: str) -> list[str] | None:
    return LABELS if item == "zone-pass" else None


def read(data: bytes | str) -> Credential:
    return cose.read(data if isinstance(data, str) else cose.compact_text(data), KEYS, labels_of)


def refusal(data: bytes | str) -> Reason:
    with pytest.raises(PassRefused) as refused:
        read(data)
    return refused.value.reason


@contextlib.contextmanager
def measured() -> Iterator[Callable[[], int]]:
    """The most memory that the block held at once, in bytes; ask after it."""
    peaks: list[int] = []
    tracemalloc.start()
    try:
        yield lambda: peaks[0]
    finally:
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()


# Base45


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"AB", "BB8"),
        (b"Hello!!", "%69 VD92EX0"),
        (b"base-45", "UJCLQE7W581"),
        (b"ietf!", "QED8WEX0"),
        (b"\xff\xff\xff", "FGWU5"),
    ],
)
def test_base45_writes_and_reads_the_vectors_of_rfc_9285(data: bytes, text: str) -> None:
    assert (base45.encode(data), base45.decode(text)) == (text, data)


@pytest.mark.parametrize("text", ["GGW", ":::", "BB8A", "A", "V5", "::", "bb8", "BB8\n", "BB\u0661", "BB8😀AA"])
def test_base45_refuses_overflow_leftovers_lower_case_and_strange_characters(text: str) -> None:
    with pytest.raises(base45.NotBase45):
        base45.decode(text)


@given(st.text(base45.ALPHABET))
def test_every_text_in_the_alphabet_is_refused_or_the_only_spelling_of_its_bytes(text: str) -> None:
    with contextlib.suppress(base45.NotBase45):
        assert base45.encode(base45.decode(text)) == text


@given(st.binary())
def test_base45_round_trips_and_never_ends_in_a_space(data: bytes) -> None:
    text = base45.encode(data)
    assert base45.decode(text) == data
    assert not text.endswith(" ")


# Signing and reading back


@given(
    st.builds(
        Credential,
        issuer=st.text(min_size=1, max_size=20),
        item=st.just("zone-pass"),
        index=st.integers(0, 2**32),
        issued_at=st.integers(0, 2**31),
        not_before=st.none() | st.integers(0, 2**31),
        expires_at=st.integers(2**31 + 1, 2**32 - 1),
        claims=st.dictionaries(
            st.sampled_from(LABELS),
            st.text(max_size=20) | st.integers(-(2**64), 2**64 - 1) | st.booleans() | st.lists(st.text(max_size=5)),
        ),
    )
)
def test_whatever_can_be_signed_reads_back_the_same_and_signs_to_the_same_text(credential: Credential) -> None:
    try:
        text = cose.sign(credential, LABELS, key=KEY, kid=KID)
    except ValueError as too_long:
        assert "at most 680" in str(too_long)  # noqa: PT017
        return
    assert read(text) == credential
    assert cose.sign(credential, LABELS, key=KEY, kid=KID) == text


def test_a_claim_of_none_is_left_out_wherever_it_stands() -> None:
    fields = {name: getattr(PASS, name) for name in Credential.__slots__}
    sparse = Credential(**fields | {"claims": {"plate": None, "zones": ["2"], "vehicle": None, "name": None}})
    assert read(cose.sign(sparse, LABELS, key=KEY, kid=KID)).claims == sparse.claims == {"zones": ("2",)}


def test_a_pass_of_before_the_item_appended_labels_reads_the_same() -> None:
    text = cose.sign(PASS, LABELS, key=KEY, kid=KID)
    assert cose.read(text, KEYS, lambda _: [*LABELS, "trailer"]) == PASS


@pytest.mark.parametrize(
    ("change", "culprit"),
    [
        ({"claims": {"colour": "red"}}, "colour"),
        ({"claims": {"name": 1.5}}, "zone-pass"),
        ({"claims": {"plate": b"x"}}, "plate"),
        ({"claims": {"zones": [2, 5]}}, "zones"),
        ({"claims": {"name": 1 << 64}}, "zone-pass"),
        ({"claims": {"name": object()}}, "zone-pass"),
        ({"claims": {"name": "x" * 700}}, "at most 680"),
        ({"claims": {"name": "\ud800"}}, "surrogates"),
        ({"issuer": ""}, "issuer"),
        ({"item": ""}, "item"),
        ({"index": -1}, "index"),
        ({"index": True}, "index"),
        ({"issued_at": 1 << 32}, "claim 6"),
        ({"not_before": -1}, "claim 5"),
        ({"expires_at": PASS.issued_at}, "expires_at"),
        ({"not_before": PASS.expires_at}, "expires_at"),
    ],
)
def test_what_a_reader_would_refuse_is_not_signed_and_the_culprit_is_named(
    change: dict[str, Any], culprit: str
) -> None:
    fields = {name: getattr(PASS, name) for name in Credential.__slots__}
    with pytest.raises(ValueError, match=culprit):
        cose.sign(Credential(**fields | change), LABELS, key=KEY, kid=KID)


def test_other_keys_than_p_256_sign_nothing_and_verify_nothing() -> None:
    p384 = ec.generate_private_key(ec.SECP384R1())
    for key, kid, labels in (
        (p384, KID, LABELS),
        (KEY, b"", LABELS),
        (KEY, b"123456789", LABELS),
        (KEY, KID, [*LABELS, "name"]),
    ):
        with pytest.raises(ValueError, match=r"P-256|labels"):
            cose.sign(PASS, labels, key=key, kid=kid)
    with pytest.raises(PassRefused, match="unknown-key"):
        cose.read(cose.sign(PASS, LABELS, key=KEY, kid=KID), {KID: p384.public_key()}, labels_of)


def test_a_pass_is_valid_from_its_start_until_just_before_its_end_give_or_take_the_leeway() -> None:
    credential = Credential("510700", "zone-pass", 1, 1000, 2000, 3000, {})
    reasons = [cose.check_times(credential, now, leeway=60) for now in (1939, 1940, 3059, 3060)]
    assert reasons == [Reason.NOT_YET_VALID, None, None, Reason.EXPIRED]
    at_once = Credential("510700", "zone-pass", 1, 1000, None, 3000, {})
    assert cose.check_times(at_once, 999, leeway=0) is Reason.NOT_YET_VALID
    assert cose.check_times(at_once, 1000, leeway=0) is None


# Every rule, and what breaks it; all of these carry a signature that is right

HEADER: dict[Any, Any] = {1: -7, 4: KID, 16: "b/1"}
ITEM = ["zone-pass", 4711, "川B12345"]
BODY: dict[Any, Any] = {1: "510700", 4: 4_102_444_800, 6: 1_790_000_000, -65537: ITEM}


def forged(
    header: Any = HEADER, body: Any = BODY, *, unprotected: Any = None, high_s: bool = False, key: Any = KEY
) -> bytes:
    """A COSE_Sign1 made by other means than the code under test; bytes stand for themselves."""
    protected, payload = (part if isinstance(part, bytes) else cbor2.dumps(part) for part in (header, body))
    return sign1(key, protected, payload, unprotected=unprotected, high_s=high_s)


def enveloped(change: Callable[[list[Any]], Any]) -> bytes:
    return b"\xd2" + cbor2.dumps(change(cbor2.loads(forged()[1:])))


KID_HEX = "44" + KID.hex()
WITHOUT_KID = {1: -7, 16: "b/1"}
REFUSED: dict[str, tuple[bytes | str, Reason]] = {
    "another QR code": ("HTTPS://EXAMPLE.ORG/", Reason.NOT_A_PASS),
    "another version": ("BS2:" + base45.encode(forged()), Reason.NOT_A_PASS),
    "nothing": ("", Reason.NOT_A_PASS),
    "no bytes": ("BS1:", Reason.MALFORMED),
    "lower case": (cose.compact_text(forged()).lower().replace("bs1:", "BS1:"), Reason.MALFORMED),
    "a megabyte of text": ("BS1:" + "0" * 1_000_000, Reason.TOO_LONG),
    "a megabyte": (forged() + bytes(1_000_000), Reason.TOO_LONG),
    "trailing byte": (forged() + b"\0", Reason.TRAILING_BYTES),
    "trailing byte in the header": (forged(cbor2.dumps(HEADER) + b"\0"), Reason.TRAILING_BYTES),
    "trailing byte in the claims": (forged(body=cbor2.dumps(BODY) + b"\0"), Reason.TRAILING_BYTES),
    "no tag": (forged()[1:], Reason.MALFORMED),
    "the tag of COSE_Mac0": (b"\xd1" + forged()[1:], Reason.MALFORMED),
    "the CWT tag around it": (b"\xd8\x3d" + forged(), Reason.MALFORMED),
    "five elements": (enveloped(lambda parts: [*parts, b""]), Reason.MALFORMED),
    "a map": (enveloped(lambda parts: dict(enumerate(parts))), Reason.MALFORMED),
    "detached payload": (enveloped(lambda parts: [parts[0], {}, None, parts[3]]), Reason.MALFORMED),
    "short signature": (enveloped(lambda parts: [*parts[:3], parts[3][:63]]), Reason.MALFORMED),
    "signature of zeros": (enveloped(lambda parts: [*parts[:3], bytes(64)]), Reason.BAD_SIGNATURE),
    "r beyond the order": (enveloped(lambda p: [*p[:3], b"\xff" * 32 + p[3][32:]]), Reason.BAD_SIGNATURE),
    "high s": (forged(high_s=True), Reason.HIGH_S),
    "signed by another known key": (forged(key=OTHER), Reason.BAD_SIGNATURE),
    "signed by a stranger": (forged(key=STRANGER), Reason.BAD_SIGNATURE),
    "unknown key": (forged(HEADER | {4: b"\0\0\0\0"}, key=STRANGER), Reason.UNKNOWN_KEY),
    "kid unprotected only": (forged(WITHOUT_KID, unprotected={4: KID}), Reason.UNPROTECTED_HEADER),
    "kid unprotected too": (forged(unprotected={4: KID}), Reason.UNPROTECTED_HEADER),
    "no kid": (forged(WITHOUT_KID), Reason.WRONG_HEADER),
    "kid as text": (forged(HEADER | {4: "8a01"}), Reason.WRONG_HEADER),
    "a critical header": (forged({1: -7, 2: [99], 4: KID, 16: "b/1"}), Reason.WRONG_HEADER),
    "alg ES384": (forged(HEADER | {1: -35}), Reason.WRONG_ALGORITHM),
    "alg HMAC": (forged(HEADER | {1: 5}), Reason.WRONG_ALGORITHM),
    "no alg": (forged({4: KID, 16: "b/1"}), Reason.WRONG_ALGORITHM),
    "typ of a status list": (forged(HEADER | {16: "application/statuslist+cwt"}), Reason.WRONG_TYPE),
    "typ as a number": (forged(HEADER | {16: 61}), Reason.WRONG_TYPE),
    "no typ": (forged({1: -7, 4: KID}), Reason.WRONG_TYPE),
    "empty header": (forged(b""), Reason.MALFORMED),
    "header that is a list": (forged([1, -7]), Reason.MALFORMED),
    "true for the key 1": (forged(cbor2.dumps({4: KID, 16: "b/1", True: -7})), Reason.MALFORMED),
    "long integer": (forged(bytes.fromhex(f"a3013806 04{KID_HEX} 1063622f31")), Reason.NOT_CANONICAL),
    "long length": (forged(bytes.fromhex(f"a3012604{KID_HEX} 107803622f31")), Reason.NOT_CANONICAL),
    "unsorted keys": (forged({4: KID, 1: -7, 16: "b/1"}), Reason.NOT_CANONICAL),
    "repeated key": (forged(bytes.fromhex(f"a401260126 04{KID_HEX} 1063622f31")), Reason.NOT_CANONICAL),
    "indefinite header": (forged(bytes.fromhex(f"bf0126 04{KID_HEX} 1063622f31 ff")), Reason.NOT_CANONICAL),
    "indefinite envelope": (b"\xd2\x9f" + forged()[2:] + b"\xff", Reason.NOT_CANONICAL),
    "indefinite bytes": (forged()[:2] + b"\x5f" + forged()[2:] + b"\xff", Reason.NOT_CANONICAL),
    "long tag": (b"\xd8\x12" + forged()[1:], Reason.MALFORMED),
    "unsorted claims": (forged(body={6: 1_790_000_000} | BODY), Reason.NOT_CANONICAL),
    "null at the end": (forged(body=BODY | {-65537: [*ITEM, None]}), Reason.NOT_CANONICAL),
    "no expiry": (forged(body={key: value for key, value in BODY.items() if key != 4}), Reason.WRONG_CLAIMS),
    "one claim more": (forged(body={1: "510700", 2: "x"} | BODY), Reason.WRONG_CLAIMS),
    "expiry as a float": (forged(body=BODY | {4: 4e9}), Reason.MALFORMED),
    "expiry as true": (forged(body=BODY | {4: True}), Reason.WRONG_CLAIMS),
    "expiry beyond 2106": (forged(body=BODY | {4: 1 << 32}), Reason.WRONG_CLAIMS),
    "issuer as a number": (forged(body=BODY | {1: 510700}), Reason.WRONG_CLAIMS),
    "negative index": (forged(body=BODY | {-65537: ["zone-pass", -1]}), Reason.WRONG_CLAIMS),
    "no index": (forged(body=BODY | {-65537: ["zone-pass"]}), Reason.WRONG_CLAIMS),
    "claim of bytes": (forged(body=BODY | {-65537: ["zone-pass", 1, b"x"]}), Reason.WRONG_CLAIMS),
    "list in a list": (forged(body=BODY | {-65537: ["zone-pass", 1, [["x"]]]}), Reason.WRONG_CLAIMS),
    "unknown item": (forged(body=BODY | {-65537: ["boat-pass", 1]}), Reason.UNKNOWN_ITEM),
    "unknown claim": (forged(body=BODY | {-65537: ["zone-pass", 1, *"abcdef"]}), Reason.UNKNOWN_CLAIM),
    "text that is not UTF-8": (forged(body=b"\xa1\x01\x62\xc3\x28"), Reason.MALFORMED),
    "bignum": (forged(body=BODY | {-65537: ["zone-pass", 1, 1 << 64]}), Reason.MALFORMED),
}


@pytest.mark.parametrize("rule", REFUSED)
def test_each_rule_refuses_with_its_own_reason(rule: str) -> None:
    data, reason = REFUSED[rule]
    assert refusal(data) is reason


def test_every_reason_has_a_case_here() -> None:
    timed = {Reason.EXPIRED, Reason.NOT_YET_VALID}
    shown = {Reason.NOT_SIGNED_BY_PHONE, Reason.SCREENSHOT, Reason.PHONE_CLOCK}
    assert {reason for _, reason in REFUSED.values()} | timed | shown == set(Reason)
    assert read(forged()).claims == {"plate": "川B12345"}, "the forgery without a fault must be read"


BOMBS = {
    "500 lists deep": b"\x81" * 500 + b"\x01",
    "250 maps deep": b"\xa1\x01" * 250 + b"\x01",
    "500 tags deep": b"\xc0" * 500 + b"\x01",
    "500 indefinite lists": b"\x9f" * 500,
    "500 empty lists": b"\x99\x01\xf4" + b"\x80" * 500,
    "list of 2**62": bytes.fromhex("9b4000000000000000"),
    "map of 2**63": bytes.fromhex("bb8000000000000000"),
    "bytes of 2**63": bytes.fromhex("5b8000000000000000"),
    "text of 2**32": bytes.fromhex("7affffffff"),
    "bignum": bytes.fromhex("c25a7fffffff"),
    "decimal 1e(2**62)": bytes.fromhex("c4821b400000000000000001"),
    "rational": bytes.fromhex("d81e820100"),
    "regular expression": bytes.fromhex("d8236a") + b"(a+)+(a+)$",
    "shared reference": bytes.fromhex("d81c81d81d00"),
    "date": bytes.fromhex("c11bffffffffffffffff"),
    "reserved length": b"\x1c" * 40,
    "break": b"\xff" * 40,
    "cut head": b"\x1b\x00",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_cbor_bomb_is_refused_wherever_it_stands_at_no_cost(bomb: str) -> None:
    data = BOMBS[bomb]
    for whole in (data, b"\xd2" + data, b"\xd2\x84" + data, forged(data), forged(body=data)):
        with measured() as peak:
            began = time.thread_time()
            reason = refusal(whole)
            took = time.thread_time() - began
        assert reason in {Reason.MALFORMED, Reason.NOT_CANONICAL}
        assert took < 0.25
        assert peak() < 200_000


@given(st.binary(), st.binary())
def test_no_bytes_raise_anything_but_pass_refused_not_even_signed_ones(head: bytes, body: bytes) -> None:
    for data in (body, b"\xd2\x84" + body, forged(head, body), forged(body=body)):
        refusal(data)


def damaged(dice: random.Random, data: bytes, text: str) -> tuple[str, bytes | str]:
    """One pass with one thing wrong, in its bytes or in its characters."""
    kind = dice.choice(("flip", "flip", "flip", "cut", "append"))
    if dice.random() < 0.5:
        if kind == "flip":
            spots = dice.sample(range(len(data) * 8), dice.choice((1, 1, 2, 3)))
            number = int.from_bytes(data, "big")
            for spot in spots:
                number ^= 1 << spot
            return "bits of bytes", number.to_bytes(len(data), "big")
        if kind == "cut":
            return "bytes cut off", data[: dice.randrange(len(data))]
        return "bytes appended", data + dice.randbytes(dice.randint(1, 8))
    if kind == "flip":
        at = dice.randrange(len(text))
        return "bits of characters", text[:at] + chr(ord(text[at]) ^ 1 << dice.randrange(7)) + text[at + 1 :]
    if kind == "cut":
        return "characters cut off", text[: dice.randrange(len(text))]
    return "characters appended", text + "".join(dice.choices(base45.ALPHABET + "\n\0a", k=dice.randint(1, 9)))


def test_passes_that_were_damaged_in_any_way_are_all_refused() -> None:
    dice = random.Random(20261124)
    good = []
    for number, (key, kid) in enumerate([(KEY, KID), (OTHER, OTHER_KID)] * 8):
        claims = CLAIMS if number % 3 else NEW_ENERGY
        credential = Credential("510700", "zone-pass", number * 9973, 1_790_000_000, None, 1_820_000_000, claims)
        data = cose.compact_bytes(cose.sign(credential, LABELS, key=key, kid=kid))
        good.append((data, cose.compact_text(data)))
    for _ in range(tries(10_000, 100_000)):
        _, bad = damaged(dice, *dice.choice(good))
        refusal(bad)


def test_every_single_bit_of_a_pass_counts() -> None:
    data = cose.compact_bytes(cose.sign(PASS, LABELS, key=KEY, kid=KID))
    number, bits = int.from_bytes(data, "big"), len(data) * 8
    for bit in range(bits):
        refusal((number ^ 1 << bit).to_bytes(len(data), "big"))
    for end in range(len(data)):
        refusal(data[:end])


# The picture


@pytest.mark.parametrize(("claims", "index"), [(CLAIMS, 4711), (CLAIMS, 999_999), (NEW_ENERGY, 999_999)])
def test_a_scanner_reads_the_very_same_text_from_a_picture_of_at_most_v10_m(claims: Any, index: int) -> None:
    credential = Credential("510700", "zone-pass", index, 1_790_000_000, 1_800_000_000, 1_820_000_000, claims)
    text = cose.sign(credential, LABELS, key=KEY, kid=KID)
    number, level = picture.version(text).split("-")
    assert (int(number) <= 10, level) == (True, "M")
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture.png(text))), QR)
    assert code.text == text
    (code,) = zxingcpp.read_barcodes(half_blocks(picture.terminal(text)), QR)
    assert read(code.text) == credential


def half_blocks(drawing: str) -> Image.Image:
    """The picture that a terminal shows, eight pixels a module."""
    lines = drawing.splitlines()
    image = Image.new("L", (len(lines[0]), len(lines) * 2))
    for row, line in enumerate(lines):
        for column, block in enumerate(line):
            image.putpixel((column, row * 2), 255 * (block in "█▀"))
            image.putpixel((column, row * 2 + 1), 255 * (block in "█▄"))
    return image.resize((image.width * 8, image.height * 8), Image.Resampling.NEAREST)


def test_a_short_pass_is_v9_m() -> None:
    assert picture.version(cose.sign(PASS, LABELS, key=KEY, kid=KID)) == "9-M"


def test_no_picture_is_a_micro_qr_code_or_better_corrected_than_asked() -> None:
    assert picture.version("A") == "1-M"
    assert picture.png("A") == picture.png("A")
    assert b"viewBox" in picture.svg("A")


@pytest.mark.parametrize("text", ["bs1:", "A" * 4000])
def test_what_no_compact_picture_can_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        picture.svg(text)


# The status list

#: Appendix C of the draft, one bit: what stands after "lst" in its CBOR form.
LARGE_VECTOR = bytes.fromhex(
    "78daeddc010dc0200c0041a88249400ad2903e0f4bba00bd93f002beb7a2a2010000a91e09000000000000000000000000000000807296"
    "04000000000000000000000000000000000000000000000000000000000000000000000000000000005c6f4800000000000000fc2c2400"
    "00000000000000000000be1b12000000000000000000ecaa4b000000000000000000000000000000009b0b0900000000000000000038de"
    "9400000000000000002a30cc010000000080642f0bd8011b"
)
LARGE_INDICES = [0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345]


def test_the_status_list_writes_and_reads_the_draft_s_vectors() -> None:
    revoked = [0, 3, 4, 5, 7, 8, 9, 13, 15]
    small = StatusList(revoked, size=16)
    assert (small.octets, small.lst) == (b"\xb9\xa3", "eNrbuRgAAhcBXQ")
    read = ReadList.decode(small.lst)
    assert [index for index in range(16) if read.status(index) is Status.INVALID] == revoked
    large = ReadList.decode(base64.urlsafe_b64encode(LARGE_VECTOR).rstrip(b"=").decode())
    assert {large.status(index) for index in LARGE_INDICES} == {Status.INVALID}
    assert large.octets == StatusList(LARGE_INDICES, size=1 << 20).octets


def test_a_million_entries_with_one_per_cent_revoked_take_under_20_kb() -> None:
    whole = StatusList(random.Random(1).sample(range(1_000_000), 10_000), size=1_000_000)
    assert len(base64.urlsafe_b64decode(whole.lst + "==")) < 20_000
    assert ReadList.decode(whole.lst).octets == whole.octets


def test_an_index_outside_the_list_is_an_error() -> None:
    for index in (-1, 16):
        with pytest.raises(ValueError, match="outside"):
            StatusList([index], size=16)


def test_reading_a_pass_imports_neither_the_picture_nor_the_token_library() -> None:
    program = "import sys, banshi.builtin.passes.wire.cose, banshi.builtin.passes.status;"
    program += " print({'segno', 'joserfc'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

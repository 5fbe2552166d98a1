"""What a fuzzer tries on the pass verifier, and what has to hold whatever it comes up with.

An input's first byte says what becomes of the rest: it is a text or the bytes of a pass as a stranger shows them; a
payload, or a header and a payload, that bear a good signature, so that what lies behind the signature is reached;
changes to a pass that was issued; base45; a status list.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric import ec

from banshi.builtin.passes import holder
from banshi.builtin.passes.refusals import PassRefused
from banshi.builtin.passes.status import StatusList
from banshi.builtin.passes.wire import base45, cbor, cose
from banshi.builtin.passes.wire.cose import Credential, check_times, compact_bytes, compact_text
from banshi.builtin.passes.wire.shown import PREFIX, read, show
from banshi.foundation.encryption.signatures import ES256, raw
from tests.banshi.builtin.passes.status_list_reader import ReadList, StatusListRefused

#: Of these modules it is counted what is reached.
MODULES = tuple(
    f"banshi.builtin.passes.{name}"
    for name in ("wire.base45", "wire.cbor", "wire.cose", "holder", "wire.shown", "status")
)

#: Bytes of an input at most: more than a pass may have.
MAX_INPUT_BYTES = 4_096

#: What a pass is written with.
WORDS = (
    b"BS1:",
    b"BD1:",
    b"\xd2\x84",
    b"\xa0",
    b"\xf6",
    b"\xf5",
    b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x3a\x00\x01\x00\x00",
    b"zone-pass",
)

#: Nobody's: a number that anybody can count to.
KEY = ec.derive_private_key(0xBA25, ec.SECP256R1())
KID = b"fuzz"
KEYS = {KID: KEY.public_key()}
PHONE = ec.derive_private_key(0xF0E, ec.SECP256R1())

LABELS = {"zone-pass": ("plate", "zones", "hours", "seats", "electric"), "residence": ("name", "address"), "p": ()}

ISSUED = (
    Credential(
        "510700", "zone-pass", 7, 1_900_000_000, None, 1_910_000_000, {"plate": "川B12345", "zones": ["2", "5"]}
    ),
    Credential("BANSHI", "zone-pass", 70_000, 1, 0, 4_294_967_295, {"hours": "9-17", "seats": -9, "electric": True}),
    Credential("BANSHI", "residence", 0, 1_900_000_000, 1_900_000_001, 1_900_000_002, {"name": "王小明"}),
    Credential("x", "p", 1, 5, None, 6, {}),
    Credential("BANSHI", "p", 2, 5, None, 6, {}, holder.point_of(PHONE.public_key())),
)
#: When the phone showed the last of them.
SHOWN_AT = 1_900_000_000

#: Entries of a status list at most, here.
MAX_LIST_ENTRIES = 1 << 16


def issue(credential: Credential) -> bytes:
    labels = LABELS[credential.item]
    return compact_bytes(cose.sign(credential, labels, key=KEY, kid=KID, most=cose.MAX_BYTES))


PASSES = tuple(map(issue, ISSUED))
TEXTS = (*map(compact_text, PASSES[:-1]), show(compact_text(PASSES[-1]), SHOWN_AT, PHONE))


def signed(protected: bytes, payload: bytes) -> bytes:
    """A pass of anything, with a signature that fits, written as the verifier wants it."""
    signature = raw(KEY.sign(cbor.dump(["Signature1", protected, b"", payload]), ES256))
    return b"\xd2" + cbor.dump([protected, {}, payload, signature])


def edited(whole: bytes, edits: bytes) -> bytes:
    """`whole` after some changes, five bytes each: what, where (two), how much, with what."""
    for what, where, much, value in struct.iter_unpack(">BHBB", edits[: len(edits) // 5 * 5]):
        at = where % (len(whole) + 1)
        match what % 5:
            case 0:
                whole = whole[:at] + bytes([value]) + whole[at + 1 :]
            case 1:
                whole = whole[:at] + bytes([value]) * (much % 8) + whole[at:]
            case 2:
                whole = whole[:at] + whole[at + much % 8 :]
            case 3:
                whole = whole[:at] + whole[at : at + 1 + much] + whole[at:]
            case _:
                whole = whole[:at] + bytes(one ^ (1 << value % 8) for one in whole[at : at + 1]) + whole[at + 1 :]
    return whole


def run(data: bytes) -> None:
    """Try one input. Raises AssertionError where a promise is broken, and whatever nobody has promised to raise."""
    kind, rest = (data[0] if data else 0) % 8, data[1:]
    number = (rest[0] if rest else 0) % len(PASSES)
    match kind:
        case 0:
            shown(rest.decode("utf-8", "surrogateescape"))
        case 1:
            shown_bytes(rest)
        case 2:
            behind(signed(cbor.dump({1: -7, 4: KID, 16: cose.TYP}), rest))
        case 3:
            length = rest[0] if rest else 0
            behind(signed(rest[1 : 1 + length], rest[1 + length :]))
        case 4:
            shown_bytes(edited(PASSES[number], rest[1:]))
        case 5:
            shown(edited(TEXTS[number].encode(), rest[1:]).decode("latin-1"))
        case 6:
            carried(rest)
        case _:
            listed(rest.decode("latin-1"))


def shown(text: str) -> None:
    """A text is read only where it was issued, and no other text is that pass."""
    try:
        scanned = read(text, KEYS, LABELS.get)
    except PassRefused:
        assert text not in TEXTS
        return
    assert text in TEXTS
    number = TEXTS.index(text)
    assert scanned.credential == ISSUED[number]
    assert scanned.text == compact_text(PASSES[number])
    assert scanned.shown_at == (None if ISSUED[number].holder is None else SHOWN_AT)


def shown_bytes(data: bytes) -> None:
    try:
        credential = cose.read(compact_text(data), KEYS, LABELS.get)
    except PassRefused:
        assert data not in PASSES
        return
    assert data in PASSES
    assert credential == ISSUED[PASSES.index(data)]


def behind(data: bytes) -> None:
    """What bears a good signature is refused, or is what the platform itself would have written."""
    try:
        credential = cose.read(compact_text(data), KEYS, LABELS.get)
    except PassRefused:
        return
    try:
        again = issue(credential)
    except ValueError:
        # The platform writes none that never is valid, and nobody takes one.
        start = credential.issued_at if credential.not_before is None else credential.not_before
        assert credential.expires_at <= start
        assert check_times(credential, start, leeway=0) is not None
        return
    assert again == data


def carried(data: bytes) -> None:
    """Base45: each byte string has one text, and no other text is read."""
    assert base45.decode(base45.encode(data)) == data
    text = data.decode("latin-1")
    try:
        read_back = base45.decode(text)
    except base45.NotBase45:
        return
    assert base45.encode(read_back) == text


def listed(lst: str) -> None:
    """A status list has at most as many entries as were asked for, and says nothing beyond its end."""
    try:
        unpacked = ReadList.decode(lst, most=MAX_LIST_ENTRIES)
    except StatusListRefused:
        return
    entries = len(unpacked.octets) * 8
    assert entries <= MAX_LIST_ENTRIES
    assert ReadList.decode(unpacked.lst, most=MAX_LIST_ENTRIES).octets == unpacked.octets
    for index in (-1, entries):
        try:
            unpacked.status(index)
        except StatusListRefused:
            continue
        raise AssertionError(f"a status list of {entries} entries told of entry {index}")


def seeds() -> Iterator[bytes]:
    """Where a fuzzer begins: one good input of each kind, and what is nearly good."""
    for number, (data, text) in enumerate(zip(PASSES, TEXTS, strict=True)):
        protected, _, payload, _ = cbor.load(data[1:])
        yield b"\x00" + text.encode()
        yield b"\x01" + data
        yield b"\x02" + payload
        yield b"\x03" + bytes([len(protected)]) + protected + payload
        yield b"\x04" + bytes([number]) + struct.pack(">BHBB", 4, 40, 0, 3)
        yield b"\x05" + bytes([number]) + struct.pack(">BHBB", 0, 20, 0, 65)
        yield b"\x06" + text.removeprefix(cose.PREFIX).removeprefix(PREFIX).encode()
    yield b"\x07" + StatusList([1, 5, 99], size=128).lst.encode()
    yield b"\x07" + StatusList([], size=MAX_LIST_ENTRIES * 4).lst.encode()

"""The credential inside a QR pass: COSE_Sign1 over a CWT, ES256, as one text of at most V10-M.

`sign` and `read` make and check the signed bytes, `compact_text` and `compact_bytes` carry them.

On the wire (RFC 9052 COSE, RFC 8392 CWT, RFC 9596 typ, RFC 8949 section 4.2 deterministic CBOR; CDDL)::

    text   = "BS1:" base45(pass)
    pass   = #6.18([bstr .cbor header, {}, bstr .cbor claims, bstr .size 64])
    header = {1: -7, 4: kid: bstr .size (1..8), 16: "b/1"}
    claims = {1: issuer: tstr, 4: expires: uint, ? 5: not-before: uint, 6: issued: uint, ? 8: holder, -65537: item}
    item   = [code: tstr, status-list-index: uint, * (tstr / int / bool / [* tstr] / null)]

An item's values stand in the order of its `labels`: on the wire, the position is the name. So an item may append
labels and must never reorder, rename or remove one: passes that people already hold would be read wrongly.
Null is a claim that this pass doesn't have; the last value is never null. `banshi.builtin.passes.holder` says what a
holder is: with one, this text is half of what a phone shows (`banshi.builtin.passes.wire.shown`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec

from banshi.builtin.passes import holder
from banshi.builtin.passes.refusals import PassRefused, Reason
from banshi.builtin.passes.wire import base45, cbor
from banshi.foundation.encryption.signatures import ES256, low_s, of_raw, raw

#: Says what was scanned before anything is parsed, and carries the version of the whole format.
PREFIX = "BS1:"
#: Keeps a pass from being taken for another object signed with the same key. RFC 9596 asks for a media type: this
#: one is so by its syntax only, unregistered, because "application/banshi-pass+cwt" costs a whole QR version.
TYP = "b/1"
#: Beyond what a phone reads in the street; a certificate is printed larger, and has room for names and addresses:
#: V30-M, 137 modules wide. Both are far below what costs anything to refuse.
MAX_PASS_BYTES = 680
MAX_BYTES = 1320
MAX_TEXT_SIGNS = len(PREFIX) + MAX_BYTES // 2 * 3

_ALG, _KID, _TYP, _ES256 = 1, 4, 16, -7
_ISS, _EXP, _NBF, _IAT, _CNF = 1, 4, 5, 6, 8
#: The first key that RFC 8392 section 9.1.1 leaves to private use. No `cti` (7) stands beside it: issuer and index
#: name the credential already, and a second name of eight bytes would be one more thing that can disagree.
_ITEM = -65537
#: Times stay in four bytes (until 2106), so that no reader meets a date that its calendar can't show.
_TIME_END = 1 << 32

Claim: TypeAlias = str | int | Sequence[str]
LabelsOf: TypeAlias = Callable[[str], Sequence[str] | None]


@dataclass(frozen=True, slots=True)
class Credential:
    """What one pass says, whatever carries it. Times are Unix seconds."""

    #: Who issues, and whose status list holds the index; a region code of six digits keeps the picture small.
    issuer: str
    #: The item's code.
    item: str
    #: Place in the issuer's status list; with the issuer, it is the credential's id.
    index: int
    issued_at: int
    #: None is valid from `issued_at` on, and saves six bytes.
    not_before: int | None
    #: The first second at which it is no longer valid.
    expires_at: int
    #: By label. None is left out, and lists become tuples, so that nothing changes afterwards.
    claims: Mapping[str, Claim]
    #: The key of the phone that alone can show it, as a compressed point of 33 bytes; empty while no phone has it.
    #: None: whoever has the text shows it.
    holder: bytes | None = None

    def __post_init__(self) -> None:
        frozen = {k: tuple(v) if isinstance(v, list) else v for k, v in self.claims.items() if v is not None}
        object.__setattr__(self, "claims", frozen)


def sign(
    credential: Credential,
    labels: Sequence[str],
    *,
    key: ec.EllipticCurvePrivateKey,
    kid: bytes,
    most: int = MAX_PASS_BYTES,
) -> str:
    """Sign `credential` with a P-256 key, in at most `most` bytes, as the text that goes into the picture.

    The same arguments give the same text.

    `labels` names every claim that the item may have, in the item's fixed order; `kid` has one to eight bytes.
    Raises ValueError, naming the item and the culprit, for whatever a reader would refuse.
    """
    if not isinstance(key.curve, ec.SECP256R1) or not 1 <= len(kid) <= 8:
        raise ValueError("a pass is signed with a P-256 key that has an id of one to eight bytes")
    payload = _payload(credential, labels)
    protected = cbor.dump({_ALG: _ES256, _KID: kid, _TYP: TYP})
    signature = raw(key.sign(_to_be_signed(protected, payload), ES256))
    data = b"\xd2" + cbor.dump([protected, {}, payload, signature])
    if len(data) > most:
        raise ValueError(f"item {credential.item}: a pass of {len(data)} bytes; at most {most} are read")
    return compact_text(data)


def read(text: str, keys: Mapping[bytes, ec.EllipticCurvePublicKey], labels_of: LabelsOf) -> Credential:
    """Check the signature of what was scanned and return what it says, or raise `PassRefused`, and nothing else.

    `keys` holds the trusted P-256 keys by key id; `labels_of` gives an item's labels, None for an unknown item.
    Says nothing about time or revocation: ask `check_times` and the status list.
    """
    data = compact_bytes(text)
    match data[:1] == b"\xd2" and cbor.load(data[1:]):
        case [bytes(protected), dict(unprotected), bytes(payload), bytes(signature)] if len(signature) == 64:
            pass
        case _:
            raise PassRefused(Reason.MALFORMED, "this is not a COSE_Sign1 with a signature of 64 bytes")
    if unprotected:
        raise PassRefused(Reason.UNPROTECTED_HEADER, "the unprotected header is not empty")
    key = keys.get(_key_id(protected))
    if key is None or not isinstance(key.curve, ec.SECP256R1):
        raise PassRefused(Reason.UNKNOWN_KEY, "there is no P-256 key with the id that the pass names")
    if not low_s(signature):
        raise PassRefused(Reason.HIGH_S, "s is not the lower of its two values")
    try:
        key.verify(of_raw(signature), _to_be_signed(protected, payload), ES256)
    except InvalidSignature:
        raise PassRefused(Reason.BAD_SIGNATURE, "the signature does not fit") from None
    # Not before: a stranger's payload is never parsed.
    return _credential(payload, labels_of)


def check_times(credential: Credential, now: int, *, leeway: int = 60) -> Reason | None:
    """Say whether `now` lies outside the credential's time by more than clocks differ; both in seconds.

    As in RFC 7519 section 4.1.4, the second of `expires_at` itself is too late.
    """
    start = credential.issued_at if credential.not_before is None else credential.not_before
    if now < start - leeway:
        return Reason.NOT_YET_VALID
    return Reason.EXPIRED if now >= credential.expires_at + leeway else None


def compact_text(data: bytes) -> str:
    """Write a pass's bytes as the compact text, all in the alphanumeric alphabet of QR codes."""
    return PREFIX + base45.encode(data)


def compact_bytes(text: str) -> bytes:
    """Take a pass's bytes out of the compact text, or raise `PassRefused`."""
    if len(text) > MAX_TEXT_SIGNS:
        raise PassRefused(Reason.TOO_LONG, f"{len(text)} characters; a pass has at most {MAX_TEXT_SIGNS}")
    if not text.startswith(PREFIX):
        raise PassRefused(Reason.NOT_A_PASS, f"the text does not begin with {PREFIX}")
    try:
        return base45.decode(text.removeprefix(PREFIX))
    except base45.NotBase45 as error:
        raise PassRefused(Reason.MALFORMED, str(error)) from None


def _payload(credential: Credential, labels: Sequence[str]) -> bytes:
    guilty = f"item {credential.item}"
    if len(set(labels)) < len(labels):
        raise ValueError(f"{guilty}: two labels are the same")
    if unknown := credential.claims.keys() - set(labels):
        raise ValueError(f"{guilty}: no label for {', '.join(sorted(unknown))}; append it to the item's labels")
    values = [credential.claims.get(label) for label in labels]
    while values and values[-1] is None:
        values.pop()
    item = [credential.item, credential.index, *values]
    claims = {_ISS: credential.issuer, _EXP: credential.expires_at, _IAT: credential.issued_at, _ITEM: item}
    if credential.not_before is not None:
        claims[_NBF] = credential.not_before
    if credential.holder is not None:
        claims[_CNF] = holder.confirmation(credential.holder)
    # Read back, because a pass that no verifier accepts would only be found out in the street.
    try:
        payload = cbor.dump(claims)
        _credential(payload, lambda _: labels)
    except (PassRefused, cbor2.CBOREncodeError) as error:
        raise ValueError(f"{guilty}: {error}") from error
    if check_times(credential, credential.expires_at - 1, leeway=0):
        raise ValueError(f"{guilty}: expires_at is not after the pass becomes valid")
    return payload


def _credential(payload: bytes, labels_of: LabelsOf) -> Credential:
    claims = cbor.load_map(payload)
    if claims.keys() - {_NBF, _CNF} != {_ISS, _EXP, _IAT, _ITEM}:
        raise PassRefused(Reason.WRONG_CLAIMS, "other claims than those of a pass")
    for time in claims.keys() & {_EXP, _NBF, _IAT}:
        if type(claims[time]) is not int or not 0 <= claims[time] < _TIME_END:
            raise PassRefused(Reason.WRONG_CLAIMS, f"claim {time} is not in whole seconds between 1970 and 2106")
    match claims[_ISS], claims[_ITEM]:
        case str(issuer), [str(item), index, *values] if issuer and item and type(index) is int and index >= 0:
            pass
        case _:
            raise PassRefused(Reason.WRONG_CLAIMS, "issuer, item or index is missing or of the wrong type")
    labels = labels_of(item)
    if labels is None:
        raise PassRefused(Reason.UNKNOWN_ITEM, f"item {item} is not in the catalogue")
    if len(values) > len(labels):
        raise PassRefused(Reason.UNKNOWN_CLAIM, f"item {item} has {len(labels)} labels, the pass {len(values)}")
    if values and values[-1] is None:
        raise PassRefused(Reason.NOT_CANONICAL, "the last value is null")
    given = {label: value for label, value in zip(labels, values, strict=False) if value is not None}
    for label, value in given.items():
        if not isinstance(value, str | int) and not (
            isinstance(value, list) and all(isinstance(v, str) for v in value)
        ):
            raise PassRefused(Reason.WRONG_CLAIMS, f"claim {label} is no text, whole number or list of texts")
    phone = holder.of_confirmation(claims[_CNF]) if _CNF in claims else None
    return Credential(issuer, item, index, claims[_IAT], claims.get(_NBF), claims[_EXP], given, phone)


def _key_id(protected: bytes) -> bytes:
    header = cbor.load_map(protected)
    if header.get(_ALG) != _ES256:
        raise PassRefused(Reason.WRONG_ALGORITHM, "the protected header does not say ES256")
    if header.get(_TYP) != TYP:
        raise PassRefused(Reason.WRONG_TYPE, f"the protected header does not say {TYP}")
    kid = header.get(_KID)
    if header.keys() != {_ALG, _KID, _TYP} or not isinstance(kid, bytes):
        raise PassRefused(Reason.WRONG_HEADER, "the protected header holds other than alg, kid and typ")
    return kid


def _to_be_signed(protected: bytes, payload: bytes) -> bytes:
    return cbor.dump(["Signature1", protected, b"", payload])

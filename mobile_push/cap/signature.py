"""XML signatures of alerts (CAP 1.2 section 3.3.2.1, XML-DSig): enveloped, over the whole alert.

Whose key it has to be is ours to say, so everything that the sender wrote about the key is thrown away before the
signature is looked at, and only the bytes that were signed are read afterwards.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from mobile_push.cap.errors import SignatureError
from mobile_push.cap.parsing import MAX_BYTES, SIGNATURE, alert_of_tree, parse
from mobile_push.cap.values import Alert
from mobile_push.cap.writing import NAMESPACE, serialise, tree_of

_DS = "http://www.w3.org/2000/09/xmldsig#"
_ENVELOPED = f"{_DS}enveloped-signature"
#: Bits of an RSA key below which it is too weak to trust.
MIN_RSA_BITS = 2048
#: No SHA-1; and no HMAC, whose secret would be the public key.
METHODS = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.SHA256_RSA_MGF1,
        SignatureMethod.SHA384_RSA_MGF1,
        SignatureMethod.SHA512_RSA_MGF1,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
#: Canonical XML 1.0, 1.1 and exclusive, with comments or without; what signed bytes say is read without them anyway.
_COMMENTED = {
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315": "#WithComments",
    "http://www.w3.org/2006/12/xml-c14n11": "#WithComments",
    "http://www.w3.org/2001/10/xml-exc-c14n#": "WithComments",
}
CANONICAL = frozenset({*_COMMENTED, *(name + comments for name, comments in _COMMENTED.items())})
_CONFIGURATION = SignatureConfiguration(
    require_x509=False, location="./", expect_references=1, signature_methods=METHODS, digest_algorithms=DIGESTS
)


class SenderKey(NamedTuple):
    """The key of somebody whose alerts are believed, and how long it is good for."""

    key: RSAPublicKey | EllipticCurvePublicKey
    not_before: datetime | None = None
    not_after: datetime | None = None

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """The key in a PEM certificate or public key.

        Raises:
            ValueError: it is neither, or not strong enough; the text says what to give.
        """
        try:
            if b"BEGIN CERTIFICATE" in pem:
                certificate = x509.load_pem_x509_certificate(pem)
                found = certificate.public_key(), certificate.not_valid_before_utc, certificate.not_valid_after_utc
            else:
                found = load_pem_public_key(pem), None, None  # type: ignore[assignment]
        except Exception as error:  # cryptography has many words for a file that it can't read
            raise ValueError(f"no PEM certificate or public key ({error}); ask the sender for one") from None
        key, not_before, not_after = found
        if isinstance(key, RSAPublicKey) and key.key_size < MIN_RSA_BITS:
            raise ValueError(
                f"an RSA key of {key.key_size} bits is too weak; ask the sender for {MIN_RSA_BITS} or more"
            )
        if not isinstance(key, RSAPublicKey | EllipticCurvePublicKey):
            raise ValueError(f"{type(key).__name__} can't be used; ask the sender for an RSA or elliptic curve key")
        if isinstance(key, EllipticCurvePublicKey) and key.key_size < 256:
            raise ValueError(f"the curve {key.curve.name} is too weak; ask the sender for P-256 or a larger one")
        return cls(key, not_before, not_after)

    def der(self) -> bytes:
        return self.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def pem(self) -> bytes:
        return self.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def verify(
    xml: bytes, allowed: Mapping[str, SenderKey], *, now: datetime | None = None, most_bytes: int = MAX_BYTES
) -> Alert:
    """The alert, if the key that belongs to its sender signed all of it.

    The same signed alert may come again: its sender, identifier and time tell that it is the same.

    Raises:
        SignatureError: it is not signed, or not by the sender's key, or not in a way that is trusted.
        CapError: it is no alert that can be read; the error names the element.
    """
    root = parse(xml, most_bytes=most_bytes)
    signature = _signature(root)
    # Not believed yet: it only chooses the key that the signature has to fit.
    claimed = (root.findtext(f"{{{NAMESPACE}}}sender") or "").strip()
    key = allowed.get(claimed)
    if key is None:
        raise SignatureError(f"{claimed[:120]!r} may not send alerts here; an operator adds senders and keys", "sender")
    moment = now or datetime.now(UTC)
    if (key.not_before and moment < key.not_before) or (key.not_after and moment > key.not_after):
        raise SignatureError(
            f"the certificate of {claimed[:120]} is not valid now; an operator replaces it", "Signature"
        )
    _plain_construction(signature)
    _pin(signature, key)
    try:
        result = XMLVerifier().verify(root, expect_config=_CONFIGURATION)
    except Exception as error:  # signxml passes on whatever a mangled signature breaks
        reason = str(error).split("\n", 1)[0][:200] or type(error).__name__
        raise SignatureError(
            f"the signature is not one of {claimed[:120]} over this alert ({reason})", "Signature"
        ) from None
    if isinstance(result, list) or result.signature_key != key.pem():
        raise SignatureError("the signature was checked with another key", "Signature")
    alert = alert_of_tree(parse(result.signed_data, most_bytes=2 * most_bytes))
    if alert.sender != claimed:
        raise SignatureError("the sender that was signed is another one", "sender")
    return alert


def _signature(root: etree._Element) -> etree._Element:
    """The one signature, which stands directly in the alert; any other could be mistaken for it."""
    found = list(root.iter(SIGNATURE))
    if not found:
        raise SignatureError("the alert is not signed; sign it with an enveloped XML signature", "Signature")
    if len(found) > 1 or found[0].getparent() is not root:
        raise SignatureError("there has to be one signature, directly in the alert", "Signature")
    return found[0]


def _plain_construction(signature: etree._Element) -> None:
    """Refuse whatever makes "what was signed" something else than this whole alert."""
    names = {"ds": _DS}
    references = signature.findall("ds:SignedInfo/ds:Reference", names)
    if len(references) != 1 or references[0].get("URI") != "":
        raise SignatureError('the signature has to cover the whole alert: one Reference with URI=""', "Signature")
    if signature.find(".//ds:Object", names) is not None:
        raise SignatureError("there is an Object in the signature; an enveloped signature has none", "Signature")
    transforms = [str(one.get("Algorithm")) for one in references[0].iterfind("ds:Transforms/ds:Transform", names)]
    if _ENVELOPED not in transforms or not set(transforms) <= CANONICAL | {_ENVELOPED} or len(transforms) > 2:
        raise SignatureError("use the transform enveloped-signature and one canonicalization, no others", "Signature")


def _pin(signature: etree._Element, key: SenderKey) -> None:
    """Put the key that we know in the place of the one that the sender wrote, which no enveloped signature covers."""
    for info in signature.findall(f"{{{_DS}}}KeyInfo"):
        signature.remove(info)
    info = etree.Element(f"{{{_DS}}}KeyInfo")
    value = etree.SubElement(info, "{http://www.w3.org/2009/xmldsig11#}DEREncodedKeyValue")
    value.text = b64encode(key.der()).decode()
    after = signature.find(f"{{{_DS}}}SignatureValue")
    if after is None:
        raise SignatureError("there is no SignatureValue", "Signature")
    after.addnext(info)


def sign(alert: Alert, key: bytes, certificate: bytes | None = None) -> bytes:
    """The alert as XML with an enveloped signature; an RSA or elliptic curve key in PEM without a passphrase.

    Raises:
        ValueError: the key can't sign; the text says what to give.
    """
    try:
        private = load_pem_private_key(key, None)
        public = SenderKey.from_pem(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    except (TypeError, ValueError) as error:
        raise ValueError(f"no private key that signs alerts ({error}); give an RSA or P-256 key in PEM") from None
    if certificate is not None and SenderKey.from_pem(certificate).pem() != public.pem():
        raise ValueError("the certificate belongs to another key; give the one that was issued for this key")
    elliptic = isinstance(public.key, EllipticCurvePublicKey)
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.ECDSA_SHA256 if elliptic else SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
    )
    signed = signer.sign(tree_of(alert), key=key, cert=certificate.decode() if certificate else None)
    return serialise(signed)

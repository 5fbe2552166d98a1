"""The provider for all senders: mobile_push's FCM sandbox over TLS, on uvloop, keeping nothing.

Argument: a folder, in which it puts `account.json` (the service account's key) and `ca.pem` (the certificate to trust).
"""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import resource
import ssl
import sys
from pathlib import Path

import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from mobile_push.sandbox import FcmSandbox


def tls(folder: Path) -> ssl.SSLContext:
    """A server's context with a new certificate for this machine, on the curve that Google's front ends use too."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    private = folder / "tls-key.pem"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", private)
    return context


async def serve(folder: Path) -> None:
    async with FcmSandbox(ssl_context=tls(folder), record=False) as sandbox:
        sandbox.service_account_file(folder / "account.json")
        print(sandbox.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    uvloop.run(serve(Path(sys.argv[1])))

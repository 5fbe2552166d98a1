"""Tokens for trying the platform out, signed with a key of its own."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from banshi.foundation.files.secret_files import write_private
from banshi.kernel.loading.settings import Settings

#: Issuer and audience of development tokens.
DEVELOPMENT = "banshi-development"


def development_token(
    settings: Settings,
    subject: str,
    *,
    name: str = "",
    roles: Iterable[str] = (),
    resident_id: str = "",
    phone: str = "",
    lifetime: int = 86_400,
) -> str:
    """A token for trying the platform out. Raises ValueError once an identity provider is configured."""
    if settings.identity is not None:
        told = "plugins.toml names an identity provider in [platform.identity]: get tokens there; "
        raise ValueError(f"{told}development tokens are not accepted beside it")
    listed = list(roles)
    if listed:
        from banshi.kernel.http.callers import parse_role
    for role in listed:
        if parse_role(role) is None:
            raise ValueError(f"a role is written department:role or department/unit:role, not {role!r}")
    now = int(time.time())
    claims = {"iss": DEVELOPMENT, "aud": DEVELOPMENT, "sub": subject, "iat": now, "exp": now + lifetime}
    claims |= ({"name": name} if name else {}) | ({"banshi_roles": listed} if listed else {})
    claims |= {"resident_id": _resident_id(resident_id)} if resident_id else {}
    claims |= {"phone_number": phone, "phone_number_verified": True} if phone else {}
    return _signed(claims, key_file(settings.keys_folder))


def _signed(claims: Mapping[str, Any], file: Path) -> str:
    """Claims as a JWT (RFC 7519), which takes joserfc a tenth of a second to be loaded for."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    from banshi.foundation.encryption.signatures import ES256, raw

    parts = [_base64url(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims)]
    key: Any = load_pem_private_key(file.read_bytes(), None)
    return ".".join([*parts, _base64url(raw(key.sign(".".join(parts).encode(), ES256)))])


def _base64url(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def _resident_id(text: str) -> str:
    """The number as it is written everywhere. Raises ValueError for what is none."""
    from banshi.forms.numbers import is_resident_id
    from banshi.forms.spelling import spelled
    from banshi.forms.words import FORMATS

    number = spelled("cn-resident-id", text)
    if not is_resident_id(number):
        raise ValueError(f"a resident ID is {FORMATS['cn-resident-id']} (GB 11643)")
    return number


class DevelopmentKeys:
    """The one key of this machine, for tokens of `banshi token`."""

    def __init__(self, folder: Path) -> None:
        self.generation = 0
        self._key = development_key(folder)

    async def get(self) -> Any:
        return self._key

    async def newer(self, _: Any) -> Any | None:
        return None


def development_key(folder: Path) -> Any:
    """The key of this machine's development tokens, for joserfc."""
    from joserfc.jwk import ECKey

    return ECKey.import_key(key_file(folder).read_bytes())


def key_file(folder: Path) -> Path:
    """The file with that key, made on first use and readable by its owner alone."""
    file = folder / "development-token.pem"
    if not file.exists():
        from cryptography.hazmat.primitives import serialization as form
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        write_private(file, key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))
    return file

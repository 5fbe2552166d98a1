"""Tokens for trying the platform out, signed with a key of its own."""

from __future__ import annotations

import time
from collections.abc import Iterable

from banshi.builtin.identity.jwks import development_key
from banshi.forms.numbers import is_resident_id
from banshi.forms.spelling import spelled
from banshi.forms.words import FORMATS
from banshi.kernel.http.callers import parse_role
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
        raise ValueError(
            "plugins.toml names an identity provider in [platform.identity]: get tokens there; "
            "development tokens are not accepted beside it"
        )
    from joserfc import jwt

    listed = list(roles)
    for role in listed:
        if parse_role(role) is None:
            raise ValueError(f"a role is written department:role or department/unit:role, not {role!r}")
    resident_id = spelled("cn-resident-id", resident_id)
    if resident_id and not is_resident_id(resident_id):
        raise ValueError(f"a resident ID is {FORMATS['cn-resident-id'][1]} (GB 11643)")
    now = int(time.time())
    claims = {"iss": DEVELOPMENT, "aud": DEVELOPMENT, "sub": subject, "iat": now, "exp": now + lifetime}
    claims |= ({"name": name} if name else {}) | ({"banshi_roles": listed} if listed else {})
    claims |= {"resident_id": resident_id} if resident_id else {}
    claims |= {"phone_number": phone, "phone_number_verified": True} if phone else {}
    return jwt.encode({"alg": "ES256"}, claims, development_key(settings.keys_folder))

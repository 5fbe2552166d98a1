"""Calls to services of others: where they may lead, how they are signed, how many there may be."""

from banshi.builtin.outgoing.access_token import AccessToken
from banshi.builtin.outgoing.addresses import LOOPBACK, ForbiddenAddress, guarded_connector
from banshi.builtin.outgoing.caller import Answered, CallFailed, Outgoing, open_outgoing
from banshi.builtin.outgoing.consequences import Codes, Consequence, NoToken, Refused, is_unsent
from banshi.builtin.outgoing.shared_tokens import SharedTokens
from banshi.builtin.outgoing.signing import NotSigned, key_of, new_secret, signed, verified
from banshi.builtin.outgoing.token import Token
from banshi.builtin.outgoing.vendor import Request, Vendor
from banshi.foundation.encryption.secrets import SEAL
from banshi.foundation.retry import Retry

__all__ = [
    "LOOPBACK",
    "SEAL",
    "AccessToken",
    "Answered",
    "CallFailed",
    "Codes",
    "Consequence",
    "ForbiddenAddress",
    "NoToken",
    "NotSigned",
    "Outgoing",
    "Refused",
    "Request",
    "Retry",
    "SharedTokens",
    "Token",
    "Vendor",
    "guarded_connector",
    "is_unsent",
    "key_of",
    "new_secret",
    "open_outgoing",
    "signed",
    "verified",
]

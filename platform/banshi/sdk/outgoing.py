"""Calls to services of others: where they may lead, how they are signed, how many there may be."""

from __future__ import annotations

from banshi.builtin.outgoing.addresses import LOOPBACK, ForbiddenAddress, guarded_connector
from banshi.builtin.outgoing.caller import Answered, CallFailed, Outgoing, open_outgoing
from banshi.builtin.outgoing.rates import RATES, Rates
from banshi.builtin.outgoing.signing import NotSigned, key_of, new_secret, signed, verified
from banshi.foundation.encryption.secrets import SEAL

__all__ = [
    "LOOPBACK",
    "RATES",
    "SEAL",
    "Answered",
    "CallFailed",
    "ForbiddenAddress",
    "NotSigned",
    "Outgoing",
    "Rates",
    "guarded_connector",
    "key_of",
    "new_secret",
    "open_outgoing",
    "signed",
    "verified",
]

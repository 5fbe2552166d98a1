"""Calls to services of others: where they may lead, how they are signed, how many there may be."""

from __future__ import annotations

from banshi.outgoing.addresses import LOOPBACK, ForbiddenAddress, guarded_connector
from banshi.outgoing.caller import Answered, CallFailed, Outgoing, open_outgoing
from banshi.outgoing.signing import NotSigned, key_of, new_secret, signed, verified
from banshi.rates import RATES, Rates
from banshi.sealed import SEAL

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

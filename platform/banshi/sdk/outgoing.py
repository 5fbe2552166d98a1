"""Calls to services of others: where they may lead, how they are signed, how many there may be."""

from banshi.builtin.outgoing.access_token import AccessToken as AccessToken
from banshi.builtin.outgoing.addresses import LOOPBACK as LOOPBACK
from banshi.builtin.outgoing.addresses import ForbiddenAddress as ForbiddenAddress
from banshi.builtin.outgoing.addresses import guarded_connector as guarded_connector
from banshi.builtin.outgoing.caller import Answered as Answered
from banshi.builtin.outgoing.caller import CallFailed as CallFailed
from banshi.builtin.outgoing.caller import Outgoing as Outgoing
from banshi.builtin.outgoing.caller import open_outgoing as open_outgoing
from banshi.builtin.outgoing.consequences import Codes as Codes
from banshi.builtin.outgoing.consequences import Consequence as Consequence
from banshi.builtin.outgoing.consequences import NoToken as NoToken
from banshi.builtin.outgoing.consequences import Refused as Refused
from banshi.builtin.outgoing.consequences import is_unsent as is_unsent
from banshi.builtin.outgoing.shared_tokens import SharedTokens as SharedTokens
from banshi.builtin.outgoing.signing import NotSigned as NotSigned
from banshi.builtin.outgoing.signing import key_of as key_of
from banshi.builtin.outgoing.signing import new_secret as new_secret
from banshi.builtin.outgoing.signing import signed as signed
from banshi.builtin.outgoing.signing import verified as verified
from banshi.builtin.outgoing.token import Token as Token
from banshi.builtin.outgoing.vendor import Request as Request
from banshi.builtin.outgoing.vendor import Vendor as Vendor
from banshi.foundation.encryption.secrets import SEAL as SEAL

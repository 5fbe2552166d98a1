"""`[plugins.sms.settings]`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsSettings:
    """The account at an operator's gateway. Without a `url` nothing is sent."""

    #: Where the gateway is, such as https://sms.example/sms; the account there, and its password, which signs calls
    #: and proves receipts.
    url: str = ""
    account: str = ""
    key: str = field(default="", repr=False)
    #: What stands before each text, as it is on record with the operator: 【样市政务】.
    signature: str = ""
    #: Whom people call about their case: it stands in the text that tells of one.
    hotline: str = "12345"
    #: Whether people are told of a case at the telephone number that its form asked for: its words have to say so.
    contact_fields: bool = False
    #: Segments that may be sent in a day, and texts that one number gets in 24 hours.
    segments_a_day: int = 10_000
    texts_for_one: int = 10
    #: What a segment costs, in yuan.
    price: float = 0.0

    def __post_init__(self) -> None:
        parts, limits = urlsplit(self.url), (self.segments_a_day, self.texts_for_one)
        is_local = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"}
        checks = {
            "url has to be an https:// address (http:// only on this machine)": parts.scheme == "https" or is_local,
            "account and key have to be those that the operator gave for the gateway": self.account and self.key,
            "signature has to be 2 to 20 letters in 【】": re.fullmatch("【[^【】 ]{2,20}】", self.signature),
            "segments_a_day and texts_for_one have to be 1, price 0 at least": min(limits) > 0 <= self.price,
        }
        for told, holds in checks.items() if self.url else ():
            if not holds:
                raise ValueError(told)

"""`[plugins.mobile_push.settings.apns]`: read everywhere, also where nothing is sent to iPhones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from mobile_push.providers.addresses import check_address

#: Ids as Apple gives them out, and the app's bundle id.
IDENTIFIER, TOPIC = re.compile(r"[A-Z0-9]{10}"), re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApnsSettings:
    """How to reach iPhones, and as whom."""

    #: The key, a .p8 file that Apple lets you download once: Apple Developer, Keys.
    key_file: Path
    #: Its id, and your team's: ten letters and digits each.
    key_id: str
    team_id: str
    #: The app's bundle id.
    topic: str
    #: Where APNs is. Apps that Xcode installs have tokens of https://api.sandbox.push.apple.com, and of it alone.
    base_url: str = "https://api.push.apple.com"
    #: Messages under way at most, a hundred of them on each connection.
    at_once: int = 1000
    #: Seconds until a message without an answer counts as failed, waiting for a connection included.
    timeout: float = 10.0
    #: PEM file of certificate authorities to trust beside the system's, behind a proxy that opens TLS.
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        for name in ("key_id", "team_id"):
            if not IDENTIFIER.fullmatch(getattr(self, name)):
                raise ValueError(
                    f"{name} is {getattr(self, name)[:40]!r}; write Apple's ten capital letters and digits"
                )
        if not TOPIC.fullmatch(self.topic):
            raise ValueError(f"topic is {self.topic[:80]!r}; write the app's bundle id, such as cn.example.city")
        check_address("base_url", self.base_url)
        if self.at_once < 1:
            raise ValueError(f"at_once is {self.at_once}; set at least 1")
        if not self.timeout > 0:
            raise ValueError(f"timeout is {self.timeout}; set the seconds after which to give up, such as 10")

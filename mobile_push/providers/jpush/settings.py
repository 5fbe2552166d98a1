"""`[plugins.mobile_push.settings.jpush]`: read everywhere, also where nothing is sent through JPush."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mobile_push.providers.addresses import check_address
from mobile_push.providers.templates import Given
from mobile_push.screen.presentation import Kind

#: Maker → what its channel is told by JPush (`options.third_party_channel`, and HarmonyOS' own notification).
CHANNELS = {
    "xiaomi": "distribution channel_id mi_template_id mi_template_param",
    "oppo": "distribution channel_id category notify_level private_msg_template_id private_title_parameters "
    "private_content_parameters",
    "vivo": "distribution category",
    "honor": "distribution importance",
    "huawei": "distribution importance category",
    "meizu": "distribution",
    "hmos": "category",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JPushSettings:
    """How to reach JPush, as which app, and what the makers have granted it."""

    #: AppKey and MasterSecret of the app, from JPush's console; write the secret as "env:NAME".
    app_key: str
    master_secret: str = field(repr=False)
    #: Whether the contract is a VIP one: messages are kept for ten days in place of three, and receipts come.
    vip: bool = False
    #: Kinds that makers take for system messages (`classification` 1); the others are operational ones, of which they
    #: show a phone few in a day.
    system: frozenset[Kind] = frozenset({"case", "alert"})
    #: What the makers are told of each kind: [….channels.case.xiaomi] channel_id = "…"; of notices of a kind by its
    #: code, [….channels.roads.xiaomi], or else as of `notice`.
    channels: Mapping[str, Mapping[str, Mapping[str, Given]]] = field(default_factory=dict)
    #: Characters of a title and of a text that every maker takes; without vivo, 50 and 50.
    title_length: int = 20
    body_length: int = 50
    #: Where JPush is; apps in its room in Beijing have https://bjapi.push.jiguang.cn.
    base_url: str = "https://api.jpush.cn"
    #: Requests under way at most, each for up to a thousand phones. JPush takes 600 a minute without a contract.
    at_once: int = 4
    #: Seconds until a request without an answer counts as failed.
    timeout: float = 10.0
    #: PEM file of certificate authorities to trust in place of the system's.
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        if not all(re.fullmatch("[0-9a-fA-F]{24}", key) for key in (self.app_key, self.master_secret)):
            raise ValueError("app_key and master_secret have 24 hexadecimal digits; copy them from JPush's console")
        check_address("base_url", self.base_url)
        if min(self.at_once, self.title_length, self.body_length) < 1 or not self.timeout > 0:
            raise ValueError("at_once, title_length, body_length and timeout have to be above 0")
        for kind, makers in self.channels.items():
            for maker, told in makers.items():
                if set(told) - set(CHANNELS.get(maker, "").split()) or maker not in CHANNELS:
                    there = CHANNELS.get(maker) or f"the makers are {', '.join(CHANNELS)}"
                    raise ValueError(f"channels.{kind}.{maker} has what JPush knows nothing of; it takes {there}")

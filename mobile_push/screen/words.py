"""What stands on the screen in place of something that was taken back: nothing of what it said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

#: What became of the broadcast that it stands for.
Withdrawn = Literal["recalled", "superseded"]

#: By the kind of broadcast and what became of it.
WITHDRAWN: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("notice", "recalled"): {"zh-CN": "此前的一条通知已撤回", "en": "A notice sent earlier was withdrawn"},
    ("notice", "superseded"): {
        "zh-CN": "此前的一条通知已有新内容",
        "en": "A notice sent earlier was replaced by a newer one",
    },
    ("alert", "recalled"): {"zh-CN": "此前的一条预警已撤回", "en": "An alert sent earlier was withdrawn"},
    ("alert", "superseded"): {
        "zh-CN": "此前的一条预警已更新或者解除",
        "en": "An alert sent earlier was updated or cancelled",
    },
}

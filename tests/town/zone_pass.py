"""Right answers to the form of the traffic police's zone pass, made up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

#: Days in the city: far enough that a pass of it has not begun, and not farther than the form takes.
FIRST_DAY = datetime.now(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=60)
LAST_DAY = FIRST_DAY + timedelta(days=30)

WITHOUT_FILES = {
    "plate": "川BD12345",
    "vehicle_class": "light-truck",
    "zones": ["2", "5"],
    "hours": "9-17",
    "valid_from": FIRST_DAY.isoformat(),
    "valid_until": LAST_DAY.isoformat(),
    "purpose": "为社区超市配送蔬菜",
    "driver": {"name": "王小明", "phone": "13800000000"},
}


def answers_with(files: Sequence[str], **changes: Any) -> dict[str, Any]:
    """All of them, with the ids of two files."""
    return {**WITHOUT_FILES, "licence": files[0], "registration": files[1], **changes}

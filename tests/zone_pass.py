"""Right answers to the form of the traffic police's zone pass, made up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

WITHOUT_FILES = {
    "plate": "川BD12345",
    "vehicle_class": "light-truck",
    "zones": ["2", "5"],
    "hours": "9-17",
    "valid_from": "2099-01-01",
    "valid_until": "2099-01-31",
    "purpose": "为社区超市配送蔬菜",
    "driver": {"name": "王小明", "phone": "13800000000"},
}


def answers_with(files: Sequence[str], **changes: Any) -> dict[str, Any]:
    """All of them, with the ids of two files."""
    return {**WITHOUT_FILES, "licence": files[0], "registration": files[1], **changes}

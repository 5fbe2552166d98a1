"""Answers to the form of the traffic police's zone pass, made up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def good_answers(files: Sequence[str], **changes: Any) -> dict[str, Any]:
    """Right answers to the zone pass's form, with the ids of two files."""
    return {
        "plate": "川BD12345",
        "vehicle_class": "light-truck",
        "zones": ["2"],
        "hours": "9-17",
        "valid_from": "2099-01-01",
        "valid_until": "2099-01-31",
        "purpose": "运输蔬菜",
        "driver": {"name": "王小明", "phone": "13800000000"},
        "licence": files[0],
        "registration": files[1],
        **changes,
    }

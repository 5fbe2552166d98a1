"""`banshi` that records no reading by staff: what they read of cases, as it was before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from banshi.builtin.audit.readings import Readings
from banshi.ops.cli import main


async def nothing(_: Readings, principal: Any, cases: Sequence[Any]) -> None:
    del principal, cases


if __name__ == "__main__":
    Readings.record = nothing  # type: ignore[method-assign]
    main()

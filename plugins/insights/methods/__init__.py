"""Whether a figure has risen: methods over counts, with NumPy alone and nothing of Banshi's.

`ears` is for short series and for days, `farrington` for weeks from three years on, `discoveries` for many series of
the same week. Positions count from 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from insights.methods.tails import Values


def table_of(rows: Sequence[Sequence[float | None]]) -> Values:
    """(series, periods) of counts, NaN for None. Raises ValueError for a count that is negative or infinite."""
    table = np.array([[np.nan if one is None else one for one in row] for row in rows], dtype=float)
    if wrong := table[(table < 0) | np.isinf(table)].tolist():
        raise ValueError(f"{wrong[0]:g} is no count: counts are 0 and more")
    return table

"""Tables that spreadsheets open: CSV (RFC 4180) in UTF-8, of which none runs a cell."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

#: Before the first row, so that spreadsheets see that it is UTF-8; without it they take Chinese for GBK.
MARK = "\ufeff".encode()

#: What may be taken for the beginning of a formula; in Chinese and Japanese settings the wide forms too.
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠\t\r]")


def csv_row(cells: Iterable[object]) -> bytes:
    """A row. A text that could begin a formula has an apostrophe before it, and is shown as text."""
    line = io.StringIO()
    csv.writer(line).writerow(f"'{one}" if isinstance(one, str) and FORMULA.match(one) else one for one in cells)
    return line.getvalue().encode()

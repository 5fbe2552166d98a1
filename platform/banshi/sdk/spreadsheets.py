"""Tables that people open in spreadsheets."""

from banshi.foundation.spreadsheets import MARK, csv_row

__all__ = ["MARK", "csv_row"]

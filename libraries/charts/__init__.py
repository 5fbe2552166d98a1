"""Charts as SVG beside the table of the same figures: no script and no style of their own, only classes.

A page shows both parts of one:

    chart = LineChart(id="fraud", title="…", about="…", period="Week", figures="Cases", points=[("7 Sep", 24), …])
    chart.svg(), chart.table()
"""

from charts.bars import BarChart
from charts.lines import Bound, LineChart

__all__ = ["BarChart", "Bound", "LineChart"]

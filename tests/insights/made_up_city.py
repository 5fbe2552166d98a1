"""Writes `sample-city.tsv`: three made-up years of weekly figures, with seasons, trends and four rises.

python tests/insights/made_up_city.py > plugins/insights/figures/sample-city.tsv
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

SEED, WEEKS, YEAR = 20261130, 165, 365.25 / 7

#: Category: cases a week in the city, change a year, size of the season and its highest week, yuan of one case.
CATEGORIES = {
    "fraud-tasks": (62, 1.06, 0.10, 48, 42_000),
    "fraud-investment": (24, 1.04, 0.05, 10, 118_000),
    "fraud-shopping": (38, 1.00, 0.25, 46, 6_000),
    "fraud-customer-service": (34, 0.97, 0.15, 46, 21_000),
    "fraud-loans": (20, 0.95, 0.10, 5, 15_000),
    "fraud-credit-record": (12, 0.95, 0.05, 20, 33_000),
    "fraud-acquaintance": (6, 1.00, 0.05, 30, 52_000),
    "fraud-police": (9, 0.98, 0.05, 15, 96_000),
    "fraud-romance": (6, 1.02, 0.05, 8, 71_000),
    "fraud-games": (14, 1.03, 0.30, 30, 2_400),
    "theft-homes": (14, 0.92, 0.20, 4, 0),
    "theft-pickpockets": (18, 0.88, 0.20, 50, 0),
    "theft-ebikes": (58, 0.94, 0.25, 29, 0),
    "theft-cars": (11, 0.95, 0.10, 29, 0),
    "robbery": (0.6, 0.95, 0.0, 1, 0),
    "accidents": (44, 0.99, 0.10, 43, 0),
    "drink-driving": (26, 0.97, 0.25, 4, 0),
    "drowning": (0.7, 0.95, 0.9, 29, 0),
    "lost-people": (9, 1.00, 0.05, 20, 0),
    "fires": (11, 0.98, 0.35, 2, 0),
    "noise": (86, 1.05, 0.30, 30, 0),
    "home-violence": (22, 0.99, 0.10, 5, 0),
}

#: The share of each division, by GB/T 2260.
SHARES = {
    "510703": 0.23, "510704": 0.15, "510705": 0.12, "510722": 0.15, "510723": 0.06, "510725": 0.06, "510726": 0.04,
    "510727": 0.04, "510781": 0.15,
}  # fmt: skip

#: What somebody may find: category and division, for how many weeks it has risen, and how many times as much at last.
RISES = {
    ("fraud-tasks", "510704"): (1, 2.6),
    ("theft-ebikes", "510781"): (3, 3.0),
    ("fraud-customer-service", "510722"): (2, 4.5),
    ("noise", "510705"): (4, 4.0),
}


def poisson(lot: random.Random, mean: float) -> int:
    """A number of rare events, by Knuth's method."""
    limit, count, product = math.exp(-mean), 0, lot.random()
    while product > limit:
        count, product = count + 1, product * lot.random()
    return count


def series(category: str, division: str) -> list[int]:
    rate, trend, season, peak, _ = CATEGORIES[category]
    lot, found = random.Random(f"{SEED} {category} {division}"), []
    weeks, times = RISES.get((category, division), (0, 1.0))
    for week in range(WEEKS):
        mean = rate * SHARES[division] * trend ** ((week - WEEKS) / YEAR)
        # The last week is the 48th of its year.
        mean *= 1 + season * math.cos(2 * math.pi * (week - WEEKS + 1 + 48 - peak) / YEAR)
        # Weeks differ more than chance alone makes them.
        risen = max(0.0, (week - WEEKS + weeks + 1) / weeks) if weeks else 0.0
        found.append(poisson(lot, mean * lot.gammavariate(40, 1 / 40) * (1 + (times - 1) * risen)))
    return found


def lines() -> Iterator[str]:
    for category, (*_, loss) in CATEGORIES.items():
        for division in SHARES:
            yield "\t".join([category, division, str(loss), " ".join(map(str, series(category, division)))])


if __name__ == "__main__":
    print("\n".join(lines()))

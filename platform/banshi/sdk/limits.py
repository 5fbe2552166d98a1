"""How much of something there may be: in a short time, and of what a vendor counts by the day or the month."""

from banshi.builtin.limits.quotas import Limit, spend, used
from banshi.builtin.limits.rates import RATES, Rates

__all__ = ["RATES", "Limit", "Rates", "spend", "used"]

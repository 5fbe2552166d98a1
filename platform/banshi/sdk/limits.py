"""How much of something there may be: in a short time, and of what a vendor counts by the day or the month."""

from banshi.builtin.limits.quotas import Limit as Limit
from banshi.builtin.limits.quotas import spend as spend
from banshi.builtin.limits.quotas import used as used
from banshi.builtin.limits.rates import RATES as RATES
from banshi.builtin.limits.rates import Rates as Rates

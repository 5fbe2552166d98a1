"""Refusals of the kinds that say what to do instead: each is a class with its own code."""

from banshi.foundation.errors import Conflict, Problem
from banshi.kinds.sentences import say


class OfKinds(Problem, says=say):
    """A problem whose words are the kinds'."""


class NotPossibleNow(OfKinds, Conflict):
    """This can't be done now."""

"""Lists that forms choose from: countries, peoples, and the divisions of the country."""

from banshi.builtin.lists.reading import division_named, divisions_around, divisions_meet
from banshi.builtin.lists.reading import entries as list_entries
from banshi.builtin.lists.reading import letters as list_letters

__all__ = ["division_named", "divisions_around", "divisions_meet", "list_entries", "list_letters"]

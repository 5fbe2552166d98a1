"""Lists that forms choose from: countries, peoples, and the divisions of the country."""

from banshi.builtin.lists.reading import division_named as division_named
from banshi.builtin.lists.reading import divisions_around as divisions_around
from banshi.builtin.lists.reading import divisions_meet as divisions_meet
from banshi.builtin.lists.reading import entries as _list_entries
from banshi.builtin.lists.reading import letters as _list_letters

list_entries = _list_entries
list_letters = _list_letters

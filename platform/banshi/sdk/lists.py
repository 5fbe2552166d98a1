"""Lists that forms choose from: countries, peoples, and the divisions of the country."""

from banshi.builtin.lists.reading import entries as list_entries

__all__ = ["list_entries"]

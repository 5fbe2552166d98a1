"""Danger that somebody's own words speak of: first of all, on every channel."""

from banshi.builtin.catalogue.danger.reading import danger_in as danger_in

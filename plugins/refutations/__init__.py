"""Refutations: what goes around, what was found, and who is told of it; published by two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from banshi import Offer, Resource, Route, Tables, hookimpl
from banshi.sdk.cases import ENCLOSURES, ROLES, Enclosure
from banshi.sdk.catalogue import BESIDE_SEARCH
from banshi.sdk.events import EVENT_TYPES, LISTENERS, Listener
from banshi.sdk.personal_data import ANONYMISE_CASE
from refutations import staff
from refutations.hearing import following, telling
from refutations.reading import found, published
from refutations.settings import SETTINGS, RefutationSettings
from refutations.writing.lifecycle import EVENTS, PUBLISHER


@hookimpl
def banshi_settings() -> type:
    return RefutationSettings


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models="refutations.tables.models", migrations="refutations.tables.migrations")


@hookimpl
def banshi_resources(settings: RefutationSettings) -> Sequence[Resource[Any]]:
    return [Resource.made(SETTINGS, lambda _: settings), Resource.made(found.FOUND, found.Found)]


@hookimpl
def banshi_offers() -> Sequence[Offer[Any]]:
    return [
        Offer(ROLES, frozenset({PUBLISHER})),
        Offer(EVENT_TYPES, tuple(EVENTS.values())),
        Offer(LISTENERS, Listener(telling.hear, telling.wants)),
        Offer(BESIDE_SEARCH, found.beside),
        Offer(ENCLOSURES, Enclosure(telling.enclosed)),
        *following.FOLLOWING.offers,
        Offer(ANONYMISE_CASE, telling.emptied),
    ]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    # The order counts: the id of one would take the other paths.
    return [*staff.ROUTES, *following.ROUTES, *found.ROUTES, *published.ROUTES]

"""The hotline: calls at the desk, filing for whoever calls, and calling back. No switch and no line is ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from banshi import Finding, Offer, Resource, Route, Tables, hookimpl
from banshi.sdk.cases import ENCLOSURES, ROLES, Enclosure
from banshi.sdk.events import LISTENERS, Listener
from banshi.sdk.http import CHANNEL_FIGURES
from banshi.sdk.personal_data import ANONYMISE_CASE, HOLDINGS
from conversations import NUMBERS, OUTLETS
from desk import OFFICER, PARTIES, desks_in
from hotline.call_backs import hear
from hotline.figures import HotlineFigures
from hotline.holdings import HOLDING, TIDYING, emptied, enclosed, open_tidying
from hotline.party import Calls
from hotline.routes import calling_back, calls, filings, slips, switch
from hotline.settings import SETTINGS, HotlineSettings
from hotline.slips import SLIPS, Slips
from hotline.texting import number_to_text


@hookimpl
def banshi_needs() -> Sequence[str]:
    return ["desk", "conversations"]


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models="hotline.tables.models", migrations="hotline.tables.migrations")


@hookimpl
def banshi_settings() -> type:
    return HotlineSettings


@hookimpl
def banshi_resources(settings: HotlineSettings) -> Sequence[Resource[Any]]:
    return [
        Resource.made(SETTINGS, lambda _: settings),
        Resource.made(SLIPS, Slips),
        Resource(TIDYING, open_tidying),
    ]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return [route for one in (switch, calls, filings, slips, calling_back) for route in one.ROUTES]


@hookimpl
def banshi_offers(settings: HotlineSettings) -> Sequence[Offer[Any]]:
    return [
        Offer(PARTIES, Calls),
        Offer(ROLES, frozenset({OFFICER})),
        Offer(NUMBERS, number_to_text),
        Offer(HOLDINGS, HOLDING),
        Offer(ANONYMISE_CASE, emptied),
        Offer(CHANNEL_FIGURES, HotlineFigures()),
        Offer(ENCLOSURES, Enclosure(enclosed)),
        # Where no switch tells of calls, nobody is to be called.
        *([Offer(LISTENERS, Listener(hear))] if settings.secrets else []),
    ]


@hookimpl
def banshi_checks(settings: HotlineSettings, registry: Any) -> Iterable[Finding]:
    codes, account = {desk.code for desk in desks_in(registry)}, settings.text_account
    for line, code in settings.lines.items():
        if code not in codes:
            advice = f"settings.lines.{line}: there is no desk {code!r}; take a code of the desk's settings"
            yield Finding("hotline", "unknown-desk", advice)
    if account and not any(account in one.titles and one.sender for _, one in registry.offered(OUTLETS)):
        advice = f"settings.text_account: nobody sends for {account!r}, so codes are read out; name one, or set its url"
        yield Finding("hotline", "unknown-account", advice, warning=True)
    if settings.secrets and not account:
        advice = "settings.text_account: without one, accounts bind by a phone_number that the identity provider has "
        advice += "verified, or at a counter (docs/hotline.md): name an account if yours says none"
        yield Finding("hotline", "no-text-account", advice, warning=True)

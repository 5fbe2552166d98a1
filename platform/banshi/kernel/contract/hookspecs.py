"""The hooks: what a plugin may hand over when the platform starts.

Hooks register, what they return acts. Each is a plain `def` that returns frozen values; it is called once, with the
plugin's own typed settings if it asks for them, and an exception in one plugin's hook is reported under that plugin's
name without keeping the others from loading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

if TYPE_CHECKING:
    import click

    from banshi.foundation.database.tables import Tables
    from banshi.foundation.findings import Finding
    from banshi.kernel.contract.kinds import Kind
    from banshi.kernel.contract.routes import Route
    from banshi.kernel.contract.values import Channel, Offer, Resource

T = TypeVar("T")

#: Marks a hook.
hookspec = pluggy.HookspecMarker("banshi")
#: Marks a function of a plugin as the implementation of the hook of that name.
hookimpl = pluggy.HookimplMarker("banshi")


def hands_over(*values: T) -> Callable[[], tuple[T, ...]]:
    """The implementation of a hook that hands over the same values whatever is asked: they are there at the import."""
    return hookimpl(lambda: values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """A hook that is on its way out."""

    #: The version of the contract that no longer has it. The kernel that speaks this version first still calls it, with
    #: a warning, for plugins that are written for the version before; the next kernel refuses it.
    since: int
    #: What to do in its place, as one clause: "give the ways with banshi_offers".
    instead: str


#: Hooks that were retired, by name. A row stays when its hookspec goes, so that the author still reads what to do.
RETIRED: dict[str, Retired] = {}


@hookspec
def banshi_needs() -> Iterable[str]:  # type: ignore[empty-body]
    """Name the packages of plugins that this one works with: one that plugins.toml doesn't list is loaded with it.

    ```python
    @hookimpl
    def banshi_needs():
        return ["desk"]
    ```
    """


@hookspec
def banshi_settings() -> type:  # type: ignore[empty-body]
    """Name the frozen dataclass that types this plugin's table `[plugins.<name>.settings]`.

    ```python
    @dataclass(frozen=True, kw_only=True)
    class ZoneSettings:
        closed_zones: frozenset[str] = frozenset()

    @hookimpl
    def banshi_settings():
        return ZoneSettings
    ```
    """


@hookspec
def banshi_handlers(settings: Any) -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Give the behaviour of items, by code; an item that is left out gets its kind's default.

    ```python
    @hookimpl
    def banshi_handlers(settings):
        return {"zone-pass": ZonePass(settings.closed_zones)}
    ```
    """


@hookspec
def banshi_kinds() -> Iterable[Kind]:  # type: ignore[empty-body]
    """Add kinds of item.

    ```python
    @hookimpl
    def banshi_kinds():
        return [APPLICATION]
    ```
    """


@hookspec
def banshi_tables() -> Tables:  # type: ignore[empty-body]
    """Name the modules with this plugin's Tortoise models and migrations.

    ```python
    @hookimpl
    def banshi_tables():
        return Tables(models="mobile_push.tables.models", migrations="mobile_push.tables.migrations")
    ```
    """


@hookspec
def banshi_resources(settings: Any) -> Iterable[Resource[Any]]:  # type: ignore[empty-body]
    """Give what lives as long as the server: connections, sessions, background tasks.

    ```python
    @hookimpl
    def banshi_resources(settings):
        return [Resource(DELIVERY, partial(open_delivery, settings))]
    ```
    """


@hookspec
def banshi_channels(settings: Any) -> Iterable[Channel]:  # type: ignore[empty-body]
    """Add ways to reach people.

    ```python
    @hookimpl
    def banshi_channels(settings):
        return [Channel(name="sms", deliver=partial(deliver, settings))]
    ```
    """


@hookspec
def banshi_offers(settings: Any) -> Iterable[Offer[Any]]:  # type: ignore[empty-body]
    """Give other plugins what they take, under the keys that they have made.

    ```python
    from mobile_push import PROVIDERS, Way

    @hookimpl
    def banshi_offers(settings):
        return [Offer(PROVIDERS, Way("jpush", partial(JPushProvider, settings)))]
    ```
    """


@hookspec
def banshi_routes(registry: Any) -> Iterable[Route]:  # type: ignore[empty-body]
    """Add routes to the HTTP API; each says who may call it.

    `registry.items` and `registry.kinds` are all there are, for a route whose body differs from item to item.

    ```python
    ROUTES = Routes("inbox")

    @ROUTES.get("/v1/inbox", Audience.CITIZEN, {200: Answer("The messages.", MESSAGES)})
    async def read_inbox(call):
        \"""Read the messages.\"""

    @hookimpl
    def banshi_routes():
        return ROUTES
    ```
    """


@hookspec
def banshi_commands() -> Iterable[click.Command]:  # type: ignore[empty-body]
    """Add commands to `banshi`.

    ```python
    @hookimpl
    def banshi_commands():
        return [fcm_sandbox]
    ```
    """


@hookspec
def banshi_checks(settings: Any, registry: Any, strict: bool) -> Iterable[Finding]:  # type: ignore[empty-body]
    """Report what is wrong with this plugin's settings or surroundings, for `banshi check` and the start.

    `registry.departments` and `registry.items` are all there are, by their codes, for settings that name one.
    `strict` asks for what is not wrong but not known either, as `banshi check --strict` does.

    ```python
    @hookimpl
    def banshi_checks(settings):
        if not settings.fcm:
            yield Finding("mobile_push", "no-provider", "add [plugins.mobile_push.settings.fcm] ...", warning=True)
    ```
    """

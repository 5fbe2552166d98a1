"""What plugins register, for pluggy and for aiohttp, as an earlier door's plugins did: a door pays a glance.

What a hook answers and what a route's handler does is each door's own. `test_registered.py` holds both
against the real thing.
"""

from __future__ import annotations

from functools import lru_cache
from types import FunctionType, ModuleType
from typing import Any

import pluggy
import pytest
from aiohttp import web

from banshi import app
from banshi.app import PLATFORM, add_routes, handler_of
from banshi.kernel.contract import hookspecs
from banshi.kernel.http.dispatch import Handler

make_manager = pluggy.PluginManager

#: The hooks of some plugins: each one's name, and its functions by the hooks' names.
Hooks = tuple[tuple[str, tuple[tuple[str, FunctionType], ...]], ...]


class Manager:
    """`pluggy.PluginManager`, as far as the loader asks it."""

    def __init__(self, _: str) -> None:
        self._plugins: Hooks = ()

    def add_hookspecs(self, _: object) -> None:
        """They are the contract's."""

    def register(self, module: ModuleType, name: str) -> None:
        functions = [(hook, value) for hook, value in vars(module).items() if isinstance(value, FunctionType)]
        self._plugins += ((name, tuple(functions)),)

    @property
    def hook(self) -> Any:
        return _manager(self._plugins).hook


@lru_cache(64)
def _manager(plugins: Hooks) -> pluggy.PluginManager:
    manager = make_manager("banshi")
    manager.add_hookspecs(hookspecs)
    for name, functions in plugins:
        for hook, one in _implementations(name, functions):
            getattr(manager.hook, hook)._add_hookimpl(one)
    return manager


@lru_cache(512)
def _implementations(name: str, functions: tuple[tuple[str, FunctionType], ...]) -> list[tuple[str, pluggy.HookImpl]]:
    """What pluggy makes of a plugin; most are next to others at another door."""
    manager = make_manager("banshi")
    module = ModuleType(name)
    vars(module).update(functions)
    manager.register(module, name=name)
    return [(hook, one) for hook, _ in functions for one in getattr(manager.hook, hook).get_hookimpls()]


#: An application's own handlers of those of its routes that were asked for, by their places among all.
HANDLERS = web.AppKey("handlers", dict[int, Handler])

#: The routers of applications with the same paths: all of their handlers are looked for in the one that is called.
ROUTERS: dict[tuple[Any, ...], web.UrlDispatcher] = {}


def routes_from_memory(served: web.Application) -> None:
    """`banshi.app.add_routes`; a handler is made when it is called."""
    platform = served[PLATFORM]
    served[HANDLERS] = {}
    routes = [(plugin, route.method, route.path, route.streams) for plugin, route in platform.registry.routes]
    key = (platform.duty.serves, *routes)
    if key not in ROUTERS:
        places = {(plugin, id(route)): place for place, (plugin, route) in enumerate(platform.registry.routes)}
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(app, "handler_of", lambda _, plugin, route: _late(places[plugin, id(route)]))
            add_routes(served)
        ROUTERS[key] = served.router
    served._router = ROUTERS[key]


def _late(place: int) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        handlers, platform = request.app[HANDLERS], request.app[PLATFORM]
        if place not in handlers:
            handlers[place] = handler_of(platform, *platform.registry.routes[place])
        return await handlers[place](request)

    return handle

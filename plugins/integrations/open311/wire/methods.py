"""The standard's methods, each declared above its handler, and answered in both formats."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, Parameter
from banshi.sdk.http import ErrorFormat, Routes

from . import schemas
from .errors import error_response
from .formats import JSON, XML, Format

Handler = Callable[[Format, Call], Awaitable[web.StreamResponse]]

#: Where everything is.
ROOT = "/open311/v2"


def text(name: str, description: str, most: int = 200) -> Parameter:
    return Parameter(name, {"type": "string", "maxLength": most}, description)


#: What every method takes: `extensions` changes nothing, and reads need no key.
COMMON = (
    text("jurisdiction_id", "The city's; there is one, so it may be left out."),
    text("api_key", "Reads need none; a request has it in its form."),
    text("extensions", "Is taken, and changes nothing."),
)

UNKNOWN = {404: Answer("What the address or an argument names doesn't exist.")}


class Methods(Routes):
    """A room's methods: the operation is the handler's name, the summary the first line of its docstring."""

    def both(
        self,
        method: str,
        path: str,
        answered: str,
        schema: Mapping[str, Any],
        *,
        parameters: tuple[Parameter, ...] = (),
        answers: Mapping[int, Answer] = UNKNOWN,
        **more: Any,
    ) -> Callable[[Handler], Handler]:
        """A method's two routes."""
        declare = self.post if method == "POST" else self.get

        def declared(handler: Handler) -> Handler:
            summary = (handler.__doc__ or "").partition("\n")[0]
            for written, shape, wrong in ((XML, None, None), (JSON, schema, schemas.ERRORS)):
                good = Answer(answered, shape, media_type=written.media_type)
                route = declare(
                    f"{ROOT}/{path}.{written.name}",
                    Audience.ANYONE,
                    {200: good, **answers},
                    operation=f"open311_{handler.__name__}_{written.name}",
                    summary=f"{summary} ({written.name.upper()})",
                    parameters=(*COMMON, *parameters),
                    lenient=True,
                    errors=ErrorFormat(
                        media_type=written.media_type, schema=wrong, told=partial(error_response, written)
                    ),
                    **more,
                )
                route(partial(handler, written))
            return handler

        return declared

"""What the contract says of things that are made above it: no more than routes and plugins use of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from aiohttp import web
    from tortoise.models import Model

    from banshi.kernel.contract.routes import Principal, Role


class Placed(Protocol):
    """Where a case is: whose work it is."""

    @property
    def department(self) -> str: ...

    @property
    def unit(self) -> str: ...


class Readers(Protocol):
    """Who may read which case."""

    def role_of(self, principal: Principal, case: Any) -> Role | None:
        """By which of their roles somebody may read a case; None where they may not."""
        ...

    @property
    def record(self) -> Callable[[Principal, Sequence[Any]], Awaitable[None]]:
        """Returns once it is on disk that somebody reads these cases. Raises NotRecorded."""
        ...


class Receipts(Protocol):
    """The Idempotency-Key of one request, or its absence."""

    async def begin(self, *request: bytes) -> web.Response | None:
        """The stored answer, if the same request was answered before. Raises KeyReused and StillRunning."""
        ...

    async def stored(self) -> web.Response | None:
        """The answer that is stored under this key, as it was given; None where there is none."""
        ...

    def receipt(self, document: Any, *, status: int = 201, headers: Mapping[str, str] | None = None) -> Sequence[Model]:
        """The row that remembers this answer, for the transaction that makes it true; nothing without a key."""
        ...

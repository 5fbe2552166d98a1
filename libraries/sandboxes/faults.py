"""What goes wrong in a sandbox, by the path of the call that it meets, and the document that says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, NamedTuple, Self

from pydantic import Field, TypeAdapter, ValidationError

from sandboxes.shares import Shares

Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Status = Annotated[int, Field(ge=300, le=599)]
#: That of a call; or, with "/" or ":" at its end, the beginning of several.
Path = Annotated[str, Field(pattern="^/")]


class Document:
    """Read of JSON, every key by name."""

    __pydantic_config__ = {"extra": "forbid", "strict": True}  # noqa: RUF012 - read by pydantic

    @classmethod
    def read(cls, document: bytes) -> Self:
        """What the document says, the rest by default. Raises ValueError, which names every wrong key."""
        try:
            return TypeAdapter(cls).validate_json(document)
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False, include_context=False)
            raise ValueError(
                "; ".join(f"{'.'.join(map(str, one['loc'])) or 'document'}: {one['msg']}" for one in found)
            ) from None


class Fault(NamedTuple):
    """What meets one call."""

    #: Seconds that pass first.
    latency: float = 0.0
    #: What stands in for an answer: a status of HTTP, `garbage`, `hang` or `cut`; "" where there is nothing of it.
    instead: int | str = ""
    #: The provider's own code for a refusal.
    code: int | str | None = None
    lose_answer: bool = False


@dataclass(slots=True)
class Faults(Document):
    """What goes wrong from now on. Where several meet one call, the first that is named here is what happens."""

    #: Beginnings of the paths that a bare number of `latency`, or a bare `true`, is about.
    EVERY: ClassVar[tuple[str, ...]] = ("/",)

    #: Seconds before every answer, or before those of a path.
    latency: Seconds | dict[Path, Seconds] = 0.0
    #: Paths that are never answered, or true for every one; paths whose connection is cut without an answer. Neither
    #: these nor the next two are carried out.
    hang: bool | set[Path] = False
    cut: set[Path] = field(default_factory=set)
    #: Path → the status of HTTP that it is answered with; paths that are answered with a page in place of a document.
    status: dict[Path, Status] = field(default_factory=dict)
    garbage: set[Path] = field(default_factory=set)
    #: Path → the provider's own code that it is refused with.
    codes: dict[Path, int | str] = field(default_factory=dict)
    #: Paths that are carried out, and whose connection is cut before the answer.
    lose_answer: set[Path] = field(default_factory=set)
    #: Path → of so many calls the last one alone meets what is said of it, such as 10 for every tenth.
    every: dict[Path, Annotated[int, Field(ge=1)]] = field(default_factory=dict)
    #: Of so many requests by HTTP/2 the last one ends its connection (GOAWAY): it and those before it are answered,
    #: what came behind it isn't taken.
    goaway: Count = 0

    @property
    def of_paths(self) -> bool:
        """Whether something is said of single paths."""
        named = self.cut or self.status or self.garbage or self.codes or self.lose_answer
        return bool(named) or isinstance(self.latency, dict) or isinstance(self.hang, set)

    def paths(self) -> Iterator[tuple[str, str]]:
        """Each path that is named, behind the switch that names it."""
        for switch in ("latency", "hang", "cut", "status", "garbage", "codes", "lose_answer", "every"):
            named = getattr(self, switch)
            yield from ((switch, path) for path in (named if isinstance(named, dict | set) else ()))

    def at(self, path: str, shares: Shares) -> Fault:
        """What meets a call of that path now."""
        one_of = of(self.every, path)
        if one_of is not None and not shares.turn(one_of, 1 / self.every[one_of]):
            return Fault()
        latency, instead = self.latency, self._instead(path)
        if isinstance(latency, dict):
            latency = latency.get(of(latency, path) or "", 0.0)
        elif not path.startswith(self.EVERY):
            latency = 0.0
        code = self.codes[coded] if (coded := of(self.codes, path)) else None
        return Fault(latency, instead, code, of(self.lose_answer, path) is not None)

    def _instead(self, path: str) -> int | str:
        if of(self.hang, path) if isinstance(self.hang, set) else self.hang and path.startswith(self.EVERY):
            return "hang"
        if of(self.cut, path):
            return "cut"
        if found := of(self.status, path):
            return self.status[found]
        return "garbage" if of(self.garbage, path) else ""


def of(paths: Iterable[str], path: str) -> str | None:
    """The longest of the paths that is this one or, with "/" or ":" at its end, its beginning; None where none is."""
    return max((one for one in paths if is_of(one, path)), key=len, default=None)


def is_of(whole: str, path: str) -> bool:
    return path == whole or (whole.endswith(("/", ":")) and path.startswith(whole))

"""All registers of a running platform, each ready to be asked, and the one place where their answers are checked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from banshi.foundation.errors import DepartmentUnavailable
from banshi.foundation.keys import Key
from banshi.kernel.contract.values import Item
from banshi.kernel.loading.registry import Registry
from banshi.kernel.runtime.running import Platform
from banshi.kinds.query.pseudonyms import Pseudonyms, read_pseudonyms
from banshi.kinds.query.registers.cases import CASES, CasesRegister
from banshi.kinds.query.registers.declared import Declared, Register, read_declared
from banshi.kinds.query.registers.http import HttpRegister
from banshi.kinds.query.registers.protocol import MAX_RECORDS, Found, Question, RegisterBroken, Source
from banshi.kinds.query.registers.sql import open_sql
from banshi.kinds.query.registers.table import TableRegister
from banshi.kinds.query.registers.values import record_of, same

#: What is there without any department's declaring it.
BUILT_IN: Mapping[str, Register] = {CASES.code: CASES}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRegister:
    """One register and the way to ask it."""

    declared: Register
    #: The plugin that declares it.
    plugin: str
    source: Source
    #: Seconds that an answer may take.
    timeout: float
    pseudonyms: Pseudonyms

    async def find(self, question: Question) -> Found:
        """What may be shown of what it finds, with the owners as keyed hashes.

        A department's system is not trusted to keep to what it was asked: a record of another key is its failure, and
        another person's is left out as if it weren't there.
        """
        found = await self.source.find(question)
        records, owners = list(found.records), list(found.owners or ())
        if found.owners is None:
            records = [self._held(record, question) for record in records]
            owners = [self.pseudonyms.person(record.get(self.declared.owner) or "") for record in records]
        if question.owner is not None and self.declared.owner:
            own = self.pseudonyms.person(question.owner)
            kept = [position for position, owner in enumerate(owners) if owner == own]
            records, owners = [records[position] for position in kept], [own] * len(kept)
        shown = [column.name for column in self.declared.columns if column.shown]
        return Found(
            records=[{name: record.get(name) for name in shown} for record in records[: MAX_RECORDS + 1]],
            owners=owners[: MAX_RECORDS + 1],
            as_of=found.as_of,
            sample=found.sample,
        )

    def _held(self, record: Mapping[str, Any], question: Question) -> dict[str, Any]:
        try:
            values = record_of(self.declared.by_name, record)
        except ValueError as error:
            raise RegisterBroken(str(error)) from None
        if wrong := [name for name, asked in question.fields.items() if not same(asked, values[name])]:
            raise RegisterBroken(f"it answers another question: {wrong[0]}")
        return values


@dataclass(frozen=True, slots=True)
class Registers:
    """All of them; those of services come and go."""

    #: What is built in and what plugins declare, by code.
    by_code: dict[str, OpenRegister]
    pseudonyms: Pseudonyms
    #: What joined while the platform runs, by owner and code: a name that somebody chooses takes nobody's place.
    joined: dict[str, dict[str, OpenRegister]] = field(default_factory=dict)

    def of(self, item: Item) -> OpenRegister:
        """The register that a query asks: its own owner's or a built-in one. Raises DepartmentUnavailable."""
        code = item.details.register
        found = self.joined.get(item.plugin, {}).get(code) or self.by_code.get(code)
        if found is None or (found.plugin != item.plugin and code not in BUILT_IN):
            raise DepartmentUnavailable(department=item.department, item=item.code)
        return found

    def drop(self, owner: str) -> None:
        """Close all that the owner has."""
        self.joined.pop(owner, None)

    def replace(
        self, owner: str, registers: Iterable[Register], source: Callable[[str], Source], seconds: float
    ) -> None:
        """Let these be all that the owner has, each behind what `source` gives for its code."""
        self.joined[owner] = {
            one.code: OpenRegister(
                declared=one, plugin=owner, source=source(one.code), timeout=seconds, pseudonyms=self.pseudonyms
            )
            for one in registers
        }


#: Plugins that keep a register's records themselves offer how they are asked, by its code.
SOURCES: Key[Mapping[str, Callable[[Platform], Source]]] = Key("sources of registers")

#: The registers that are open.
REGISTERS: Key[Registers] = Key("registers")


def declared_in(registry: Registry) -> Declared:
    """The registers that the plugins of a registry declare in their folders."""
    named = registry.configuration.entries
    return read_declared({name: registry.plugins[name].folder for name in named if name in registry.plugins}, BUILT_IN)


def kept_by_plugins(registry: Registry) -> Mapping[str, Callable[[Platform], Source]]:
    """By code, how the registers are asked whose records plugins keep."""
    return {code: made for _, some in registry.offered(SOURCES) for code, made in some.items()}


@asynccontextmanager
async def open_registers(platform: Platform) -> AsyncIterator[Registers]:
    """Every register that is declared, from where its operator says. One that is away keeps nobody from starting."""
    settings, folder = platform.settings, platform.registry.configuration.file.parent.resolve()
    pseudonyms = read_pseudonyms(settings.keys_folder)
    declared, kept = declared_in(platform.registry), kept_by_plugins(platform.registry)
    async with AsyncExitStack() as stack:
        session: aiohttp.ClientSession | None = None
        by_code = {}
        for code, register in declared.registers.items():
            named = settings.registers.get(code)
            source: Source
            if code in BUILT_IN:
                source = CasesRegister(platform)
            elif code in kept:
                source = kept[code](platform)
            elif named is None:
                source = TableRegister(register, platform.store, pseudonyms)
            elif named.url:
                if session is None:
                    session = await stack.enter_async_context(aiohttp.ClientSession())
                source = HttpRegister(register, named, session)
            else:
                source = await stack.enter_async_context(open_sql(named, folder))
            by_code[code] = OpenRegister(
                declared=register,
                plugin=declared.owners[code],
                source=source,
                timeout=named.timeout if named else settings.handler_timeout,
                pseudonyms=pseudonyms,
            )
        yield Registers(by_code, pseudonyms)

"""advice.toml: who does what no item serves, and pages of help.

Every finding is collected, so that an author mends a file in one round.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from banshi.builtin.catalogue.danger.reading import kinds
from banshi.builtin.catalogue.search.words import units_of
from banshi.foundation.findings import Finding, did_you_mean
from banshi.kernel.contract.data_tables import data_table
from banshi.kernel.contract.texts import REQUIRED_LANGUAGES
from banshi.kernel.contract.values import LANGUAGES, SLUG, Texts
from banshi.kernel.loading.catalogue import untranslated
from banshi.kernel.loading.registry import Registry
from banshi.kernel.loading.typed_tables import declarations, document_in

#: The file in a plugin's folder.
FILE = "advice.toml"

#: What can be dialled: a short number, or one with its area code.
PHONE = r"\+?[0-9]+(-[0-9]+)*"


@data_table
class Elsewhere:
    """Something that people look for here and that no item of the city serves."""

    code: str
    title: Texts
    #: What people type for it, by language.
    words: Mapping[str, tuple[str, ...]]
    #: Who does it, and how one gets there.
    who: Texts
    phone: str = ""
    link: str = ""
    #: Whether it is told, too, where a search finds nothing that is likely meant.
    otherwise: bool = False


@data_table
class Phone:
    """A number to call, and whose it is."""

    number: str
    title: Texts


@data_table
class HelpPage:
    """What to do, step by step: in danger, or to use one of the city's channels."""

    code: str
    #: `urgent` comes before everything else that a search finds.
    group: Literal["urgent", "channel"]
    title: Texts
    steps: tuple[Texts, ...]
    #: What people type for it, by language.
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: The kinds of danger that it is shown for, once one is heard.
    dangers: tuple[str, ...] = ()
    phones: tuple[Phone, ...] = ()
    #: Codes of the items that it leads on to; one that the city has not is left out.
    items: tuple[str, ...] = ()
    link: str = ""


@dataclass(slots=True)
class Declared:
    """What all plugins declare, and what is wrong with their files."""

    elsewhere: dict[str, Elsewhere] = field(default_factory=dict)
    help: dict[str, HelpPage] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


#: The tables of the file.
TABLES: Mapping[str, type[Elsewhere] | type[HelpPage]] = {"elsewhere": Elsewhere, "help": HelpPage}


def declared_in(registry: Registry) -> Declared:
    """What the files in the plugins' folders declare."""
    declared = Declared()
    for name, plugin in registry.plugins.items():
        if (plugin.folder / FILE).is_file():
            _read(declared, name, plugin.folder / FILE)
    return declared


def unknown_items(registry: Registry, declared: Declared) -> Iterator[Finding]:
    """Pages of help that lead on to an item which isn't there; a department may be left out on purpose."""
    for page in declared.help.values():
        for code in page.items:
            if code not in registry.items:
                advice = f"help.{page.code}.items: {did_you_mean(code, list(registry.items))}"
                yield Finding("catalogue", "unknown-item", advice, warning=True)


def unheard_dangers(declared: Declared) -> Iterator[Finding]:
    """Kinds of danger that no page is for, where others have one: who speaks of one reads whom to call, and no more."""
    told = {kind for page in declared.help.values() for kind in page.dangers}
    bare = [kind for kind in kinds() if kind not in told]
    if told and bare:
        advice = f"no page of help has these among its dangers: {', '.join(bare)}"
        yield Finding("catalogue", "no-page", advice, warning=True)


def _read(declared: Declared, plugin: str, file: Path) -> None:
    def wrong(rule: str, advice: str) -> None:
        declared.findings.append(Finding(plugin, rule, f"{file}: {advice}"))

    document = document_in(file, wrong) or {}
    for table in sorted(document.keys() - TABLES.keys()):
        wrong("unknown-table", f"remove [{table}]; the tables are {' and '.join(f'[[{one}]]' for one in TABLES)}")
    for table, cls in TABLES.items():
        kept: dict[str, Any] = getattr(declared, table)
        for where, advice in declarations(cls, table, document.get(table, []), wrong):
            for rule, why in _faults_of(advice, where):
                wrong(rule, why)
            if advice.code in kept:
                wrong("duplicate-code", f"rename {where}: another one has that code already")
            kept.setdefault(advice.code, advice)


def _faults_of(advice: Elsewhere | HelpPage, where: str) -> Iterator[tuple[str, str]]:
    if not re.fullmatch(SLUG, advice.code):
        yield "bad-slug", f"{where}.code is {advice.code!r}: use a-z, 0-9 and single hyphens"
    for key, language in untranslated(advice, where):
        yield "missing-translation", f"{key} has no text in {language}: add it"
    for language in sorted(advice.words.keys() - set(LANGUAGES)):
        yield "unknown-language", f"{where}.words.{language}: {did_you_mean(language, list(LANGUAGES))}"
    is_heard = isinstance(advice, HelpPage) and bool(advice.dangers)
    for language in REQUIRED_LANGUAGES:
        if not advice.words.get(language) and not is_heard:
            yield "missing-translation", f"{where}.words has no words in {language}: nobody would find it"
    for word in (word for words in advice.words.values() for word in words):
        if not units_of(word):
            yield "wrong-value", f"{where}.words: {word!r} has neither a letter nor a number"
    for kind in advice.dangers if isinstance(advice, HelpPage) else ():
        if kind not in kinds():
            yield "wrong-value", f"{where}.dangers: {did_you_mean(kind, list(kinds()))}"
    if isinstance(advice, HelpPage) and not advice.steps:
        yield "wrong-value", f"{where}.steps: say what to do, in one step at least"
    phones = [one.number for one in advice.phones] if isinstance(advice, HelpPage) else [advice.phone]
    for number in phones:
        if number and not re.fullmatch(PHONE, number):
            yield "wrong-value", f"{where}: {number!r} can't be dialled: digits, and hyphens between them"
    if advice.link and not advice.link.startswith("https://"):
        yield "wrong-value", f"{where}.link has to begin with https://"

"""What a further language lacks: sentences of a room, texts of items; whoever reads it reads the English there."""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter

from banshi.foundation.findings import Finding
from banshi.foundation.sentences import Sentences
from banshi.kernel.contract.texts import LANGUAGES, REQUIRED_LANGUAGES
from banshi.kernel.loading.catalogue import untranslated
from banshi.kernel.loading.registry import Registry

#: The languages that a text may be in beside those that it has to be in.
FURTHER = [one for one in LANGUAGES if one not in REQUIRED_LANGUAGES]
INSTEAD = "English is read there"


def languages_are_whole(registry: Registry) -> Iterator[Finding]:
    """Each sentence and each text of an item is in every language, and names nothing that the English doesn't."""
    for language in FURTHER:
        for room in Sentences.rooms:
            yield from _faults_of(room, language)
        for plugin in sorted({item.plugin for item in registry.items.values()}):
            items = [item for item in registry.items.values() if item.plugin == plugin]
            lacking = [where for item in items for where, _ in untranslated(item, item.code, languages=[language])]
            if lacking:
                advice = f"{len(lacking)} texts of its items have no {language}, such as {lacking[0]}: {INSTEAD}"
                yield Finding(plugin, "half-translated", advice, warning=True)


def _faults_of(room: Sentences, language: str) -> Iterator[Finding]:
    file, known = room.folder / f"{language}.toml", room.languages.get(REQUIRED_LANGUAGES[0], {})
    own = room.languages.get(language, {})
    if lacking := [one for one in known if one not in own]:
        advice = f"{file} lacks {len(lacking)} of {len(known)} sentences, such as {lacking[0]!r}: {INSTEAD}"
        yield Finding("platform", "half-translated", advice, warning=True)
    for english, text in own.items():
        names = _names(english) | _names(known.get(english, ""))
        if odd := sorted(_names(text) - names):
            advice = f"{file}: the text of {english!r} names {odd[0]!r}, and may name {sorted(names)}: {INSTEAD}"
            yield Finding("platform", "unknown-placeholder", advice, warning=True)


def _names(text: str) -> set[str]:
    """The names in braces; "{" alone where they aren't closed."""
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return {"{"}

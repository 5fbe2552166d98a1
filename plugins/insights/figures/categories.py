"""categories.toml: what is counted, from when on it is told, and how it is worded. The bureau's, as data.

Every mistake is collected with its file, category and key, so that an author mends a file in one round.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from string import Formatter
from typing import Any, Literal, NamedTuple

from banshi import LANGUAGES, Finding, Key, Texts
from banshi.sdk.toml import SettingsError, data_table, did_you_mean, read_toml, typed, untranslated
from insights.sentences import word
from insights.settings import InsightsSettings, Thresholds

#: The one that comes with this; a city's own is named by `categories`.
SAMPLE = Path(__file__).with_name("categories.toml")

#: Who sees a department's figures, and what rises in them.
ANALYST = "analyst"

#: What a template may be filled in with, as long as it gets: what is sent has to fit a lock screen whoever it is about.
LONGEST = {"area": "Beichuan Qiang County", "days": "28", "count": "9,999", "loss": "99.99 million yuan"}

#: The sources that the platform counts itself; all others are files.
OWN_SOURCES = ("cases", "appeals", "postings", "look-ups")

#: What open figures call their sums.
SUMS = ("all", "elsewhere")

#: What a category and a file are called.
NAME = re.compile(r"(?=.{1,32}$)[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)

Level = Literal["hint", "warn", "urgent"]


@data_table
class Counted:
    """What one more of it is: any of these. Each names items, but for the last."""

    cases: tuple[str, ...] = ()
    #: `item`, or `item/category` of the appeal.
    appeals: tuple[str, ...] = ()
    #: `item`, or `item/sort` of the posting, such as lost.
    postings: tuple[str, ...] = ()
    look_ups: tuple[str, ...] = ()
    #: Files that departments hand in, by their names.
    imports: tuple[str, ...] = ()

    def by_source(self) -> Mapping[str, tuple[str, ...]]:
        """What of each of the platform's own sources."""
        return dict(zip(OWN_SOURCES, (self.cases, self.appeals, self.postings, self.look_ups), strict=True))

    @property
    def sources(self) -> frozenset[str]:
        """Where its figures come from."""
        return frozenset(self.imports) | {source for source, named in self.by_source().items() if named}


@data_table
class Template:
    """What is sent once a person has approved it; `plain` is the body where no loss is known."""

    title: Texts
    body: Texts
    plain: Texts = field(default_factory=dict)

    def fitting(self, *, loss: bool) -> Texts:
        """The body, by whether a loss is known."""
        return self.body if loss or not self.plain else self.plain


@data_table
class Category:
    """One thing that is counted."""

    code: str
    title: Texts
    department: str
    #: Which of `groups`, and what that is called.
    group: str = ""
    group_title: Texts = field(default_factory=dict)
    counts: Counted
    template: Template
    #: Pages of help that belong to it, by their codes.
    advice: tuple[str, ...] = ()
    #: The setting's, with what the category has of its own.
    thresholds: Thresholds
    #: Whether a draft of each level is a notice or an alert.
    sends: Mapping[Level, Literal["notice", "alert"]] = field(default_factory=lambda: {"urgent": "alert"})
    #: Whether each day is judged, too; by what is counted by days.
    by_day: bool = False
    #: Whether it may be among the open figures.
    is_public: bool = True


CATEGORIES: Key[Mapping[str, Category]] = Key("categories that are counted")


class Read(NamedTuple):
    """The categories that can be read, by code, and what is wrong."""

    categories: Mapping[str, Category]
    findings: Sequence[Finding] = ()


def read_categories(settings: InsightsSettings, registry: Any) -> Read:
    """What the setting's file says, or the sample: of that, what this city has the departments and items for."""
    file = registry.configuration.file.parent / settings.categories if settings.categories else SAMPLE
    try:
        document = read_toml(file)
    except (OSError, ValueError) as error:
        return Read({}, (_finding(file, "unreadable", str(error)),))
    tables, groups = document.pop("categories", []), document.pop("groups", {})
    if not (isinstance(tables, list) and isinstance(groups, dict) and all(isinstance(one, dict) for one in tables)):
        return Read({}, (_finding(file, "wrong-value", "write a table [groups], and [[categories]] for each"),))
    advice = "remove [{}]: it has [groups] and [[categories]]"
    findings = [_finding(file, "unknown-table", advice.format(name)) for name in document]
    known: dict[str, Category] = {}
    for position, table in enumerate(tables):
        where = f"categories.{table.get('code', position)}"
        try:
            one = _typed(table, groups, settings, where)
        except SettingsError as error:
            findings += [_finding(file, "wrong-value", f"{key} {why}") for key, why in error.problems]
            continue
        absent = [*_absent(one, registry)]
        if absent and settings.categories is None:
            continue
        wrong = [*absent, *_faults(one, settings.most_chars, groups)]
        wrong += ["code: another category has it already: rename one"] * (one.code in known)
        texts = {"title": one.title, "template": replace(one.template, plain=one.template.plain or one.template.body)}
        lacking = [found for name, value in texts.items() for found in untranslated(value, name, texts=True)]
        wrong += [f"{key}: write it in {tag}, too" for key, tag in lacking]
        findings += [_finding(file, "wrong-category", f"{where}: {advice}") for advice in wrong]
        known.setdefault(one.code, one)
    return Read(known, findings)


def _typed(table: Mapping[str, Any], groups: Mapping[str, Any], settings: InsightsSettings, where: str) -> Category:
    own = table.get("thresholds", {})
    if not isinstance(own, dict):
        raise SettingsError([(f"{where}.thresholds", "has to be a table")])
    whole = typed(Thresholds, merged(settings.thresholds, own), where=f"{where}.thresholds")
    group = {"group_title": groups[table["group"]]} if table.get("group") in groups else {}
    return typed(Category, {**table, **group, "thresholds": whole}, where=where)


def merged(whole: Any, own: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a dataclass as a table, with what is said anew in place of them, however deep."""
    table = {name: getattr(whole, name) for name in whole.__dataclass_fields__}
    for name, value in own.items():
        inner = isinstance(value, Mapping) and hasattr(table.get(name), "__dataclass_fields__")
        table[name] = merged(table[name], value) if inner else value
    return table


def _absent(one: Category, registry: Any) -> Iterator[str]:
    """What it counts that this city has not."""
    if one.department not in registry.departments:
        yield f"department {one.department!r}: {did_you_mean(one.department, [*registry.departments])}"
    for source, named in one.counts.by_source().items():
        for entry in named:
            code, _, part = entry.partition("/")
            key, item = f"counts.{source.replace('-', '_')}", registry.items.of(code)
            if item is None:
                yield f"{key}: there is no item {code!r}: {did_you_mean(code, [*registry.items])}"
            elif part and part not in (parts := _parts(source, item.details)):
                yield f"{key}: {code} has no {part!r}: {did_you_mean(part, parts)}"


def _parts(source: str, details: Any) -> list[str]:
    """What an appeal's categories are, or a posting's sorts."""
    if source == "appeals":
        return [category.code for category in getattr(details, "categories", ())]
    return [*getattr(details, "sorts", ())] if source == "postings" else []


def _faults(one: Category, most: Mapping[str, tuple[int, int]], groups: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with it by itself, each with its key."""
    if one.group and one.group not in groups:
        yield f"group {one.group!r}: {did_you_mean(one.group, [*groups])}"
    if not one.counts.sources:
        yield "counts: say what is counted: cases, appeals, postings, look_ups or imports"
    if one.group in SUMS:
        yield f"group {one.group!r}: open figures call a sum so: rename it"
    names = [("code", one.code, {*groups, *SUMS}), *(("counts.imports", name, ()) for name in one.counts.imports)]
    for key, name, others in names:
        if not NAME.fullmatch(name) or name in OWN_SOURCES or name in others:
            taken = ", ".join([*OWN_SOURCES, *sorted(others)])
            yield f"{key}: {name!r} can't be a name: use a-z, 0-9 and hyphens, 32 at most; {taken} are taken"
    template = one.template
    for key, texts in (("title", template.title), ("body", template.body), ("plain", template.plain)):
        yield from (f"template.{key}.{tag}: {why}" for tag, why in _wording(key, texts, most))
    if any("loss" in _places(text) for text in template.plain.values()):
        yield "template.plain: leave {loss} out: it is the body where none is known"
    if any("loss" in _places(text) for text in template.body.values()) and not template.plain:
        yield "template.plain: write the body without {loss}, too: not every figure comes with one"


def _wording(key: str, texts: Texts, most: Mapping[str, tuple[int, int]]) -> Iterator[tuple[str, str]]:
    """What is wrong with a text in one of its languages."""
    places = {tag: _places(text) for tag, text in texts.items()}
    for tag in (one for one in LANGUAGES if one in texts):
        if unknown := sorted(places[tag] - LONGEST.keys()):
            yield tag, f"there is no {{{unknown[0]}}}: {did_you_mean(unknown[0], [*LONGEST])}"
            continue
        if lacks := sorted(set().union(*places.values()) & LONGEST.keys() - places[tag]):
            yield tag, f"{{{lacks[0]}}} is missing, which another language has"
        longest = {name: word.text(tag, text) for name, text in LONGEST.items()}
        limit, length = most.get(tag, (0, 0))[key != "title"], len(texts[tag].format(**longest))
        if tag in most and length > limit:
            yield tag, f"it may get {length} characters long, {limit} at most: shorten it"


def _places(text: str) -> set[str]:
    """The names in braces; "{" alone where they aren't closed."""
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return {"{"}


def _finding(file: Path, rule: str, advice: str) -> Finding:
    return Finding("insights", rule, f"{file}: {advice}")

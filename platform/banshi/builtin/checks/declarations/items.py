"""What is wrong with an item: its handler, its pointers into the form, its claims, its numbers."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from banshi.builtin.catalogue.elements import TITLES, elements_of
from banshi.builtin.catalogue.remedies import decided, remedy_of
from banshi.builtin.checks.declarations.fields import Fault, attachment_fields, fields_of, of_each_item, types_of
from banshi.builtin.identity.access import ROLES
from banshi.forms.pointers import pointer
from banshi.forms.schemas import subschemas
from banshi.foundation.findings import Finding
from banshi.kernel.cases.clock import WORKING_DAY
from banshi.kernel.contract.items import DECISION, HOLDER
from banshi.kernel.contract.texts import LANGUAGES
from banshi.kernel.contract.values import SLUG, Item
from banshi.kernel.loading.registry import Registry

#: Days or months within which a remedy may be sought at most: a slip of the keyboard is more.
LONGEST_REMEDY = 365

#: Laws by which a decision is final, or is turned against in another way or time: what rests on one says which.
OWN_REMEDIES = {"出境入境管理法", "集会游行示威法", "信访工作条例", "国家赔偿法", "刑事诉讼法"}


@of_each_item
def handlers_answer_as_they_are_called(registry: Registry, item: Item) -> Iterator[Fault]:
    """A handler's methods are coroutines that take what the kind's own take."""
    base = registry.kinds[item.kind].handler
    if base is None or type(item.handler) is base:
        return
    own = type(item.handler).__qualname__
    asked = {name: one for name, one in vars(base).items() if inspect.iscoroutinefunction(one)}
    for name, default in asked.items():
        arguments = list(inspect.signature(default).parameters)
        method = getattr(item.handler, name)
        if not inspect.iscoroutinefunction(method):
            yield "not-async", f"write `async def {name}` in {own}: it is awaited"
        elif not _takes(method, arguments[1:]):
            called = f"async def {name}({', '.join(arguments)})"
            yield "handler-arguments", f"write `{called}` in {own}: that is how it is called"
    for name in vars(type(item.handler)):
        close = difflib.get_close_matches(name, asked, 1, cutoff=0.8)
        if close and not name.startswith("_") and not hasattr(base, name):
            advice = f"rename {own}.{name}, which is never called: did you mean {close[0]!r}?"
            yield "misspelt-method", advice, True


@of_each_item
def pointers_lead_to_fields(_: Registry, item: Item) -> Iterator[Fault]:
    """A material, a claim and a pass's days name fields that the form has, of a type that fits."""
    for position, material in enumerate(item.materials):
        if material.field and not fields_of(item, material.field):
            yield "unknown-field", f"mend materials[{position}].field: the form has no field {material.field!r}"
    if item.credential is None:
        return
    for claim in item.credential.claims:
        nodes = fields_of(item, claim.source)
        if claim.source in {HOLDER, DECISION}:
            continue
        if claim.source and not nodes:
            advice = f"mend credential.claims.{claim.name}.source: the form has no field {claim.source!r}"
            yield "unknown-field", advice
        elif wrong := sorted({kind for node in nodes for kind in types_of(node) - {"string", "integer", "array"}}):
            advice = (
                f"let the handler's claims() give {claim.name}: a pass carries a text, an integer or a list of"
                f" texts, and {claim.source} may be {', '.join(wrong)}"
            )
            yield "claim-type", advice
    for key in ("valid_from", "valid_until"):
        pointer = getattr(item.credential, key)
        nodes = fields_of(item, pointer)
        if pointer and not nodes:
            yield "unknown-field", f"mend credential.{key}: the form has no field {pointer!r}"
        elif pointer and not any(node.get("format") == "date" for node in nodes):
            yield "not-a-date", f'give the field {pointer} "format": "date": credential.{key} reads a day from it'


@of_each_item
def claims_have_values(registry: Registry, item: Item) -> Iterator[Fault]:
    """Each claim has a name of its own and something that fills it."""
    claims = item.credential.claims if item.credential else ()
    names = [claim.name for claim in claims]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield "duplicate-claim", f"rename one of the claims {name!r}"
    default = type(item.handler) is registry.kinds[item.kind].handler
    for claim in claims:
        if not claim.source and default:
            advice = f"add credential.claims.{claim.name}.source, or a handler whose claims() gives {claim.name!r}"
            yield "empty-claim", advice


@of_each_item
def attachments_are_seen(_: Registry, item: Item) -> Iterator[Fault]:
    """Every field that takes a file is where the kernel looks for one: otherwise the file never joins its case."""
    schema = item.form.schema if item.form else {}
    seen = {id(node) for node in attachment_fields(schema)}
    for path, node in subschemas((), schema):
        if isinstance(node, Mapping) and node.get("x-attachment") and id(node) not in seen:
            advice = f"move the x-attachment at #{pointer(path)} of the form: below `properties` and `items` alone"
            yield "hidden-attachment", advice


@of_each_item
def numbers_make_sense(_: Registry, item: Item) -> Iterator[Fault]:
    """Days, visits, fees and versions are counts, and nobody promises more days than the law allows."""
    least = {"version": 1, "visits": 0, "legal_days": 0, "promised_days": 0}
    for key, smallest in least.items():
        value = getattr(item, key)
        if value is not None and value < smallest:
            yield "wrong-number", f"{key} is {value}: it has to be at least {smallest}"
    if item.fee.amount < 0:
        yield "wrong-number", f"fee.amount is {item.fee.amount}: it has to be at least 0, in fen"
    if item.credential and item.credential.longest_days < 1:
        yield "wrong-number", "credential.longest_days has to be at least 1"
    # So many working days never take fewer days than that.
    promised, legal = item.promised_days, item.legal_days
    alike = item.promised_days_unit in {item.legal_days_unit, WORKING_DAY}
    if alike and legal is not None and promised is not None and promised > legal:
        advice = f"promised_days is {promised}: the law allows {legal}, so promise that or less"
        yield "late-promise", advice
    for key in ("basic_code", "implementation_code"):
        if (code := getattr(item.elements, key)) and not re.fullmatch("[0-9A-Z]{4,40}", code):
            yield "wrong-code", f"mend elements.{key}, which is {code!r}: digits and capital letters, 4 to 40"


@of_each_item
def remedies_make_sense(registry: Registry, item: Item) -> Iterator[Fault]:
    """Whoever is refused a permit is told where to go with that (行政许可法 38), and within a time that there is."""
    # The kind's own table says that it is one.
    if getattr(item.details, "permit", False) and remedy_of(registry, item) is None:
        missing = "add [department.remedy] with reconsideration and court, or [items.remedy]"
        yield "no-remedy", f"{missing}: it is a permit, and a refusal has to name them"
    department = registry.departments.get(item.department)
    if item.remedy and item.remedy.kind == "final" and not (item.remedy.basis or item.remedy.text):
        yield "no-basis", "add remedy.basis, the law by which its decisions are final"
    if item.remedy is None and decided(item):
        laws = {one.title[LANGUAGES[0]].removeprefix("中华人民共和国") for one in item.legal_basis}
        for title in sorted(laws & OWN_REMEDIES):
            advice = f'add remedy, as {title} has another than most laws, or remedy.kind = "ordinary"'
            yield "law-of-its-own", advice
    told = [("remedy", item.remedy), ("department.remedy", department.remedy if department else None)]
    for where, remedy in told:
        for key in ("days", "months"):
            if remedy is not None and not 1 <= getattr(remedy, key) <= LONGEST_REMEDY:
                advice = f"{where}.{key} is {getattr(remedy, key)}: it has to be 1 to {LONGEST_REMEDY}"
                yield "wrong-number", advice


@of_each_item
def readers_are_roles(registry: Registry, item: Item) -> Iterator[Fault]:
    """Who reads an item's cases beside those who work on them is named as roles are, and there are cases to read."""
    for name in sorted(name for name in item.readers if not re.fullmatch(SLUG, name)):
        yield "bad-slug", f"rename {name!r} in readers: a role is a-z, 0-9 and single hyphens"
    if item.readers and not item.steps:
        yield "no-cases", "remove readers: the item has no cases"
    offered = [names for _, names in registry.offered(ROLES)]
    named = frozenset().union(*offered, *(kind.roles for kind in registry.kinds.values())) if item.readers else ()
    for name in sorted(set(item.readers).difference(named)):
        if close := difflib.get_close_matches(name, named, 1, cutoff=0.8):
            yield "misspelt-role", f"mend readers: no step asks for the role {name!r}: did you mean {close[0]!r}?", True


def verbs_are_offered(registry: Registry) -> Iterator[Finding]:
    """Warns of items whose kind can only be shown so far."""
    shown: dict[tuple[str, str], list[str]] = {}
    for item in registry.items.unchecked():
        kind = registry.kinds[item.kind]
        if not kind.routes() and kind.handed_in is None:
            shown.setdefault((item.plugin, kind.name), []).append(item.code)
    for (plugin, kind_name), codes in shown.items():
        advice = f"{', '.join(codes)}: shown as a guide only, since the kind {kind_name} offers no verbs yet"
        yield Finding(plugin, "guide-only", advice, warning=True)


@of_each_item
def facts_are_known(registry: Registry, item: Item) -> Iterator[Fault]:
    """Warns of what a citizen looks for in the guide and doesn't find."""
    facts = ("legal_basis", "promised_days", "online_depth", "places")
    missing = [key for key in facts if getattr(item, key) in (None, ())]
    elements = elements_of(item, registry.departments.get(item.department))
    if missing := [*missing, *(f"elements.{key}" for key in TITLES if not getattr(elements, key))]:
        yield "unknown-facts", f"add {', '.join(missing)} once they are known for certain", "note"


def _takes(method: Callable[..., Any], arguments: Sequence[str]) -> bool:
    try:
        inspect.signature(method).bind(*arguments)
    except TypeError:
        return False
    return True

"""What of the API's schemas depends on the kinds of items: their details, their states and their actions.

States and actions are those for which a kind has words, or else those of its items' state tables. What its cases show
beside them it says with `KIND_TYPES`; of one that says nothing it is anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, is_dataclass

from banshi.builtin.openapi.declared import Declared
from banshi.builtin.openapi.schemas import SCHEMAS
from banshi.builtin.openapi.schemas.items import GUIDE_NAMES
from banshi.builtin.openapi.titles import untitled
from banshi.foundation.keys import Key
from banshi.kernel.contract.kinds import Kind
from banshi.kernel.contract.values import Step
from banshi.kernel.http.document_schemas import Record, Schema, array, optional, ref
from banshi.kernel.loading.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTypes:
    """What the API's description says of one kind's cases."""

    #: The kind's name.
    kind: str
    #: JSON Schemas of what its `shown` gives, by member; one that may be left out is `optional`. What people read is
    #: `titled`; so is what stands in it.
    details: Mapping[str, Schema]


#: Kinds offer what the API's description says of their cases.
KIND_TYPES: Key[KindTypes] = Key("kind types")


#: What no list of this server's words can have.
OF_GONE = "A case whose kind is gone with its plugin keeps the words of that."


def named_schemas(registry: Registry) -> dict[str, Schema]:
    """Every schema that the description names, by its name."""
    told = {one.kind: one for _, one in registry.offered(KIND_TYPES)}
    kinds = registry.kinds.values()
    made: dict[str, Schema] = {**SCHEMAS, "ItemKind": {**_choice(registry.kinds), "description": OF_GONE}}
    for kind in kinds:
        made |= _of_items(kind)
        made |= _of_cases(kind, told.get(kind.name), registry)
    made |= {document: _by_kind(made, document, registry.kinds) for document in ("Item", "Case")}
    made["ItemDetails"] = _one_of(made, "Details", registry.kinds)
    made["CaseDetails"] = _one_of(made, "CaseDetails", registry.kinds)
    for noun in ("State", "Action"):
        parts = (made.get(name_of(kind, noun), {}).get("enum", ()) for kind in registry.kinds)
        made[f"Case{noun}"] = {**_choice(one for part in parts for one in part), "description": OF_GONE}
    return made


def name_of(kind: str, noun: str) -> str:
    """The name of a kind's schema, such as `AppealState`."""
    return "".join(part.capitalize() for part in kind.split("-")) + noun


def _of_items(kind: Kind) -> dict[str, Schema]:
    """What an item of the kind declares, and what it makes of `Item`."""
    declared = Declared(owner=name_of(kind.name, ""), names=dict(GUIDE_NAMES))
    members = declared.members(kind.details) if is_dataclass(kind.details) else None
    details = name_of(kind.name, "Details")
    return {
        **declared.schemas,
        details: _of_kind(kind.name, members),
        name_of(kind.name, "Item"): _narrowed(kind.name, details=ref(details)),
    }


def _of_cases(kind: Kind, types: KindTypes | None, registry: Registry) -> dict[str, Schema]:
    """The states and actions of the kind's cases, their details, and what it makes of `Case`; nothing without cases."""
    states, actions = _words(kind, registry)
    if not states:
        return {}
    state, action, details = (name_of(kind.name, noun) for noun in ("State", "Action", "CaseDetails"))
    members = {
        "state": ref(state),
        "timeline": array(_open(state=ref(state))),
        "permitted_actions": array(_open(action=ref(action), leads_to=ref(state))),
    }
    made: dict[str, Schema] = {state: _choice(states), action: _choice(actions)}
    if kind.shown is not None:
        made[details] = untitled(_of_kind(kind.name, types.details if types is not None else None))
        members["details"] = optional(ref(details))
    return {**made, name_of(kind.name, "Case"): _narrowed(kind.name, **members)}


def _words(kind: Kind, registry: Registry) -> tuple[Iterable[str], Iterable[str]]:
    """A kind's states and actions, those of its items where it has no words for them."""
    if kind.states and kind.actions:
        return kind.states, kind.actions
    items = registry.items
    found = (items[code].steps or () for code in items.codes() if items.facts(code).kind == kind.name)
    steps: list[Step] = [step for table in found for step in table]
    states = (one for step in steps for one in (step.state, step.to))
    return list(dict.fromkeys([*kind.states, *states])), [*kind.actions, *(step.action for step in steps)]


def _of_kind(kind: str, members: Mapping[str, Schema] | None) -> Schema:
    """An object that says of which kind it is; without `members` it may have any others."""
    own = {"kind": {"type": "string", "const": kind}}
    return _open(**own) if members is None else Record(**own, **members)


def _narrowed(kind: str, **members: Schema) -> Schema:
    """What is known of a document beside its own schema, where it is of that kind."""
    return _open(kind={"type": "string", "const": kind}, **members)


def _open(**members: Schema) -> Schema:
    """An object with these members, and maybe others."""
    return {**Record(**members), "additionalProperties": True}


def _by_kind(made: Mapping[str, Schema], document: str, kinds: Iterable[str]) -> Schema:
    """A document's schema with what each kind makes of it: generators read the first, validators both."""
    chain: Schema = {}
    for kind in kinds:
        if (name := name_of(kind, document)) in made:
            own = {"if": {"properties": {"kind": {"const": kind}}}, "then": ref(name)}
            chain = {**own, "else": chain} if chain else own
    return {**made[document], **chain}


def _one_of(made: Mapping[str, Schema], noun: str, kinds: Iterable[str]) -> Schema:
    """The kinds' schemas of that name, told apart by `kind`."""
    found = {kind: ref(name_of(kind, noun)) for kind in kinds if name_of(kind, noun) in made}
    mapping = {kind: one["$ref"] for kind, one in found.items()}
    return {"oneOf": list(found.values()), "discriminator": {"propertyName": "kind", "mapping": mapping}}


def _choice(values: Iterable[str]) -> Schema:
    return {"type": "string", "enum": list(dict.fromkeys(values))}

"""Documents of departments and items: the guide, how an item is begun, what is handed in, what a register answers."""

from __future__ import annotations

from typing import Any, get_args

from banshi.builtin.openapi.declared import Declared
from banshi.builtin.openapi.schemas.places import OPEN
from banshi.builtin.sentences import say
from banshi.kernel.contract.elements import LegalBasis
from banshi.kernel.contract.items import Item, Material, Mode, Place
from banshi.kernel.http.document_schemas import (
    ID,
    LINKS,
    MAYBE_TEXT,
    MOMENT,
    TEXT,
    Record,
    Schema,
    array,
    maybe,
    named,
    optional,
    ref,
)
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case

REFERENCE: Schema = ref("Reference")

#: What the guide is made of, by the types of its declarations.
_GUIDE = Declared(owner="Item")
_MATERIAL = _GUIDE.members(Material)

#: One of the kinds of items that this server has.
KIND: Schema = ref("ItemKind")

MODE: Schema = {
    "type": "string",
    "enum": list(get_args(Mode)),
    "description": "A `test` is made up, and leaves by itself.",
}

OFFERED_CASE = Record(id=ID, number=TEXT, item=REFERENCE, links=LINKS)


def offered_case(platform: Platform, case: Case, language: str) -> dict[str, Any]:
    """The earlier case that something offered is from."""
    item = platform.registry.items.of(case.item)
    title = named(case.item, item.title if item else None, language)
    return OFFERED_CASE.of(platform, case, item=title, links={"self": f"/v1/cases/{case.id}"})


OFFERED_FILE = Record(id=ID, name=TEXT, media_type=TEXT, size={"type": "integer"}, links=LINKS)

#: What a person says yes to.
_YES = "What the person agrees to, by language: show it, and send `id` only after a yes."
CONSENTED: Schema = {"type": "object", "additionalProperties": TEXT, "description": _YES}

_OFFER = Record(
    case=OFFERED_CASE,
    concerns=maybe(Record(title=TEXT, value=TEXT)),
    files=array(OFFERED_FILE),
    uploaded_at=MOMENT,
    until={**MOMENT, "description": "From then on it is too old."},
    consent=Record(
        id=TEXT,
        department=REFERENCE,
        purpose=TEXT,
        text=CONSENTED,
    ),
)

MATERIAL = Record(
    title=TEXT,
    required={"type": "boolean"},
    source=_MATERIAL["source"],
    source_title=TEXT,
    field={"type": "string", "description": "JSON Pointer into the answers; empty without one."},
    how={"type": "string", "enum": ["upload", "in-person", "not-needed"]},
    how_title=TEXT,
    document=maybe(REFERENCE),
    offers=array(_OFFER, description="What the platform has already."),
)

#: What is said where a code names none.
NO_DEPARTMENT = say("There is no such department; look for it in the list of departments.")

DEPARTMENT = Record(
    code=TEXT,
    title=TEXT,
    phone=TEXT,
    units=array(REFERENCE),
    remedy=maybe(ref("Remedy")),
    roles=optional(
        array(
            Record(
                role={**TEXT, "description": "As a token has it behind the department's code."},
                title=TEXT,
                actions=array(Record(kind=TEXT, kind_title=TEXT, action=TEXT, label=TEXT)),
            ),
            description="Of one department: what each role may do with its cases; one without actions reads them.",
        )
    ),
    links=LINKS,
)

#: What a summary has of an item's own: whom it is for, what it costs, how long it takes, how far it goes online.
BRIEF = ("audience", "themes", "fee", "promised_days", "promised_days_unit", "online_depth")

ITEM_SUMMARY = Record(
    code=TEXT,
    title=TEXT,
    summary=TEXT,
    department=TEXT,
    department_title=TEXT,
    kind=KIND,
    kind_title=TEXT,
    mode=MODE,
    fully_online={"type": "boolean"},
    visits={"type": "integer"},
    audience_titles=array(TEXT),
    **_GUIDE.members(Item, BRIEF),
    demand=optional({"type": "integer", "description": "In lists: people who began it in 30 days, in fives; 0 below."}),
    links=LINKS,
)

#: What the guide has beside the summary and the form: an item's own, in one language.
GUIDE = (
    *("legal_basis", "conditions", "materials", "process", "legal_days", "legal_days_unit"),
    *("places", "result", "details", "version", "unit", "owner", "credential", "certificate", "discreet"),
)

ITEM_SCHEMAS: dict[str, Schema] = {
    "Reference": {**Record(code=TEXT, title=TEXT), "description": "What it is called."},
    "Department": DEPARTMENT,
    "ItemSummary": ITEM_SUMMARY,
    "Elsewhere": {
        **Record(
            code=TEXT,
            title=TEXT,
            who={**TEXT, "description": "Who does it, and how one gets there."},
            phone=MAYBE_TEXT,
            links={**LINKS, "description": "`page`: where it is done, if that is online."},
        ),
        "description": "What people look for here and no item serves.",
    },
    "Danger": {
        **Record(
            kind=TEXT,
            numbers=array(TEXT, description="To call, the first at once."),
            words={**TEXT, "description": "What to do, with the number, in a sentence or two."},
            silent={**MAYBE_TEXT, "description": "How to call the police without a voice."},
        ),
        "description": "A danger that somebody's words speak of.",
    },
    "HelpPage": {
        **Record(
            code=TEXT,
            group={"type": "string", "enum": ["urgent", "channel"]},
            title=TEXT,
            dangers=array(TEXT, description="The kinds of danger that it is shown for."),
            phones=array(Record(number=TEXT, title=TEXT), description="To call, the most urgent first."),
            steps=array(TEXT),
            items=array(REFERENCE, description="The items that it leads on to."),
            links=LINKS,
        ),
        "description": "What to do, step by step.",
    },
    "Item": {
        **Record(
            **ITEM_SUMMARY["properties"],
            **_GUIDE.members(Item, [name for name in GUIDE if name != "details"]),
            unit_title=TEXT,
            details=ref("ItemDetails"),
            elements=array(
                Record(name=TEXT, title=TEXT, code=MAYBE_TEXT, value=TEXT),
                description="What is known of the national list's elements beside all this: name, words, and code.",
            ),
            remedy=maybe(ref("Remedy")),
            case_details={
                "type": ["object", "null"],
                "description": "JSON Schema of what a client shows of a case's `details`: what has a title. Null where "
                "the kind says nothing of it.",
            },
            begin=maybe(ref("ItemBeginning")),
            form={"type": ["object", "null"], "description": "JSON Schema of the answers; null where it asks nothing."},
            sample=optional({**maybe(ref("ItemSample")), "description": "Of a query: how an answer looks. Made up."}),
        ),
        "description": "The whole guide, with the form's JSON Schema and the links to its verbs.",
    },
    **_GUIDE.schemas,
    "Remedy": {
        **Record(
            kind={"type": "string", "enum": ["ordinary", "final"], "description": "final: by law to nobody."},
            reconsideration={**MAYBE_TEXT, "description": "The authority that reconsiders a decision."},
            days={"type": ["integer", "null"], "description": "Within which it is asked."},
            court=MAYBE_TEXT,
            months={"type": ["integer", "null"], "description": "Within which a lawsuit is filed."},
            text={**TEXT, "description": "All of it, as a decision says it; there may be other ways than the above."},
            basis=array(_GUIDE.schema(LegalBasis), description="The laws that say so."),
        ),
        "description": "To whom somebody turns who doesn't accept a decision.",
    },
    "ItemMaterial": Record(**_MATERIAL, source_title=TEXT),
    "ItemPlace": Record(**_GUIDE.members(Place), **OPEN),
    "ItemBeginning": Record(
        audience={
            "type": "string",
            "enum": ["citizen", "person"],
            "description": "Whose token begins it; person: staff too.",
        },
        unnamed={
            "type": "string",
            "enum": ["never", "allowed", "always"],
            "description": "Whether it is begun without a token, and so without a name.",
        },
        schema={"type": "object", "description": "JSON Schema of what goes in beside `answers`."},
    ),
    "ItemSample": Record(
        question={"type": "object", "description": "What the form takes."}, answer=ref("LookUpAnswer")
    ),
    "Materials": Record(item=REFERENCE, materials=array(MATERIAL)),
    "LookUpAnswer": Record(
        register=REFERENCE,
        as_of={**MOMENT, "description": "The time that the data are from."},
        sample={"type": "boolean", "description": "The data are made up, for development."},
        columns=array(
            Record(
                name=TEXT,
                title=TEXT,
                type={"type": "string", "enum": ["text", "integer", "number", "boolean", "date", "moment"]},
                values=optional({"type": "object", "additionalProperties": TEXT, "description": "Value to text."}),
            )
        ),
        records=array({"type": "object"}, maxItems=100, description="By column."),
        found={"type": "integer"},
        more={"type": "boolean", "description": "There are more than are shown."},
    ),
    "LookUp": Record(
        id=ID,
        at=MOMENT,
        item=REFERENCE,
        purpose=TEXT,
        by=Record(
            who={
                "type": "string",
                "enum": ["oneself", "account", "staff"],
                "description": "account: another one of yours.",
            },
            department=optional(REFERENCE),
            role=optional(TEXT),
            channel=optional({**TEXT, "description": "By this channel, such as wechat or site."}),
        ),
    ),
}

#: The guide's declarations by their names here.
GUIDE_NAMES = _GUIDE.names

"""`permitted_actions` is the truth: for every item, in every state, whoever reads it and whatever they then send."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from banshi import Item
from banshi.forms.numbers import NUMBERS
from banshi.forms.words import SENTENCES
from banshi.foundation.database.writes import Write
from banshi.kernel.cases.submission import new_case
from banshi.kernel.contract.principals import Principal
from banshi.kernel.runtime.process_role import ProcessRole
from banshi.kernel.tables.cases import Case
from banshi.kinds.appeal.models import AppealRecord
from banshi.kinds.appointment.models import Booking, Slot
from banshi.kinds.posting.models import PostingRecord
from banshi.kinds.posting.publishing.publication import values_of
from banshi.sdk.cases import steps_of
from banshi.testing import Door, Person, Reply, open_door
from tests.plugins import filling
from tests.plugins.test_departments import FOLDERS
from tests.tries import tries

#: What a form says of a value's shape; beside these there are the kinds' and the departments' own words.
SHAPE = {*SENTENCES, "unexpected"} - {"own", "past", "future"}

#: Hours from now to an appointment's beginning: too far to be checked in, too near to be moved, under way, over.
HOURS = (100, 2, 0, -48)

FORMATS = FormatChecker()
for name, check in NUMBERS.items():
    FORMATS.checks(name)(lambda value, check=check: not isinstance(value, str) or check(value))


def validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    return of_text(json.dumps({**schema, "$id": ""}))


@cache
def of_text(schema: str) -> Draft202012Validator:
    """A few dozen schemas are shown thousands of times; `$id` alone differs by the case that shows it."""
    read = json.loads(schema)
    del read["$id"]
    jsonschema_rs.meta.validate(read)
    return Draft202012Validator(read, format_checker=FORMATS)


class Standing(NamedTuple):
    """A case as it stands, and by how many hours its appointment is yet to come."""

    item: Item
    state: str
    hours: int = 0


def alike(item: Item) -> Any:
    """What of an item its steps depend on."""
    return item.kind, item.credential is None, item.certificate is None, str(item.details), type(item.handler)


def standings(door: Door, *, each: bool = True) -> Iterator[Standing]:
    """Every state of every item that has cases; without `each`, of one item of each kind and credential."""
    known: set[Any] = set()
    for item in sorted(door.platform.registry.items.values(), key=lambda one: one.code):
        if not each and alike(item) in known:
            continue
        known.add(alike(item))
        states = dict.fromkeys(step.state for step in steps_of(door.platform, item))
        for state, hours in itertools.product(states, HOURS if item.kind == "appointment" else (0,)):
            yield Standing(item, state, hours)


async def stored(door: Door, standing: Standing, name: str = "王示例") -> Case:
    """A case in that state, with the rows that its kind keeps beside it."""
    item, platform = standing.item, door.platform
    files = (str(UUID(int=number)) for number in itertools.count(1))
    answers = filling.filled(item.form.schema, files) if item.form else {}
    case, event = new_case(platform, item, Principal(subject="wang", name=name), answers)
    case.state = standing.state
    rows: list[Any] = [case, event]
    now = platform.now()
    match item.kind:
        case "appeal":
            rows.append(AppealRecord(case_id=case.id, sort=item.details.sorts[0], received_at=now))
        case "posting":
            values = values_of(item, answers)
            until = now + timedelta(days=3)
            own = {"item": item.code, "department": item.department, "photos": [], "state": "public"}
            rows.append(PostingRecord(case_id=case.id, expires_at=until, due_at=until, **own, **values))
        case "appointment":
            rows += booked(case, standing, now)
    await platform.store.commit(Write(rows=rows))
    return case


def booked(case: Case, standing: Standing, now: datetime) -> list[Any]:
    place, live = standing.item.details.places[0].code, standing.state not in {"no-show", "done"}
    # Apart by seconds: no two slots of a place begin together.
    begins = now + timedelta(hours=standing.hours, microseconds=case.id.int % 10**6) - timedelta(minutes=5)
    ends = begins + timedelta(minutes=30)
    slot = Slot(id=uuid4(), item=standing.item.code, place=place, begins=begins, ends=ends, opens_at=now, capacity=9)
    slot.taken, slot.waiting = 1, 1
    booking = Booking(
        id=case.id.int % 2**62,
        case_id=case.id,
        item=standing.item.code,
        person="wang",
        slot_id=slot.id,
        place=place,
        begins=begins,
        ends=ends,
        state={"waiting": "waiting", "offered": "offered", "entered": "entered"}.get(standing.state, "taken"),
        live=1 if live else None,
        ticket=case.id.hex[:16],
        code=case.id.hex,
        until=begins,
    )
    return [slot, booking]


class City(NamedTuple):
    """All departments, and who reads their cases."""

    door: Door
    citizen: Person

    def readers(self, item: Item) -> dict[str, Person]:
        roles = [f"{item.department}:{role}" for role in ("reviewer", "approver", "clerk")]
        return {"citizen": self.citizen, "staff": self.door.staff("chen", *roles)}


@asynccontextmanager
async def open_city(folder: Path, folders: Sequence[Path] = FOLDERS) -> AsyncIterator[City]:
    # What happens with time alone is not this test's: nobody works, or somebody else might come first.
    idle = ProcessRole(lanes=frozenset())
    async with open_door(folder, {one.name: one for one in folders}, duty=idle) as door:
        yield City(door, door.citizen("wang", name="王示例", resident_id=filling.NUMBER))


async def offered(person: Person, case: Case) -> dict[str, dict[str, Any]]:
    document = (await person.get(f"/v1/cases/{case.id}")).ok()
    return {one["action"]: one for one in document["permitted_actions"]}


def minimal(schema: Mapping[str, Any], every: bool = False) -> dict[str, Any]:
    """A body with what is required, or with everything that there is."""
    files = (str(UUID(int=number)) for number in itertools.count(1))
    body: dict[str, Any] = {}
    for name, member in schema["properties"].items():
        if name == "reason":
            value: Any = "经核对，情况属实。"
        elif name == "details":
            value = details(member, every)
        else:
            value = filling.filled(member, files)
        if every or name in schema["required"]:
            body[name] = value
    return body


def details(schema: Mapping[str, Any], every: bool) -> dict[str, Any]:
    made = {"into": "20261124-7K3M-9QXC", "slot": str(UUID(int=7)), "text": "已处理", "attachments": []}
    wanted = schema["properties"] if every else schema["required"]
    full = {}
    for name in wanted:
        member = schema["properties"][name]
        full[name] = made[name] if name in made else (filling.choices(member) or [member.get("maximum", "other")])[-1]
    if not validator(schema).is_valid(full):
        # What a unit is called differs from department to department.
        for unit in filling.choices(schema["properties"]["unit"]):
            if validator(schema).is_valid({**full, "unit": unit}):
                return {**full, "unit": unit}
    return full


def shapes(reply: Reply) -> list[Any]:
    """What a 422 says of the body's shape."""
    problems = reply.document.get("problems", []) if reply.status == 422 else []
    return [one for one in problems if one["code"] in SHAPE]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.name))
async def test_what_is_offered_is_neither_refused_at_once_nor_misshapen_where_it_fits_what_is_shown(
    folder: Path, tmp_path: Path
) -> None:
    """All items, all states, the citizen and staff, each action: a body that fits `body` is taken.

    What is offered is looked at for every item; of items that differ in nothing but their forms and their words one
    takes the bodies that have nothing of a form.
    """
    tried, refused, known, one_is_enough = 0, [], set(), tries(True, False)
    async with open_city(tmp_path, [folder]) as city:
        for standing in standings(city.door):
            readers = city.readers(standing.item)
            seen = await stored(city.door, standing)
            for reader, person in readers.items():
                for action, one in (await offered(person, seen)).items():
                    body = minimal(one["body"])
                    assert validator(one["body"]).is_valid(body), (standing, action, body)
                    same = (alike(standing.item), standing.state, standing.hours, reader, action)
                    if same in known and "answers" not in body and one_is_enough:
                        continue
                    known.add(same)
                    case = await stored(city.door, standing)
                    reply = await person.post(f"/v1/cases/{case.id}/actions/{action}", body)
                    tried += 1
                    if reply.status == 409 or reply.status >= 500 or shapes(reply):
                        where = (standing.item.code, standing.state, standing.hours, reader, action)
                        refused.append((*where, reply.status, reply.document))
    assert tried > 10
    assert not refused, f"{len(refused)} of {tried}: {refused[:5]}"


async def test_what_lacks_a_required_member_or_has_another_one_is_told_by_its_name(tmp_path: Path) -> None:
    """One of each shape that is shown anywhere: each required member left out, and one that nobody knows."""
    tried = set()
    async with open_city(tmp_path) as city:
        for standing in standings(city.door, each=False):
            case = await stored(city.door, standing)
            for person in city.readers(standing.item).values():
                for action, one in (await offered(person, case)).items():
                    assert one.get("takes") == one["body"]["properties"].get("details")
                    assert one["needs_reason"] == ("reason" in one["body"]["required"])
                    shape = json.dumps([action, {**one["body"], "$id": ""}], sort_keys=True)
                    if shape in tried or "answers" in one["body"]["properties"]:
                        continue
                    tried.add(shape)
                    path = f"/v1/cases/{case.id}/actions/{action}"
                    for pointer, body in lacking(one["body"]):
                        assert not validator(one["body"]).is_valid(body)
                        told = (await person.post(path, body)).problem(422, "invalid-fields")["problems"]
                        assert pointer in {problem["pointer"] for problem in told}, (standing, action, told)
    assert len(tried) > 20


def lacking(schema: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Bodies that are wrong in one place each, with that place."""
    whole = minimal(schema, every=True)
    for name in schema["required"]:
        rest = {key: value for key, value in whole.items() if key != name}
        inner = schema["properties"][name].get("required", [])
        yield (f"/{name}/{inner[0]}" if inner else f"/{name}"), rest
        for one in inner:
            yield f"/{name}/{one}", {**whole, name: {key: part for key, part in whole[name].items() if key != one}}
    yield "/more", {**whole, "more": 1}
    yield "/answers", {**whole, "answers": {}}
    yield "/reason", {**whole, "reason": 7}
    if "details" in whole:
        yield "/details/more", {**whole, "details": {**whole["details"], "more": 1}}
        yield "/details", {**whole, "details": []}
    else:
        yield "/details", {**whole, "details": {}}


# -- any body --------------------------------------------------------------------------------------------------------


def anything(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema of an action may take, and some that it doesn't."""
    if options := filling.choices(schema):
        return st.sampled_from(options)
    match schema.get("type"):
        case "object":
            properties = {name: anything(one) for name, one in schema["properties"].items()}
            needed = {name: properties.pop(name) for name in schema["required"]}
            return st.fixed_dictionaries(needed, optional=properties)
        case "array":
            return st.lists(anything(schema["items"]), max_size=schema["maxItems"] + 1)
        case "integer":
            return st.integers(schema["minimum"] - 1, schema["maximum"] + 1) | st.sampled_from([1.0, 2.0])
    texts = st.text(max_size=12) | st.sampled_from(["\x1f", "\u2029", "\u3000", " 好 ", "\x85a", "\ufeff", "\u200b"])
    if "pattern" in schema:
        texts |= st.from_regex(schema["pattern"]).filter(lambda text: len(text) < 200)
    return texts


@pytest.fixture(scope="module")
def every_shape(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Any, Callable[[Any], Any], Any]]:
    """One of each shape that any action of any item has: the schema, what the kernel says of a body, and bodies."""
    import asyncio

    from banshi.builtin.cases.routes import ACTION
    from banshi.kernel.cases import actions
    from banshi.kernel.cases.actors import in_case
    from banshi.kernel.cases.submission import item_of

    async def found() -> dict[str, tuple[str, Any, Callable[[Any], Any]]]:
        shapes: dict[str, tuple[str, Any, Callable[[Any], Any]]] = {}
        async with open_city(tmp_path_factory.mktemp("city")) as city:
            for standing in standings(city.door, each=False):
                case = await stored(city.door, standing)
                kind, item = city.door.platform.registry.kinds[case.kind], item_of(city.door.platform, case)
                table = [step for step in steps_of(city.door.platform, item) if step.state == case.state]
                for step in await in_case(city.door.platform, case, table):
                    schema = actions.body_schema(kind, item, step, "en")
                    if "answers" in schema["properties"]:
                        continue

                    def told(body: Any, kind: Any = kind, step: Any = step) -> Any:
                        reason = {"en": body["reason"]} if body.get("reason") else None
                        sent = {"answers": body.get("answers"), "details": body.get("details")}
                        return [
                            *ACTION.problems(body),
                            *actions.problems_of(kind, step, reason=reason, **sent, language="en"),
                        ]

                    shapes.setdefault(json.dumps(schema, sort_keys=True), (step.action, schema, told))
        return shapes

    return [(*shape, anything(shape[1])) for shape in asyncio.run(found()).values()]


@settings(max_examples=tries(200, 600), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_a_standard_validator_takes_is_never_misshapen(data: st.DataObject, every_shape: Any) -> None:
    """Without formats, as a client's validator may be; a body that lacks something is always told."""
    action, schema, told, bodies = data.draw(st.sampled_from(every_shape))
    body = data.draw(bodies)
    fits = Draft202012Validator(schema).is_valid(body)
    problems = told(body)
    # What no database stores is refused before any form is asked.
    assert not (fits and problems), (action, body, problems)
    for name in schema["required"]:
        rest = {key: value for key, value in body.items() if key != name}
        assert any(one.pointer.startswith(f"/{name}") for one in told(rest)), (action, name)

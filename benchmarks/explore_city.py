"""The platform that `explore.py` explores: all plugins, something of everything, and a token for each role.

It prints one line of JSON when it is ready, and ends when its standard input does. Its log of warnings and errors goes
to its standard error.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from typing import Any

from banshi.kernel.contract.routes import Audience, Route
from banshi.ops.cli.server.serve import loop_factory
from banshi.testing import Person
from benchmarks.shared.databases import postgres_if
from benchmarks.shared.processes import workspace
from benchmarks.shared.quiet import quiet
from tests.town.api_world import World, open_world
from tests.town.programs import SECRET
from tests.town.registers import made_up_person

#: Whose routes each role may call.
AUDIENCES = {
    "citizen": {Audience.ANYONE, Audience.PERSON, Audience.CITIZEN},
    "staff": {Audience.ANYONE, Audience.PERSON, Audience.STAFF},
    "officer": {Audience.ANYONE, Audience.PERSON, Audience.OFFICER},
    "integrator": {Audience.ANYONE, Audience.INTEGRATOR},
    "nobody": {Audience.ANYONE},
}

#: Query parameters that few of all texts are right for.
QUERIES = {"department": "traffic", "kind": "application", "item": "lost-and-found", "division": "510703"}
QUERIES |= {"area": "51", "place": "test-centre", "state": "approved", "q": "通行证"}

#: What a member of staff may be, in every department, so that no operation is left because of a missing role.
ROLES = ("reviewer", "approver", "publisher", "clerk", "registrar")


async def serve(postgres: bool) -> None:
    with workspace() as folder, postgres_if(postgres) as database:
        async with open_world(folder, {"database": database} if database else {}) as world:
            print(json.dumps(await told(world)), flush=True)
            await asyncio.to_thread(sys.stdin.read)


async def told(world: World) -> dict[str, Any]:
    """Where it is, a token for each role, and by operation what parameters have values that lead somewhere."""
    door = world.door
    every = [f"{department}:{role}" for department in door.platform.registry.departments for role in ROLES]
    people = {
        "citizen": door.citizen("wang", "王小明", resident_id=made_up_person(1)),
        "staff": door.staff("li", *every, "platform:operator"),
        "officer": door.officer("p007", "traffic"),
        "integrator": world.program,
        "nobody": door.anyone,
    }
    known = {route.operation: await values_of(world, route) for route in world.routes}
    for operation, values in (await bodies_of(world)).items():
        known[operation] |= {f"body.{name}": value for name, value in values.items()}
    known["act"] |= {"path.id": await a_case(people["citizen"]), "path.action": "withdraw"}
    return {
        "url": door.url,
        "tokens": {role: person.token for role, person in people.items()},
        "known": {operation: values for operation, values in known.items() if values},
        "for": {role: [route.operation for route in world.routes if is_for(role, route)] for role in people},
        "per_item": [route.operation for route in world.routes if route.per_item is not None],
    }


async def a_case(citizen: Person) -> str:
    """A case that waits for its department, so that there is something to be done with it."""
    return str((await citizen.post("/v1/items/record-000/cases", {"answers": {}})).created()["id"])


async def values_of(world: World, route: Route) -> dict[str, str]:
    """Parameters of a route with values that lead somewhere."""
    values = {f"path.{name}": value for name, value in world.parameters(route).items()}
    names = [one.name for one in route.parameters if one.place == "query"]
    values |= {f"query.{name}": QUERIES[name] for name in names if name in QUERIES}
    if "cursor" in names:
        page = await world.reader_of(route).get(f"{world.address(route)}?limit=1")
        if page.status == 200 and (cursor := page.document["next"]):
            values["query.cursor"] = cursor
    return values


async def bodies_of(world: World) -> dict[str, dict[str, str]]:
    """Members of bodies with values that lead somewhere, by operation."""
    slots = (await world.door.anyone.get("/v1/items/driving-test/slots?limit=100")).ok()["items"]
    slot = {"slot": next(one["id"] for one in slots if one["state"] == "free")}
    answers = {"sort": "gang", "still_going_on": "no", "description": "夜里有人聚集。"}
    tip = (await world.door.anyone.post("/v1/items/crime-tip/tips", {"answers": answers})).created()
    text, code, department = {"text": world.scanned}, {"code": tip["code"]}, {"department": "traffic"}
    secret = {"client_id": "bc_tests", "client_secret": SECRET}
    bodies = {"verify_pass": text, "verify_certificate": text, "read_tip": code, "act_on_tip": code}
    bodies |= {"book": slot, "hold_slot": slot, "reschedule": slot, "book_internal": slot}
    bodies |= {"create_notice": department, "create_alert": department, "register_device": {"provider": "stream"}}
    bodies |= {"give_token": {**secret, "scope": ""}, "revoke_token": secret}
    return bodies


def is_for(role: str, route: Route) -> bool:
    """Whether a route answers that role with more than a refusal of who is asking."""
    is_known = role == "nobody" or not route.unnamed
    return route.audience in AUDIENCES[role] and is_known and route.described


if __name__ == "__main__":
    quiet(logging.WARNING)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve("--postgres" in sys.argv))

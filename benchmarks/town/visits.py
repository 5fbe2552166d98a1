"""Visits to the city's offices, each by somebody else, and what staff do about them: every verb of the API."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import aiohttp

from banshi.kernel.contract.values import Item
from banshi.kinds.query.registers.opened import declared_in
from benchmarks.town.story import APPLY, PLANS, body_of
from benchmarks.town.visitors import LOOK_S, STEP_TIMEOUT_S, Caller, People, Taken, Unexpected
from tests.plugins import filling
from tests.town.registers import sample_rows
from tests.town.zone_pass import answers_with

#: What somebody looks for.
WORDS = ("通行证", "驾驶证", "身份证", "passport", "户口", "举报", "消防", "预约", "vehicle")

#: The smallest that a phone says of itself.
DEVICE = {"provider": "fcm", "platform": "android", "language": "zh-CN"}


async def answers_of(caller: Caller, item: Item) -> Any:
    """Right answers to an item's form, its files uploaded."""
    assert item.form is not None
    count = json.dumps(item.form.schema).count("x-attachment")
    files = [(await caller.upload()).document["id"] for _ in range(count * 2)]
    return filling.filled(item.form.schema, iter(files))


async def applies(town: People, chance: random.Random) -> None:
    """A vehicle pass, from the search to what is decided, with the phone's stream open or its push service used."""
    citizen, name = town.citizen()
    await town.anyone.get(f"/v1/items?q={quote('通行证')}")
    await town.anyone.get("/v1/items/zone-pass")
    await citizen.post("/v1/devices", {**DEVICE, "token": f"phone-of-{name}"})
    files = [(await citizen.upload()).document["id"] for _ in range(2)]
    await citizen.get(f"/v1/attachments/{files[0]}")
    answers = answers_with(files)
    case = (await citizen.post(APPLY, {"answers": answers}, key=f"{name}/1")).document
    again = (await citizen.post(APPLY, {"answers": answers}, key=f"{name}/1")).document
    assert case == again, f"the same key was answered {case} and {again}"
    path = case["links"]["self"]
    await town.until(citizen, path, "accepted")
    for who, action, state in chance.choice(PLANS):
        caller = citizen if who == "citizen" else town.officer(chance)
        if who == "staff":
            await caller.get("/v1/worklist?limit=20")
            await caller.get(path)
        await caller.post(f"{path}/actions/{action}", body_of(action, answers), key=f"{name}/{action}")
        await town.until(citizen, path, state)
    await citizen.get("/v1/cases")
    await reads(citizen)


async def withdraws(town: People, chance: random.Random) -> None:
    """Any other application, handed in and taken back."""
    item = chance.choice([one for one in town.items("application") if one.code != "zone-pass"])
    citizen, _ = town.citizen(filling.NUMBER)
    await town.anyone.get(f"/v1/items/{item.code}")
    answers = await answers_of(citizen, item)
    case = (await citizen.post(f"/v1/items/{item.code}/cases", {"answers": answers})).document
    path = case["links"]["self"]
    # Its department looks at it first.
    for _ in range(int(STEP_TIMEOUT_S / LOOK_S)):
        found = (await citizen.get(path)).document
        if found["state"] != "submitted":
            break
        await asyncio.sleep(LOOK_S)
    if any(step["action"] == "withdraw" for step in found["permitted_actions"]):
        await citizen.post(f"{path}/actions/withdraw", {})
    await citizen.get("/v1/cases?limit=5")


async def books(town: People, chance: random.Random) -> None:
    """An appointment: the free places, one held and booked, its calendar entry, and called off or kept."""
    item = chance.choice(town.items("appointment"))
    citizen, _ = town.citizen(filling.NUMBER)
    page = (await town.anyone.get(f"/v1/items/{item.code}/slots?limit=100")).document["items"]
    soon = datetime.now(UTC) + timedelta(hours=item.details.notice_hours + 1)
    free = [one for one in page if one["state"] == "free" and datetime.fromisoformat(one["begins"]) > soon]
    if not free:
        town.told.visits["appointment, no place free"] += 1
        return
    answers = await answers_of(citizen, item) if item.form is not None else {}
    slot = {"slot": chance.choice(free)["id"]}
    await citizen.post(f"/v1/items/{item.code}/holds", slot)
    case = (await citizen.post(f"/v1/items/{item.code}/appointments", {**slot, "answers": answers})).document
    await citizen.get(case["links"]["self"])
    # Most are called off: ten days' visitors come within minutes, and there are as many places as there are.
    if chance.random() < 0.95:
        await citizen.delete(f"/v1/items/{item.code}/appointments/{case['id']}")
    await reads(citizen)


async def asks(town: People, chance: random.Random) -> None:
    """A question to a register, and who has looked one up."""
    registers = declared_in(town.registry).registers
    # The register of cases is the platform's own, and has no samples.
    names = registers.keys() - {"cases"}
    item = chance.choice([one for one in town.items("query") if one.details.register in names])
    declared = registers[item.details.register]
    row = chance.choice([row for row in sample_rows(item.plugin, declared.code) if row.get(declared.owner, "all")])
    citizen, _ = town.citizen(row[declared.owner] if declared.owner else filling.NUMBER)
    body: dict[str, Any] = {"question": {name: row[name] for name in (*declared.keys, *declared.filters)}}
    body |= {"purpose": "本人查询"} if item.details.personal else {}
    await citizen.post(f"/v1/items/{item.code}/query", body)
    await citizen.get("/v1/me/look-ups")


async def appeals(town: People, chance: random.Random) -> None:
    """An appeal: assigned by an officer, given back, completed, answered and rated."""
    items = [one for one in town.items("appeal") if one.form is not None and one.plugin == "petitions"]
    item = chance.choice(items)
    citizen, _ = town.citizen(filling.NUMBER)
    answers = await answers_of(citizen, item)
    body = {"answers": answers} | ({"sort": item.details.sorts[0]} if len(item.details.sorts) > 1 else {})
    case = (await citizen.post(f"/v1/items/{item.code}/cases", body)).document
    path, officer = case["links"]["self"], town.officer(chance)
    await citizen.get(path)
    await officer.get("/v1/worklist?limit=100")
    await officer.get(path)
    if chance.random() < 0.2:
        await officer.post(f"{path}/actions/return", {"reason": "请补充地点。"})
        await citizen.post(f"{path}/actions/supplement", {"answers": answers})
    category = item.details.categories[0].code
    await officer.post(f"{path}/actions/assign", {"details": {"category": category}})
    await officer.post(f"{path}/actions/answer", {"details": {"text": "已处理，感谢您的反映。"}})
    await citizen.post(f"{path}/actions/rate", {"details": {"rating": chance.randint(3, 5)}})
    await town.until(citizen, path, "closed")
    await reads(citizen)


async def listens(town: People, _: random.Random) -> None:
    """A phone with its stream open: a message comes down it, and it goes away again."""
    citizen, _ = town.citizen()
    headers = {"Authorization": f"Bearer {citizen.token}"}
    wanted = asyncio.timeout(STEP_TIMEOUT_S)
    async with town.session.get(f"{town.url}/v1/inbox/stream", headers=headers) as stream, wanted:
        if stream.status != 200:
            town.told.wrong.append(f"GET /v1/inbox/stream: {stream.status}")
            return
        town.told.requests["GET /v1/inbox/stream"] += 1
        files = [(await citizen.upload()).document["id"] for _ in range(2)]
        await citizen.post(APPLY, {"answers": answers_with(files)})
        async for line in stream.content:
            if b'"kind":"case"' in line:
                break


async def reads(citizen: Caller) -> None:
    """The inbox, page by page, how much is unread, and that all is read."""
    after = None
    page = (await citizen.get("/v1/inbox?limit=2")).document
    while page["items"]:
        after = page["items"][-1]["cursor"]
        if page["next"] is None:
            break
        page = (await citizen.get(f"/v1/inbox?limit=2&after={page['next']}")).document
    await citizen.get("/v1/inbox/unread")
    if after is not None:
        await citizen.post("/v1/inbox/read", {"through": after})


async def moves(town: People, chance: random.Random) -> None:
    """A phone that is registered, says what it wishes, says so again, and is given away."""
    citizen, name = town.citizen()
    device = (await citizen.post("/v1/devices", {**DEVICE, "token": f"phone-of-{name}"})).document
    await citizen.get("/v1/devices")
    await citizen.call("PATCH", "/v1/preferences", json={"notices": chance.random() < 0.5})
    await citizen.get("/v1/preferences")
    await citizen.delete(f"/v1/devices/{device['id']}")
    await reads(citizen)


async def looks(town: People, chance: random.Random) -> None:
    """Somebody who finds out what there is, and an officer who looks at what waits."""
    await town.anyone.get("/v1/departments")
    await town.anyone.get(f"/v1/items?q={quote(chance.choice(WORDS))}")
    page = (await town.anyone.get("/v1/items?limit=20")).document
    for one in chance.sample(page["items"], 2):
        await town.anyone.get(f"/v1/items/{one['code']}")
    await town.anyone.get("/v1/alerts")
    officer = town.officer(chance)
    page = (await officer.get("/v1/worklist?limit=50")).document
    if page["next"]:
        await officer.get(f"/v1/worklist?limit=50&cursor={page['next']}")


#: What people come for, and how often.
VISITS: dict[str, tuple[int, Callable[[People, random.Random], Awaitable[None]]]] = {
    "vehicle pass": (25, applies),
    "application withdrawn": (10, withdraws),
    "appointment": (15, books),
    "query": (10, asks),
    "appeal": (10, appeals),
    "stream": (10, listens),
    "phone": (10, moves),
    "catalogue and worklist": (10, looks),
}


def one_of(chance: random.Random) -> str:
    """What the next visit is for."""
    names = list(VISITS)
    return chance.choices(names, [VISITS[name][0] for name in names])[0]


async def visit(town: People, name: str, chance: random.Random) -> None:
    """One visit; what goes wrong with it is written down."""
    town.told.visits[name] += 1
    try:
        await VISITS[name][1](town, chance)
    except Unexpected:
        pass  # it is written down already
    except Taken:
        town.told.visits["appointment, the place taken meanwhile"] += 1
    except (aiohttp.ClientError, OSError, TimeoutError, AssertionError) as error:
        town.told.wrong.append(f"{name}: {type(error).__name__} {error}"[:300])

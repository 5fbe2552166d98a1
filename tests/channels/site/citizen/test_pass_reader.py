"""The scanner's reader says without a network what the platform says with one: of passes, forgeries and damage."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import cbor2
import pytest

from banshi.builtin.passes import ledger
from banshi.builtin.passes.revocations import REVOCATIONS
from banshi.builtin.passes.wire import base45, cose
from banshi.kernel.tables.passes import Pass
from banshi.testing import Door, open_door
from tests.banshi.builtin.passes.test_dynamic_passes import FIRE, approved
from tests.banshi.builtin.passes.test_pass_ledger import REFUSALS, Forger, Issued, issue, revoke
from tests.conftest import good_answers
from web_site.assets import PATHS

pytestmark = pytest.mark.skipif(
    not shutil.which("node") and os.environ.get("CI") != "true", reason="Node.js is not installed"
)

READER = PATHS["pass_reader.js"]
#: Reads what was published and what was scanned, each with its second, and writes the verdicts.
PROGRAM = """
import { opened, verdictOf } from "./pass_reader.mjs";
const { published, scanned } = JSON.parse(await new Response(process.stdin).text()), known = await opened(published);
const told = [];
for (const [text, now] of scanned) told.push((await verdictOf(text, known, now)).verdict);
console.log(JSON.stringify(told));
"""


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    plugins: dict[str, Path | str] = {"traffic": FIRE.with_name("traffic"), "fire": FIRE, "mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins) as opened:
        yield opened


async def published(door: Door) -> dict[str, Any]:
    door.platform[REVOCATIONS].forget()
    keys, token = await door.anyone.get("/v1/passes/keys"), await door.anyone.get("/v1/passes/revocations")
    return {"document": keys.ok(), "token": token.body.decode()}


async def here(folder: Path, published: Any, scanned: Sequence[tuple[str, int]]) -> list[str]:
    """The verdicts of the scanner's script, at those seconds."""
    (folder / "pass_reader.mjs").write_bytes(READER.read_bytes())
    (folder / "try.mjs").write_text(PROGRAM, encoding="utf-8")
    node = await asyncio.create_subprocess_exec(
        "node", "try.mjs", cwd=folder, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await node.communicate(json.dumps({"published": published, "scanned": scanned}).encode())
    assert node.returncode == 0
    return list(json.loads(told))


async def at_the_platform(door: Door, scanned: Sequence[tuple[str, int]]) -> list[str]:
    found = []
    for text, second in scanned:
        turned = door.platform.now().replace(microsecond=0)
        at = turned + timedelta(seconds=second - int(turned.timestamp()))
        found.append((await ledger.examined(door.platform, text, at)).code)
    return found


def second(door: Door) -> int:
    return int(door.platform.now().timestamp())


def damaged(chance: random.Random, text: str) -> str:
    """A pass with one mistake: a character, a byte, a piece left out, doubled or put elsewhere."""
    prefix, data = text[:4], bytearray(base45.decode(text[4:]))
    at = chance.randrange(len(data))
    match chance.randrange(7):
        case 0:
            data[at] ^= 1 << chance.randrange(8)
        case 1:
            del data[at : at + chance.randrange(1, 4)]
        case 2:
            data[at:at] = chance.randbytes(chance.randrange(1, 4))
        case 3:
            data[chance.randrange(12)] = chance.randrange(256)
        case 4:
            place = chance.randrange(4, len(text))
            return text[:place] + chance.choice(base45.ALPHABET + "a\n王😀") + text[place + 1 :]
        case 5:
            return text[: chance.randrange(len(text))]
        case _:
            return prefix.lower() + text[4:] if chance.random() < 0.1 else text + chance.choice([" ", "A", "\n", "%"])
    return prefix + base45.encode(bytes(data))


def signed(forger: Forger, chance: random.Random) -> str:
    """What our key signs that is nearly a pass."""
    odd: list[Any] = [
        None,
        True,
        -1,
        0,
        1.5,
        2**32,
        2**64 - 1,
        -(2**63) - 5,
        "",
        "x",
        b"x",
        [],
        ["1", None],
        ["1"],
        {},
        {1: 2},
    ]
    claims = dict(forger.claims)
    name = chance.choice([1, 4, 5, 6, 8, -65537, 2, "x", True])
    if chance.random() < 0.5:
        claims[name] = chance.choice(odd)
    else:
        item = list(claims[-65537])
        item[chance.randrange(len(item)) :] = [chance.choice(odd) for _ in range(chance.randrange(3))]
        claims[-65537] = item
    header: dict[Any, Any] = dict(forger.header)
    if chance.random() < 0.3:
        header[chance.choice([1, 4, 16, 3, "x"])] = chance.choice(odd)
    return forger.text(header, claims, high_s=chance.random() < 0.1, canonical=chance.random() < 0.8)


async def test_every_forgery_and_every_damage_has_the_platforms_verdict_here_too(door: Door, tmp_path: Path) -> None:
    one, chance, now = await issue(door, good_answers), random.Random(39), second(door)
    forger = Forger(one)
    texts = [one.text, "", "hello", *(forge(forger) for forge in REFUSALS.values())]
    texts += [damaged(chance, one.text) for _ in range(600)] + [signed(forger, chance) for _ in range(600)]
    texts += [cose.compact_text(b"\xd2" + chance.randbytes(chance.randrange(90))) for _ in range(200)]
    # Nested, announced and doubled: what a reader is broken with.
    for body in (
        b"\x81" * 200,
        b"\x9b" + b"\xff" * 8,
        b"\xbf\xff",
        b"\x84\x40\xa0\x40\x5a\xff\xff\xff\xff",
        b"\x82\xa2\x01\x01\x01\x01\xf6",
    ):
        texts.append(cose.compact_text(b"\xd2" + body))
    address = "https://www.city.example/site/verify#"
    texts += [address + quote(text, safe="$*+/:-.") for text in texts[:200]] + [address + text for text in texts[:200]]
    scanned = [(text, now) for text in texts]
    told, expected = await here(tmp_path, await published(door), scanned), await at_the_platform(door, scanned)
    wrong = [(text, mine, theirs) for text, mine, theirs in zip(texts, told, expected, strict=True) if mine != theirs]
    # Our key has signed these numbers, and only the books know that they were never given out.
    assert [one for one in wrong if one[2] != "unknown-pass"] == []
    assert {*expected} >= {*map(str, REFUSALS)} | {"valid"}


async def test_a_pass_begins_and_ends_here_at_the_platforms_second(door: Door, tmp_path: Path) -> None:
    one = await issue(door, good_answers)
    record = await Pass.get()
    edges = [int(record.expires_at.timestamp()), cose_start(one)]
    scanned = [(one.text, edge + by) for edge in edges for by in (-61, -60, -59, 0, 59, 60, 61)]
    told = await here(tmp_path, await published(door), scanned)
    assert told == await at_the_platform(door, scanned)
    assert {*told} == {"valid", "expired", "not-yet-valid"}


def cose_start(one: Issued) -> int:
    claims = cbor2.loads(cbor2.loads(cose.compact_bytes(one.text)).value[2])
    return int(claims.get(5, claims[6]))


async def test_a_revoked_pass_is_refused_here_by_the_list_alone_and_one_that_the_list_does_not_know_yet_is_not(
    door: Door, tmp_path: Path
) -> None:
    early, now = await published(door), second(door)
    one, other = await issue(door, good_answers, "wang"), await issue(door, good_answers, "zhang")
    await revoke(one)
    scanned = [(one.text, now), (other.text, now)]
    assert await here(tmp_path, await published(door), scanned) == ["revoked", "valid"]
    assert await here(tmp_path, early, scanned) == ["valid", "valid"], "the scanner says how old its list is"


async def test_what_a_phone_shows_is_good_for_the_same_seconds_here(door: Door, tmp_path: Path) -> None:
    phone = await approved(door)
    held, text, now = (await phone.take()).ok()["text"], phone.shows(door), second(door)
    scanned = [(text, now + by) for by in (-17, -16, -15, -14, 0, 28, 29, 30, 31, 86_400)]
    scanned += [(held, now), (text[:-1], now), (text[:-102], now), (f"BS1:{text[4:]}", now), (f"BD1:{held[4:]}", now)]
    scanned += [(damaged(random.Random(seed), text), now) for seed in range(60)]
    assert await here(tmp_path, await published(door), scanned) == await at_the_platform(door, scanned)


async def test_a_pass_of_another_city_is_refused_here_and_there(door: Door, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    async with open_door(other, {"traffic": FIRE.with_name("traffic"), "mobile_push": "mobile_push"}) as neighbour:
        foreign = (await issue(neighbour, good_answers)).text
    scanned = [(foreign, second(door))]
    assert await here(tmp_path, await published(door), scanned) == ["unknown-key"]


async def test_a_status_list_that_no_published_key_has_signed_is_not_taken(door: Door, tmp_path: Path) -> None:
    told = await published(door)
    head, claims, signature = told["token"].split(".")
    for token in (f"{head}.{claims}.{signature[:-8]}AAAAAAAA", f"{head}.{claims[:-4]}AAAA.{signature}"):
        with pytest.raises(AssertionError):
            await here(tmp_path, {**told, "token": token}, [])
    assert await here(tmp_path, told, []) == []

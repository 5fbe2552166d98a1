"""What is printed, scanned or verified has words where the claim has a code: of a choice, and of a list's entry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from banshi.builtin.lists.reading import NOT_NATIONALITIES, entries, names_of
from banshi.builtin.passes.claims import claim_documents, list_of
from banshi.forms.pointing import fields_at
from banshi.kernel.contract.values import LANGUAGES, Claim, Item
from banshi.testing import Door, open_door
from tests.contract.words.test_words_drawn_and_printed import page
from tests.plugins import filling
from tests.plugins.test_departments import FOLDERS, registry_of, with_files
from tests.readers import certificate_reader

#: What is a name in Chinese too: classes of driving licences.
NAMES = re.compile(r"[A-FM-P][1-4]?")


def papers() -> list[Any]:
    """The items that end in a pass or a certificate."""
    return [
        pytest.param(item, id=item.code) for item in registry_of(FOLDERS).items.values() if item.credential is not None
    ]


def codes(item: Item, claim: Claim) -> Iterator[str]:
    """Every code that a claim may have: of its own words, of the choices in the form, of the list chosen from."""
    yield from claim.values
    for field in fields_at(item.form.schema, claim.source) if item.form else ():
        for node in (field, field.get("items", {})):
            yield from (str(one) for one in node.get("enum", ()))
            yield from (str(one["const"]) for one in node.get("oneOf", ()) if "const" in one)
    yield from names_of(list_of(item, claim))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("item", papers())
def test_a_scan_says_each_code_of_each_claim_in_words(item: Item, language: str) -> None:
    assert item.credential is not None
    for claim in item.credential.claims:
        for code in {*codes(item, claim)}:
            (told,) = claim_documents(item, {claim.name: code}, language)
            # The machine-readable claim stays as it was signed.
            assert told["value"] == code
            if NAMES.fullmatch(code):
                continue
            assert told["text"] != code, f"{claim.name}: {code}"
            assert bool(re.search("[\u4e00-\u9fff]", told["text"])) == (language == "zh-CN"), told


def test_every_list_that_a_claim_is_chosen_from_has_its_names() -> None:
    """A list of a department's own is told by the claim's `values`, or by the choices in the form."""
    lists = set()
    for one in papers():
        (item,) = one.values
        for claim in item.credential.claims:
            if address := list_of(item, claim):
                lists.add(address)
                assert list(codes(item, claim)), f"{item.code}: {claim.name} of {address}"
    assert {"/v1/lists/countries", "/v1/lists/nationalities"} <= lists


@pytest.mark.parametrize("item", [one for one in papers() if one.values[0].certificate])
def test_a_page_says_no_code_that_was_answered(item: Item) -> None:
    """The last choice, and the last entry of each list, in place of the first."""
    assert item.credential is not None
    for claim in item.credential.claims:
        several = [*codes(item, claim)]
        if not several or claim.masked or NAMES.fullmatch(several[-1]):
            continue
        rows = dict(orjson.loads(page(item, "zh-CN", {claim.name: several[-1]}).data)["rows"])
        assert several[-1] not in rows[claim.title["zh-CN"]].split()


# -- over HTTP -------------------------------------------------------------------------------------------------------


async def approved(door: Door, code: str, chosen: Mapping[str, str]) -> dict[str, Any]:
    li = door.citizen("li", name="李示例", resident_id=filling.NUMBER)
    item = door.platform.registry.items[code]
    answers = await with_files(li, item) | chosen
    case = (await li.post(f"/v1/items/{code}/cases", {"answers": answers})).created()
    await door.settled()
    staff = door.staff("wang", f"{item.department}:reviewer", f"{item.department}:approver")
    # A permit is accepted by a person first.
    for action in ("accept", "approve") if item.details.permit else ("approve",):
        (await staff.post(f"{case['links']['self']}/actions/{action}")).ok()
    await door.settled()
    final: dict[str, Any] = (await li.get(case["links"]["self"])).ok()
    return final


@pytest.mark.parametrize(
    ("folder", "code", "claim", "value", "words"),
    [
        ("traffic", "foreign-licence-exchange", "issued_by", "JPN", {"zh-CN": "日本", "en": "Japan"}),
        ("exit_entry", "foreigner-lodging-registration", "nationality", "FRA", {"zh-CN": "法国", "en": "France"}),
    ],
)
async def test_the_entry_of_a_list_is_a_name_in_the_pdf_and_in_its_verification_and_a_code_in_the_claim(
    folder: str, code: str, claim: str, value: str, words: Mapping[str, str], tmp_path: Path
) -> None:
    place = next(one for one in FOLDERS if one.name == folder)
    async with open_door(tmp_path, {folder: place}) as door:
        final = await approved(door, code, {claim: value})
        li = door.citizen("li", name="李示例", resident_id=filling.NUMBER)
        for language in LANGUAGES:
            told = {"Accept-Language": language}
            seen = certificate_reader.read((await li.get(final["links"]["certificate"], headers=told)).body)
            assert seen.says(words[language])
            assert value not in seen.text
            verdict = (await door.anyone.post("/v1/certificates/verify", {"text": seen.code}, headers=told)).ok()
            claims = {one["name"]: one for one in verdict["claims"]}
            assert (claims[claim]["value"], claims[claim]["text"]) == (value, words[language])
            assert not any(value in paragraph for paragraph in verdict["body"])
            # Whoever verifies without the net reads the same names.
            offline = (await door.anyone.get("/v1/passes/keys", headers=told)).ok()["items"][code]["claims"]
            assert next(one for one in offline if one["name"] == claim)["values"][value] == words[language]


def test_a_nationality_is_a_name_wherever_one_can_be_chosen() -> None:
    known = names_of("/v1/lists/nationalities")
    assert {*entries("countries")} - NOT_NATIONALITIES <= {*known}
    assert names_of("/v1/traffic/zones") == {}

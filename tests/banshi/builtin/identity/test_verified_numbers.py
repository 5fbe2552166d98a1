"""Numbers that an identity provider has verified, through real tokens: whatever document, however they are written."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from banshi.kernel.tables.cases import Case
from banshi.kinds.query.models import LookUpPerson
from banshi.testing import Door, Person, made_up_resident_id, open_door
from tests.banshi.builtin.identity.conftest import together
from tests.banshi.kinds.query.test_owner import HANDLER, ITEMS
from tests.servers.issuer import AUDIENCE, Issuer, started_issuer
from tests.town.registers import DEPARTMENTS, import_rows

#: Document → the number as a provider might write it, and as it is stored, compared and hashed. All are made up.
DOCUMENTS = {
    "citizen": ("519999197109070012", "519999197109070012"),
    "small x": ("11010519491231002x", "11010519491231002X"),
    "full-width": ("１１０１０５１９４９１２３１００２ｘ", "11010519491231002X"),
    "spaces": ("110105 19491231 002X", "11010519491231002X"),
    "born before the division": ("330106196503120010", "330106196503120010"),
    "Hong Kong": ("819999199408230020", "819999199408230020"),
    "Macau": ("829999199201300011", "829999199201300011"),
    "Taiwan": ("839999199201300021", "839999199201300021"),
    "permanent resident": ("999999198108030020", "999999198108030020"),
    "permanent resident until 2023": ("kaz110090123105", "KAZ110090123105"),
    "passport": ("e1234 5678", "E12345678"),
    "travel permit": ("H00000000", "H00000000"),
    "officer": ("军字第0000000号", "军字第0000000号"),
    "the wrong check digit": ("519999197109070013", "519999197109070013"),
    "yesterday's sample": ("510703299901010019", "510703299901010019"),
}


@asynccontextmanager
async def opened(folder: Path, issuer: Issuer) -> AsyncIterator[Door]:
    archive = folder / "archive"
    archive.mkdir()
    (archive / "items.toml").write_text(ITEMS, encoding="utf-8")
    (archive / "__init__.py").write_text(HANDLER, encoding="utf-8")
    plugins = {"archive": archive, "traffic": DEPARTMENTS / "traffic"}
    platform = {"identity": {"issuer": issuer.url, "audience": AUDIENCE}}
    row = {"licence_number": "１１０１０５ 19491231 002x", "file_number": "510700000001", "class": "C1"}
    row |= {"status": "normal", "valid_until": "2031-05-01", "points": "0", "period_ends": "2027-05-01"}
    async with open_door(folder, plugins, platform=platform) as door:
        foreigner = row | {"licence_number": "E12345678", "file_number": "510700000002"}
        await import_rows(door, folder, "drivers", [row, foreigner])
        yield door


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def city(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Door, Issuer]]:
    async with started_issuer() as issuer, opened(tmp_path_factory.mktemp("city"), issuer) as door:
        yield door, issuer


def signed_in(city: tuple[Door, Issuer], subject: str, number: Any) -> Person:
    door, issuer = city
    return door.bearing(issuer.token(sub=subject, name="王小明", resident_id=number))


def about(number: str) -> dict[str, Any]:
    return {"answers": {"about": {"number": number}}}


@together
@pytest.mark.parametrize("document", DOCUMENTS)
async def test_whoever_was_verified_is_let_in_with_whatever_document(city: tuple[Door, Issuer], document: str) -> None:
    claim, stored = DOCUMENTS[document]
    person = signed_in(city, document, claim)
    assert (await person.get("/v1/me/look-ups")).ok()["items"] == []
    for typed in (claim, stored, f" {stored.lower()}\u3000"):
        case = (await person.post("/v1/items/own-record/cases", about(typed))).created()
        assert (await Case.get(id=case["id"])).answers == about(stored)["answers"]
    other = (await person.post("/v1/items/own-record/cases", about(made_up_resident_id(77)))).problem(
        422, "invalid-fields"
    )
    assert [one["code"] for one in other["problems"]] == ["not-own"]
    body = {"answers": {"number": claim}}
    (await person.post("/v1/items/own-question/cases", body)).created()


@together
@pytest.mark.parametrize("document", DOCUMENTS)
async def test_a_query_about_oneself_is_answered_with_whatever_document(
    city: tuple[Door, Issuer], document: str
) -> None:
    claim, stored = DOCUMENTS[document]
    question = {"licence_number": stored, "file_number": "510700000999"}
    body = {"question": question, "purpose": "核对本人信息"}
    person = signed_in(city, f"asks {document}", claim)
    assert (await person.post("/v1/items/driver-record/query", body)).ok()["found"] == 0
    question["licence_number"] = made_up_resident_id(78)
    told = (await person.post("/v1/items/driver-record/query", body)).problem(422, "invalid-fields")
    assert [one["code"] for one in told["problems"]] == ["not-own"]


@together
async def test_one_person_is_found_however_each_wrote_the_number(city: tuple[Door, Issuer]) -> None:
    """The register, the token and the question each spell it in another way."""
    spellings = [
        "11010519491231002X",
        "11010519491231002x",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105-19491231-002x",
    ]
    for number, spelling in enumerate(spellings):
        question = {"licence_number": spellings[number - 1], "file_number": "510700000001"}
        person = signed_in(city, "one", spelling)
        body = {"question": question, "purpose": "核对本人信息"}
        assert (await person.post("/v1/items/driver-record/query", body)).ok()["found"] == 1
        assert len((await person.get("/v1/me/look-ups")).ok()["items"]) == number + 1
    assert len(set(await LookUpPerson.all().values_list("about", flat=True))) == 1


@together
@pytest.mark.parametrize(
    "claim",
    [
        ["510703196801310006"],
        519999196801310006,
        {"number": "1"},
        True,
        "E" * 33,
        "1" * 5_000,
        "E1\x00",
        "\ud800",
        "\n",
    ],
    ids=["list", "number", "object", "bool", "long", "longer", "NUL", "surrogate", "line"],
)
async def test_a_claim_that_no_document_can_have_verifies_nobody_and_is_told_without_its_value(
    city: tuple[Door, Issuer], claim: Any, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        person = signed_in(city, "nobody", claim)
        (await person.get("/v1/me/look-ups")).problem(403, "not-verified")
        (await person.post("/v1/items/own-record/cases", about("519999196801310006"))).problem(403, "not-verified")
    said = caplog.text + "".join(capsys.readouterr())
    assert "ID number can't be read" in said
    assert "519999196801310006" not in said
    assert "EEEE" not in said
    assert "1111" not in said


@together
@pytest.mark.parametrize("document", ["passport", "the wrong check digit"])
async def test_a_document_that_no_form_knows_is_logged_without_its_number(
    city: tuple[Door, Issuer], document: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    claim, stored = DOCUMENTS[document]
    with caplog.at_level(logging.DEBUG):
        (await signed_in(city, f"logged {document}", claim).get("/v1/me/look-ups")).ok()
    said = caplog.text + "".join(capsys.readouterr())
    assert "is no resident's" in said
    assert claim not in said
    assert stored not in said


@together
async def test_who_has_no_number_is_still_told_to_have_it_verified(city: tuple[Door, Issuer]) -> None:
    for claim in (None, ""):
        (await signed_in(city, "nobody", claim).get("/v1/me/look-ups")).problem(403, "not-verified")


@together
@pytest.mark.parametrize("typed", ["E12345678", "e1234 5678", "Ｅ12345678"])
async def test_at_the_counter_whoever_drives_with_a_passport_is_found_by_its_number(
    city: tuple[Door, Issuer], typed: str
) -> None:
    door, issuer = city
    clerk = door.bearing(issuer.token(sub="li", banshi_roles=["traffic:registrar"]))
    question = {"licence_number": typed, "file_number": "510700000002"}
    body = {"purpose": "窗口查询", "question": question}
    assert (await clerk.post("/v1/items/driver-record/query", body)).ok()["found"] == 1
    # An ID number that lost a digit, or has a wrong one, is still no number.
    for wrong in ("1101051949123100", "110105194912310021"):
        told = body | {"question": question | {"licence_number": wrong}}
        problem = (await clerk.post("/v1/items/driver-record/query", told)).problem(422, "invalid-fields")
        assert [one["pointer"] for one in problem["problems"]] == ["/question/licence_number"]

"""Texts by an operator's gateway: each once, paid by segments, with proven receipts, and no personal word in any."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from banshi import Case, Message
from banshi.builtin.limits.models import Quota
from banshi.builtin.limits.rates import RATES, Alone
from banshi.foundation.retry import Retry
from banshi.testing import Door, open_door
from conversations import CONVERSATIONS, Reply
from conversations.holdings import tidy
from conversations.outbound import courier
from conversations.tables.models import ChannelConversation, Said
from mobile_push.delivery.service import deliver
from sms.codes import CODES
from sms.sandbox.server import SEND, SmsFaults, SmsSandbox
from sms.segments import segments
from sms.sender import ACCOUNT, SMS, _md5
from tests.channels.strangers.judge import nothing_waits
from tests.places import ROOT
from tests.servers.ports import free_port
from tests.town.registers import DEPARTMENTS
from tests.waiting import until

KEY, NUMBER = "made-up-key-of-the-account", "13800000000"
PLUGINS: dict[str, Path | str] = {
    "criminal": DEPARTMENTS / "criminal",
    "conversations": "conversations",
    "mobile_push": "mobile_push",
    "sms": "sms",
    "telephone": ROOT / "tests" / "channels" / "telephone",
}


@asynccontextmanager
async def city(folder: Path, database: str = "", **settings: Any) -> AsyncIterator[tuple[Door, SmsSandbox]]:
    async with SmsSandbox("", key=KEY) as gateway:
        own = {"url": f"{gateway.url}/sms", "account": gateway.account, "key": KEY, "signature": "【样市政务】"}
        platform = {"database": database} if database else {}
        async with open_door(folder, PLUGINS, settings={"sms": {**own, **settings}}, platform=platform) as door:
            gateway.to = f"{door.url}/v1/sms/receipts"
            yield door, gateway


async def text(door: Door, words: str = "您的办理凭证码：K7Q4-92MX。", number: str = NUMBER) -> UUID:
    conversations = door.platform[CONVERSATIONS]
    return await conversations.say(await conversations.reached(ACCOUNT, number), Reply(text=words), by="engine")


async def is_state(identity: UUID, state: str) -> bool:
    return (await Said.get(id=identity)).state == state


# -- what is sent ----------------------------------------------------------------------------------------------------


async def test_a_text_goes_once_with_its_signature_and_its_receipt_is_noted_however_often_and_early_it_comes(
    tmp_path: Path, database: str
) -> None:
    async with city(tmp_path, database, price=0.05) as (door, gateway):
        gateway.faults.receipts, gateway.faults.receipt_first = 3, True
        first = await text(door)
        await until(lambda: is_state(first, "delivered"))
        gateway.faults.receipt, gateway.faults.receipt_first = "UNDELIV", False
        second = await text(door, number=f"+86{NUMBER}")
        await until(lambda: is_state(second, "failed"))
        assert (await Said.get(id=second)).code == "UNDELIV"
        assert [(one["phone"], one["content"]) for one in gateway.texts] == [
            (NUMBER, "【样市政务】您的办理凭证码：K7Q4-92MX。")
        ] * 2
        metrics = door.platform.metrics
        assert metrics.get_sample_value("banshi_sms_segments_total") == 2
        assert metrics.get_sample_value("banshi_sms_yuan_total") == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("faults", "state", "code"),
    [
        (SmsFaults(codes={SEND: 10}), "refused", "10"),  # 200 with an error inside
        (SmsFaults(message=8), "refused", "8"),  # 200 with an error inside the error's place
        (SmsFaults(codes={SEND: 500}), "unknown", ""),
        (SmsFaults(garbage={SEND}), "unknown", ""),
        (SmsFaults(status={SEND: 502}), "unknown", ""),
        (SmsFaults(hang=True), "unknown", ""),
        (SmsFaults(cut={SEND}), "unknown", ""),
    ],
)
async def test_what_a_gateway_answers_ends_as_what_is_certain_of_it_and_is_never_sent_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faults: SmsFaults, state: str, code: str
) -> None:
    monkeypatch.setattr("sms.CALL_S", 0.3)
    async with city(tmp_path) as (door, gateway):
        gateway.set_faults(faults)
        said = await text(door)
        await until(lambda: is_state(said, state))
        assert (await Said.get(id=said)).code == code
        gateway.set_faults(SmsFaults())
        other = await text(door)
        await until(lambda: is_state(other, "delivered"))
        assert len(gateway.texts) == 1


async def test_what_certainly_was_not_sent_is_sent_later_and_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "LATER", Retry(0.01, 0.16))
    monkeypatch.setattr("sms.sender.SPENT_FOR", timedelta(seconds=0.05))
    async with city(tmp_path, texts_for_one=1, segments_a_day=2) as (door, gateway):
        gateway.faults.codes, gateway.faults.every = {SEND: 13}, {}
        said = await text(door)
        await until(lambda: gateway.counted[SEND, 13] >= 3)
        gateway.faults.codes = {SEND: 5}  # the account is filled up meanwhile
        await until(lambda: gateway.counted[SEND, 5] >= 2)
        gateway.set_faults(SmsFaults())
        await until(lambda: is_state(said, "delivered"))
        # One number has its one, whichever process counts; another has the day's second segment, and a third waits
        # for tomorrow's.
        door.platform[RATES].alone = Alone()
        many, other = await text(door), await text(door, number="13900000000")
        await until(lambda: is_state(many, "refused"))
        await until(lambda: is_state(other, "delivered"))
        third = await text(door, number="13700000000")
        await until(lambda: gateway_is_spent(third))
        assert len(gateway.texts) == 2


async def gateway_is_spent(said: UUID) -> bool:
    row = await Said.get(id=said)
    return row.state == "waiting" and row.attempts > 1 and not row.is_sending


@pytest.mark.parametrize("early", [True, False])
async def test_a_lost_answer_is_unknown_until_the_receipt_says_what_became_of_it(tmp_path: Path, early: bool) -> None:
    """Also where the receipt came before our row knew that its answer was lost."""
    async with city(tmp_path) as (door, gateway):
        gateway.set_faults(SmsFaults(lose_answer={SEND}, receipt_first=True, receipt="DELIVRD" if early else ""))
        said = await text(door)
        await until(lambda: is_state(said, "unknown"))
        if early:
            await tidy(door.platform)
        else:
            gateway.faults.receipt = "DELIVRD"
            assert await gateway.tell([gateway.receipt_of(gateway.texts[0])]) == 200
        assert await is_state(said, "delivered")


async def test_a_forged_receipt_changes_nothing_and_one_among_forged_ones_counts(tmp_path: Path) -> None:
    async with city(tmp_path) as (door, gateway):
        gateway.faults.receipt = ""
        said = await text(door)
        await until(lambda: is_state(said, "accepted"))
        gateway.faults.receipt = "DELIVRD"
        right = gateway.receipt_of(gateway.texts[0])
        proof = right["callData"]
        forged = [
            {**right, "callData": one} for one in (proof[:32] + "0" * 32, UUID(int=1).hex + proof[32:], "", None, 7)
        ]
        anyone = door.anyone
        for body in (forged, [{}], 7, "x", [7]):
            (await anyone.call("POST", "/v1/sms/receipts", json=body)).problem(401, "not-proven")
        raw = {"data": b"{", "headers": {"Content-Type": "application/json"}}
        (await anyone.call("POST", "/v1/sms/receipts", **raw)).problem(401, "not-proven")
        assert await is_state(said, "accepted")
        assert (
            await anyone.call("POST", "/v1/sms/receipts", json=[*forged, {"msgId": 1, "status": "X"}, {}, right])
        ).ok() == {"code": 0}
        assert await is_state(said, "delivered")


async def test_a_number_that_takes_no_texts_costs_nothing_and_a_contact_who_is_left_alone_leaves_no_trace(
    tmp_path: Path, database: str
) -> None:
    async with city(tmp_path, database) as (door, gateway):
        for number in ("01012345678", "+15551234567", "", "110"):
            said = await text(door, number=number)
            await until(lambda said=said: is_state(said, "refused"))
        assert not gateway.texts
        assert not await Quota.exists()
        conversations = door.platform[CONVERSATIONS]
        both = await asyncio.gather(*(conversations.reached(ACCOUNT, NUMBER) for _ in range(8)))
        assert len({*both}) == 1
        await text(door)
        await conversations.left_alone(ACCOUNT, NUMBER)
        assert not await ChannelConversation.filter(contact=NUMBER).exists()
        assert not await Said.filter(conversation_id=both[0]).exists()


# -- what no push could bring, and what no text has ------------------------------------------------------------------


async def test_people_whom_no_push_reaches_are_told_where_they_agreed_to_it_and_in_no_word_that_is_theirs(
    tmp_path: Path, database: str
) -> None:
    """Whatever their case says: a text has our sentence alone; and no log has a number."""
    async with city(tmp_path, database, contact_fields=True, hotline="9600110") as (door, gateway):
        cases = {
            "hotline-7": {"phone": "13800001111", "name": "王小明"},  # what was agreed on the telephone counts
            "wang": {"phone": "13811112222", "name": "王小明", "unit": "城关派出所"},
            "li": {"name": "李四"},
        }
        with capture_logs() as logs:
            for person, answers in cases.items():
                case = await made(door, person, answers)
                words = {"zh-CN": f"{answers['name']}的{case.number}已办结", "en": "done"}
                about = {"case_id": str(case.id), "number": case.number, "link": f"/v1/cases/{case.id}"}
                one = Message(
                    id=str(uuid4()),
                    kind="case",
                    person=person,
                    title=words,
                    body=words,
                    created_at=case.created_at,
                    **about,
                )
                for _ in range(2):
                    await deliver(door.platform, [one])
            await until(lambda: len(gateway.texts) == 2)
            await until(nothing_waits)
            await gateway.told()
        assert {one["phone"] for one in gateway.texts} == {"13711110000", "13811112222"}
        assert {one["content"] for one in gateway.texts} == {
            "【样市政务】您办理的事项有新进展，请致电9600110查询，可报办理凭证码。"
        }
        assert "请致电9600110查询" in (await door.citizen("wang").get("/v1/me/data")).body.decode()
        told = json.dumps([*logs], default=str, ensure_ascii=False)
        assert not any(number in told for number in ("13711110000", "13811112222", "13800001111"))


async def made(door: Door, person: str, answers: Mapping[str, Any]) -> Case:
    now, item = door.platform.now(), door.platform.registry.items["appraisal-copy"]
    own = {"item": item.code, "item_version": item.version, "kind": item.kind, "department": item.department}
    rest = {"number": uuid4().hex[:12], "state": "submitted", "created_at": now, "updated_at": now}
    return await Case.create(person=person, answers=dict(answers), **own, **rest)


async def test_without_a_gateway_nothing_is_offered_and_what_is_promised_waits_for_none(tmp_path: Path) -> None:
    async with open_door(tmp_path, PLUGINS) as door:
        said = await text(door)
        assert await is_state(said, "shut")
        # What everybody could make proves nothing.
        sms = door.platform[SMS]
        (
            await door.anyone.call(
                "POST", "/v1/sms/receipts", json=[{"callData": sms.proof(str(said)), "status": "DELIVRD"}]
            )
        ).problem(401, "not-proven")


async def test_a_gateway_that_is_away_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "LATER", Retry(0.01, 0.16))
    port = free_port()
    own = {"url": f"http://127.0.0.1:{port}/sms", "account": "city", "key": KEY, "signature": "【样市政务】"}
    async with open_door(tmp_path, PLUGINS, settings={"sms": own}) as door:
        said = await text(door)
        await until(lambda: gateway_is_spent(said))
        async with SmsSandbox(f"{door.url}/v1/sms/receipts", port=port, key=KEY) as gateway:
            await until(lambda: is_state(said, "delivered"))
            assert len(gateway.texts) == 1
            assert door.platform[SMS].proven(gateway.texts[0]["callData"]) == str(said)


# -- the documents ---------------------------------------------------------------------------------------------------


def test_calls_are_signed_as_the_published_example_is() -> None:
    """短信网关接口规范（JSON） has account test, password 123, and there 测试内容 between account and time."""
    assert _md5(f"test测试内容1596254400000{_md5('123')}") == "92f4abe1a56cac716bc790c93149a3ae"


def test_every_code_that_isnt_known_asks_an_operator_and_is_sent_again_by_nobody() -> None:
    refused = [CODES.refused(code) for code in range(100) if str(code) not in CODES.table]
    assert {one.consequence.value for one in refused} == {"ours"}
    assert not any(one.comes_again for one in refused)


GSM = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0:;<=>?¡AZÄÖÑÜ§¿azäöñüà"


@given(
    st.text(st.one_of(st.sampled_from(GSM + "€{}[]|~^\\\f"), st.characters(exclude_categories=["Cs"])), max_size=400)
)
def test_no_segment_is_too_long_none_is_wanting_and_no_letter_is_cut(text: str) -> None:
    plain = all(letter in GSM + "€{}[]|~^\\\f" or (letter.isascii() and letter.isalnum()) for letter in text)
    sizes = [
        (2 if letter in "€{}[]|~^\\\f" else 1) if plain else len(letter.encode("utf-16-be")) // 2 for letter in text
    ]
    whole, each = (160, 153) if plain else (70, 67)
    found, total = segments(text), sum(sizes)
    if total <= whole:
        assert found == 1
    else:
        # A letter of two may leave one place of each segment empty, and no more.
        assert -(-total // each) <= found <= -(-total // (each - 1))


@pytest.mark.parametrize(
    ("text", "size"),
    [
        *(("中" * number, size) for number, size in ((70, 1), (71, 2), (134, 2), (135, 3))),
        *(("a" * number, size) for number, size in ((160, 1), (161, 2), (306, 2), (307, 3))),
        *(("€" * number, size) for number, size in ((80, 1), (81, 2), (152, 2), (153, 3))),
        *(("😀" * number, size) for number, size in ((35, 1), (36, 2), (66, 2), (67, 3))),
        ("", 1),
    ],
)
def test_segments_are_as_long_as_the_standard_has_them(text: str, size: int) -> None:
    assert segments(text) == size

"""Encryption and signatures against what the standards publish, and the thread in which they are made."""

from __future__ import annotations

import asyncio
import base64
import os
import threading
import time
from functools import partial

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from mobile_push.providers.webpush import Subscription, encryption
from mobile_push.providers.webpush.encryption import MAX_PLAINTEXT_BYTES, MAX_WORK_AT_ONCE, Bench, encrypt
from mobile_push.sandbox.webpush.checks import _claims
from mobile_push.sandbox.webpush.phone import derived, opened, point
from tests.tries import tries
from tests.waiting import lateness


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(raw(text)), ec.SECP256R1())


# RFC 8291 section 5 and Appendix A.
PLAINTEXT = b"When I grow up, I want to be a watermelon"
SENDER, SENDER_POINT = (
    private("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
    raw("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"),
)
RECEIVER, RECEIVER_POINT = (
    private("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"),
    raw("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
)
AUTH, SALT = raw("BTBZMqHH6r4Tts7J_aSIgg"), raw("DGv6ra1nlYgDCS1FRnbzlw")
INTERMEDIATE = {
    "ecdh_secret": "kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs",
    "prk_key": "Snr3JMxaHVDXHWJn5wdC52WjpCtd2EIEGBykDcZW32k",
    "key_info": "V2ViUHVzaDogaW5mbwAEJXGyvs3942BVGq8e0PTNNmwRzr5VX4m8t7GGpTM5FzFo7OLr4BhZe9MEebhuPI-OztV3ylkYfpJGmQ22gg"
    "CLDgT-M_SrDepxkU21WCP3O1SUj0EwbZIHMtu5pZpTKGSCIA5Zent7wmC6HCJ5mFgJkuk5cwAvMBKiiujwa7t45ewP",
    "ikm": "S4lYMb_L0FxCeq0WhDx813KgSYqU26kOyzWUdsXYyrg",
    "prk": "09_eUZGrsvxChDCGRCdkLiDXrReGOEVeSCdCcPBSJSc",
    "cek": "oIhVW04MRdy2XN9CiKLxTg",
    "nonce": "4h_95klXJ5E_qnoN",
}
CIPHERTEXT = "8pfeW0KbunFT06SuDKoJH9Ql87S1QUrdirN6GcG7sFz1y1sqLgVi1VhjVkHsUoEsbI_0LpXMuGvnzQ"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
TO = Subscription("https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV", RECEIVER_POINT, AUTH)


def test_the_example_of_rfc_8291_comes_out_byte_for_byte() -> None:
    body = encrypt(PLAINTEXT, TO, private_key=SENDER, salt=SALT)
    assert body == raw(BODY)
    assert body[86:] == raw(CIPHERTEXT)
    assert body[21:86] == SENDER_POINT == point(SENDER)
    assert point(RECEIVER) == RECEIVER_POINT


def test_every_intermediate_value_of_appendix_a_is_derived() -> None:
    values = derived(RECEIVER, SENDER_POINT, AUTH, SALT)
    assert values._asdict() == {name: raw(text) for name, text in INTERMEDIATE.items()}


def test_the_example_of_rfc_8291_is_opened_by_the_phone_and_by_the_library() -> None:
    assert opened(RECEIVER, AUTH, raw(BODY)) == PLAINTEXT
    assert http_ece.decrypt(raw(BODY), private_key=RECEIVER, auth_secret=AUTH) == PLAINTEXT


def test_the_library_that_ours_is_held_against_keeps_to_the_examples_of_rfc_8188() -> None:
    """Sections 3.1 and 3.2."""
    walrus, key, salt = b"I am the walrus", raw("yqdlZ-tYemfogSmv7Ws5PQ"), raw("I1BsxtFttlv3u_Oo94xnmw")
    body = raw("I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg")
    assert http_ece.encrypt(walrus, salt=salt, key=key, version="aes128gcm") == body
    assert http_ece.decrypt(body, key=key, version="aes128gcm") == walrus
    records = raw("uNCkWiNYzKTnBN9ji3-qWAAAABkCYTHOG8chz_gnvgOqdGYovxyjuqRyJFjEDyoF1Fvkj6hQPdPHI51OEUKEpgz3SsLWIqS_uA")
    assert http_ece.decrypt(records, key=raw("BO3ZVPxUlnLORbVGMpbT1Q"), version="aes128gcm") == walrus


def test_the_example_of_rfc_8292_has_a_good_signature() -> None:
    """Section 2.4."""
    token = (
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1Yi"
        "I6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9"
        "OkSSHzvoD1oA"
    )
    key = "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"
    claims = {"aud": "https://push.example.net", "exp": 1453523768, "sub": "mailto:push@example.com"}
    assert _claims(token, key) == claims
    with pytest.raises(ValueError, match="signature"):
        _claims(token[:-4] + "AAAA", key)


@settings(max_examples=tries(20, 50))
@given(st.binary(min_size=1, max_size=MAX_PLAINTEXT_BYTES))
def test_whatever_is_sent_arrives_in_one_record_of_at_most_4096_bytes(text: bytes) -> None:
    body = encrypt(text, TO)
    assert len(body) == 86 + len(text) + 1 + 16 <= 4096
    assert opened(RECEIVER, AUTH, body) == text
    assert http_ece.decrypt(body, private_key=RECEIVER, auth_secret=AUTH) == text


def test_the_longest_text_fills_the_body_and_one_byte_more_is_refused_as_none_is() -> None:
    assert len(encrypt(b"a" * MAX_PLAINTEXT_BYTES, TO)) == 4096
    assert MAX_PLAINTEXT_BYTES == 3993
    for text in (b"a" * (MAX_PLAINTEXT_BYTES + 1), b""):
        with pytest.raises(ValueError, match="1 to 3993"):
            encrypt(text, TO)


def test_each_message_has_a_key_and_a_salt_of_its_own() -> None:
    bodies = [encrypt(b"the same", TO) for _ in range(20)]
    assert len({body[:16] for body in bodies}) == len({body[21:86] for body in bodies}) == 20


def test_a_body_with_any_bit_changed_is_not_opened() -> None:
    body = encrypt(b"hello", TO)
    for place in range(len(body)):
        for bit in (1, 128):
            changed = bytearray(body)
            changed[place] ^= bit
            if 16 <= place < 20:
                continue  # the record's size is bound by nothing (RFC 8188 section 4.6); one record fits anyway
            with pytest.raises(ValueError, match=r"tag|key|point|record"):
                opened(RECEIVER, AUTH, bytes(changed))
    for wrong in (b"", body[:86], body[:100], body[:-1], body + b"a", os.urandom(4096)):
        with pytest.raises(ValueError, match=r"tag|shorter|key id|record|point"):
            opened(RECEIVER, AUTH, wrong)


# -- the bench ---------------------------------------------------------------------------------------------------


async def test_work_is_done_beside_the_loop_in_its_order_and_each_gets_its_own_result() -> None:
    bench = Bench()
    done: list[int] = []

    def work(number: int) -> tuple[int, int]:
        done.append(number)
        return number, threading.get_ident()

    results = await asyncio.gather(*(bench.run(partial(work, number)) for number in range(5 * MAX_WORK_AT_ONCE)))
    assert [number for number, _ in results] == done == list(range(5 * MAX_WORK_AT_ONCE))
    threads = {thread for _, thread in results}
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    bench.close()


async def test_those_that_wait_go_together_and_no_more_than_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    bench, groups, do = Bench(), [], encryption._outcomes
    monkeypatch.setattr(encryption, "_outcomes", lambda group: (groups.append(len(group)), do(group))[1])
    await asyncio.gather(*(bench.run(lambda: None) for _ in range(2 * MAX_WORK_AT_ONCE + 3)))
    assert groups == [MAX_WORK_AT_ONCE, MAX_WORK_AT_ONCE, 3]
    bench.close()


async def test_work_that_fails_fails_alone() -> None:
    bench = Bench()

    def fail() -> None:
        raise KeyError("this one")

    results = await asyncio.gather(*(bench.run(w) for w in (lambda: 1, fail, lambda: 3)), return_exceptions=True)
    assert results[0] == 1
    assert isinstance(results[1], KeyError)
    assert results[2] == 3
    bench.close()


async def test_whoever_leaves_costs_the_others_nothing() -> None:
    bench, begun = Bench(), threading.Event()
    held = threading.Event()

    def hold() -> None:
        begun.set()
        held.wait(5)

    tasks = [asyncio.create_task(bench.run(hold))]
    await asyncio.to_thread(begun.wait, 5)
    tasks += [asyncio.create_task(bench.run(partial(int, number))) for number in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    tasks[2].cancel()
    held.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert results[1::2] == [0, 2]
    assert all(isinstance(one, asyncio.CancelledError) for one in results[::2])
    assert await bench.run(lambda: "goes on") == "goes on"
    bench.close()


async def test_a_bench_that_closes_keeps_nobody_waiting() -> None:
    bench, begun, held = Bench(), threading.Event(), threading.Event()

    def hold() -> str:
        begun.set()
        held.wait(5)
        return "finished"

    first = asyncio.create_task(bench.run(hold))
    await asyncio.to_thread(begun.wait, 5)
    second = asyncio.create_task(bench.run(lambda: "never"))
    await asyncio.sleep(0)
    bench.close()
    with pytest.raises(ConnectionError):
        await second
    with pytest.raises(ConnectionError):
        await bench.run(lambda: "late")
    held.set()
    assert await first == "finished"


async def test_the_loop_goes_on_while_hundreds_of_messages_are_encrypted() -> None:
    bench = Bench()
    async with lateness(0.001) as late:
        started = time.monotonic()
        await asyncio.gather(*(bench.run(partial(encrypt, b"a" * 300, TO)) for _ in range(800)))
        took = time.monotonic() - started
    bench.close()
    # Encrypted on the loop, the 800 would hold it up all the time that they take.
    assert sorted(late)[len(late) // 2] < took / 10
    assert len(late) > 10

"""What goes over the wire: encryption, XML, the map; held against answers that others have published."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import xmltodict
from hypothesis import given
from hypothesis import strategies as st
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException

from wire import crypto, messages, places, xml

#: Those of wechatpy's own tests.
TOKEN, KEY, APPID = "123456", "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", "wx49f0ab532d5d035a"
PUBLISHED = """<xml>
<MsgType><![CDATA[text]]></MsgType>
<Content><![CDATA[test]]></Content>
<FromUserName><![CDATA[wx49f0ab532d5d035a]]></FromUserName>
<ToUserName><![CDATA[messense]]></ToUserName>
<AgentID>1</AgentID>
<CreateTime>1411525903</CreateTime>
</xml>"""
SEALED = (
    "RgqEoJj5A4EMYlLvWO1F86ioRjZfaex/gePD0gOXTxpsq5Yj4GNglrBb8I2BAJVODGajiFnXBu7mCPatfjsu6IHCrsTyeDXzF6Bv283dGymzxh6"
    "ydJRvZsryDyZbLTE7rhnus50qGPMfp2wASFlzEgMW9z1ef/RD8XzaFYgm7iTdaXpXaG4+BiYyolBug/gYNx410cvkKR2/nPwBiT+P4hIiOAQqG"
    "p/TywZBtDh1yCF2KOd0gpiMZ5jSw3e29mTvmUHzkVQiMS6td7vXUaWOMZnYZlF3So2SjHnwh4jYFxdgpkHHqIrH/54SNdshoQgWYEvccTKe7FS7"
    "09/5t6NMxuGhcUGAPOQipvWTT4dShyqio7mlsl5noTrb++x6En749zCpQVhDpbV6GDnTbcX2e8K9QaNWHp91eBdCRxthuL0="
)

CIPHER = crypto.MessageCipher(KEY, APPID)


def message(**fields: str) -> bytes:
    whole = {
        "ToUserName": "gh_0123456789ab",
        "FromUserName": "oWang00000000000000000000000",
        "CreateTime": "1764378000",
        "MsgId": "23820000000000001",
        **fields,
    }
    return b"<xml>\n" + b"\n".join(f"<{name}>{text}</{name}>".encode() for name, text in whole.items()) + b"\n</xml>"


# -- encryption --------------------------------------------------------------------------------------------------


def test_what_is_encrypted_has_the_published_signature() -> None:
    sealed = CIPHER.encrypted(PUBLISHED.encode(), salt=b"1234567890123456")
    signed = crypto.signature(TOKEN, "1411525903", "461056294", sealed)
    assert signed == "407518b7649e86ef23978113f92d27afa9296533"


def test_what_was_published_encrypted_is_signed_and_read() -> None:
    parts = (TOKEN, "1411525903", "461056294", SEALED)
    assert crypto.is_signed("74d92dfeb87ba7c714f89d98870ae5eb62dff26d", *parts)
    assert not crypto.is_signed("74d92dfeb87ba7c714f89d98870ae5eb62dff26e", *parts)
    assert xmltodict.parse(CIPHER.decrypted(SEALED))["xml"]["FromUserName"] == "messense"


@given(st.binary(max_size=200))
def test_any_text_is_read_as_it_was_encrypted(text: bytes) -> None:
    assert CIPHER.decrypted(CIPHER.encrypted(text)) == text


def test_whatever_its_length_another_library_reads_it_too() -> None:
    theirs = WeChatCrypto(TOKEN, KEY, APPID)
    for size in range(80):
        reply = f"<xml><Content>{'好' * size}</Content></xml>"
        sealed = messages.sealed(CIPHER, TOKEN, reply.encode(), 1764378000)
        outer = xmltodict.parse(sealed)["xml"]
        read = theirs.decrypt_message(sealed.decode(), outer["MsgSignature"], outer["TimeStamp"], outer["Nonce"])
        assert read == reply


def test_what_is_for_another_account_is_read_by_neither() -> None:
    sealed = crypto.MessageCipher(KEY, "wx0000000000000000").encrypted(b"<xml/>")
    with pytest.raises(crypto.NotOurs):
        CIPHER.decrypted(sealed)
    body = f"<xml><Encrypt>{sealed}</Encrypt></xml>"
    with pytest.raises(InvalidAppIdException):
        WeChatCrypto(TOKEN, KEY, APPID).decrypt_message(body, crypto.signature(TOKEN, "1", "2", sealed), "1", "2")


@given(st.binary(max_size=96))
def test_what_somebody_made_up_is_refused_and_nothing_else_happens(made_up: bytes) -> None:
    import base64

    for text in (made_up.decode("latin-1"), base64.b64encode(made_up).decode()):
        with pytest.raises(crypto.NotOurs):
            CIPHER.decrypted(text)


@pytest.mark.parametrize("key", ["", "kWxPEV2U", KEY + "=", "!" * 43])
def test_a_key_that_is_none_is_named(key: str) -> None:
    with pytest.raises(ValueError, match="EncodingAESKey"):
        crypto.MessageCipher(key, APPID)


# -- messages ----------------------------------------------------------------------------------------------------


def test_a_moment_is_in_seconds_or_in_milliseconds_as_others_tests_have_it() -> None:
    for written in ({}, {"CreateTime": "1764378000000"}):
        read = messages.read(message(MsgType="text", Content="你好", **written))
        assert read.at == datetime(2025, 11, 29, 1, 0, tzinfo=UTC)
    for wrong in ("17643780000", "99999999999999", "-1", "1.5", "１７６４３７８０００", ""):
        with pytest.raises(xml.Unreadable, match="CreateTime"):
            messages.read(message(MsgType="text", CreateTime=wrong))


def test_a_message_is_known_by_its_number_and_an_event_by_who_when_and_what() -> None:
    assert messages.read(message(MsgType="text")).key == "23820000000000001"
    event = message(MsgType="event", Event="CLICK", EventKey="进度")
    assert messages.read(event).key == "oWang00000000000000000000000-1764378000-click"
    assert messages.read(event).kind == "event/click"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<xml>",
        b"{}",
        "<xml><ToUserName>你</ToUserName></xml>".encode("gbk"),
        b'<?xml version="1.0" encoding="nobody-knows"?><xml/>',
        b"<xml><MsgType>text</MsgType></xml>",
        message(MsgType="text", MsgId="1 OR 1=1"),
        message(MsgType="text", FromUserName="o" * 65),
        message(MsgType="text", FromUserName="o\n"),
        b"<xml>" + b"<a>" * 20 + b"</a>" * 20 + b"</xml>",
        b"<xml>" + b"<a/>" * 500 + b"</xml>",
        b'<!DOCTYPE xml [<!ENTITY a "aaaa">]><xml>&a;</xml>',
        b'<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml/>',
    ],
)
def test_what_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(xml.Unreadable):
        messages.read(body)


@given(st.binary(max_size=300))
def test_whatever_comes_is_a_message_or_refused(body: bytes) -> None:
    with pytest.raises(xml.Unreadable):
        messages.read(body)


@given(st.text(max_size=200))
def test_what_is_replied_is_read_by_another_library_as_it_was_said(text: str) -> None:
    asked = messages.read(message(MsgType="text", Content="你好"))
    document = messages.reply(asked, text, datetime(2025, 11, 29, tzinfo=UTC))
    parsed = parse_message(document)
    assert parsed.target == asked.sender
    # What XML can't carry is left out; a line's end is "\n" to every reader of XML.
    kept = "".join(
        one
        for one in text
        if one in "\t\n\r" or " " <= one <= "\ud7ff" or "\ue000" <= one <= "\ufffd" or one > "\uffff"
    )
    read = messages.first(xml.read(document), "Content")
    assert read == kept.replace("\r\n", "\n").replace("\r", "\n")
    assert (parsed.content or "") == read.strip() or parsed.content == read


@pytest.mark.parametrize(
    ("inner", "kind", "path", "found"),
    [
        ("<EventKey>k</EventKey><MenuId>1</MenuId>", "VIEW", "MenuId", "1"),
        (
            (
                "<SendPicsInfo><Count>2</Count><PicList><item><PicMd5Sum>a</PicMd5Sum></item><item><PicMd5Sum>b</PicMd5Sum>"
                "</item></PicList></SendPicsInfo>"
            ),
            *("pic_sysphoto", "SendPicsInfo/PicList/item/PicMd5Sum", "a"),
        ),
    ],
)
def test_events_of_every_shape_are_read_by_their_paths(inner: str, kind: str, path: str, found: str) -> None:
    """Shapes of WxJava's sample messages, with words of our own."""
    body = message(MsgType="event", Event=kind).replace(b"</xml>", inner.encode() + b"</xml>")
    read = messages.read(body)
    assert (read.kind, read[path]) == (f"event/{kind.lower()}", found)
    if "PicList" in path:
        assert [*read.fields[path]] == ["a", "b"]


# -- places ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
        ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
        ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
        ((40.7, -74.0), (40.7, -74.0)),
    ],
)
def test_a_place_on_the_map_is_where_it_is(ours: tuple[float, float], theirs: tuple[float, float]) -> None:
    """Known answers of the library eviltransform, and New York, where nothing is shifted."""
    assert places.to_gcj02(*ours) == pytest.approx(theirs, abs=1e-9)
    assert places.to_wgs84(*theirs) == pytest.approx(ours, abs=1e-7)

"""Subscriptions come from phones, and this server posts to where they say: what is taken, and what never is."""

from __future__ import annotations

import base64
import json
import socket
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from banshi.builtin.outgoing.addresses import Sockets, is_public
from banshi.sdk.outgoing import LOOPBACK, ForbiddenAddress
from mobile_push.providers.webpush import Subscription, WebPushSettings, subscription
from mobile_push.providers.webpush.subscriptions import Forbidden
from mobile_push.sandbox.webpush.phone import Phone

SETTINGS = WebPushSettings(private_key_file=Path("key.pem"), contact="mailto:push@example.org")
DOCUMENT = Phone.subscribed(None).subscription("https://push.example.org")
POINT = base64.urlsafe_b64decode(DOCUMENT["keys"]["p256dh"] + "=")


def settings(**changes: Any) -> WebPushSettings:
    return WebPushSettings(private_key_file=Path("key.pem"), contact="mailto:push@example.org", **changes)


def at(endpoint: object, **keys: object) -> dict[str, Any]:
    return {**DOCUMENT, "endpoint": endpoint, "keys": {**DOCUMENT["keys"], **keys}}


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/dQw4w9WgXcQ:APA91bH-_x",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABh",
        "https://web.push.apple.com/QGuQyavXutnMH",
        "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAD%2f%2bA%3d",
        "https://ntfy.example.org/upAbCdEf123?up=1",
        "https://push.example.org:8443/push/x",
        "https://xn--fiq228c.example/push",
    ],
)
def test_a_push_services_address_is_taken_as_it_is(endpoint: str) -> None:
    text = subscription(at(endpoint), SETTINGS)
    assert json.loads(text)["endpoint"] == endpoint
    assert Subscription.read(text, SETTINGS).text == text


def test_equal_subscriptions_have_equal_texts() -> None:
    bare = subscription(DOCUMENT, SETTINGS)
    keys = {name: text + "=" * (-len(text) % 4) for name, text in DOCUMENT["keys"].items()}
    spelt = {"keys": keys, "x": 1, "endpoint": DOCUMENT["endpoint"].replace("https://push", "HTTPS://PUSH")}
    port = at(DOCUMENT["endpoint"].replace(".org/", ".org:443/"))
    assert {subscription(one, SETTINGS) for one in (DOCUMENT, json.dumps(DOCUMENT), spelt, port)} == {bare}
    assert json.loads(bare).keys() == {"endpoint", "keys"}


@pytest.mark.parametrize(
    "endpoint",
    [
        None,
        7,
        "",
        "x",
        "http://push.example.org/x",
        "ftp://push.example.org/x",
        "file:///etc/passwd",
        "gopher://push.example.org/x",
        "//push.example.org/x",
        "https:///x",
        "https://",
        "https://localhost/x",
        "https://LOCALHOST/x",
        "https://127.0.0.1/x",
        "https://127.1/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://0x7f.0.0.1/x",
        "https://0177.0.0.1/x",
        "https://10.0.0.5/x",
        "https://8.8.8.8/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://[fe80::1%25eth0]/x",
        "https://[2001:4860:4860::8888]/x",
        "https://intranet/x",
        "https://push.example.org./x",
        "https://.example.org/x",
        "https://push..example.org/x",
        "https://-.example/x",
        "https://user@push.example.org/x",
        "https://user:secret@push.example.org/x",
        "https://push.example.org@127.0.0.1/x",
        "https://@push.example.org/x",
        "https://push.example.org\\@127.0.0.1/x",
        "https://push.example.org#@127.0.0.1/x",
        "https://push.example.org/x#fragment",
        "https://push.example.org/x y",
        "https://push.example.org/x\r\nX-Injected: 1",
        "https://push.example.org/\x00",
        "https://push.example.org/推",
        "https://推.example/x",
        "https://push.example.org:22/x",
        "https://push.example.org:25/x",
        "https://push.example.org:80/x",
        "https://push.example.org:0/x",
        "https://push.example.org:65536/x",
        "https://push.example.org:-1/x",
        "https://push.example.org:abc/x",
        "https://push.example.org/" + "x" * 2048,
    ],
)
def test_an_address_that_can_be_no_push_services_is_refused_with_advice(endpoint: object) -> None:
    with pytest.raises(ValueError, match=r"endpoint|仅供开发时使用"):
        subscription(at(endpoint), SETTINGS)


WRONG_KEYS: tuple[dict[str, object], ...] = (
    {"p256dh": None},
    {"p256dh": 7},
    {"p256dh": ""},
    {"p256dh": "AAAA"},
    {"p256dh": "é" * 87},
    {"p256dh": DOCUMENT["keys"]["p256dh"] + "\n"},
    {"p256dh": DOCUMENT["keys"]["p256dh"][:-1]},
    {"p256dh": DOCUMENT["keys"]["p256dh"] + "A"},
    {"p256dh": "A" * 10_000},
    {"p256dh": base64.b64encode(b"\x04" + b"\xff" * 64).decode()},
    {"p256dh": base64.urlsafe_b64encode(b"\x04" + bytes(64)).decode()},
    {"p256dh": base64.urlsafe_b64encode(b"\x00").decode()},
    {"p256dh": base64.urlsafe_b64encode(b"\x05" + POINT[1:]).decode()},
    {"p256dh": base64.urlsafe_b64encode(bytes([2 + POINT[-1] % 2]) + POINT[1:33]).decode()},
    {"p256dh": base64.urlsafe_b64encode(POINT[:-1] + bytes([POINT[-1] ^ 1])).decode()},
    {"auth": None},
    {"auth": ""},
    {"auth": "AAAA"},
    {"auth": base64.urlsafe_b64encode(bytes(15)).decode()},
    {"auth": base64.urlsafe_b64encode(bytes(17)).decode()},
    {"auth": {"$ne": ""}},
)


@pytest.mark.parametrize("keys", WRONG_KEYS)
def test_keys_that_nothing_can_be_encrypted_with_are_refused_by_name(keys: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"keys.{next(iter(keys))}"):
        subscription(at(DOCUMENT["endpoint"], **keys), SETTINGS)


@pytest.mark.parametrize("value", ["", "{", "null", "[]", '"x"', "7", "{}", '{"keys":[]}', '{"keys":null}', "[" * 9999])
def test_what_is_no_subscription_is_refused_with_advice(value: str) -> None:
    with pytest.raises(ValueError, match=r"toJSON\(\)"):
        subscription(value, SETTINGS)


def test_listed_hosts_alone_are_taken_where_there_is_a_list() -> None:
    some = settings(hosts=frozenset({"fcm.googleapis.com", "*.notify.windows.com"}))
    for host in (
        "fcm.googleapis.com",
        "wns2-par02p.notify.windows.com",
        "a.b.notify.windows.com",
        "FCM.googleapis.com",
    ):
        assert subscription(at(f"https://{host}/x"), some)
    for host in (
        "push.example.org",
        "notify.windows.com",
        "evilnotify.windows.com",
        "xfcm.googleapis.com",
        "a.fcm.googleapis.com",
    ):
        with pytest.raises(Forbidden, match="not allowed here"):
            subscription(at(f"https://{host}/x"), some)


def test_this_machine_is_a_push_service_in_development_alone() -> None:
    here = settings(loopback=True, hosts=frozenset({"push.example.org"}))
    for endpoint in ("http://127.0.0.1:9098/push/x", "http://localhost:9098/push/x", "https://127.0.0.1/push/x"):
        assert Subscription.read(at(endpoint), here).endpoint == endpoint
        with pytest.raises(Forbidden, match="仅供开发时使用"):
            subscription(at(endpoint), SETTINGS)
    for endpoint in ("http://10.0.0.5/x", "http://push.example.org/x", "ftp://127.0.0.1/x", "http://[::1]:9098/push/x"):
        with pytest.raises(ValueError, match=r"endpoint|仅供开发时使用"):
            subscription(at(endpoint), here)


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"contact": "push@example.org"}, "contact"),
        ({"contact": "mailto:a b@example.org"}, "contact"),
        ({"contact": "http://example.org"}, "contact"),
        ({"contact": "https://example.org/a path"}, "contact"),
        ({"hosts": frozenset({"https://push.example.org"})}, "hosts"),
        ({"hosts": frozenset({"*"})}, "hosts"),
        ({"hosts": frozenset({"Push.example.org"})}, "lower case"),
        ({"connections": 0}, "connections"),
        ({"timeout": 0.0}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"timeout": 61.0}, "timeout"),
        ({"proxy": "proxy.example.org:3128", "hosts": frozenset({"a.example"})}, "proxy"),
        ({"proxy": "http://proxy.example.org:3128"}, "proxy needs hosts"),
    ],
)
def test_a_setting_that_cant_be_meant_is_named(changes: dict[str, Any], advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        WebPushSettings(**{"private_key_file": Path("key.pem"), "contact": "mailto:push@example.org", **changes})


# -- where a name leads ------------------------------------------------------------------------------------------

INSIDE = (
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "fe80::1",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001::1",
    "2001:db8::1",
)


def test_an_address_of_our_own_network_is_never_connected_to() -> None:
    for address in INSIDE:
        assert not is_public(address), address
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with pytest.raises(ForbiddenAddress):
            Sockets()((family, socket.SOCK_STREAM, 6, "", (address, 443)))
    with pytest.raises(ForbiddenAddress):
        Sockets()((socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1%eth0", 443, 0, 2)))


#: IANA's special-purpose registries of IPv4 (as of 2025) and IPv6, without those that are globally reachable; what RFC
#: 3879 gave up (fec0::/10), and what was never given out.
SPECIAL = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/29"),
    *("192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4"),
    *(
        "::/128",
        "::1/128",
        "::ffff:0:0/104",
        "64:ff9b:1::/48",
        "100::/64",
        "100:0:0:1::/64",
        "2001::/32",
        "2001:2::/48",
    ),
    *("2001:10::/28", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    *("4000::/3", "6000::/3", "8000::/3", "a000::/3", "c000::/3", "e000::/4", "f000::/5", "f800::/6", "fe00::/9"),
)


@pytest.mark.parametrize("special", SPECIAL)
def test_no_address_of_a_network_for_special_purposes_is_the_internet_s(special: str) -> None:
    """Its first, its last and some of those between."""
    network = ip_network(special)
    step = max(1, network.num_addresses // 37)
    for number in {*range(0, network.num_addresses, step), network.num_addresses - 1}:
        assert not is_public(str(network[number])), network[number]


def test_an_address_of_the_internet_is() -> None:
    for address in ("8.8.8.8", "142.250.1.95", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"):
        assert is_public(address), address
    Sockets()((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443))).close()


def test_in_development_this_machine_is_and_its_neighbours_are_not() -> None:
    sockets = Sockets(LOOPBACK)
    sockets((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443))).close()
    for address in ("10.0.0.1", "169.254.169.254", "0.0.0.0"):
        with pytest.raises(ForbiddenAddress):
            sockets((socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)))

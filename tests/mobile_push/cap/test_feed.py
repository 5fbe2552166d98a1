"""The Atom feed, as an independent reader of feeds understands it."""

from __future__ import annotations

import calendar
from datetime import timedelta

import feedparser
from lxml import etree

from feeds import written
from mobile_push.cap.atom import CAP, alert_entry
from mobile_push.cap.values import Alert
from mobile_push.cap.vocabulary import MessageType
from tests.mobile_push.cap.conftest import make_alert, make_info

URL = "https://city.example/v1/alerts.atom"


def made(alerts: list[tuple[Alert, str]], language: str = "zh-CN", **options: object) -> bytes:
    entries = [alert_entry(alert, url, language) for alert, url in alerts]
    return written(entries, url=URL, title="城市预警", author="应急管理局", language=language, more=CAP, **options)  # type: ignore[arg-type]


def test_a_reader_of_feeds_finds_every_alert_with_its_address_and_text() -> None:
    first = make_alert()
    second = make_alert(identifier="2", sent=first.sent + timedelta(hours=1))
    xml = made([(second, "https://city.example/2.xml"), (first, "https://city.example/1.xml?a=1&b=2")])
    found = feedparser.parse(xml)
    assert (found.bozo, found.version) == (False, "atom10")
    assert (found.feed.title, found.feed.id, found.feed.author) == ("城市预警", URL, "应急管理局")
    assert [(link.rel, link.href) for link in found.feed.links] == [("self", URL)]
    assert calendar.timegm(found.feed.updated_parsed) == second.sent.timestamp()
    assert [entry.id for entry in found.entries] == ["https://city.example/2.xml", "https://city.example/1.xml?a=1&b=2"]
    entry = found.entries[1]
    assert entry.title == "暴雨红色预警"
    assert entry.summary.strip() == "未来3小时有大暴雨。"
    assert [(tag.term, tag.scheme) for tag in entry.tags] == [("Met", "urn:oasis:names:tc:emergency:cap:1.2:category")]
    link = entry.links[0]
    assert (link.rel, link.type, link.href) == (
        "alternate",
        "application/cap+xml",
        "https://city.example/1.xml?a=1&b=2",
    )
    assert calendar.timegm(entry.updated_parsed) == calendar.timegm(entry.published_parsed) == first.sent.timestamp()
    assert (entry.cap_severity, entry.cap_areadesc, entry.cap_msgtype) == ("Severe", "西湖区", "Alert")


def test_the_feed_speaks_the_language_that_is_asked_for() -> None:
    found = feedparser.parse(made([(make_alert(), "https://city.example/1.xml")], language="en"))
    assert found.entries[0].title == "Red alert for rainstorm"
    assert found.feed.title_detail.language == "en"


def test_an_alert_without_texts_is_in_the_feed_too() -> None:
    cancel = make_alert(
        identifier="2", message_type=MessageType.CANCEL, references=(make_alert().reference,), infos=(), note=None
    )
    entry = feedparser.parse(made([(cancel, "https://city.example/2.xml")])).entries[0]
    assert entry.title == "Cancel 2"
    assert entry.summary == "Cancel 33010041600000_20260701083000_0"
    assert entry.author == "warnings@city.example"


def test_an_empty_feed_is_a_feed_of_no_time() -> None:
    found = feedparser.parse(made([]))
    assert (found.bozo, found.entries, found.feed.updated) == (False, [], "1970-01-01T00:00:00+00:00")


def test_what_rfc_4287_requires_is_there_once() -> None:
    root = etree.fromstring(made([(make_alert(), "https://city.example/1.xml")]))
    atom = "{http://www.w3.org/2005/Atom}"
    for node in (root, *root.iter(f"{atom}entry")):
        for name in ("id", "title", "updated", "author"):
            assert len(node.findall(f"{atom}{name}")) == 1, (node.tag, name)


def test_markup_in_an_alert_stays_text() -> None:
    evil = make_alert(infos=(make_info(headline="<b>x</b>&amp;", description="]]><script>alert(1)</script>"),))
    entry = feedparser.parse(made([(evil, "https://city.example/1.xml")])).entries[0]
    assert entry.title_detail.type == "text/plain"
    assert entry.title == "<b>x</b>&amp;"
    assert entry.summary_detail.type == "text/plain"


def test_the_same_alerts_give_the_same_bytes() -> None:
    entries = [(make_alert(), "https://city.example/1.xml")]
    assert made(entries) == made(entries)

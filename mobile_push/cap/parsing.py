"""Reading an alert that somebody else wrote, and that may mean harm.

Two parsers in a row: expat refuses what is too large, too deep or declares a document type before libxml2, whose
trees signatures need, sees any of it. So there are no entities to expand and nothing is fetched.
"""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from lxml import etree

from mobile_push.cap.elements import Declared
from mobile_push.cap.errors import CapError
from mobile_push.cap.kinds import XML_SPACE, Kind
from mobile_push.cap.values import Alert
from mobile_push.cap.writing import NAMESPACE

#: Bytes of a document; an alert with a picture in it fits.
MAX_BYTES = 1024 * 1024
#: Nested elements: CAP needs 5, a signature within it 9.
MAX_DEPTH = 16
MAX_ELEMENTS = 50_000
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
#: What CAP means by an info without a language (section 3.2.2).
DEFAULT_LANGUAGE = "en-US"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def read(xml: bytes, *, most_bytes: int = MAX_BYTES) -> Alert:
    """The alert in an XML document; a signature in it is not looked at, see `verify`.

    Raises:
        CapError: it is no alert of CAP 1.2, or would be dangerous to read; the error names the element.
    """
    return alert_of_tree(parse(xml, most_bytes=most_bytes))


def parse(xml: bytes, *, most_bytes: int = MAX_BYTES) -> etree._Element:
    """The root of a document that is safe to walk. Raises CapError."""
    if len(xml) > most_bytes:
        raise CapError(
            f"the document has {len(xml)} bytes; send {most_bytes} at most, and large files by their address"
        )
    _screen(xml)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        return etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise CapError(f"this is no XML ({error}); send a whole document of CAP 1.2") from None


def _screen(xml: bytes) -> None:
    parser = expat.ParserCreate()
    depth = elements = 0

    def start(*_: Any) -> None:
        nonlocal depth, elements
        depth, elements = depth + 1, elements + 1
        if depth > MAX_DEPTH:
            raise CapError(f"elements are nested more than {MAX_DEPTH} deep; CAP needs five")
        if elements > MAX_ELEMENTS:
            raise CapError(f"the document has more than {MAX_ELEMENTS} elements; send a smaller one")

    def end(*_: Any) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_: Any) -> None:
        raise CapError("the document has a DOCTYPE, which is not read here; take it out")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise CapError(f"this is no XML ({error}); send a whole document of CAP 1.2 in UTF-8") from None
    except (LookupError, UnicodeError, ValueError) as error:
        if isinstance(error, CapError):
            raise
        raise CapError(f"the document's encoding can't be read ({error}); send UTF-8") from None


def alert_of_tree(root: etree._Element) -> Alert:
    """The alert that a parsed document holds. Raises CapError."""
    name = etree.QName(root)
    if name.localname != "alert" or name.namespace != NAMESPACE:
        found = f"{name.localname} of {name.namespace or 'no namespace'}"
        raise CapError(f"the document is {found[:120]}; send alert of {NAMESPACE}, which is CAP 1.2")
    alert: Alert = _noun(root, Alert)
    return alert


def _noun(node: etree._Element, noun: type[Any]) -> Any:
    """The dataclass of an element that has elements in it."""
    _only_elements(node)
    known = {one.name: (place, one) for place, one in enumerate(noun.declared)}
    values: dict[str, Any] = {}
    seen: dict[str, int] = {}
    last = 0
    for child in node:
        if child.tag == SIGNATURE and noun is Alert:
            last = len(known)
            continue
        place, one = _declared(child, known)
        if place < last:
            raise CapError(f"it stands too late; CAP's order is {', '.join(known)}", one.name)
        last = place
        count = seen[one.name] = seen.get(one.name, 0) + 1
        if count > 1 and not one.many:
            raise CapError("it is there twice; CAP allows one", one.name)
        _take(child, one, values, (one.name, count - 1) if one.many else (one.name,))
    if "language" in known and not values.get("language"):
        values["language"] = DEFAULT_LANGUAGE
    return noun(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


def _take(child: etree._Element, one: Declared, values: dict[str, Any], path: tuple[str | int, ...]) -> None:
    """Put what a child holds into the values of the noun around it."""
    try:
        value = _value(child, one) if isinstance(one.kind, Kind) else _noun(child, one.kind)
    except CapError as error:
        raise error.within(*path) from None
    except ValueError as error:
        raise CapError(str(error), *path) from None
    if one.many and value is not None:
        values.setdefault(one.attribute, []).append(value)
    elif value is not None:
        values[one.attribute] = value


def _declared(child: etree._Element, known: dict[str, tuple[int, Declared]]) -> tuple[int, Declared]:
    name = etree.QName(child)
    if name.namespace != NAMESPACE:
        raise CapError(
            f"it belongs to {name.namespace or 'no namespace'}; CAP has no place for it", name.localname[:80]
        )
    if name.localname not in known:
        raise CapError(f"CAP 1.2 has no such element here; it has {', '.join(known)}", name.localname[:80])
    return known[name.localname]


def _only_elements(node: etree._Element) -> None:
    _no_attributes(node)
    stray = [node.text, *(child.tail for child in node)]
    if any(text and text.strip(XML_SPACE) for text in stray):
        raise CapError("there is text between its elements; take it out")


def _no_attributes(node: etree._Element) -> None:
    if strange := [name for name in node.attrib if not str(name).startswith(_XSI)]:
        raise CapError(f"it has the attribute {str(strange[0])[:80]}, and CAP knows none; take it out")


def _value(node: etree._Element, one: Declared) -> Any:
    """What an element without elements in it holds; None for free text that was left empty and may be missing."""
    _no_attributes(node)
    if len(node):
        raise CapError("there are elements in it where CAP has text only; take them out")
    text = (node.text or "").strip(XML_SPACE)
    assert isinstance(one.kind, Kind)  # noqa: S101
    if not text.strip() and one.kind.blank and not one.required:
        return None
    return one.kind.read(text)

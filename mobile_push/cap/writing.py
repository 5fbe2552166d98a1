"""An alert as XML that is valid against the CAP 1.2 schema; the same alert gives the same bytes."""

from __future__ import annotations

from lxml import etree

from mobile_push.cap.elements import Element
from mobile_push.cap.kinds import Kind
from mobile_push.cap.values import Alert

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"


def write(alert: Alert) -> bytes:
    """The XML document in UTF-8, without white space between elements, which a signature would cover."""
    return serialise(tree_of(alert))


def serialise(root: etree._Element) -> bytes:
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def tree_of(alert: Alert) -> etree._Element:
    root = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    _fill(root, alert)
    return root


def _fill(parent: etree._Element, noun: Element) -> None:
    for one in noun.declared:
        value = getattr(noun, one.attribute)
        if value is None or value == ():
            continue
        for each in value if one.many else (value,):
            child = etree.SubElement(parent, f"{{{NAMESPACE}}}{one.name}")
            if isinstance(one.kind, Kind):
                child.text = one.kind.text(each)
            else:
                _fill(child, each)

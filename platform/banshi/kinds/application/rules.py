"""What an application's table in items.toml says beside the guide."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from banshi.builtin.catalogue.remedies import REMEDY
from banshi.kernel.contract.data_tables import data_table
from banshi.kernel.contract.message_templates import parse
from banshi.kernel.contract.values import Item
from banshi.kinds.application import messages
from banshi.kinds.declarations import form_faults


@data_table
class Renewal:
    """An approved case can be renewed by a new one."""

    #: Days before the pass ends from which on renewing is possible, and days after its end until which it is.
    opens_days_before: int = 30
    closes_days_after: int = 0


@data_table
class ApplicationRules:
    """The table `[items.application]`."""

    #: It is an administrative permit (行政许可): accepted, corrected, refused and taken back as its law says.
    permit: bool = False
    renewal: Renewal | None = None
    #: Approval takes two members of staff: one recommends, another approves.
    second_person: bool = False
    #: Its approval is a decision that somebody may not accept, too, such as a penalty: it says whom to turn to.
    contestable: bool = False


def check(item: Item) -> Iterator[tuple[str, str]]:
    """What is wrong with an application's declaration, as (rule, advice)."""
    rules = item.details
    yield from form_faults(item, "an application asks for something")
    signed = item.result.kind in {"pass", "certificate"}
    if signed and item.credential is None:
        yield "no-credential", f"add [items.credential] with the claims, since its result is a {item.result.kind}"
    if item.credential is not None and not signed:
        yield "unused-credential", 'remove [items.credential], or say result = { kind = "pass", … } or "certificate"'
    if item.result.kind == "certificate" and item.certificate is None:
        yield "no-certificate", "add [items.certificate] with the body of the page, since its result is a certificate"
    if item.certificate is not None and item.result.kind != "certificate":
        yield "unused-certificate", 'remove [items.certificate], or say result = { kind = "certificate", … }'
    if item.certificate is not None and item.credential is not None and item.credential.dynamic:
        yield (
            "dynamic-certificate",
            "remove credential.dynamic: a certificate is printed, and no phone can sign it anew",
        )
    if "approve" in item.messages:
        yield from _not_given(item)
    if rules is not None:
        yield from _as_a_permit(item, rules)
        yield from _untold_remedies(item, rules)
    if rules is not None and rules.renewal is not None and item.credential is None:
        yield "renewal-without-pass", "remove [items.application.renewal]: only a pass that ends is renewed"


def _as_a_permit(item: Item, rules: ApplicationRules) -> Iterator[tuple[str, str]]:
    """What of a permit's declaration its law doesn't allow, and whether both keys say that it is one."""
    sort = item.elements.item_type
    if rules.permit and sort not in (None, "permit"):
        yield "permit-or-not", f'elements.item_type is "{sort}" and application.permit is true: mend one of them'
    if sort == "permit" and not rules.permit:
        yield "permit-or-not", 'say application.permit = true, since elements.item_type is "permit"'


def _untold_remedies(item: Item, rules: ApplicationRules) -> Iterator[tuple[str, str]]:
    """Which of the item's own words for a decision against somebody leave out whom to turn to."""
    against = messages.AGAINST_SOMEBODY if rules.permit else frozenset()
    if rules.contestable:
        against |= {"approve"}
    for action in sorted(against & item.messages.keys()):
        for language, text in (item.messages[action].body or {}).items():
            with suppress(ValueError):
                if REMEDY not in parse(text).names:
                    where = f"messages.{action}.body.{language}"
                    yield "untold-remedy", f"mention {{{REMEDY}}} in {where}: the citizen has to learn whom to turn to"


def _not_given(item: Item) -> Iterator[tuple[str, str]]:
    """What the item's own words for an approval say of a pass or certificate that it never gives; broken braces are
    told elsewhere.
    """
    never = {} if item.result.kind == "pass" else dict.fromkeys(messages.PASS, "no pass")
    if item.certificate is None:
        never |= dict.fromkeys(messages.CERTIFICATE, "no certificate")
    for language, text in (item.messages["approve"].body or {}).items():
        with suppress(ValueError):
            for name in sorted(parse(text).names & never.keys()):
                where = f"messages.approve.body.{language}"
                yield "unknown-placeholder", f"take {{{name}}} out of {where}: the item gives {never[name]}"

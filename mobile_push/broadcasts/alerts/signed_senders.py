"""Alerts from outside: CAP 1.2 in XML, believed for the signature of a sender whom an operator has named."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tortoise.exceptions import IntegrityError
from uuid_utils.compat import uuid7

from banshi import Call, Conflict, FieldProblem, Forbidden, InvalidFields, Key, reply
from banshi.sdk.documents import ID, LINKS, TEXT, Record
from mobile_push.broadcasts import lifecycle
from mobile_push.broadcasts.alerts import checks
from mobile_push.broadcasts.sending import name_of, stored
from mobile_push.cap.errors import CapError, SignatureError
from mobile_push.cap.representations import document_of
from mobile_push.cap.values import Alert
from mobile_push.cap.vocabulary import MessageType, Status
from mobile_push.delivery.service import PUSH
from mobile_push.sentences import say
from mobile_push.tables.models import Broadcast, CapMessage

if TYPE_CHECKING:
    from aiohttp import web

    from mobile_push.cap.signature import SenderKey
    from mobile_push.settings import AlertSender, AlertSettings

#: The keys of the senders who are believed, by their names; read once: a new one takes a restart.
SENDERS: Key[Mapping[str, SenderKey]] = Key("senders of alerts")

#: Earlier alerts that one may refer to.
MAX_EARLIER = 100

#: How far ahead of ours a sender's clock may be.
MAX_CLOCK_AHEAD = timedelta(minutes=5)

RECEIVED = Record(id=ID, identifier=TEXT, sender=TEXT, state=TEXT, links=LINKS)


def key_of(sender: AlertSender) -> SenderKey:
    """A sender's key. Raises ValueError that names the file and says what to do."""
    from mobile_push.cap.signature import SenderKey

    try:
        return SenderKey.from_pem(sender.key_file.read_bytes())
    except OSError as error:
        raise ValueError(f"{sender.key_file} can't be read ({error.strerror})") from None
    except ValueError as error:
        raise ValueError(f"{sender.key_file}: {error}") from None


async def receive(call: Call) -> web.StreamResponse:
    """Publish a signed alert at once; the same one again is answered as it was."""
    alert = await _believed(call)
    if known := await _stored(alert):
        return _answer(call, known, 200)
    settings = call.platform[PUSH].settings
    _check(call, alert, settings.alerts)
    try:
        # Whoever reads all that are in force reads this one again.
        stored(document_of(alert))
    except CapError as error:
        raise checks.wrong_with(error) from None
    sender = settings.alerts.senders[alert.sender]
    earlier = await _earlier(alert)
    identity = uuid7()
    row = Broadcast(
        id=identity,
        kind="alert",
        department=sender.department,
        author=alert.sender[:255],
        link=f"/v1/alerts/{identity}",
        audience=_audience(alert, sender, earlier, settings.alerts),
        **checks.columns(alert, earlier, settings.ttl),
    )

    message = CapMessage(id=identity, name=name_of(alert.reference), xml=call.body)
    try:
        return _answer(call, await lifecycle.create_signed(call.platform, row, lambda _: (message,)), 201)
    except IntegrityError:
        # The same came twice at once.
        first = await _stored(alert)
        if first is None:
            raise
        return _answer(call, first, 200)


async def _believed(call: Call) -> Alert:
    """The alert, if one of our senders signed it. Raises Forbidden, InvalidFields."""
    from mobile_push.cap.signature import verify

    try:
        return await asyncio.to_thread(verify, call.body, call.platform[SENDERS], now=call.now)
    except SignatureError as error:
        raise Forbidden(say("The alert is not accepted: {error}.", error=error)) from None
    except CapError as error:
        where = f" ({error.element})" if error.path else ""
        raise checks.wrong_with(error, where) from None


async def _stored(alert: Alert) -> Broadcast | None:
    """The same alert, if it was received before. Raises Conflict for another one under the same name."""
    message = await CapMessage.get_or_none(name=name_of(alert.reference)).only("id")
    if message is None:
        return None
    broadcast = await Broadcast.get(id=message.id)
    if broadcast.cap != document_of(alert):
        raise Conflict(
            say("There is another alert of this sender, identifier and time; give each alert its own identifier.")
        )
    return broadcast


def _check(call: Call, alert: Alert, settings: AlertSettings) -> None:
    """Raise InvalidFields for what is signed as it should be, and still not to be published."""
    wrong = checks.check(alert)
    if alert.status is Status.DRAFT:
        wrong.append(FieldProblem("/status", say("A Draft is not published."), "invalid"))
    if alert.sent > call.now + MAX_CLOCK_AHEAD:
        wrong.append(FieldProblem("/sent", say("It was sent in the future; set the sender's clock."), "future"))
    elif alert.sent < call.now - timedelta(seconds=settings.newest):
        detail = say(
            "It was sent more than {seconds:g} seconds ago, so anybody may have kept it; send a new one.",
            seconds=settings.newest,
        )
        wrong.append(FieldProblem("/sent", detail, "replay"))
    if alert.expires is not None and alert.expires <= call.now:
        wrong.append(FieldProblem("/info", say("It is over already."), "past"))
    if not alert.infos and alert.message_type is not MessageType.CANCEL:
        wrong.append(FieldProblem("/info", say("It says nothing; add a block for each language."), "required"))
    if wrong:
        raise InvalidFields(wrong)


async def _earlier(alert: Alert) -> list[Broadcast]:
    """The alerts that it refers to, as far as they are known here. Raises InvalidFields."""
    if alert.message_type is MessageType.ALERT:
        return []
    if len(alert.references) > MAX_EARLIER:
        raise InvalidFields(
            [FieldProblem("/references", say("Refer to {most} alerts at most.", most=MAX_EARLIER), "maxItems")]
        )
    if any(one.sender != alert.sender for one in alert.references):
        # Else each of our senders could take back what another one said.
        raise InvalidFields([FieldProblem("/references", say("Refer to alerts of the same sender only."), "forbidden")])
    names = [name_of(one) for one in alert.references]
    known = await CapMessage.filter(name__in=names).values_list("id", flat=True)
    found = await Broadcast.filter(id__in=list(known)).order_by("-seq") if known else []
    if not found and alert.message_type is MessageType.CANCEL:
        detail = say("None of these alerts is known here; send the alert before its Cancel.")
        raise InvalidFields([FieldProblem("/references", detail, "unknown")])
    return found


def _audience(
    alert: Alert, sender: AlertSender, earlier: Sequence[Broadcast], settings: AlertSettings
) -> dict[str, Any]:
    audience = checks.audience_of(alert, earlier, settings.exercise_topic)
    if audience is None and sender.division:
        audience = {"divisions": [sender.division]}
    if audience is None:
        detail = say("Its areas say neither division (a geocode GB/T 2260) nor polygon nor circle; add one to each.")
        raise InvalidFields([FieldProblem("/info", detail, "required")])
    if wrong := checks.check_audience(alert, audience):
        raise InvalidFields(wrong)
    return audience


def _answer(call: Call, broadcast: Broadcast, status: int) -> web.StreamResponse:
    address = f"/v1/alerts/{broadcast.id}"
    said = {name: broadcast.cap[name] for name in ("identifier", "sender")}
    document = RECEIVED.of(call.platform, broadcast, **said, links={"self": address, "xml": f"{address}.xml"})
    return reply(call, document, status=status, headers={"Location": address})

"""Who it is, as the dialogue has it: what a stranger is told, what binds them, and what ends with a link."""

from __future__ import annotations

from datetime import timedelta

from banshi import Principal
from banshi.sdk.outgoing import RATES
from banshi.sdk.sign_in import SIGN_IN
from conversations.engine.turn.talk import Talk
from conversations.figures.counting import figure
from conversations.identity.links import Way, binding, ending
from conversations.identity.offers import OFFERS, Sort
from conversations.settings import SETTINGS

#: After this long somebody signs in again before an item that takes a verified person.
LINK_FRESH = timedelta(days=30)

#: Wrong digits of one contact, and how long they count.
MAX_WRONG_DIGITS, WRONG_DIGITS_COUNT = 5, timedelta(hours=1)


def begin(talk: Talk) -> None:
    """Ask the first question of the dialogue on top, or who it is where that has to be known before."""
    if is_needed(talk):
        ask(talk)
        return talk.happen("stranger")
    return talk.go("begun", "ask")


def is_needed(talk: Talk) -> bool:
    """Whether somebody has to sign in, or to sign in again, before the dialogue on top goes on."""
    registry, dialogue = talk.platform.registry, talk.dialogue
    item = registry.items.get(dialogue.item)
    if item is None:
        return False
    if talk.principal is None:
        begins = registry.kinds[item.kind].begins
        unnamed = begins.unnamed(item) if begins and begins.unnamed else "never"
        return bool(dialogue.case) or unnamed == "never"
    verified = item.owner is not None or item.names_holder or getattr(item.details, "personal", False)
    return bool(verified) and not _is_fresh(talk)


def _is_fresh(talk: Talk) -> bool:
    return talk.linked_at is not None and talk.platform.now() - talk.linked_at <= LINK_FRESH


def ask(talk: Talk) -> None:
    """Say that somebody has to sign in, or to sign in again, and how."""
    if talk.principal is None:
        talk.say("For this we have to know who you are.")
    else:
        talk.say("You signed in more than {days} days ago. For this, sign in again.", days=LINK_FRESH.days)
    ways(talk)


def ways(talk: Talk) -> None:
    """Say how to sign in: by a link that is good once and for this contact, or by digits from the app."""
    link(talk)
    talk.say("In the city's app you can ask for a code: send its eight digits here.")


def link(talk: Talk) -> None:
    """Say the link, where there is a sign-in."""
    address = talk.platform.settings.address
    if address and talk.platform[SIGN_IN].host:
        token, offer = talk.platform[OFFERS].for_contact(talk.row.id, talk.platform.now())
        talk.beside.append(offer)
        place = f"{address}/v1/conversations/sign-in/{token}"
        talk.say("Sign in here within ten minutes, and come back: {link}", link=place)


def goes_on(talk: Talk) -> bool:
    """Whether what waited for a sign-in goes on with this message."""
    if talk.row.state != "linking" or not talk.memory.dialogues or talk.principal is None or is_needed(talk):
        return False
    talk.say("You are signed in. On with “{title}”.", title=talk.dialogue.title)
    talk.go("begun", "ask")
    return True


async def digits(talk: Talk, typed: str) -> None:
    """Bind the contact by the digits that the signed-in app shows; whoever guesses is soon not heard any more."""
    now = talk.platform.now()
    since = (now - WRONG_DIGITS_COUNT).timestamp()
    wrong = [at for at in talk.memory.wrong_digits if at > since]
    if len(wrong) >= MAX_WRONG_DIGITS:
        return talk.say("Too many wrong codes. Try again in an hour.")
    # Whoever guesses with many contacts is stopped with all of them: a right one counts too, or it could be found.
    if await talk.platform[RATES].wait("conversations.digits", talk.platform[SETTINGS].digits_an_hour, 3600):
        return talk.say("Too many codes are being tried just now. Sign in by the link, or try again in an hour.")
    if not await _binds(talk, "digits", typed, "digits"):
        talk.memory.wrong_digits = [*wrong, now.timestamp()]
    return None


async def scanned(talk: Talk, token: str) -> None:
    """Bind the contact by the QR code that the signed-in app shows."""
    if not await _binds(talk, "scan", token, "app"):
        talk.go("over", "menu")


async def _binds(talk: Talk, sort: Sort, text: str, way: Way) -> bool:
    """Bind it in this turn's own transaction, which the conversation's version guards; False for what is no code."""
    now = talk.platform.now()
    offer = await talk.platform[OFFERS].of(sort, text, now)
    if offer is None:
        talk.say("This code is not good, or not any more. Ask for a new one in the app.")
        return False
    person = Principal(subject=offer.person, **offer.known)
    updates, rows = binding(offer, talk.row.id, person, way, now)
    talk.beside += [*updates, *rows, figure(talk.platform, talk.row.account, "linked")]
    talk.principal, talk.linked_at = person, now
    talk.memory.wrong_digits = []
    notice(talk)
    talk.say("You are known here as {name} now.", name=person.name or "✓")
    begin(talk) if talk.memory.dialogues else talk.go("over", "menu")
    return True


def unbind(talk: Talk) -> None:
    """End the link: from now on nobody knows who this contact is."""
    if talk.principal is None:
        return talk.say("This contact is bound to nobody.")
    talk.beside.append(ending(talk.row.id, talk.platform.now()))
    talk.beside.append(figure(talk.platform, talk.row.account, "unlinked"))
    talk.principal = talk.linked_at = None
    talk.memory.forget()
    return talk.say("Done. Nobody is known here by this contact any more.")


def notice(talk: Talk) -> None:
    """What one person has begun, nobody else goes on with: the link may have ended elsewhere, or be another's."""
    subject = talk.principal.subject if talk.principal else ""
    if talk.memory.person not in ("", subject):
        if talk.memory.dialogues:
            talk.say("You are known here as somebody else, or not any more: what was begun before is gone.")
        talk.memory.forget()
        if talk.row.state in ("asking", "confirming", "linking"):
            talk.happen("over")
    talk.memory.person = subject

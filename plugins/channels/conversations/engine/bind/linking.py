"""Binding a contact to a citizen in a dialogue."""

from __future__ import annotations

from datetime import timedelta

from banshi import Principal
from banshi.sdk.limits import RATES
from banshi.sdk.personal_data import masked
from conversations.contacts.offers import OFFERS, Sort
from conversations.engine.ask.pages import NOT_IN_A_GROUP, sign_in_link
from conversations.engine.turn.talk import Talk
from conversations.identity.links import OVER, UNBOUND, Way, binding, ending, why_over
from conversations.settings import SETTINGS
from conversations.tables.models import LinkOffer

#: After this long somebody signs in again before an item that takes a verified person, and before their own cases.
LINK_FRESH = timedelta(days=30)

#: Wrong digits of one contact, and how long they count; after a day without, its next try is a first one again.
MAX_WRONG_DIGITS, WRONG_DIGITS_COUNT, FIRST_TRY_AFTER = 5, timedelta(hours=1), timedelta(days=1)


def begin(talk: Talk) -> None:
    """Ask the first question of the dialogue on top, or who it is where that has to be known; in a group, nothing."""
    if talk.received.group:
        talk.memory.dialogues.clear()
        talk.say(NOT_IN_A_GROUP)
        return talk.happen("over")
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
    return bool(verified or dialogue.case) and not is_fresh(talk)


def is_fresh(talk: Talk) -> bool:
    """Whether they have signed in lately: who reads what is theirs may be somebody else by now."""
    return talk.link is not None and talk.platform.now() - talk.link.linked_at <= LINK_FRESH


def ask(talk: Talk) -> None:
    """Say that somebody has to sign in, or to sign in again, and how."""
    if talk.principal is None:
        talk.say("For this we have to know who you are.")
    else:
        talk.say("You signed in more than {days} days ago. For this, sign in again.", days=LINK_FRESH.days)
    ways(talk)


def ways(talk: Talk) -> None:
    """Say how to sign in: by a link that is good once and for this contact, or by digits from the app."""
    sign_in_link(talk)
    if not talk.received.group:
        talk.say("In the city's app you can ask for a code: send its ten digits here.")


def goes_on(talk: Talk) -> bool:
    """Whether what waited for a sign-in goes on with this message."""
    if talk.row.state != "linking" or not talk.memory.dialogues or talk.principal is None or is_needed(talk):
        return False
    talk.say("You are signed in. Let's go on with “{title}”.", title=talk.dialogue.title)
    talk.go("begun", "ask")
    return True


async def digits(talk: Talk, typed: str) -> None:
    """Take the digits that the signed-in app shows; whoever guesses is soon not heard any more."""
    now = talk.platform.now()
    wrong = [at for at in talk.memory.wrong_digits if at > (now - FIRST_TRY_AFTER).timestamp()]
    if sum(at > (now - WRONG_DIGITS_COUNT).timestamp() for at in wrong) >= MAX_WRONG_DIGITS:
        return talk.say("Too many wrong codes. Try again in an hour.")
    # Whoever guesses with many contacts is stopped with all of them, a right one counted too, or it could be found. A
    # first try waits for nobody: those of others shut no door to it.
    rate = f"conversations.digits:{talk.row.account}"
    if wrong and await talk.platform[RATES].wait(rate, talk.platform[SETTINGS].digits_an_hour, 3600):
        return talk.say("Too many codes are being tried just now. Sign in by the link, or try again in an hour.")
    if not await _offered(talk, "digits", typed, "digits"):
        talk.memory.wrong_digits = [*wrong, now.timestamp()]
    return None


async def scanned(talk: Talk, token: str) -> None:
    """Take the QR code that the signed-in app shows."""
    if not await _offered(talk, "scan", token, "app"):
        talk.go("over", "menu")


async def _offered(talk: Talk, sort: Sort, text: str, way: Way) -> bool:
    """Ask whether an app's code is theirs: somebody else may have handed it to them. False for what binds nothing."""
    offer = _good(talk, await talk.platform[OFFERS].of(sort, text, talk.platform.now()))
    if offer is None:
        return False
    name = masked(offer.known.get("name") or "?")
    talk.say("This code is of {name}. Is that you? All that is done here is theirs then, and they read it.", name=name)
    talk.offer([(f"bind {offer.id} {way}", talk.word("Yes, that is me")), ("decline", talk.word("No, it isn't mine"))])
    talk.happen("over")
    return True


def _good(talk: Talk, offer: LinkOffer | None) -> LinkOffer | None:
    """The code, where it may bind this contact; why it may not is said."""
    if talk.received.group:
        talk.say(NOT_IN_A_GROUP)
    elif offer is None:
        talk.say("This code is not good, or not any more. Ask for a new one in the app.")
    elif talk.link is not None and talk.link.person != offer.person:
        talk.say("This code is of somebody else than who is known here. If you mean it, write “unbind” first.")
    else:
        return offer
    return None


async def take(talk: Talk, identity: str, way: Way) -> None:
    """Bind whoever says that the code is theirs, in this turn's transaction: the conversation's version guards it."""
    live = LinkOffer.filter(used_at=None, ends_at__gt=talk.platform.now())
    offer = _good(talk, await live.get_or_none(id=identity))
    if offer is None:
        return talk.go("over", "menu")
    person = Principal(subject=offer.person, **offer.known)
    talk.link, rows = binding(talk.platform, offer, talk.row, talk.link, person, way)
    talk.beside += rows
    notice(talk)
    talk.say("You are known here as {name} now.", name=person.name or "✓")
    return begin(talk) if talk.memory.dialogues else talk.go("over", "menu")


async def decline(talk: Talk) -> None:
    """It is somebody else's code: nothing is bound."""
    talk.say("Nothing was bound. Don't scan or send codes that somebody else gives you.")
    talk.go("over", "menu")


def unbind(talk: Talk) -> None:
    """End the link: from now on nobody knows who this contact is."""
    if talk.link is None:
        return talk.say("This contact is bound to nobody.")
    talk.beside += ending(talk.platform, talk.row.account, talk.link, UNBOUND)
    talk.link = None
    talk.memory.forget()
    return talk.say("Done. Nobody is known here by this contact any more.")


def end_over(talk: Talk) -> None:
    """End a link whose time is over, before anything is done or said under it."""
    why = talk.link and why_over(talk.platform, talk.link, talk.row.heard_at)
    if talk.link and why:
        talk.beside += ending(talk.platform, talk.row.account, talk.link, why)
        talk.link = None
        talk.say(OVER, why=talk.spoken(why))


def notice(talk: Talk) -> None:
    """What one person has begun, nobody else goes on with: the link may have ended elsewhere, or be another's."""
    subject = talk.principal.subject if talk.principal else ""
    if talk.memory.person not in ("", subject) or (talk.received.group and talk.memory.dialogues):
        if talk.memory.dialogues:
            talk.say("You are known here as somebody else, or not any more: what was begun before is gone.")
        talk.memory.forget()
        if talk.row.state in ("asking", "confirming", "linking"):
            talk.happen("over")
    talk.memory.person = subject

"""Ways to bind a contact, each good once and for minutes. Of what people are given only keyed hashes are kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Literal

from uuid_utils.compat import uuid7

from banshi import Key, Platform, Principal
from banshi.sdk.operations import kept_key
from conversations.tables.models import LinkOffer

#: How long a link in a chat is good, what the app shows, and a link to what the chat didn't carry.
LINK_LIFE, CODE_LIFE, REST_LIFE = timedelta(minutes=10), timedelta(minutes=5), timedelta(hours=1)

#: Digits that somebody types: docs/channels.md has the odds that they are guessed.
DIGITS = 10

#: In the keys folder. Whoever has the tables alone finds out no digits by trying them all.
KEY_FILE = "contact-offers.key"

#: What is hashed: one is never good in the place of another.
Sort = Literal["link", "scan", "digits", "rest", "event", "state", "contact", "confirmation"]


_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


class Offers:
    """Makes them and finds them."""

    def __init__(self, platform: Platform) -> None:
        self._file = platform.settings.keys_folder / KEY_FILE

    def hashed(self, sort: Sort, text: str) -> str:
        """What is kept of a text."""
        return hmac.digest(self._key, f"{sort}\0{text}".encode(), hashlib.sha256).hex()

    def for_contact(self, conversation: Any, now: datetime) -> tuple[str, LinkOffer]:
        """What stands in a contact's link, and its row."""
        return self._given("link", now + LINK_LIFE, conversation_id=conversation)

    def for_person(self, principal: Principal, now: datetime) -> tuple[str, str, LinkOffer]:
        """Digits and a token for a QR code, of which one can be used, and their row."""
        digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        person = {"person": principal.subject, "known": known_of(principal), "digits": self.hashed("digits", digits)}
        return digits, *self._given("scan", now + CODE_LIFE, **person)

    def for_rest(self, conversation: Any, person: str, item: str, now: datetime) -> tuple[str, LinkOffer]:
        """What stands in a link to the rest of a form, for the citizen to whom the contact is bound; and its row."""
        return self._given("rest", now + REST_LIFE, conversation_id=conversation, person=person, known={"item": item})

    def _given(self, sort: Sort, ends_at: datetime, **about: Any) -> tuple[str, LinkOffer]:
        token = secrets.token_urlsafe(32)
        return token, LinkOffer(id=uuid7(), token=self.hashed(sort, token), ends_at=ends_at, **about)

    @staticmethod
    def may_be(text: str) -> bool:
        """Whether a text has the form of a token: what hasn't is somebody else's, such as a poster's."""
        return _TOKEN.fullmatch(text) is not None

    async def of(self, sort: Sort, text: str, now: datetime) -> LinkOffer | None:
        """What a token, or an app's digits, offer; None where it is used, over, or made up."""
        column = "digits" if sort == "digits" else "token"
        live = LinkOffer.filter(used_at=None, ends_at__gt=now)
        return await live.filter(**{column: self.hashed(sort, text)}).first()

    @cached_property
    def _key(self) -> bytes:
        return kept_key(self._file)


OFFERS: Key[Offers] = Key("contact offers")


def known_of(principal: Principal) -> dict[str, str]:
    """What a link keeps of a sign-in."""
    return {"name": principal.name, "resident_id": principal.resident_id, "phone": principal.phone}

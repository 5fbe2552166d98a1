"""Ways to bind a contact, each good once and for minutes. Of what people are given only keyed hashes are kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Literal

from uuid_utils.compat import uuid7

from banshi import Key, Platform, Principal
from banshi.sdk.operations import write_private
from conversations.tables.models import LinkOffer

#: How long a link in a chat is good, what the app shows, and a link to what the chat didn't carry.
LINK_LIFE, CODE_LIFE, REST_LIFE = timedelta(minutes=10), timedelta(minutes=5), timedelta(hours=1)

#: Digits that somebody types.
DIGITS = 8

#: In the keys folder. Whoever has the tables alone finds out no digits by trying them all.
KEY_FILE = "contact-offers.key"

#: What is hashed: one is never good in the place of another.
Sort = Literal["link", "scan", "digits", "rest", "event", "state", "contact"]


class Offers:
    """Makes them and finds them."""

    def __init__(self, platform: Platform) -> None:
        self._file = platform.settings.keys_folder / KEY_FILE

    def hashed(self, sort: Sort, text: str) -> str:
        """What is kept of a text."""
        return hmac.digest(self._key, f"{sort}\0{text}".encode(), hashlib.sha256).hex()

    def for_contact(self, conversation: Any, now: datetime) -> tuple[str, LinkOffer]:
        """What stands in a contact's link, and its row."""
        token = secrets.token_urlsafe(32)
        row = LinkOffer(
            id=uuid7(), conversation_id=conversation, token=self.hashed("link", token), ends_at=now + LINK_LIFE
        )
        return token, row

    def for_person(self, principal: Principal, now: datetime) -> tuple[str, str, LinkOffer]:
        """Digits and a token for a QR code, of which one can be used, and their row."""
        token, digits = secrets.token_urlsafe(32), f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        row = LinkOffer(
            id=uuid7(),
            token=self.hashed("scan", token),
            digits=self.hashed("digits", digits),
            person=principal.subject,
            known=known_of(principal),
            ends_at=now + CODE_LIFE,
        )
        return digits, token, row

    def for_rest(self, conversation: Any, person: str, item: str, now: datetime) -> tuple[str, LinkOffer]:
        """What stands in a link to the rest of a form, for the citizen to whom the contact is bound; and its row."""
        token = secrets.token_urlsafe(32)
        row = LinkOffer(
            id=uuid7(),
            conversation_id=conversation,
            token=self.hashed("rest", token),
            person=person,
            known={"item": item},
            ends_at=now + REST_LIFE,
        )
        return token, row

    async def of_link(self, token: str, now: datetime) -> LinkOffer | None:
        """What a link offers; None where it is used, over, or made up."""
        return await LinkOffer.get_or_none(token=self.hashed("link", token), used_at=None, ends_at__gt=now)

    async def of_rest(self, token: str, now: datetime) -> LinkOffer | None:
        """What the link to the rest of a form goes on with; None as above."""
        return await LinkOffer.get_or_none(token=self.hashed("rest", token), used_at=None, ends_at__gt=now)

    async def of_app(self, sort: Sort, text: str, now: datetime) -> LinkOffer | None:
        """What an app's digits or its QR code offer; None as above."""
        live, hashed = LinkOffer.filter(used_at=None, ends_at__gt=now), self.hashed(sort, text)
        return await (live.filter(digits=hashed) if sort == "digits" else live.filter(token=hashed)).first()

    @cached_property
    def _key(self) -> bytes:
        if not self._file.exists():
            write_private(self._file, secrets.token_bytes(32))
        return self._file.read_bytes()


OFFERS: Key[Offers] = Key("contact offers")


def known_of(principal: Principal) -> dict[str, str]:
    """What a link keeps of a sign-in."""
    return {"name": principal.name, "resident_id": principal.resident_id, "phone": principal.phone}

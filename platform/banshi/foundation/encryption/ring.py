"""The ring: the file with the keys of personal columns, readable by its owner alone.

`keys` are AES-256-GCM keys, of which the newest that has begun seals and all of them open. `look_ups` are AES-SIV keys
(RFC 5297) for columns that are looked up by what they hold: there one text is always the same sealed text, so one key
is in use at a time, and the database says which (`look_ups.py`).
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from banshi.foundation.files.secret_files import replace_private
from banshi.foundation.findings import ConfigurationError, refused

log = structlog.get_logger("banshi.personal")

#: The form of the file; another one is another version's.
FORM = 1

#: Bytes of a key, and of one for look-ups, which is two in one.
KEY_BYTES, LOOK_UP_KEY_BYTES = 32, 64

#: Digits of a key's id.
KEY_ID_DIGITS = 8

#: Seconds between two looks at the file: so late a process knows of a new key. And between two that unknown ids cause.
LOOK_INTERVAL_S, UNKNOWN_KEY_LOOK_INTERVAL_S = 5.0, 1.0


@dataclass(frozen=True, slots=True)
class RingKey:
    """A key of the ring."""

    id: str
    secret: bytes
    made_at: datetime
    #: Known to all from its making on, and used from here on.
    seals_from: datetime

    @property
    def begins(self) -> float:
        return self.seals_from.timestamp()


@dataclass(frozen=True, slots=True)
class Keys:
    """What a ring's file holds."""

    keys: tuple[RingKey, ...]
    #: By number, the newest has the greatest.
    look_ups: Mapping[int, bytes]

    @property
    def names(self) -> set[str]:
        """What stands before what a key has sealed."""
        return {*(one.id for one in self.keys), *(f"i{number}" for number in self.look_ups)}


class Ring:
    """The keys as this process knows them; it reads the file again when that has changed."""

    def __init__(self, file: Path) -> None:
        self.file = file
        #: The number of the key that look-ups in the open database are sealed with; None while they are plain.
        self.live: int | None = None
        self._seen = 0
        # Nobody has asked for an unknown one yet: the first who does is not told to wait.
        self._looked, self._asked = time.monotonic(), -UNKNOWN_KEY_LOOK_INTERVAL_S
        self._read()

    def _read(self) -> None:
        # Before it is read: what changes meanwhile is seen at the next look.
        seen = self.file.stat().st_mtime_ns if self.file.exists() else 0
        found = read_keys(self.file)
        self._seen = seen
        self.keys = found.keys
        self._aeads = {one.id: AESGCM(one.secret) for one in found.keys}
        self._look_ups = {number: AESSIV(secret) for number, secret in found.look_ups.items()}
        self._until = 0.0

    @property
    def newest_look_up(self) -> int:
        return max(self._look_ups)

    def sealing(self) -> tuple[str, AESGCM]:
        """The key that seals now, with its id."""
        if time.monotonic() - self._looked >= LOOK_INTERVAL_S:
            self._look()
        now = time.time()
        if now >= self._until:
            begun = [one for one in self.keys if one.begins <= now] or list(self.keys[:1])
            self._sealing = max(begun, key=lambda one: one.begins).id
            self._until = min((one.begins for one in self.keys if one.begins > now), default=float("inf"))
        return self._sealing, self._aeads[self._sealing]

    def opening(self, key: str) -> AESGCM | None:
        """The key of that id; None where there is none, also after another look into the file."""
        if key not in self._aeads and time.monotonic() - self._asked >= UNKNOWN_KEY_LOOK_INTERVAL_S:
            self._asked = time.monotonic()
            self._look()
        return self._aeads.get(key)

    def look_up(self, number: int) -> AESSIV | None:
        """The key of look-ups of that number."""
        return self._look_ups.get(number)

    def _look(self) -> None:
        self._looked = time.monotonic()
        try:
            if self.file.stat().st_mtime_ns != self._seen:
                self._read()
        except (OSError, ConfigurationError) as error:
            # What this process has goes on; whoever starts anew is told.
            log.error("the ring of personal columns can't be read again", file=str(self.file), why=str(error)[:200])


def read_keys(file: Path) -> Keys:
    """The keys in a ring's file. Raises ConfigurationError where it is missing, not private, or no ring."""
    try:
        if file.stat().st_mode & 0o077:
            raise _wrong("open", f"others on this machine can read {file}: run chmod 600 on it")
        text = file.read_text("utf-8")
    except FileNotFoundError:
        told = f"there is no ring at {file}: bring it back from where it is kept; for a database that was never"
        raise _wrong("missing", f"{told} encrypted, `banshi keys personal make` makes one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong("unreadable", f"{file} can't be read: {error}") from None
    try:
        return _parsed(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        told = f"{file} is no ring of keys ({type(error).__name__}); bring back the copy that is kept of it"
        raise _wrong("malformed", told) from None


def _parsed(said: Any) -> Keys:
    if said["form"] != FORM:
        raise ValueError("another version's")
    moment = datetime.fromisoformat
    keys = tuple(
        RingKey(one["id"], _secret(one["key"], KEY_BYTES), moment(one["made_at"]), moment(one["seals_from"]))
        for one in said["keys"]
    )
    look_ups = {one["number"]: _secret(one["key"], LOOK_UP_KEY_BYTES) for one in said["look_ups"]}
    named = all(len(bytes.fromhex(key.id)) * 2 == len(key.id) == KEY_ID_DIGITS for key in keys)
    numbered = all(type(number) is int and number > 0 for number in look_ups)
    if not (keys and look_ups and named and numbered and len({key.id for key in keys}) == len(keys)):
        raise ValueError("its keys are none")
    if len(look_ups) != len(said["look_ups"]) or not all(key.seals_from.tzinfo for key in keys):
        raise ValueError("its keys are none")
    return Keys(keys, look_ups)


def _secret(text: str, length: int) -> bytes:
    secret = base64.b64decode(text, validate=True)
    if len(secret) != length:
        raise ValueError("a key has another length")
    return secret


def write_keys(file: Path, keys: Keys) -> None:
    """Write a ring in the place of what is there: whole or not at all."""

    def text(secret: bytes) -> str:
        return base64.b64encode(secret).decode()

    iso = datetime.isoformat
    sealing = [
        {"id": one.id, "key": text(one.secret), "made_at": iso(one.made_at), "seals_from": iso(one.seals_from)}
        for one in keys.keys
    ]
    look_ups = [{"number": number, "key": text(secret)} for number, secret in sorted(keys.look_ups.items())]
    document = {"form": FORM, "keys": sealing, "look_ups": look_ups}
    replace_private(file, json.dumps(document, indent=1).encode())


def new_key(now: datetime, lead: timedelta = timedelta(0)) -> RingKey:
    """A key that seals once `lead` is over."""
    made_at, seals_from = now.astimezone(UTC), (now + lead).astimezone(UTC)
    return RingKey(secrets.token_hex(KEY_ID_DIGITS // 2), os.urandom(KEY_BYTES), made_at, seals_from)


def new_ring(now: datetime) -> Keys:
    return Keys((new_key(now),), {1: os.urandom(LOOK_UP_KEY_BYTES)})


def with_new_look_up(keys: Keys) -> Keys:
    """The same ring with another key for look-ups."""
    return Keys(keys.keys, {**keys.look_ups, max(keys.look_ups) + 1: os.urandom(LOOK_UP_KEY_BYTES)})


def _wrong(how: str, advice: str) -> ConfigurationError:
    return refused(f"personal-keys-{how}", advice)

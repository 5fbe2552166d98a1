"""What a case's messages are called on a phone's screen, so that they thread there and the newer replaces the older.

The name crosses Google's and Apple's servers. It is keyed: the same for one case and person on every phone, and nobody
without the key can tell which case it is, that two people share one, or make one up for a case whose number they know.
"""

from __future__ import annotations

import base64
import hashlib

from banshi import Key, Platform
from banshi.sdk.operations import kept_key

#: The file in the keys folder. With another key, what stands on screens is not replaced, and nothing else happens.
KEY_FILE = "push-threads.key"
#: Bytes of the key and of a name.
KEY_BYTES, NAME_BYTES = 32, 16


class Threads:
    """Names the threads of cases."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def name(self, person: str, case: object) -> str:
        """22 letters, digits, hyphens and underscores: they fit a Topic of Web Push (32) and a collapse id (64)."""
        text = f"{case}\0{person}".encode()
        name = hashlib.blake2b(text, key=self._key, digest_size=NAME_BYTES, person=b"push thread").digest()
        return base64.urlsafe_b64encode(name)[:-2].decode()


THREADS: Key[Threads] = Key("mobile_push.threads")


def open_threads(platform: Platform) -> Threads:
    """Threads under the key that all processes share; the very first start makes it."""
    file = platform.settings.keys_folder / KEY_FILE
    key = kept_key(file, KEY_BYTES)
    if len(key) != KEY_BYTES:
        raise ValueError(f"{file} is no key; put the right file back, or delete it: then a new one is made")
    return Threads(key)

"""The service account's key, and the access tokens that Google gives for it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import partial
from typing import Any

from mobile_push.providers.fcm.settings import FcmSettings

logger = logging.getLogger(__name__)

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"


class ServiceAccount:
    """Reads its key file when it is made, and again before each token: an operator may have put a new key there.

    Blocks on imports, files and the network: all of it belongs in a thread.

    Raises:
        ValueError: the key can't be used; the text names the file and what to do.
    """

    def __init__(self, settings: FcmSettings) -> None:
        from google.auth.transport.requests import Request

        self._settings = settings
        trusted = str(settings.ca_file or "") or True
        # A redirect would take what the key has signed to somebody else.
        self._request = partial(Request(), timeout=settings.timeout, verify=trusted, allow_redirects=False)
        self._read: dict[str, Any] = {}
        self.credentials: Any = None
        self._load()

    def _load(self) -> None:
        from google.oauth2.service_account import Credentials

        account = self._settings.service_account()
        if self._settings.token_uri:
            account["token_uri"] = self._settings.token_uri
        if account == self._read:  # to examine a key takes a tenth of a second
            return
        try:
            self.credentials = Credentials.from_service_account_info(account, scopes=[SCOPE])  # type: ignore[no-untyped-call]
        except ValueError as error:
            path = self._settings.service_account_file
            raise ValueError(f"the private_key in {path} can't be used ({error}); download the key again") from None
        self._read = account

    def fetch(self) -> tuple[str, float]:
        """An access token, and the seconds that it is good for."""
        try:
            self._load()
        except ValueError as error:
            logger.warning("the key that was read before is used: %s", error)
        self.credentials.refresh(self._request)
        token, expiry = self.credentials.token, self.credentials.expiry
        if not (isinstance(token, str) and expiry):
            raise ValueError("the token endpoint's answer holds no access token")
        return token, (expiry - datetime.now(UTC).replace(tzinfo=None)).total_seconds()

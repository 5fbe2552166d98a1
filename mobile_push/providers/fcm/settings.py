"""`[plugins.mobile_push.settings.fcm]`: read everywhere, also where nothing is sent through FCM."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class FcmSettings:
    """How to reach FCM, and as whom."""

    #: The key file of a service account that may send: Firebase console, Project settings, Service accounts.
    service_account_file: Path
    #: Firebase project to send for; None takes the service account's own.
    project_id: str | None = None
    #: Where FCM is; the sandbox prints its own.
    base_url: str = "https://fcm.googleapis.com/v1/projects"
    #: Where topics are followed and left; the sandbox prints its own.
    topics_url: str = "https://iid.googleapis.com/iid/v1"
    #: Where access tokens come from; None takes the service account file's.
    token_uri: str | None = None
    #: Messages under way at most. Google answers in about 50 ms: 1,000 are 20,000 a second, on ten connections; where a
    #: proxy knows HTTP/1.1 alone, each has a connection of its own.
    at_once: int = 1000
    #: Messages a minute that the project may send; Google's default quota.
    per_minute: int = 600_000
    #: Seconds until a message without an answer counts as failed, waiting for a connection included.
    timeout: float = 10.0
    #: PEM file of certificate authorities to trust beside the system's, behind a proxy that opens TLS.
    ca_file: Path | None = None
    #: Whether alerts and notices to everyone, to one topic or to one department go to a topic of FCM's in one request a
    #: language. Faster where there are very many phones, and nobody learns which of them were reached. Phones whose
    #: owner has quiet hours or wishes no notices get notices by token as before, and all do under `notices_a_day`.
    topics: bool = False

    def __post_init__(self) -> None:
        if self.at_once < 1:
            raise ValueError(f"at_once is {self.at_once}; set at least 1")
        if self.per_minute < 1:
            raise ValueError(f"per_minute is {self.per_minute}; set at least 1, or leave it out for Google's default")
        if not self.timeout > 0:
            raise ValueError(f"timeout is {self.timeout}; set the seconds after which to give up, such as 10")
        for name in ("base_url", "topics_url"):
            if not getattr(self, name).startswith(("https://", "http://")):
                raise ValueError(f"{name} is {getattr(self, name)!r}; set an address that starts with https://")

    def service_account(self) -> dict[str, Any]:
        """The service account's key file as a mapping.

        Raises:
            ValueError: the file can't be used; the text names the file and what to do.
        """
        path, advice = self.service_account_file, "download a service account's key from the Firebase console"
        try:
            account = orjson.loads(path.read_bytes())
        except orjson.JSONDecodeError as error:
            raise ValueError(f"{path} is not JSON ({error}); {advice} and put the file there unchanged") from None
        except OSError as error:
            raise ValueError(f"{path} can't be read ({error.strerror}); {advice} and name its path") from None
        if not isinstance(account, dict) or account.get("type") != "service_account":
            raise ValueError(f"{path} is not a service account's key (its type is not service_account); {advice}")
        needed = ("client_email", "private_key", "token_uri") + (() if self.project_id else ("project_id",))
        if missing := [key for key in needed if not isinstance(account.get(key), str)]:
            raise ValueError(f"{path} lacks {', '.join(missing)}; {advice} again and put the file there unchanged")
        if self.project_id:
            account["project_id"] = self.project_id
        return account

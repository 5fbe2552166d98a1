"""What ARI's events mean for the hotline: a caller's channel is a call, and a bridge with somebody else answers it.

Source: Asterisk REST Interface, `events.json` and `channels.json` (asterisk/asterisk: rest-api/api-docs).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

#: What the hotline is told.
Told = dict[str, str]

#: The extension in a channel's name: 8001 of PJSIP/8001-0000002a and of Local/8001@agents-00000003;1.
EXTENSION = re.compile(r"[^/]+/([A-Za-z0-9._+-]+?)(?:@.*)?-[0-9a-f]{8}(?:;[12])?")

#: Channels that Asterisk makes for itself: they play something in a bridge, or record it.
NOBODY = ("Announcer/", "Recorder/", "Snoop/", "CBAnn/", "CBRec/")


@dataclass
class Calls:
    """Those under way, as far as they are known."""

    switch: str
    lines: Collection[str]
    #: By the caller's channel, what is said in each event, since they are taken in any order: `line`, `number`, and
    #: the `agent` once somebody has answered.
    callers: dict[str, Told]
    #: Channels of anybody by their names.
    names: dict[str, str] = field(default_factory=dict)

    def take(self, event: Mapping[str, Any]) -> Sequence[Told]:
        """What an event means. Raises KeyError, TypeError or ValueError, and changes nothing, for none of ARI's."""
        channel, kind = event.get("channel") or {}, event["type"]
        at = datetime.fromisoformat(event["timestamp"]).astimezone(UTC)
        identity, line = channel.get("id", ""), (channel.get("dialplan") or {}).get("exten", "")
        if kind == "ChannelDestroyed":
            self.names.pop(identity, None)
            gone = self.callers.pop(identity, None)
            return [self._told("ended", identity, at, gone)] if gone else []
        self.names |= {identity: channel["name"]} if "name" in channel else {}
        if kind == "ChannelEnteredBridge":
            return self._met(event["bridge"]["channels"], at)
        if kind not in ("ChannelCreated", "StasisStart") or line not in self.lines or identity in self.callers:
            return []
        number = (channel.get("caller") or {}).get("number", "")
        self.callers[identity] = {"line": line, "number": number}
        return [self._told("ringing", identity, at, self.callers[identity])]

    def unheard(self, channels: Sequence[Mapping[str, Any]], bridges: Sequence[Any], now: datetime) -> Iterator[Any]:
        """Events for what may have happened while nobody listened, by the channels and bridges that there are now."""
        at, self.names = now.isoformat(), {}
        for one in channels:
            yield {"type": "ChannelCreated", "timestamp": one["creationtime"], "channel": one}
        for one in bridges:
            yield {"type": "ChannelEnteredBridge", "timestamp": at, "bridge": one}
        for gone in self.callers.keys() - {one["id"] for one in channels}:
            yield {"type": "ChannelDestroyed", "timestamp": at, "channel": {"id": gone}}

    def _met(self, together: Sequence[str], at: datetime) -> Sequence[Told]:
        """Calls that are answered: their channel is in one bridge with somebody who is no caller."""
        waiting = [one for one in together if "agent" not in self.callers.get(one, {"agent": ""})]
        others = [one for one in together if one not in self.callers and not self.names.get(one, "").startswith(NOBODY)]
        if not others:
            return []
        found = EXTENSION.fullmatch(self.names.get(others[0], ""))
        for one in waiting:
            self.callers[one]["agent"] = found[1] if found else ""
        return [self._told("answered", one, at, self.callers[one]) for one in waiting]

    def _told(self, event: str, identity: str, at: datetime, about: Told) -> Told:
        call = re.sub(r"[^A-Za-z0-9._:@-]", "_", f"{self.switch}:{identity}")[:128]
        return {"event": event, "call": call, "at": at.isoformat(), **about}

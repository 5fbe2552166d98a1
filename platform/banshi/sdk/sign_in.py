"""Signing people in at the city's identity provider, for pages of a plugin's own; and what ends with their sessions."""

from banshi.builtin.identity.access import admitted
from banshi.builtin.identity.ended import END_WITH_SESSIONS, ENDED_SESSIONS, EndedSessions, Held, end_sessions, held
from banshi.builtin.sign_in.flow import ATTEMPT_LIFE_S, SIGN_IN
from banshi.builtin.sign_in.kept import CAME, KeptCookie, has_come_back, opened, sealed

__all__ = [
    "ATTEMPT_LIFE_S",
    "CAME",
    "ENDED_SESSIONS",
    "END_WITH_SESSIONS",
    "SIGN_IN",
    "EndedSessions",
    "Held",
    "KeptCookie",
    "admitted",
    "end_sessions",
    "has_come_back",
    "held",
    "opened",
    "sealed",
]
